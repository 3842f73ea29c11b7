// SPDX-License-Identifier: MIT
/*
 * From a command that was started to an exit code. Owns the line about what it was denied: of a static command from
 * the kernel, at once; of a loaded one from itself, and so only once it has died of that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "uapi.h"

/* What is on its way is read in no time. Somebody outside who was handed the command's line to the broker can keep it
 * open: then it is not told which call it was. */
enum { LAST_WORD_MS = 20000 };

struct report {
	int fd; /* -1: none, or at its end */
	bool told, has_word;
	struct sbp_denied word; /* a loaded command's */
};

static const char *policy_of(const struct request *request)
{
	return request->policy ? request->policy : "compute";
}

static void say_denied(const struct request *request, const struct sbp_denied *call)
{
	const char *name = call->arch == SBP_AUDIT_ARCH ? sbp_system_call_name(call->number) : NULL;

	complain("%s: denied: %s%s%d%s at %#llx, policy %s", request->command[0],
		 name ? name : "call ", name ? " (" : "", call->number, name ? ")" : "",
		 call->address, policy_of(request));
}

/* Where nobody tells: a kill, a trap before Linux 5.0. An init ends with the number of the signal. */
static void say_ended(const struct request *request)
{
	if (!request->syscalls || strcmp(request->syscalls, "none") != 0)
		complain("%s: ended by SIGSYS: a system call that policy %s denies, not told which",
			 request->command[0], policy_of(request));
}

/* Wakes ppoll(2), nothing else. */
static void on_child(int number)
{
	(void)number;
}

/* From here on a child's end is only noticed while `open` is the mask; one that has ended is noticed by waitpid(2). */
static void notice_children(sigset_t *open)
{
	const struct sigaction action = { .sa_handler = on_child };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, open);
	sigdelset(open, SIGCHLD);
	sigaction(SIGCHLD, &action, NULL);
}

/* A loaded command can say what it likes; whose number is known, of that it was the kernel who said it. */
static void take_call(const struct request *request, struct report *report,
		      const struct sbp_denied *call)
{
	if (!call->pid && !report->has_word) {
		report->word = *call;
		report->has_word = true;
	} else if (call->pid && !report->told) {
		say_denied(request, call);
		report->told = true;
	}
}

/* At its end nobody is left who could be denied anything, or who would say so. */
static void take_report(const struct request *request, struct report *report, short events)
{
	struct sbp_denied call;
	int error = events & POLLIN ? sbp_report_next(report->fd, &call) : -ENOENT;

	if (!error)
		take_call(request, report, &call);
	else if (events & ~POLLIN) {
		close(report->fd);
		report->fd = -1;
	}
}

/* What waitpid(2) says. */
static pid_t wait_and_report(const struct request *request, pid_t pid, int *status,
			     struct report *report)
{
	struct pollfd poll = { .events = POLLIN };
	sigset_t open;
	pid_t ended;

	notice_children(&open);
	while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
		poll.fd = report->fd;
		if (ppoll(&poll, 1, NULL, &open) > 0)
			take_report(request, report, poll.revents);
	}
	return ended;
}

/* It died of what it has just said, but that went by way of the broker. */
static void take_last_word(const struct request *request, struct report *report)
{
	struct pollfd socket = { .fd = report->fd, .events = POLLIN };
	socklen_t size = sizeof(int);

	if (report->has_word || getsockopt(report->fd, SOL_SOCKET, SO_TYPE, &(int){ 0 }, &size))
		return;
	if (poll(&socket, 1, LAST_WORD_MS) > 0)
		take_report(request, report, socket.revents);
}

/* One line for who died of a call; whose child died of one had it then. */
static void tell_end(const struct request *request, struct report *report, int status)
{
	if (report->told || status != 128 + SIGSYS)
		return;
	take_last_word(request, report);
	if (report->has_word)
		say_denied(request, &report->word);
	else
		say_ended(request);
}

int wait_for(const struct request *request, pid_t pid, int fd)
{
	struct report report = { .fd = fd };
	pid_t ended = 0;
	int status;

	if (fd >= 0)
		ended = wait_and_report(request, pid, &status, &report);
	while (ended != pid && (ended >= 0 || errno == EINTR))
		ended = waitpid(pid, &status, 0);
	if (ended != pid) {
		complain("no sandbox: the child was waited for by somebody else");
		return EXIT_NO_SANDBOX;
	}
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	tell_end(request, &report, status);
	if (report.fd >= 0)
		close(report.fd);
	return status;
}

// SPDX-License-Identifier: MIT
/* From a command that was started to an exit code. Owns the line about what it was denied. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static const char *policy_of(const struct request *request)
{
	return request->policy ? request->policy : "compute";
}

static void say_denied(const struct request *request, const struct sbp_denied *call)
{
	const char *name = sbp_system_call_name(call->number);

	complain("%s: denied: %s%s%d%s at %#llx, policy %s", request->command[0],
		 name ? name : "call ", name ? " (" : "", call->number, name ? ")" : "",
		 call->address, policy_of(request));
}

/* Where the kernel tells nobody: a kill, a trap before Linux 5.0. An init ends with the number of the signal. */
static void say_ended(const struct request *request, int status)
{
	bool filtered = !request->syscalls || strcmp(request->syscalls, "none") != 0;

	if (filtered && status == 128 + SIGSYS)
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

/* True once the report has ended: nobody is left who could be denied anything. */
static bool take_report(const struct request *request, const struct pollfd *poll, bool *told)
{
	struct sbp_denied call;

	if (!(poll->revents & POLLIN))
		return poll->revents != 0;
	if (!sbp_report_next(poll->fd, &call) && !*told) {
		say_denied(request, &call);
		*told = true;
	}
	return false;
}

/* What waitpid(2) says, and whether there was a report of the end. */
static pid_t wait_and_report(const struct request *request, pid_t pid, int *status, int report,
			     bool *told)
{
	struct pollfd poll = { .fd = report, .events = POLLIN };
	sigset_t open;
	pid_t ended;

	notice_children(&open);
	while ((ended = waitpid(pid, status, WNOHANG)) == 0)
		if (ppoll(&poll, 1, NULL, &open) > 0 && take_report(request, &poll, told))
			poll.fd = -1;
	close(report);
	return ended;
}

int wait_for(const struct request *request, pid_t pid, int report)
{
	bool told = false;
	pid_t ended = 0;
	int status;

	if (report >= 0)
		ended = wait_and_report(request, pid, &status, report, &told);
	while (ended != pid && (ended >= 0 || errno == EINTR))
		ended = waitpid(pid, &status, 0);
	if (ended != pid) {
		complain("no sandbox: the child was waited for by somebody else");
		return EXIT_NO_SANDBOX;
	}
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (!told)
		say_ended(request, status);
	return status;
}

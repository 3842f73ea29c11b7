// SPDX-License-Identifier: MIT
/*
 * Every system call of a launch, one by one: a tracer lets the k-th call of the launcher, of its child, and of
 * the child's child fail, for each k until there is no such call. The launch must fail then, and leave
 * nothing, or be as good as any other: only of a few calls that is believed. Prints TAP.
 * usage: each [FORM]
 *
 * The errno is EIO, for which nothing has another way; inject.c has others, and the names of the steps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "traces.h"
#include "uapi.h"

#if defined(__x86_64__) || defined(__i386__)

#ifdef __x86_64__
#define NUMBER(regs) (regs).orig_rax
#define RESULT(regs) (regs).rax
#define FIRST(regs)  (regs).rdi
#else
#define NUMBER(regs) (regs).orig_eax
#define RESULT(regs) (regs).eax
#define FIRST(regs)  (regs).ebx
#endif

/* No call that there is: they mark the launch's beginning and end, in whoever makes them. */
enum { BEGIN = 0x53425031, END = 0x53425032 };
enum {
	ROLES = 3 /* launcher, child, child's child */,
	LINE = 8,
	LEFT = 60,
	REFUSED = 50,
	BAD = 70
};

static int number, failed;

/* --- What is launched ------------------------------------------------------------------------- */

static const struct form {
	const char *name;
	const char *isolation;
	bool copy, init, later;
	enum sbp_root root;
} forms[] = {
	{ "command, empty root", "clone", false, false, false, SBP_ROOT_EMPTY },
	{ "command with an init", "clone", false, true, false, SBP_ROOT_EMPTY },
	{ "command, directory", "clone", false, false, false, SBP_ROOT_DIRECTORY },
	{ "command, kept root", "clone", false, false, false, SBP_ROOT_KEPT },
	{ "command without isolation", "none", false, false, false, SBP_ROOT_EMPTY },
	{ "copy, empty root", "clone", true, false, false, SBP_ROOT_EMPTY },
	{ "copy, root later", "clone", true, false, true, SBP_ROOT_EMPTY },
};

static struct sbp_launch *new_launch(const struct form *form)
{
	static char folder[4096], *argv[] = { "guest", "alone", "7", NULL }, *envp[] = { NULL };
	bool directory = form->root == SBP_ROOT_DIRECTORY;
	struct sbp_launch *launch;

	snprintf(folder, sizeof(folder), "%s", guest_path());
	*strrchr(folder, '/') = '\0';
	if (sbp_launch_new(&launch) ||
	    sbp_launch_set_strategies(launch, form->isolation, form->later ? "none" : "bpf") ||
	    (!form->later && sbp_launch_set_policy(launch, "compute")) ||
	    sbp_launch_pass_fd(launch, 1, 1) || sbp_launch_set_limit(launch, RLIMIT_CORE, 0) ||
	    sbp_launch_set_command(launch, directory ? "/guest" : guest_path(), argv, envp) ||
	    sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL) ||
	    sbp_launch_set_root(launch, form->root, directory ? folder : NULL) ||
	    (form->later && sbp_launch_set_later(launch, LINE)))
		exit(BAD);
	sbp_launch_set_init(launch, form->init);
	return launch;
}

static void mark(long what)
{
	syscall(SYS_prctl, what, 0, 0, 0, 0);
}

/* 7 as any other, REFUSED with a step's name and an errno, LEFT and what was found, BAD otherwise. */
static int launch(const struct form *form)
{
	struct sbp_launch *launch = new_launch(form);
	static struct traces before;
	int error, status;
	pid_t pid = -1;

	take_traces(&before);
	mark(BEGIN);
	error = form->copy ? sbp_launch_fork(launch, &pid) : sbp_launch_start(launch, &pid);
	if (!error && !pid) {
		error = form->later ? sbp_launch_enter_root(LINE) : 0;
		mark(END);
		_exit(error ? REFUSED : access("/bin/sh", F_OK) ? 7 : BAD);
	}
	mark(END);
	if (!error && waitpid(pid, &status, 0) != pid)
		return BAD;
	if (find_traces(&before))
		return LEFT;
	if (!error)
		return WIFEXITED(status) ? WEXITSTATUS(status) : BAD;
	return error < 0 && sbp_launch_failed_step(launch) ? REFUSED : BAD;
}

/* --- What is believed ------------------------------------------------------------------------- */

/* A call, as the tracer saw it. */
struct call {
	long number, first;
	int role;
};

/* What would put things right again: nothing does when it fails. */
static bool cleans_up(const struct call *call)
{
	return call->number == SYS_close || call->number == SYS_munmap || call->number == SYS_kill ||
	       call->number == SYS_wait4 || (!call->role && call->number == SYS_rt_sigprocmask);
}

/* Those that a launch can do without, or has another way for. */
static bool can_be_missed(const struct call *call)
{
	static const long launcher[] = {
		SYS_waitid,
		SYS_ppoll,
		SYS_clock_nanosleep,
		SYS_get_robust_list,
		/* ids that only maps need; a directory that can't be looked at counts as kept root */
		SBP_SYS_geteuid,
		SBP_SYS_getegid,
#ifdef SYS_newfstatat
		SYS_newfstatat,
#endif
#ifdef SYS_stat64
		SYS_stat64,
#endif
		SYS_statx,
		/* whether the command is for the loader: the child judges it by itself */
		SYS_openat,
		SYS_pread64,
		/* whether root's user namespaces are of use, and whether there is such a call */
		SYS_faccessat,
		SBP_SYS_execveat,
	};
	static const long anybody[] = { SYS_getpid, SYS_exit_group, SYS_set_robust_list,
					SYS_close_range };

	for (size_t i = 0; !call->role && i < sizeof(launcher) / sizeof(*launcher); i++)
		if (call->number == launcher[i])
			return true;
	for (size_t i = 0; i < sizeof(anybody) / sizeof(*anybody); i++)
		if (call->number == anybody[i])
			return true;
	return false;
}

static const char *judge(const struct call *call, int status)
{
	int end = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (end == REFUSED)
		return NULL;
	if (end == LEFT)
		return cleans_up(call) ? NULL : "something was left";
	if (end == 7)
		return cleans_up(call) || can_be_missed(call) ? NULL : "it was started";
	return "it ended otherwise";
}

/* --- The tracer ------------------------------------------------------------------------------ */

enum { PROCESSES = 8 };

/* In the order of their appearance. */
struct traced {
	pid_t pid;
	bool entered, over; /* it is in a call; it has begun a command, or is done */
	bool failing;
	int calls;
};

struct trace {
	struct traced all[PROCESSES];
	int count;
	bool begun;
	int role, at; /* the call that is to fail */
	bool hit;
	struct call call;
};

static struct traced *find(struct trace *trace, pid_t pid)
{
	for (int i = 0; i < trace->count; i++)
		if (trace->all[i].pid == pid)
			return &trace->all[i];
	if (trace->count == PROCESSES)
		exit(BAD);
	trace->all[trace->count] = (struct traced){ .pid = pid };
	return &trace->all[trace->count++];
}

static void enter_call(struct trace *trace, struct traced *one, struct user_regs_struct *regs)
{
	int role = (int)(one - trace->all);
	long first = (long)(role == 0 || trace->begun ? FIRST(*regs) : 0);

	if ((long)NUMBER(*regs) == SYS_prctl && (first == BEGIN || first == END)) {
		trace->begun |= first == BEGIN;
		one->over |= first == END;
		return;
	}
	if (!trace->begun || one->over || role != trace->role || ++one->calls != trace->at)
		return;
	trace->hit = one->failing = true;
	trace->call = (struct call){ (long)NUMBER(*regs), first, role };
	NUMBER(*regs) = (unsigned long)-1;
	ptrace(PTRACE_SETREGS, one->pid, 0, regs);
}

static void leave_call(struct traced *one, struct user_regs_struct *regs)
{
	bool ends = (long)NUMBER(*regs) == SYS_execveat || (long)NUMBER(*regs) == SYS_execve;

	/* the number that no call has is judged by a filter as well: under one, all is left to inject.c */
	ends |= (long)NUMBER(*regs) == SYS_prctl && FIRST(*regs) == PR_SET_SECCOMP;

	if (one->failing) {
		RESULT(*regs) = (unsigned long)-EIO;
		ptrace(PTRACE_SETREGS, one->pid, 0, regs);
		one->failing = false;
	} else if (ends && !RESULT(*regs)) {
		one->over = true;
	}
}

/* One stop; the signal to go on with. */
static int take_stop(struct trace *trace, pid_t pid, int status)
{
	struct traced *one = find(trace, pid);
	struct user_regs_struct regs;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
		one->entered = !one->entered;
		if (one->entered)
			enter_call(trace, one, &regs);
		else
			leave_call(one, &regs);
		return 0;
	}
	/* a new one's first stop, and those that tell of it */
	return status >> 16 || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
}

/* Follows a launch to its end, and returns the launcher's status. */
static int follow(struct trace *trace, pid_t launcher)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
	int status, end = -1;
	pid_t pid;

	waitpid(launcher, &status, 0);
	find(trace, launcher);
	ptrace(PTRACE_SETOPTIONS, launcher, 0, options);
	ptrace(PTRACE_SYSCALL, launcher, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			ptrace(PTRACE_SYSCALL, pid, 0, (long)take_stop(trace, pid, status));
		else if (pid == launcher)
			end = status;
	}
	return end;
}

static int run(struct trace *trace, const struct form *form)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(60);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(launch(form));
	}
	return follow(trace, pid);
}

static void ok(const struct form *form, int role)
{
	static const char *const names[] = { "the launcher", "its child", "the child's child" };
	const char *fault;
	struct trace trace;
	int at = 0, refused = 0, bad = 0, status;

	for (;;) {
		trace = (struct trace){ .role = role, .at = ++at };
		status = run(&trace, form);
		if (!trace.hit)
			break;
		fault = judge(&trace.call, status);
		if (fault)
			printf("# call %d, number %ld (%ld): %s, %x\n", at, trace.call.number,
			       trace.call.first, fault, (unsigned int)status);
		bad += !!fault;
		refused += WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
	}
	/* nothing failed: it must have gone well */
	if (status != 7 << 8)
		bad += printf("# control: %x\n", (unsigned int)status);
	failed += bad > 0;
	printf("%s %d - %s: %d calls of %s, %d of them needed\n", bad ? "not ok" : "ok", ++number,
	       form->name, at - 1, names[role], refused);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	dup2(2, 50); /* not to be passed on */
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		for (int role = 0; role < ROLES; role++)
			if ((argc < 2 || (size_t)atoi(argv[1]) == i) &&
			    (role < 2 || forms[i].init || forms[i].later))
				ok(&forms[i], role);
	printf("1..%d\n", number);
	return failed > 0;
}

#else

int main(void)
{
	puts("ok 1 - each call # SKIP the tracer is not written for this machine\n1..1");
	return 0;
}

#endif

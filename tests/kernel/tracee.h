/* SPDX-License-Identifier: MIT */
/*
 * What the tests of filters and tracers share: a traced child, and how it is led from stop to stop.
 */
#ifndef TESTS_KERNEL_TRACEE_H
#define TESTS_KERNEL_TRACEE_H

#include "filters.h"
#include "registers.h"

#ifndef PTRACE_EVENT_SECCOMP
#define PTRACE_EVENT_SECCOMP 7
#endif
#ifndef PTRACE_O_TRACESECCOMP
#define PTRACE_O_TRACESECCOMP (1 << PTRACE_EVENT_SECCOMP)
#endif
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif

/* getpid is the tracer's, getppid is refused with EPERM, anything else allowed */
#define TRACE_GETPID_REFUSE_GETPPID                                                         \
	LOAD(nr), IF(__NR_getpid, 0, 1), RETURN(SECCOMP_RET_TRACE), IF(__NR_getppid, 0, 1), \
		RETURN(SECCOMP_RET_ERRNO | EPERM), RETURN(SECCOMP_RET_ALLOW)

static UNUSED int is_syscall_stop(int status)
{
	return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

static UNUSED int is_seccomp_event(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
}

/* A child that is traced, has stopped, and runs body() when it goes on; its result is its exit status. */
static UNUSED pid_t traced_child(int (*body)(void), long options)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(body());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(options | PTRACE_O_TRACESYSGOOD)))
		return -1;
	return pid;
}

/* Lets it run on to its next stop, or end, with a signal unless it is 0 */
static UNUSED int go_on_with(pid_t pid, int request, long signal)
{
	int status = -1;

	if (ptrace((enum __ptrace_request)request, pid, NULL, (void *)signal) ||
	    waitpid(pid, &status, __WALL) != pid)
		return -1;
	return status;
}

static UNUSED int go_on(pid_t pid, int request)
{
	return go_on_with(pid, request, 0);
}

/* To the next stop at whose time the call is `nr`, by PTRACE_SYSCALL */
static UNUSED int go_to_call(pid_t pid, long nr)
{
	int status;

	do
		status = go_on(pid, PTRACE_SYSCALL);
	while (WIFSTOPPED(status) && call_number(pid) != nr);
	return status;
}

#endif

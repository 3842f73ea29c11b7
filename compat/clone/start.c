/* SPDX-License-Identifier: MIT */
/*
 * The clone itself: all namespaces in one, so that the child is the caller's own, with the pid that the
 * caller sees. Owns the signal mask around it, and that nothing is left of a child that failed.
 *
 * The child of a command shares the launcher's memory and the launcher's thread waits for its exec (CLONE_VM |
 * CLONE_VFORK): a launcher of many GiB pays for no page table, and no other thread's lock matters, for
 * the child takes none. Some kernels give no keyring to who shares memory: there the child waited for has its
 * own. Before Linux 5.16 a core dump takes every process with it that shares the
 * memory: that is why the filter's prologue lets the child exit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "../bpf/listener.h"
#include "clone.h"
#include "uapi.h"

/* CLONE_NEWCGROUP is missing: kernels before 4.6 take its bit for something else, so the child asks. */
enum { NAMESPACES = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS };

int sbp_clone_flags(const struct sbp_setup *setup)
{
	int flags = SIGCHLD;

	if (setup->isolated)
		flags |= NAMESPACES | (setup->share_net ? 0 : CLONE_NEWNET);
	if (setup->own_users)
		flags |= CLONE_NEWUSER;
	return flags;
}

/* The real root needs no user namespace for the others, and has less than 3.8 to offer at times. */
bool sbp_can_do_without_users(struct sbp_setup *setup, long error)
{
	bool missing = error == -EINVAL || error == -EPERM || error == -ENOSPC || error == -EUSERS;

	if (!missing || !setup->own_users || setup->uid)
		return false;
	setup->own_users = false;
	return true;
}

/* Which of the namespaces it was that a clone lacked is not to be seen from its errno. */
int sbp_fail(struct sbp_setup *setup, const char *step, enum sbp_feature feature, long error)
{
	setup->step = step;
	setup->feature = feature;
	setup->error = (int)-error;
	return (int)error;
}

/* --- What is held meanwhile ------------------------------------------------------------------ */

static void close_both(int ends[2])
{
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			sbp_kernel(SYS_close, ends[i]);
		ends[i] = -1;
	}
}

void sbp_close_ends(struct sbp_ends *ends)
{
	close_both(ends->alive);
	close_both(ends->started);
	close_both(ends->report);
}

int sbp_open_ends(struct sbp_setup *setup, struct sbp_ends *ends)
{
	long result = 0;
	int error = 0;

	*ends = (struct sbp_ends){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (setup->die_with_parent)
		result = sbp_kernel(SYS_pipe2, (long)ends->alive, O_CLOEXEC);
	if (result >= 0 && (setup->init || setup->copy))
		result = sbp_kernel(SYS_pipe2, (long)ends->started, O_CLOEXEC);
	if (result < 0)
		error = sbp_fail(setup, "pipe", 0, result);
	if (!error && setup->listening.len &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->report))
		error = sbp_fail(setup, "socket of the report", 0, -errno);
	if (error)
		sbp_close_ends(ends);
	memcpy(setup->alive, ends->alive, sizeof(setup->alive));
	memcpy(setup->started, ends->started, sizeof(setup->started));
	setup->line[0] = setup->line[1] = -1;
	memcpy(setup->report, ends->report, sizeof(setup->report));
	return error;
}

/* Every signal, the two that belong to libc included: no handler of the caller's can run in a child, and
 * none of its threads is asked for anything meanwhile. */
int sbp_block_signals(struct sbp_setup *setup)
{
	uint64_t all = ~UINT64_C(0);
	long result = sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&setup->mask,
				 sizeof(all));

	return result < 0 ? sbp_fail(setup, "signal mask", 0, result) : 0;
}

/* --- How it went ------------------------------------------------------------------------------ */

static void reap(pid_t pid)
{
	long result;

	do
		result = sbp_kernel(SYS_wait4, pid, 0, __WALL, 0);
	while (result == -EINTR);
}

/* Leaves it to be waited for. */
static bool has_ended(pid_t pid)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	return sbp_kernel(SYS_waitid, P_PID, pid, (long)&info, WEXITED | WNOHANG | WNOWAIT | __WALL,
			  0) ||
	       info.si_pid;
}

/*
 * With memory of its own nothing waits for a child's exec: it sends a byte. When it dies before, the pipe
 * ends; but a process that another thread forked meanwhile may hold it open, so that is looked for too.
 */
static bool wait_for_byte(struct sbp_ends *ends, pid_t pid)
{
	struct pollfd pipe = { .fd = ends->started[0], .events = POLLIN };
	const struct timespec tenth = { 0, 100000000 };
	long result;
	char byte;

	sbp_kernel(SYS_close, ends->started[1]);
	ends->started[1] = -1;
	do
		result = ppoll(&pipe, 1, &tenth, NULL);
	while (!result && !has_ended(pid));
	return sbp_kernel(SYS_read, ends->started[0], (long)&byte, 1) == 1;
}

/* Its filter, the last that a copy takes upon itself, may forbid whatever would tell of it. */
static bool wait_for_filter(const struct sbp_setup *setup, pid_t pid)
{
	const struct timespec moment = { 0, 20000 };

	while (!__atomic_load_n(&setup->arrived, __ATOMIC_ACQUIRE) && !has_ended(pid))
		nanosleep(&moment, NULL);
	return setup->arrived;
}

static bool has_started(const struct sbp_setup *setup, struct sbp_ends *ends, pid_t pid)
{
	if (!setup->init && !setup->copy)
		return true;
	if (!wait_for_byte(ends, pid))
		return false;
	return setup->init || wait_for_filter(setup, pid);
}

/*
 * A child that somebody's filter killed in a step had no errno to leave: its death is the failure.
 * Once its exec was made, what becomes of it is the caller's to wait for.
 */
int sbp_settle(struct sbp_setup *setup, struct sbp_ends *ends, pid_t pid)
{
	bool started = has_started(setup, ends, pid);

	if (started && setup->arrived && !setup->error)
		return 0;
	sbp_kernel(SYS_kill, pid, SIGKILL);
	reap(pid);
	if (!setup->error)
		setup->error = ECHILD;
	return -setup->error;
}

/* --- A command ---------------------------------------------------------------------------------- */

/* An init gets a copy of the memory, this stack with it: one less to be touched, and copied. */
static long clone_child(struct sbp_setup *setup, void *stack)
{
	int memory;
	long child;

	if (!setup->init) {
		memory = setup->own_memory ? 0 : CLONE_VM;
		child = clone(sbp_child_main, stack, sbp_clone_flags(setup) | memory | CLONE_VFORK,
			      setup);
		return child < 0 ? -errno : child;
	}
	child = sbp_kernel(SYS_clone, sbp_clone_flags(setup), 0, 0, 0, 0);
	if (!child)
		sbp_child_main(setup);
	return child;
}

static int start(struct sbp_setup *setup, struct sbp_ends *ends, void *stack, pid_t *pid)
{
	long child;
	int error;

	do
		child = clone_child(setup, stack);
	while (child < 0 && sbp_can_do_without_users(setup, child));
	if (child < 0)
		return sbp_fail(setup, "clone", setup->isolated ? SBP_FEATURE_USER_NS : 0, child);
	error = sbp_settle(setup, ends, (pid_t)child);
	if (error)
		return error;
	*pid = (pid_t)child;
	setup->listener = ends->report[0] < 0 ? -1 : sbp_receive_listener(ends->report[0]);
	return 0;
}

int sbp_clone_start(struct sbp_setup *setup, void *stack, pid_t *pid)
{
	struct sbp_ends ends;
	int saved = errno, error = sbp_open_ends(setup, &ends);

	if (!error)
		error = sbp_block_signals(setup);
	if (!error) {
		error = start(setup, &ends, stack, pid);
		sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&setup->mask, 0,
			   sizeof(setup->mask));
	}
	sbp_close_ends(&ends);
	errno = saved;
	return error;
}

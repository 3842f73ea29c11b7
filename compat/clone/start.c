/* SPDX-License-Identifier: MIT */
/*
 * The clone itself: all namespaces in one, so that the child is the caller's own, with the pid that the
 * caller sees. Owns the signal mask around it, and that nothing is left of a child that failed.
 *
 * The child shares the launcher's memory and the launcher's thread waits for its exec (CLONE_VM |
 * CLONE_VFORK): a launcher of many GiB pays for no page table, and no other thread's lock matters, for
 * the child takes none. Before Linux 5.16 a core dump takes every process with it that shares the
 * memory: that is why the filter's prologue lets the child exit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../bpf/listener.h"
#include "clone.h"
#include "uapi.h"

/* CLONE_NEWCGROUP is missing: kernels before 4.6 take its bit for something else, so the child asks. */
enum { NAMESPACES = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS };

static int clone_flags(const struct sbp_setup *setup)
{
	int flags = SIGCHLD;

	if (setup->isolated)
		flags |= NAMESPACES | (setup->share_net ? 0 : CLONE_NEWNET);
	if (!setup->init)
		flags |= CLONE_VM | CLONE_VFORK;
	return flags;
}

/* Which of the namespaces it was that a clone lacked is not to be seen from its errno. */
static int fail(struct sbp_setup *setup, const char *step, enum sbp_feature feature, long error)
{
	setup->step = step;
	setup->feature = feature;
	setup->error = (int)-error;
	return (int)error;
}

static void reap(pid_t pid)
{
	long result;

	do
		result = sbp_kernel(SYS_wait4, pid, 0, __WALL, 0);
	while (result == -EINTR);
}

/* What the launcher holds of a start: the setup's own numbers are an init's to change. */
struct pipes {
	int alive[2], started[2], report[2];
};

static void close_pipe(const int ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			sbp_kernel(SYS_close, ends[i]);
}

static int open_pipes(struct sbp_setup *setup, struct pipes *pipes)
{
	long result = sbp_kernel(SYS_pipe2, (long)pipes->alive, O_CLOEXEC);

	if (result < 0)
		return fail(setup, "pipe", 0, result);
	if (setup->init)
		result = sbp_kernel(SYS_pipe2, (long)pipes->started, O_CLOEXEC);
	if (!result && setup->listening.len)
		result = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipes->report) ? -errno
											   : 0;
	if (result < 0) {
		close_pipe(pipes->alive);
		close_pipe(pipes->started);
		return fail(setup, "pipe", 0, result);
	}
	memcpy(setup->alive, pipes->alive, sizeof(setup->alive));
	memcpy(setup->started, pipes->started, sizeof(setup->started));
	memcpy(setup->report, pipes->report, sizeof(setup->report));
	return 0;
}

/* An init has memory of its own, so that nothing waits for its command's exec: it sends a byte then,
 * and when it dies before, the pipe ends. */
static bool wait_for_init(struct pipes *pipes)
{
	long result;
	char byte;

	sbp_kernel(SYS_close, pipes->started[1]);
	pipes->started[1] = -1;
	do
		result = sbp_kernel(SYS_read, pipes->started[0], (long)&byte, 1);
	while (result == -EINTR);
	return result == 1;
}

/*
 * A child that somebody's filter killed in a step had no errno to leave: its death is the failure.
 * Once its exec was made, what becomes of it is the caller's to wait for.
 */
static int settle(struct sbp_setup *setup, struct pipes *pipes, pid_t pid)
{
	bool started = !setup->init || wait_for_init(pipes);

	if (started && setup->reached_exec && !setup->error)
		return 0;
	sbp_kernel(SYS_kill, pid, SIGKILL);
	reap(pid);
	if (!setup->error)
		setup->error = ECHILD;
	return -setup->error;
}

static int start(struct sbp_setup *setup, struct pipes *pipes, void *stack, pid_t *pid)
{
	int child = clone(sbp_child_main, stack, clone_flags(setup), setup), error;

	if (child < 0)
		return fail(setup, "clone", setup->isolated ? SBP_FEATURE_USER_NS : 0, -errno);
	error = settle(setup, pipes, child);
	if (error)
		return error;
	*pid = child;
	setup->listener = pipes->report[0] < 0 ? -1 : sbp_receive_listener(pipes->report[0]);
	return 0;
}

/* Every signal is blocked, the two that belong to libc included: no handler of the caller's can run in
 * a child that shares its memory, and none of its threads is asked for anything meanwhile. */
int sbp_clone_start(struct sbp_setup *setup, void *stack, pid_t *pid)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	uint64_t all = ~UINT64_C(0);
	int saved = errno, error = open_pipes(setup, &pipes);
	long masked;

	if (error)
		return error;
	masked = sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&setup->mask,
			    sizeof(all));
	if (masked < 0)
		error = fail(setup, "signal mask", 0, masked);
	else
		error = start(setup, &pipes, stack, pid);
	if (!masked)
		sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&setup->mask, 0, sizeof(all));
	close_pipe(pipes.alive);
	close_pipe(pipes.started);
	close_pipe(pipes.report);
	errno = saved;
	return error;
}

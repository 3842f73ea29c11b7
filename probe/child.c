/* SPDX-License-Identifier: MIT */
/*
 * Children that ask what their parent must not: they enter modes and namespaces, or meet somebody
 * else's filter. Owns how they are started, what they must not touch, and how their end is read.
 *
 * A child shares its parent's memory and the parent waits for it (CLONE_VM | CLONE_VFORK), so that
 * a parent of many GiB pays for no page table. It runs on a stack in the area with all signals
 * blocked: no handler of the caller can run in it. Its exit signal is 0: SIGCHLD handlers, ignored
 * SIGCHLD and the caller's own waits are not concerned.
 *
 * There are two exceptions, both for a process that already runs under a filter:
 * - The exit signal is SIGCHLD, because that is what posix_spawn() does and what filters know how to
 *   refuse gracefully; Chromium's kills its process for any other unknown combination.
 * - Before Linux 5.16 a core dump takes every process with it that shares the memory, and a filter's
 *   kill dumps core since 4.11 (RLIMIT_CORE is looked at too late to prevent it). There the
 *   child gets a copy of the memory, and only the area is shared.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "probe.h"
#include "uapi.h"

/* How long an outer filter's supervisor may think about one child, in seconds. */
enum { PATIENCE = 2, ENDED_BY_WATCHDOG = 0x5a, RESTORER_IS_SET = 0x04000000 };

static const char watchdog[] = "setitimer(ITIMER_REAL)";

struct start {
	struct sbp_probe *p;
	struct sbp_child *child;
	volatile bool done; /* and only its exit is left, as a child with this memory can say */
};

/* struct sigaction in the kernel's words; libc's wants its own restorer, which here is never used. */
struct action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(int);
	uint64_t mask;
};

static void set_action_in_child(int signal, void (*handler)(int))
{
	const struct action action = { handler, RESTORER_IS_SET, handler, 0 };

	sbp_kernel(SYS_rt_sigaction, signal, (long)&action, 0, sizeof(action.mask));
}

static void unblock_in_child(int signal)
{
	uint64_t bit = UINT64_C(1) << (signal - 1);

	sbp_kernel(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&bit, 0, sizeof(bit));
}

/* Lets a signal do to this child what it does by default: all are blocked, some have handlers. */
void sbp_let_through_in_child(int signal)
{
	set_action_in_child(signal, SIG_DFL);
	unblock_in_child(signal);
}

/*
 * A supervisor (SECCOMP_RET_USER_NOTIF) that never answers would hang us for ever: the watchdog ends
 * the wait. Only children of filtered processes have one. It exits in a handler, for the first
 * process of a PID namespace does not die of signals from inside.
 */
static void end_in_handler(int signal)
{
	(void)signal;
	for (;;)
		sbp_kernel(SYS_exit_group, ENDED_BY_WATCHDOG);
}

/* A filter that kills for this is met once: from then on children go without. */
static void set_watchdog_in_child(struct sbp_probe *p)
{
	const long patience[4] = { 0, 0, PATIENCE, 0 }; /* struct itimerval, in the kernel's words */

	if (p->area->without_watchdog)
		return;
	sbp_begin(p, 0, watchdog);
	set_action_in_child(SIGALRM, SIG_IGN); /* drops one that waits */
	set_action_in_child(SIGALRM, end_in_handler);
	sbp_kernel(SYS_setitimer, ITIMER_REAL, (long)patience, 0);
	sbp_finish(p);
	unblock_in_child(SIGALRM);
}

static int run_in_child(void *data)
{
	struct start *start = data;

	sbp_finish(start->p); /* the clone returned */
	if (start->p->filtered)
		set_watchdog_in_child(start->p);
	start->child->run(start->p, start->child->data);
	start->done = true;
	return 0;
}

static unsigned long clone_flags(const struct sbp_probe *p, unsigned long wanted)
{
	if (p->fake)
		return 0; /* a plain copy, which is all that valgrind knows */
	if (!p->filtered)
		return wanted | CLONE_VM | CLONE_VFORK;
	if (!sbp_release_at_least(p, "5.16"))
		return wanted | CLONE_VFORK | SIGCHLD;
	return wanted | CLONE_VM | CLONE_VFORK | SIGCHLD;
}

static void wait_for(struct sbp_probe *p, pid_t pid, struct sbp_child *child)
{
	int status = 0;
	long result;

	do
		result = sbp_kernel(SYS_wait4, pid, (long)&status, __WALL, 0);
	while (result == -EINTR);
	if (result == pid && WIFSIGNALED(status))
		child->signal = WTERMSIG(status);
	else if (result == pid && p->filtered && WEXITSTATUS(status) == ENDED_BY_WATCHDOG)
		child->signal = SIGALRM;
	else if (result == pid)
		child->exit_status = WEXITSTATUS(status);
	/*
	 * Somebody else reaped it (SIGCHLD ignored, a wait for all by another thread): that it died
	 * in a call is still to be seen, only the signal is not: a filter's, or without one mode 1's.
	 */
	else if (p->area->in_flight.call)
		child->signal = p->filtered ? SIGSYS : SIGKILL;
}

void sbp_wait_for_ending(struct sbp_probe *p)
{
	struct sbp_child child = { .run = NULL };

	if (p->ending)
		wait_for(p, (pid_t)p->ending, &child);
	p->ending = 0;
}

/*
 * A mount namespace waits for every processor before it is gone, its process with it: the parent goes on meanwhile,
 * and waits when it has nothing left to ask. Not under a filter, whose kill may come last of all.
 */
static bool may_end_alone(const struct sbp_probe *p, const struct start *start)
{
	return start->done && start->child->last && !p->filtered && !p->fake && !p->ending;
}

/* Of AddressSanitizer, where the program has it. */
extern void __asan_unpoison_memory_region(void const volatile *start, size_t size)
	__attribute__((weak));

/* A child that was killed leaves the marks of its last frames on a stack that is used again. */
static char *clean_stack(struct sbp_probe *p, int i)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(p->area->stacks[i], SBP_STACK_SIZE);
	return p->area->stacks[i];
}

static char *take_stack(struct sbp_probe *p)
{
	return clean_stack(p, p->area->depth++) + SBP_STACK_SIZE;
}

char *sbp_scratch(struct sbp_probe *p)
{
	return clean_stack(p, SBP_STACK_LIMIT - 1);
}

/* This child's own patience does not run while it waits for one of its children. */
static void start_watch_again_in_child(struct sbp_probe *p)
{
	const typeof(p->area->in_flight) kept = p->area->in_flight;

	set_watchdog_in_child(p);
	p->area->in_flight = kept;
}

/* Starts the child with every signal blocked, the two that belong to libc included. */
static long start_child(struct sbp_probe *p, struct sbp_child *child)
{
	struct start start = { p, child, false };
	char *stack = take_stack(p);
	uint64_t all = ~UINT64_C(0), before = 0;
	long pid, masked;

	masked = sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all));
	pid = clone(run_in_child, stack, (int)clone_flags(p, child->flags), &start);
	if (pid < 0)
		pid = -errno;
	else if (may_end_alone(p, &start))
		p->ending = pid;
	else
		wait_for(p, (pid_t)pid, child);
	if (p->filtered && p->area->depth > 1)
		start_watch_again_in_child(p);
	if (!masked)
		sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof(before));
	p->area->depth--;
	return pid;
}

/* What a killed child was about to do is evidence, and a no where nothing was settled yet. */
static void read_last_words(struct sbp_probe *p, struct sbp_child *child)
{
	const char *call = p->area->in_flight.call;
	sbp_set features = p->area->in_flight.features;
	enum sbp_way way = p->area->in_flight.way;

	child->fatal = call;
	if (!call)
		return;
	p->where = p->area->in_flight.where;
	sbp_note(p, features, call, -1, child->signal);
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		struct sbp_finding *finding = &p->area->answers[f].way[way];

		if (sbp_in(features, f) && finding->verdict == SBP_NOT_ASKED)
			*finding = (struct sbp_finding){ .verdict = SBP_NO,
							 .call = call,
							 .signal = child->signal };
	}
}

int sbp_run_child(struct sbp_probe *p, struct sbp_child *child)
{
	const char *where = p->where;
	int depth = p->area->depth, saved = errno;
	long pid = 0;

	child->signal = child->exit_status = 0;
	child->fatal = NULL;
	if (depth == SBP_STACK_LIMIT)
		return -(child->error = EAGAIN);
	if (child->call) {
		sbp_note(p, child->features, child->call, 0, 0);
		sbp_begin(p, child->features, child->call);
	}
	sbp_faked(p, child->call ? child->call : "clone(CLONE_VM|CLONE_VFORK)", &pid);
	if (pid >= 0)
		pid = start_child(p, child);
	p->area->depth = depth;
	if (pid >= 0 && child->signal && p->area->in_flight.call == watchdog) {
		p->area->without_watchdog = true;
		child->signal = 0;
		pid = start_child(p, child);
		p->area->depth = depth;
	}
	if (pid >= 0 && child->signal)
		read_last_words(p, child);
	sbp_finish(p);
	p->where = where;
	if (child->call)
		sbp_amend(p, child->features, child->call, pid);
	errno = saved;
	child->error = pid < 0 ? (int)-pid : 0;
	return -child->error;
}

static void run_on(struct sbp_probe *p, void *data)
{
	const struct sbp_steps *steps = data;

	p->where = "child";
	for (; p->area->step < steps->count; p->area->step++)
		steps->step(p, steps->data, p->area->step);
}

void sbp_run_steps(struct sbp_probe *p, const struct sbp_steps *steps)
{
	p->area->step = 0;
	if (!steps->in_child) {
		for (size_t i = 0; i < steps->count; i++)
			steps->step(p, steps->data, i);
		return;
	}
	while (p->area->step < steps->count) {
		struct sbp_child child = { .run = run_on, .data = (void *)steps };

		sbp_run_child(p, &child);
		if (p->area->step < steps->count)
			steps->skipped(p, steps->data, p->area->step, &child);
		p->area->step++;
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Questions about tracing: may a child of ours be traced by its parent, and may a process trace one
 * that is not its child? Crash dumps need the first, debuggers and profilers the second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "probe.h"
#include "uapi.h"

/* --- By its parent ------------------------------------------------------------------------ */

/* The tracer is then the waiting parent; the child ends at once, and that ends the tracing. */
static void be_traced_in_child(struct sbp_probe *p, void *data)
{
	static const char call[] = "ptrace(PTRACE_TRACEME)";
	long result;

	(void)data;
	p->where = "child";
	result = sbp_ask(p, SBP_BIT(PTRACE_CHILD), call, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
	if (result)
		sbp_no(p, SBP_BIT(PTRACE_CHILD), SBP_DIRECTLY, call, result);
	else
		sbp_yes(p, SBP_BIT(PTRACE_CHILD), SBP_DIRECTLY);
}

/* --- By a stranger ------------------------------------------------------------------------ */

/*
 * Two children of a child: the target waits to be killed, the tracer attaches to it. They are
 * siblings, so neither is the other's ancestor, which is what Yama's ptrace_scope asks.
 */
/* It ends when it is told to, when its parent is gone, or after five seconds, whatever is forbidden. */
static int be_target_in_child(void *data)
{
	const long second[2] = { 1, 0 }, moment[2] = { 0, 1000000 }; /* the kernel's timespec */
	uint32_t *may_end = data;
	int milliseconds = 5000;

	sbp_kernel(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	while (milliseconds > 0 && !__atomic_load_n(may_end, __ATOMIC_ACQUIRE)) {
		long result = sbp_kernel(SYS_futex, (long)may_end, FUTEX_WAIT, 0, (long)second);

		milliseconds -= result == -ETIMEDOUT ? 1000 : 1;
		if (result < 0 && result != -EAGAIN)
			sbp_kernel(SYS_ppoll, 0, 0, (long)moment, 0, 0);
	}
	return 0;
}

/* Killed only where it may be stopped for ever: a filter may kill whoever calls kill(2). */
static void end_target(struct sbp_probe *p, long pid, bool stopped)
{
	__atomic_store_n(&p->area->target_may_end, 1, __ATOMIC_RELEASE);
	sbp_kernel(SYS_futex, (long)&p->area->target_may_end, FUTEX_WAKE, 1, 0);
	if (stopped)
		sbp_kernel(SYS_kill, pid, SIGKILL);
	sbp_kernel(SYS_wait4, pid, 0, __WALL, 0);
}

/*
 * The stop that attaching asked for need not be the first to be seen: a signal of the target's own may be, a
 * filter's SIGSYS. Were the target let go then, the stop would come later, and for ever.
 */
static void let_go_in_child(long pid)
{
	int status = 0;

	while (sbp_kernel(SYS_wait4, pid, (long)&status, __WALL, 0) == pid && WIFSTOPPED(status) &&
	       WSTOPSIG(status) != SIGSTOP)
		if (sbp_kernel(SYS_ptrace, PTRACE_CONT, pid, 0, WSTOPSIG(status)))
			break;
	sbp_kernel(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
}

static void attach_in_child(struct sbp_probe *p, void *data)
{
	static const char call[] = "ptrace(PTRACE_ATTACH, pid of a process that is no child)";
	const sbp_set self = SBP_BIT(PTRACE_ANY);
	long pid = *(const long *)data, result;

	p->where = "child";
	result = sbp_ask(p, self, call, SYS_ptrace, PTRACE_ATTACH, pid, 0, 0);
	if (result) {
		sbp_no(p, self, SBP_DIRECTLY, call, result);
		return;
	}
	sbp_yes(p, self, SBP_DIRECTLY);
	if (!p->fake)
		let_go_in_child(pid);
}

static void attach_among_children(struct sbp_probe *p, void *data)
{
	struct sbp_child tracer = { .run = attach_in_child };
	char *stack = p->area->stacks[SBP_STACK_LIMIT - 1] + SBP_STACK_SIZE;
	int saved = errno;
	long pid = 1;

	(void)data;
	p->area->target_may_end = 0;
	if (!p->fake)
		pid = clone(be_target_in_child, stack, p->filtered ? SIGCHLD : CLONE_VM,
			    &p->area->target_may_end);
	if (pid < 0) {
		sbp_could_not_ask(p, SBP_BIT(PTRACE_ANY), SBP_DIRECTLY, "clone(CLONE_VM)", -errno);
		errno = saved;
		return;
	}
	tracer.data = &pid;
	if (sbp_run_child(p, &tracer))
		sbp_could_not_ask(p, SBP_BIT(PTRACE_ANY), SBP_DIRECTLY, "clone(CLONE_VM)",
				  -tracer.error);
	if (!p->fake)
		end_target(p, pid, tracer.signal || tracer.error);
}

static void ask_in_child(struct sbp_probe *p, sbp_set feature,
			 void (*run)(struct sbp_probe *p, void *data))
{
	struct sbp_child child = { .run = run };

	if (sbp_run_child(p, &child))
		sbp_could_not_ask(p, feature, SBP_DIRECTLY, "clone(CLONE_VM|CLONE_VFORK)",
				  -child.error);
}

/* Traced last: a process that somebody stops while its tracer waits for its end would never go on. */
static void do_both_in_child(struct sbp_probe *p, void *data)
{
	attach_among_children(p, data);
	be_traced_in_child(p, data);
}

void sbp_ask_ptrace(struct sbp_probe *p)
{
	const sbp_set both = SBP_BIT(PTRACE_CHILD) | SBP_BIT(PTRACE_ANY), asked = p->asked & both;

	/* Where a filter may kill whoever asks, each question has a child of its own. */
	if (asked == both && !p->filtered) {
		ask_in_child(p, both, do_both_in_child);
		return;
	}
	if (asked & SBP_BIT(PTRACE_CHILD))
		ask_in_child(p, SBP_BIT(PTRACE_CHILD), be_traced_in_child);
	if (asked & SBP_BIT(PTRACE_ANY))
		ask_in_child(p, SBP_BIT(PTRACE_ANY), attach_among_children);
}

/* SPDX-License-Identifier: MIT */
/*
 * A copy of the launcher, as fork(2) makes one, but with all namespaces in the clone. Owns what libc believes
 * of itself in the copy: its own fork would see to that, and takes no flags.
 *
 * The copy goes on with the calling thread alone, on that thread's own stack. libc keeps the id of a thread
 * beside the thread's other things; the kernel writes the new one there, and clears it at the thread's end, as
 * it does for libc's fork. Handlers of pthread_atfork(3) are not run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clone.h"
#include "uapi.h"

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40 /* 3.5, with CONFIG_CHECKPOINT_RESTORE */
#endif

/* What libc holds for the calling thread. */
struct thread {
	int *tid, id;
	pid_t pid;
	struct robust_list_head *robust;
	size_t robust_size;
};

static bool holds(const struct thread *thread, const int *tid)
{
	return tid && *tid == thread->id;
}

/* glibc has the list of robust mutexes just behind: the id, what was the pid once, on 64 bits a pointer. */
static int *find_before_robust_list(const struct thread *thread)
{
	int *list = (int *)thread->robust, *tid;

	if (!list)
		return NULL;
	tid = list - (sizeof(void *) == 8 ? 4 : 2);
	return holds(thread, tid) ? tid : NULL;
}

/* What the kernel is to clear at the thread's end is the id with glibc, with others something else. */
static int *find_by_kernel(const struct thread *thread)
{
	uint64_t address = 0;
	int *tid;

	if (sbp_kernel(SYS_prctl, PR_GET_TID_ADDRESS, (long)&address))
		return NULL;
	tid = (int *)(uintptr_t)address;
	return holds(thread, tid) ? tid : NULL;
}

/* musl has it among the first words of what pthread_self() points to. */
static int *find_in_thread(const struct thread *thread)
{
	int *words = (int *)(uintptr_t)pthread_self();

#ifndef __GLIBC__
	for (int i = 4; i < 32; i++)
		if (holds(thread, &words[i]))
			return &words[i];
#endif
	(void)words;
	(void)thread;
	return NULL;
}

static bool look_at_thread(struct thread *thread)
{
	memset(thread, 0, sizeof(*thread));
	thread->id = (int)sbp_kernel(SYS_gettid, 0);
	thread->pid = getpid();
	if (sbp_kernel(SYS_get_robust_list, 0, (long)&thread->robust, (long)&thread->robust_size))
		thread->robust = NULL;
	thread->tid = find_before_robust_list(thread);
	if (!thread->tid)
		thread->tid = find_by_kernel(thread);
	if (!thread->tid)
		thread->tid = find_in_thread(thread);
	return thread->tid;
}

/* The locks that the list names are the launcher's, held by its thread. Before 2.25, glibc remembers its pid
 * behind the id. */
static bool mend_thread_in_child(const struct thread *thread)
{
	pid_t pid = (pid_t)sbp_kernel(SYS_getpid, 0);

	if (thread->robust) {
		thread->robust->list.next = &thread->robust->list;
		thread->robust->list_op_pending = NULL;
		sbp_kernel(SYS_set_robust_list, (long)thread->robust, (long)thread->robust_size);
	}
	if (getpid() != pid && thread->tid[1] == thread->pid)
		thread->tid[1] = pid;
	return getpid() == pid && *thread->tid == (int)sbp_kernel(SYS_gettid, 0);
}

static long clone_thread(const struct sbp_setup *setup, const struct thread *thread)
{
	long flags = sbp_clone_flags(setup) | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	long tid = (long)thread->tid;

#ifdef __x86_64__
	return sbp_kernel(SYS_clone, flags, 0, 0, tid, 0);
#else
	return sbp_kernel(SYS_clone, flags, 0, 0, 0, tid);
#endif
}

/* Until the filter, it says how it goes; the filter is its last call. */
static void enter_in_child(struct sbp_setup *setup, const struct thread *thread)
{
	bool failed = sbp_walk_steps_in_child(setup, SBP_PART_SETUP) < 0;

	if (!failed && !mend_thread_in_child(thread)) {
		sbp_fail(setup, "thread id", 0, -ENOSYS);
		failed = true;
	}
	if (!failed) {
		sbp_kernel(SYS_write, setup->started[1], (long)"", 1);
		sbp_kernel(SYS_close, setup->started[1]);
		failed = sbp_walk_steps_in_child(setup, SBP_PART_COMMAND) < 0;
	}
	if (failed)
		sbp_give_up_in_child(125);
	__atomic_store_n(&setup->arrived, true, __ATOMIC_RELEASE);
}

static int start(struct sbp_setup *setup, struct sbp_ends *ends, pid_t *pid)
{
	struct thread thread;
	long child;
	int error;

	if (!look_at_thread(&thread))
		return sbp_fail(setup, "thread id", 0, -ENOSYS);
	do
		child = clone_thread(setup, &thread);
	while (child < 0 && sbp_can_do_without_users(setup, child));
	if (child < 0)
		return sbp_fail(setup, "clone", setup->isolated ? SBP_FEATURE_USER_NS : 0, child);
	*pid = (pid_t)child;
	if (!child) {
		enter_in_child(setup, &thread);
		return 0;
	}
	error = sbp_settle(setup, ends, *pid);
	if (error)
		*pid = -1;
	return error;
}

int sbp_clone_copy(struct sbp_setup *setup, pid_t *pid)
{
	struct sbp_ends ends;
	int saved = errno, error = sbp_open_ends(setup, &ends);

	*pid = -1;
	if (!error)
		error = sbp_block_signals(setup);
	if (!error) {
		error = start(setup, &ends, pid);
		if (!error && !*pid) {
			errno = saved;
			return 0;
		}
		sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&setup->mask, 0,
			   sizeof(setup->mask));
	}
	sbp_close_ends(&ends);
	errno = saved;
	return error;
}

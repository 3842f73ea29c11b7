/* SPDX-License-Identifier: MIT */
/*
 * One filter for all threads, by TSYNC and by broadcast: threads that wait, work, block signals, and that
 * can't be reached. Whether each has it is what the kernel says to a process outside, and what a denied call
 * says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probe/probe.h"
#include "crowd.h"

enum { THREAD_LIMIT = 256 };

static int unblock[2]; /* a pipe: what threads wait to read from */

/* --- Threads that are to be confined -------------------------------------------------------- */

static void wait_in_read(void)
{
	char byte;

	while (read(unblock[0], &byte, 1) < 0 && errno == EINTR)
		;
}

static void wait_in_futex(void)
{
	while (!value(&shared->go))
		syscall(SYS_futex, &shared->go, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void wait_in_sleep(void)
{
	const struct timespec some_time = { 0, 100000000 };

	while (!value(&shared->go))
		nanosleep(&some_time, NULL);
}

static void wait_in_yield(void)
{
	while (!value(&shared->go))
		sched_yield();
}

static void wait_deaf(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	wait_in_futex();
}

static void *confined_thread(void *data)
{
	void (*wait)(void) = data;

	if (try_open() >= 0)
		count(&shared->allowed);
	count(&shared->ready);
	wait();
	if (try_open() < 0 && errno == EACCES)
		count(&shared->denied);
	return NULL;
}

struct crowd {
	enum how how;
	int threads;
	void (*waits[4])(void); /* taken in turn */
	int kinds;
};

static void release(int threads)
{
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &shared->go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	for (int i = 0; i < threads; i++)
		check(write(unblock[1], "x", 1) == 1);
}

static void crowd_in_child(void *data)
{
	const struct crowd *crowd = data;
	pthread_t threads[THREAD_LIMIT];
	pthread_attr_t small;
	struct sbp_locked end;
	long start;
	int error;

	check(pipe(unblock) == 0);
	check(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 << 10) == 0);
	for (int i = 0; i < crowd->threads; i++)
		check(pthread_create(&threads[i], &small, confined_thread,
				     (void *)crowd->waits[i % crowd->kinds]) == 0);
	wait_until(&shared->ready, crowd->threads);
	start = now_us();
	error = lock_by(crowd->how, "compute", &end);
	shared->microseconds = now_us() - start;
	if (error)
		fprintf(stderr, "%s\n", end.why);
	check(error == 0);
	check(strcmp(end.threads, crowd->how == BY_TSYNC ? "tsync" : "broadcast") == 0);
	check(end.why[0] == '\0' && end.tid == 0);
	let_the_test_look();
	release(crowd->threads);
	for (int i = 0; i < crowd->threads; i++)
		check(pthread_join(threads[i], NULL) == 0);
	check(value(&shared->allowed) == crowd->threads);
	check(value(&shared->denied) == crowd->threads);
	check(try_open() < 0 && errno == EACCES);
}

/*
 * A broadcast makes a program for each thread, and the kernel frees them later, one after the other, on a queue
 * that has 1024 places. 6.18 was seen to stop there for ever: with all places taken, work that the first
 * of them waits for can't start, and every later filter of the machine hangs. So crowds take turns.
 */
static void let_the_kernel_free(int programs)
{
	usleep(1000 * (unsigned int)programs);
}

static void crowds(enum how how)
{
	static const int sizes[] = { 0, 1, 16, 64, 256 };
	struct crowd crowd = {
		how, 0, { wait_in_read, wait_in_futex, wait_in_sleep, wait_in_yield }, 4
	};
	int all, confined;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		crowd.threads = sizes[i];
		/* 64 that only yield would keep everybody else from the processor */
		crowd.kinds = sizes[i] > 16 ? 3 : 4;
		assert_int_equal(watched(crowd_in_child, &crowd, 1, &all, &confined), 0);
		assert_int_equal(all, sizes[i] + 1);
		assert_int_equal(confined, all);
		print_message("# %d threads: %ld us\n", sizes[i], shared->microseconds);
		let_the_kernel_free(how == BY_BROADCAST ? 2 * sizes[i] : 0);
	}
}

static void crowds_by_tsync(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	crowds(BY_TSYNC);
}

static void crowds_by_broadcast(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	crowds(BY_BROADCAST);
}

/* libc's functions can't block the signal that is used. */
static void deaf_by_libc(void **state)
{
	struct crowd crowd = { BY_BROADCAST, 4, { wait_deaf }, 1 };
	int all, confined;

	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(watched(crowd_in_child, &crowd, 1, &all, &confined), 0);
	assert_int_equal(confined, 5);
}

/* --- Threads that can't be reached ----------------------------------------------------------- */

static void *deaf_by_bare_call(void *data)
{
	unsigned long long all = ~0ULL;

	(void)data;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all));
	shared->wanted_tid = (int)syscall(SYS_gettid);
	count(&shared->ready);
	wait_in_futex();
	/* what was pending is gone: nothing comes late */
	all = 0;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	if (try_open() >= 0)
		count(&shared->allowed);
	return NULL;
}

static void deaf_in_child(void *data)
{
	struct sbp_locked end;
	pthread_t thread;

	(void)data;
	check(pthread_create(&thread, NULL, deaf_by_bare_call, NULL) == 0);
	wait_until(&shared->ready, 1);
	shared->microseconds = now_us();
	shared->error = lock_by(BY_BROADCAST, "compute", &end);
	shared->microseconds = now_us() - shared->microseconds;
	shared->tid = end.tid;
	memcpy(shared->why, end.why, sizeof(end.why));
	release(0);
	check(pthread_join(thread, NULL) == 0);
	/* the caller is not confined by a lock that failed, and libc's own signal works again */
	check(try_open() >= 0);
	check(setgid(getgid()) == 0);
}

static void deaf_thread_is_named(void **state)
{
	char wanted[64];

	(void)state;
	if (!filters_work())
		skip();
	memset(shared, 0, sizeof(*shared));
	assert_int_equal(in_child(deaf_in_child, NULL), 0);
	assert_int_equal(shared->error, -ETIMEDOUT);
	assert_int_equal(shared->tid, shared->wanted_tid);
	snprintf(wanted, sizeof(wanted), "thread %d did not answer within 2000 ms",
		 shared->wanted_tid);
	assert_non_null(strstr(shared->why, wanted));
	assert_true(shared->microseconds >= 1900000);
	assert_int_equal(shared->allowed, 1);
}

/* --- Threads that libc knows nothing of ------------------------------------------------------- */

static char bare_stack[64 << 10] __attribute__((aligned(64)));

/* Shares everything with the first thread, errno too: it makes bare calls only. */
static int bare_thread(void *data)
{
	unsigned long long all = *(unsigned long long *)data;

	sbp_kernel(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, 0, sizeof(all));
	count(&shared->ready);
	while (!value(&shared->go))
		sbp_kernel(SYS_sched_yield, 0);
	all = 0;
	sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof(all));
	count(sbp_kernel(SYS_openat, AT_FDCWD, (long)"/", O_RDONLY) < 0 ? &shared->denied
									: &shared->allowed);
	sbp_kernel(SYS_exit, 0);
	return 0;
}

static void bare_in_child(void *data)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;

	check(clone(bare_thread, bare_stack + sizeof(bare_stack), flags, data) > 0);
	wait_until(&shared->ready, 1);
	shared->error = lock_by(BY_BROADCAST, "compute", NULL);
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	while (!value(&shared->denied) && !value(&shared->allowed))
		usleep(1000);
}

/* libc has no handler for its signal before it has threads: what comes late must not be fatal. */
static void threads_without_libc(void **state)
{
	unsigned long long none = 0, all = ~0ULL;

	(void)state;
	if (!filters_work())
		skip();
	memset(shared, 0, sizeof(*shared));
	assert_int_equal(in_child(bare_in_child, &none), 0);
	assert_int_equal(shared->error, 0);
	assert_int_equal(shared->denied, 1);
	memset(shared, 0, sizeof(*shared));
	assert_int_equal(in_child(bare_in_child, &all), 0);
	assert_int_equal(shared->error, -ETIMEDOUT);
	assert_int_equal(shared->allowed, 1);
}

/* --- What the lock refuses ------------------------------------------------------------------- */

static void refusals_in_child(void *data)
{
	struct sbp_policy *policy, *faulty;
	struct sbp_probe *probe;
	struct sbp_locked end;

	(void)data;
	check(sbp_probe_new(&probe) == 0);
	check(sbp_policy_by_name("compute", &policy) == 0);
	/* nobody asked the kernel */
	check(sbp_lock(probe, policy, &end) == -ENOTSUP && strstr(end.why, "seccomp-filter"));
	check(sbp_probe_set_assume(probe, "seccomp-tsync=absent,seccomp-filter=absent") == 0);
	check(sbp_probe_run(probe, SBP_QUICK) == 0);
	check(sbp_lock(probe, policy, &end) == -ENOTSUP && strstr(end.why, "seccomp-filter"));
	check(sbp_policy_from_file("/no/such/file", &faulty) == -ENOENT);
	check(sbp_lock(probe, faulty, &end) == -EINVAL && strstr(end.why, "/no/such/file"));
	check(sbp_lock(probe, faulty, NULL) == -EINVAL);
	check(try_open() >= 0);
}

static void refusals(void **state)
{
	(void)state;
	assert_int_equal(in_child(refusals_in_child, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crowds_by_tsync),	cmocka_unit_test(crowds_by_broadcast),
		cmocka_unit_test(deaf_by_libc),		cmocka_unit_test(deaf_thread_is_named),
		cmocka_unit_test(threads_without_libc), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, make_shared, NULL);
}

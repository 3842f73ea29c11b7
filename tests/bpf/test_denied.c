/* SPDX-License-Identifier: MIT */
/* Reports of trapped calls: what arrives at the other end of the pipe, and who answers the call. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "confined.h"

static int pipe_ends[2];

/* personality(2) is trapped by every shipped policy; it takes one argument, and registers hold the others. */
static long trapped_call(long i)
{
	return syscall(SYS_personality, 0x11110000 + i, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666);
}

static void report_in_child(void *data)
{
	(void)data;
	check(sbp_watch_denied(pipe_ends[1], NULL, NULL) == 0);
	check(lock_by(BY_TSYNC, "compute", NULL) == 0);
	errno = 0;
	check(trapped_call(1) == -1 && errno == EPERM);
	/* the program goes on as if nothing had been */
	check(trapped_call(2) == -1 && errno == EPERM);
}

static void reports_arrive(void **state)
{
	struct sbp_denied call;

	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(in_child(report_in_child, NULL), 0);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(read(pipe_ends[0], &call, sizeof(call)), sizeof(call));
		assert_string_equal(sbp_system_call_name(call.number), "personality");
		assert_int_equal(call.arguments[0], 0x11110000 + i);
		for (unsigned int j = 1; j < 6; j++)
			assert_int_equal(call.arguments[j], 0x1111 * (j + 1));
		assert_true(call.address != 0 && call.arch != 0);
		assert_true(call.pid == call.tid && call.pid != getpid());
	}
	assert_int_equal(read(pipe_ends[0], &call, sizeof(call)), -1);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static long doubles(void *data, const struct sbp_denied *call)
{
	++*(int *)data;
	return call->arguments[1] == 7 ? -ENOLINK : (long)(2 * call->arguments[1]);
}

static void answer_in_child(void *data)
{
	static int answered;
	sigset_t sigsys;

	(void)data;
	/* who blocked it before would die of the first trapped call */
	sigemptyset(&sigsys);
	sigaddset(&sigsys, SIGSYS);
	check(sigprocmask(SIG_BLOCK, &sigsys, NULL) == 0);
	check(sbp_watch_denied(-1, doubles, &answered) == 0);
	check(lock_by(BY_TSYNC, "compute", NULL) == 0);
	check(syscall(SYS_personality, 0, 21) == 42);
	check(syscall(SYS_personality, 0, 7) == -1 && errno == ENOLINK);
	check(answered == 2);
	/* a signal that somebody sent is no call */
	check(kill(getpid(), SIGSYS) == 0);
	check(answered == 2);
}

static void a_function_answers(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(in_child(answer_in_child, NULL), 0);
}

static void full_pipe_in_child(void *data)
{
	(void)data;
	check(sbp_watch_denied(pipe_ends[1], NULL, NULL) == 0);
	check(lock_by(BY_TSYNC, "compute", NULL) == 0);
	for (int i = 0; i < 4000; i++)
		check(trapped_call(i) == -1 && errno == EPERM);
}

static void a_full_pipe_loses_reports(void **state)
{
	struct sbp_denied call;
	long count = 0;

	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(in_child(full_pipe_in_child, NULL), 0);
	/* those that arrived are whole and in order */
	for (; read(pipe_ends[0], &call, sizeof(call)) == (ssize_t)sizeof(call); count++)
		assert_int_equal(call.arguments[0], 0x11110000 + count);
	assert_in_range(count, 300, 3999);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void *many(void *data)
{
	for (int i = 0; i < 50; i++)
		trapped_call((long)data);
	return NULL;
}

static void threads_in_child(void *data)
{
	pthread_t threads[8];

	(void)data;
	check(sbp_watch_denied(pipe_ends[1], NULL, NULL) == 0);
	check(lock_by(BY_BROADCAST, "compute", NULL) == 0);
	for (long i = 0; i < 8; i++)
		check(pthread_create(&threads[i], NULL, many, (void *)i) == 0);
	for (int i = 0; i < 8; i++)
		check(pthread_join(threads[i], NULL) == 0);
}

static void reports_of_threads_do_not_mix(void **state)
{
	struct sbp_denied call;
	int counts[8] = { 0 };

	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(fcntl(pipe_ends[1], F_SETPIPE_SZ, 1 << 18) > 0);
	assert_int_equal(in_child(threads_in_child, NULL), 0);
	while (read(pipe_ends[0], &call, sizeof(call)) == (ssize_t)sizeof(call)) {
		assert_in_range(call.arguments[0], 0x11110000, 0x11110007);
		assert_true(call.tid != call.pid);
		counts[call.arguments[0] & 7]++;
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(counts[i], 50);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void nobody_watches_in_child(void *data)
{
	(void)data;
	check(lock_by(BY_TSYNC, "compute", NULL) == 0);
	trapped_call(0);
}

static void without_a_watch_the_call_is_fatal(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(in_child(nobody_watches_in_child, NULL), 1000 + SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_arrive),
		cmocka_unit_test(a_function_answers),
		cmocka_unit_test(a_full_pipe_loses_reports),
		cmocka_unit_test(reports_of_threads_do_not_mix),
		cmocka_unit_test(without_a_watch_the_call_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * One filter for all threads of a process whose threads start and end all the time, whose first thread has
 * ended, or whose libc uses the broadcast's signal itself.
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

#include "crowd.h"

/* --- Threads that come and go ---------------------------------------------------------------- */

/* What a spawner starts, and how many of that may be there at once: on a busy machine, ends come late. */
enum { AT_ONCE = 8, RELAYS = 3, SPAWNERS = 4 };

static pthread_attr_t small_stack;

static void *short_thread(void *data)
{
	count(&shared->spawned);
	return data;
}

static void *spawner(void *data)
{
	int at_once = *(const int *)data, next = 0;
	pthread_t threads[AT_ONCE];

	for (int i = 0; i < at_once; i++)
		check(pthread_create(&threads[i], &small_stack, short_thread, NULL) == 0);
	while (!value(&shared->go)) {
		pthread_join(threads[next], NULL);
		check(pthread_create(&threads[next], &small_stack, short_thread, NULL) == 0);
		next = (next + 1) % at_once;
	}
	for (int i = 0; i < at_once; i++)
		pthread_join(threads[i], NULL);
	return NULL;
}

/*
 * One that has started the next one ends: whoever looked away at that moment never meets the first again. The
 * next one waits for that end, so that there are never more than two.
 */
static void *relay(void *data)
{
	pthread_t *runner = data, next;

	if (runner) {
		pthread_join(*runner, NULL);
		free(runner);
	}
	count(&shared->spawned);
	runner = malloc(sizeof(*runner));
	check(runner);
	*runner = pthread_self();
	if (value(&shared->go) || pthread_create(&next, &small_stack, relay, runner)) {
		pthread_detach(*runner);
		free(runner);
		count(&shared->relays_ended);
	}
	return NULL;
}

static void churn_in_child(void *data)
{
	static const int at_once[] = { 1, AT_ONCE };
	enum how how = *(enum how *)data;
	pthread_t threads[SPAWNERS], first;
	struct sbp_locked end;
	int error;

	check(pthread_attr_init(&small_stack) == 0 &&
	      pthread_attr_setstacksize(&small_stack, 64 << 10) == 0);
	for (int i = 0; i < SPAWNERS; i++)
		check(pthread_create(&threads[i], NULL, spawner, (void *)&at_once[i % 2]) == 0);
	for (int i = 0; i < RELAYS; i++)
		check(pthread_create(&first, &small_stack, relay, NULL) == 0);
	wait_until(&shared->spawned, 200);
	shared->microseconds = now_us();
	error = lock_by(how, "compute", &end);
	shared->microseconds = now_us() - shared->microseconds;
	if (error)
		fprintf(stderr, "%s\n", end.why);
	check(error == 0);
	let_the_test_look();
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < SPAWNERS; i++)
		check(pthread_join(threads[i], NULL) == 0);
	wait_until(&shared->relays_ended, RELAYS);
}

static void threads_come_and_go(void **state)
{
	enum how how;
	long longest = 0;
	int all, confined;

	(void)state;
	if (!filters_work())
		skip();
	for (int i = 0; i < 12; i++) {
		how = i % 4 ? BY_BROADCAST : BY_TSYNC;
		assert_int_equal(watched(churn_in_child, &how, 20, &all, &confined), 0);
		assert_true(all >= 20 * (SPAWNERS + 1)); /* and the first */
		assert_int_equal(confined, all);
		longest = shared->microseconds > longest ? shared->microseconds : longest;
	}
	print_message("# the longest of 12 locks took %ld us\n", longest);
}

/* The first thread may have ended: it stays in /proc, and takes signals that nobody answers. */
static bool first_has_ended(void)
{
	char path[64], text[256] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	file = fopen(path, "re");
	check(file && fgets(text, sizeof(text), file));
	fclose(file);
	state = strrchr(text, ')');
	return state && state[2] == 'Z';
}

static void *locks_alone(void *data)
{
	struct sbp_locked end;

	(void)data;
	while (!first_has_ended())
		usleep(1000);
	check(lock_by(BY_BROADCAST, "compute", &end) == 0);
	check(try_open() < 0 && errno == EACCES);
	_exit(0);
}

static void first_ends_in_child(void *data)
{
	pthread_t thread;

	(void)data;
	check(pthread_create(&thread, NULL, locks_alone, NULL) == 0);
	pthread_exit(NULL);
}

static void first_thread_has_ended(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(in_child(first_ends_in_child, NULL), 0);
}

/* --- libc's own use of the signal ------------------------------------------------------------ */

static void *changes_group(void *data)
{
	count(&shared->ready);
	while (!value(&shared->go))
		check(setgid(getgid()) == 0);
	return data;
}

static char policy_path[] = "/tmp/bpf-test-XXXXXX";

/* What the kernel has of libc's signal; the handler is the first word. */
static void libc_action(unsigned long action[8])
{
	memset(action, 0, 8 * sizeof(*action));
	check(syscall(SYS_rt_sigaction, 33, NULL, action, 8) == 0);
}

static void group_in_child(void *data)
{
	unsigned long before[8], after[8];
	struct sbp_locked end;
	pthread_t threads[3];

	(void)data;
	for (int i = 0; i < 3; i++)
		check(pthread_create(&threads[i], NULL, changes_group, NULL) == 0);
	wait_until(&shared->ready, 3);
	libc_action(before);
	check(before[0] > 1);
	check(lock_by(BY_BROADCAST, policy_path, &end) == 0);
	libc_action(after);
	check(memcmp(before, after, sizeof(before)) == 0);
	usleep(5000);
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 3; i++)
		check(pthread_join(threads[i], NULL) == 0);
	check(setgid(getgid()) == 0);
}

static void libc_uses_the_signal_too(void **state)
{
	char here[4096];
	int fd = mkstemp(policy_path);

	(void)state;
	if (!filters_work())
		skip();
	assert_true(fd >= 0 && getcwd(here, sizeof(here)));
	dprintf(fd, "@include %s/compat/policy/compute.policy\n{setgid, setgid32}: 1\n", here);
	close(fd);
	for (int i = 0; i < 8; i++) {
		memset(shared, 0, sizeof(*shared));
		assert_int_equal(in_child(group_in_child, NULL), 0);
	}
	unlink(policy_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_come_and_go),
		cmocka_unit_test(first_thread_has_ended),
		cmocka_unit_test(libc_uses_the_signal_too),
	};

	return cmocka_run_group_tests(tests, make_shared, NULL);
}

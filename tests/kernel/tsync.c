// SPDX-License-Identifier: MIT
/*
 * SECCOMP_FILTER_FLAG_TSYNC: one filter for all threads at once, or for none; and its races against clone, exec
 * and exit. A thread that got by without the filter is what none of them may leave.
 */
#include <pthread.h>

#include "filters.h"

static const char *self_path;
static long rounds;

static struct sock_filter refuse_getppid[] = { FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | EPERM) };

static int tsync(unsigned long more)
{
	return install_flags(SECCOMP_FILTER_FLAG_TSYNC | more, refuse_getppid, COUNT(refuse_getppid));
}

static int is_refused(void)
{
	return call(__NR_getppid, 0, 0, 0) == -EPERM;
}

/* --- threads that wait, then look */

enum { THREADS = 8 };

static volatile int started, go, refused, no_new_privs, in_mode;
static volatile pid_t tids[THREADS];

static void *waits_then_looks(void *filter_first)
{
	if (filter_first)
		INSTALL(RETURN(SECCOMP_RET_ALLOW));
	tids[__atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST)] = (pid_t)syscall(__NR_gettid);
	wait_for(&go, 1);
	__atomic_fetch_add(&refused, is_refused(), __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&no_new_privs, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&in_mode, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2, __ATOMIC_SEQ_CST);
	return NULL;
}

static void start(pthread_t *threads, int filtered)
{
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, waits_then_looks, i < filtered ? "" : NULL);
	wait_for(&started, THREADS);
}

static void finish(pthread_t *threads)
{
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

TEST(control_a_filter_is_one_threads)
{
	pthread_t threads[THREADS];

	start(threads, 0);
	ASSERT_EQ(0, install(refuse_getppid, COUNT(refuse_getppid)));
	finish(threads);
	EXPECT_EQ(0, refused);
	EXPECT_EQ(0, no_new_privs);
	EXPECT_EQ(0, in_mode);
}

TEST(all_threads_have_it_and_no_new_privs)
{
	pthread_t threads[THREADS];

	start(threads, 0);
	ASSERT_EQ(0, tsync(0));
	for (int i = 0; i < THREADS; i++) {
		EXPECT_EQ(2, status_of(tids[i], "Seccomp"));
		EXPECT_EQ(1, status_of(tids[i], "Seccomp_filters"));
	}
	finish(threads);
	EXPECT_EQ(THREADS, refused);
	EXPECT_EQ(THREADS, no_new_privs);
	EXPECT_EQ(THREADS, in_mode);
	EXPECT_TRUE(is_refused());
}

/* By root without no_new_privs: the others do not get it either. */
TEST(no_new_privs_is_given_only_by_who_has_it)
{
	struct sock_fprog program = { COUNT(refuse_getppid), refuse_getppid };
	pthread_t threads[THREADS];

	start(threads, 0);
	ASSERT_EQ(0, call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
			  (long)&program));
	finish(threads);
	EXPECT_EQ(THREADS, refused);
	EXPECT_EQ(0, no_new_privs);
}

TEST(a_thread_of_another_path_stops_it)
{
	pthread_t threads[THREADS];
	int result, found = 0;

	start(threads, 1);
	result = tsync(0);
	EXPECT_LT(0, result);
	for (int i = 0; i < THREADS; i++)
		found += tids[i] == result && status_of(result, "Seccomp_filters") == 1;
	EXPECT_EQ(1, found);
	EXPECT_EQ(-ESRCH, tsync(SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
	finish(threads);
	EXPECT_EQ(0, refused);
	EXPECT_FALSE(is_refused());
}

TEST(an_older_path_of_the_same_is_no_other)
{
	pthread_t threads[THREADS];

	ASSERT_EQ(0, INSTALL(RETURN(SECCOMP_RET_ALLOW)));
	start(threads, 0);
	ASSERT_EQ(0, INSTALL(RETURN(SECCOMP_RET_ALLOW)));
	ASSERT_EQ(0, tsync(0));
	for (int i = 0; i < THREADS; i++)
		EXPECT_EQ(3, status_of(tids[i], "Seccomp_filters"));
	finish(threads);
	EXPECT_EQ(THREADS, refused);
}

static void *outlives_the_leader(void *unused)
{
	wait_for_state(getpid(), 'Z');
	_exit(tsync(0) == 0 && is_refused() ? 7 : 8);
}

static int leader_goes(void *unused)
{
	pthread_t thread;

	pthread_create(&thread, NULL, outlives_the_leader, NULL);
	syscall(__NR_exit, 0);
	return 9;
}

TEST(a_dead_leader_does_not_stop_it)
{
	EXPECT_TRUE(exited_with(in_child(leader_goes, NULL), 7));
}

/* --- against clone */

static volatile int installed, bad, made;

/* A thread of the crowd: it was there when the filter came, or was made later, by one that has it. */
static void *looks_after(void *was_installed)
{
	if (was_installed && !is_refused())
		__atomic_store_n(&bad, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *makes_threads(void *unused)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int last = 0; !last;) {
		int before = installed;

		last = before;
		if (pthread_create(&thread, &small, looks_after, before ? "" : NULL))
			continue;
		__atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST);
		pthread_join(thread, NULL);
	}
	if (!is_refused())
		__atomic_store_n(&bad, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static int race_with_clone(void *unused)
{
	pthread_t makers[3];

	installed = bad = made = 0;
	for (size_t i = 0; i < COUNT(makers); i++)
		if (pthread_create(&makers[i], NULL, makes_threads, NULL))
			return 101;
	wait_for(&made, 3);
	if (tsync(0))
		return 100;
	__atomic_store_n(&installed, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < COUNT(makers); i++)
		pthread_join(makers[i], NULL);
	return bad ? 8 : 7;
}

TEST(no_thread_slips_by_through_clone)
{
	for (long i = 0; i < rounds; i++)
		ASSERT_TRUE(exited_with(in_child(race_with_clone, NULL), 7));
}

/* --- against fork: a child made in between has it, or was made before */

static void *tsyncs_now(void *unused)
{
	return (void *)(long)tsync(0);
}

static int race_with_fork(void *unused)
{
	volatile int *done = shared_page();
	pthread_t thread;
	int status = 0;

	pthread_create(&thread, NULL, tsyncs_now, NULL);
	for (int i = 0; i < 4; i++) {
		int was = __atomic_load_n(done, __ATOMIC_SEQ_CST);
		pid_t pid = fork();

		if (!pid)
			_exit(was && !is_refused() ? 8 : 7);
		waitpid(pid, &status, 0);
		if (WEXITSTATUS(status) != 7)
			return 8;
		if (i == 1) {
			pthread_join(thread, NULL);
			*done = 1;
		}
	}
	return is_refused() ? 7 : 9;
}

TEST(no_child_slips_by_through_fork)
{
	for (long i = 0; i < rounds; i++)
		ASSERT_TRUE(exited_with(in_child(race_with_fork, NULL), 7));
}

/* --- against exec: when TSYNC said yes, what is executed has it */

static volatile int *said;

static void *tsyncs(void *unused)
{
	int result;

	wait_for(said, 1);
	result = tsync(0);
	/* nobody comes here once the other thread has executed */
	__atomic_store_n(said + 1, result ? -1 : 1, __ATOMIC_SEQ_CST);
	pause();
	return NULL;
}

static void *executes(void *delay)
{
	char number[32];

	snprintf(number, sizeof(number), "%d", *(int *)delay);
	__atomic_store_n(said, 1, __ATOMIC_SEQ_CST);
	for (volatile int i = 0; i < *(int *)delay; i++)
		;
	execl(self_path, self_path, "role:tell", NULL);
	_exit(99);
}

static int race_with_exec(void *delay)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, tsyncs, NULL);
	pthread_create(&threads[1], NULL, executes, delay);
	pause();
	return 98;
}

TEST(no_program_slips_by_through_exec)
{
	int with = 0, without = 0;

	said = shared_page();
	ASSERT_TRUE(said != NULL);
	for (long i = 0; i < rounds; i++) {
		int delay = (int)(i * 37 % 4000), status;

		said[0] = said[1] = 0;
		status = in_child(race_with_exec, &delay);
		/* 7: refused, 8: not */
		ASSERT_TRUE(WIFEXITED(status));
		if (said[1] == 1)
			ASSERT_EQ(7, WEXITSTATUS(status));
		ASSERT_NE(-1, said[1]);
		with += WEXITSTATUS(status) == 7;
		without += WEXITSTATUS(status) == 8;
	}
	EXPECT_EQ(rounds, with + without);
	TH_LOG("the filter came before exec %d times, behind %d", with, without);
}

/* --- against exit */

static void *comes_and_goes(void *unused)
{
	return NULL;
}

static void *makes_short_lives(void *unused)
{
	pthread_t thread;

	while (!installed) {
		if (pthread_create(&thread, NULL, comes_and_goes, NULL) == 0)
			pthread_join(thread, NULL);
		__atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static int race_with_exit(void *unused)
{
	pthread_t makers[2];

	installed = made = 0;
	for (size_t i = 0; i < COUNT(makers); i++)
		pthread_create(&makers[i], NULL, makes_short_lives, NULL);
	wait_for(&made, 2);
	/* a thread that is on its way out never stops it */
	for (int i = 0; i < 20; i++)
		if (tsync(0))
			return 8;
	__atomic_store_n(&installed, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < COUNT(makers); i++)
		pthread_join(makers[i], NULL);
	return status_of(getpid(), "Seccomp_filters") == 20 ? 7 : 9;
}

TEST(threads_that_go_do_not_stop_it)
{
	for (long i = 0; i < rounds / 4 + 1; i++)
		ASSERT_TRUE(exited_with(in_child(race_with_exit, NULL), 7));
}

/* --- against itself */

static volatile int yes, no;

static void *tsyncs_at_once(void *unused)
{
	wait_for(&go, 1);
	__atomic_add_fetch(tsync(0) ? &no : &yes, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	wait_for(&started, 4);
	__atomic_add_fetch(&in_mode, status_of((pid_t)syscall(__NR_gettid), "Seccomp_filters") == yes,
			   __ATOMIC_SEQ_CST);
	return NULL;
}

static int race_with_itself(void *unused)
{
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, tsyncs_at_once, NULL);
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	return no == 0 && yes == 4 && in_mode == 4 && is_refused() ? 7 : 8;
}

TEST(four_at_once_all_come_through)
{
	for (long i = 0; i < rounds; i++)
		ASSERT_TRUE(exited_with(in_child(race_with_itself, NULL), 7));
}

int main(int argc, char **argv)
{
	self_path = argv[0];
	rounds = asked_for("rounds", 100);
	if (argc == 2 && !strcmp(argv[1], "role:tell"))
		return is_refused() ? 7 : 8;
	return test_harness_run(argc, argv);
}

// SPDX-License-Identifier: MIT
/*
 * What each answer of a filter does to a call, a thread and a process; which answer wins; what may be installed;
 * what seccomp(2), prctl(2) and /proc tell of it.
 */
#include <pthread.h>

#include "filters.h"

/* --- answers */

static int errno_of(void *data)
{
	unsigned long answer = (unsigned long)data;

	if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | answer)))
		return 100;
	return -call(__NR_getppid, 0, 0, 0) / 32;
}

TEST(errno_is_capped)
{
	/* MAX_ERRNO is 4095: what lies above would be taken for a result by the C library */
	EXPECT_TRUE(exited_with(in_child(errno_of, (void *)(4095UL)), 4095 / 32));
	EXPECT_TRUE(exited_with(in_child(errno_of, (void *)(4096UL)), 4095 / 32));
	EXPECT_TRUE(exited_with(in_child(errno_of, (void *)(0xffffUL)), 4095 / 32));
	EXPECT_TRUE(exited_with(in_child(errno_of, (void *)(64UL)), 2));
}

TEST(errno_zero_is_success_without_the_call)
{
	int fd = open("/dev/null", O_RDONLY);

	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_close, SECCOMP_RET_ERRNO)));
	EXPECT_EQ(0, call(__NR_close, fd, 0, 0));
	EXPECT_LE(0, fcntl(fd, F_GETFD));
}

static int calls_getppid(void *answer)
{
	if (INSTALL(FOR_CALL(__NR_getppid, (uint32_t)(uintptr_t)answer)))
		return 100;
	call(__NR_getppid, 0, 0, 0);
	return 0;
}

TEST(killing_answers_end_a_process_of_one_thread)
{
	EXPECT_TRUE(killed_by(in_child(calls_getppid, (void *)SECCOMP_RET_KILL_THREAD), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(calls_getppid, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS),
			      SIGSYS));
}

TEST(log_allows)
{
	EXPECT_TRUE(exited_with(in_child(calls_getppid, (void *)SECCOMP_RET_LOG), 0));
}

/* --- threads */

static void *thread_calls_getppid(void *done)
{
	call(__NR_getppid, 0, 0, 0);
	__atomic_store_n((int *)done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* One thread makes a call that is answered so; the process then says 7, and 8 if the call came back. */
static int thread_is_answered(void *answer)
{
	static volatile int back;
	pthread_t thread;

	if (INSTALL(FOR_CALL(__NR_getppid, (uint32_t)(uintptr_t)answer)))
		return 100;
	if (pthread_create(&thread, NULL, thread_calls_getppid, (void *)&back))
		return 101;
	pthread_join(thread, NULL);
	return back ? 8 : 7;
}

TEST(kill_thread_leaves_the_others)
{
	EXPECT_TRUE(exited_with(in_child(thread_is_answered, (void *)SECCOMP_RET_KILL_THREAD), 7));
	EXPECT_TRUE(exited_with(in_child(thread_is_answered, (void *)SECCOMP_RET_LOG), 8));
}

TEST(kill_process_takes_the_others)
{
	EXPECT_TRUE(killed_by(
		in_child(thread_is_answered, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS), SIGSYS));
}

TEST(an_unknown_answer_kills_the_process)
{
	EXPECT_TRUE(killed_by(in_child(thread_is_answered, (void *)0x7ffe0000UL), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(thread_is_answered, (void *)0x00010000UL), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(thread_is_answered, (void *)0x7fff0000UL - 0x10000), SIGSYS));
}

/* --- core dumps */

FIXTURE(core)
{
	char pattern[256], uses_pid[16];
	struct rlimit limit;
};

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), good;

	if (fd < 0)
		return -errno;
	good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -errno;
	close(fd);
	return good;
}

static void read_from(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, size - 1);

	text[length > 0 ? length : 0] = '\0';
	close(fd);
}

FIXTURE_SETUP(core)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	read_from("/proc/sys/kernel/core_pattern", self->pattern, sizeof(self->pattern));
	read_from("/proc/sys/kernel/core_uses_pid", self->uses_pid, sizeof(self->uses_pid));
	ASSERT_EQ(0, write_to("/proc/sys/kernel/core_pattern", "/tmp/core"));
	ASSERT_EQ(0, write_to("/proc/sys/kernel/core_uses_pid", "0"));
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &all));
	unlink("/tmp/core");
}

FIXTURE_TEARDOWN(core)
{
	unlink("/tmp/core");
	write_to("/proc/sys/kernel/core_pattern", self->pattern);
	write_to("/proc/sys/kernel/core_uses_pid", self->uses_pid);
}

static int aborts(void *unused)
{
	abort();
}

TEST_F(core, control)
{
	EXPECT_TRUE(WCOREDUMP(in_child(aborts, NULL)));
	EXPECT_EQ(0, access("/tmp/core", F_OK));
}

/* A dump takes every process with it that shares the memory: not for one thread of several. */
TEST_F(core, none_for_one_thread_of_several)
{
	EXPECT_TRUE(exited_with(in_child(thread_is_answered, (void *)SECCOMP_RET_KILL_THREAD), 7));
	EXPECT_EQ(-1, access("/tmp/core", F_OK));
}

TEST_F(core, for_the_last_thread)
{
	EXPECT_TRUE(WCOREDUMP(in_child(calls_getppid, (void *)SECCOMP_RET_KILL_THREAD)));
	EXPECT_EQ(0, access("/tmp/core", F_OK));
}

TEST_F(core, for_the_process)
{
	EXPECT_TRUE(WCOREDUMP(
		in_child(thread_is_answered, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS)));
	EXPECT_EQ(0, access("/tmp/core", F_OK));
}

/* --- which answer wins */

static const uint32_t by_rank[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,  SECCOMP_RET_ERRNO | 5,
	SECCOMP_RET_TRACE,	  SECCOMP_RET_LOG,	   SECCOMP_RET_ALLOW,
};

static int two_filters(void *pair)
{
	uint32_t *answers = pair;
	long result;

	signal(SIGSYS, SIG_DFL);
	if (INSTALL(FOR_CALL(__NR_getppid, answers[0])) ||
	    INSTALL(FOR_CALL(__NR_getppid, answers[1])))
		return 100;
	result = call(__NR_getppid, 0, 0, 0);
	return result == -5 ? 1 : result == -ENOSYS ? 2 : 3;
}

static int one_filter(void *answer)
{
	uint32_t both[2] = { *(uint32_t *)answer, *(uint32_t *)answer };

	return two_filters(both);
}

TEST(the_stronger_answer_wins_in_either_order)
{
	for (size_t strong = 0; strong < COUNT(by_rank); strong++)
		for (size_t weak = strong; weak < COUNT(by_rank); weak++) {
			uint32_t there[2] = { by_rank[strong], by_rank[weak] },
				 back[2] = { by_rank[weak], by_rank[strong] };
			int alone = in_child(one_filter, &there[0]);

			EXPECT_EQ(alone, in_child(two_filters, there));
			EXPECT_EQ(alone, in_child(two_filters, back));
		}
}

TEST(of_equal_answers_the_newest_gives_its_data)
{
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 11)));
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 22)));
	EXPECT_EQ(-22, call(__NR_getppid, 0, 0, 0));
}

/* --- after the kill */

/* The tracer of a process that is being killed takes every signal from it. It must die all the same. */
TEST(a_killed_process_stays_killed)
{
	volatile int *reached = shared_page();
	int status;
	pid_t pid;

	ASSERT_TRUE(reached != NULL);
	pid = fork();
	if (!pid) {
		syscall(__NR_ptrace, 0L, 0L, 0L, 0L); /* PTRACE_TRACEME */
		if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_KILL_PROCESS)))
			_exit(100);
		raise(SIGSTOP);
		call(__NR_getppid, 0, 0, 0);
		*reached = 1;
		call(__NR_getppid, 0, 0, 0);
		*reached = 2;
		_exit(0);
	}
	for (;;) {
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSTOPPED(status))
			break;
		syscall(__NR_ptrace, 7L, (long)pid, 0L, 0L); /* PTRACE_CONT, no signal */
	}
	EXPECT_TRUE(killed_by(status, SIGSYS));
	EXPECT_EQ(0, *reached);
}

TEST(a_mode_cannot_be_changed)
{
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 1)));
	EXPECT_EQ(-1, prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(2, prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	EXPECT_EQ(-1, call(__NR_getppid, 0, 0, 0));
}

TEST_HARNESS_MAIN

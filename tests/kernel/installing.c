// SPDX-License-Identifier: MIT
/*
 * What may be installed and by whom; what seccomp(2), prctl(2), /proc/PID/status and the sysctls tell.
 */
#include "filters.h"

static const struct sock_filter allow_all[] = { RETURN(SECCOMP_RET_ALLOW) };

static long raw(unsigned int operation, unsigned long flags, unsigned short count, const void *code)
{
	struct sock_fprog program = { count, (struct sock_filter *)code };

	return call(__NR_seccomp, operation, (long)flags, (long)&program);
}

TEST(needs_no_new_privs_or_the_capability)
{
	EXPECT_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(0, raw(SECCOMP_SET_MODE_FILTER, 0, 1, allow_all));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	EXPECT_EQ(-EACCES, raw(SECCOMP_SET_MODE_FILTER, 0, 1, allow_all));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(0, raw(SECCOMP_SET_MODE_FILTER, 0, 1, allow_all));
}

TEST(no_new_privs_takes_no_other_arguments_and_no_way_back)
{
	EXPECT_EQ(-1, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(-1, prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	EXPECT_EQ(-1, prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	EXPECT_EQ(-1, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1));
	EXPECT_EQ(-1, prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(-1, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

TEST(bad_arguments)
{
	static struct sock_filter long_one[4097];

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (size_t i = 0; i < COUNT(long_one); i++)
		long_one[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	EXPECT_EQ(-EINVAL, raw(SECCOMP_SET_MODE_FILTER, 0, 0, allow_all));
	EXPECT_EQ(-EINVAL, raw(SECCOMP_SET_MODE_FILTER, 0, 4097, long_one));
	EXPECT_EQ(0, raw(SECCOMP_SET_MODE_FILTER, 0, 4096, long_one));
	EXPECT_EQ(-EFAULT, raw(SECCOMP_SET_MODE_FILTER, 0, 1, (void *)8));
	EXPECT_EQ(-EFAULT, call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8));
	EXPECT_EQ(-EINVAL, raw(SECCOMP_SET_MODE_FILTER, 1UL << 20, 1, allow_all));
	EXPECT_EQ(-EINVAL, raw(99, 0, 1, allow_all));
	EXPECT_EQ(-EINVAL, call(__NR_seccomp, SECCOMP_SET_MODE_STRICT, 1, 0));
	EXPECT_EQ(-EINVAL, call(__NR_seccomp, SECCOMP_SET_MODE_STRICT, 0, 1));
	/* a listener's answer is a descriptor, a failed TSYNC's a thread: without ESRCH they could not be told apart */
	EXPECT_EQ(-EINVAL,
		  raw(SECCOMP_SET_MODE_FILTER,
		      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, 1, allow_all));
	EXPECT_EQ(-EINVAL, raw(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 1,
			       allow_all));
}

/* What is not a program for struct seccomp_data */
TEST(bad_programs)
{
	static const struct {
		struct sock_filter code[2];
		const char *why;
	} bad[] = {
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0) }, "behind the data" },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0) }, "unaligned" },
		{ { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(0) }, "half a word" },
		{ { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0) }, "a byte" },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0) }, "indexed" },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)-4096), RETURN(0) },
		  "the socket's ancillary data" },
		{ { BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(0) }, "a packet's header" },
		{ { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0) }, "division by zero" },
		{ { BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(0) }, "MOD" },
		{ { BPF_STMT(BPF_LD | BPF_MEM, 3), RETURN(0) }, "memory that nobody wrote" },
		{ { BPF_STMT(BPF_ST, 16), RETURN(0) }, "memory that is not there" },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0) }, "a jump behind the end" },
		{ { RETURN(0), BPF_STMT(BPF_MISC | BPF_TAX, 0) }, "no return at the end" },
		{ { BPF_STMT(0xffff, 0), RETURN(0) }, "no opcode" },
	};

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (size_t i = 0; i < COUNT(bad); i++) {
		EXPECT_EQ(-EINVAL, raw(SECCOMP_SET_MODE_FILTER, 0, 2, bad[i].code))
		{
			TH_LOG("not refused: %s", bad[i].why);
		}
	}
	EXPECT_EQ(0, prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

TEST(programs_that_are_good)
{
	struct sock_filter xor [] = { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
				      BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 64), IF(0, 0, 1),
				      RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS) };

	/* the length of struct seccomp_data, and XOR, which came after the first filters */
	ASSERT_EQ(0, install(xor, COUNT(xor)));
	EXPECT_LT(0, call(__NR_getppid, 0, 0, 0));
}

TEST(a_path_has_an_end)
{
	static struct sock_filter long_one[4096];
	int installed = 0, error;

	for (size_t i = 0; i < COUNT(long_one); i++)
		long_one[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	while (!(error = install(long_one, COUNT(long_one))) && installed < 20)
		installed++;
	/* 32768 instructions and 4 a program; newer kernels count what they translate it to */
	EXPECT_EQ(-ENOMEM, error);
	EXPECT_LE(1, installed);
	EXPECT_GT(8, installed);
}

TEST(actions_are_told)
{
	static const uint32_t known[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
					  SECCOMP_RET_TRAP,	    SECCOMP_RET_ERRNO,
					  SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,
					  SECCOMP_RET_LOG,	    SECCOMP_RET_ALLOW };
	uint32_t unknown = 0x7ffe0000;

	for (size_t i = 0; i < COUNT(known); i++)
		EXPECT_EQ(0, call(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, (long)&known[i]));
	EXPECT_EQ(-EOPNOTSUPP, call(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, (long)&unknown));
	EXPECT_EQ(-EFAULT, call(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 8));
	EXPECT_EQ(-EINVAL, call(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, (long)&unknown));
}

TEST(sizes_are_told)
{
	struct seccomp_notif_sizes sizes = { 0 };

	ASSERT_EQ(0, call(__NR_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, (long)&sizes));
	EXPECT_EQ(sizeof(struct seccomp_notif), sizes.seccomp_notif);
	EXPECT_EQ(sizeof(struct seccomp_notif_resp), sizes.seccomp_notif_resp);
	EXPECT_EQ(sizeof(struct seccomp_data), sizes.seccomp_data);
}

TEST(status_tells)
{
	EXPECT_EQ(0, status_of(getpid(), "Seccomp"));
	EXPECT_EQ(0, status_of(getpid(), "NoNewPrivs"));
	EXPECT_EQ(0, status_of(getpid(), "Seccomp_filters"));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(1, status_of(getpid(), "NoNewPrivs"));
	for (int i = 1; i <= 3; i++) {
		ASSERT_EQ(0, install(allow_all, 1));
		EXPECT_EQ(2, status_of(getpid(), "Seccomp"));
		EXPECT_EQ(i, status_of(getpid(), "Seccomp_filters"));
	}
}

__attribute__((noreturn)) static void goes_strict(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	for (;;)
		if (syscall(__NR_read, 0, NULL, 0L))
			syscall(__NR_exit, 9);
}

TEST(status_tells_of_strict_mode)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		goes_strict();
	while (status_of(pid, "Seccomp") != 1)
		ASSERT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
}

#ifdef __x86_64__
/*
 * CVE-2009-0835: the four calls of strict mode have other numbers in each architecture, and the numbers of one are
 * others' calls: read and write are 3 and 4 by int $0x80, which are close and stat to a 64-bit program.
 */
struct strict_call {
	int compat;
	long nr;
};

static int calls_strictly(void *job)
{
	const struct strict_call *c = job;
	long result;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 100;
	if (c->compat)
		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "0"(c->nr), "b"(-1L), "c"(0L), "d"(0L)
				 : "memory", "cc", "r8", "r9", "r10", "r11");
	else
		result = syscall(c->nr, -1L, 0L, 0L);
	syscall(__NR_exit, 7);
	return 8;
}

TEST(strict_mode_looks_at_the_architecture)
{
	static struct strict_call allowed[] = { { 0, 0 }, { 0, 1 }, { 1, 3 }, { 1, 4 } },
				  forbidden[] = { { 0, 3 }, { 0, 4 }, { 1, 0 }, { 1, 15 }, { 1, 60 } };

	for (size_t i = 0; i < COUNT(allowed); i++)
		EXPECT_TRUE(exited_with(in_child(calls_strictly, &allowed[i]), 7));
	for (size_t i = 0; i < COUNT(forbidden); i++)
		EXPECT_TRUE(killed_by(in_child(calls_strictly, &forbidden[i]), SIGKILL));
}
#endif

/* --- sysctls */

static const char available[] = "/proc/sys/kernel/seccomp/actions_avail",
		  logged[] = "/proc/sys/kernel/seccomp/actions_logged";

static const char *content(const char *path)
{
	static char text[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int result = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return result;
}

TEST(sysctls)
{
	char before[512];

	EXPECT_STREQ("kill_process kill_thread trap errno user_notif trace log allow",
		     content(available));
	EXPECT_GT(0, write_to(available, "log"));
	snprintf(before, sizeof(before), "%s", content(logged));
	EXPECT_STREQ("kill_process kill_thread trap errno user_notif trace log", before);
	EXPECT_EQ(0, write_to(logged, "kill_process trap"));
	EXPECT_STREQ("kill_process trap", content(logged));
	/* what is always allowed must not fill the log */
	EXPECT_EQ(-EINVAL, write_to(logged, "allow"));
	EXPECT_EQ(-EINVAL, write_to(logged, "trap nonsense"));
	EXPECT_STREQ("kill_process trap", content(logged));
	EXPECT_EQ(0, write_to(logged, before));
	EXPECT_STREQ(before, content(logged));
}

TEST_HARNESS_MAIN

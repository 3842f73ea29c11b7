// SPDX-License-Identifier: MIT
/*
 * What a series must leave as it is in every kernel, after each of its patches: calls, signals, exec of what is
 * set-user-ID, tracers, and mode 1. Asks for nothing that the released kernel lacks.
 */
#include <sys/stat.h>

#include "tracee.h"

enum { NO_SUCH_CALL = 4000, OTHER = 1234 };

TEST(a_call_that_nobody_knows_is_refused)
{
	EXPECT_EQ(-ENOSYS, call(NO_SUCH_CALL, 0, 0, 0));
	EXPECT_EQ(getpid(), call(__NR_getpid, 0, 0, 0));
}

/* --- signals */

static siginfo_t told;

static void keep(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	told = *info;
}

TEST(a_sent_sigsys_tells_the_sender)
{
	struct sigaction action = { .sa_sigaction = keep, .sa_flags = SA_SIGINFO };

	ASSERT_EQ(0, sigaction(SIGSYS, &action, NULL));
	ASSERT_EQ(0, kill(getpid(), SIGSYS));
	EXPECT_EQ(SIGSYS, told.si_signo);
	EXPECT_EQ(SI_USER, told.si_code);
	EXPECT_EQ(getpid(), told.si_pid);
	EXPECT_EQ((int)getuid(), (int)told.si_uid);
}

static int wait_to_be_killed(void *unused)
{
	(void)unused;
	raise(SIGSYS);
	return 0;
}

TEST(sigsys_kills_where_nobody_handles_it)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	EXPECT_TRUE(killed_by(in_child(wait_to_be_killed, NULL), SIGSYS));
}

/* --- exec */

/* A copy of this program that is OTHER's, and set-user-ID: it gains OTHER's rights, and says so. */
static int exec_of_a_set_user_id_copy(void *unused)
{
	static const char path[] = "/tmp/unchanged-suid";
	char *const arguments[] = { (char *)path, (char *)"--effective-user", NULL };
	static char text[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	ssize_t length;

	(void)unused;
	unlink(path);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	while ((length = read(from, text, sizeof(text))) > 0)
		if (write(to, text, (size_t)length) != length)
			return 100;
	if (fchown(to, OTHER, OTHER) || fchmod(to, 04755))
		return 101;
	close(to);
	if (setgid(OTHER + 1) || setuid(OTHER + 1))
		return 102;
	execv(path, arguments);
	return 103;
}

TEST(a_set_user_id_program_gains_its_owner)
{
	EXPECT_TRUE(exited_with(in_child(exec_of_a_set_user_id_copy, NULL), 42));
}

/* --- tracers */

static int ask_for_parent(void)
{
	return call(__NR_getppid, 0, 0, 0) == getpid() ? 7 : 8;
}

TEST(a_tracer_makes_another_call_of_it)
{
	pid_t pid = traced_child(ask_for_parent, 0);
	int status;

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getppid)));
	ASSERT_EQ(0, change_number(pid, __NR_getpid));
	ASSERT_TRUE(is_syscall_stop(go_on(pid, PTRACE_SYSCALL)));
	EXPECT_EQ(pid, call_result(pid));
	do
		status = go_on(pid, PTRACE_SYSCALL);
	while (WIFSTOPPED(status));
	EXPECT_TRUE(exited_with(status, 7));
}

/* --- mode 1 */

static int enter_mode_1(void *forbidden)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0))
		return 9; /* none here: ARM before 3.8 has none as released */
	if (forbidden)
		syscall(__NR_getppid);
	syscall(__NR_exit, 7);
	return 8;
}

TEST(mode_1_is_as_strict_as_it_was)
{
	int allowed = in_child(enter_mode_1, NULL);

	if (WIFEXITED(allowed) && WEXITSTATUS(allowed) == 9)
		SKIP(return, "no mode 1");
	EXPECT_TRUE(exited_with(allowed, 7));
	EXPECT_TRUE(killed_by(in_child(enter_mode_1, (void *)1), SIGKILL));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--effective-user"))
		return geteuid() == OTHER ? 42 : 43;
	return test_harness_run(argc, argv);
}

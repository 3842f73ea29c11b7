// SPDX-License-Identifier: MIT
/*
 * Registers that carry arguments: a call is made with what the filter was shown, also where the entry code
 * keeps copies of them; and what a program put there is no result that a signal would act upon.
 */
#include <linux/futex.h>
#include <sys/ucontext.h>

#include "tracee.h"

/* What the kernel means by these as a result, when a signal comes: begin the call again. */
enum { RESTARTSYS = -512, RESTARTNOINTR = -513, RESTARTNOHAND = -514, RESTART_RESTARTBLOCK = -516 };

/* --- the fifth and the sixth: ARM keeps them on the stack, too */

/* EINVAL where the fifth argument is not 0 */
static long with_fifth(void)
{
	return syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) ? -errno : 0;
}

static int makes_fifth(void)
{
	long result = with_fifth();

	return result == -EINVAL ? 7 : result == 0 ? 8 : 9;
}

/* EAGAIN where the sixth is not what lies in memory */
static int makes_sixth(void)
{
	uint32_t word = 5, other = 0;

	if (!syscall(__NR_futex, &word, FUTEX_CMP_REQUEUE, 0L, 0L, &other, 5L))
		return 8;
	return errno == EAGAIN ? 7 : 9;
}

static int put_fifth(pid_t pid, long value)
{
	registers r;

	if (get_registers(pid, &r))
		return -1;
	PUT_ARG4(&r, value);
	return set_registers(pid, &r);
}

static int put_sixth(pid_t pid, long value)
{
	registers r;

	if (get_registers(pid, &r))
		return -1;
	PUT_ARG5(&r, value);
	return set_registers(pid, &r);
}

TEST(control)
{
	EXPECT_EQ(8, makes_fifth());
	EXPECT_EQ(8, makes_sixth());
}

/* Under a filter and a tracer, since both lead a call through the same code */
static int filtered_fifth(void)
{
	return INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 1)) ? 100 : makes_fifth();
}

static int filtered_sixth(void)
{
	return INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 1)) ? 100 : makes_sixth();
}

TEST(the_fifth_is_what_the_tracer_made_of_it)
{
	pid_t pid = traced_child(filtered_fifth, 0);

	ASSERT_LT(0, pid);
	/* two that install come first, with an entry and an exit each */
	for (int i = 0; i < 5; i++)
		ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_prctl)));
	ASSERT_EQ(0, put_fifth(pid, 1));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST(the_sixth_is_what_the_tracer_made_of_it)
{
	pid_t pid = traced_child(filtered_sixth, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_futex)));
	ASSERT_EQ(0, put_sixth(pid, 6));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

/* The attack: a forbidden argument that is shown to the filter as an allowed one. 7: it had no effect. */
static int attacks_sixth(void)
{
	struct sock_filter code[] = {
		LOAD(nr),
		IF(__NR_futex, 0, 3),
		LOAD_ARG(5),
		IF(6, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};
	uint32_t word = 6, other = 0;
	long result;

	if (install(code, COUNT(code)))
		return 100;
	/* with 6 it would be 0, and that is not allowed */
	result = syscall(__NR_futex, &word, FUTEX_CMP_REQUEUE, 0L, 0L, &other, 6L) ? -errno : 0;
	return result == -EAGAIN ? 7 : result == -EPERM ? 10 : 8;
}

static int attacks_alone(void *unused)
{
	return attacks_sixth();
}

TEST(the_filter_is_not_shown_another)
{
	pid_t pid;

	EXPECT_TRUE(exited_with(in_child(attacks_alone, NULL), 10)); /* control */
	pid = traced_child(attacks_sixth, 0);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_futex)));
	ASSERT_EQ(0, put_sixth(pid, 5));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

/* --- an argument that looks like "begin again" */

static volatile int traps, wakes;

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	/* it would go on for ever */
	if (++traps > 10)
		_exit(99);
}

static int traps_once(void *code)
{
	struct sigaction act = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(SIGSYS, &act, NULL);
	if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_TRAP)))
		return 100;
	syscall(__NR_getppid, (long)code, 0L, 0L);
	return traps;
}

TEST(a_trapped_call_is_not_begun_again)
{
	static const long codes[] = { 0, RESTARTSYS, RESTARTNOINTR, RESTARTNOHAND,
				      RESTART_RESTARTBLOCK };

	for (size_t i = 0; i < COUNT(codes); i++) {
		TH_LOG("argument %ld", codes[i]);
		EXPECT_TRUE(exited_with(in_child(traps_once, (void *)codes[i]), 1));
	}
}

static void on_wake(int signal)
{
	wakes++;
}

static int skipped_call(void)
{
	struct sigaction act = { .sa_handler = on_wake, .sa_flags = SA_RESTART };
	long result;

	sigaction(SIGUSR1, &act, NULL);
	if (INSTALL(FOR_CALL(__NR_getsid, SECCOMP_RET_ERRNO | 1)))
		return 100;
	result = call(__NR_getppid, 0, 0, 0);
	return result == RESTARTNOINTR && wakes == 1 ? 7 : 8;
}

/* The tracer's result is one, whatever it is: there is no call to begin again. */
TEST(a_skipped_call_is_not_begun_again)
{
	pid_t pid = traced_child(skipped_call, 0);
	int status;

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getppid)));
	ASSERT_EQ(0, skip_call(pid, RESTARTNOINTR));
	kill(pid, SIGUSR1);
	status = go_on(pid, PTRACE_SYSCALL); /* the exit of what was skipped */
	EXPECT_TRUE(is_syscall_stop(status));
	status = go_on(pid, PTRACE_CONT);
	ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	EXPECT_TRUE(exited_with(go_on_with(pid, PTRACE_CONT, SIGUSR1), 7));
}

/* --- who else asks for them */

static int pauses(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return (int)syscall(__NR_ppoll, NULL, 0L, NULL, NULL, 8L);
}

/* The call of a task that neither filter nor tracer looks at */
TEST(proc_tells_the_call_that_is_made)
{
	pid_t pid = fork();
	char path[64], text[256] = "";
	ssize_t length;
	int fd;

	if (!pid)
		_exit(pauses(NULL));
	wait_for_state(pid, 'S');
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ASSERT_LT(0, length);
	EXPECT_EQ(__NR_ppoll, strtol(text, NULL, 10));
}

static int calls_getppid(void)
{
	return call(__NR_getppid, 0x1234, 0, 0) > 0 ? 7 : 8;
}

TEST(getregset_tells_what_getregs_does)
{
	pid_t pid = traced_child(calls_getppid, 0);
	registers one, other;
	struct iovec io = { &other, sizeof(other) };

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getppid)));
	ASSERT_EQ(0, get_registers(pid, &one));
	ASSERT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io));
	EXPECT_EQ(sizeof(one), io.iov_len);
	EXPECT_EQ(0, memcmp(&one, &other, sizeof(one)));
	EXPECT_EQ(0, ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

#ifdef __arm__
/* --- ARM's own calls pass the filter like any other */

enum { CACHEFLUSH = 0xf0002, SET_TLS = 0xf0005 };

static int flushes(void *action)
{
	static char code[64];

	if (INSTALL(LOAD(nr), IF(CACHEFLUSH, 0, 1), RETURN((uint32_t)(uintptr_t)action),
		    RETURN(SECCOMP_RET_ALLOW)))
		return 100;
	return call(CACHEFLUSH, (long)code, (long)(code + sizeof(code)), 0) == -EACCES ? 7 : 8;
}

TEST(private_calls_are_judged)
{
	EXPECT_TRUE(exited_with(in_child(flushes, (void *)(uintptr_t)SECCOMP_RET_ALLOW), 8)); /* control */
	EXPECT_TRUE(
		exited_with(in_child(flushes, (void *)(uintptr_t)(SECCOMP_RET_ERRNO | EACCES)), 7));
	EXPECT_TRUE(killed_by(in_child(flushes, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS), SIGSYS));
}
#endif

TEST_HARNESS_MAIN

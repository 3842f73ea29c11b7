// SPDX-License-Identifier: MIT
/*
 * Signals at every step of a filtered call: SIGSYS itself, and any other one that comes before the filter, in a
 * tracer's stop, while a listener thinks, or when a call is begun again.
 */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/ucontext.h>

#include "tracee.h"

#define TRAP_GETPPID FOR_CALL(__NR_getppid, SECCOMP_RET_TRAP | 9)

static volatile int traps, alarms, nested, elsewhere;

static unsigned long interrupted_at(const ucontext_t *c)
{
#if defined(__x86_64__)
	return (unsigned long)c->uc_mcontext.gregs[REG_RIP];
#elif defined(__i386__)
	return (unsigned long)c->uc_mcontext.gregs[REG_EIP];
#elif defined(__arm__)
	return c->uc_mcontext.arm_pc;
#else
	return c->uc_mcontext.pc;
#endif
}

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	if (info->si_code == SYS_SECCOMP && info->si_syscall == __NR_getppid && info->si_errno == 9)
		traps++;
	/*
	 * It is synchronous: set up before any other signal that waits, it interrupts the call and not the
	 * other's handler.
	 */
	elsewhere += interrupted_at(context) != (unsigned long)info->si_call_addr;
}

static void on_alarm(int signal)
{
	alarms++;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(signal, &act, NULL);
}

static void alarm_every(long microseconds, int flags)
{
	struct itimerval often = { { 0, microseconds }, { 0, microseconds } };
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = flags };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void no_alarm(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

/* --- SIGSYS */

TEST(a_trap_is_a_signal_that_is_handled)
{
	handle(SIGSYS, on_sigsys, 0);
	ASSERT_EQ(0, INSTALL(TRAP_GETPPID));
	for (int i = 1; i <= 10; i++) {
		call(__NR_getppid, 0, 0, 0);
		EXPECT_EQ(i, traps);
	}
}

static int traps_with(void *how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	handle(SIGSYS, on_sigsys, 0);
	if (!strcmp(how, "blocked"))
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (!strcmp(how, "ignored"))
		signal(SIGSYS, SIG_IGN);
	if (!strcmp(how, "default"))
		signal(SIGSYS, SIG_DFL);
	if (INSTALL(TRAP_GETPPID))
		return 100;
	call(__NR_getppid, 0, 0, 0);
	return 8;
}

/* Whoever blocks or ignores it must not get by with that. */
TEST(a_trap_can_be_neither_blocked_nor_ignored)
{
	EXPECT_TRUE(exited_with(in_child(traps_with, "handled"), 8));
	EXPECT_TRUE(killed_by(in_child(traps_with, "blocked"), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(traps_with, "ignored"), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(traps_with, "default"), SIGSYS));
}

static void traps_again(int signal, siginfo_t *info, void *context)
{
	if (nested++ == 0)
		call(__NR_getppid, 0, 0, 0);
}

static int traps_in_handler(void *flags)
{
	handle(SIGSYS, traps_again, (int)(long)flags);
	if (INSTALL(TRAP_GETPPID))
		return 100;
	call(__NR_getppid, 0, 0, 0);
	return nested == 2 ? 7 : 8;
}

TEST(a_trap_within_its_own_handler)
{
	/* blocked there, and so deadly, unless the handler asked otherwise */
	EXPECT_TRUE(killed_by(in_child(traps_in_handler, (void *)0), SIGSYS));
	EXPECT_TRUE(exited_with(in_child(traps_in_handler, (void *)SA_NODEFER), 7));
}

/* The information is the trap's, not that of another SIGSYS that waits already. */
static volatile int from_kill, from_filter;

static void tells_apart(int signal, siginfo_t *info, void *context)
{
	if (info->si_code == SYS_SECCOMP)
		from_filter++;
	else
		from_kill++;
}

TEST(a_sent_sigsys_is_no_trap)
{
	handle(SIGSYS, tells_apart, 0);
	ASSERT_EQ(0, INSTALL(TRAP_GETPPID));
	kill(getpid(), SIGSYS);
	EXPECT_EQ(1, from_kill);
	call(__NR_getppid, 0, 0, 0);
	EXPECT_EQ(1, from_filter);
	EXPECT_EQ(1, from_kill);
}

static int is_trapped(void)
{
	if (INSTALL(TRAP_GETPPID))
		return 100;
	call(__NR_getppid, 0, 0, 0);
	return 0;
}

/* A handler of the other would begin where the call is, and the trap's context would be that handler's. */
TEST(a_trap_comes_before_a_signal_that_was_there)
{
	pid_t pid = traced_child(is_trapped, 0);
	int status;

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getppid)));
	/* the thread's own, as the trap is: the process' come behind those anyway */
	ASSERT_EQ(0, call(__NR_tgkill, pid, pid, SIGUSR1));
	status = go_on(pid, PTRACE_CONT);
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(SIGSYS, WSTOPSIG(status));
	status = go_on(pid, PTRACE_CONT);
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(SIGUSR1, WSTOPSIG(status));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* --- a storm of signals while every answer is given */

FIXTURE(storm)
{
	int rounds;
};
FIXTURE_VARIANT(storm)
{
	uint32_t answer;
	long result; /* 0: the call is made */
	int traps;
};
FIXTURE_VARIANT_ADD(storm, allow){
	.answer = SECCOMP_RET_ALLOW,
};
FIXTURE_VARIANT_ADD(storm, log){
	.answer = SECCOMP_RET_LOG,
};
FIXTURE_VARIANT_ADD(storm, error){
	.answer = SECCOMP_RET_ERRNO | 21,
	.result = -21,
};
FIXTURE_VARIANT_ADD(storm, trace){
	.answer = SECCOMP_RET_TRACE,
	.result = -ENOSYS,
};
FIXTURE_VARIANT_ADD(storm, notify){
	.answer = SECCOMP_RET_USER_NOTIF,
	.result = -ENOSYS,
};
FIXTURE_VARIANT_ADD(storm, trap){
	.answer = SECCOMP_RET_TRAP | 9,
	.traps = 1,
};

FIXTURE_SETUP(storm)
{
	/* each LOG is a line on the console */
	self->rounds = variant->answer == SECCOMP_RET_LOG ? 300 : 20000;
	handle(SIGSYS, on_sigsys, 0);
}

FIXTURE_TEARDOWN(storm)
{
	no_alarm();
}

TEST_F(storm, every_call_has_its_answer)
{
	int wrong = 0;
	long parent = getppid();

	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_getppid, variant->answer)));
	alarm_every(300, 0);
	for (int i = 0; i < self->rounds || alarms < 50; i++) {
		long result = call(__NR_getppid, 0, 0, 0);

		if (!variant->traps)
			wrong += result != (variant->result ? variant->result : parent);
		else
			wrong += traps != i + 1;
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, elsewhere);
}

/* --- calls that are begun again */

static int reader(void *restart)
{
	int ends[2];
	char byte = 0;
	pid_t parent = getpid(), child;

	if (pipe(ends))
		return 101;
	alarm_every(2000, restart ? SA_RESTART : 0);
	/* it is judged anew each time; what is refused meanwhile is another call */
	if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 1)))
		return 100;
	child = fork();
	if (!child) {
		/* when it has been asleep, and was woken */
		wait_for_state(parent, 'S');
		usleep(100000);
		return write(ends[1], "x", 1) == 1 ? 0 : 1;
	}
	long result = call(__NR_read, ends[0], (long)&byte, 1);

	no_alarm();
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return restart ? (result == 1 && byte == 'x' && alarms ? 7 : 8) : (result == -EINTR ? 7 : 8);
}

TEST(an_interrupted_call_goes_on_or_not_as_asked)
{
	EXPECT_TRUE(exited_with(in_child(reader, ""), 7));
	EXPECT_TRUE(exited_with(in_child(reader, NULL), 7));
}

/* restart_syscall is a call as any other: a filter may refuse it, and then the sleep ends. */
static int sleeper(void *refuse)
{
	struct timespec time = { 0, 300000000 };
	pid_t pid = getpid(), child;
	long result;

	if (INSTALL(FOR_CALL(__NR_restart_syscall,
			     refuse ? SECCOMP_RET_ERRNO | 61 : SECCOMP_RET_ALLOW)))
		return 100;
	child = fork();
	if (!child) {
		/* stopped and continued: no handler, so the call is begun again by restart_syscall */
		wait_for_state(pid, 'S');
		kill(pid, SIGSTOP);
		wait_for_state(pid, 'T');
		kill(pid, SIGCONT);
		return 0;
	}
	result = call(__NR_nanosleep, (long)&time, (long)&time, 0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return result == 0 ? 7 : result == -61 ? 8 : 9;
}

TEST(beginning_again_is_judged)
{
	EXPECT_TRUE(exited_with(in_child(sleeper, NULL), 7));
	EXPECT_TRUE(exited_with(in_child(sleeper, ""), 8));
}

/* --- in a tracer's stop */

TEST(a_signal_in_the_event_stop_does_not_lose_the_call)
{
	pid_t pid = fork();
	int status, stops = 0;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		signal(SIGUSR1, on_alarm);
		if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_TRACE)))
			_exit(100);
		raise(SIGSTOP);
		status = call(__NR_getppid, 0, 0, 0) > 0;
		_exit(status && alarms ? 7 : 8);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(1L << 7)));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(SIGTRAP | 7 << 8, status >> 8);
	kill(pid, SIGUSR1);
	for (long signal = 0;;) {
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, (void *)signal));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSTOPPED(status))
			break;
		signal = status >> 16 ? 0 : WSTOPSIG(status);
		stops++;
	}
	EXPECT_EQ(1, stops);
	EXPECT_TRUE(exited_with(status, 7));
}

/* --- while a listener thinks */

static volatile int *asked;

static void *answers(void *listener)
{
	int fd = *(int *)listener;
	struct seccomp_notif request;
	struct seccomp_notif_resp answer;

	for (;;) {
		memset(&request, 0, sizeof(request));
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request)) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			return NULL;
		}
		__atomic_add_fetch(asked, 1, __ATOMIC_SEQ_CST);
		/* answered at once or later: the signal comes before, between and behind */
		for (int i = 0; i < *asked % 50; i++)
			sched_yield();
		memset(&answer, 0, sizeof(answer));
		answer.id = request.id;
		answer.val = 4321;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int storm_of_a_listeners_client(void *flags)
{
	pthread_t thread;
	int wrong = 0;
	sigset_t alarm;
	static int listener;

	asked = shared_page();
	/* the listener's thread is not to be disturbed */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	/* first, for it is not to be filtered */
	struct sock_filter code[] = { FOR_CALL(__NR_getppid, SECCOMP_RET_USER_NOTIF) };

	listener = install_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | (unsigned long)flags, code,
				 COUNT(code));
	if (listener < 0)
		return 100;
	if (pthread_create(&thread, NULL, answers, &listener))
		return 101;
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	alarm_every(400, SA_RESTART);
	for (int i = 0; i < 300 || alarms < 50; i++) {
		long result = call(__NR_getppid, 0, 0, 0);

		wrong += result != 4321 && result != -EINTR;
	}
	no_alarm();
	return wrong ? 8 : 7;
}

TEST(a_storm_while_a_listener_thinks)
{
	EXPECT_TRUE(exited_with(in_child(storm_of_a_listeners_client, (void *)0), 7));
	EXPECT_TRUE(exited_with(in_child(storm_of_a_listeners_client,
					 (void *)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
				7));
}

TEST_HARNESS_MAIN

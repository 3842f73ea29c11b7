// SPDX-License-Identifier: MIT
/*
 * Random filters, random calls, threads that synchronise at random, and a tracer that changes, skips, kills and
 * leaves at random. Whatever happens, no byte may come out of one descriptor: every program begins by refusing
 * to write to it, and that is what tracer and tracee try. Runs 3 seconds, or "fuzz_seconds=N" on the kernel's
 * command line; then, with --beside PROGRAM ARG..., runs that at the same time (it compares verdicts
 * with the engine's), and fails when that fails. The seed is told.
 */
#include <pthread.h>

#include "filters.h"
#include "registers.h"

enum { GUARDED = 9, EVENT_SECCOMP = 7 };

static uint64_t state;

static uint32_t random_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 11) % limit;
}

/* --- the tracee */

static volatile int *ready; /* its first filter is installed */

static const long calls[] = { __NR_getpid, __NR_getppid, __NR_getuid, __NR_write,
			      __NR_gettid, __NR_close,	 __NR_read,   __NR_sched_yield };

static int install_random(int threads)
{
	static const uint32_t answers[] = {
		SECCOMP_RET_ALLOW,	 SECCOMP_RET_ALLOW,	SECCOMP_RET_ALLOW,
		SECCOMP_RET_TRACE,	 SECCOMP_RET_TRACE,	SECCOMP_RET_LOG,
		SECCOMP_RET_TRAP,	 SECCOMP_RET_ERRNO | 1, SECCOMP_RET_USER_NOTIF,
		SECCOMP_RET_KILL_THREAD,
	};
	unsigned long flags = threads && random_below(2) ? SECCOMP_FILTER_FLAG_TSYNC : 0;
	struct sock_filter code[] = {
		LOAD_ARG(0),
		IF(GUARDED, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM), /* no dup() of it, no writev() to it either */
		LOAD(nr),
		IF((uint32_t)calls[random_below(COUNT(calls))], 0, 1),
		RETURN(answers[random_below(COUNT(answers))] | random_below(7)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, random_below(16)),
		IF(random_below(16), 0, 1),
		RETURN(answers[random_below(5)]),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install_flags(flags, code, COUNT(code));
}

static void on_sigsys(int signal)
{
	(void)signal;
}

static void make_calls(void)
{
	for (int i = 0; i < 30; i++) {
		long nr = calls[random_below(COUNT(calls))];
		long fd = random_below(3) ? 100 : GUARDED;

		call(nr, nr == __NR_close ? 100 : fd, (long)&state, 1);
		if (random_below(20) == 0)
			install_random(1);
	}
}

static void *thread_makes_calls(void *unused)
{
	make_calls();
	return NULL;
}

__attribute__((noreturn)) static void tracee(void)
{
	struct sigaction act = { .sa_handler = on_sigsys, .sa_flags = SA_NODEFER };
	pthread_t threads[2];
	int n = (int)random_below(3), started = 0;

	sigaction(SIGSYS, &act, NULL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	/* Under the first one everything is, whatever comes behind it. The tracer leaves this one alone. */
	if (install_random(0))
		_exit(100);
	*ready = 1;
	while (started < n && pthread_create(&threads[started], NULL, thread_makes_calls, NULL) == 0)
		started++;
	make_calls();
	_exit(0);
}

/* --- the tracer */

/* What a hostile tracer would: make it a write to the guarded descriptor */
static void change(pid_t pid)
{
	if (!*ready)
		return;
	switch (random_below(6)) {
	case 0: change_number(pid, __NR_write); break;
	case 1: change_argument(pid, GUARDED); break;
	case 2:
		change_argument(pid, GUARDED);
		change_number(pid, __NR_write);
		break;
	case 3: skip_call(pid, (long)random_below(100) - 50); break;
	case 4: change_number(pid, random_below(500)); break;
	}
}

/* What follows a write that the tracer made of a call with no address is EFAULT: no byte either. Let it have one. */
static void follow(pid_t pid)
{
	long options = PTRACE_O_TRACESYSGOOD | (1 << EVENT_SECCOMP) |
		       (random_below(2) ? PTRACE_O_TRACECLONE : 0);
	int status, stops = 0;
	pid_t who;

	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options);
	ptrace(random_below(2) ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, NULL);
	while ((who = waitpid(-1, &status, __WALL)) > 0) {
		long signal = 0;

		if (!WIFSTOPPED(status)) {
			if (who == pid)
				break;
			continue;
		}
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) && status >> 16 == 0)
			signal = WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP
					 ? 0
					 : WSTOPSIG(status);
		if (!signal && (status >> 16 == EVENT_SECCOMP || WSTOPSIG(status) == (SIGTRAP | 0x80)))
			change(who);
		if (++stops > 400 || random_below(200) == 0)
			kill(pid, SIGKILL);
		if (random_below(300) == 0)
			ptrace(PTRACE_DETACH, who, NULL, NULL);
		ptrace(random_below(2) ? PTRACE_SYSCALL : PTRACE_CONT, who, NULL, (void *)signal);
	}
}

static void one_round(int guarded)
{
	pid_t tracer, pid;
	int status;

	*ready = 0;
	tracer = fork();

	if (!tracer) {
		/* dies with its tracee now and then, and then the tracee lives on alone */
		alarm(20);
		dup2(guarded, GUARDED);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(20);
			tracee();
		}
		if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && random_below(40))
			follow(pid);
		_exit(0);
	}
	while (waitpid(tracer, &status, 0) < 0 && errno == EINTR)
		;
}

static char **program_beside;

static pid_t start_beside(void)
{
	pid_t pid = program_beside ? fork() : 0;

	if (!program_beside || pid)
		return pid;
	execv(program_beside[0], program_beside);
	_exit(127);
}

FIXTURE(fuzz)
{
	pid_t beside;
};

FIXTURE_SETUP(fuzz)
{
	self->beside = start_beside();
}

FIXTURE_TEARDOWN(fuzz)
{
	if (self->beside > 0)
		kill(self->beside, SIGKILL);
}

TEST_F_TIMEOUT(fuzz, no_byte_comes_out, 20000)
{
	long seconds = asked_for("fuzz_seconds", 3), rounds = 0;
	time_t end = time(NULL) + seconds;
	int ends[2], status = 0;
	char byte;

	state = (uint64_t)asked_for("fuzz_seed", time(NULL)) * 2654435761U + 1;
	TH_LOG("fuzz_seed=%ld", asked_for("fuzz_seed", time(NULL)));
	ready = shared_page();
	ASSERT_TRUE(ready != NULL);
	ASSERT_EQ(0, pipe2(ends, O_NONBLOCK));
	/* the control: a byte would be seen */
	ASSERT_EQ(1, write(ends[1], "x", 1));
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	while (time(NULL) < end) {
		one_round(ends[1]);
		/* the child drew from its own copy */
		random_below(2);
		rounds++;
		ASSERT_EQ(-1, read(ends[0], &byte, 1));
	}
	TH_LOG("%ld rounds", rounds);
	EXPECT_LT(0, rounds);
	if (self->beside > 0) {
		ASSERT_EQ(self->beside, waitpid(self->beside, &status, 0));
		self->beside = 0;
		EXPECT_EQ(0, status);
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--beside")) {
		program_beside = argv + 2;
		argc = 1;
	}
	return test_harness_run(argc, argv);
}

// SPDX-License-Identifier: MIT
/*
 * What happens around a probe while it asks: signals, children that others wait for, threads that
 * allocate, tracers, and death at any moment.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

static bool no_thread(void)
{
	return stage_skip("no thread can be started");
}

/* --- SIGCHLD ------------------------------------------------------------------------------ */

static bool ignore_children(const struct stage *stage)
{
	const struct sigaction action = { .sa_handler = stage->data ? SIG_DFL : SIG_IGN,
					  .sa_flags = stage->data ? SA_NOCLDWAIT : 0 };

	return !sigaction(SIGCHLD, &action, NULL);
}

static void ignored_children_are_still_read(void **state)
{
	const struct stage ignored = { .enter = ignore_children };
	const struct stage no_wait = { .enter = ignore_children, .data = "SA_NOCLDWAIT" };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&ignored), EVERYTHING);
	expect_as_is(stage_run(&no_wait), EVERYTHING);
}

static void *wait_for_all(void *data)
{
	const int *options = data;

	for (;;)
		waitpid(-1, NULL, *options);
	return NULL;
}

static bool enter_with_waiter(const struct stage *stage)
{
	pthread_t thread;

	return !pthread_create(&thread, NULL, wait_for_all, (void *)stage->data) || no_thread();
}

/* waitpid(-1) of another thread is for children that end with SIGCHLD: ours are not among them. */
static void a_thread_that_waits_for_all_gets_none_of_ours(void **state)
{
	static const int plain = 0;
	const struct stage stage = { .enter = enter_with_waiter, .data = &plain, .times = 20 };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&stage), EVERYTHING);
}

/* One that waits for clones as well takes ours away: the answers stay, or say that they don't know. */
static void a_thread_that_waits_for_clones_changes_no_answer(void **state)
{
	static const int all = __WALL;
	const struct stage stage = { .enter = enter_with_waiter, .data = &all, .times = 400 };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&stage), EVERYTHING);
}

/* --- A storm ------------------------------------------------------------------------------ */

static volatile unsigned int storms;
static char *volatile touched;

static void touch_memory_in_handler(int signal)
{
	char frame[2048];

	memset(frame, signal, sizeof(frame));
	storms++;
	touched[storms % 4096] = frame[storms % sizeof(frame)];
}

static void *send_signals(void *data)
{
	const pid_t process = getpid(), thread = *(pid_t *)data;
	const struct timespec moment = { 0, 20000 };

	for (;;) {
		syscall(SYS_tgkill, process, thread, SIGUSR1);
		kill(process, SIGUSR2);
		kill(process, SIGALRM);
		nanosleep(&moment, NULL);
	}
	return NULL;
}

static bool enter_storm(const struct stage *stage)
{
	static const int signals[] = { SIGALRM, SIGUSR1, SIGUSR2 };
	const struct itimerval often = { { 0, 50 }, { 0, 50 } };
	const struct sigaction action = { .sa_handler = touch_memory_in_handler };
	static pid_t self;
	pthread_t thread;

	(void)stage;
	self = (pid_t)syscall(SYS_gettid);
	touched = malloc(4096);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	if (pthread_create(&thread, NULL, send_signals, &self))
		return no_thread();
	return !setitimer(ITIMER_REAL, &often, NULL);
}

static void end_storm(const struct stage *stage, struct answers *answers)
{
	(void)stage;
	snprintf(answers->report, sizeof(answers->report), "%s", storms > 10 ? "storm" : "calm");
}

static void a_storm_of_signals_is_weathered(void **state)
{
	const struct stage stage = { .enter = enter_storm, .leave = end_storm, .times = 100 };
	const struct answers *answers;

	(void)state;
	stage_as_is();
	answers = stage_run(&stage);
	assert_string_equal(answers->report, "storm");
	expect_as_is(answers, EVERYTHING);
}

/* --- A large process ---------------------------------------------------------------------- */

enum { THREADS = 64, GIB = 1 << 30 };

static void *allocate_for_ever(void *data)
{
	unsigned int seed = (unsigned int)(size_t)data;

	for (;;) {
		size_t size = 16u << rand_r(&seed) % 12;
		char *memory = malloc(size);

		if (memory)
			memset(memory, 1, size);
		free(memory);
		if (rand_r(&seed) % 64 == 0)
			usleep(1000);
	}
	return NULL;
}

static bool enter_large(const struct stage *stage)
{
	struct sysinfo system;
	pthread_t thread;
	char *memory;

	(void)stage;
	if (sysinfo(&system) || system.freeram / 2 * system.mem_unit < GIB)
		return stage_skip("not 2 GiB of memory are free");
	memory = mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		      -1, 0);
	if (memory == MAP_FAILED)
		return stage_skip("no gibibyte of memory: %s", strerror(errno));
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, allocate_for_ever, (void *)i))
			return no_thread();
	return true;
}

static void a_large_process_of_many_threads_is_asked_in(void **state)
{
	const struct stage stage = { .enter = enter_large, .times = 5 };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&stage), EVERYTHING);
}

/* --- Tracers ------------------------------------------------------------------------------ */

static int children_seen;

/* Seizes the process, counts its children, and lets everything through until it ends. */
static void trace(pid_t pid)
{
	const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_EXITKILL;
	int status;

	children_seen = 0;
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, 0, options), 0);
	kill(pid, SIGCONT);
	for (;;) {
		pid_t stopped = waitpid(-1, &status, __WALL);

		assert_true(stopped > 0);
		if (!WIFSTOPPED(status)) {
			if (stopped == pid)
				return;
			continue;
		}
		children_seen += stopped == pid && status >> 16 && status >> 16 != PTRACE_EVENT_STOP;
		ptrace(PTRACE_CONT, stopped, 0, status >> 16 ? 0 : WSTOPSIG(status));
	}
}

static void need_tracing(void)
{
	if (stage_as_is()->told[SBP_FEATURE_PTRACE_ANY].state == SBP_AVAILABLE)
		return;
	puts("# this machine lets nobody trace");
	skip();
}

static void a_quick_probe_starts_no_child(void **state)
{
	const struct stage quick = { .watch = trace, .quick = true };
	const struct stage full = { .watch = trace };

	(void)state;
	need_tracing();
	stage_run(&quick);
	assert_int_equal(children_seen, 0);
	stage_run(&full);
	assert_true(children_seen > 0); /* or this test sees nothing */
}

static void a_tracer_is_named(void **state)
{
	const struct stage stage = { .watch = trace };
	const struct answers *answers;

	(void)state;
	need_tracing();
	answers = stage_run(&stage);
	assert_string_not_equal(stage_fact(answers, "process.tracer_pid"), "0");
	expect_state(answers, SBP_BIT(PTRACE_CHILD), SBP_BLOCKED, "traced already",
		     "without the tracer");
	expect_as_is(answers, SBP_BIT(SECCOMP_FILTER) | BY_SECCOMP | USER_NS_ALONE);
}

/* --- Death -------------------------------------------------------------------------------- */

static void probe_for_ever(void)
{
	struct sbp_probe *p;

	if (sbp_probe_new(&p))
		_exit(1);
	for (;;)
		if (sbp_probe_run(p, SBP_REPORT))
			_exit(1);
}

/* A full probe takes about a millisecond: deaths are spread over several of them. */
static void death_at_any_moment_leaves_nobody_behind(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (unsigned int i = 0; i < 100; i++) {
		pid_t pid = fork(), ended;
		time_t start = time(NULL);

		assert_true(pid >= 0);
		if (!pid)
			probe_for_ever();
		usleep(i * 7919 % 5000);
		kill(pid, SIGKILL);
		do {
			ended = waitpid(-1, NULL, __WALL | WNOHANG);
			if (!ended)
				usleep(200);
			if (time(NULL) - start > 120)
				fail_msg("a child lives on after its parent was killed");
		} while (ended != -1);
		assert_int_equal(errno, ECHILD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ignored_children_are_still_read),
		cmocka_unit_test(a_thread_that_waits_for_all_gets_none_of_ours),
		cmocka_unit_test(a_thread_that_waits_for_clones_changes_no_answer),
		cmocka_unit_test(a_storm_of_signals_is_weathered),
		cmocka_unit_test(a_large_process_of_many_threads_is_asked_in),
		cmocka_unit_test(a_quick_probe_starts_no_child),
		cmocka_unit_test(a_tracer_is_named),
		cmocka_unit_test(death_at_any_moment_leaves_nobody_behind),
	};

	return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What filters cost: installing one, a call under one, reaching many threads; beside the kernel's own time and
 * libseccomp. Filters are for good, so every measurement is a child's, and the children take turns.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<seccomp.h>)
#include <seccomp.h>
#define HAVE_SECCOMP 1
#endif

#include "../../compat/bpf/bpf.h"
#include "../../compat/launch.h"
#include "clock.h"

enum { CALLS = 100000, RULES = 350 };

static double *taken; /* by the child, in memory that both have */

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A measurement: the child measures and writes to *taken; -1 where it could not. */
struct measure {
	struct step step;
	void (*child)(const struct measure *measure);
	int number; /* of threads */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run_measures(struct measure *measures, size_t count, int rounds)
{
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			pid_t pid;

			*taken = -1;
			fflush(stdout);
			pid = fork();
			if (pid == 0) {
				measures[i].child(&measures[i]);
				_exit(0);
			}
			waitpid(pid, NULL, 0);
			measures[i].step.rounds[round] = *taken;
			/* the kernel frees a program a thread later on: not too many at once (tests/bpf) */
			usleep(2000 * (unsigned int)measures[i].number);
		}
	for (size_t i = 0; i < count; i++) {
		qsort(measures[i].step.rounds, (size_t)rounds, sizeof(double), by_value);
		measures[i].step.minimum = measures[i].step.rounds[0];
		measures[i].step.median = measures[i].step.rounds[rounds / 2];
	}
}

/* --- Filters ------------------------------------------------------------------------------- */

static void must(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: %d\n", what, error);
		_exit(1);
	}
}

static struct sock_fprog shipped(const char *name)
{
	struct sock_fprog program;

	must(sbp_policy_program(name, &program), name);
	return program;
}

static long by_the_kernel(const struct sock_fprog *program)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
}

static struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U) };

#ifdef HAVE_SECCOMP
/* All calls that compute allows and as many others as make 350, and the check of ioctl's second argument. */
static void libseccomp_filter(int optimize)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!context)
		_exit(1);
	if (optimize)
		must(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
	for (int i = 0, added = 0; added < RULES && i < 470; i++)
		if (i != SYS_ioctl && seccomp_rule_add(context, SCMP_ACT_ALLOW, i, 0) == 0)
			added++;
	must(seccomp_rule_add(context, SCMP_ACT_ALLOW, SYS_ioctl, 1, SCMP_A1(SCMP_CMP_EQ, TCGETS, 0)),
	     "ioctl");
	must(seccomp_load(context), "load");
	seccomp_release(context);
}
#endif

/* --- Installing ---------------------------------------------------------------------------- */

static void install_allow(const struct measure *measure)
{
	struct sock_fprog program = { 1, allow };
	double start;

	(void)measure;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	start = now_us();
	must((int)by_the_kernel(&program), "install");
	*taken = now_us() - start;
}

static void install_bare(const struct measure *measure)
{
	struct sock_fprog program = shipped("compute");
	double start;

	(void)measure;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	start = now_us();
	must((int)by_the_kernel(&program), "install");
	*taken = now_us() - start;
}

static void install_ours(const struct measure *measure)
{
	struct sock_fprog program;
	double start;

	(void)measure;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	start = now_us();
	program = shipped("compute");
	must((int)sbp_bpf_install_in_child(&program), "install");
	*taken = now_us() - start;
}

static void install_file(const struct measure *measure)
{
	struct sbp_policy *policy;
	double start = now_us();

	(void)measure;
	must(sbp_policy_from_file("compat/policy/compute.policy", &policy), "compile");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	must((int)sbp_bpf_install_in_child(sbp_policy_filter(policy)), "install");
	*taken = now_us() - start;
}

#ifdef HAVE_SECCOMP
static void install_libseccomp(const struct measure *measure)
{
	double start = now_us();

	(void)measure;
	libseccomp_filter(0);
	*taken = now_us() - start;
}
#endif

static void bench_install(void)
{
	static struct measure m[] = {
		{ .step.name = "RET_ALLOW alone, by prctl", .child = install_allow },
		{ .step.name = "the program of compute, by prctl", .child = install_bare },
		{ .step.name = "compute, by the library", .child = install_ours },
		{ .step.name = "compute's text compiled and installed", .child = install_file },
#ifdef HAVE_SECCOMP
		{ .step.name = "libseccomp, 350 rules", .child = install_libseccomp },
#endif
	};
	size_t count = sizeof(m) / sizeof(*m);

	run_measures(m, count, 101);
	print_head("installing a filter", "kernel");
	for (size_t i = 0; i < count; i++)
		print_step(&m[i].step, &m[1].step);
	print_target("the library / the kernel alone, min", m[2].step.minimum / m[1].step.minimum,
		     1.25);
	if (count > 4)
		print_target("20 x the library / libseccomp, min",
			     20 * m[2].step.minimum / m[4].step.minimum, 1);
}

/* --- A call -------------------------------------------------------------------------------- */

static double time_calls(long number, long second)
{
	double start, best = 1e9, now;

	for (int part = 0; part < 10; part++) {
		start = now_us();
		for (int i = 0; i < CALLS / 10; i++)
			syscall(number, -1, second, 0);
		now = (now_us() - start) / (CALLS / 10);
		best = now < best ? now : best;
	}
	return best;
}

static void confine(const char *policy)
{
	struct sock_fprog program = shipped(policy);

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	must((int)sbp_bpf_install_in_child(&program), "install");
}

static void call_bare(const struct measure *measure)
{
	(void)measure;
	*taken = 1000 * time_calls(SYS_ioctl, TCGETS);
}

static void call_allowed(const struct measure *measure)
{
	(void)measure;
	confine("compute");
	*taken = 1000 * time_calls(SYS_close, 0);
}

static void call_bare_close(const struct measure *measure)
{
	(void)measure;
	*taken = 1000 * time_calls(SYS_close, 0);
}

static void call_checked(const struct measure *measure)
{
	(void)measure;
	confine("compute");
	*taken = 1000 * time_calls(SYS_ioctl, TCGETS);
}

/* The least that looks at an argument at all: what any filter pays, however it is made. */
static struct sock_filter shortest[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCGETS, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0x00050000U | ENOTTY),
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U),
};

static void call_shortest(const struct measure *measure)
{
	struct sock_fprog program = { sizeof(shortest) / sizeof(*shortest), shortest };

	(void)measure;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	must((int)by_the_kernel(&program), "install");
	*taken = 1000 * time_calls(SYS_ioctl, TCGETS);
}

#ifdef HAVE_SECCOMP
static void call_linear(const struct measure *measure)
{
	(void)measure;
	libseccomp_filter(0);
	*taken = 1000 * time_calls(SYS_ioctl, TCGETS);
}

static void call_tree(const struct measure *measure)
{
	(void)measure;
	libseccomp_filter(1);
	*taken = 1000 * time_calls(SYS_ioctl, TCGETS);
}
#endif

static void bench_calls(void)
{
	static struct measure m[] = {
		{ .step.name = "ioctl(-1, TCGETS), no filter", .child = call_bare },
		{ .step.name = "close(-1), no filter", .child = call_bare_close },
		{ .step.name = "close(-1) under compute: always allowed", .child = call_allowed },
		{ .step.name = "ioctl(-1, TCGETS) under compute: checked", .child = call_checked },
		{ .step.name = "the same check by the shortest program", .child = call_shortest },
#ifdef HAVE_SECCOMP
		{ .step.name = "the same check by libseccomp, 350 rules", .child = call_linear },
		{ .step.name = "the same, as a binary tree", .child = call_tree },
#endif
	};
	size_t count = sizeof(m) / sizeof(*m);

	run_measures(m, count, 31);
	print_head("a system call (these columns in ns)", "no filter");
	for (size_t i = 0; i < count; i++)
		print_step(&m[i].step, &m[i == 1 || i == 2].step);
	print_target("an argument-checked call / unfiltered, min",
		     m[3].step.minimum / m[0].step.minimum, 1.35);
	print_target("the floor of that: the shortest program / unfiltered, min",
		     m[4].step.minimum / m[0].step.minimum, 1.35);
	print_target("an argument-checked call / the shortest program, min",
		     m[3].step.minimum / m[4].step.minimum, 1.1);
	if (count > 5)
		print_target("the check by compute / by libseccomp's tree, min",
			     m[3].step.minimum / m[6].step.minimum, 1);
}

/* --- Threads ------------------------------------------------------------------------------- */

static int waiting;
static pid_t tids[1024];

static void *waits(void *data)
{
	tids[__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST)] = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return data;
}

static void start_threads(int count)
{
	pthread_attr_t small;
	pthread_t thread;

	must(pthread_attr_init(&small), "attr");
	must(pthread_attr_setstacksize(&small, 128 << 10), "stack");
	for (int i = 0; i < count; i++)
		must(pthread_create(&thread, &small, waits, NULL), "thread");
	while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < count)
		usleep(200);
	usleep(1000);
}

static void tsync(const struct measure *measure, const struct sock_fprog *program)
{
	double start;

	start_threads(measure->number);
	start = now_us();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	must((int)sbp_bpf_install_tsync(program), "tsync");
	*taken = now_us() - start;
}

static void reach_by_tsync(const struct measure *measure)
{
	struct sock_fprog program = shipped("compute");

	tsync(measure, &program);
}

static void reach_by_tsync_short(const struct measure *measure)
{
	struct sock_fprog program = { 1, allow };

	tsync(measure, &program);
}

static void broadcast(const struct measure *measure, const struct sock_fprog *program)
{
	struct sbp_broadcast_end end;
	double start;

	start_threads(measure->number);
	start = now_us();
	must(sbp_bpf_broadcast(program, 5000, &end), "broadcast");
	*taken = now_us() - start;
}

static void reach_by_signal(const struct measure *measure)
{
	struct sock_fprog program = shipped("compute");

	broadcast(measure, &program);
}

static void reach_by_signal_short(const struct measure *measure)
{
	struct sock_fprog program = { 1, allow };

	broadcast(measure, &program);
}

/* What can't be done with less: a signal to each thread, each installs and counts; nobody else is looked for. */
static int answered;
static struct sock_fprog bare_program;

static void answer_bare(int number)
{
	(void)number;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	by_the_kernel(&bare_program);
	__atomic_fetch_add(&answered, 1, __ATOMIC_SEQ_CST);
}

static void reach_bare(const struct measure *measure)
{
	struct sigaction action = { .sa_handler = answer_bare, .sa_flags = SA_RESTART };
	double start;

	bare_program = shipped("compute");
	start_threads(measure->number);
	start = now_us();
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < measure->number; i++)
		syscall(SYS_tgkill, getpid(), tids[i], SIGUSR1);
	while (__atomic_load_n(&answered, __ATOMIC_SEQ_CST) < measure->number)
		sched_yield();
	answer_bare(0);
	*taken = now_us() - start;
}

static void bench_threads(void)
{
	static const int numbers[] = { 1, 16, 64, 256 };
	/* what a broadcast was measured to cost beside TSYNC: 104/30, 400/33, 1374/41, 5792/100 us */
	static const double by_peer[] = { 3.5, 12.1, 33.5, 57.9 };
	static struct measure m[] = {
		{ .step.name = "TSYNC", .child = reach_by_tsync },
		{ .step.name = "a signal to each, bare", .child = reach_bare },
		{ .step.name = "the library's broadcast", .child = reach_by_signal },
		{ .step.name = "the library's broadcast of RET_ALLOW",
		  .child = reach_by_signal_short },
		{ .step.name = "TSYNC of RET_ALLOW", .child = reach_by_tsync_short },
	};
	char title[64];

	for (size_t n = 0; n < 4; n++) {
		for (size_t i = 0; i < 5; i++)
			m[i].number = numbers[n];
		run_measures(m, 5, numbers[n] > 64 ? 3 : numbers[n] > 16 ? 9 : 31);
		snprintf(title, sizeof(title), "compute for %d threads and the first", numbers[n]);
		print_head(title, "bare");
		for (size_t i = 0; i < 5; i++)
			print_step(&m[i].step, &m[1].step);
		print_target("the broadcast / a bare one, min",
			     m[2].step.minimum / m[1].step.minimum, 1.25);
		/* of one short program: installing it costs each thread its time, and TSYNC once */
		print_target("the broadcast of RET_ALLOW / TSYNC of it, median",
			     m[3].step.median / m[4].step.median, by_peer[n]);
	}
}

/* filters [install|calls|threads] */
int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	taken = mmap(NULL, sizeof(*taken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (taken == MAP_FAILED)
		return 1;
#ifndef HAVE_SECCOMP
	printf("libseccomp is not installed: no figures of it\n");
#endif
	if (!only || !strcmp(only, "install"))
		bench_install();
	if (!only || !strcmp(only, "calls"))
		bench_calls();
	if (!only || !strcmp(only, "threads"))
		bench_threads();
	return 0;
}

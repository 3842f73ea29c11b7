// SPDX-License-Identifier: MIT
/*
 * differential SECONDS SEED: does the engine say what the running kernel says? Of installing a program
 * (a process with room for no more filters: an accepted one is ENOMEM, a refused one EINVAL), and of system
 * calls made under it (in a child that shares memory and needs no call of its own). Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

#ifndef PR_SET_NO_NEW_PRIVS
#define PR_SET_NO_NEW_PRIVS 38 /* 3.5 */
#endif
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code of SIGSYS, 3.5 */
#endif

enum { MODE_FILTER = 2, LONGEST = 4096, STACK = 3, CALLS = 12, CHILD_STACK = 256 << 10 };

struct program {
	unsigned len;
	struct sock_filter insns[LONGEST + 1];
};

static int number;

/* --- what is seen is in memory that survives whoever saw it */

struct shared {
	unsigned long programs, accepted, differ;
	int kernel, engine;
	struct program program;
};
static struct shared *shared;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int result(int good, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", good ? "ok" : "not ok", ++number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return good;
}

static void print_program(const struct program *p)
{
	unsigned i;

	for (i = 0; i < p->len && i < 200; i++)
		printf("# %4u: { 0x%02x, %u, %u, 0x%08x }\n", i, p->insns[i].code, p->insns[i].jt,
		       p->insns[i].jf, p->insns[i].k);
}

static int install(const struct program *p)
{
	struct {
		unsigned short len;
		const struct sock_filter *insns;
	} fprog = { (unsigned short)p->len, p->insns };

	return prctl(PR_SET_SECCOMP, MODE_FILTER, &fprog) ? -errno : 0;
}

static int engine_accepts(const struct program *p)
{
	static uint16_t scratch[LONGEST + 1];

	return seccomp_bpf_check(p->insns, p->len, scratch) == 0;
}

static void fill(struct program *p, unsigned len, uint32_t value)
{
	p->len = len;
	while (len--)
		p->insns[len] = (struct sock_filter)STMT(BPF_RET | BPF_K, value);
}

/* Until nothing fits any more. Calls stay quick: the kernel has them in its bitmap, or asks a few. */
static void fill_up(void)
{
	static struct program p;
	unsigned len;

	for (len = LONGEST; len; len /= 2)
		do
			fill(&p, len, ALLOW);
		while (install(&p) == 0);
}

/* 1 when both say the same. Only in a process that is filled up. */
static int same_verdict(const struct program *p)
{
	int kernel = install(p), engine = engine_accepts(p);

	shared->programs++;
	shared->accepted += (unsigned long)engine;
	if ((kernel == -ENOMEM || kernel == -EINVAL) && (kernel == -ENOMEM) == engine)
		return 1;
	shared->differ++;
	shared->kernel = kernel;
	shared->engine = engine;
	shared->program = *p;
	return 0;
}

/* One at a time: every opcode with the numbers that may matter, alone and after a write to each cell */
static void every_opcode(void)
{
	static const uint32_t ks[] = { 0,  1,  2,    3,		 4,	     8,	     15,
				       16, 30, 31,   32,	 33,	     60,     61,
				       63, 64, 4095, 0x7fffffff, 0x80000000, -4096u, -1u };
	static struct program p;
	unsigned code, i, cell, jump;

	for (code = 0; code < 0x10000; code++)
		for (i = 0; i < (code < 0x100 ? COUNT(ks) : 1); i++)
			for (jump = 0; jump < (code < 0x100 ? 3 : 1); jump++) {
				fill(&p, 3, ALLOW);
				p.insns[1] = (struct sock_filter)JUMP((uint16_t)code, ks[i],
								      jump & 1, jump >> 1);
				if (!same_verdict(&p))
					return;
			}
	for (cell = 0; cell < 18; cell++)
		for (i = 0; i < 18; i++) {
			fill(&p, 3, ALLOW);
			p.insns[0] = (struct sock_filter)STMT(cell & 1 ? BPF_ST : BPF_STX, cell);
			p.insns[1] =
				(struct sock_filter)STMT((i & 1 ? BPF_LD : BPF_LDX) | BPF_MEM, i);
			if (!same_verdict(&p))
				return;
		}
	for (i = 0; i < 3; i++) { /* lengths, and jumps as long */
		fill(&p, i == 2 ? LONGEST : i, ALLOW);
		if (!same_verdict(&p))
			return;
	}
	for (i = LONGEST - 3; i < LONGEST + 2; i++) {
		fill(&p, LONGEST, ALLOW);
		p.insns[0] = (struct sock_filter)STMT(BPF_JMP | BPF_JA, i);
		if (!same_verdict(&p))
			return;
	}
	fill(&p, LONGEST + 1, ALLOW);
	same_verdict(&p);
}

static struct random randomness;
static double deadline;

static void random_verdicts(void)
{
	static struct program p;
	unsigned room;

	do {
		room = random_below(&randomness, 200) ? 48 : LONGEST;
		p.len = random_program(&randomness, p.insns, room);
		if (random_below(&randomness, 4))
			p.len = mutate_program(&randomness, p.insns, p.len, room);
		if (!same_verdict(&p))
			return;
	} while (now() < deadline);
}

/* Runs `ask` in a process that is filled up */
static int verdicts(const char *what, void (*ask)(void))
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fill_up();
		ask();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (shared->differ) {
		printf("# installing: kernel %d, engine %s\n", shared->kernel,
		       shared->engine ? "accepts" : "refuses");
		print_program(&shared->program);
	}
	if (status)
		printf("# the process that asked ended with status %#x\n", status);
	return result(!shared->differ && !status && shared->programs,
		      "%s: the same verdict on %lu programs, %lu accepted", what, shared->programs,
		      shared->accepted);
}

/* --- calls under a program */

enum outcome { NONE, RETURNED, TRAPPED, KILLED };

struct observed {
	enum outcome outcome;
	long value; /* returned, or si_errno */
	int nr;
	unsigned arch;
	uint64_t ip;
};

/* What the child works on. It shares this memory, and its parent waits until it is gone. */
static struct {
	struct program programs[STACK]; /* the oldest first */
	unsigned count;
	struct call calls[CALLS];
	struct observed seen[CALLS];
	long native[CALLS]; /* the results without a filter */
	unsigned next;
	int error; /* of installing */
	volatile int done, may_exit;
} job;
static jmp_buf back;
static int calling_nr;
static unsigned calling_arch;
static uint64_t calling_ip; /* of the one instruction that makes all calls */

/* Out of here without the call by which handlers end */
static void trapped_in_handler(int signal, siginfo_t *info, void *context)
{
	struct observed *seen = &job.seen[job.next];

	(void)signal;
	(void)context;
	seen->outcome = TRAPPED;
	seen->value = info->si_errno;
	seen->nr = info->si_syscall;
	seen->arch = info->si_arch;
	seen->ip = (uintptr_t)info->si_call_addr;
	_longjmp(back, 1);
}

static long make_call(const struct call *call)
{
	long value;

	errno = 0;
	value = syscall(call->nr, (long)call->args[0], (long)call->args[1], (long)call->args[2],
			(long)call->args[3], (long)call->args[4], (long)call->args[5]);
	return errno ? -errno : value;
}

static int make_calls_in_child(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < CALLS; i++)
		job.native[i] = make_call(&job.calls[i]);
	for (i = 0; i < job.count; i++) {
		job.error = install(&job.programs[i]);
		if (job.error)
			_exit(0);
	}
	for (; job.next < CALLS; job.next++) {
		if (_setjmp(back))
			continue;
		job.seen[job.next].value = make_call(&job.calls[job.next]);
		job.seen[job.next].outcome = RETURNED;
	}
	job.done = 1;
	if (job.may_exit)
		syscall(SYS_exit_group, 0L, 0L, 0L, 0L, 0L, 0L);
	__builtin_trap(); /* learn_where() saw to it that this ends quietly */
}

/* The calls from job.next on; what kills is noted and gone on behind */
static int make_calls(void)
{
	static char stack[CHILD_STACK] __attribute__((aligned(64)));
	int status;
	pid_t pid;

	job.next = 0;
	memset(job.seen, 0, sizeof(job.seen));
	do {
		job.error = job.done = 0;
		pid = clone(make_calls_in_child, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		if (pid < 0)
			return -errno;
		waitpid(pid, &status, 0);
		if (job.error)
			return job.error;
		if (job.done)
			return 0;
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			return -EPROTO;
		job.seen[job.next++].outcome = KILLED;
	} while (job.next < CALLS);
	return 0;
}

static uint32_t predicted(const struct call *call)
{
	struct seccomp_bpf_program stack[STACK];
	unsigned i;

	for (i = 0; i < job.count; i++)
		stack[i] = (struct seccomp_bpf_program){ job.programs[i].insns, job.programs[i].len,
							 i ? &stack[i - 1] : NULL };
	return seccomp_bpf_run_stack(&stack[job.count - 1], (const struct seccomp_data *)call, NULL);
}

/* What is to be seen when the program says `value` */
static struct observed expected(uint32_t value, long native, const struct call *call)
{
	struct observed e = { RETURNED, 0, 0, 0, 0 };
	uint32_t data = value & 0xffff;

	switch (value & ACTION_FULL) {
	case ALLOW:
	case LOG: e.value = native; break;
	case TRACE: /* nobody traces, nobody listens */
	case USER_NOTIF: e.value = -ENOSYS; break;
	case ERRNO: e.value = -(long)(data > 4095 ? 4095 : data); break;
	case TRAP:
		e = (struct observed){ TRAPPED, (long)data, call->nr, call->arch, call->ip };
		break;
	default: e.outcome = KILLED;
	}
	return e;
}

static int same(const struct observed *a, const struct observed *b)
{
	return a->outcome == b->outcome && a->value == b->value && a->nr == b->nr &&
	       a->arch == b->arch && a->ip == b->ip;
}

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "KILL_PROCESS", KILL_PROCESS },
	{ "KILL_THREAD", KILL_THREAD },
	{ "TRAP", TRAP },
	{ "ERRNO", ERRNO },
	{ "USER_NOTIF", USER_NOTIF },
	{ "TRACE", TRACE },
	{ "LOG", LOG },
	{ "ALLOW", ALLOW },
};
static unsigned long said[COUNT(actions) + 1], calls_made, kinds_of_stack[STACK + 1];

static void count_action(uint32_t value)
{
	size_t i;

	for (i = 0; i < COUNT(actions) && actions[i].action != (value & ACTION_FULL); i++)
		;
	said[i]++;
	calls_made++;
}

/* Calls that take no arguments, and numbers that are no calls */
static int harmless_nr(struct random *r)
{
	static const int nrs[] = { SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid };

	if (random_below(r, 3))
		return nrs[random_below(r, COUNT(nrs))];
#if defined(__x86_64__)
	if (random_below(r, 4) == 0)
		return -2 - (int)random_below(r, 1000);
	if (random_below(r, 4) == 0)
		return 1000 + (int)random_below(r, 0x3f000000);
#endif
	return 1000 + (int)random_below(r, 60000);
}

/* Any, but now and then what the program compares with, or nearly that */
static void aimed_call(struct random *r, struct call *call, const struct program *p)
{
	uint32_t k;
	unsigned i;

	call->nr = harmless_nr(r);
	random_call(r, call);
	for (i = 0; i < COUNT(call->args); i++) {
		k = p->insns[random_below(r, p->len)].k + random_below(r, 3) - 1;
		if (random_below(r, 2))
			call->args[i] = (call->args[i] & ~UINT64_C(0xffffffff)) | k;
		else if (random_below(r, 2))
			call->args[i] = (call->args[i] & 0xffffffff) | (uint64_t)k << 32;
		call->args[i] = (unsigned long)call->args[i];
	}
	call->ip = calling_ip;
	call->arch = calling_arch;
}

static int calls_are_as_predicted(void)
{
	struct observed e;
	uint32_t value;
	int error = make_calls();
	unsigned i;

	for (i = 0; i < CALLS && !error; i++) {
		value = predicted(&job.calls[i]);
		count_action(value);
		e = expected(value, job.native[i], &job.calls[i]);
		if (same(&e, &job.seen[i]))
			continue;
		printf("# call %d arch %#x ip %#llx", job.calls[i].nr, job.calls[i].arch,
		       (unsigned long long)job.calls[i].ip);
		for (error = 0; error < 6; error++)
			printf(" %#llx", (unsigned long long)job.calls[i].args[error]);
		printf("\n# engine %#x, so outcome %d value %ld; seen outcome %d value %ld nr %d\n",
		       value, e.outcome, e.value, job.seen[i].outcome, job.seen[i].value,
		       job.seen[i].nr);
		error = -EPROTO;
	}
	if (!error)
		return 1;
	printf("# error %d under these programs, the oldest first\n", error);
	for (i = 0; i < job.count; i++) {
		printf("# program of %u\n", job.programs[i].len);
		print_program(&job.programs[i]);
	}
	return 0;
}

/* Where calls come from, as the kernel sees it */
static int learn_where(void)
{
	struct sigaction act;
	sigset_t deadly;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = trapped_in_handler;
	act.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigaction(SIGSYS, &act, NULL);
	/* a blocked signal that has a handler kills all the same, and the kernel's log says nothing of it */
	sigemptyset(&deadly);
	sigaddset(&deadly, SIGILL);
	sigaddset(&deadly, SIGTRAP);
	sigprocmask(SIG_BLOCK, &deadly, NULL);
	sigaction(SIGILL, &act, NULL);
	sigaction(SIGTRAP, &act, NULL);
	fill(&job.programs[0], 1, TRAP | 7);
	job.count = 1;
	calling_nr = SYS_getppid;
	for (unsigned i = 0; i < CALLS; i++)
		job.calls[i].nr = calling_nr;
	if (make_calls() || job.seen[0].outcome != TRAPPED || job.seen[0].value != 7)
		return 0;
	calling_arch = job.seen[0].arch;
	calling_ip = job.seen[0].ip;
	return 1;
}

/* A program under which the next one can be installed */
static void allow_installing(struct program *p)
{
	const struct sock_filter first[] = {
		STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
		STMT(BPF_RET | BPF_K, ALLOW),
		STMT(BPF_LD | BPF_IMM, 0),
	};

	memmove(p->insns + COUNT(first), p->insns, p->len * sizeof(*p->insns));
	memcpy(p->insns, first, sizeof(first));
	p->len += COUNT(first);
}

/* One that the engine accepts; unless it is the last, others can be installed under it */
static void random_accepted(struct random *r, struct program *p, int last)
{
	unsigned room = random_below(r, 300) ? 48 : LONGEST - 4;

	do {
		p->len = random_program(r, p->insns, room);
		if (random_below(r, 2))
			p->len = mutate_program(r, p->insns, p->len, room);
		if (!last)
			allow_installing(p);
	} while (!engine_accepts(p));
}

static int random_calls(void)
{
	unsigned long programs = 0;
	struct call leaving;
	unsigned i;
	size_t a;
	int good;

	do {
		job.count = random_below(&randomness, 4) ? 1 : 1 + random_below(&randomness, STACK);
		for (i = 0; i < job.count; i++)
			random_accepted(&randomness, &job.programs[i], i == job.count - 1);
		programs += job.count;
		kinds_of_stack[job.count]++;
		for (i = 0; i < CALLS; i++)
			aimed_call(&randomness, &job.calls[i],
				   &job.programs[random_below(&randomness, job.count)]);
		memset(&leaving, 0, sizeof(leaving));
		leaving.nr = SYS_exit_group;
		leaving.arch = calling_arch;
		leaving.ip = calling_ip;
		job.may_exit = (predicted(&leaving) & ACTION_FULL) == ALLOW;
		good = calls_are_as_predicted();
	} while (good && now() < deadline);
	printf("# stacks of 1, 2, 3: %lu, %lu, %lu;", kinds_of_stack[1], kinds_of_stack[2],
	       kinds_of_stack[3]);
	for (a = 0; a < COUNT(actions); a++)
		printf(" %s %lu,", actions[a].name, said[a]);
	printf(" unknown %lu\n", said[a]);
	return result(good && calls_made,
		      "random calls: the same outcome of %lu calls under %lu programs", calls_made,
		      programs);
}

/* --- the order of actions, where a thread's death can be told from its process's */

enum { BOTH_LIVE = 1, THREAD_RETURNED = 2 };
static volatile struct {
	int lived;
	struct observed seen;
} * of_thread;
static struct program older, newer;

static void handler_of_thread(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	of_thread->seen.outcome = TRAPPED;
	of_thread->seen.value = info->si_errno;
}

static void *thread(void *arg)
{
	long value;

	(void)arg;
	if (install(&older) || install(&newer))
		_exit(9);
	errno = 0;
	value = syscall(SYS_getppid) < 0 ? -errno : 0; /* 0 for what it really returns */
	if (of_thread->seen.outcome == NONE) {
		of_thread->seen.outcome = RETURNED;
		of_thread->seen.value = value;
	}
	of_thread->lived |= THREAD_RETURNED;
	return NULL;
}

static void only_getppid(struct program *p, uint32_t value)
{
	fill(p, 4, ALLOW);
	p->insns[0] = (struct sock_filter)STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	p->insns[1] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1);
	p->insns[2].k = value;
}

/* "process", "thread", "trap N", "value N" */
static void describe_seen(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, WTERMSIG(status) == SIGSYS ? "process" : "signal");
	else if (!(of_thread->lived & THREAD_RETURNED))
		snprintf(text, size, "thread");
	else
		snprintf(text, size, "%s %ld", of_thread->seen.outcome == TRAPPED ? "trap" : "value",
			 of_thread->seen.value);
}

static void describe_predicted(uint32_t value, char *text, size_t size)
{
	const struct call nothing = { .nr = SYS_getppid };
	struct observed e = expected(value, 0, &nothing);

	if (e.outcome == KILLED)
		snprintf(text, size, (value & ACTION_FULL) == KILL_THREAD ? "thread" : "process");
	else
		snprintf(text, size, "%s %ld", e.outcome == TRAPPED ? "trap" : "value", e.value);
}

static void run_thread(void)
{
	struct sigaction act;
	pthread_t id;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = handler_of_thread;
	act.sa_flags = SA_SIGINFO;
	sigaction(SIGSYS, &act, NULL);
	pthread_create(&id, NULL, thread, NULL);
	pthread_join(id, NULL);
	of_thread->lived |= BOTH_LIVE;
	_exit(0);
}

static int order_of_actions(void)
{
	static const uint32_t values[] = { KILL_PROCESS, 0xffff0000, KILL_THREAD, 0x00010000, TRAP,
					   0x00040000,	 ERRNO,	     0x00060000,  USER_NOTIF, TRACE,
					   LOG,		 0x7ffe0000, ALLOW };
	struct seccomp_bpf_program stack[2] = { { older.insns, 4, NULL },
						{ newer.insns, 4, &stack[0] } };
	struct call call = { .nr = SYS_getppid };
	char seen[40], wanted[40];
	unsigned i, j, differ = 0;
	int status;
	pid_t pid;

	of_thread = mmap(NULL, sizeof(*of_thread), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < COUNT(values); i++)
		for (j = 0; j < COUNT(values); j++) {
			only_getppid(&older, values[i] | 1);
			only_getppid(&newer, values[j] | 2);
			memset((void *)of_thread, 0, sizeof(*of_thread));
			fflush(stdout);
			pid = fork();
			if (pid == 0)
				run_thread();
			waitpid(pid, &status, 0);
			describe_seen(status, seen, sizeof(seen));
			describe_predicted(seccomp_bpf_run_stack(&stack[1],
								 (const struct seccomp_data *)&call,
								 NULL),
					   wanted, sizeof(wanted));
			if (strcmp(seen, wanted) == 0)
				continue;
			differ++;
			printf("# older %#x newer %#x: kernel %s, engine %s\n", values[i] | 1,
			       values[j] | 2, seen, wanted);
		}
	return result(!differ, "order of actions: the same winner of %u pairs",
		      (unsigned)(COUNT(values) * COUNT(values)));
}

/* --- how many programs fit */

/* By the engine's count, each of them `len` long */
static unsigned engine_fits(unsigned len)
{
	static struct seccomp_bpf_program programs[8000];
	unsigned n = 0;

	while (n < COUNT(programs) && !seccomp_bpf_fits(n ? &programs[n - 1] : NULL, len)) {
		programs[n] = (struct seccomp_bpf_program){ NULL, len, n ? &programs[n - 1] : NULL };
		n++;
	}
	return n;
}

/* RET K: one instruction, two where it is translated, after three that set A, X and the data up */
static void length_of_stack(unsigned len)
{
	static struct program p;
	unsigned count, written = engine_fits(len), translated = engine_fits(3 + 2 * len);
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fill(&p, len, ALLOW);
		while ((shared->kernel = install(&p)) == 0)
			shared->programs++;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	count = (unsigned)shared->programs;
	printf("# programs of %u that fit: kernel %u; engine %u by their own length, %u by what they are translated to\n",
	       len, count, written, translated);
	result(shared->kernel == -ENOMEM && (count == written || count == translated),
	       "length of a stack: as many programs of %u fit", len);
}

/* --- */

/* Why not to start, or NULL */
static const char *why_not(void)
{
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "this kernel has no no_new_privs";
	if (prctl(PR_SET_SECCOMP, MODE_FILTER, NULL) == 0)
		return "filters are not asked of a kernel here";
	error = errno;
	if (error == EFAULT)
		return NULL;
	return error == EINVAL ? "this kernel has no filters" : "filters are forbidden here";
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"every opcode",	     "random programs",
		"length of a stack", "length of a stack, longer programs",
		"order of actions",  "random calls"
	};
	double seconds = argc > 1 ? atof(argv[1]) : 10, start = now();
	const char *why = why_not();
	size_t i;

	randomness.state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	printf("1..%zu\n# seed %llu\n", COUNT(names), (unsigned long long)randomness.state);
	if (why) {
		for (i = 0; i < COUNT(names); i++)
			printf("ok %zu - %s # SKIP %s\n", i + 1, names[i], why);
		return 0;
	}
	prctl(PR_SET_DUMPABLE, 0); /* those that are killed leave no core */
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		printf("Bail out! no memory to share\n");
		return 1;
	}
	verdicts("every opcode", every_opcode);
	/* half of what is left for programs, half for calls */
	deadline = now() + (start + seconds - now()) / 2;
	verdicts("random programs", random_verdicts);
	length_of_stack(1);
	length_of_stack(100);
	order_of_actions();
	/* what the child above drew is not known here: other programs for the calls */
	randomness.state ^= 0x5bd1e995;
	deadline = start + seconds;
	if (!learn_where())
		result(0, "random calls: SIGSYS was not seen");
	else
		random_calls();
	return 0;
}

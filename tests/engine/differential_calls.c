// SPDX-License-Identifier: MIT
/*
 * Owns the calls that are made under random programs. Who makes them shares our memory and needs no call of
 * its own, since a random program allows none for sure: it leaves SIGSYS's handler by a jump, and ends by a
 * trap.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential.h"

enum { STACK = 3, CALLS = 12, CHILD_STACK = 256 << 10 };

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
	int status, times = 0;
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
		if (may_be_short_of_memory(job.error, &times))
			continue;
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
struct observed expected(uint32_t value, long native, const struct call *call)
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

int random_calls(void)
{
	unsigned long programs = 0;
	struct call leaving;
	unsigned i;
	size_t a;
	int good;

	if (!learn_where())
		return result(0, "random calls: SIGSYS was not seen");

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

// SPDX-License-Identifier: MIT
/*
 * Owns the order of actions: two programs that say two things of the same call, made by a second thread, so
 * that the death of a thread can be told from that of its process.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential.h"

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
	int times = 0;
	long value;

	(void)arg;
	while (may_be_short_of_memory(install(&older), &times))
		;
	while (may_be_short_of_memory(install(&newer), &times))
		;
	if (times > 10)
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

int order_of_actions(void)
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

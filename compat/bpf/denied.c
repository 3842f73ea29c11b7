/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a call that a filter traps: the handler of SIGSYS makes a report of it, for whoever reads
 * the other end of a pipe, and an answer. Everything in the handler is async-signal-safe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "probe.h"
#include "uapi.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code, 3.5 */
#endif

/* Handlers are of the process, and so is what this one does. Set while the signal still goes elsewhere. */
static struct {
	int fd;
	sbp_denied_fn *answer;
	void *data;
} watch = { .fd = -1 };

#if defined(__x86_64__)
#define RESULT(m) (m)->gregs[REG_RAX]
static const int registers[6] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9 };
#define ARGUMENT(m, i) ((unsigned long)(m)->gregs[registers[i]])
#elif defined(__i386__)
#define RESULT(m)      (m)->gregs[REG_EAX]
static const int registers[6] = { REG_EBX, REG_ECX, REG_EDX, REG_ESI, REG_EDI, REG_EBP };
#define ARGUMENT(m, i) ((unsigned long)(m)->gregs[registers[i]])
#elif defined(__arm__)
#define RESULT(m)      (m)->arm_r0
#define ARGUMENT(m, i) ((&(m)->arm_r0)[i])
#else
#define RESULT(m)      (m)->regs[0]
#define ARGUMENT(m, i) ((unsigned long)(m)->regs[i])
#endif

/* As the kernel lays it out; libc's siginfo_t has names for it only since glibc 2.18. */
struct trapped {
	int signal, error, code;
	void *address __attribute__((aligned(sizeof(void *))));
	int number;
	unsigned int arch;
};

static void describe(struct sbp_denied *call, const struct trapped *info, const mcontext_t *machine)
{
	int i;

	memset(call, 0, sizeof(*call));
	call->pid = (int)sbp_kernel(SYS_getpid, 0);
	call->tid = (int)sbp_kernel(SYS_gettid, 0);
	call->number = info->number;
	call->arch = info->arch;
	call->address = (unsigned long)info->address;
	for (i = 0; i < 6; i++)
		call->arguments[i] = ARGUMENT(machine, i);
}

static void on_denied(int number, siginfo_t *info, void *context)
{
	mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
	struct sbp_denied call;

	(void)number;
	/* somebody's kill(pid, SIGSYS) is no call */
	if (info->si_code != SYS_SECCOMP)
		return;
	describe(&call, (const struct trapped *)info, machine);
	/* one write of less than PIPE_BUF: reports of several threads don't mix. A full pipe loses it. */
	if (watch.fd >= 0)
		sbp_kernel(SYS_write, watch.fd, (long)&call, sizeof(call));
	RESULT(machine) = (unsigned long)(watch.answer ? watch.answer(watch.data, &call) : -EPERM);
}

int sbp_watch_denied(int fd, sbp_denied_fn *answer, void *data)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART };
	sigset_t mask;

	if (sizeof(struct sbp_denied) > 512)
		return -EMSGSIZE;
	watch.fd = fd;
	watch.answer = answer;
	watch.data = data;
	action.sa_sigaction = on_denied;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL))
		return -errno;
	sigemptyset(&mask);
	sigaddset(&mask, SIGSYS);
	return -pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * PID 1 of a guest whose clock counts instructions (QEMU's -icount shift=0): says how many a system call
 * costs under no filter, under SECCOMP_RET_ALLOW, and under policies of 350 rules. A line each:
 * "icount POLICY NUMBER", or "icount POLICY -" where the kernel takes no filter. Each policy has a process
 * of its own.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	RULES = 350,
	BATCHES = 400,
	CALLS = 64,
	LOOP = 3 /* instructions that are no part of the call */
};

#ifdef __x86_64__
#define ARCH	  AUDIT_ARCH_X86_64
#define ENTER	  "syscall"
#define CLOBBERED "rcx", "r11", "memory", "cc"
#else
#define ARCH	  AUDIT_ARCH_I386
#define ENTER	  "int $0x80"
#define CLOBBERED "memory", "cc"
#endif

static struct sock_filter insns[4 * RULES];
static unsigned len;

static void add(unsigned code, unsigned k, unsigned jt, unsigned jf)
{
	insns[len++] = (struct sock_filter){ (unsigned short)code, (unsigned char)jt,
					     (unsigned char)jf, k };
}

/* The numbers of the policy in order, but getppid, which is measured, last of all in a list */
static void allow_one(unsigned nr)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
	add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void list(void)
{
	for (unsigned nr = 0; nr < RULES; nr++)
		if (nr != SYS_getppid)
			allow_one(nr);
}

/* A binary tree over the same numbers, four of them a leaf, as libseccomp makes them */
static void tree(unsigned from, unsigned to)
{
	unsigned middle = from + (to - from) / 2;

	if (to - from <= 4) {
		for (unsigned nr = from; nr < to; nr++)
			allow_one(nr);
		add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
		return;
	}
	add(BPF_JMP | BPF_JGE | BPF_K, middle, 0, 1);
	unsigned at = len;
	add(BPF_JMP | BPF_JA, 0, 0, 0);
	tree(from, middle);
	insns[at].k = len - at - 1;
	tree(middle, to);
}

static void write_policy(const char *name)
{
	if (strcmp(name, "allow") == 0) {
		add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	add(BPF_RET | BPF_K, SECCOMP_RET_KILL, 0, 0);
	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (strcmp(name, "tree") == 0) {
		tree(0, RULES);
		return;
	}
	list();
	if (strcmp(name, "argument") == 0) {
		add(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 2);
		add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]), 0, 0);
		add(BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0);
	} else {
		allow_one(SYS_getppid);
	}
	add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* The same program for all threads of a process with one: 0, or the kernel has no filter. */
static int install(void)
{
	struct sock_fprog prog = { (unsigned short)len, insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static unsigned long long now(void)
{
	unsigned low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (unsigned long long)high << 32 | low;
}

static long calls(void)
{
	long result, n = CALLS;

	__asm__ volatile("1: mov %2, %%eax\n\t" ENTER "\n\tdec %1\n\tjnz 1b"
			 : "=&a"(result), "+r"(n)
			 : "i"(SYS_getppid)
			 : CLOBBERED);
	return result;
}

/* The least disturbed batch: no interrupt came in between. */
static long measure(void)
{
	unsigned long long least = ~0ULL;

	for (int i = 0; i < BATCHES; i++) {
		unsigned long long start = now();
		long result = calls();
		unsigned long long took = now() - start;

		if (result < 0)
			return result; /* denied: not what was to be measured */
		if (took < least)
			least = took;
	}
	return (long)((least + CALLS / 2) / CALLS) - LOOP;
}

static void child(const char *policy)
{
	if (strcmp(policy, "none") != 0) {
		write_policy(policy);
		if (install() != 0) {
			printf("icount %s -\n", policy);
			fflush(stdout);
			_exit(0);
		}
	}
	printf("icount %s %ld\n", policy, measure());
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	static const char *const policies[] = { "none", "allow", "list", "tree", "argument" };

	for (unsigned i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		pid_t pid = fork();

		if (pid == 0)
			child(policies[i]);
		waitpid(pid, NULL, 0);
	}
	printf("icount done\n");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}

// SPDX-License-Identifier: MIT
/*
 * bench POLICY CALL MAP: asks the engine once about one call, in measured(), whose instructions valgrind
 * counts (tests/engine/instructions). POLICY: allow, list or tree, of 350 rules; CALL: how many rules stand
 * before its own; MAP: 1 with the set of calls that are always allowed. Or: bench POLICY install: the check
 * and the set are measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { RULES = 350, CALLS = 450, ARCH = 0xc000003e & 0x7fffffff };

static struct sock_filter insns[4 * RULES];
static unsigned len;
static uint16_t scratch[COUNT(insns)];
static unsigned long calls[CALLS / SECCOMP_BPF_BITS + 1];

/* global, so that it is called by its name */
uint32_t measured(const struct seccomp_bpf_program *stack, const struct call *call, int map);
int measured_check(void);
void measured_map(void);

static void add(unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
	insns[len++] = (struct sock_filter){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
}

/* The first RULES numbers */
static int allowed(unsigned nr)
{
	return nr < RULES;
}

static void list(void)
{
	unsigned nr;

	for (nr = 0; nr < CALLS; nr++)
		if (allowed(nr)) {
			add(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
			add(BPF_RET | BPF_K, ALLOW, 0, 0);
		}
	add(BPF_RET | BPF_K, ERRNO, 0, 0);
}

/* A binary tree over the same numbers, four of them a leaf, as libseccomp makes them */
static void tree(unsigned from, unsigned to)
{
	unsigned middle = from + (to - from) / 2, at, nr;

	if (to - from <= 4) {
		for (nr = from; nr < to; nr++) {
			add(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
			add(BPF_RET | BPF_K, ALLOW, 0, 0);
		}
		add(BPF_RET | BPF_K, ERRNO, 0, 0);
		return;
	}
	add(BPF_JMP | BPF_JGE | BPF_K, middle, 0, 1);
	at = len;
	add(BPF_JMP | BPF_JA, 0, 0, 0);
	tree(from, middle);
	insns[at].k = len - at - 1;
	tree(middle, to);
}

static void write_policy(const char *name)
{
	if (strcmp(name, "allow") == 0) {
		add(BPF_RET | BPF_K, ALLOW, 0, 0);
		return;
	}
	add(BPF_LD | BPF_W | BPF_ABS, 4, 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	add(BPF_RET | BPF_K, KILL_PROCESS, 0, 0);
	add(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	if (strcmp(name, "list") == 0)
		list();
	else
		tree(0, RULES);
}

__attribute__((noinline)) uint32_t measured(const struct seccomp_bpf_program *stack,
					    const struct call *call, int map)
{
	if (map && seccomp_bpf_always_allowed(calls, 0, CALLS, (uint32_t)call->nr))
		return ALLOW;
	return seccomp_bpf_run_stack(stack, (const struct seccomp_data *)call, NULL);
}

__attribute__((noinline)) int measured_check(void)
{
	return seccomp_bpf_check(insns, len, scratch);
}

__attribute__((noinline)) void measured_map(void)
{
	seccomp_bpf_keep_allowed(insns, ARCH, 0, CALLS, calls);
}

int main(int argc, char **argv)
{
	struct seccomp_bpf_program stack = { insns, 0, NULL };
	struct call call = { .arch = ARCH };

	if (argc < 3)
		return 2;
	write_policy(argv[1]);
	stack.len = len;
	memset(calls, 0xff, sizeof(calls));
	if (measured_check())
		return 1;
	measured_map();
	if (argc == 3)
		return 0;
	call.nr = atoi(argv[2]);
	return measured(&stack, &call, atoi(argv[3])) != ALLOW;
}

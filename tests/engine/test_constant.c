// SPDX-License-Identifier: MIT
/* What can be said of a call before it is made, and the set of calls that are always allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine.h"

enum { NR = 39, ARCH = 0x77 };

#define LD_NR	    STMT(BPF_LD | BPF_W | BPF_ABS, 0)
#define LD_ARG	    STMT(BPF_LD | BPF_W | BPF_ABS, 16)
#define RET(value)  STMT(BPF_RET | BPF_K, value)
#define RET_A	    STMT(BPF_RET | BPF_A, 0)
#define OP(op, k)   STMT(BPF_ALU | (op) | BPF_K, k)
#define TAX	    STMT(BPF_MISC | BPF_TAX, 0)
#define TXA	    STMT(BPF_MISC | BPF_TXA, 0)
#define IS(k, t, f) JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, t, f)
#define ALWAYS(name, value, ...)                     \
	{                                            \
		name, 1, value, PROGRAM(__VA_ARGS__) \
	}
#define UNSAID(name, ...)                        \
	{                                        \
		name, 0, 0, PROGRAM(__VA_ARGS__) \
	}

static const struct row {
	const char *name;
	int constant;
	uint32_t value;
	const struct sock_filter *insns;
	unsigned len;
} rows[] = {
	ALWAYS("RET K", ALLOW, RET(ALLOW)),
	ALWAYS("RET A at the start", 0, RET_A),
	ALWAYS("the number", NR, LD_NR, RET_A),
	ALWAYS("the architecture", ARCH, STMT(BPF_LD | BPF_W | BPF_ABS, 4), RET_A),
	UNSAID("the address", STMT(BPF_LD | BPF_W | BPF_ABS, 8), RET_A),
	UNSAID("the address, other half", STMT(BPF_LD | BPF_W | BPF_ABS, 12), RET_A),
	UNSAID("an argument", LD_ARG, RET_A),
	UNSAID("the last argument", STMT(BPF_LD | BPF_W | BPF_ABS, 60), RET_A),
	ALWAYS("an argument that is not looked at", ALLOW, LD_ARG, RET(ALLOW)),
	ALWAYS("the number is listed", ALLOW, LD_NR, IS(NR, 0, 1), RET(ALLOW), RET(ERRNO)),
	ALWAYS("another is listed", ERRNO, LD_NR, IS(NR + 1, 0, 1), RET(ALLOW), RET(ERRNO)),
	UNSAID("an argument decides", LD_ARG, IS(0, 0, 1), RET(ALLOW), RET(ERRNO)),
	ALWAYS("an argument, both ways the same", ALLOW, LD_ARG, IS(0, 1, 1), RET(ERRNO), RET(ALLOW)),
	UNSAID("an argument in a cell", LD_ARG, STMT(BPF_ST, 3), STMT(BPF_LD | BPF_IMM, 0),
	       STMT(BPF_LD | BPF_MEM, 3), RET_A),
	ALWAYS("the number in a cell", NR, LD_NR, STMT(BPF_ST, 3), LD_ARG,
	       STMT(BPF_LD | BPF_MEM, 3), RET_A),
	UNSAID("an argument through X", LD_ARG, TAX, STMT(BPF_LD | BPF_IMM, 0), TXA, RET_A),
	UNSAID("an argument in X's cell", LD_ARG, TAX, STMT(BPF_STX, 3), STMT(BPF_LDX | BPF_IMM, 0),
	       STMT(BPF_LDX | BPF_MEM, 3), TXA, RET_A),
	UNSAID("X decides", LD_ARG, TAX, STMT(BPF_LD | BPF_IMM, 0),
	       JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1), RET(ALLOW), RET(ERRNO)),
	ALWAYS("X is known", ALLOW, LD_NR, TAX, JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
	       RET(ALLOW), RET(ERRNO)),
	ALWAYS("computed of the number", NR * 2 + 1, LD_NR, OP(BPF_LSH, 1), OP(BPF_ADD, 1), RET_A),
	UNSAID("computed of an argument", LD_ARG, OP(BPF_AND, 1), RET_A),
	UNSAID("computed with an argument", LD_ARG, TAX, LD_NR, STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	       RET_A),
	UNSAID("the number divided by an argument", LD_ARG, TAX, LD_NR,
	       STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RET(ALLOW)),
	ALWAYS("an argument divided by 0", 0, LD_ARG, STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RET(ALLOW)),
	ALWAYS("the length in A", 64, STMT(BPF_LD | BPF_W | BPF_LEN, 0), RET_A),
	ALWAYS("the length in X", 64, STMT(BPF_LDX | BPF_W | BPF_LEN, 0), TXA, RET_A),
	ALWAYS("over an argument", ALLOW, STMT(BPF_JMP | BPF_JA, 1), RET(ERRNO), RET(ALLOW)),
};

static void a_row(void **state)
{
	const struct row *row = *state;
	uint16_t scratch[64];
	uint32_t value = 0;

	assert_int_equal(seccomp_bpf_check(row->insns, row->len, scratch), 0);
	assert_int_equal(seccomp_bpf_constant(row->insns, NR, ARCH, &value), row->constant);
	if (row->constant)
		assert_int_equal(value, row->value);
}

/* The rule of kernels since 5.11: a way of RET K, JA, AND K, comparisons with K, of number and architecture */
static int mainline(const struct sock_filter *insns, const struct call *call)
{
	const struct sock_filter *insn;
	uint32_t a = 0;

	for (insn = insns;; insn++)
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (insn->k > 4)
				return 0;
			a = insn->k ? call->arch : (uint32_t)call->nr;
			break;
		case BPF_RET | BPF_K: return insn->k == ALLOW;
		case BPF_JMP | BPF_JA: insn += insn->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: insn += a == insn->k ? insn->jt : insn->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: insn += a >= insn->k ? insn->jt : insn->jf; break;
		case BPF_JMP | BPF_JGT | BPF_K: insn += a > insn->k ? insn->jt : insn->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: insn += a & insn->k ? insn->jt : insn->jf; break;
		case BPF_ALU | BPF_AND | BPF_K: a &= insn->k; break;
		default: return 0;
		}
}

/* What is said holds for every call that is made, and is no less than kernels say */
static void random_programs(void **state)
{
	struct random r = { 4 };
	struct sock_filter insns[32];
	uint16_t scratch[COUNT(insns)];
	struct call call;
	unsigned i, j, len, constant = 0, others = 0, by_mainline = 0;
	uint32_t value;

	(void)state;
	for (i = 0; i < 100000; i++) {
		len = random_program(&r, insns, COUNT(insns));
		if (i % 2)
			len = mutate_program(&r, insns, len, COUNT(insns));
		if (seccomp_bpf_check(insns, len, scratch))
			continue;
		call.nr = (int)random_below(&r, 500);
		call.arch = random_number(&r);
		value = ~(uint32_t)ALLOW;
		if (!seccomp_bpf_constant(insns, (uint32_t)call.nr, call.arch, &value)) {
			assert_false(mainline(insns, &call));
			others++;
			continue;
		}
		constant++;
		if (mainline(insns, &call)) {
			assert_int_equal(value, ALLOW);
			by_mainline++;
		}
		for (j = 0; j < 8; j++) {
			random_call(&r, &call);
			assert_int_equal(engine_run(insns, &call), value);
		}
	}
	assert_true(constant > 10000 && others > 10000 && by_mainline > 50);
}

/* A policy of a few ranges, and a second program over it */
static void the_set_of_calls(void **state)
{
	static const struct sock_filter ranges[] = {
		STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		IS(ARCH, 1, 0),
		RET(KILL_PROCESS),
		LD_NR,
		JUMP(BPF_JMP | BPF_JGE | BPF_K, 200, 3, 0),
		IS(50, 0, 3),
		LD_ARG,
		IS(1, 1, 0),
		RET(ERRNO),
		RET(ALLOW),
	};
	static const struct sock_filter not_60[] = { LD_NR, IS(60, 0, 1), RET(LOG), RET(ALLOW | 5) };
	unsigned long calls[512 / SECCOMP_BPF_BITS];
	unsigned nr;

	(void)state;
	memset(calls, 0xff, sizeof(calls));
	seccomp_bpf_keep_allowed(ranges, ARCH, 0, 300, calls);
	for (nr = 0; nr < 512; nr++)
		assert_int_equal(seccomp_bpf_always_allowed(calls, 0, 300, nr), nr != 50 && nr < 200);
	/* bits that stand for no call are left alone */
	assert_int_equal(seccomp_bpf_always_allowed(calls, 0, 512, 300), 1);
	seccomp_bpf_keep_allowed(not_60, ARCH, 0, 300, calls);
	for (nr = 0; nr < 300; nr++)
		assert_int_equal(seccomp_bpf_always_allowed(calls, 0, 300, nr),
				 nr != 50 && nr != 60 && nr < 200);
	assert_int_equal(seccomp_bpf_always_allowed(calls, 0, 300, -1u), 0);
	/* numbers that start elsewhere (x32, ARM's private calls) */
	memset(calls, 0xff, sizeof(calls));
	seccomp_bpf_keep_allowed(ranges, ARCH, 40, 100, calls);
	for (nr = 0; nr < 300; nr++)
		assert_int_equal(seccomp_bpf_always_allowed(calls, 40, 100, nr),
				 nr >= 40 && nr < 140 && nr != 50);
	seccomp_bpf_keep_allowed(ranges, ARCH + 1, 40, 100, calls);
	for (nr = 0; nr < 300; nr++)
		assert_int_equal(seccomp_bpf_always_allowed(calls, 40, 100, nr), 0);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 2];
	size_t n;

	for (n = 0; n < COUNT(rows); n++)
		tests[n] = (struct CMUnitTest){ rows[n].name, a_row, NULL, NULL, (void *)&rows[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(random_programs);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_set_of_calls);
	return _cmocka_run_group_tests("constant", tests, n, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* What programs return: a row an instruction, and stacks of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine.h"

static const struct call the_call = {
	.nr = -3,
	.arch = 0xc000003e,
	.ip = UINT64_C(0x1122334455667788),
	.args = { UINT64_C(0x0001020304050607), 1, 2, 3, 4, UINT64_C(0xf8f9fafbfcfdfeff) },
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { LOW = 0, HIGH = 4 };
#else
enum { LOW = 4, HIGH = 0 };
#endif

#define LD_A(value)  STMT(BPF_LD | BPF_IMM, value)
#define LD_X(value)  STMT(BPF_LDX | BPF_IMM, value)
#define WORD(offset) STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RET_A	     STMT(BPF_RET | BPF_A, 0x12345678)

#define BECOMES(name, value, ...)                 \
	{                                         \
		name, value, PROGRAM(__VA_ARGS__) \
	}
#define WITH_K(name, op, a, k, result) \
	BECOMES(name " K", result, LD_A(a), LD_X(99), STMT(BPF_ALU | (op) | BPF_K, k), RET_A)
#define WITH_X(name, op, a, x, result) \
	BECOMES(name " X", result, LD_A(a), LD_X(x), STMT(BPF_ALU | (op) | BPF_X, 99), RET_A)
#define BOTH(name, op, a, b, result) WITH_K(name, op, a, b, result), WITH_X(name, op, a, b, result)
/* 1 when the comparison holds */
#define COMPARES(name, op, a, b, holds)                                                             \
	BECOMES(name " K", holds, LD_A(a), LD_X(99), JUMP(BPF_JMP | (op) | BPF_K, b, 1, 0),         \
		STMT(BPF_RET | BPF_K, 0), STMT(BPF_RET | BPF_K, 1)),                                \
		BECOMES(name " X", holds, LD_A(a), LD_X(b), JUMP(BPF_JMP | (op) | BPF_X, 99, 1, 0), \
			STMT(BPF_RET | BPF_K, 0), STMT(BPF_RET | BPF_K, 1))

static const struct row {
	const char *name;
	uint32_t value;
	const struct sock_filter *insns;
	unsigned len;
} rows[] = {
	BECOMES("RET K", 0x12345678, STMT(BPF_RET | BPF_K, 0x12345678)),
	BECOMES("A is 0 at the start", 0, RET_A),
	BECOMES("X is 0 at the start", 0, STMT(BPF_MISC | BPF_TXA, 7), RET_A),
	BECOMES("a constant into A", 0xfedcba98, LD_A(0xfedcba98), RET_A),
	BECOMES("a constant into X", 0xfedcba98, LD_X(0xfedcba98), STMT(BPF_MISC | BPF_TXA, 0), RET_A),
	BECOMES("A stays when X is loaded", 5, LD_A(5), LD_X(6), RET_A),
	BECOMES("TAX", 7, LD_A(7), STMT(BPF_MISC | BPF_TAX, 0), LD_A(1),
		STMT(BPF_MISC | BPF_TXA, 0), RET_A),
	BECOMES("the number", -3u, WORD(0), RET_A),
	BECOMES("the architecture", 0xc000003e, WORD(4), RET_A),
	BECOMES("the address, low half", 0x55667788, WORD(8 + LOW), RET_A),
	BECOMES("the address, high half", 0x11223344, WORD(8 + HIGH), RET_A),
	BECOMES("the first argument, low half", 0x04050607, WORD(16 + LOW), RET_A),
	BECOMES("the first argument, high half", 0x00010203, WORD(16 + HIGH), RET_A),
	BECOMES("the second argument, low half", 1, WORD(24 + LOW), RET_A),
	BECOMES("the last argument, low half", 0xfcfdfeff, WORD(56 + LOW), RET_A),
	BECOMES("the last argument, high half", 0xf8f9fafb, WORD(56 + HIGH), RET_A),
	BECOMES("length into A", 64, STMT(BPF_LD | BPF_W | BPF_LEN, 5), RET_A),
	BECOMES("length into X", 64, STMT(BPF_LDX | BPF_W | BPF_LEN, 5),
		STMT(BPF_MISC | BPF_TXA, 0), RET_A),
	BECOMES("A through a cell", 5, LD_A(5), STMT(BPF_ST, 15), LD_A(6),
		STMT(BPF_LD | BPF_MEM, 15), RET_A),
	BECOMES("X through a cell", 5, LD_X(5), STMT(BPF_STX, 0), LD_X(6),
		STMT(BPF_LDX | BPF_MEM, 0), STMT(BPF_MISC | BPF_TXA, 0), RET_A),
	BECOMES("cells are apart", 1, LD_A(1), STMT(BPF_ST, 3), LD_A(2), STMT(BPF_ST, 4),
		STMT(BPF_LD | BPF_MEM, 3), RET_A),

	BOTH("ADD", BPF_ADD, 1, 2, 3),
	BOTH("ADD over the end", BPF_ADD, 0xffffffff, 2, 1),
	BOTH("SUB", BPF_SUB, 7, 2, 5),
	BOTH("SUB below 0", BPF_SUB, 1, 2, 0xffffffff),
	BOTH("MUL", BPF_MUL, 6, 7, 42),
	BOTH("MUL over the end", BPF_MUL, 0x10001, 0x10001, 0x20001),
	BOTH("DIV", BPF_DIV, 43, 7, 6),
	BOTH("DIV has no sign", BPF_DIV, 0xfffffffe, 2, 0x7fffffff),
	BOTH("DIV by the greatest", BPF_DIV, 0xffffffff, 0xffffffff, 1),
	BOTH("DIV by the greatest of less", BPF_DIV, 0xfffffffe, 0xffffffff, 0),
	BOTH("DIV by half", BPF_DIV, 0xffffffff, 0x80000000, 1),
	BOTH("DIV by 1", BPF_DIV, 0xffffffff, 1, 0xffffffff),
	BOTH("OR", BPF_OR, 0xf0f0, 0xff00, 0xfff0),
	BOTH("AND", BPF_AND, 0xf0f0, 0xff00, 0xf000),
	BOTH("XOR", BPF_XOR, 0xf0f0, 0xff00, 0x0ff0),
	BOTH("LSH", BPF_LSH, 0x80000003, 1, 6),
	BOTH("LSH by 31", BPF_LSH, 3, 31, 0x80000000),
	BOTH("RSH has no sign", BPF_RSH, 0x80000000, 31, 1),
	WITH_X("LSH by 32", BPF_LSH, 3, 32, 3),
	WITH_X("RSH by 33", BPF_RSH, 6, 33, 3),
	WITH_X("LSH by the greatest", BPF_LSH, 3, 0xffffffff, 0x80000000),
	BECOMES("NEG", 0xffffffff, LD_A(1), STMT(BPF_ALU | BPF_NEG, 0), RET_A),
	BECOMES("NEG of the least", 0x80000000, LD_A(0x80000000), STMT(BPF_ALU | BPF_NEG, 0), RET_A),
	BECOMES("DIV by X of 0 ends with 0", 0, LD_A(5), STMT(BPF_ALU | BPF_DIV | BPF_X, 1),
		STMT(BPF_RET | BPF_K, ALLOW)),

	COMPARES("JEQ equal", BPF_JEQ, 5, 5, 1),
	COMPARES("JEQ not", BPF_JEQ, 5, 6, 0),
	COMPARES("JGT greater", BPF_JGT, 6, 5, 1),
	COMPARES("JGT equal", BPF_JGT, 5, 5, 0),
	COMPARES("JGT has no sign", BPF_JGT, 0x80000000, 1, 1),
	COMPARES("JGE greater", BPF_JGE, 6, 5, 1),
	COMPARES("JGE equal", BPF_JGE, 5, 5, 1),
	COMPARES("JGE less", BPF_JGE, 4, 5, 0),
	COMPARES("JGE has no sign", BPF_JGE, 1, 0xffffffff, 0),
	COMPARES("JSET a bit", BPF_JSET, 6, 2, 1),
	COMPARES("JSET the highest bit", BPF_JSET, 0x80000001, 0x80000000, 1),
	COMPARES("JSET none", BPF_JSET, 6, 9, 0),
	BECOMES("JA", 2, STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_RET | BPF_K, 1),
		STMT(BPF_RET | BPF_K, 2)),
	BECOMES("a list of JEQ, the second", 2, LD_A(11), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10, 3, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 11, 3, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 12, 3, 0), STMT(BPF_RET | BPF_K, 0),
		STMT(BPF_RET | BPF_K, 1), STMT(BPF_RET | BPF_K, 2), STMT(BPF_RET | BPF_K, 3)),
	BECOMES("a list of JEQ, none", 0, LD_A(13), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10, 3, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 11, 3, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 12, 3, 0), STMT(BPF_RET | BPF_K, 0),
		STMT(BPF_RET | BPF_K, 1), STMT(BPF_RET | BPF_K, 2), STMT(BPF_RET | BPF_K, 3)),
};

static void a_row(void **state)
{
	const struct row *row = *state;
	uint16_t scratch[64];
	uint32_t value;

	assert_int_equal(sizeof(struct call), 64);
	assert_int_equal(seccomp_bpf_check(row->insns, row->len, scratch), 0);
	assert_int_equal(engine_run(row->insns, &the_call), row->value);
	assert_int_equal(slow_run(row->insns, row->len, &the_call, &value), 0);
	assert_int_equal(value, row->value);
}

/* Nothing that check refuses gets through, should it ever be run */
static void an_unknown_opcode_kills(void **state)
{
	static const unsigned codes[] = { BPF_ALU | BPF_MOD | BPF_K,
					  BPF_LD | BPF_H | BPF_ABS,
					  BPF_RET | BPF_X,
					  0x100,
					  0x88,
					  0xffff };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(codes); i++) {
		const struct sock_filter insn = STMT((uint16_t)codes[i], ALLOW);

		assert_int_equal(engine_run(&insn, &the_call), KILL_PROCESS);
	}
}

static void division(void **state)
{
	struct random r = { 2 };
	struct sock_filter insns[] = { LD_A(0), STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET_A };
	uint32_t b;
	unsigned i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		insns[0].k = random_number(&r) >> random_below(&r, 32);
		b = random_number(&r) >> random_below(&r, 32);
		insns[1].k = b ? b : 1;
		assert_int_equal(engine_run(insns, &the_call), insns[0].k / insns[1].k);
	}
}

static void random_programs(void **state)
{
	struct random r = { 3 };
	struct sock_filter insns[64];
	uint16_t scratch[COUNT(insns)];
	struct call call = the_call;
	unsigned i, j, len, ran = 0;
	uint32_t value;

	(void)state;
	for (i = 0; i < 100000; i++) {
		len = random_program(&r, insns, COUNT(insns));
		if (i % 2)
			len = mutate_program(&r, insns, len, COUNT(insns));
		if (seccomp_bpf_check(insns, len, scratch))
			continue;
		for (j = 0; j < 4; j++, ran++) {
			random_call(&r, &call);
			assert_int_equal(slow_run(insns, len, &call, &value), 0);
			assert_int_equal(engine_run(insns, &call), value);
		}
	}
	assert_in_range(ran, 200000, 400000);
}

/* --- stacks */

/* by gravity; what has no name stands where its number does */
static const uint32_t actions[] = {
	KILL_PROCESS, 0xffff0000, KILL_THREAD, 0x00010000, TRAP,       0x00040000, ERRNO,
	0x00060000,   USER_NOTIF, TRACE,       LOG,	   0x7ffe0000, ALLOW,
};

static uint32_t stack(const uint32_t *values, size_t count,
		      const struct seccomp_bpf_program **match, struct seccomp_bpf_program *programs)
{
	static struct sock_filter insns[8];
	size_t i;

	for (i = 0; i < count; i++) {
		insns[i] = (struct sock_filter)STMT(BPF_RET | BPF_K, values[i]);
		programs[i] =
			(struct seccomp_bpf_program){ &insns[i], 1, i ? &programs[i - 1] : NULL };
	}
	return seccomp_bpf_run_stack(&programs[count - 1], (const struct seccomp_data *)&the_call,
				     match);
}

static void the_gravest_wins(void **state)
{
	struct seccomp_bpf_program programs[2];
	const struct seccomp_bpf_program *match;
	uint32_t values[2];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(actions); i++)
		for (j = 0; j < COUNT(actions); j++) {
			values[0] = actions[i] | 1;
			values[1] = actions[j] | 2;
			match = NULL;
			if (actions[i] == ALLOW && actions[j] == ALLOW) {
				assert_int_equal(stack(values, 2, &match, programs), ALLOW);
				assert_null(match);
				continue;
			}
			/* the newest is asked first and keeps what it said among equals */
			assert_int_equal(stack(values, 2, &match, programs),
					 i < j ? values[0] : values[1]);
			assert_ptr_equal(match, &programs[i < j ? 0 : 1]);
			assert_int_equal(stack(values, 2, NULL, programs),
					 i < j ? values[0] : values[1]);
		}
}

static void three_programs(void **state)
{
	static const uint32_t values[] = { ERRNO | 1, ERRNO | 2, ALLOW };
	static const uint32_t logged[] = { LOG, ALLOW | 7, ALLOW };
	struct seccomp_bpf_program programs[3];
	const struct seccomp_bpf_program *match = NULL;

	(void)state;
	assert_int_equal(stack(values, 3, &match, programs), ERRNO | 2);
	assert_ptr_equal(match, &programs[1]);
	assert_int_equal(stack(logged, 3, &match, programs), LOG);
	assert_ptr_equal(match, &programs[0]);
}

static void no_program_kills(void **state)
{
	(void)state;
	assert_int_equal(seccomp_bpf_run_stack(NULL, (const struct seccomp_data *)&the_call, NULL),
			 KILL_PROCESS);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(an_unknown_opcode_kills), cmocka_unit_test(division),
		cmocka_unit_test(random_programs),	   cmocka_unit_test(the_gravest_wins),
		cmocka_unit_test(three_programs),	   cmocka_unit_test(no_program_kills),
	};
	struct CMUnitTest tests[COUNT(rows) + COUNT(others)];
	size_t n;

	for (n = 0; n < COUNT(rows); n++)
		tests[n] = (struct CMUnitTest){ rows[n].name, a_row, NULL, NULL, (void *)&rows[n] };
	memcpy(tests + n, others, sizeof(others));
	return _cmocka_run_group_tests("run", tests, COUNT(tests), NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* The rules of installation: a row each, and the limits of a stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine.h"

#define RET_ALLOW STMT(BPF_RET | BPF_K, ALLOW)

struct row {
	const char *name;
	int accepted;
	const struct sock_filter *insns;
	unsigned len;
};

/* One instruction that is looked at, and an end */
#define ONE(name, accepted, ...)                                \
	{                                                       \
		name, accepted, PROGRAM(__VA_ARGS__, RET_ALLOW) \
	}
#define ALL(name, accepted, ...)                     \
	{                                            \
		name, accepted, PROGRAM(__VA_ARGS__) \
	}

static const struct row rows[] = {
	ALL("RET K alone", 1, RET_ALLOW),
	ALL("RET A alone", 1, STMT(BPF_RET | BPF_A, 0)),
	ALL("RET X", 0, STMT(BPF_RET | BPF_X, 0)),
	ALL("no RET at the end", 0, RET_ALLOW, STMT(BPF_LD | BPF_IMM, 0)),
	ALL("a jump at the end", 0, RET_ALLOW, STMT(BPF_JMP | BPF_JA, 0)),

	ONE("data at 0", 1, STMT(BPF_LD | BPF_W | BPF_ABS, 0)),
	ONE("data at 60", 1, STMT(BPF_LD | BPF_W | BPF_ABS, 60)),
	ONE("data at 64", 0, STMT(BPF_LD | BPF_W | BPF_ABS, 64)),
	ONE("data at 2", 0, STMT(BPF_LD | BPF_W | BPF_ABS, 2)),
	ONE("data at 61", 0, STMT(BPF_LD | BPF_W | BPF_ABS, 61)),
	ONE("data before the start", 0, STMT(BPF_LD | BPF_W | BPF_ABS, -4u)),
	ONE("ancillary data", 0, STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF)),
	ONE("data by half word", 0, STMT(BPF_LD | BPF_H | BPF_ABS, 0)),
	ONE("data by byte", 0, STMT(BPF_LD | BPF_B | BPF_ABS, 0)),
	ONE("data at X", 0, STMT(BPF_LD | BPF_W | BPF_IND, 0)),
	ONE("data into X", 0, STMT(BPF_LDX | BPF_W | BPF_ABS, 0)),
	ONE("header length into X", 0, STMT(BPF_LDX | BPF_B | BPF_MSH, 0)),
	ONE("length into A", 1, STMT(BPF_LD | BPF_W | BPF_LEN, 0)),
	ONE("length into X", 1, STMT(BPF_LDX | BPF_W | BPF_LEN, 0)),
	ONE("length with any k", 1, STMT(BPF_LD | BPF_W | BPF_LEN, -1u)),
	ONE("a constant into A", 1, STMT(BPF_LD | BPF_IMM, -1u)),
	ONE("a constant into X", 1, STMT(BPF_LDX | BPF_IMM, -1u)),

	ONE("write A to the last cell", 1, STMT(BPF_ST, 15)),
	ONE("write X to the last cell", 1, STMT(BPF_STX, 15)),
	ONE("write A behind the cells", 0, STMT(BPF_ST, 16)),
	ONE("write X behind the cells", 0, STMT(BPF_STX, 16)),
	ONE("read into A behind the cells", 0, STMT(BPF_LD | BPF_MEM, 16)),
	ONE("read into X behind the cells", 0, STMT(BPF_LDX | BPF_MEM, 16)),
	ONE("read into A never written", 0, STMT(BPF_LD | BPF_MEM, 0)),
	ONE("read into X never written", 0, STMT(BPF_LDX | BPF_MEM, 15)),
	ONE("read what was written", 1, STMT(BPF_ST, 15), STMT(BPF_LD | BPF_MEM, 15)),
	ONE("read what X was written to", 1, STMT(BPF_STX, 0), STMT(BPF_LDX | BPF_MEM, 0)),
	ONE("read another cell", 0, STMT(BPF_ST, 1), STMT(BPF_LD | BPF_MEM, 2)),
	ONE("written after the read", 0, STMT(BPF_LD | BPF_MEM, 1), STMT(BPF_ST, 1)),
	ONE("written on one way of two", 0, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	    STMT(BPF_ST, 1), STMT(BPF_LD | BPF_MEM, 1)),
	ONE("written on the other way of two", 0, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	    STMT(BPF_ST, 1), STMT(BPF_LD | BPF_MEM, 1)),
	ONE("written on both ways", 1, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), STMT(BPF_ST, 1),
	    STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_STX, 1), STMT(BPF_LD | BPF_MEM, 1)),
	ONE("both ways write, not the same", 0, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
	    STMT(BPF_ST, 1), STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_STX, 2), STMT(BPF_LD | BPF_MEM, 1)),
	ONE("written before the ways part", 1, STMT(BPF_ST, 3),
	    JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0), STMT(BPF_LD | BPF_MEM, 3),
	    STMT(BPF_LDX | BPF_MEM, 3)),
	ONE("a jump around the write", 0, STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_ST, 3),
	    STMT(BPF_LD | BPF_MEM, 3)),
	ONE("read where nothing leads", 1, STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_LD | BPF_MEM, 3)),
	ONE("read behind RET, as kernels do", 0, RET_ALLOW, STMT(BPF_LD | BPF_MEM, 3)),
	ONE("read behind a write and RET", 1, STMT(BPF_ST, 3), RET_ALLOW, STMT(BPF_LD | BPF_MEM, 3)),

#define COMPUTES(name, op)                                  \
	ONE(name " K", 1, STMT(BPF_ALU | (op) | BPF_K, 1)), \
		ONE(name " X", 1, STMT(BPF_ALU | (op) | BPF_X, 0))
	COMPUTES("ADD", BPF_ADD),
	COMPUTES("SUB", BPF_SUB),
	COMPUTES("MUL", BPF_MUL),
	COMPUTES("DIV", BPF_DIV),
	COMPUTES("OR", BPF_OR),
	COMPUTES("AND", BPF_AND),
	COMPUTES("XOR", BPF_XOR),
	COMPUTES("LSH", BPF_LSH),
	COMPUTES("RSH", BPF_RSH),
	ONE("NEG", 1, STMT(BPF_ALU | BPF_NEG, 0)),
	ONE("NEG X", 0, STMT(BPF_ALU | BPF_NEG | BPF_X, 0)),
	ONE("MOD K", 0, STMT(BPF_ALU | BPF_MOD | BPF_K, 1)),
	ONE("MOD X", 0, STMT(BPF_ALU | BPF_MOD | BPF_X, 1)),
	ONE("DIV by 0", 0, STMT(BPF_ALU | BPF_DIV | BPF_K, 0)),
	ONE("DIV by X with k 0", 1, STMT(BPF_ALU | BPF_DIV | BPF_X, 0)),
	ONE("MUL by 0", 1, STMT(BPF_ALU | BPF_MUL | BPF_K, 0)),
	ONE("LSH by 31", 1, STMT(BPF_ALU | BPF_LSH | BPF_K, 31)),
	ONE("LSH by 32", 0, STMT(BPF_ALU | BPF_LSH | BPF_K, 32)),
	ONE("RSH by 31", 1, STMT(BPF_ALU | BPF_RSH | BPF_K, 31)),
	ONE("RSH by 32", 0, STMT(BPF_ALU | BPF_RSH | BPF_K, 32)),
	ONE("LSH by X with k 32", 1, STMT(BPF_ALU | BPF_LSH | BPF_X, 32)),

	ONE("TAX", 1, STMT(BPF_MISC | BPF_TAX, 0)),
	ONE("TXA", 1, STMT(BPF_MISC | BPF_TXA, 0)),
	ONE("another MISC", 0, STMT(BPF_MISC | 0x40, 0)),
	ONE("the translated opcode of a load", 0, STMT(BPF_LDX | BPF_W | BPF_ABS, 0)),
	ONE("an opcode above a byte", 0, STMT(0x100 | BPF_LD | BPF_IMM, 0)),
	ONE("the highest opcode", 0, STMT(0xffff, 0)),

#define BRANCHES(name, op)                                        \
	ONE(name " K", 1, JUMP(BPF_JMP | (op) | BPF_K, 1, 0, 0)), \
		ONE(name " X", 1, JUMP(BPF_JMP | (op) | BPF_X, 1, 0, 0))
	BRANCHES("JEQ", BPF_JEQ),
	BRANCHES("JGT", BPF_JGT),
	BRANCHES("JGE", BPF_JGE),
	BRANCHES("JSET", BPF_JSET),
	ONE("a comparison of eBPF", 0, JUMP(BPF_JMP | 0x50 | BPF_K, 1, 0, 0)),
	ONE("JA X", 0, STMT(BPF_JMP | BPF_JA | BPF_X, 0)),
	ONE("JA to the last", 1, STMT(BPF_JMP | BPF_JA, 1), RET_ALLOW),
	ONE("JA behind the last", 0, STMT(BPF_JMP | BPF_JA, 1)),
	ONE("JA back", 0, STMT(BPF_JMP | BPF_JA, -1u)),
	ONE("JA far back", 0, RET_ALLOW, STMT(BPF_JMP | BPF_JA, -2u)),
	ONE("true to the last", 1, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RET_ALLOW),
	ONE("true behind the last", 0, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0)),
	ONE("false behind the last", 0, JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1)),
	ONE("true far behind the last", 0, JUMP(BPF_JMP | BPF_JSET | BPF_K, 0, 255, 0)),
	ONE("jt and jf of others mean nothing", 1, { BPF_LD | BPF_IMM, 255, 255, 0 },
	    { BPF_ALU | BPF_ADD | BPF_K, 255, 255, 0 }),
};

/* In memory of its own size, so that a sanitizer sees a step too far */
static int check(const struct sock_filter *insns, unsigned len)
{
	struct sock_filter *copy = calloc(len, sizeof(*copy));
	uint16_t *scratch = calloc(len, sizeof(*scratch));
	int result;

	if (len)
		memcpy(copy, insns, len * sizeof(*copy));
	if (len)
		memset(scratch, (int)len, len * sizeof(*scratch));
	result = seccomp_bpf_check(copy, len, scratch);
	if (len)
		assert_memory_equal(copy, insns, len * sizeof(*copy));
	free(copy);
	free(scratch);
	return result;
}

static void a_rule(void **state)
{
	const struct row *row = *state;

	assert_int_equal(check(row->insns, row->len), row->accepted ? 0 : -EINVAL);
	assert_int_equal(slow_check(row->insns, row->len), row->accepted);
}

static void lengths(void **state)
{
	static struct sock_filter insns[4098];
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(insns); i++)
		insns[i] = (struct sock_filter)RET_ALLOW;
	assert_int_equal(check(insns, 0), -EINVAL);
	assert_int_equal(check(insns, 1), 0);
	assert_int_equal(check(insns, 4096), 0);
	assert_int_equal(check(insns, 4097), -EINVAL);
	/* the longest jumps */
	insns[0] = (struct sock_filter)STMT(BPF_JMP | BPF_JA, 4094);
	assert_int_equal(check(insns, 4096), 0);
	assert_int_equal(check(insns, 4095), -EINVAL);
	insns[0] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 255, 255);
	assert_int_equal(check(insns, 257), 0);
	assert_int_equal(check(insns, 256), -EINVAL);
}

/* Every opcode alone: the same as its fields say */
static void every_opcode(void **state)
{
	struct sock_filter insns[2] = { STMT(0, 0), RET_ALLOW };
	unsigned code, k, accepted = 0;

	(void)state;
	for (code = 0; code < 0x10000; code++)
		for (k = 0; k < 2; k++) {
			insns[0] = (struct sock_filter)STMT((uint16_t)code, k);
			assert_int_equal(check(insns, 2) == 0, slow_check(insns, 2));
			accepted += check(insns, 2) == 0;
		}
	/*
	 * k 0: 1 load of data, 2 of the length, 2 of constants, 2 writes, 17 of the 19 computations that
	 * have no constant 0 to divide by (DIV K falls out), 9 jumps, 2 moves, 2 RET; k 1: DIV K too,
	 * the load of data not (not aligned), JA not (behind the end)
	 */
	assert_int_equal(accepted, (1 + 2 + 2 + 2 + 18 + 9 + 2 + 2) + (2 + 2 + 2 + 19 + 8 + 2 + 2));
}

static void random_programs(void **state)
{
	struct random r = { 1 };
	struct sock_filter insns[64];
	unsigned i, len, accepted = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		len = random_program(&r, insns, COUNT(insns));
		if (i % 2)
			len = mutate_program(&r, insns, len, COUNT(insns));
		assert_int_equal(check(insns, len) == 0, slow_check(insns, len));
		accepted += check(insns, len) == 0;
	}
	assert_in_range(accepted, 50000, 90000);
}

/* --- stacks: `count` programs of `len`, and what still fits */

static const struct {
	const char *name;
	unsigned count, len, fits;
} stacks[] = {
	{ "nothing installed", 0, 0, 32768 },
	{ "one program", 1, 1, 32768 - 5 },
	{ "seven of the longest", 7, 4096, 32768 - 7 * 4100 },
	{ "many of one instruction", 6553, 1, 3 },
	{ "filled up", 8, 4092, 0 },
};

static void a_stack(void **state)
{
	unsigned row = (unsigned)(size_t)*state, count = stacks[row].count, i;
	struct seccomp_bpf_program *programs = calloc(count + 1, sizeof(*programs));
	const struct seccomp_bpf_program *newest = NULL;

	for (i = 0; i < count; i++) {
		programs[i] = (struct seccomp_bpf_program){ NULL, stacks[row].len, newest };
		newest = &programs[i];
	}
	assert_int_equal(seccomp_bpf_fits(newest, stacks[row].fits), 0);
	assert_int_equal(seccomp_bpf_fits(newest, stacks[row].fits + 1), -ENOMEM);
	assert_int_equal(seccomp_bpf_fits(newest, -1u), -ENOMEM);
	free(programs);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(stacks) + 3];
	size_t n = 0, i;

	for (i = 0; i < COUNT(rows); i++)
		tests[n++] =
			(struct CMUnitTest){ rows[i].name, a_rule, NULL, NULL, (void *)&rows[i] };
	for (i = 0; i < COUNT(stacks); i++)
		tests[n++] = (struct CMUnitTest){ stacks[i].name, a_stack, NULL, NULL, (void *)i };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(lengths);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_opcode);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(random_programs);
	return _cmocka_run_group_tests("check", tests, n, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * Owns a second opinion on programs: opcodes by their fields instead of a table, cells by following every
 * way instead of one pass, the run with 64-bit numbers and with every step looked at.
 */
#include <string.h>

#include "engine.h"

enum { CALL_SIZE = sizeof(struct call), LONGEST = 4096 };

static int is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && insn->code != (BPF_JMP | BPF_JA);
}

static int is_ret(const struct sock_filter *insn)
{
	return insn->code == (BPF_RET | BPF_K) || insn->code == (BPF_RET | BPF_A);
}

static int known_code(unsigned code)
{
	unsigned op = code & 0xf0, mode = code & 0xe0;

	if (code > 0xff)
		return 0;
	switch (code & 7) {
	case BPF_LD:
		return !(code & 0x18) &&
		       (mode == BPF_ABS || mode == BPF_IMM || mode == BPF_MEM || mode == BPF_LEN);
	case BPF_LDX:
		return !(code & 0x18) && (mode == BPF_IMM || mode == BPF_MEM || mode == BPF_LEN);
	case BPF_ST:
	case BPF_STX: return !(code & 0xf8);
	case BPF_ALU: return op == BPF_NEG ? !(code & 8) : op <= BPF_RSH || op == BPF_XOR;
	case BPF_JMP: return op == BPF_JA ? !(code & 8) : op <= BPF_JSET;
	case BPF_RET: return (code & 0xf8) == BPF_K || (code & 0xf8) == BPF_A;
	default: return (code & 0xf8) == BPF_TAX || (code & 0xf8) == BPF_TXA;
	}
}

static int sound(const struct sock_filter *insn, unsigned pc, unsigned len)
{
	unsigned class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
	uint64_t next = (uint64_t)pc + 1;

	if (!known_code(insn->code))
		return 0;
	if (class == BPF_LD && BPF_MODE(insn->code) == BPF_ABS)
		return insn->k + UINT64_C(4) <= CALL_SIZE && insn->k % 4 == 0;
	if (class == BPF_ST || class == BPF_STX ||
	    ((class == BPF_LD || class == BPF_LDX) && BPF_MODE(insn->code) == BPF_MEM))
		return insn->k < 16;
	if (class == BPF_ALU && BPF_SRC(insn->code) == BPF_K) {
		if (op == BPF_DIV)
			return insn->k > 0;
		if (op == BPF_LSH || op == BPF_RSH)
			return insn->k <= 31;
	}
	if (is_branch(insn))
		return next + insn->jt < len && next + insn->jf < len;
	if (class == BPF_JMP)
		return next + insn->k < len;
	return 1;
}

/* Is `cell` written on every way to `to`? A way back: each instruction that may lead there must agree. */
static void written_everywhere(const struct sock_filter *insns, unsigned len, unsigned cell,
			       unsigned char *before)
{
	unsigned pc, from;
	unsigned char after[LONGEST];

	for (pc = 0; pc < len; pc++) {
		/* what stands above leads here unless it jumps; a RET counts as if it did not leave */
		before[pc] = pc == 0 ? 0 : BPF_CLASS(insns[pc - 1].code) == BPF_JMP || after[pc - 1];
		for (from = pc > 256 ? pc - 256 : 0; from < pc; from++)
			if (is_branch(&insns[from]) &&
			    (from + 1 + insns[from].jt == pc || from + 1 + insns[from].jf == pc))
				before[pc] &= after[from];
		for (from = 0; from < pc; from++)
			if (insns[from].code == (BPF_JMP | BPF_JA) && from + 1 + insns[from].k == pc)
				before[pc] &= after[from];
		after[pc] = before[pc] || ((insns[pc].code == BPF_ST || insns[pc].code == BPF_STX) &&
					   insns[pc].k == cell);
	}
}

static int reads_cell(const struct sock_filter *insn, unsigned cell)
{
	return (insn->code == (BPF_LD | BPF_MEM) || insn->code == (BPF_LDX | BPF_MEM)) &&
	       insn->k == cell;
}

int slow_check(const struct sock_filter *insns, unsigned len)
{
	unsigned char before[LONGEST];
	unsigned pc, cell, reads;

	if (len < 1 || len > LONGEST)
		return 0;
	for (pc = 0; pc < len; pc++)
		if (!sound(&insns[pc], pc, len))
			return 0;
	if (!is_ret(&insns[len - 1]))
		return 0;
	for (cell = 0; cell < 16; cell++) {
		for (pc = reads = 0; pc < len; pc++)
			reads += (unsigned)reads_cell(&insns[pc], cell);
		if (!reads)
			continue;
		written_everywhere(insns, len, cell, before);
		for (pc = 0; pc < len; pc++)
			if (reads_cell(&insns[pc], cell) && !before[pc])
				return 0;
	}
	return 1;
}

static uint32_t computed(unsigned op, uint64_t a, uint64_t operand)
{
	switch (op) {
	case BPF_ADD: return (uint32_t)(a + operand);
	case BPF_SUB: return (uint32_t)(a - operand);
	case BPF_MUL: return (uint32_t)(a * operand);
	case BPF_DIV: return (uint32_t)(a / operand);
	case BPF_OR: return (uint32_t)(a | operand);
	case BPF_AND: return (uint32_t)(a & operand);
	case BPF_XOR: return (uint32_t)(a ^ operand);
	case BPF_LSH: return (uint32_t)(a << operand % 32);
	case BPF_RSH: return (uint32_t)(a >> operand % 32);
	default: return (uint32_t)(0 - a);
	}
}

static int compared(unsigned op, uint64_t a, uint64_t operand)
{
	return op == BPF_JEQ   ? a == operand
	       : op == BPF_JGT ? a > operand
	       : op == BPF_JGE ? a >= operand
			       : (a & operand) > 0;
}

int slow_run(const struct sock_filter *insns, unsigned len, const struct call *call, uint32_t *value)
{
	uint32_t a = 0, x = 0, loaded = 0, cells[16];
	unsigned pc, steps, written = 0;

	for (pc = steps = 0; pc < len && steps < len; pc++, steps++) {
		const struct sock_filter *insn = &insns[pc];
		unsigned class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
		uint32_t operand = BPF_SRC(insn->code) == BPF_X ? x : insn->k;

		switch (class) {
		case BPF_LD:
		case BPF_LDX:
			switch (BPF_MODE(insn->code)) {
			case BPF_IMM: loaded = insn->k; break;
			case BPF_LEN: loaded = CALL_SIZE; break;
			case BPF_ABS:
				if (insn->k > CALL_SIZE - 4)
					return -1;
				memcpy(&loaded, (const char *)call + insn->k, 4);
				break;
			default:
				if (insn->k > 15 || !(written >> insn->k & 1))
					return -1;
				loaded = cells[insn->k];
			}
			*(class == BPF_LD ? &a : &x) = loaded;
			break;
		case BPF_ST:
		case BPF_STX:
			if (insn->k > 15)
				return -1;
			cells[insn->k] = class == BPF_ST ? a : x;
			written |= 1u << insn->k;
			break;
		case BPF_ALU:
			if (op == BPF_DIV && !operand) {
				*value = 0;
				return 0;
			}
			a = computed(op, a, operand);
			break;
		case BPF_JMP:
			pc += op == BPF_JA		 ? insn->k
			      : compared(op, a, operand) ? insn->jt
							 : insn->jf;
			break;
		case BPF_RET: *value = insn->code & BPF_A ? a : insn->k; return 0;
		default:
			if (insn->code & BPF_TXA)
				a = x;
			else
				x = a;
		}
	}
	return -1;
}

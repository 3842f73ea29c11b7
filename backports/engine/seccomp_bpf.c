/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Owns the rules by which a classic BPF program is accepted as a filter of
 * system calls, and the interpreter that runs it. What the functions promise
 * stands in the header.
 */
#include <linux/errno.h>

#include "seccomp_bpf.h"
#include "seccomp_bpf_alu.h"

#define DATA_SIZE    64	   /* of struct seccomp_data */
#define PATH_LENGTH  32768 /* instructions that a call may pass: 256 KiB */
#define PROGRAM_COST 4	   /* that each further program counts in addition */

#define ACTION	     0xffff0000U /* SECCOMP_RET_ACTION_FULL, 4.14 */
#define KILL_PROCESS 0x80000000U /* SECCOMP_RET_KILL_PROCESS, 4.14 */
#define ALLOW	     0x7fff0000U /* SECCOMP_RET_ALLOW, 3.5 */

/*
 * What is to be looked at in an instruction before it may run. Every opcode
 * that has no row is refused.
 */
enum kind {
	REFUSED,
	PLAIN,	   /* nothing */
	READ_DATA, /* k is an offset */
	READ_CELL, /* k is a cell of the memory */
	WRITE_CELL,
	SHIFT,	/* k is a number of bits */
	DIVIDE, /* by k */
	JUMP,	/* over k instructions */
	BRANCH, /* over jt or jf instructions */
	RETURN,
};

static const __u8 kinds[] = {
	[BPF_LD | BPF_W | BPF_ABS] = READ_DATA,
	[BPF_LD | BPF_W | BPF_LEN] = PLAIN,
	[BPF_LDX | BPF_W | BPF_LEN] = PLAIN,
	[BPF_LD | BPF_IMM] = PLAIN,
	[BPF_LDX | BPF_IMM] = PLAIN,
	[BPF_LD | BPF_MEM] = READ_CELL,
	[BPF_LDX | BPF_MEM] = READ_CELL,
	[BPF_ST] = WRITE_CELL,
	[BPF_STX] = WRITE_CELL,
	[BPF_ALU | BPF_ADD | BPF_K] = PLAIN,
	[BPF_ALU | BPF_ADD | BPF_X] = PLAIN,
	[BPF_ALU | BPF_SUB | BPF_K] = PLAIN,
	[BPF_ALU | BPF_SUB | BPF_X] = PLAIN,
	[BPF_ALU | BPF_MUL | BPF_K] = PLAIN,
	[BPF_ALU | BPF_MUL | BPF_X] = PLAIN,
	[BPF_ALU | BPF_DIV | BPF_K] = DIVIDE,
	[BPF_ALU | BPF_DIV | BPF_X] = PLAIN,
	[BPF_ALU | BPF_OR | BPF_K] = PLAIN,
	[BPF_ALU | BPF_OR | BPF_X] = PLAIN,
	[BPF_ALU | BPF_AND | BPF_K] = PLAIN,
	[BPF_ALU | BPF_AND | BPF_X] = PLAIN,
	[BPF_ALU | BPF_XOR | BPF_K] = PLAIN,
	[BPF_ALU | BPF_XOR | BPF_X] = PLAIN,
	[BPF_ALU | BPF_LSH | BPF_K] = SHIFT,
	[BPF_ALU | BPF_LSH | BPF_X] = PLAIN,
	[BPF_ALU | BPF_RSH | BPF_K] = SHIFT,
	[BPF_ALU | BPF_RSH | BPF_X] = PLAIN,
	[BPF_ALU | BPF_NEG] = PLAIN,
	[BPF_JMP | BPF_JA] = JUMP,
	[BPF_JMP | BPF_JEQ | BPF_K] = BRANCH,
	[BPF_JMP | BPF_JEQ | BPF_X] = BRANCH,
	[BPF_JMP | BPF_JGT | BPF_K] = BRANCH,
	[BPF_JMP | BPF_JGT | BPF_X] = BRANCH,
	[BPF_JMP | BPF_JGE | BPF_K] = BRANCH,
	[BPF_JMP | BPF_JGE | BPF_X] = BRANCH,
	[BPF_JMP | BPF_JSET | BPF_K] = BRANCH,
	[BPF_JMP | BPF_JSET | BPF_X] = BRANCH,
	[BPF_MISC | BPF_TAX] = PLAIN,
	[BPF_MISC | BPF_TXA] = PLAIN,
	[BPF_RET | BPF_K] = RETURN,
	[BPF_RET | BPF_A] = RETURN,
};

static enum kind kind_of(const struct sock_filter *insn)
{
	return insn->code < sizeof(kinds) ? (enum kind)kinds[insn->code]
					  : REFUSED;
}

/* Is the instruction right by itself, with @left instructions behind it? */
static int insn_is_sound(const struct sock_filter *insn, unsigned int left)
{
	switch (kind_of(insn)) {
	case PLAIN:
	case RETURN:
		return 1;
	case READ_DATA:
		return insn->k < DATA_SIZE && !(insn->k & 3);
	case READ_CELL:
	case WRITE_CELL:
		return insn->k < BPF_MEMWORDS;
	case SHIFT:
		return insn->k < 32;
	case DIVIDE:
		return insn->k != 0;
	case JUMP:
		return insn->k < left;
	case BRANCH:
		return insn->jt < left && insn->jf < left;
	case REFUSED:
		break;
	}
	return 0;
}

/*
 * Does every way to a read of a cell pass a write of it? @reaching[i] has a bit
 * for each cell written on all jumps to instruction i; all are set before the
 * first is met. Jumps go forward, so one pass sees them all. Behind a RET only
 * cells written before it count: nothing falls through there, but kernels do
 * it so, and no program may pass here and fail there.
 */
static int cells_are_written_first(const struct sock_filter *insns,
				   unsigned int len, __u16 *reaching)
{
	const __u16 all = 0xffff;
	__u16 written = 0;
	unsigned int pc;

	for (pc = 0; pc < len; pc++) {
		const struct sock_filter *insn = &insns[pc];

		written &= reaching[pc];
		switch (kind_of(insn)) {
		case WRITE_CELL:
			written |= 1 << insn->k;
			break;
		case READ_CELL:
			if (!(written & 1 << insn->k))
				return 0;
			break;
		case JUMP:
			reaching[pc + 1 + insn->k] &= written;
			written = all;
			break;
		case BRANCH:
			reaching[pc + 1 + insn->jt] &= written;
			reaching[pc + 1 + insn->jf] &= written;
			written = all;
			break;
		default:
			break;
		}
	}
	return 1;
}

int seccomp_bpf_check(const struct sock_filter *insns, unsigned int len,
		      __u16 *scratch)
{
	unsigned int pc;

	if (len == 0 || len > BPF_MAXINSNS)
		return -EINVAL;
	for (pc = 0; pc < len; pc++) {
		if (!insn_is_sound(&insns[pc], len - pc - 1))
			return -EINVAL;
		scratch[pc] = 0xffff;
	}
	if (kind_of(&insns[len - 1]) != RETURN)
		return -EINVAL;
	return cells_are_written_first(insns, len, scratch) ? 0 : -EINVAL;
}

int seccomp_bpf_fits(const struct seccomp_bpf_program *newest, unsigned int len)
{
	const struct seccomp_bpf_program *program;

	if (len > PATH_LENGTH)
		return -ENOMEM;
	for (program = newest; program; program = program->prev) {
		len += program->len + PROGRAM_COST;
		if (len > PATH_LENGTH)
			return -ENOMEM;
	}
	return 0;
}

/*
 * A word of the call, in the machine's byte order: of a 64-bit argument the
 * half that lies there.
 */
struct word {
	__u32 value;
} __attribute__((__may_alias__));

static inline __u32 word_at(const struct seccomp_data *data, __u32 offset)
{
	return ((const struct word *)((const char *)data + offset))->value;
}

/*
 * Instructions on the usual way of a call have a case of their own, the others
 * share one.
 */
__u32 seccomp_bpf_run(const struct sock_filter *next,
		      const struct seccomp_data *data)
{
	__u32 cells[BPF_MEMWORDS]; /* none is read before it is written */
	__u32 a = 0, x = 0;

	for (;;) {
		const struct sock_filter *insn = next++;
		const __u32 k = insn->k;

		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word_at(data, k);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			next += seccomp_bpf_skip(insn, BPF_JEQ, a, k);
			/* often one of a long list: stay while it lasts */
			while (next->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
				insn = next++;
				next += seccomp_bpf_skip(insn, BPF_JEQ, a,
							 insn->k);
			}
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			next += seccomp_bpf_skip(insn, BPF_JGE, a, k);
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			next += seccomp_bpf_skip(insn, BPF_JGT, a, k);
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			next += seccomp_bpf_skip(insn, BPF_JSET, a, k);
			break;
		case BPF_JMP | BPF_JEQ | BPF_X:
		case BPF_JMP | BPF_JGE | BPF_X:
		case BPF_JMP | BPF_JGT | BPF_X:
		case BPF_JMP | BPF_JSET | BPF_X:
			next += seccomp_bpf_skip(insn, BPF_OP(insn->code), a, x);
			break;
		case BPF_JMP | BPF_JA:
			next += k;
			break;
		case BPF_RET | BPF_K:
			return k;
		case BPF_RET | BPF_A:
			return a;
		case BPF_ALU | BPF_AND | BPF_K:
			a = seccomp_bpf_alu(BPF_AND, a, k);
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
		case BPF_ALU | BPF_SUB | BPF_K:
		case BPF_ALU | BPF_MUL | BPF_K:
		case BPF_ALU | BPF_DIV | BPF_K:
		case BPF_ALU | BPF_OR | BPF_K:
		case BPF_ALU | BPF_XOR | BPF_K:
		case BPF_ALU | BPF_LSH | BPF_K:
		case BPF_ALU | BPF_RSH | BPF_K:
		case BPF_ALU | BPF_NEG:
			a = seccomp_bpf_alu(BPF_OP(insn->code), a, k);
			break;
		case BPF_ALU | BPF_DIV | BPF_X:
			if (x == 0)
				return 0;
			/* fall through */
		case BPF_ALU | BPF_ADD | BPF_X:
		case BPF_ALU | BPF_SUB | BPF_X:
		case BPF_ALU | BPF_MUL | BPF_X:
		case BPF_ALU | BPF_OR | BPF_X:
		case BPF_ALU | BPF_AND | BPF_X:
		case BPF_ALU | BPF_XOR | BPF_X:
		case BPF_ALU | BPF_LSH | BPF_X:
		case BPF_ALU | BPF_RSH | BPF_X:
			a = seccomp_bpf_alu(BPF_OP(insn->code), a, x);
			break;
		case BPF_LD | BPF_IMM:
			a = k;
			break;
		case BPF_LDX | BPF_IMM:
			x = k;
			break;
		case BPF_LD | BPF_W | BPF_LEN:
			a = DATA_SIZE;
			break;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = DATA_SIZE;
			break;
		case BPF_LD | BPF_MEM:
			a = cells[k];
			break;
		case BPF_LDX | BPF_MEM:
			x = cells[k];
			break;
		case BPF_ST:
			cells[k] = a;
			break;
		case BPF_STX:
			cells[k] = x;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		default:
			return KILL_PROCESS; /* this was never checked */
		}
	}
}

/* The graver an action, the lower its number: KILL_PROCESS is below 0. */
static __s32 action_of(__u32 value)
{
	return (__s32)(value & ACTION);
}

__u32 seccomp_bpf_run_stack(const struct seccomp_bpf_program *newest,
			    const struct seccomp_data *data,
			    const struct seccomp_bpf_program **match)
{
	const struct seccomp_bpf_program *program;
	__u32 value = ALLOW;

	if (!newest)
		return KILL_PROCESS;
	for (program = newest; program; program = program->prev) {
		const __u32 one = seccomp_bpf_run(program->insns, data);

		if (action_of(one) < action_of(value)) {
			value = one;
			if (match)
				*match = program;
		}
	}
	return value;
}

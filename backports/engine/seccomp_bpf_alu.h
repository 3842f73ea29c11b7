/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What an instruction that computes or compares does: one meaning for the
 * interpreter and for the analysis. Private to seccomp_bpf*.c. Opcodes are
 * constants where speed matters, and fold away.
 */
#ifndef _SECCOMP_BPF_ALU_H
#define _SECCOMP_BPF_ALU_H

#include "seccomp_bpf.h"

#ifndef BPF_XOR
#define BPF_XOR 0xa0 /* 3.7 */
#endif

/*
 * @b is not 0. Bit by bit, since some machines (ARM) divide by calling a
 * library, and since a filter divides too rarely for a second way.
 */
static inline __u32 seccomp_bpf_divide(__u32 a, __u32 b)
{
	__u32 quotient = 0, rest = 0;
	int bit;

	for (bit = 31; bit >= 0; bit--) {
		rest = rest << 1 | (a >> bit & 1); /* at most a: no carry */
		if (rest >= b) {
			rest -= b;
			quotient |= (__u32)1 << bit;
		}
	}
	return quotient;
}

/* BPF_ALU: @op is BPF_OP() of a checked instruction; BPF_NEG needs no operand */
static inline __u32 seccomp_bpf_alu(unsigned int op, __u32 a, __u32 operand)
{
	switch (op) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		return seccomp_bpf_divide(a, operand);
	case BPF_OR:
		return a | operand;
	case BPF_AND:
		return a & operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return a << (operand & 31);
	case BPF_RSH:
		return a >> (operand & 31);
	default:
		return -a;
	}
}

/* BPF_JMP but for BPF_JA: how many instructions are skipped */
static inline unsigned int seccomp_bpf_skip(const struct sock_filter *insn,
					    unsigned int op, __u32 a,
					    __u32 operand)
{
	int holds;

	switch (op) {
	case BPF_JEQ:
		holds = a == operand;
		break;
	case BPF_JGT:
		holds = a > operand;
		break;
	case BPF_JGE:
		holds = a >= operand;
		break;
	default:
		holds = (a & operand) != 0;
		break;
	}
	return holds ? insn->jt : insn->jf;
}

#endif

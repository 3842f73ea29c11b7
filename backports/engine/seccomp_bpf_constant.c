/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Owns what can be said of a program before any call is made: it is run with
 * the number and the architecture of a call alone, every other word unknown.
 * Done once for each call when a program is installed, it spares the calls that
 * are always allowed the run. Kernels do so since 5.11.
 */
#include "seccomp_bpf.h"
#include "seccomp_bpf_alu.h"

#define DATA_SIZE 64	      /* of struct seccomp_data */
#define ACTION	  0xffff0000U /* SECCOMP_RET_ACTION_FULL, 4.14 */
#define ALLOW	  0x7fff0000U /* SECCOMP_RET_ALLOW, 3.5 */

/* A value that may be unknown */
struct fact {
	__u32 value;
	int known;
};

static struct fact known(__u32 value)
{
	struct fact fact;

	fact.value = value;
	fact.known = 1;
	return fact;
}

/* What lies at @offset of struct seccomp_data */
static struct fact word_at(__u32 offset, __u32 nr, __u32 arch)
{
	struct fact fact = known(offset == 0 ? nr : arch);

	fact.known = offset <= 4;
	return fact;
}

/* LD and LDX: what is loaded */
static struct fact loaded(const struct sock_filter *insn,
			  const struct fact *cells, __u32 nr, __u32 arch)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return word_at(insn->k, nr, arch);
	case BPF_MEM:
		return cells[insn->k];
	case BPF_LEN:
		return known(DATA_SIZE);
	default:
		return known(insn->k);
	}
}

int seccomp_bpf_constant(const struct sock_filter *next, __u32 nr, __u32 arch,
			 __u32 *value)
{
	struct fact cells[BPF_MEMWORDS];
	struct fact a = known(0), x = known(0), operand;

	for (;;) {
		const struct sock_filter *insn = next++;
		const unsigned int code = insn->code, op = BPF_OP(code);

		/* most of what a policy is made of */
		if (code == (BPF_JMP | BPF_JEQ | BPF_K) && a.known) {
			next += seccomp_bpf_skip(insn, BPF_JEQ, a.value, insn->k);
			continue;
		}
		switch (BPF_CLASS(code)) {
		case BPF_LD:
			a = loaded(insn, cells, nr, arch);
			break;
		case BPF_LDX:
			x = loaded(insn, cells, nr, arch);
			break;
		case BPF_ST:
			cells[insn->k] = a;
			break;
		case BPF_STX:
			cells[insn->k] = x;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		case BPF_ALU:
			operand = BPF_SRC(code) == BPF_X ? x : known(insn->k);
			if (op == BPF_DIV && !operand.known)
				return 0; /* by 0 it would end the program */
			if (op == BPF_DIV && operand.value == 0) {
				*value = 0;
				return 1;
			}
			a.value = seccomp_bpf_alu(op, a.value, operand.value);
			a.known = a.known && operand.known;
			break;
		case BPF_JMP:
			operand = BPF_SRC(code) == BPF_X ? x : known(insn->k);
			if (op == BPF_JA)
				next += insn->k;
			else if (a.known && operand.known)
				next += seccomp_bpf_skip(insn, op, a.value,
							 operand.value);
			else if (insn->jt == insn->jf)
				next += insn->jt;
			else
				return 0;
			break;
		default:
			if (BPF_RVAL(code) == BPF_K)
				a = known(insn->k);
			*value = a.value;
			return a.known;
		}
	}
}

void seccomp_bpf_keep_allowed(const struct sock_filter *insns, __u32 arch,
			      __u32 first, unsigned int count,
			      unsigned long *calls)
{
	unsigned int i;
	__u32 value;

	for (i = 0; i < count; i++) {
		const unsigned long bit = 1UL << i % SECCOMP_BPF_BITS;

		if ((calls[i / SECCOMP_BPF_BITS] & bit) &&
		    !(seccomp_bpf_constant(insns, first + i, arch, &value) &&
		      (value & ACTION) == ALLOW))
			calls[i / SECCOMP_BPF_BITS] &= ~bit;
	}
}

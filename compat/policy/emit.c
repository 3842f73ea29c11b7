/* SPDX-License-Identifier: MIT */
/* Instructions of classic BPF, written backwards. Owns how far a jump goes and how 64 bits are compared. */
#include <errno.h>
#include <stdlib.h>

#include "emit.h"

/* A branch reaches 255 instructions; two more may come between it and what it was meant for. */
#define REACH 250

static sbp_place put(struct sbp_emitter *e, unsigned int code, sbp_place yes, sbp_place no, uint32_t k)
{
	if (e->used == SBP_PROGRAM_LIMIT) {
		e->full = true;
		return e->used - 1;
	}
	e->code[e->used] = (struct sock_filter){ (uint16_t)code, (uint8_t)(e->used - 1 - yes),
						 (uint8_t)(e->used - 1 - no), k };
	return e->used++;
}

/* Neither yes nor no: jumps over nothing. */
static sbp_place put_plain(struct sbp_emitter *e, unsigned int code, uint32_t k)
{
	return put(e, code, e->used - 1, e->used - 1, k);
}

static bool is_near(const struct sbp_emitter *e, sbp_place place)
{
	return e->used - place <= REACH;
}

sbp_place sbp_emit_return(struct sbp_emitter *e, uint32_t action)
{
	size_t i;

	for (i = 0; i < e->return_count && e->returns[i].action != action; i++)
		;
	if (i < e->return_count && is_near(e, e->returns[i].place))
		return e->returns[i].place;
	if (i == SBP_RETURN_LIMIT)
		return put_plain(e, BPF_RET | BPF_K, action);
	if (i == e->return_count)
		e->return_count++;
	e->returns[i].action = action;
	e->returns[i].place = put_plain(e, BPF_RET | BPF_K, action);
	return e->returns[i].place;
}

/* A place that a branch reaches and that does what the given one does. */
static sbp_place bring_near(struct sbp_emitter *e, sbp_place place)
{
	if (is_near(e, place))
		return place;
	if (e->code[place].code == (BPF_RET | BPF_K))
		return sbp_emit_return(e, e->code[place].k);
	return put_plain(e, BPF_JMP | BPF_JA, (uint32_t)(e->used - 1 - place));
}

sbp_place sbp_emit_load(struct sbp_emitter *e, uint32_t offset, sbp_place then)
{
	if (then + 1 != e->used)
		put_plain(e, BPF_JMP | BPF_JA, (uint32_t)(e->used - 1 - then));
	return put_plain(e, BPF_LD | BPF_W | BPF_ABS, offset);
}

static sbp_place behind_load(const struct sbp_emitter *e, sbp_place place, uint32_t loaded)
{
	const struct sock_filter *insn = &e->code[place];

	return insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k == loaded ? place - 1 : place;
}

sbp_place sbp_emit_branch(struct sbp_emitter *e, unsigned int jump, uint32_t k, uint32_t loaded,
			  sbp_place yes, sbp_place no)
{
	yes = bring_near(e, behind_load(e, yes, loaded));
	no = bring_near(e, behind_load(e, no, loaded));
	return put(e, BPF_JMP | jump | BPF_K, yes, no, k);
}

/* --- Comparisons -------------------------------------------------------------------------- */

/* Loads one word and compares it. */
static sbp_place test_word(struct sbp_emitter *e, unsigned int jump, uint32_t k, uint32_t offset,
			   sbp_place yes, sbp_place no)
{
	return sbp_emit_load(e, offset, sbp_emit_branch(e, jump, k, offset, yes, no));
}

static sbp_place test_equal(struct sbp_emitter *e, const struct sbp_atom *a, sbp_place yes,
			    sbp_place no)
{
	/* the lower half first: it is the one that differs */
	if (!a->low)
		yes = test_word(e, BPF_JEQ, (uint32_t)(a->value >> 32), SBP_AT_HIGH(a->argument),
				yes, no);
	return test_word(e, BPF_JEQ, (uint32_t)a->value, SBP_AT_LOW(a->argument), yes, no);
}

/* `jump` is BPF_JGT or BPF_JGE. */
static sbp_place test_order(struct sbp_emitter *e, const struct sbp_atom *a, unsigned int jump,
			    sbp_place yes, sbp_place no)
{
	uint32_t high = (uint32_t)(a->value >> 32), offset = SBP_AT_HIGH(a->argument);
	sbp_place equal = test_word(e, jump, (uint32_t)a->value, SBP_AT_LOW(a->argument), yes, no);

	if (a->low)
		return equal;
	if (high == 0)
		return test_word(e, BPF_JEQ, 0, offset, equal, yes);
	equal = sbp_emit_branch(e, BPF_JEQ, high, offset, equal, no);
	return test_word(e, BPF_JGT, high, offset, yes, equal);
}

/* Is one of these bits set? */
static sbp_place test_bits(struct sbp_emitter *e, const struct sbp_atom *a, uint64_t bits,
			   sbp_place yes, sbp_place no)
{
	uint32_t high = (uint32_t)(bits >> 32);

	if (a->low || !high)
		return test_word(e, BPF_JSET, (uint32_t)bits, SBP_AT_LOW(a->argument), yes, no);
	no = test_word(e, BPF_JSET, high, SBP_AT_HIGH(a->argument), yes, no);
	if (!(uint32_t)bits)
		return no;
	return test_word(e, BPF_JSET, (uint32_t)bits, SBP_AT_LOW(a->argument), yes, no);
}

sbp_place sbp_emit_atom(struct sbp_emitter *e, const struct sbp_atom *a, sbp_place yes, sbp_place no)
{
	switch ((enum sbp_operator)a->op) {
	case SBP_EQ: return test_equal(e, a, yes, no);
	case SBP_NE: return test_equal(e, a, no, yes);
	case SBP_LT: return test_order(e, a, BPF_JGE, no, yes);
	case SBP_LE: return test_order(e, a, BPF_JGT, no, yes);
	case SBP_GT: return test_order(e, a, BPF_JGT, yes, no);
	case SBP_GE: return test_order(e, a, BPF_JGE, yes, no);
	case SBP_ANY_OF: return test_bits(e, a, a->value, yes, no);
	case SBP_ONLY: return test_bits(e, a, ~a->value, no, yes);
	}
	return no;
}

/* --- The end ------------------------------------------------------------------------------ */

/* Marks what can be reached from the start; jumps only go down. Loads that every way jumps over can't. */
static void find_reached(const struct sbp_emitter *e, bool reached[])
{
	const struct sock_filter *insn;
	sbp_place i;

	reached[e->used - 1] = true;
	for (i = e->used; i-- > 0;) {
		insn = &e->code[i];
		if (!reached[i] || BPF_CLASS(insn->code) == BPF_RET)
			continue;
		if (insn->code == (BPF_JMP | BPF_JA)) {
			reached[i - 1 - insn->k] = true;
		} else {
			/* all others have 0 in both unless they branch */
			reached[i - 1 - insn->jt] = true;
			reached[i - 1 - insn->jf] = true;
		}
	}
}

/* What an instruction jumps over, once what is not reached is left out: rank counts what stays below. */
static uint32_t jump_over(const size_t rank[], sbp_place from, uint32_t over)
{
	return (uint32_t)(rank[from] - rank[from - 1 - over] - 1);
}

static void copy_reached(const struct sbp_emitter *e, const bool reached[], const size_t rank[],
			 struct sock_filter *to)
{
	struct sock_filter insn;
	sbp_place i;

	for (i = e->used; i-- > 0;) {
		insn = e->code[i];
		if (!reached[i])
			continue;
		if (insn.code == (BPF_JMP | BPF_JA)) {
			insn.k = jump_over(rank, i, insn.k);
		} else if (BPF_CLASS(insn.code) == BPF_JMP) {
			insn.jt = (uint8_t)jump_over(rank, i, insn.jt);
			insn.jf = (uint8_t)jump_over(rank, i, insn.jf);
		}
		*to++ = insn;
	}
}

int sbp_emit_program(const struct sbp_emitter *e, struct sock_fprog *program)
{
	bool reached[SBP_PROGRAM_LIMIT] = { false };
	size_t rank[SBP_PROGRAM_LIMIT], count = 0;
	sbp_place i;

	if (e->full)
		return -E2BIG;
	find_reached(e, reached);
	for (i = 0; i < e->used; i++) {
		rank[i] = count;
		count += reached[i];
	}
	program->filter = malloc(count * sizeof(*program->filter));
	if (!program->filter)
		return -ENOMEM;
	program->len = (unsigned short)count;
	copy_reached(e, reached, rank, program->filter);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Writes classic BPF from its end to its start, so that every jump is to what is written already. A place
 * in the program is counted from the end: the last instruction is 0.
 */
#ifndef SBP_POLICY_EMIT_H
#define SBP_POLICY_EMIT_H

#include "policy.h"

enum { SBP_PROGRAM_LIMIT = 4096 /* BPF_MAXINSNS */, SBP_RETURN_LIMIT = 16 };

typedef size_t sbp_place;

struct sbp_emitter {
	struct sock_filter code[SBP_PROGRAM_LIMIT]; /* reversed */
	size_t used;
	bool full; /* it did not fit: what is written is no program */
	struct {
		uint32_t action;
		sbp_place place;
	} returns[SBP_RETURN_LIMIT]; /* where an action is returned, the newest place of each */
	size_t return_count;
};

/* Offsets in struct seccomp_data, on little-endian machines. */
#define SBP_AT_NUMBER  0
#define SBP_AT_ARCH    4
#define SBP_AT_LOW(n)  (16 + 8 * (uint32_t)(n))
#define SBP_AT_HIGH(n) (20 + 8 * (uint32_t)(n))

/* A place near by that returns the action. */
sbp_place sbp_emit_return(struct sbp_emitter *e, uint32_t action);

/* Loads a word, then goes on with what was written last, or with `then`. */
sbp_place sbp_emit_load(struct sbp_emitter *e, uint32_t offset, sbp_place then);

/*
 * Compares the accumulator, which holds the word at `loaded`, and jumps. `jump` is BPF_JEQ, BPF_JGT, BPF_JGE or
 * BPF_JSET. What would only load that word again is jumped over.
 */
sbp_place sbp_emit_branch(struct sbp_emitter *e, unsigned int jump, uint32_t k, uint32_t loaded,
			  sbp_place yes, sbp_place no);

/* Does the atom hold? */
sbp_place sbp_emit_atom(struct sbp_emitter *e, const struct sbp_atom *atom, sbp_place yes,
			sbp_place no);

/* Copies what was written into the right order: 0, -E2BIG or -ENOMEM. */
int sbp_emit_program(const struct sbp_emitter *e, struct sock_fprog *program);

#endif

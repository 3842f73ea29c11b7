/* SPDX-License-Identifier: MIT */
/* What a program says of a call, by the engine's interpreter; and which calls are worth asking about. */
#ifndef POLICY_PROGRAMS_H
#define POLICY_PROGRAMS_H

#include "../../compat/policy/policy.h"

/* Would the kernel take it? */
bool program_is_sound(const struct sock_fprog *program);

uint32_t program_says(const struct sock_fprog *program, uint32_t arch, uint32_t number,
		      const uint64_t arguments[6]);

/*
 * Calls `each` with arguments around every value that the rules of a call compare with: one off, with other
 * upper halves, bits added and taken away. Every pair of compared arguments is tried together.
 */
void each_edge(const struct sbp_rules *rules, const struct sbp_call_rules *call,
	       void (*each)(void *data, const uint64_t arguments[6]), void *data);

/* The rules of a call, or NULL where it has none. */
const struct sbp_call_rules *rules_of(const struct sbp_rules *rules, uint32_t number);

/* Parses or fails the test. */
void must_parse(const char *text, enum sbp_arch arch, struct sbp_rules *rules);
void must_read(const char *path, enum sbp_arch arch, struct sbp_rules *rules);

/* xorshift: the same on every run. */
uint64_t chance(uint64_t limit);

/* What libseccomp makes of the rules that it can express (reference.c). */
struct reference;
struct reference *reference_new(const struct sbp_rules *rules);
/* False: libseccomp is older than the call, or multiplexes it. */
bool reference_says(const struct reference *reference, uint32_t arch, uint32_t number,
		    const uint64_t arguments[6], uint32_t *verdict);
/* The program that holds what is settled by numbers alone. */
const struct sock_fprog *reference_program(const struct reference *reference);
void reference_free(struct reference *reference);

#endif

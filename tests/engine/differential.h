// SPDX-License-Identifier: MIT
/* What the parts of the comparison with the running kernel share. differential.c says what it is. */
#ifndef TESTS_ENGINE_DIFFERENTIAL_H
#define TESTS_ENGINE_DIFFERENTIAL_H

#include "engine.h"

enum { LONGEST = 4096 };

struct program {
	unsigned len;
	struct sock_filter insns[LONGEST + 1];
};

/* --- differential.c */

extern struct random randomness;
extern double deadline; /* of the part that runs */

double now(void);
/* The next line of TAP; returns `good` */
int result(int good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_program(const struct program *p);
int install(const struct program *p); /* 0 or a negative errno */
int engine_accepts(const struct program *p);
void fill(struct program *p, unsigned len, uint32_t value); /* RET value, so often */
/*
 * ENOMEM may mean what it says: kernels free programs behind the caller's back, and on 32 bits tens of
 * thousands of them wait in the address space. 0 when it has been given enough time.
 */
int may_be_short_of_memory(int error, int *times);

/* --- differential_install.c */

int share_memory(void);
int verdicts(const char *what, void (*ask)(void));
void every_opcode(void);
void random_verdicts(void);
int length_of_stack(unsigned len);

/* --- differential_calls.c: calls under a program */

enum outcome { NONE, RETURNED, TRAPPED, KILLED };

struct observed {
	enum outcome outcome;
	long value; /* returned, or si_errno */
	int nr;
	unsigned arch;
	uint64_t ip;
};

/* What is to be seen of `call` when a program says `value`, and no filter lets it return `native` */
struct observed expected(uint32_t value, long native, const struct call *call);
int random_calls(void);

/* --- differential_actions.c */

int order_of_actions(void);

#endif

// SPDX-License-Identifier: MIT
/*
 * What the tests of backports/engine share: a system call to judge, instructions to write down, programs
 * made at random, and a second, slow opinion on both.
 */
#ifndef TESTS_ENGINE_H
#define TESTS_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "../../backports/engine/seccomp_bpf.h"

#ifndef BPF_XOR
#define BPF_XOR 0xa0 /* linux/filter.h since 3.7 */
#endif
#ifndef BPF_MOD
#define BPF_MOD 0x90 /* 3.7 */
#endif

/* Values of a program; linux/seccomp.h has them since 3.5 to 5.0 */
enum {
	KILL_THREAD = 0,
	TRAP = 0x00030000,
	ERRNO = 0x00050000,
	USER_NOTIF = 0x7fc00000,
	TRACE = 0x7ff00000,
	LOG = 0x7ffc0000,
	ALLOW = 0x7fff0000,
};
#define KILL_PROCESS 0x80000000U
#define ACTION_FULL  0xffff0000U

/* struct seccomp_data, whether linux/seccomp.h has it or not */
struct call {
	int nr;
	uint32_t arch;
	uint64_t ip;
	uint64_t args[6];
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STMT(code, k)             \
	{                         \
		(code), 0, 0, (k) \
	}
#define JUMP(code, k, t, f)           \
	{                             \
		(code), (t), (f), (k) \
	}
/* the members `insns` and `len` of a row */
#define PROGRAM(...)                                 \
	(const struct sock_filter[]){ __VA_ARGS__ }, \
		COUNT(((const struct sock_filter[]){ __VA_ARGS__ }))

static inline uint32_t engine_run(const struct sock_filter *insns, const struct call *call)
{
	return seccomp_bpf_run(insns, (const struct seccomp_data *)call);
}

/* --- random_program.c: the same numbers from the same seed, everywhere */

struct random {
	uint64_t state;
};

uint32_t random_number(struct random *r);
uint32_t random_below(struct random *r, uint32_t limit); /* 0 to limit - 1 */

/* An accepted program, as a rule, of 1 to `room` (at least 16) instructions; most tell what they computed */
unsigned random_program(struct random *r, struct sock_filter *insns, unsigned room);
/* One or a few changes of any kind, small ones above all */
unsigned mutate_program(struct random *r, struct sock_filter *insns, unsigned len, unsigned room);
void random_call(struct random *r, struct call *call); /* the arguments and the address */

/* --- slow_opinion.c: the same answers, found another way */

int slow_check(const struct sock_filter *insns, unsigned len); /* 1 accepted */
/* 0, or -1 when the program does something that a checked one can't */
int slow_run(const struct sock_filter *insns, unsigned len, const struct call *call, uint32_t *value);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Passwords by which a filter knows the launch's own calls (clone/prologue.c, bpf/listener.c): whoever finds one has
 * what the filter denies him. What holds one is wiped before it is given back, here and nowhere else.
 */
#ifndef SBP_FORGET_H
#define SBP_FORGET_H

#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

/* explicit_bzero(3), which is younger than some libc: no compiler leaves this one out. Async-signal-safe. */
static inline void sbp_forget(void *memory, size_t size)
{
	memset(memory, 0, size);
	__asm__ volatile("" : : "r"(memory) : "memory");
}

/* A program, malloc'ed or none, that may hold one; it stays allocated. */
static inline void sbp_forget_code(const struct sock_fprog *program)
{
	if (program->len)
		sbp_forget(program->filter, program->len * sizeof(*program->filter));
}

/* The same, and frees it. */
static inline void sbp_forget_program(struct sock_fprog *program)
{
	sbp_forget_code(program);
	free(program->filter);
	*program = (struct sock_fprog){ 0 };
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Between the parts of the loader: a program without libc that runs as the first in the sandbox, under
 * the filter, in the empty root, and makes another one out of its process. Functions that can fail
 * return NULL, or what went wrong, a static string.
 */
#ifndef SBP_LOADER_H
#define SBP_LOADER_H

#include "elf.h"
#include "inside.h"

/* Maps a program: *bias is added to its addresses, 0 for one of fixed addresses (map.c). */
const char *loader_map(int fd, const struct sbp_elf *elf, uintptr_t page, uintptr_t *bias);

/* Reads from the descriptor that `from` points to; a sbp_elf_read_fn. */
bool loader_read(void *from, void *buffer, size_t size, uint64_t offset);

/* The first stack: number of arguments, they, the environment, the auxiliary vector (stack.c). */
struct loader_stack {
	long *start;
	char **arguments, **environment;
	unsigned long (*auxiliary)[2];
};
void loader_read_stack(long *start, struct loader_stack *stack);
void loader_drop_arguments(struct loader_stack *stack, unsigned int count);
unsigned long loader_auxiliary(const struct loader_stack *stack, unsigned long type);
/* An entry that the kernel has not made stays away. */
void loader_set_auxiliary(struct loader_stack *stack, unsigned long type, unsigned long value);

/*
 * Answers trapped calls from now on (handler.c). The strings are kept by pointer. What the process `command` dies of is
 * said to the broker; -1: of all to stderr.
 */
const char *loader_install_handler(int broker, int command, const char *program,
				   const char *directory);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The caller's memory, which may be anything: the kernel is asked before it is touched. rt_sigprocmask(2) reads
 * a new mask before it looks at how to apply it, and writes the old one before it returns, so it can
 * be asked for both and does nothing else. Every policy that a handler can live in allows it.
 */
#ifndef SBP_BROKER_CLIENT_MEMORY_H
#define SBP_BROKER_CLIENT_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_call.h"

enum { WORD_SIZE = 8, SMALLEST_PAGE = 4096 };

/* Eight aligned bytes are on one page. */
static inline uintptr_t word_of(uintptr_t address)
{
	return address & ~(uintptr_t)(WORD_SIZE - 1);
}

static inline bool is_readable_in_handler(uintptr_t address)
{
	/* to the kernel, no pointer is no mask */
	return word_of(address) &&
	       kernel_call(SYS_rt_sigprocmask, -1, word_of(address), 0, WORD_SIZE) != -EFAULT;
}

/* What stood there is lost: only for what will be overwritten, and has 8 bytes or more. */
static inline bool is_writable_in_handler(uintptr_t address, size_t size)
{
	if (!address)
		return false;
	for (size_t at = 0; at + WORD_SIZE <= size; at += SMALLEST_PAGE)
		if (kernel_call(SYS_rt_sigprocmask, 0, 0, address + at, WORD_SIZE) < 0)
			return false;
	return kernel_call(SYS_rt_sigprocmask, 0, 0, address + size - WORD_SIZE, WORD_SIZE) >= 0;
}

/* memcpy(3) and memset(3), which a compiler must not turn these into: there is no libc. */
static inline void copy_in_handler(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((volatile char *)to)[i] = ((const char *)from)[i];
	}
}

/* The length of the caller's string, -EFAULT or -ENAMETOOLONG. */
static inline long length_in_handler(uintptr_t address, size_t limit)
{
	for (size_t length = 0; length < limit; length++) {
		if (length == 0 || (address + length) % SMALLEST_PAGE == 0)
			if (!is_readable_in_handler(address + length))
				return -EFAULT;
		if (!((const volatile char *)address)[length])
			return (long)length;
	}
	return -ENAMETOOLONG;
}

#endif

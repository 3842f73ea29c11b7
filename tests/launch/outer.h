/* SPDX-License-Identifier: MIT */
/*
 * Filters of the launcher's own, under which its calls fail as on another kernel. They stay with the process:
 * install them in one that ends.
 */
#ifndef LAUNCH_OUTER_H
#define LAUNCH_OUTER_H

#include <stdint.h>

/* From now on a call fails with an errno; 0: the process is killed. */
void let_fail(int number, int error);

/* The same for a call whose first argument has any of these bits. */
void let_fail_with_bits(int number, uint32_t bits, int error);

#endif

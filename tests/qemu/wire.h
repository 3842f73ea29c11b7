/* SPDX-License-Identifier: MIT */
/*
 * What guest and host agree on: the lines that PID 1 prints over the serial
 * line, and the sum that tells whether all of them arrived, and nothing else.
 *
 * The lines are KTAP.  A line of PID 1 starts with one of wire_prefixes; what
 * the kernel prints between them does not.  The last line carries a nonce that
 * PID 1 read from the initramfs and removed before the first test ran, the
 * number of lines and their sum: whoever prints results in its place, or cuts
 * some off, is found out.
 */
#ifndef TESTS_QEMU_WIRE_H
#define TESTS_QEMU_WIRE_H

#include <stdint.h>
#include <string.h>

#define WIRE_START  "KTAP version 1"
#define WIRE_PLAN   "1.."
#define WIRE_OK	    "ok "
#define WIRE_NOT_OK "not ok "
#define WIRE_NOTE   "# sbp "
#define WIRE_OUTPUT "# sbp| "
#define WIRE_BEGIN  "# sbp begin "
#define WIRE_DONE   "# sbp done "

static const char *const wire_prefixes[] = {
	WIRE_START, WIRE_PLAN, WIRE_OK, WIRE_NOT_OK, WIRE_NOTE, WIRE_OUTPUT,
};

static inline int wire_starts_with(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

static inline int wire_is_ours(const char *line)
{
	for (size_t i = 0; i < sizeof(wire_prefixes) / sizeof(*wire_prefixes); i++)
		if (wire_starts_with(line, wire_prefixes[i]))
			return 1;
	return 0;
}

#define WIRE_SUM_START 2166136261u

/* FNV-1a over a line and its end: enough against accidents; the nonce is
 * what stands against intent. */
static inline uint32_t wire_sum(uint32_t sum, const char *line)
{
	for (; *line; line++)
		sum = (sum ^ (unsigned char)*line) * 16777619u;
	return (sum ^ '\n') * 16777619u;
}

#endif

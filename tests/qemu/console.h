/* SPDX-License-Identifier: MIT */
/*
 * Reads what comes over a guest's serial line and judges it: which results
 * arrived, whether they can be believed, and if not, what went wrong.
 */
#ifndef TESTS_QEMU_CONSOLE_H
#define TESTS_QEMU_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_TESTS 64
#define CONSOLE_NAME  96
#define CONSOLE_LINE  8192

enum ending { ENDED_BY_QEMU, ENDED_BY_TIME, ENDED_BY_INTERRUPT };

struct console_test {
	char name[CONSOLE_NAME];
	const char *result;	/* "pass", "fail", "skip", or NULL: none came */
	char how[CONSOLE_NAME]; /* "exit 1, 20 ms", "signal 9, ...", "timeout after 5 s" */
	char *output;
	size_t length;
};

struct console {
	const char *nonce;
	const char *expected_warning; /* part of a line that is no sign of trouble, or NULL */
	char line[CONSOLE_LINE];
	size_t used;

	/* The guest's own lines, as far as they came. */
	uint32_t sum;
	unsigned int lines;
	int started, plan;
	struct console_test tests[CONSOLE_TESTS];
	int count;
	char current[CONSOLE_NAME]; /* the test that is running */
	int done, done_wrong;
	unsigned int done_lines;
	uint32_t done_sum;

	/* The kernel's, the first of each kind. */
	int kernel_spoke;
	char panic[256], oops[256], warn[256], qemu[256];
	char last[256];

	const char *verdict;
	char sentence[1024];
};

void console_start(struct console *c, const char *nonce);
void console_feed(struct console *c, const char *bytes, size_t length);

/* Sets verdict and sentence. */
void console_end(struct console *c, enum ending ending, long limit_seconds);

/* Writes results, NAME.out and verdict into the folder. 0 or -1. */
int console_write(const struct console *c, const char *dir);

#endif

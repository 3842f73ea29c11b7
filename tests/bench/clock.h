/* SPDX-License-Identifier: MIT */
/*
 * Rounds of timed steps and their smallest and middle value. Steps that are to be compared are run in
 * turn, round by round, so that whatever else the machine does falls on all of them alike.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stddef.h>

enum { ROUND_LIMIT = 2001, STEP_LIMIT = 64 };

struct step {
	const char *name;
	void (*run)(const struct step *step);
	const void *data;
	int repeat; /* runs per round; 0 is 1 */
	double rounds[ROUND_LIMIT];
	double minimum, median; /* microseconds a run, once run_rounds() has returned */
};

/*
 * Runs all steps in turn, one round unmeasured and then `rounds` (at most ROUND_LIMIT), each round in another order: the
 * kernel takes namespaces apart while whoever comes next is measured, and that shall not always be the same one.
 * At most STEP_LIMIT steps.
 */
void run_rounds(struct step *steps, size_t count, int rounds);

/* One line of a table: name, minimum, median and their ratios to the base's. */
void print_step(const struct step *step, const struct step *base);
void print_head(const char *what, const char *base);

/* One line that says whether a target was reached: "reach  at most 3.5 x: 2.9 x, reached". */
void print_target(const char *what, double reached, double target);

#endif

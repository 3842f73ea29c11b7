/* SPDX-License-Identifier: MIT */
/* Owns the timing of steps and the look of the tables. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double time_step(const struct step *step)
{
	int repeat = step->repeat ? step->repeat : 1;
	double start = now_us();

	for (int i = 0; i < repeat; i++)
		step->run(step);
	return (now_us() - start) / repeat;
}

/* Another order each time, the same in every run of the program. */
static void shuffle(size_t *order, size_t count)
{
	static uint32_t state = 1;

	for (size_t i = count; i > 1; i--) {
		size_t other, kept = order[i - 1];

		state = state * 1664525 + 1013904223;
		other = (state >> 8) % i;
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

void run_rounds(struct step *steps, size_t count, int rounds)
{
	size_t order[STEP_LIMIT];

	if (rounds > ROUND_LIMIT)
		rounds = ROUND_LIMIT;
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (int round = -1; round < rounds; round++) {
		shuffle(order, count);
		for (size_t i = 0; i < count; i++) {
			struct step *step = &steps[order[i]];
			double taken = time_step(step);

			if (round >= 0)
				step->rounds[round] = taken;
		}
	}
	for (size_t i = 0; i < count; i++) {
		qsort(steps[i].rounds, (size_t)rounds, sizeof(double), by_value);
		steps[i].minimum = steps[i].rounds[0];
		steps[i].median = steps[i].rounds[rounds / 2];
	}
}

void print_head(const char *what, const char *base)
{
	printf("\n%-58s %10s %10s   x %s\n", what, "min us", "median us", base);
}

void print_step(const struct step *step, const struct step *base)
{
	printf("  %-56s %10.1f %10.1f   %6.2f %6.2f\n", step->name, step->minimum, step->median,
	       step->minimum / base->minimum, step->median / base->median);
}

void print_target(const char *what, double reached, double target)
{
	printf("  -> %s: %.2f of at most %.2f, %s\n", what, reached, target,
	       reached <= target ? "reached" : "NOT REACHED");
}

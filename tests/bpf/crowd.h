/* SPDX-License-Identifier: MIT */
/* Processes of many threads that confine themselves, and what they tell the test about it. */
#ifndef BPF_CROWD_H
#define BPF_CROWD_H

#include "confined.h"

/* What the confined process tells the test, in memory that both have. */
struct shared {
	int ready;   /* threads that wait as they should */
	int denied;  /* threads whose open was denied afterwards */
	int allowed; /* threads whose open worked before */
	int locked;  /* 1 once the lock returned 0; the test sets 2 when it has looked */
	int spawned, relays_ended;
	int go; /* a futex: threads go on */
	int error, tid, wanted_tid;
	long microseconds;
	char why[192];
};
extern struct shared *shared;

/* Makes it; a setup of cmocka's. */
int make_shared(void **state);

void count(int *counter);
int value(const int *counter);
long now_us(void);

/* Waits, in a process that may have no timer but this, until another one has counted so far. */
void wait_until(const int *counter, int least);

/* A call that is denied by compute: a descriptor, closed again, or -1 and errno. */
int try_open(void);

/* Tells the test that the lock is there, and waits until it has looked. */
void let_the_test_look(void);

/*
 * Starts the body and looks at its threads from outside, `looks` times, while it waits in let_the_test_look().
 * Its status as in_child()'s; how many threads were seen, and how many of them confined.
 */
int watched(void (*body)(void *data), void *data, int looks, int *all, int *confined);

#endif

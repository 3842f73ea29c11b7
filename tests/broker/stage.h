/* SPDX-License-Identifier: MIT */
/* A folder full of temptations, a broker whose root it is, and a client that asks it. */
#ifndef BROKER_STAGE_H
#define BROKER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../compat/broker/broker.h"
#include "../../compat/broker/client.h"
#include "../../compat/broker/numbers.h"

struct stage {
	char folder[64];
	int root; /* of that folder */
	struct sbp_broker *broker;
	struct sbp_broker_client client;
	int fd;
};

/*
 * Makes the folder (stage.c shows it) and a broker with rules, which is not connected yet. `walks`:
 * as on kernels without openat2(2).
 */
void stage_make(struct stage *stage, bool walks);
void stage_connect(struct stage *stage); /* starts the broker, too */
void stage_remove(struct stage *stage);

/* A call as the handler would see it; what it returned. */
long stage_call(struct stage *stage, long number, unsigned long a, unsigned long b, unsigned long c,
		unsigned long d, unsigned long e);
long stage_open(struct stage *stage, const char *path, int flags);
/* Opens for reading and says what is in it: a static string, or an errno's name. */
const char *stage_read(struct stage *stage, const char *path);
/* The same without a broker, from the folder: the control. */
const char *stage_control(const struct stage *stage, const char *path);

/* How many descriptors this process has open. */
int count_fds(void);
/* Waits until there are so many again: the broker answers first and tidies up then. */
bool come_to_fds(int count);

/* For cmocka: a stage for each test, with both ways of walking. */
int stage_set_up(void **state);
int stage_set_up_walking(void **state);
int stage_tear_down(void **state);
#define both_ways(test)                                                                    \
	{ #test, test, stage_set_up, stage_tear_down, NULL },                              \
	{                                                                                  \
#test " (step by step)", test, stage_set_up_walking, stage_tear_down, NULL \
	}

/* Writes a small file below the stage's folder. */
void stage_write(const struct stage *stage, const char *path, const char *text);

#endif

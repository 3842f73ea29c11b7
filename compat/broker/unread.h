/* SPDX-License-Identifier: MIT */
/*
 * Answers with a file that one connection has not taken yet. A file that is in no process counts for the broker's
 * user, who may have about as many on their way as one process may have open, in all his programs: a sandbox that never
 * reads would leave none for the others.
 */
#ifndef SBP_BROKER_UNREAD_H
#define SBP_BROKER_UNREAD_H

#include <stdbool.h>

/* Who has so many waits for his next one until he has read some: what he asks for stays in his socket. */
enum { SBP_UNREAD_LIMIT = 64 };

struct sbp_unread {
	int ends[SBP_UNREAD_LIMIT];
	unsigned int count;
};

/* Does an answer still wait in this socket, and somebody who could take it? */
bool sbp_has_unread_answer(int end);

/* Keeps the end on which a file was sent, until the answer is taken; closes it. There must be room. */
void sbp_unread_keep(struct sbp_unread *unread, int end);
/* Closes those whose answers were taken, or never will be. How many are left. */
unsigned int sbp_unread_sweep(struct sbp_unread *unread);
bool sbp_unread_is_full(struct sbp_unread *unread);
void sbp_unread_end(struct sbp_unread *unread);

#endif

/* SPDX-License-Identifier: MIT */
/* Between the parts of a broadcast: who is to answer (threads.c), how they are asked (broadcast.c). */
#ifndef SBP_BROADCAST_H
#define SBP_BROADCAST_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SBP_SLOT_LIMIT = 1 << 16 };

/* Threads that were asked. A slot is never used again: its address travels with a signal. */
enum sbp_slot_state { SBP_SENT, SBP_ANSWERING, SBP_CONFINED, SBP_FAILED, SBP_GONE, SBP_CANCELLED };

struct sbp_slot {
	pid_t tid;
	int state; /* atomic */
	int error; /* of SBP_FAILED, negative */
};

/* One mapping; pages that nobody needs are never touched. */
struct sbp_broadcast {
	const struct sock_fprog *program;
	pid_t process, caller;
	bool telling;	     /* the caller has no filter: a thread that has one has ours */
	int filtered_before; /* atomic: or not, for a thread had one of its own */
	bool cancelled;	     /* a signal may still be on its way to a slot */
	size_t slot_count, known_count, found_count;
	struct sbp_slot slots[SBP_SLOT_LIMIT];
	struct sbp_slot *known[SBP_SLOT_LIMIT]; /* alive when last looked, by tid */
	struct sbp_slot *next[SBP_SLOT_LIMIT];	/* the same while it is made anew */
	pid_t found[SBP_SLOT_LIMIT];		/* by the last look, sorted */
	char text[32 << 10];
};

/*
 * Lists the threads of the process into found: 0, or a negative errno. *whole is false where the kernel
 * counted more than it listed, as it can when threads end meanwhile.
 */
int sbp_list_threads(struct sbp_broadcast *b, bool *whole);

/* Is there a thread of this id that can still run code of the program? */
bool sbp_thread_lives(struct sbp_broadcast *b, pid_t tid);

/* Would it run, and take this signal, if only it had a processor? */
bool sbp_thread_lacks_processor(struct sbp_broadcast *b, pid_t tid, int number);

/* What /proc says of a thread's Seccomp mode: 0 to 2, or -1 where it does not say. */
int sbp_thread_seccomp(struct sbp_broadcast *b, pid_t tid);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The sandboxed side of the broker: turns a system call that a filter trapped (SIGSYS) into a request, and the
 * reply into the call's result. The files named client*.c are freestanding: no libc, no state but what
 * is handed in, no lock that a signal could meet, less than 1 KiB of stack (5 for paths relative to a
 * descriptor), for any number of threads and for forked children. Link them into whatever holds the handler.
 *
 * What a filter must let through and trap for it is filter.h's.
 */
#ifndef SBP_BROKER_CLIENT_H
#define SBP_BROKER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

struct sbp_broker_directory;
struct sbp_broker_names;

/* One in a process. A copy of the memory (fork) is a client of its own. */
struct sbp_broker_client {
	int fd;					      /* the socket */
	const struct sbp_broker_directory *directory; /* the current one; NULL: "/" */
	struct sbp_broker_names *names;		      /* where directories' names are kept */
};

/* `fd` is the socket; the current directory is "/". */
void sbp_broker_client_init_in_handler(struct sbp_broker_client *client, int fd);

/*
 * Answers a trapped call of this architecture: its number, its six arguments as they stood in registers.
 * True: the call is one of the broker's, *result is what it returns (a negative errno for an error).
 * False: it is not; the handler has to think of something else. Bad pointers of the caller's are EFAULT
 * as the kernel would say it. EIO: the broker is gone. The calls are the rows of calls.def.
 */
bool sbp_broker_client_answer_in_handler(struct sbp_broker_client *client, long number,
					 const unsigned long arguments[6], long *result);

#endif

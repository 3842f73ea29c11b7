/* SPDX-License-Identifier: MIT */
/*
 * The sandboxed side of the broker: turns a system call that a filter trapped (SIGSYS) into a request, and the
 * reply into the call's result. client.c and the files beside it named client_*.c are freestanding: no libc, no
 * state but what is handed in, no lock that a signal could meet, async-signal-safe, for any number of
 * threads and for forked children. Link them into whatever holds the handler.
 *
 * What the filter must let through for it stands in filter.h.
 */
#ifndef SBP_BROKER_CLIENT_H
#define SBP_BROKER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

/* One in a process. A copy of the memory (fork) is a client of its own. */
struct sbp_broker_client {
	int fd;				       /* the socket */
	uint32_t sequence;		       /* of the directory below: odd while it is written */
	uint32_t length;		       /* without the NUL */
	char directory[SBP_BROKER_PATH_LIMIT]; /* the current one, absolute, without links */
};

/* `fd` is the socket; the current directory is "/". Of the client's memory nothing else is to be set. */
void sbp_broker_client_init_in_handler(struct sbp_broker_client *client, int fd);

/*
 * Answers a trapped call of this architecture: its number, its six arguments as they stood in registers.
 * True: the call is one of the broker's, *result is what it returns (a negative errno for an error).
 * False: it is not; the handler has to think of something else. Bad pointers of the caller's are EFAULT
 * as the kernel would say it, never a fault. Calls: open, openat, openat2 (ENOSYS), creat, stat, lstat,
 * newfstatat, fstat and statx and their 64-bit doubles, access, faccessat, faccessat2, readlink,
 * readlinkat, getcwd, chdir, fchdir, getdents64, getdents.
 */
bool sbp_broker_client_answer_in_handler(struct sbp_broker_client *client, long number,
					 const unsigned long arguments[6], long *result);

#endif

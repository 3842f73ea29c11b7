/* SPDX-License-Identifier: MIT */
/* Messages to a broker as no client of ours sends them. */
#ifndef BROKER_RAW_H
#define BROKER_RAW_H

#include <sys/types.h>

#include "../../compat/broker/broker.h"

/* Sends what is given with so many copies of a descriptor. */
ssize_t send_raw(int socket, const void *data, size_t size, int fd, size_t fds, int flags);
/* Sends it with one end of a pair; the reply's result, or 1: the pair was closed without one. */
int result_of(int socket, const void *data, size_t size, size_t fds);
/* Asks for the status of a path. */
struct sbp_broker_message message_for(const char *path);
/* Everything that was sent before has been read. */
void wait_for_answer(int socket);

#endif

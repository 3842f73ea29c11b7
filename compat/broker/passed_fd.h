/* SPDX-License-Identifier: MIT */
/*
 * Takes one descriptor out of a message of somebody who may be malicious: none that came along otherwise stays open.
 */
#ifndef SBP_PASSED_FD_H
#define SBP_PASSED_FD_H

#include <sys/socket.h>

/* One is expected, but its place in a message has room for two on some machines. */
enum { SBP_FDS_AT_ONCE = 4 };

union sbp_passed_fds {
	struct cmsghdr header;
	char space[CMSG_SPACE(SBP_FDS_AT_ONCE * sizeof(int))];
};

/*
 * Of a message that was received with such a union as its control data, and with MSG_CMSG_CLOEXEC: the one descriptor,
 * the caller's to close. -1: none, or more than one, or not all that were sent; all that came are closed.
 */
int sbp_take_passed_fd(struct msghdr *message);

/* Receives a message of one byte with one descriptor, if it is there. -ENODATA: it is not, or is another one. */
int sbp_receive_passed_fd(int socket);

/* Closing a socket can take as long as its owner wants, unless it is told not to linger. */
void sbp_close_passed_fd(int fd);

#endif

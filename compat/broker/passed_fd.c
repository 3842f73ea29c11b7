// SPDX-License-Identifier: MIT
/* Descriptors that came by SCM_RIGHTS. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "passed_fd.h"

void sbp_close_passed_fd(int fd)
{
	struct linger none = { 0, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static void take_from(const struct cmsghdr *header, int *fds, size_t *count)
{
	size_t bytes = header->cmsg_len - CMSG_LEN(0);

	if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return;
	for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
		int fd;

		memcpy(&fd, CMSG_DATA(header) + at, sizeof(fd));
		if (*count < SBP_FDS_AT_ONCE)
			fds[(*count)++] = fd;
		else
			sbp_close_passed_fd(fd);
	}
}

int sbp_take_passed_fd(struct msghdr *message)
{
	int fds[SBP_FDS_AT_ONCE];
	size_t count = 0;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at))
		take_from(at, fds, &count);
	if (count == 1 && !(message->msg_flags & MSG_CTRUNC))
		return fds[0];
	while (count)
		sbp_close_passed_fd(fds[--count]);
	return -1;
}

int sbp_receive_passed_fd(int socket)
{
	struct iovec byte = { &(char){ 0 }, 1 };
	union sbp_passed_fds control = { .space = { 0 } };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = size < 0 ? -1 : sbp_take_passed_fd(&message);

	if (fd >= 0 && size == 1)
		return fd;
	if (fd >= 0)
		sbp_close_passed_fd(fd);
	return -ENODATA;
}

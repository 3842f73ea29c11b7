/* SPDX-License-Identifier: MIT */
/* Messages to a broker as no client of ours sends them. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw.h"
#include "stage.h"

ssize_t send_raw(int socket, const void *data, size_t size, int fd, size_t fds, int flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(16 * sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec part = { (void *)data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fds) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (size_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(fds * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | flags);
}

int result_of(int socket, const void *data, size_t size, size_t fds)
{
	struct sbp_broker_reply reply = { .result = 2 };
	ssize_t got;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(send_raw(socket, data, size, ends[1], fds, 0), size);
	close(ends[1]);
	got = fds ? recv(ends[0], &reply, sizeof(reply), 0) : 0;
	close(ends[0]);
	return got > 0 ? reply.result : 1;
}

struct sbp_broker_message message_for(const char *path)
{
	struct sbp_broker_message message;

	memset(&message, 0, sizeof(message));
	message.request.magic = SBP_BROKER_MAGIC;
	message.request.operation = SBP_BROKER_STAT;
	message.request.path_length = (uint16_t)strlen(path);
	memcpy(message.path, path, strlen(path));
	return message;
}

void wait_for_answer(int fd)
{
	assert_int_equal(result_of(fd, &(struct sbp_broker_message){ 0 }, 8, 1), -EBADMSG);
}

// SPDX-License-Identifier: MIT
/*
 * Requests as they come from somebody who may be malicious: of any size, with any descriptors or none, at any rate,
 * and gone before the answer.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker.h"
#include "passed_fd.h"

int sbp_broker_check_message(struct sbp_broker_message *message, size_t size)
{
	const struct sbp_broker_request *request = &message->request;
	size_t length = request->path_length;

	if (size < sizeof(*request) || request->magic != SBP_BROKER_MAGIC)
		return -EBADMSG;
	if (!length || length >= SBP_BROKER_PATH_LIMIT || size != sizeof(*request) + length)
		return -EBADMSG;
	if (message->path[0] != '/' || memchr(message->path, 0, length))
		return -EINVAL;
	message->path[length] = 0;
	return 0;
}

/* --- Where the answer goes -------------------------------------------------------------------- */

/* Only a Unix socket takes descriptors and says nothing to the world. */
static bool is_unix_socket(int fd)
{
	struct sockaddr address = { 0 };
	socklen_t size = sizeof(address);

	return !getsockname(fd, &address, &size) && address.sa_family == AF_UNIX;
}

/* --- One request ----------------------------------------------------------------------------- */

/* Whoever does not wait for his answer, or for many, has none: nothing here waits for him. */
static void reply(int fd, struct sbp_answer_of_broker *answer)
{
	struct iovec parts[2] = { { &answer->reply, sizeof(answer->reply) },
				  { answer->text, answer->reply.text_length } };
	union sbp_passed_fds control = { .space = { 0 } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };

	if (answer->fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &answer->fd, sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int));
	}
	(void)!sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Takes the reply's end. There is room for one more that is unread. */
static void answer_message(const struct sbp_broker *broker, struct sbp_connection *connection,
			   struct sbp_broker_message *message, size_t size, int reply_end)
{
	struct sbp_answer_of_broker answer;
	int error = sbp_broker_check_message(message, size);

	if (error) {
		answer.reply =
			(struct sbp_broker_reply){ .magic = SBP_BROKER_MAGIC, .result = error };
		answer.fd = -1;
	} else {
		sbp_broker_answer_request(broker, &message->request, message->path, &answer);
	}
	reply(reply_end, &answer);
	if (answer.fd < 0) {
		sbp_close_passed_fd(reply_end);
		return;
	}
	close(answer.fd);
	sbp_unread_keep(&connection->unread, reply_end);
}

/* Whoever is denied something says it once, before the end; who says it again does not hold up anybody by it. */
static void report_denied(const struct sbp_broker_message *message, size_t size, int *report)
{
	struct sbp_broker_denied said;
	struct sbp_denied call = { .number = 0 };

	if (*report < 0 || size != sizeof(said))
		return;
	memcpy(&said, message, sizeof(said));
	if (said.magic != SBP_BROKER_MAGIC || said.operation != SBP_BROKER_DENIED || said.path_length)
		return;
	call.number = said.number;
	call.arch = said.arch;
	call.address = said.address;
	(void)!send(*report, &call, sizeof(call), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(*report);
	*report = -1;
}

int sbp_broker_serve(const struct sbp_broker *broker, struct sbp_connection *connection)
{
	struct sbp_broker_message message;
	struct iovec part = { &message, sizeof(message) };
	union sbp_passed_fds control;
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	ssize_t size = recvmsg(connection->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int reply_end;

	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? -EAGAIN : -EPIPE;
	reply_end = sbp_take_passed_fd(&header);
	if (reply_end < 0) {
		report_denied(&message, (size_t)size, &connection->report);
		/* an empty message, or the end: the next event tells */
		return size ? 0 : -ENODATA;
	}
	/* whoever leaves an answer unread gets no other over the same socket */
	if (is_unix_socket(reply_end) && !sbp_has_unread_answer(reply_end))
		answer_message(broker, connection, &message, (size_t)size, reply_end);
	else
		sbp_close_passed_fd(reply_end);
	return 0;
}

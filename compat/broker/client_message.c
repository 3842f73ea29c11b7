// SPDX-License-Identifier: MIT
/*
 * One request and its reply. The path goes from the caller's memory to the socket without a copy of
 * ours, and a link's text the other way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "client_memory.h"
#include "client_message.h"
#include "numbers.h"

enum { PARTS = 4 };

/* Where i386 has no calls of their own yet (before 4.3), they are numbers of socketcall(2). */
#if defined(__i386__)
static long socket_call_in_handler(int part, long number, long a, long b, long c, long d)
{
	long arguments[4] = { a, b, c, d };
	long result = kernel_call(number, a, b, c, d);

	return result == -ENOSYS ? kernel_call(SYS_socketcall, part, arguments) : result;
}
#else
#define socket_call_in_handler(part, number, a, b, c, d) \
	((void)(part), kernel_call(number, a, b, c, d))
#endif

enum { CALL_SOCKETPAIR = 8, CALL_SENDMSG = 16, CALL_RECVMSG = 17 };

long sbp_client_pair_in_handler(int ends[2])
{
	return socket_call_in_handler(CALL_SOCKETPAIR, SYS_socketpair, AF_UNIX,
				      SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (long)ends);
}

union one_fd {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static int *fd_of(union one_fd *control)
{
	return (int *)(void *)CMSG_DATA(&control->header);
}

/* All parts of a message and one descriptor; -1: none. */
static long send_parts_in_handler(int socket, struct iovec *parts, size_t count, int fd)
{
	union one_fd control = { .header = { .cmsg_level = SOL_SOCKET,
					     .cmsg_type = SCM_RIGHTS,
					     .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	long result;

	*fd_of(&control) = fd;
	message.msg_control = &control;
	message.msg_controllen = fd < 0 ? 0 : sizeof(control);
	do
		result = socket_call_in_handler(CALL_SENDMSG, SYS_sendmsg, socket, (long)&message,
						MSG_NOSIGNAL, 0);
	while (result == -EINTR);
	return result < 0 ? result : 0;
}

long sbp_client_send_fd_in_handler(int socket, int fd)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };

	return send_parts_in_handler(socket, &part, 1, fd);
}

long sbp_client_say_denied_in_handler(const struct sbp_broker_client *client, int number,
				      unsigned int arch, uintptr_t address)
{
	struct sbp_broker_denied denied = { .magic = SBP_BROKER_MAGIC,
					    .operation = SBP_BROKER_DENIED,
					    .number = number,
					    .arch = arch,
					    .address = address };
	struct iovec part = { &denied, sizeof(denied) };

	return send_parts_in_handler(client->fd, &part, 1, -1);
}

static long send_in_handler(int fd, const struct sbp_client_question *question, int reply_end)
{
	const struct sbp_client_path *path = &question->path;
	bool slash = path->base_length > 1 && path->length;
	struct sbp_broker_request request = {
		.magic = SBP_BROKER_MAGIC,
		.operation = (uint16_t)question->operation,
		.path_length = (uint16_t)(path->base_length + slash + path->length),
		.flags = question->flags,
		.mode = question->mode,
	};
	struct iovec parts[PARTS] = { { &request, sizeof(request) },
				      { (void *)path->base, path->base_length },
				      { (void *)"/", slash },
				      { (void *)path->path, path->length } };
	long result;

	if (path->base_length + slash + path->length >= SBP_BROKER_PATH_LIMIT)
		return -ENAMETOOLONG;
	result = send_parts_in_handler(fd, parts, PARTS, reply_end);
	if (result < 0)
		return result == -EFAULT ? result : -EIO;
	return 0;
}

/* An end without a word: the broker died, or took the request for none. */
static long check_reply(long received, const struct sbp_broker_reply *reply)
{
	if (received < 0)
		return received == -EFAULT ? received : -EIO;
	if ((size_t)received < sizeof(*reply) || reply->magic != SBP_BROKER_MAGIC)
		return -EIO;
	return reply->result;
}

static long receive_in_handler(int fd, const struct sbp_client_question *question,
			       struct sbp_broker_reply *reply, uintptr_t text, size_t text_size,
			       int flags, int *received_fd)
{
	struct iovec parts[2] = { { reply, sizeof(*reply) }, { (void *)text, text_size } };
	union one_fd control = { .space = { 0 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	long result;

	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	flags |= question->close_on_exec ? MSG_CMSG_CLOEXEC : 0;
	do
		result = socket_call_in_handler(CALL_RECVMSG, SYS_recvmsg, fd, (long)&message,
						flags, 0);
	while (result == -EINTR);
	if (result >= 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.header.cmsg_type == SCM_RIGHTS)
		*received_fd = *fd_of(&control);
	result = check_reply(result, reply);
	/* no number was free for the file */
	if (!result && reply->kind != SBP_BROKER_NOTHING && *received_fd < 0)
		return -EMFILE;
	return result;
}

/* How long the text is has to be known before there is room for it. */
static long receive_name_in_handler(struct sbp_broker_client *client, int fd,
				    const struct sbp_client_question *question,
				    struct sbp_broker_reply *reply, int *received_fd)
{
	struct sbp_broker_directory *directory;
	long result;

	result = receive_in_handler(fd, question, reply, 0, 0, MSG_PEEK, received_fd);
	if (result)
		return result;
	directory = sbp_client_name_in_handler(client, reply->text_length);
	if (!directory)
		return -ENOMEM;
	result = receive_in_handler(fd, question, reply, (uintptr_t)directory->text,
				    directory->length, 0, received_fd);
	if (!result)
		sbp_client_enter_in_handler(client, directory);
	return result;
}

long sbp_client_ask_in_handler(struct sbp_broker_client *client,
			       const struct sbp_client_question *question,
			       struct sbp_broker_reply *reply, int *fd)
{
	int ends[2];
	long result = sbp_client_pair_in_handler(ends);

	*fd = -1;
	if (result < 0)
		return result;
	result = send_in_handler(client->fd, question, ends[1]);
	/* now the broker has the only one: its death is seen here */
	kernel_call(SYS_close, ends[1]);
	if (!result && question->wants_text_kept)
		result = receive_name_in_handler(client, ends[0], question, reply, fd);
	else if (!result)
		result = receive_in_handler(ends[0], question, reply, question->text,
					    question->text_size, 0, fd);
	kernel_call(SYS_close, ends[0]);
	return result;
}

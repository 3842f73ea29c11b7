// SPDX-License-Identifier: MIT
/*
 * How a listener gets from the child, whose filter it belongs to, to the launcher: over a socket whose number
 * the filter lets through, and which the exec closes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../launch.h"
#include "client_message.h"
#include "numbers.h"

union one_fd {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

long sbp_broker_install_in_child(const struct sock_fprog *program, int fd)
{
	long listener = sbp_bpf_install_with_listener_in_child(program), result;

	if (listener < 0)
		return listener;
	result = sbp_client_send_fd_in_handler(fd, (int)listener);
	sbp_kernel(SYS_close, listener);
	return result;
}

int sbp_broker_receive_listener(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union one_fd control = { .space = { 0 } };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int listener;

	if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 ||
	    message.msg_controllen < CMSG_LEN(sizeof(int)) || control.header.cmsg_type != SCM_RIGHTS)
		return -ENODATA;
	memcpy(&listener, CMSG_DATA(&control.header), sizeof(listener));
	return listener;
}

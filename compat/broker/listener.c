// SPDX-License-Identifier: MIT
/*
 * How a listener gets from the child, whose filter it belongs to, to the launcher: over a socket whose number
 * the filter lets through, and which the exec closes.
 */
#define _GNU_SOURCE
#include "../launch.h"
#include "client_message.h"
#include "numbers.h"

long sbp_broker_install_in_child(const struct sock_fprog *program, int fd)
{
	long listener = sbp_bpf_install_with_listener_in_child(program), result;

	if (listener < 0)
		return listener;
	result = sbp_client_send_fd_in_handler(fd, (int)listener);
	sbp_kernel(SYS_close, listener);
	return result;
}

// SPDX-License-Identifier: MIT
/* Commands whose calls a broker answers by user notification: from the filter to the broker's listener. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bpf/listener.h"
#include "../forget.h"
#include "../launch.h"
#include "filter.h"
#include "launching.h"
#include "numbers.h"

int sbp_ask_broker(const struct sock_fprog *program, const unsigned long *password,
		   struct sock_fprog *out)
{
	struct sock_fprog asking;
	int error = sbp_broker_filter(program, SBP_BROKER_BY_NOTIFICATION, -1, &asking);

	if (error)
		return error;
	error = sbp_handing_program(&asking, password, out);
	sbp_forget_program(&asking);
	return error;
}

long sbp_listen_for_broker_in_child(const struct sock_fprog *program, int socket,
				    const unsigned long *password)
{
	long listener = sbp_bpf_install_with_listener_in_child(program);

	return listener < 0 ? listener : sbp_send_listener_in_child((int)listener, socket, password);
}

/* It waits for its first file, if it came that far: nothing of it is left. */
static int end(pid_t pid, int error)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return error;
}

int sbp_serve_started(struct sbp_broker *broker, int listener, pid_t pid)
{
	int error = listener < 0 ? -ENODATA : sbp_broker_add_listener(broker, listener);

	if (error && listener >= 0)
		close(listener);
	return error ? end(pid, error) : 0;
}

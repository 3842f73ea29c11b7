// SPDX-License-Identifier: MIT
/*
 * User notifications: taking one from a listener and giving it its answer. Owns the listener's calls and the
 * directories that its processes are in.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "notify.h"
#include "notified.h"
#include "numbers.h"

struct response {
	uint64_t id;
	int64_t value;
	int32_t error;
	uint32_t flags;
};

/* 5.9; with the second flag 5.14 */
struct added_fd {
	uint64_t id;
	uint32_t flags, from, as, as_flags;
};
enum { ADD_AND_SEND = 2, CLOSE_ON_EXEC = 02000000, KERNEL_NOTIFICATION = 80 };

#define RECEIVE _IOC(_IOC_READ | _IOC_WRITE, '!', 0, KERNEL_NOTIFICATION)
#define SEND	_IOWR('!', 1, struct response)
#define VALID	_IOW('!', 2, uint64_t)
#define ADD_FD	_IOW('!', 3, struct added_fd)

static long control(int listener, unsigned long request, const void *argument)
{
	return sbp_kernel(SYS_ioctl, listener, (long)request, (long)argument);
}

/* --- Listeners ------------------------------------------------------------------------------ */

/* Who knows the call looks for the notification, which there can't be. */
static bool can_add_fd(int listener)
{
	struct added_fd nobody = { .id = ~UINT64_C(0), .from = (uint32_t)listener };

	return control(listener, ADD_FD, &nobody) == -ENOENT;
}

int sbp_notified_new(int listener, struct sbp_notified **out)
{
	struct sbp_notified *notified;

	if (!can_add_fd(listener))
		return -ENOTSUP;
	notified = calloc(1, sizeof(*notified));
	*out = notified;
	return notified ? 0 : -ENOMEM;
}

void sbp_notified_free(struct sbp_notified *notified)
{
	while (notified && notified->processes) {
		struct sbp_process_directory *next = notified->processes->next;

		free(notified->processes);
		notified->processes = next;
	}
	free(notified);
}

bool sbp_waiting_is_there(const struct sbp_waiting *waiting)
{
	return control(waiting->listener, VALID, &waiting->notification->id) == 0;
}

/* --- Answers -------------------------------------------------------------------------------- */

static void send_value(int listener, uint64_t id, long value)
{
	struct response response = { .id = id };

	if (value < 0)
		response.error = (int32_t)value;
	else
		response.value = value;
	/* ENOENT: it was killed, or a signal came; nobody waits for this one any more */
	control(listener, SEND, &response);
}

/* In one step where the kernel has that: a signal between two would leave the file open and unknown. */
static void send_fd(int listener, uint64_t id, const struct sbp_notified_end *end)
{
	struct added_fd added = { .id = id,
				  .flags = ADD_AND_SEND,
				  .from = (uint32_t)end->fd,
				  .as_flags = end->close_on_exec ? CLOSE_ON_EXEC : 0 };
	long result = control(listener, ADD_FD, &added);

	if (result >= 0)
		return;
	if (result == -EINVAL) {
		added.flags = 0;
		result = control(listener, ADD_FD, &added);
	}
	send_value(listener, id, result);
}

static bool is_waiting(int listener)
{
	struct pollfd poll_fd = { listener, POLLIN, 0 };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN;
}

int sbp_broker_serve_notification(const struct sbp_broker *broker, int listener,
				  struct sbp_notified *notified)
{
	struct sbp_notification notification;
	struct sbp_waiting waiting = { .broker = broker,
				       .notified = notified,
				       .notification = &notification,
				       .listener = listener,
				       .memory = -1 };
	struct sbp_notified_end end = { .fd = -1 };
	long result;

	if (!is_waiting(listener))
		return -EAGAIN;
	/* the kernel insists on zeros */
	memset(&notification, 0, sizeof(notification));
	result = control(listener, RECEIVE, &notification);
	if (result)
		return result == -EINTR || result == -ENOENT ? -EAGAIN : -EPIPE;
	sbp_notified_answer(&waiting, &end);
	if (end.fd >= 0)
		send_fd(listener, notification.id, &end);
	else
		send_value(listener, notification.id, end.value);
	if (end.fd >= 0)
		close(end.fd);
	sbp_waiting_release(&waiting);
	return 0;
}

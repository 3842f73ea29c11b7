/* SPDX-License-Identifier: MIT */
/*
 * Inside of user notifications: the process that waits for an answer, its memory and its descriptors. It can
 * be killed at any moment and its number be another's then: what was opened of it counts only once the
 * kernel has said that the notification is still valid.
 */
#ifndef SBP_BROKER_NOTIFY_H
#define SBP_BROKER_NOTIFY_H

#include <linux/seccomp.h>
#include <sys/types.h>

#include "broker.h"

/* As the kernel has it since 5.0; later kernels only append. */
struct sbp_notification {
	uint64_t id;
	uint32_t pid, flags;
	struct seccomp_data call;
	char later[432];
};

/* Who waits. `thread` is its number; the rest is opened when it is needed: -1 until then. */
struct sbp_waiting {
	const struct sbp_broker *broker;
	struct sbp_notified *notified;
	const struct sbp_notification *notification;
	int listener, memory;
	pid_t process; /* 0: not asked yet */
};

/* How it ended: a value or a negative errno, and where fd is not -1, that descriptor as the value. */
struct sbp_notified_end {
	long value;
	int fd;
	bool close_on_exec;
};

/* notify_call.c: what the call gets. */
void sbp_notified_answer(struct sbp_waiting *waiting, struct sbp_notified_end *end);

/* notify_process.c: 0 or a negative errno; lengths where it says so. -EFAULT: no such memory. */
long sbp_waiting_read_path(struct sbp_waiting *waiting, uint64_t address, char *path, size_t size);
long sbp_waiting_write(struct sbp_waiting *waiting, uint64_t address, const void *from, size_t size);
/* A descriptor of the process's, ours to close: the same open file. */
int sbp_waiting_take_fd(struct sbp_waiting *waiting, int fd);
bool sbp_waiting_is_there(const struct sbp_waiting *waiting);
void sbp_waiting_release(struct sbp_waiting *waiting);
/* Its current directory: without links, with a NUL. */
long sbp_waiting_directory(struct sbp_waiting *waiting, char *path, size_t size);
int sbp_waiting_enter(struct sbp_waiting *waiting, const char *path);

#endif

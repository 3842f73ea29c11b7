// SPDX-License-Identifier: MIT
/*
 * The process that waits: its memory, its descriptors, its current directory. Whatever is opened by its number
 * is used only if the notification is valid after the opening: then it was its own.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "notified.h"
#include "notify.h"
#include "numbers.h"

enum { PAGE = 4096 };

/* --- Memory --------------------------------------------------------------------------------- */

static int open_memory(struct sbp_waiting *waiting)
{
	char path[64];

	if (waiting->memory >= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%u/mem", waiting->notification->pid);
	waiting->memory = open(path, O_RDWR | O_CLOEXEC);
	if (waiting->memory < 0)
		return -EACCES;
	return sbp_waiting_is_there(waiting) ? 0 : -ESRCH;
}

/* The string may end just before memory that is not there. */
long sbp_waiting_read_path(struct sbp_waiting *waiting, uint64_t address, char *path, size_t size)
{
	size_t length = 0;
	int error = open_memory(waiting);

	while (!error && length < size) {
		size_t part = PAGE - (size_t)((address + length) % PAGE);
		ssize_t got;

		if (part > size - length)
			part = size - length;
		got = pread(waiting->memory, path + length, part, (off_t)(address + length));
		if (got <= 0)
			return -EFAULT;
		if (memchr(path + length, 0, (size_t)got))
			return (long)strlen(path);
		length += (size_t)got;
	}
	return error ? error : -ENAMETOOLONG;
}

long sbp_waiting_write(struct sbp_waiting *waiting, uint64_t address, const void *from, size_t size)
{
	int error = open_memory(waiting);

	if (error)
		return error;
	return pwrite(waiting->memory, from, size, (off_t)address) == (ssize_t)size ? 0 : -EFAULT;
}

void sbp_waiting_release(struct sbp_waiting *waiting)
{
	if (waiting->memory >= 0)
		close(waiting->memory);
	waiting->memory = -1;
}

/* --- Descriptors ---------------------------------------------------------------------------- */

/* A number in /proc/TID/status, or -1. */
static long status_of(pid_t thread, const char *field)
{
	char path[64], text[1024];
	const char *found;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = 0;
	/* a program's name comes first, and its newlines are escaped there */
	found = strstr(text, field);
	return found ? strtol(found + strlen(field), NULL, 10) : -1;
}

static pid_t process_of(struct sbp_waiting *waiting)
{
	if (!waiting->process)
		waiting->process = (pid_t)status_of((pid_t)waiting->notification->pid, "\nTgid:");
	return waiting->process;
}

int sbp_waiting_take_fd(struct sbp_waiting *waiting, int fd)
{
	long process = process_of(waiting), taken, handle;

	if (process <= 0)
		return -ESRCH;
	handle = sbp_kernel(SYS_pidfd_open, process, 0);
	if (handle < 0)
		return (int)handle;
	taken = sbp_waiting_is_there(waiting) ? sbp_kernel(SYS_pidfd_getfd, handle, fd, 0) : -ESRCH;
	close((int)handle);
	return (int)taken;
}

/* --- Directories ---------------------------------------------------------------------------- */

static struct sbp_process_directory *find(struct sbp_notified *notified, pid_t process)
{
	struct sbp_process_directory **at = &notified->processes, *found;

	while (*at && (*at)->process != process)
		at = &(*at)->next;
	found = *at;
	if (!found)
		return NULL;
	*at = found->next;
	found->next = notified->processes;
	return notified->processes = found;
}

/* The one that was used least is most likely dead. */
static void forget_oldest(struct sbp_notified *notified)
{
	struct sbp_process_directory **at = &notified->processes;
	size_t count = 0;

	for (; *at && count < SBP_PROCESS_LIMIT; at = &(*at)->next)
		count++;
	while (*at) {
		struct sbp_process_directory *old = *at;

		*at = old->next;
		free(old);
	}
}

/* A child starts where its parent is. */
long sbp_waiting_directory(struct sbp_waiting *waiting, char *path, size_t size)
{
	pid_t process = process_of(waiting);
	const struct sbp_process_directory *found = NULL;
	const char *directory = "/";

	for (int generation = 0; process > 1 && generation < 8; generation++) {
		found = find(waiting->notified, process);
		if (found)
			break;
		process = (pid_t)status_of(process, "\nPPid:");
	}
	if (found)
		directory = found->path;
	return snprintf(path, size, "%s", directory);
}

int sbp_waiting_enter(struct sbp_waiting *waiting, const char *path)
{
	pid_t process = process_of(waiting);
	struct sbp_process_directory *entry = find(waiting->notified, process);

	if (process <= 0)
		return -ESRCH;
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->process = process;
		entry->next = waiting->notified->processes;
		waiting->notified->processes = entry;
		forget_oldest(waiting->notified);
	}
	snprintf(entry->path, sizeof(entry->path), "%s", path);
	return 0;
}

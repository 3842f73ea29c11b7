/* SPDX-License-Identifier: MIT */
/* What /proc says of the threads of this process. Allocates nothing: other threads may hold any lock. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broadcast.h"
#include "probe.h"
#include "uapi.h"

/* As the kernel writes it; libc has no structure for the bare call. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int take_entries(struct sbp_broadcast *b, long length)
{
	const struct entry *entry;
	long at;

	for (at = 0; at < length; at += entry->length) {
		entry = (const void *)(b->text + at);
		if (entry->name[0] < '1' || entry->name[0] > '9')
			continue;
		if (b->found_count == SBP_SLOT_LIMIT)
			return -EOVERFLOW;
		b->found[b->found_count++] = atoi(entry->name);
	}
	return 0;
}

int sbp_list_threads(struct sbp_broadcast *b, bool *whole)
{
	long length = 0, fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/proc/self/task",
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	int error = 0;

	if (fd < 0)
		return (int)fd;
	b->found_count = 0;
	while (!error && (length = sbp_kernel(SYS_getdents64, fd, (long)b->text, sizeof(b->text))) > 0)
		error = take_entries(b, length);
	if (length < 0)
		error = (int)length;
	/* a directory's links: itself, its name, and one for each folder in it */
	*whole = fstat((int)fd, &status) == 0 && b->found_count + 2 >= status.st_nlink;
	sbp_kernel(SYS_close, fd);
	qsort(b->found, b->found_count, sizeof(*b->found), by_number);
	return error;
}

/* In the flags that stat tells: the kernel's PF_EXITING, the same since 2.6. */
#define EXITING 4UL

/* The start of a file about a thread; NULL when there is none. */
static const char *read_about(struct sbp_broadcast *b, pid_t tid, const char *name)
{
	char path[64];
	long fd, length;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
	fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	length = sbp_kernel(SYS_read, fd, (long)b->text, sizeof(b->text) - 1);
	sbp_kernel(SYS_close, fd);
	if (length <= 0)
		return NULL;
	b->text[length] = '\0';
	return b->text;
}

/* The letter of its state and its flags; '\0' when there is none. */
static char state_of_thread(struct sbp_broadcast *b, pid_t tid, unsigned long *flags)
{
	const char *text = read_about(b, tid, "stat"), *rest = text ? strrchr(text, ')') : NULL;
	char state = '\0';

	/* state, then parent, group, session, terminal and its group, flags */
	if (!rest || sscanf(rest, ") %c %*d %*d %*d %*d %*d %lu", &state, flags) != 2)
		return '\0';
	return state;
}

bool sbp_thread_lives(struct sbp_broadcast *b, pid_t tid)
{
	unsigned long flags = 0;
	char state;

	if (sbp_kernel(SYS_tgkill, b->process, tid, 0) == -ESRCH)
		return false;
	/* a first thread that ended before the others stays as a zombie, and signals to it are taken; one that
	 * is on its way to exit takes them too, and where processors are short that way is long */
	state = state_of_thread(b, tid, &flags);
	return state && state != 'Z' && state != 'X' && !(flags & EXITING);
}

bool sbp_thread_lacks_processor(struct sbp_broadcast *b, pid_t tid, int number)
{
	unsigned long flags;
	const char *text, *line;

	if (state_of_thread(b, tid, &flags) != 'R')
		return false;
	text = read_about(b, tid, "status");
	line = text ? strstr(text, "\nSigBlk:") : NULL;
	return line && !(strtoull(line + strlen("\nSigBlk:"), NULL, 16) >> (number - 1) & 1);
}

int sbp_thread_seccomp(struct sbp_broadcast *b, pid_t tid)
{
	const char *text = read_about(b, tid, "status"),
		   *line = text ? strstr(text, "\nSeccomp:") : NULL;

	return line ? atoi(line + strlen("\nSeccomp:")) : -1;
}

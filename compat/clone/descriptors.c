/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors the command gets: those that were passed, and no other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "clone.h"
#include "uapi.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* 5.9; 5.11: */
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static bool is_passed(const struct sbp_setup *setup, long fd)
{
	for (size_t i = 0; i < setup->fd_count; i++)
		if (setup->fds[i].as == fd)
			return true;
	return false;
}

/* A number above all that are asked for. */
static long copy_up(const struct sbp_setup *setup, int fd)
{
	return sbp_kernel(SYS_fcntl, fd, F_DUPFD_CLOEXEC, setup->first_free_fd);
}

/* A directory is a way out of any root. */
static long judge(const struct sbp_setup *setup, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -EBADF;
	if (S_ISDIR(status.st_mode) && setup->isolated && setup->root != SBP_ROOT_KEPT)
		return -EISDIR;
	return 0;
}

/* First all to numbers that nobody asked for, then each to its own: the lists may overlap. */
long sbp_pass_fds_in_child(struct sbp_setup *setup)
{
	int copies[SBP_FD_LIMIT];
	long result;

	for (size_t i = 0; i < setup->fd_count; i++) {
		result = judge(setup, setup->fds[i].from);
		if (!result)
			result = copy_up(setup, setup->fds[i].from);
		if (result < 0)
			return result;
		copies[i] = (int)result;
	}
	if (setup->init) {
		result = copy_up(setup, setup->started[1]);
		if (result < 0)
			return result;
		setup->started[1] = (int)result; /* the launcher keeps its own numbers of these */
	}
	if (setup->listening.len) {
		result = copy_up(setup, setup->report[1]);
		if (result < 0)
			return result;
		setup->report[1] = (int)result;
	}
	for (size_t i = 0; i < setup->fd_count; i++) {
		result = sbp_kernel(SYS_dup3, copies[i], setup->fds[i].as, 0);
		if (result < 0)
			return result;
		sbp_kernel(SYS_close, copies[i]);
	}
	return 0;
}

/* For kernels before 5.11. A limit on descriptors says nothing of how many are open: it may have been
 * lowered since. */
static long close_each_on_exec(const struct sbp_setup *setup)
{
	char buffer[1024] __attribute__((aligned(8)));
	long fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/proc/self/fd",
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long bytes;

	if (fd < 0)
		return fd;
	while ((bytes = sbp_kernel(SYS_getdents64, fd, (long)buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < bytes;) {
			/* struct linux_dirent64: inode, offset, length, type, name */
			unsigned short length = *(unsigned short *)(buffer + at + 16);
			long number = 0, result = 0;

			for (const char *digit = buffer + at + 19; *digit >= '0' && *digit <= '9';)
				number = number * 10 + (*digit++ - '0');
			if (buffer[at + 19] != '.' && !is_passed(setup, number))
				result = sbp_kernel(SYS_fcntl, number, F_SETFD, FD_CLOEXEC);
			if (result < 0)
				return result;
			at += length;
		}
	sbp_kernel(SYS_close, fd);
	return bytes;
}

long sbp_close_fds_on_exec_in_child(struct sbp_setup *setup)
{
	long result = sbp_kernel(SYS_close_range, 0, ~0U, CLOSE_RANGE_CLOEXEC);

	if (result == -ENOSYS || result == -EINVAL)
		return close_each_on_exec(setup);
	for (size_t i = 0; !result && i < setup->fd_count; i++)
		result = sbp_kernel(SYS_fcntl, setup->fds[i].as, F_SETFD, 0);
	return result;
}

/* For a process that makes no exec: all. Before 5.9 one by one, as far as they are likely. */
void sbp_close_fds_in_child(void)
{
	if (sbp_kernel(SYS_close_range, 0, ~0U, 0) == 0)
		return;
	for (int fd = 0; fd < 1 << 16; fd++)
		sbp_kernel(SYS_close, fd);
}

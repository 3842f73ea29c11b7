/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors the command gets: those that were passed, and no other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "clone.h"
#include "uapi.h"

/* 5.11; the call itself: 5.9 */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static bool is_asked_for(const struct sbp_setup *setup, int fd)
{
	for (size_t i = 0; i < setup->fd_count; i++)
		if (setup->fds[i].as == fd)
			return true;
	return false;
}

/* A number above all that the caller asks for. The highest are the broker's socket's and the exec's: who comes that
 * far has too low a limit, and would be overwritten. */
static long copy_up(const struct sbp_setup *setup, int fd)
{
	long result = sbp_kernel(SYS_fcntl, fd, F_DUPFD_CLOEXEC, setup->first_free_fd);

	return result >= 0 && is_asked_for(setup, (int)result) ? -EMFILE : result;
}

static long keep(const struct sbp_setup *setup, int *fd)
{
	long result = copy_up(setup, *fd);

	if (result >= 0 && result == setup->exec_fd)
		return -EMFILE;
	if (result >= 0)
		*fd = (int)result;
	return result < 0 ? result : 0;
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

/* Only here, so that whoever waits on it is not kept waiting by the launcher's own copy. By libc, for i386
 * has no call of its own for it before 4.3. */
static long open_line_in_child(struct sbp_setup *setup)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, setup->line))
		return -errno;
	setup->fds[setup->fd_count++] = (struct sbp_passed_fd){ setup->line[1], setup->line_as };
	return 0;
}

/* First all to numbers that nobody asked for, then each to its own: the lists may overlap. */
long sbp_pass_fds_in_child(struct sbp_setup *setup)
{
	int copies[SBP_ALL_FD_LIMIT];
	long result = setup->later ? open_line_in_child(setup) : 0;

	if (result)
		return result;
	for (size_t i = 0; i < setup->fd_count; i++) {
		result = judge(setup, setup->fds[i].from);
		if (!result)
			result = copy_up(setup, setup->fds[i].from);
		if (result < 0)
			return result;
		copies[i] = (int)result;
	}
	/* these are for before an exec, or a process that makes none; the loader's is what is executed */
	result = setup->started[1] < 0 ? 0 : keep(setup, &setup->started[1]);
	if (!result)
		result = setup->loader_fd < 0 ? 0 : keep(setup, &setup->loader_fd);
	if (!result)
		result = setup->line[0] < 0 ? 0 : keep(setup, &setup->line[0]);
	if (!result)
		result = setup->report[1] < 0 ? 0 : keep(setup, &setup->report[1]);
	if (result)
		return result;
	for (size_t i = 0; i < setup->fd_count; i++) {
		result = sbp_kernel(SYS_dup3, copies[i], setup->fds[i].as, 0);
		if (result < 0)
			return result;
		sbp_kernel(SYS_close, copies[i]);
	}
	return 0;
}

/* Those that stay, in order, and behind them one that is above all. */
struct stay {
	int count;
	unsigned int fds[SBP_ALL_FD_LIMIT + 4];
};

static void let_stay(struct stay *stay, int fd)
{
	int at = stay->count;

	if (fd < 0)
		return;
	for (; at > 0 && stay->fds[at - 1] > (unsigned int)fd; at--)
		stay->fds[at] = stay->fds[at - 1];
	stay->fds[at] = (unsigned int)fd;
	stay->count++;
}

static bool stays(const struct stay *stay, unsigned int fd)
{
	for (int i = 0; i < stay->count; i++)
		if (stay->fds[i] == fd)
			return true;
	return false;
}

static long close_one(unsigned int fd, unsigned int flags)
{
	return flags ? sbp_kernel(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC) : sbp_kernel(SYS_close, fd);
}

/* For kernels before 5.11, and below a filter that does not know the newer call. A limit on descriptors says nothing of how many are open: it may have been
 * lowered since. */
static long close_each(const struct stay *stay, unsigned int flags)
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
			unsigned int number = 0;
			long result = 0;

			for (const char *digit = buffer + at + 19; *digit >= '0' && *digit <= '9';)
				number = number * 10 + (unsigned int)(*digit++ - '0');
			if (buffer[at + 19] != '.' && number != (unsigned int)fd &&
			    !stays(stay, number))
				result = close_one(number, flags);
			if (result < 0)
				return result;
			at += length;
		}
	sbp_kernel(SYS_close, fd);
	return bytes;
}

static long close_between(const struct stay *stay, unsigned int flags)
{
	unsigned int from = 0;
	long result = 0;

	for (int i = 0; i < stay->count && !result; i++) {
		if (stay->fds[i] > from)
			result = sbp_kernel(SYS_close_range, from, stay->fds[i] - 1, flags);
		from = stay->fds[i] + 1;
	}
	return result ? result : sbp_kernel(SYS_close_range, from, ~0U, flags);
}

/* And where there is no /proc, as far as they are likely. */
static long close_likely(const struct stay *stay, unsigned int flags)
{
	for (unsigned int fd = 0; fd < 1 << 16; fd++)
		if (!stays(stay, fd))
			close_one(fd, flags);
	return 0;
}

/* What is not passed is closed by the exec; a copy makes none, so it closes them here. */
long sbp_close_other_fds_in_child(struct sbp_setup *setup)
{
	unsigned int flags = setup->copy ? 0 : CLOSE_RANGE_CLOEXEC;
	struct stay stay = { 0 };
	long result;

	for (size_t i = 0; i < setup->fd_count; i++)
		let_stay(&stay, setup->fds[i].as);
	let_stay(&stay, setup->started[1]);
	let_stay(&stay, setup->line[0]);
	result = close_between(&stay, flags);
	if (result == -ENOSYS || result == -EINVAL || result == -EPERM)
		result = close_each(&stay, flags);
	if (result == -ENOENT && setup->init)
		result = close_likely(&stay, flags);
	return result;
}

// SPDX-License-Identifier: MIT
/* From rootfs to a root that is mounted: leave_rootfs.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leave_rootfs.h"

#define NEW_ROOT "/new.root"

static int copy_bytes(const char *from, const char *to)
{
	static char bytes[1 << 16];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ssize_t n = in < 0 || out < 0 ? -1 : 1;

	while (n > 0 && (n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			n = -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n < 0 ? -1 : 0;
}

static int copy_file(const char *path, const struct stat *status, const char *to)
{
	char target[4096] = "";

	if (S_ISLNK(status->st_mode))
		return readlink(path, target, sizeof(target) - 1) < 0 ? -1 : symlink(target, to);
	if (S_ISDIR(status->st_mode)   ? mkdir(to, 0700)
	    : S_ISREG(status->st_mode) ? copy_bytes(path, to)
				       : mknod(to, status->st_mode, status->st_rdev))
		return -1;
	return chown(to, status->st_uid, status->st_gid) ? -1 : chmod(to, status->st_mode & 07777);
}

/* Nothing is there twice for long, for the memory of a guest is small. */
static int move_file(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	char to[4096];

	(void)kind;
	if (!at->level || !strcmp(path, NEW_ROOT))
		return 0;
	snprintf(to, sizeof(to), NEW_ROOT "%s", path);
	if (copy_file(path, status, to))
		return -1;
	return S_ISDIR(status->st_mode) ? 0 : unlink(path);
}

/* A bind mount of rootfs, or where it can't be bound, before 3.12, a file system that its files move to. */
static int make_root(void)
{
	mkdir(NEW_ROOT, 0755);
	if (!mount("/", NEW_ROOT, NULL, MS_BIND, NULL))
		return 0;
	return mount("root", NEW_ROOT, "ramfs", 0, "mode=0755") ||
	       nftw("/", move_file, 16, FTW_PHYS | FTW_MOUNT);
}

const char *leave_rootfs(void)
{
	if (make_root())
		return "making another";
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		return "entering another";
	rmdir(NEW_ROOT);
	return NULL;
}

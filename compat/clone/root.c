/* SPDX-License-Identifier: MIT */
/*
 * The filesystem of the child: an empty root that nothing can be put into, a given directory, or the
 * launcher's own. Owns how the old root is left behind for good.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "clone.h"
#include "uapi.h"

#ifndef O_PATH
#define O_PATH 010000000 /* 2.6.39 */
#endif
#ifndef ST_RELATIME
#define ST_RELATIME 4096 /* statfs f_flags: 2.6.36 */
#endif

enum { MOUNTS_ON_ROOT = 64 };
enum { SEALED = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC };

static long mount_in_child(const char *what, const char *where, const char *type,
			   unsigned long flags, const char *options)
{
	return sbp_kernel(SYS_mount, (long)what, (long)where, (long)type, (long)flags, (long)options);
}

/* What is mounted here shall not be seen outside, nor what is mounted there come in. */
long sbp_privatise_mounts_in_child(struct sbp_setup *setup)
{
	(void)setup;
	return mount_in_child("none", "/", "none", MS_REC | MS_PRIVATE, 0);
}

/*
 * Kernels before 3.19 run no file that has no name: there it gets one, as the only one in its root, and not
 * to be written. Flags that the file's mount has already may not be taken off.
 */
static long put_command_in_child(int command)
{
	char path[32] = "/proc/self/fd/";
	struct statfs status;
	unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
	long fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)&SBP_COMMAND_INSIDE[1],
			     O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0500);
	long result;

	if (fd < 0)
		return fd;
	sbp_kernel(SYS_close, fd);
	sbp_write_number_in_child(path + strlen(path), (unsigned int)command);
	if (fstatfs(command, &status))
		return -errno;
	flags |= (unsigned long)status.f_flags & (MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
	flags |= status.f_flags & ST_RELATIME ? MS_RELATIME : 0;
	result = mount_in_child(path, &SBP_COMMAND_INSIDE[1], "none", MS_BIND, 0);
	if (!result)
		result = mount_in_child("none", &SBP_COMMAND_INSIDE[1], "none",
					MS_REMOUNT | MS_BIND | flags, 0);
	return result ? result
		      : mount_in_child("none", ".", "none", MS_REMOUNT | MS_BIND | SEALED, 0);
}

/* "/" is always there to mount on; ".." of the root leads into what is mounted over it. */
static long mount_empty_in_child(const struct sbp_setup *setup)
{
	bool command = setup->no_execveat && !setup->copy && !setup->later;
	unsigned long flags = command ? SEALED & ~(unsigned long)MS_RDONLY : SEALED;
	long result = mount_in_child("empty", "/", "tmpfs", flags, "size=4k,mode=0555");

	if (!result)
		result = sbp_kernel(SYS_chdir, (long)"/..");
	return !result && command ? put_command_in_child(setup->command_fd) : result;
}

static long mount_directory_in_child(const char *directory)
{
	long result = mount_in_child(directory, directory, "none", MS_BIND | MS_REC, 0);

	return result ? result : sbp_kernel(SYS_chdir, (long)directory);
}

/*
 * The initial root file system can't be pivoted: there it stays below the new one, out of reach of all
 * who can neither unmount nor have a directory of it open.
 */
static long cover_root_in_child(void)
{
	long result = mount_in_child(".", "/", "none", MS_MOVE, 0);

	if (result && result != -ELOOP) /* it lies over "/" already */
		return result;
	return sbp_kernel(SYS_chroot, (long)".");
}

/* A root that its user may enter, but not list, can be opened without reading it (2.6.39). */
static long open_root_in_child(void)
{
	long fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -EACCES)
		fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/*
 * From within, for only there is "." the same mount to every kernel: from the new root newer ones take the old
 * one that lies over it, and 3.4 the new one itself. What lies over the old one may be met first: all
 * is gone when "." is no more than a directory of nowhere (EINVAL).
 */
static long take_root_away_in_child(long old)
{
	long result = sbp_kernel(SYS_fchdir, old);

	if (!result)
		result = sbp_kernel(SYS_umount2, (long)".", MNT_DETACH);
	if (result)
		return result;
	for (int i = 0; !result && i < MOUNTS_ON_ROOT; i++)
		result = sbp_kernel(SYS_umount2, (long)".", MNT_DETACH);
	return result == -EINVAL ? 0 : result ? result : -ELOOP;
}

/* The old root is put over the new one, and taken away from there. */
static long change_root_in_child(void)
{
	long old = open_root_in_child(), result;

	if (old < 0)
		return old;
	result = sbp_kernel(SYS_pivot_root, (long)".", (long)".");
	if (result == -EINVAL)
		result = cover_root_in_child();
	else if (!result)
		result = take_root_away_in_child(old);
	sbp_kernel(SYS_close, old);
	return result ? result : sbp_kernel(SYS_chdir, (long)"/");
}

/*
 * A /proc of the launcher's shows its processes. In its place comes one of the own PID namespace, not to
 * be written: to the kernel, a launcher that is root is the owner of its settings still. Where that
 * is refused, because parts of the old one are hidden, there is none.
 */
static long renew_proc_in_child(void)
{
	struct statfs status;
	long result;

	if (statfs("/proc", &status))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (status.f_type != PROC_SUPER_MAGIC)
		return 0;
	result = mount_in_child("proc", "/proc", "proc", SEALED, 0);
	if (result == -EPERM)
		result = mount_in_child("empty", "/proc", "tmpfs", SEALED, "size=4k,mode=0555");
	return result;
}

long sbp_leave_files_in_child(const struct sbp_setup *setup)
{
	long result = 0;

	if (setup->root == SBP_ROOT_EMPTY)
		result = mount_empty_in_child(setup);
	else if (setup->root == SBP_ROOT_DIRECTORY)
		result = mount_directory_in_child(setup->directory);
	if (!result && setup->root != SBP_ROOT_KEPT)
		result = change_root_in_child();
	if (!result && setup->root != SBP_ROOT_EMPTY)
		result = renew_proc_in_child();
	return result;
}

/* Until it asks for its root the child has the launcher's. */
long sbp_enter_root_in_child(struct sbp_setup *setup)
{
	return setup->later ? renew_proc_in_child() : sbp_leave_files_in_child(setup);
}

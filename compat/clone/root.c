/* SPDX-License-Identifier: MIT */
/*
 * The filesystem of the child: an empty root that nothing can be put into, a given directory, or the
 * launcher's own. Owns how the old root is left behind for good.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "clone.h"
#include "uapi.h"

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

/* "/" is always there to mount on; ".." of the root leads into what is mounted over it. */
static long mount_empty_in_child(void)
{
	long result = mount_in_child("empty", "/", "tmpfs", SEALED, "size=4k,mode=0555");

	return result ? result : sbp_kernel(SYS_chdir, (long)"/..");
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

/* The old root is put over the new one, and taken away from there. */
static long change_root_in_child(void)
{
	long result = sbp_kernel(SYS_pivot_root, (long)".", (long)".");

	if (result == -EINVAL)
		result = cover_root_in_child();
	else if (!result)
		result = sbp_kernel(SYS_umount2, (long)".", MNT_DETACH);
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

	if (statfs("/proc", &status) || status.f_type != PROC_SUPER_MAGIC)
		return 0;
	result = mount_in_child("proc", "/proc", "proc", SEALED, 0);
	if (result == -EPERM)
		result = mount_in_child("empty", "/proc", "tmpfs", SEALED, "size=4k,mode=0555");
	return result;
}

long sbp_enter_root_in_child(struct sbp_setup *setup)
{
	long result = 0;

	if (setup->root == SBP_ROOT_EMPTY)
		result = mount_empty_in_child();
	else if (setup->root == SBP_ROOT_DIRECTORY)
		result = mount_directory_in_child(setup->directory);
	if (!result && setup->root != SBP_ROOT_KEPT)
		result = change_root_in_child();
	if (!result && setup->root != SBP_ROOT_EMPTY)
		result = renew_proc_in_child();
	return result;
}

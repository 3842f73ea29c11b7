// SPDX-License-Identifier: MIT
/* Ways to files: by name, by what was open, by /proc, by handles and mounts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static int read_file(const struct target *target)
{
	return read_at(AT_FDCWD, target->file);
}

static int write_file(const struct target *target)
{
	int fd = open(target->file, O_WRONLY);

	return fd < 0 ? -errno : answer(write(fd, "x", 1));
}

static int read_passwd(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/etc/passwd");
}

static int climb_out(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "../../../../../../../../../../etc/passwd");
}

static int create_file(const struct target *target)
{
	char path[5000];
	int fd;

	snprintf(path, sizeof(path), "%s.new", target->file);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd < 0) /* or anywhere */
		fd = open("/new", O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return -errno;
	unlink(path);
	unlink("/new");
	return 0;
}

static int stat_file(const struct target *target)
{
	struct stat status;

	return answer(stat(target->file, &status));
}

/* What it runs itself is no secret to a command: on some kernels that has a name there. */
static int list_root(const struct target *target)
{
	char buffer[4096] __attribute__((aligned(8)));
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	long bytes = fd < 0 ? -1 : syscall(SYS_getdents64, fd, buffer, sizeof(buffer));

	if (bytes < 0)
		return -errno;
	for (long at = 0; at < bytes; at += *(unsigned short *)(buffer + at + 16)) {
		const char *name = buffer + at + 19;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    !(target->named_command && strcmp(name, "command") == 0))
			return 0;
	}
	return -ENOENT;
}

static int inherited_directory(const struct target *target)
{
	return read_at(target->directory, "etc/passwd");
}

static int enter_inherited_directory(const struct target *target)
{
	return fchdir(target->directory) ? -errno : read_at(AT_FDCWD, "etc/passwd");
}

static int any_descriptor(const struct target *target)
{
	UNUSED;
	for (int fd = 3; fd < 5000; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return 0;
	return -EBADF;
}

static int proc_1(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/proc/1/status");
}

static int proc_self_root(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/proc/self/root/etc/passwd");
}

static int device(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/dev/zero");
}

static int file_handle(const struct target *target)
{
	struct {
		struct file_handle head;
		char room[128];
	} handle = { .head = { .handle_bytes = 128 } };
	int mount;

	/* not every file system has them */
	if (!name_to_handle_at(AT_FDCWD, "/etc", &handle.head, &mount, 0))
		return 0;
	return answer(name_to_handle_at(AT_FDCWD, target->file, &handle.head, &mount, 0));
}

static int watch_files(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_inotify_init1, 0));
}

static int watch_all_files(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_fanotify_init, 0, O_RDONLY));
}

static int new_filesystem(const struct target *target)
{
	UNUSED;
	return answer(syscall(430 /* fsopen */, "tmpfs", 0));
}

static int change_root(const struct target *target)
{
	UNUSED;
	return answer(chroot("/"));
}

/* --- More ways to the same files ---------------------------------------------------------------- */

static int link_to_file(const struct target *target)
{
	char path[5000];
	int result;

	snprintf(path, sizeof(path), "%s.link", target->file);
	result = answer(link(target->file, path));
	unlink(path);
	return result;
}

static int change_mode(const struct target *target)
{
	return answer(chmod(target->file, 0600));
}

static int change_times(const struct target *target)
{
	return answer(utimensat(AT_FDCWD, target->file, NULL, 0));
}

static int list_attributes(const struct target *target)
{
	return answer(listxattr(target->file, NULL, 0));
}

static int stat_file_system(const struct target *target)
{
	struct statfs status;

	return answer(statfs(target->file, &status));
}

static int inherited_file(const struct target *target)
{
	char byte;

	return answer(pread(target->open_file, &byte, 1, 0));
}

/* /proc/PID/WHAT and a file that lies in every root, so in none that is empty. */
static int proc_victims(const struct target *target, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", target->victim, what);
	return read_at(AT_FDCWD, path);
}

static int proc_victims_root(const struct target *target)
{
	return proc_victims(target, "root/etc/passwd");
}

static int proc_victims_directory(const struct target *target)
{
	return proc_victims(target, "cwd/etc/passwd");
}

static int proc_self_fd(const struct target *target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->open_file);
	return read_at(AT_FDCWD, path);
}

static int write_setting(const struct target *target)
{
	UNUSED;
	int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);

	return fd < 0 ? -errno : 0;
}

static int make_device(const struct target *target)
{
	char path[5000];
	int result;

	snprintf(path, sizeof(path), "%s.device", target->file);
	result = answer(mknod(path, S_IFCHR | 0600, makedev(1, 5)));
	unlink(path);
	return result;
}

/* The handle came from outside; any descriptor of the file system says which one is meant. */
static int open_file_handle(const struct target *target)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} handle = { .head = { .handle_bytes = target->handle_size,
			       .handle_type = target->handle_type } };
	int at = target->directory, fd;

	if (!target->handle_size)
		return -ENODATA;
	memcpy(handle.room, target->handle, target->handle_size);
	if (fcntl(at, F_GETFD) == -1)
		at = open("/", O_RDONLY | O_DIRECTORY);
	fd = open_by_handle_at(at < 0 ? 0 : at, &handle.head, O_RDONLY);
	if (fd < 0 && errno == ESTALE) /* that was another file system */
		fd = open_by_handle_at(open(target->file, O_RDONLY), &handle.head, O_RDONLY);
	return fd < 0 ? -errno : 0;
}

/* --- Mounts: where it works it is done in a namespace of its own, or taken back at once ------------ */

static int mount_tmpfs(const struct target *target)
{
	int result;

	UNUSED;
	unshare(CLONE_NEWNS);
	result = answer(mount("attack", "/", "tmpfs", 0, "size=4k"));
	/* "/" is what lies below it on kernels that do not look for a mount on it: 3.4 takes its only root away then */
	if (!result)
		umount2("/..", MNT_DETACH);
	return result;
}

static int remount(const struct target *target)
{
	UNUSED;
	unshare(CLONE_NEWNS);
	return answer(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static int unmount_proc(const struct target *target)
{
	UNUSED;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return answer(umount2("/proc", MNT_DETACH));
}

static int copy_mount(const struct target *target)
{
	UNUSED;
	return answer(syscall(428 /* open_tree, 5.2 */, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */));
}

static int pivot_root(const struct target *target)
{
	UNUSED;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("attack", "/tmp", "tmpfs", 0, "size=4k") || chdir("/tmp"))
		return -errno;
	return answer(syscall(SYS_pivot_root, ".", "."));
}

const struct attack files_attacks[] = {
	{ "read a file", read_file, BUT_READING, NULL },
	{ "write a file", write_file, BOTH, NULL },
	{ "read /etc/passwd", read_passwd, BUT_READING, NULL },
	{ "climb out by ..", climb_out, BUT_READING, NULL },
	{ "create a file", create_file, BOTH, NULL },
	{ "link to a file", link_to_file, BOTH, NULL },
	{ "change a file's mode", change_mode, BOTH, NULL },
	{ "change a file's times", change_times, BOTH, NULL },
	{ "read a file's extended attributes", list_attributes, BUT_READING, NULL },
	{ "see a file", stat_file, BUT_READING, NULL },
	{ "see a file system", stat_file_system, BUT_READING, NULL },
	{ "list the root", list_root, BUT_READING, NULL },
	{ "read below an inherited directory", inherited_directory, BY_LAUNCH, NULL },
	{ "enter an inherited directory", enter_inherited_directory, BY_LAUNCH, NULL },
	{ "read an inherited file", inherited_file, BY_LAUNCH, NULL },
	{ "have any inherited descriptor", any_descriptor, BY_LAUNCH, NULL },
	{ "read /proc/1", proc_1, BUT_READING, NULL },
	{ "read by /proc/self/root", proc_self_root, BUT_READING, NULL },
	{ "read by /proc/PID/root", proc_victims_root, BUT_READING, NULL },
	{ "read by /proc/PID/cwd", proc_victims_directory, BUT_READING, NULL },
	{ "read by /proc/self/fd", proc_self_fd, BUT_READING, NULL },
	{ "write a setting in /proc/sys", write_setting, BOTH, NULL },
	{ "open a device", device, BUT_READING, NULL },
	{ "make a device", make_device, BOTH, NULL },
	{ "make a file handle", file_handle, BY_FILTER, NULL },
	{ "open a file by its handle", open_file_handle, BOTH, NULL },
	{ "watch files", watch_files, BY_FILTER, NULL },
	{ "watch all files", watch_all_files, BY_FILTER, NULL },
	{ "mount a file system", mount_tmpfs, BOTH, NULL },
	{ "mount anew what is mounted", remount, BOTH, NULL },
	{ "take a mount away", unmount_proc, BOTH, NULL },
	{ "make a file system", new_filesystem, BOTH, NULL },
	{ "copy a mount", copy_mount, BOTH, NULL },
	{ "change the root", change_root, BOTH, NULL },
	{ "pivot the root", pivot_root, BOTH, NULL },
	{ 0 },
};

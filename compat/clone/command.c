/* SPDX-License-Identifier: MIT */
/*
 * The command: opening and judging the file, and its exec, the one that the filter lets through
 * (prologue.c).
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bpf/listener.h"
#include "../broker/launching.h"
#include "clone.h"
#include "uapi.h"

static long fail(struct sbp_setup *setup, const char *step, long error)
{
	setup->step = step;
	return error;
}

/* --- Judging ------------------------------------------------------------------------------ */

/* ENODATA: none. EOPNOTSUPP: this file system has none. Others, EOVERFLOW for one, mean that there
 * are some. */
static bool has_capabilities(int fd)
{
	long result = sbp_kernel(SYS_fgetxattr, fd, (long)"security.capability", 0, 0);

	return result != -ENODATA && result != -EOPNOTSUPP && result != -ENOSYS;
}

/* What a file begins with: all that is looked at, as a rule. */
struct head {
	long length;
	union {
		unsigned char bytes[1024];
		Elf32_Ehdr half;
		Elf64_Ehdr full;
	};
};

/* pread(2) takes its offset in two pieces on some machines, and libc's is a place to be cancelled. */
static bool read_at(int fd, const struct head *head, void *buffer, size_t size, uint64_t offset)
{
	if (offset + size <= (uint64_t)head->length && offset + size >= offset) {
		memcpy(buffer, head->bytes + offset, size);
		return true;
	}
	if (offset > INT32_MAX || sbp_kernel(SYS_lseek, fd, (long)offset, SEEK_SET) < 0)
		return false;
	return sbp_kernel(SYS_read, fd, (long)buffer, (long)size) == (long)size;
}

/* Where the file has no name, or none by the time of its exec. */
static bool is_nameless(const struct sbp_setup *setup)
{
	return setup->isolated && setup->root == SBP_ROOT_EMPTY && !setup->later;
}

/* True where the kernel will look for no other file to run this one. */
static bool stands_alone(int fd, const struct head *head)
{
	bool full = head->bytes[EI_CLASS] == ELFCLASS64;
	uint64_t at = full ? head->full.e_phoff : head->half.e_phoff;
	unsigned int count = full ? head->full.e_phnum : head->half.e_phnum;
	size_t size = full ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (head->length < (long)(full ? sizeof(head->full) : sizeof(head->half)) ||
	    memcmp(head->bytes, ELFMAG, SELFMAG) != 0)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t type; /* first in both */

		if (!read_at(fd, head, &type, sizeof(type), at + (uint64_t)i * size) ||
		    type == PT_INTERP)
			return false;
	}
	return count > 0;
}

/* Its interpreter would look for it by a descriptor that exec has closed. */
static bool is_script(const struct head *head)
{
	return head->length >= 2 && head->bytes[0] == '#' && head->bytes[1] == '!';
}

/* Set-id bits and file capabilities do nothing after no_new_privs: such a command would run without
 * what it relies on. */
long sbp_judge_privileges(int fd, const char **step)
{
	struct stat status;

	if (fstat(fd, &status))
		return -EBADF;
	if (!S_ISREG(status.st_mode))
		return -EACCES;
	if (status.st_mode & S_ISUID || (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		*step = "set-id command";
	else if (has_capabilities(fd))
		*step = "command with capabilities";
	else
		return 0;
	return -EPERM;
}

/* The loader's descriptor is of every launch, and where it was read to is not known. */
static long read_head(int fd, struct head *head)
{
	long result = sbp_kernel(SYS_lseek, fd, 0, SEEK_SET);

	if (!result)
		result = sbp_kernel(SYS_read, fd, (long)head->bytes, sizeof(head->bytes));
	head->length = result;
	return result < 0 ? result : 0;
}

static long judge(struct sbp_setup *setup, int fd)
{
	struct head head;
	long error = sbp_judge_privileges(fd, &setup->step);

	if (!error)
		error = read_head(fd, &head);
	if (error)
		return error;
	if (is_nameless(setup) && !stands_alone(fd, &head))
		return fail(setup, "command that is not static", -ELIBACC);
	if (setup->program.len && is_script(&head))
		return fail(setup, "script under a filter", -ENOEXEC);
	return 0;
}

/* The name is still that of the file that was made. */
static long check_loader(const struct sbp_setup *setup, int fd)
{
	struct stat made, found;

	if (fstat(setup->loader_fd, &made) || fstat(fd, &found))
		return -EBADF;
	return made.st_dev == found.st_dev && made.st_ino == found.st_ino ? 0 : -ESTALE;
}

static long open_file(const char *path)
{
	return sbp_kernel(SYS_openat, AT_FDCWD, (long)path,
			  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static long open_loader(const struct sbp_setup *setup)
{
	long fd = setup->loader_file ? open_file(setup->loader_file) : setup->loader_fd, error;

	if (fd < 0 || !setup->loader_file)
		return fd;
	error = check_loader(setup, (int)fd);
	return error ? error : fd;
}

static long open_command(struct sbp_setup *setup)
{
	long fd = setup->loader_fd >= 0 ? open_loader(setup) : open_file(setup->command);

	if (fd < 0)
		return fd;
	setup->command_fd = (int)fd;
	return judge(setup, setup->command_fd);
}

long sbp_open_command_in_child(struct sbp_setup *setup)
{
	setup->command_fd = -1;
	if (setup->isolated && setup->root == SBP_ROOT_DIRECTORY && !setup->later)
		return 0;
	return open_command(setup);
}

long sbp_open_command_inside_in_child(struct sbp_setup *setup)
{
	return setup->command_fd < 0 ? open_command(setup) : 0;
}

/* --- Its exec -------------------------------------------------------------------------------- */

long sbp_reserve_exec_in_child(struct sbp_setup *setup)
{
	long result;

	if (setup->exec_fd < 0 || setup->command_fd == setup->exec_fd)
		return 0;
	if (setup->init && setup->started[1] == setup->exec_fd)
		return -EMFILE;
	result = sbp_kernel(SYS_dup3, setup->command_fd, setup->exec_fd, O_CLOEXEC);
	if (result >= 0)
		setup->command_fd = setup->exec_fd;
	return result < 0 ? result : 0;
}

long sbp_install_filter_in_child(struct sbp_setup *setup)
{
	bool installed = false;
	long result;

	if (setup->must_listen)
		return sbp_listen_for_broker_in_child(&setup->listening, setup->report[1],
						      setup->password);
	if (setup->listening.len) {
		result = sbp_bpf_listen_in_child(&setup->listening, setup->report[1],
						 setup->password, &installed);
		if (!result || installed)
			return result;
		/* there is a listener already, or an outer filter forbids one: no report then */
	}
	return setup->program.len ? sbp_bpf_install_in_child(&setup->program) : 0;
}

static long exec_in_child(const struct sbp_setup *setup, const char *path)
{
	const unsigned long *password = setup->password;

	return sbp_kernel(SYS_execve, (long)path, (long)setup->argv, (long)setup->envp,
			  (long)password[0], (long)password[1], (long)password[2]);
}

/* The file that was judged, whatever has its name by now; where there is no /proc, what has its name. */
static long exec_judged_in_child(const struct sbp_setup *setup)
{
	char path[32] = "/proc/self/fd/";
	long result;

	sbp_write_number_in_child(path + strlen(path), (unsigned int)setup->command_fd);
	result = exec_in_child(setup, path);
	return result == -ENOENT || result == -ENOTDIR ? exec_in_child(setup, setup->command)
						       : result;
}

/*
 * By its descriptor: the file that was judged, under a filter or in a root where it has no name. Else by
 * name, which scripts need, and /proc/PID/comm. Kernels without such a call have other ways to the same. The
 * password is nothing to the kernel, that has no fourth argument here.
 */
long sbp_exec_in_child(struct sbp_setup *setup)
{
	setup->arrived = true;
	if (!setup->program.len && !is_nameless(setup))
		return exec_in_child(setup, setup->command);
	if (!setup->no_execveat)
		return sbp_kernel(SBP_SYS_execveat, setup->command_fd, (long)"", (long)setup->argv,
				  (long)setup->envp, AT_EMPTY_PATH);
	return is_nameless(setup) ? exec_in_child(setup, SBP_COMMAND_INSIDE)
				  : exec_judged_in_child(setup);
}

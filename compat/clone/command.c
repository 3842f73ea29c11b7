/* SPDX-License-Identifier: MIT */
/*
 * The command: opening and judging the file, and its exec, the one that the filter lets through.
 *
 * The filter knows that one by its descriptor's number. That number lies above the limit of descriptors
 * that is set before the filter, and exec closes it: nobody in the sandbox can ever have it open again,
 * so the same call made later finds no file by it. (By an absolute path it does, where the root is not
 * empty: what runs then is under the same filter, without any privilege.)
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone.h"
#include "uapi.h"

/* 3.19 */
#ifndef SYS_execveat
#if defined(__x86_64__)
#define SYS_execveat 322
#elif defined(__i386__)
#define SYS_execveat 358
#elif defined(__arm__)
#define SYS_execveat 387
#elif defined(__aarch64__)
#define SYS_execveat 281
#endif
#endif

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

/* pread(2) takes its offset in two pieces on some machines, and libc's is a place to be cancelled. */
static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	if (offset > INT32_MAX || sbp_kernel(SYS_lseek, fd, (long)offset, SEEK_SET) < 0)
		return false;
	return sbp_kernel(SYS_read, fd, (long)buffer, (long)size) == (long)size;
}

/* True where the kernel will look for no other file to run this one. */
static bool stands_alone(int fd)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr half;
		Elf64_Ehdr full;
	} header;
	uint64_t at;
	unsigned int count, size;
	bool full;

	memset(&header, 0, sizeof(header));
	if (!read_at(fd, &header, sizeof(header.half), 0) ||
	    memcmp(header.ident, ELFMAG, SELFMAG) != 0)
		return false;
	full = header.ident[EI_CLASS] == ELFCLASS64;
	if (full && !read_at(fd, &header, sizeof(header), 0))
		return false;
	at = full ? header.full.e_phoff : header.half.e_phoff;
	count = full ? header.full.e_phnum : header.half.e_phnum;
	size = full ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t type; /* first in both */

		if (!read_at(fd, &type, sizeof(type), at + (uint64_t)i * size) || type == PT_INTERP)
			return false;
	}
	return count > 0;
}

/* Its interpreter would look for it by a descriptor that exec has closed. */
static bool is_script(int fd)
{
	char mark[2];

	return read_at(fd, mark, sizeof(mark), 0) && mark[0] == '#' && mark[1] == '!';
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

static long judge(struct sbp_setup *setup, int fd)
{
	long error = sbp_judge_privileges(fd, &setup->step);

	if (error)
		return error;
	if (setup->isolated && setup->root == SBP_ROOT_EMPTY && !stands_alone(fd))
		return fail(setup, "command that is not static", -ELIBACC);
	if (setup->program.len && is_script(fd))
		return fail(setup, "script under a filter", -ENOEXEC);
	return 0;
}

static long open_command(struct sbp_setup *setup)
{
	long fd = setup->loader_fd;

	if (fd < 0)
		fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)setup->command,
				O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	setup->command_fd = (int)fd;
	return judge(setup, setup->command_fd);
}

long sbp_open_command_in_child(struct sbp_setup *setup)
{
	setup->command_fd = -1;
	if (setup->isolated && setup->root == SBP_ROOT_DIRECTORY)
		return 0;
	return open_command(setup);
}

long sbp_open_command_inside_in_child(struct sbp_setup *setup)
{
	return setup->command_fd < 0 ? open_command(setup) : 0;
}

/* --- One exec, and no second ---------------------------------------------------------------- */

long sbp_reserve_exec_in_child(struct sbp_setup *setup)
{
	long result;

	if (!setup->program.len || setup->command_fd == setup->exec_fd)
		return 0;
	if (setup->init && setup->started[1] == setup->exec_fd)
		return -EMFILE;
	result = sbp_kernel(SYS_dup3, setup->command_fd, setup->exec_fd, O_CLOEXEC);
	if (result >= 0)
		setup->command_fd = setup->exec_fd;
	return result < 0 ? result : 0;
}

/*
 * Every jump of a classic program is relative: these can stand before any other. The arguments are ints to
 * the kernel, their upper halves nothing. Where the exec fails, the child must be able to exit.
 */
#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define JUMP(value, same, other) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, same, other)

enum { PROLOGUE_FD = 6, PROLOGUE_LENGTH = 10 };

static const struct sock_filter prologue[PROLOGUE_LENGTH] = {
	LOAD(arch),
	JUMP(SBP_AUDIT_ARCH, 0, 8),
	LOAD(nr),
	JUMP(SYS_exit_group, 5, 0),
	JUMP(SYS_execveat, 0, 5),
	LOAD(args[0]),
	JUMP(0, 0, 3), /* PROLOGUE_FD */
	LOAD(args[4]),
	JUMP(AT_EMPTY_PATH, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

int sbp_allow_one_exec(const struct sock_fprog *policy, struct sock_fprog *out)
{
	size_t length = PROLOGUE_LENGTH + (size_t)policy->len;

	if (!policy->len || length > BPF_MAXINSNS)
		return policy->len ? -E2BIG : -EINVAL;
	out->filter = calloc(length, sizeof(*out->filter));
	if (!out->filter)
		return -ENOMEM;
	out->len = (unsigned short)length;
	memcpy(out->filter, prologue, sizeof(prologue));
	memcpy(out->filter + PROLOGUE_LENGTH, policy->filter, policy->len * sizeof(*out->filter));
	return 0;
}

void sbp_set_exec_fd(struct sock_fprog *program, int fd)
{
	if (program->len)
		program->filter[PROLOGUE_FD].k = (uint32_t)fd;
}

long sbp_install_filter_in_child(struct sbp_setup *setup)
{
	return setup->program.len ? sbp_bpf_install_in_child(&setup->program) : 0;
}

/* By its descriptor: the file that was judged, under a filter or in a root where it has no name. Else by
 * name, which scripts need, and /proc/PID/comm. */
long sbp_exec_in_child(struct sbp_setup *setup)
{
	bool nameless = setup->isolated && setup->root == SBP_ROOT_EMPTY;

	setup->reached_exec = true;
	if (setup->program.len || nameless)
		return sbp_kernel(SYS_execveat, setup->command_fd, (long)"", (long)setup->argv,
				  (long)setup->envp, AT_EMPTY_PATH);
	return sbp_kernel(SYS_execve, (long)setup->command, (long)setup->argv, (long)setup->envp);
}

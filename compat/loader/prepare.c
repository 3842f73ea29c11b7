/* SPDX-License-Identifier: MIT */
/* Opens and judges what the loader will load, before anything is started. Owns the loader's file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../broker/broker.h"
#include "../broker/filter.h"
#include "../forget.h"
#include "elf.h"
#include "filter.h"
#include "inside.h"
#include "prepare.h"
#include "uapi.h"

/* 3.17 */
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* 6.3: asked for where an administrator changed what is usual */
#endif

extern const char sbp_loader_image[], sbp_loader_image_end[];

/* Not the paths: most starts load nothing, and never touch their pages. */
static void hold_nothing(struct sbp_loading *loading)
{
	memset(loading, 0, offsetof(struct sbp_loading, path));
	loading->loader = loading->program = loading->interpreter = -1;
	loading->broker = loading->report = -1;
}

static int fail(const char **step, const char *what, int error)
{
	*step = what;
	return error;
}

static bool read_file(void *from, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got = pread(*(const int *)from, buffer, size, (off_t)offset);

	return got == (ssize_t)size;
}

/* --- The program and its dynamic loader ------------------------------------------------------- */

static int open_file(const char *path, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return -EACCES;
	}
	*size = (uint64_t)status.st_size;
	return fd;
}

static int open_interpreter(struct sbp_loading *loading, const struct sbp_elf *program,
			    const char **step)
{
	char path[SBP_ELF_INTERPRETER_LIMIT];
	struct sbp_elf elf;
	uint64_t size = 0;
	const char *fault = sbp_elf_read_interpreter(program, read_file, &loading->program, path);

	if (fault)
		return fail(step, fault, -ENOEXEC);
	loading->interpreter = open_file(path, &size);
	if (loading->interpreter < 0)
		return fail(step, "its dynamic loader (PT_INTERP)", loading->interpreter);
	fault = sbp_elf_read(&elf, read_file, &loading->interpreter, size,
			     (uintptr_t)sysconf(_SC_PAGESIZE));
	return fault ? fail(step, fault, -ELIBBAD) : 0;
}

static bool is_script(int fd)
{
	char mark[2];

	return read_file(&fd, mark, sizeof(mark), 0) && mark[0] == '#' && mark[1] == '!';
}

static int look_at(struct sbp_loading *loading, uint64_t size, const char **step)
{
	struct sbp_elf elf;
	long error = sbp_judge_privileges(loading->program, step);
	const char *fault;

	if (error)
		return (int)error;
	if (is_script(loading->program))
		return fail(step, "script under a filter", -ENOEXEC);
	fault = sbp_elf_read(&elf, read_file, &loading->program, size,
			     (uintptr_t)sysconf(_SC_PAGESIZE));
	if (fault)
		return fail(step, fault, -ENOEXEC);
	return elf.interpreter_length ? open_interpreter(loading, &elf, step) : 0;
}

static int open_command(struct sbp_loading *loading, const char *command, const char **step)
{
	uint64_t size = 0;

	*step = "command";
	loading->program = open_file(command, &size);
	return loading->program < 0 ? loading->program : look_at(loading, size, step);
}

static bool is_dynamic(const struct sbp_loading *loading)
{
	return loading->interpreter >= 0;
}

/* --- The loader ------------------------------------------------------------------------------- */

/* A file in memory has no name: nothing to clean up, and nowhere where it could not be executed. */
static int create_in_memory(void)
{
	long fd = sbp_kernel(SYS_memfd_create, (long)"sandbox-loader", MFD_CLOEXEC | MFD_EXEC);

	if (fd == -EINVAL)
		fd = sbp_kernel(SYS_memfd_create, (long)"sandbox-loader", MFD_CLOEXEC);
	return (int)fd;
}

static int write_loader(int fd)
{
	for (const char *from = sbp_loader_image; from < sbp_loader_image_end;) {
		ssize_t written = write(fd, from, (size_t)(sbp_loader_image_end - from));

		if (written <= 0)
			return written ? -errno : -EIO;
		from += written;
	}
	return 0;
}

/* Before execveat(2) it is executed by a name (and before 3.17 there are no files in memory): it has one
 * until it was. Nobody executes what is open for writing. */
static int create_by_name(struct sbp_loading *loading)
{
	int fd = mkostemp(strcpy(loading->file, "/tmp/sandbox-loader.XXXXXX"), O_CLOEXEC), error;

	if (fd < 0) {
		error = -errno;
		loading->file[0] = '\0';
		return error;
	}
	error = write_loader(fd);
	if (!error && fchmod(fd, 0500))
		error = -errno;
	close(fd);
	if (error)
		return error;
	loading->loader = open(loading->file, O_RDONLY | O_CLOEXEC);
	return loading->loader < 0 ? -errno : 0;
}

static int create_loader(struct sbp_loading *loading, const struct sbp_setup *setup)
{
	if (!setup->no_execveat)
		loading->loader = create_in_memory();
	return loading->loader < 0 ? create_by_name(loading) : write_loader(loading->loader);
}

static int make_arguments(struct sbp_loading *loading, const struct sbp_setup *setup)
{
	size_t count = 0;

	while (setup->argv[count])
		count++;
	if (!realpath(setup->command, loading->path))
		return -errno;
	if (!getcwd(loading->directory, sizeof(loading->directory)))
		strcpy(loading->directory, "/"); /* it is gone: nothing in it could be opened */
	loading->argv = calloc(count + SBP_LOADER_ARGUMENTS + 1, sizeof(*loading->argv));
	if (!loading->argv)
		return -ENOMEM;
	loading->argv[SBP_LOADER_PATH] = loading->path;
	loading->argv[SBP_LOADER_DIRECTORY] = loading->directory;
	loading->argv[SBP_LOADER_BROKER] = loading->number;
	loading->argv[SBP_LOADER_COMMAND] = loading->process;
	if (setup->wants_report)
		strcpy(loading->process, setup->init ? "2" : "1");
	memcpy(loading->argv + SBP_LOADER_ARGUMENTS, setup->argv, count * sizeof(*setup->argv));
	return 0;
}

static void hand_over(struct sbp_setup *setup, int fd, int as)
{
	setup->fds[setup->fd_count++] = (struct sbp_passed_fd){ fd, as };
}

/*
 * The broker's socket stays, just below the number for the exec and, as that, above the limit: nothing else
 * can be put in its place, for which the filter would let messages pass. (Where exec is by name, nothing is
 * put out of reach.) The files' are gone before the program starts.
 */
static int pass_descriptors(struct sbp_loading *loading, struct sbp_setup *setup)
{
	const int number = setup->exec_fd < 0 ? SBP_LOADER_INTERPRETER_FD + 1 : setup->exec_fd - 1;

	if (number <= SBP_LOADER_INTERPRETER_FD)
		return -EMFILE;
	if (setup->exec_fd >= 0 && setup->nofile > (uint64_t)number)
		setup->nofile = (uint64_t)number;
	hand_over(setup, loading->program, SBP_LOADER_PROGRAM_FD);
	if (loading->interpreter >= 0)
		hand_over(setup, loading->interpreter, SBP_LOADER_INTERPRETER_FD);
	hand_over(setup, loading->broker, number);
	setup->first_free_fd = SBP_LOADER_INTERPRETER_FD + 1;
	setup->first_free_fd += number == setup->first_free_fd;
	snprintf(loading->number, sizeof(loading->number), "%d", number);
	return number;
}

static int make_filter(struct sbp_loading *loading, const struct sock_fprog *program, int number)
{
	struct sock_fprog with_broker;
	int error = sbp_broker_filter(program, SBP_BROKER_BY_SIGNAL, number, &with_broker);

	if (error)
		return error;
	error = sbp_loading_filter(&with_broker, number, &loading->filter);
	sbp_forget_program(&with_broker);
	return error;
}

static int take_place(struct sbp_loading *loading, struct sbp_setup *setup, const char **step)
{
	int error, number;

	error = make_arguments(loading, setup);
	if (error)
		return fail(step, "command", error);
	error = create_loader(loading, setup);
	if (error)
		return fail(step, "file of the loader", error);
	number = pass_descriptors(loading, setup);
	if (number < 0)
		return fail(step, "number of descriptors", number);
	error = make_filter(loading, &setup->program, number);
	if (error)
		return fail(step, "filter", error);
	loading->plain = setup->program;
	setup->program = loading->filter;
	setup->argv = (char *const *)loading->argv;
	setup->loader_fd = loading->loader;
	setup->loader_file = loading->file[0] ? loading->file : NULL;
	return 0;
}

void sbp_loading_end(struct sbp_loading *loading, struct sbp_setup *setup)
{
	const int fds[] = { loading->loader, loading->program, loading->interpreter,
			    loading->broker, loading->report };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (loading->filter.len)
		setup->program = loading->plain;
	sbp_forget_program(&loading->filter);
	if (loading->file[0])
		unlink(loading->file);
	free(loading->argv);
	hold_nothing(loading);
}

/* --- Whether at all --------------------------------------------------------------------------- */

bool sbp_is_loadable(const struct sbp_setup *setup)
{
	return setup->command && setup->filtered && setup->isolated && !setup->later &&
	       setup->root == SBP_ROOT_EMPTY;
}

bool sbp_is_dynamic_command(const struct sbp_setup *setup)
{
	struct sbp_loading loading;
	struct sbp_setup unchanged;
	const char *step;
	bool dynamic;

	hold_nothing(&loading);
	dynamic = !open_command(&loading, setup->command, &step) && is_dynamic(&loading);
	sbp_loading_end(&loading, &unchanged);
	return dynamic;
}

int sbp_load(struct sbp_setup *setup, struct sbp_broker *broker, struct sbp_loading *loading)
{
	const char *step = "command";
	int error;

	hold_nothing(loading);
	if (!sbp_is_loadable(setup))
		return 0;
	error = open_command(loading, setup->command, &step);
	/* what can't be opened, the child will find out in its turn */
	if (!broker && (loading->program < 0 || (!error && !is_dynamic(loading))))
		return 0;
	if (error)
		return sbp_fail(setup, step, 0, error);
	if (faccessat(AT_FDCWD, setup->command, X_OK, AT_EACCESS))
		return sbp_fail(setup, "command", 0, -errno);
	if (!broker)
		return sbp_fail(setup, "command that is not static", 0, -ELIBACC);
	error = setup->wants_report
			? sbp_broker_connect_reporting(broker, &loading->broker, &loading->report)
			: sbp_broker_connect(broker, &loading->broker);
	if (error)
		return sbp_fail(setup, "connection to the broker", 0, error);
	error = take_place(loading, setup, &step);
	return error ? sbp_fail(setup, step, 0, error) : 0;
}

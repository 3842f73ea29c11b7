/* SPDX-License-Identifier: MIT */
/*
 * What the launcher settles before a clone: the ids that the child will no longer see, and how the filter is
 * to know its one exec.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../bpf/listener.h"
#include "../broker/launching.h"
#include "clone.h"
#include "uapi.h"

#ifndef SYS_getrandom
#if defined(__x86_64__)
#define SYS_getrandom 318
#elif defined(__i386__)
#define SYS_getrandom 355
#elif defined(__arm__)
#define SYS_getrandom 384
#elif defined(__aarch64__)
#define SYS_getrandom 278
#endif
#endif

enum { FDS_BY_DEFAULT = 1024, RANDOM_WITHOUT_WAITING = 1 /* GRND_NONBLOCK */ };

/* The filter's exec uses the number just at the limit that is set before. */
static int choose_exec_fd(struct sbp_setup *setup)
{
	uint64_t now[2], number = FDS_BY_DEFAULT, limit = RLIM_INFINITY;
	long result = sbp_kernel(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)now);

	if (result)
		return (int)result;
	for (size_t i = 0; i < setup->limit_count; i++)
		if (setup->limits[i].resource == RLIMIT_NOFILE)
			number = limit = setup->limits[i].value;
	if (number >= now[0])
		number = now[0] - 1;
	if (number < (uint64_t)setup->first_free_fd)
		number = (uint64_t)setup->first_free_fd;
	setup->exec_fd = (int)number;
	setup->nofile = limit < number ? limit : number;
	return now[0] && number < now[0] ? 0 : -EMFILE;
}

/* getrandom(2) is younger (3.17) than what it is needed for, and waits where the kernel has just booted: the
 * device is what there was before. */
static int draw_password(struct sbp_setup *setup)
{
	long size = sizeof(setup->password), fd;
	long result = sbp_kernel(SYS_getrandom, (long)setup->password, size, RANDOM_WITHOUT_WAITING);

	if (result == size)
		return 0;
	fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (int)fd;
	result = sbp_kernel(SYS_read, fd, (long)setup->password, size);
	sbp_kernel(SYS_close, fd);
	return result == size ? 0 : result < 0 ? (int)result : -EIO;
}

/* With nothing to run it says EBADF. 3.19 brought it; an outer filter that does not know it yet says
 * EPERM. */
static bool lacks_execveat(void)
{
	long result = sbp_kernel(SBP_SYS_execveat, -1, (long)"", 0, 0, AT_EMPTY_PATH);

	return result == -ENOSYS || result == -EPERM;
}

/* What this kernel can't tell is not told. */
static int prepare_report(struct sbp_setup *setup)
{
	struct sock_fprog listening;
	int error = setup->by_password ? 0 : draw_password(setup);

	if (error)
		return sbp_fail(setup, "random numbers", 0, error);
	if (!sbp_listening_program(&setup->program, setup->password, &listening))
		setup->listening = listening;
	return 0;
}

static int prepare_listening(struct sbp_setup *setup)
{
	int error = setup->by_password ? 0 : draw_password(setup);

	if (error)
		return sbp_fail(setup, "random numbers", 0, error);
	error = sbp_ask_broker(&setup->program, setup->password, &setup->listening);
	return error ? sbp_fail(setup, "notification", SBP_FEATURE_SECCOMP_USER_NOTIF, error) : 0;
}

static int prepare_exec(struct sbp_setup *setup)
{
	bool nameless = setup->isolated && setup->root == SBP_ROOT_EMPTY && !setup->later;
	int error = 0;

	if (setup->filtered || nameless)
		setup->no_execveat = lacks_execveat();
	if (!setup->filtered)
		return 0;
	if (setup->no_execveat) {
		error = draw_password(setup);
		if (error)
			return sbp_fail(setup, "random numbers", 0, error);
		setup->by_password = true;
		setup->program = sbp_allow_exec_by_password(&setup->policy, setup->password);
	} else {
		error = choose_exec_fd(setup);
		if (error)
			return sbp_fail(setup, "number of descriptors", 0, error);
		setup->program = sbp_allow_exec_of_fd(&setup->policy, setup->exec_fd);
	}
	if (setup->must_listen)
		return prepare_listening(setup);
	return setup->wants_report ? prepare_report(setup) : 0;
}

/*
 * Before 3.8 root gets a user namespace that gives nobody any right in it, and before 3.5 has no map to write:
 * worse than none. The kernels whose namespaces are of use show them in /proc.
 */
static bool has_idle_users(void)
{
	return !sbp_kernel(SYS_faccessat, AT_FDCWD, (long)"/proc/self", F_OK) &&
	       sbp_kernel(SYS_faccessat, AT_FDCWD, (long)"/proc/self/ns/user", F_OK) == -ENOENT;
}

int sbp_prepare(struct sbp_setup *setup)
{
	setup->init = setup->init && setup->isolated; /* it needs a PID namespace */
	setup->uid = geteuid();
	setup->gid = getegid();
	setup->own_users = setup->isolated && !setup->by_root;
	if (setup->own_users && !setup->uid && has_idle_users())
		setup->own_users = false;
	snprintf(setup->uid_map, sizeof(setup->uid_map), "%u %u 1", setup->uid, setup->uid);
	snprintf(setup->gid_map, sizeof(setup->gid_map), "%u %u 1", setup->gid, setup->gid);
	setup->first_free_fd = 3;
	if (setup->later && setup->line_as >= setup->first_free_fd)
		setup->first_free_fd = setup->line_as + 1;
	for (size_t i = 0; i < setup->fd_count; i++)
		if (setup->fds[i].as >= setup->first_free_fd)
			setup->first_free_fd = setup->fds[i].as + 1;
	setup->exec_fd = setup->listener = -1;
	setup->listening = (struct sock_fprog){ 0 };
	if (!setup->copy)
		return prepare_exec(setup);
	if (setup->filtered && setup->policy.len)
		setup->program = sbp_without_prologue(&setup->policy);
	return 0;
}

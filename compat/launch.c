/* SPDX-License-Identifier: MIT */
/*
 * From a plan to a child: the setters of struct sbp_launch, what is refused before anything is started,
 * and making a setup ready for the strategy. Documented in sandbox-probe.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone/clone.h"
#include "uapi.h"

enum { GUARD = 64 << 10 /* the largest page */, STACK = 64 << 10, FDS_BY_DEFAULT = 1024 };

/* The child's memory for one start. Stacks grow down, each into a guard. */
struct area {
	char inner_guard[GUARD], inner_stack[STACK], guard[GUARD], stack[STACK];
	struct sbp_setup setup;
};

struct sbp_launch {
	struct sbp_setup setup;
	bool has_isolation, has_syscalls, filtered, broadcast, init;
	int min_level;
	struct sock_fprog program;
	enum sbp_feature plan_lacks; /* for a stronger plan */
	const char *failed_step;
	enum sbp_feature missing;
};

static int fail(struct sbp_launch *launch, const char *step, enum sbp_feature missing, int error)
{
	launch->failed_step = step;
	launch->missing = missing;
	return error;
}

/* --- Setting up --------------------------------------------------------------------------- */

int sbp_launch_new(struct sbp_launch **launch)
{
	*launch = calloc(1, sizeof(**launch));
	if (!*launch)
		return -ENOMEM;
	(*launch)->min_level = SBP_LEVEL_LAYERED;
	(*launch)->setup.root = SBP_ROOT_EMPTY;
	(*launch)->setup.loader_fd = -1;
	(*launch)->setup.die_with_parent = true;
	return 0;
}

struct sbp_launch *sbp_launch_unref(struct sbp_launch *launch)
{
	if (launch)
		free(launch->program.filter);
	free(launch);
	return NULL;
}

int sbp_launch_set_command(struct sbp_launch *launch, const char *path, char *const argv[],
			   char *const envp[])
{
	if (!path || !argv || !argv[0] || !envp)
		return -EINVAL;
	launch->setup.command = path;
	launch->setup.argv = argv;
	launch->setup.envp = envp;
	return 0;
}

/* Every strategy by its name, and those that are only names yet. */
int sbp_launch_set_strategies(struct sbp_launch *launch, const char *isolation, const char *syscalls)
{
	if (isolation && !strcmp(isolation, "suid"))
		return fail(launch, "strategy suid", SBP_FEATURE_SUID_HELPER, -ENOSYS);
	if (syscalls && !strcmp(syscalls, "trusted-thread"))
		return fail(launch, "strategy trusted-thread", 0, -ENOSYS);
	if (isolation && strcmp(isolation, "clone") != 0 && strcmp(isolation, "none") != 0)
		return fail(launch, "strategy", 0, -EINVAL);
	if (syscalls && strcmp(syscalls, "bpf") != 0 && strcmp(syscalls, "none") != 0)
		return fail(launch, "strategy", 0, -EINVAL);
	if (isolation) {
		launch->setup.isolated = !strcmp(isolation, "clone");
		launch->has_isolation = true;
	}
	if (syscalls) {
		launch->filtered = !strcmp(syscalls, "bpf");
		launch->has_syscalls = true;
	}
	return 0;
}

/* What keeps a plan from the strategy that would make it stronger. */
static enum sbp_feature lacking(const struct sbp_plan *plan, const char *strategy)
{
	const struct sbp_rejected *rejected;

	for (size_t i = 0; (rejected = sbp_plan_rejected(plan, i)); i++)
		if (!strcmp(rejected->strategy, strategy) && rejected->missing[0])
			return rejected->missing[0];
	return 0;
}

int sbp_launch_set_plan(struct sbp_launch *launch, const struct sbp_plan *plan)
{
	const char *threads = sbp_plan_threads(plan);
	int error =
		sbp_launch_set_strategies(launch, sbp_plan_isolation(plan), sbp_plan_syscalls(plan));

	if (error)
		return error;
	launch->broadcast = threads && !strcmp(threads, "broadcast");
	launch->plan_lacks = lacking(plan, launch->setup.isolated ? "bpf" : "clone");
	return 0;
}

int sbp_launch_set_filter(struct sbp_launch *launch, const struct sock_fprog *filter)
{
	struct sock_fprog program;
	int error = sbp_allow_one_exec(filter, &program);

	if (error)
		return error;
	free(launch->program.filter);
	launch->program = program;
	return 0;
}

int sbp_launch_set_policy(struct sbp_launch *launch, const char *name)
{
	struct sock_fprog policy;
	int error = sbp_policy_program(name, &policy);

	return error ? error : sbp_launch_set_filter(launch, &policy);
}

int sbp_launch_pass_fd(struct sbp_launch *launch, int fd, int as)
{
	struct sbp_setup *setup = &launch->setup;
	size_t i = 0;

	if (fd < 0 || as < 0 || as >= SBP_FD_NUMBER_LIMIT)
		return -EBADF;
	while (i < setup->fd_count && setup->fds[i].as != as)
		i++;
	if (i == SBP_FD_LIMIT)
		return -EMFILE;
	setup->fds[i] = (struct sbp_passed_fd){ fd, as };
	setup->fd_count += i == setup->fd_count;
	return 0;
}

int sbp_launch_set_root(struct sbp_launch *launch, enum sbp_root root, const char *directory)
{
	if (root != SBP_ROOT_EMPTY && root != SBP_ROOT_DIRECTORY && root != SBP_ROOT_KEPT)
		return -EINVAL;
	if ((root == SBP_ROOT_DIRECTORY) != !!directory)
		return -EINVAL;
	launch->setup.root = root;
	launch->setup.directory = directory;
	return 0;
}

void sbp_launch_set_share_net(struct sbp_launch *launch, bool share)
{
	launch->setup.share_net = share;
}

void sbp_launch_set_die_with_parent(struct sbp_launch *launch, bool die)
{
	launch->setup.die_with_parent = die;
}

void sbp_launch_set_init(struct sbp_launch *launch, bool init)
{
	launch->init = init;
}

int sbp_launch_set_limit(struct sbp_launch *launch, int resource, unsigned long long value)
{
	struct sbp_setup *setup = &launch->setup;
	size_t i = 0;

	if (resource < 0 || resource >= RLIM_NLIMITS)
		return -EINVAL;
	while (i < setup->limit_count && setup->limits[i].resource != resource)
		i++;
	if (i == SBP_RLIMIT_LIMIT)
		return -E2BIG;
	setup->limits[i] = (struct sbp_limit){ resource, value };
	setup->limit_count += i == setup->limit_count;
	return 0;
}

int sbp_launch_set_min_level(struct sbp_launch *launch, int level)
{
	if (!sbp_level_name(level))
		return -EINVAL;
	launch->min_level = level;
	return 0;
}

const char *sbp_launch_failed_step(const struct sbp_launch *launch)
{
	return launch->failed_step;
}

enum sbp_feature sbp_launch_missing(const struct sbp_launch *launch)
{
	return launch->missing;
}

/* --- What is refused ------------------------------------------------------------------------ */

/* A directory that is the root already hides nothing. */
static bool keeps_root(const struct sbp_setup *setup)
{
	struct stat root, directory;

	if (setup->root != SBP_ROOT_DIRECTORY)
		return setup->root == SBP_ROOT_KEPT;
	return !stat("/", &root) && !stat(setup->directory, &directory) &&
	       root.st_dev == directory.st_dev && root.st_ino == directory.st_ino;
}

int sbp_launch_level(const struct sbp_launch *launch)
{
	const struct sbp_setup *setup = &launch->setup;

	if (!setup->isolated && !launch->filtered)
		return SBP_LEVEL_NONE;
	if (!setup->isolated || !launch->filtered || setup->share_net || keeps_root(setup))
		return SBP_LEVEL_PARTIAL;
	return launch->broadcast ? SBP_LEVEL_LAYERED : SBP_LEVEL_FULL;
}

static int check_level(struct sbp_launch *launch)
{
	if (sbp_launch_level(launch) >= launch->min_level)
		return 0;
	if (launch->setup.isolated && launch->filtered && keeps_root(&launch->setup))
		return fail(launch, "least level, with a kept root", 0, -ENOTSUP);
	if (launch->setup.isolated && launch->filtered && launch->setup.share_net)
		return fail(launch, "least level, with a shared network", 0, -ENOTSUP);
	return fail(launch, "least level", launch->plan_lacks, -ENOTSUP);
}

/* Without namespaces there is no way to another root: nobody shall believe that he has one. */
static int check(struct sbp_launch *launch)
{
	if (!launch->setup.command)
		return fail(launch, "command", 0, -EINVAL);
	if (!launch->has_isolation || !launch->has_syscalls)
		return fail(launch, "plan", 0, -EINVAL);
	if (launch->filtered && !launch->program.len)
		return fail(launch, "policy", 0, -EINVAL);
	if (!launch->setup.isolated && launch->setup.root == SBP_ROOT_DIRECTORY)
		return fail(launch, "root without isolation", 0, -EINVAL);
	return check_level(launch);
}

/* --- Starting ----------------------------------------------------------------------------- */

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

static int prepare(struct sbp_launch *launch)
{
	struct sbp_setup *setup = &launch->setup;
	int error = 0;

	setup->init = launch->init && setup->isolated; /* it needs a PID namespace */
	setup->uid = geteuid();
	setup->gid = getegid();
	snprintf(setup->uid_map, sizeof(setup->uid_map), "%u %u 1", setup->uid, setup->uid);
	snprintf(setup->gid_map, sizeof(setup->gid_map), "%u %u 1", setup->gid, setup->gid);
	setup->first_free_fd = 3;
	for (size_t i = 0; i < setup->fd_count; i++)
		if (setup->fds[i].as >= setup->first_free_fd)
			setup->first_free_fd = setup->fds[i].as + 1;
	setup->program = (struct sock_fprog){ 0 };
	if (launch->filtered) {
		setup->program = launch->program;
		error = choose_exec_fd(setup);
		sbp_set_exec_fd(&setup->program, setup->exec_fd);
	}
	return error ? fail(launch, "number of descriptors", 0, error) : 0;
}

/* A child leaves its stack by exec, with all that AddressSanitizer marked there: the next may get the same
 * addresses. */
#ifdef __SANITIZE_ADDRESS__
void __asan_unpoison_memory_region(const volatile void *address, size_t size);
#else
#define __asan_unpoison_memory_region(address, size) ((void)(address))
#endif

/* An init's memory is a copy, but what it has to tell must be seen here. */
static struct area *map_area(const struct sbp_setup *setup)
{
	struct area *area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE,
				 MAP_ANONYMOUS | (setup->init ? MAP_SHARED : MAP_PRIVATE), -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	if (mprotect(area->inner_guard, GUARD, PROT_NONE) || mprotect(area->guard, GUARD, PROT_NONE)) {
		munmap(area, sizeof(*area));
		return NULL;
	}
	__asan_unpoison_memory_region(area, sizeof(*area));
	area->setup = *setup;
	area->setup.inner_stack = area->inner_stack + STACK;
	return area;
}

int sbp_launch_start(struct sbp_launch *launch, pid_t *pid)
{
	struct area *area;
	int error = check(launch);

	if (!error)
		error = prepare(launch);
	if (error)
		return error;
	area = map_area(&launch->setup);
	if (!area)
		return fail(launch, "memory", 0, -ENOMEM);
	error = sbp_clone_start(&area->setup, area->stack + STACK, pid);
	if (error)
		fail(launch, area->setup.step, area->setup.feature, error);
	else
		fail(launch, NULL, 0, 0);
	munmap(area, sizeof(*area));
	return error;
}

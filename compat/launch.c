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
#include "bpf/listener.h"
#include "broker/launching.h"
#include "forget.h"
#include "loader/prepare.h"
#include "uapi.h"

enum { GUARD = 64 << 10 /* the largest page */, STACK = 64 << 10 };

/*
 * The child's memory for one start. Stacks grow down, each into a guard; the setup begins a page. An init takes the
 * inner stack only, for its command.
 */
struct area {
	char inner_guard[GUARD], inner_stack[STACK], guard[GUARD], stack[STACK];
	struct sbp_setup setup;
};

struct sbp_launch {
	struct sbp_setup setup;
	bool has_isolation, has_syscalls, broadcast;
	int *report;
	int min_level;
	struct sbp_broker *broker;
	struct area *kept;	     /* of an earlier start, for the next */
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
	if (launch) {
		free(launch->setup.policy.filter);
		sbp_broker_unref(launch->broker);
		if (launch->kept)
			munmap(launch->kept, sizeof(*launch->kept));
	}
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
		launch->setup.filtered = !strcmp(syscalls, "bpf");
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
	launch->setup.by_root = sbp_plan_needs_root(plan);
	launch->plan_lacks = lacking(plan, launch->setup.isolated ? "bpf" : "clone");
	return 0;
}

int sbp_launch_set_filter(struct sbp_launch *launch, const struct sock_fprog *filter)
{
	struct sock_fprog kept;
	int error = sbp_keep_policy(filter, &kept);

	if (error)
		return error;
	free(launch->setup.policy.filter);
	launch->setup.policy = kept;
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

int sbp_launch_set_broker(struct sbp_launch *launch, struct sbp_broker *broker)
{
	if (broker)
		sbp_broker_ref(broker);
	sbp_broker_unref(launch->broker);
	launch->broker = broker;
	return 0;
}

int sbp_launch_needs_broker(const struct sbp_launch *launch)
{
	return sbp_is_loadable(&launch->setup) && sbp_is_dynamic_command(&launch->setup);
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
	launch->setup.init = init;
}

int sbp_launch_set_later(struct sbp_launch *launch, int as)
{
	if (as < 0 || as >= SBP_FD_NUMBER_LIMIT)
		return -EBADF;
	launch->setup.later = true;
	launch->setup.line_as = as;
	return 0;
}

void sbp_launch_set_report(struct sbp_launch *launch, int *descriptor)
{
	launch->report = descriptor;
	launch->setup.wants_report = descriptor;
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

/* A directory that is the root already hides nothing. One that is not there will be found out. */
static bool keeps_root(const struct sbp_setup *setup)
{
	struct stat root, directory;

	if (setup->root != SBP_ROOT_DIRECTORY)
		return setup->root == SBP_ROOT_KEPT;
	if (stat("/", &root) || stat(setup->directory, &directory))
		return errno != ENOENT && errno != ENOTDIR;
	return root.st_dev == directory.st_dev && root.st_ino == directory.st_ino;
}

int sbp_launch_level(const struct sbp_launch *launch)
{
	const struct sbp_setup *setup = &launch->setup;

	if (!setup->isolated && !launch->setup.filtered)
		return SBP_LEVEL_NONE;
	if (!setup->isolated || !launch->setup.filtered || setup->share_net || keeps_root(setup))
		return SBP_LEVEL_PARTIAL;
	return launch->broadcast ? SBP_LEVEL_LAYERED : SBP_LEVEL_FULL;
}

static int check_level(struct sbp_launch *launch)
{
	if (sbp_launch_level(launch) >= launch->min_level)
		return 0;
	if (launch->setup.isolated && launch->setup.filtered && keeps_root(&launch->setup))
		return fail(launch, "least level, with a kept root", 0, -ENOTSUP);
	if (launch->setup.isolated && launch->setup.filtered && launch->setup.share_net)
		return fail(launch, "least level, with a shared network", 0, -ENOTSUP);
	return fail(launch, "least level", launch->plan_lacks, -ENOTSUP);
}

/* The numbers that are passed, the line's too, must differ. */
static bool is_taken(const struct sbp_setup *setup, int number)
{
	for (size_t i = 0; i < setup->fd_count; i++)
		if (setup->fds[i].as == number)
			return true;
	return false;
}

/* Without namespaces there is no way to another root: nobody shall believe that he has one. */
static int check_root(struct sbp_launch *launch)
{
	const struct sbp_setup *setup = &launch->setup;

	if (!setup->isolated && (setup->root == SBP_ROOT_DIRECTORY || setup->later))
		return fail(launch, "root without isolation", 0, -EINVAL);
	if (setup->later && (setup->root == SBP_ROOT_KEPT || is_taken(setup, setup->line_as)))
		return fail(launch, "root that is entered later", 0, -EINVAL);
	return 0;
}

static int check(struct sbp_launch *launch, bool copy)
{
	const struct sbp_setup *setup = &launch->setup;
	int error;

	if (!copy && !setup->command)
		return fail(launch, "command", 0, -EINVAL);
	if (copy && setup->init)
		return fail(launch, "init of a copy", 0, -EINVAL);
	if (!launch->has_isolation || !launch->has_syscalls)
		return fail(launch, "plan", 0, -EINVAL);
	if (setup->filtered && !setup->policy.len && !(copy && setup->later))
		return fail(launch, "policy", 0, -EINVAL);
	if (launch->broker && (copy || !setup->filtered || setup->later))
		return fail(launch, "broker without a filter", 0, -EINVAL);
	error = check_root(launch);
	return error ? error : check_level(launch);
}

/* --- Starting ----------------------------------------------------------------------------- */

/* A child leaves its stack by exec, with all that AddressSanitizer marked there: the next may get the same
 * addresses. */
#ifdef __SANITIZE_ADDRESS__
void __asan_unpoison_memory_region(const volatile void *address, size_t size);
#else
#define __asan_unpoison_memory_region(address, size) ((void)(address))
#endif

/* An init's memory is a copy, and at times any child's. */
static bool has_own_memory(const struct sbp_setup *setup)
{
	return setup->init || setup->own_memory;
}

/* What such a child has to tell must be seen here all the same. Stacks are nobody's but their own. */
static bool share_setup(struct area *area)
{
	return mmap(&area->setup, sizeof(area->setup), PROT_READ | PROT_WRITE,
		    MAP_ANONYMOUS | MAP_SHARED | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static struct area *map_area(const struct sbp_setup *setup)
{
	struct area *area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE,
				 MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	if (mprotect(setup->init ? area->inner_guard : area->guard, GUARD, PROT_NONE) ||
	    (has_own_memory(setup) && !share_setup(area))) {
		munmap(area, sizeof(*area));
		return NULL;
	}
	return area;
}

/* One more start costs a launcher no mapping. A setup that is shared would be so with whoever it forks. */
static struct area *take_area(struct sbp_launch *launch)
{
	const struct sbp_setup *setup = &launch->setup;
	struct area *area = has_own_memory(setup) ? NULL : launch->kept;

	if (area)
		launch->kept = NULL;
	else
		area = map_area(setup);
	if (!area)
		return NULL;
	__asan_unpoison_memory_region(area, sizeof(*area));
	area->setup = *setup;
	area->setup.inner_stack = area->inner_stack + STACK;
	return area;
}

/* A stack may still hold a password: such an area, and one that is shared, is never kept. */
static void leave_area(struct sbp_launch *launch, struct area *area, bool secret)
{
	if (launch->kept || has_own_memory(&launch->setup) || secret)
		munmap(area, sizeof(*area));
	else
		launch->kept = area;
}

static int end(struct sbp_launch *launch, const struct sbp_setup *setup, int error)
{
	return error ? fail(launch, setup->step, setup->feature, error) : fail(launch, NULL, 0, 0);
}

/* A function of its own, so that its paths take no stack where nothing is loaded. */
static __attribute__((noinline)) int start_by_loader(struct sbp_launch *launch, struct area *area,
						     pid_t *pid)
{
	struct sbp_loading loading;
	int error = sbp_load(&area->setup, launch->broker, &loading);

	/* what the filter traps is then for the loader's handler, not for a listener */
	if (area->setup.loader_fd >= 0)
		sbp_forget_program(&area->setup.listening);
	if (!error)
		error = sbp_clone_start(&area->setup, area->stack + STACK, pid);
	if (!error && loading.report >= 0) {
		area->setup.listener = loading.report;
		loading.report = -1;
	}
	sbp_loading_end(&loading, &area->setup);
	return error;
}

static int start_notifying(struct sbp_launch *launch, struct area *area, pid_t *pid)
{
	int error = sbp_clone_start(&area->setup, area->stack + STACK, pid);

	if (!error)
		error = sbp_serve_started(launch->broker, area->setup.listener, *pid);
	else
		return error;
	area->setup.listener = -1;
	return error ? sbp_fail(&area->setup, "listener of the broker",
				SBP_FEATURE_SECCOMP_USER_NOTIF, error)
		     : 0;
}

static int start_in(struct sbp_launch *launch, struct area *area, bool notifying, pid_t *pid)
{
	if (notifying)
		return start_notifying(launch, area, pid);
	if (sbp_is_loadable(&area->setup))
		return start_by_loader(launch, area, pid);
	return sbp_clone_start(&area->setup, area->stack + STACK, pid);
}

static int start_once(struct sbp_launch *launch, bool notifying, pid_t *pid)
{
	struct area *area = take_area(launch);
	bool secret;
	int error;

	if (!area)
		return fail(launch, "memory", 0, -ENOMEM);
	area->setup.must_listen = notifying;
	error = sbp_prepare(&area->setup);
	if (!error)
		error = start_in(launch, area, notifying, pid);
	secret = area->setup.by_password || area->setup.wants_report || area->setup.must_listen;
	sbp_forget_password(&area->setup);
	sbp_forget_program(&area->setup.listening);
	if (launch->report)
		*launch->report = error ? -1 : area->setup.listener;
	end(launch, &area->setup, error);
	leave_area(launch, area, secret);
	return error;
}

/* Before 3.8 a process that shares its memory gets no keyring of its own (EMLINK). */
static int start(struct sbp_launch *launch, bool notifying, pid_t *pid)
{
	int error = start_once(launch, notifying, pid);

	if (error != -EMLINK || launch->setup.own_memory)
		return error;
	launch->setup.own_memory = true;
	return start_once(launch, notifying, pid);
}

int sbp_launch_start(struct sbp_launch *launch, pid_t *pid)
{
	int error = check(launch, false);

	if (error)
		return error;
	if (launch->report)
		*launch->report = -1;
	/* static commands too are loaded: so they find their directory and themselves (/proc/self/exe) as
	 * outside, and no listener above is in the way */
	return start(launch, launch->broker && !sbp_is_loadable(&launch->setup), pid);
}

/* Under a filter the copy keeps the page, for the call that would unmap it may be forbidden. It is nobody
 * else's then. */
int sbp_launch_fork(struct sbp_launch *launch, pid_t *pid)
{
	struct sbp_setup *setup;
	int error = check(launch, true);

	if (error)
		return error;
	setup = mmap(NULL, sizeof(*setup), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	if (setup == MAP_FAILED)
		return fail(launch, "memory", 0, -ENOMEM);
	if (launch->report)
		*launch->report = -1;
	*setup = launch->setup;
	setup->copy = true;
	error = sbp_prepare(setup);
	if (!error)
		error = sbp_clone_copy(setup, pid);
	end(launch, setup, error);
	if (error || *pid || !setup->program.len)
		munmap(setup, sizeof(*setup));
	return error;
}

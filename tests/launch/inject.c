// SPDX-License-Identifier: MIT
/*
 * Each system call of the launch path is made to fail in turn, by a filter that the launcher has: a launch
 * must then fail with an errno and a step's name, and leave nothing; where it can do without the call,
 * it must succeed. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "outer.h"
#include "traces.h"
#include "uapi.h"

enum outcome { FAILS, SUCCEEDS, DIES /* the child, by the filter */ };
enum way { PLAIN = 1 << 0, INIT = 1 << 1, KEPT = 1 << 2, DIRECTORY = 1 << 3 };
enum { ROOTED = PLAIN | INIT | DIRECTORY, ALL = ROOTED | KEPT };

/* error 0: the filter kills. */
static const struct fault {
	const char *name;
	int number, error;
	enum outcome outcome;
	int ways;
	const char *step;
} faults[] = {
#define FAULT(call, error, outcome, ways, step)               \
	{                                                     \
#call, SYS_##call, error, outcome, ways, step \
	}
	FAULT(geteuid, EPERM, FAILS, ALL, "id maps"),
	FAULT(getegid, EPERM, FAILS, ALL, "id maps"),
	FAULT(prlimit64, EPERM, FAILS, ALL, "number of descriptors"),
#ifdef SYS_mmap2
	FAULT(mmap2, ENOMEM, FAILS, ALL, "memory"),
#else
	FAULT(mmap, ENOMEM, FAILS, ALL, "memory"),
#endif
	FAULT(mprotect, ENOMEM, FAILS, ALL, "memory"),
	FAULT(pipe2, EMFILE, FAILS, ALL, "pipe"),
	FAULT(rt_sigprocmask, EPERM, FAILS, ALL, "signal mask"),
	FAULT(clone, EPERM, FAILS, ALL, "clone"),
	FAULT(clone, ENOSPC, FAILS, ALL, "clone"),
	FAULT(openat, EACCES, FAILS, ALL, "id maps"),
	FAULT(write, EPERM, FAILS, ALL, "id maps"),
	FAULT(setresgid, EPERM, FAILS, ALL, "ids"),
	FAULT(setresuid, EPERM, FAILS, ALL, "ids"),
	FAULT(prctl, EPERM, FAILS, ALL, "parent death signal"),
	FAULT(ppoll, EPERM, FAILS, ALL, "parent death signal"),
	FAULT(unshare, EPERM, FAILS, ALL, "cgroup namespace"),
	FAULT(unshare, EINVAL, SUCCEEDS, ALL, NULL),
	FAULT(sethostname, EPERM, FAILS, ALL, "host name"),
	FAULT(socket, EPERM, FAILS, ALL, "loopback"),
	FAULT(ioctl, EPERM, FAILS, ALL, "loopback"),
	FAULT(setsid, EPERM, FAILS, ALL, "session"),
	FAULT(keyctl, EDQUOT, FAILS, ALL, "keyring"),
	FAULT(keyctl, EMLINK, FAILS, ALL, "keyring"),
	FAULT(keyctl, ENOSYS, FAILS, ALL, "keyring"), /* the other two calls are there */
	FAULT(keyctl, EPERM, FAILS, ALL, "keyring"),
	FAULT(fcntl, EMFILE, FAILS, ALL, "passed descriptors"),
	FAULT(dup3, EBUSY, FAILS, ALL, "passed descriptors"),
	FAULT(close_range, EBADF, FAILS, ALL, "other descriptors"),
	FAULT(close_range, EPERM, SUCCEEDS, ALL, NULL),
	FAULT(close_range, ENOSYS, SUCCEEDS, ALL, NULL),
	FAULT(mount, EPERM, FAILS, ALL, "private mounts"),
	FAULT(fgetxattr, EPERM, FAILS, ALL, "command with capabilities"),
	FAULT(fgetxattr, EOPNOTSUPP, SUCCEEDS, ALL, NULL),
	FAULT(read, EPERM, FAILS, PLAIN | KEPT | DIRECTORY, "command"),
	FAULT(pivot_root, EPERM, FAILS, ROOTED, "root"),
	FAULT(pivot_root, EINVAL, SUCCEEDS, ROOTED, NULL),
	FAULT(fchdir, EPERM, FAILS, ROOTED, "root"),
	FAULT(umount2, EPERM, FAILS, ROOTED, "root"),
	FAULT(umount2, EINVAL, FAILS, ROOTED, "root"),
	FAULT(chdir, EPERM, FAILS, ROOTED, "root"),
	FAULT(capset, EPERM, FAILS, ALL, "capabilities"),
	FAULT(rt_sigaction, EPERM, FAILS, ALL, "signal actions"),
	FAULT(execveat, ENOSYS, SUCCEEDS, ALL, NULL),
	FAULT(execveat, EPERM, SUCCEEDS, ALL, NULL),
	FAULT(execveat, EACCES, FAILS, ALL, "exec"),
	FAULT(setresuid, 0, DIES, ALL, "ids"),
	FAULT(keyctl, 0, DIES, ALL, "keyring"),
	FAULT(unshare, 0, DIES, ALL, "cgroup namespace"),
	FAULT(mount, 0, DIES, ALL, "private mounts"),
	FAULT(pivot_root, 0, DIES, ROOTED, "root"),
	FAULT(capset, 0, DIES, ALL, "capabilities"),
#undef FAULT
};

enum { FAULTS = sizeof(faults) / sizeof(*faults), WAYS = 4 };

static const char *const way_names[WAYS] = { "empty root", "init", "kept root", "directory" };

static const char *directory_of(const char *path)
{
	static char directory[4096];

	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	return directory;
}

static struct sbp_launch *prepare(int way)
{
	static char *const argv[] = { "guest", "alone", "7", NULL }, *const envp[] = { NULL };
	struct sbp_launch *launch;

	if (sbp_launch_new(&launch) || sbp_launch_set_strategies(launch, "clone", "bpf") ||
	    sbp_launch_set_policy(launch, "compute") || sbp_launch_pass_fd(launch, 1, 1) ||
	    sbp_launch_set_command(launch, guest_path(), argv, envp) ||
	    sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL))
		exit(91);
	if (way == DIRECTORY &&
	    (sbp_launch_set_root(launch, SBP_ROOT_DIRECTORY, directory_of(guest_path())) ||
	     sbp_launch_set_command(launch, "/guest", argv, envp)))
		exit(91);
	if (way == KEPT && sbp_launch_set_root(launch, SBP_ROOT_KEPT, NULL))
		exit(91);
	sbp_launch_set_init(launch, way == INIT);
	return launch;
}

/* In a process of its own; words about what is wrong go through stdout to the parent. */
static int try_fault(const struct fault *fault, int way)
{
	struct sbp_launch *launch = prepare(way);
	static struct traces before;
	const char *step, *left;
	int error, status = 0;
	pid_t pid = -1;

	take_traces(&before);
	let_fail(fault->number, fault->error);
	error = sbp_launch_start(launch, &pid);
	step = sbp_launch_failed_step(launch);
	if (fault->outcome == SUCCEEDS) {
		if (error || step || waitpid(pid, &status, 0) != pid || status != 7 << 8)
			return printf("# failed: %d at %s, status %x\n", error, step, status), 1;
		return 0;
	}
	if (error >= 0 || !step || pid != -1)
		return printf("# started: %d at %s\n", error, step ? step : "no step"), 1;
	if (strcmp(step, fault->step) != 0)
		return printf("# the step was %s, not %s: %s\n", step, fault->step, strerror(-error)),
		       1;
	if (fault->outcome == DIES && error != -ECHILD)
		return printf("# the errno was %d\n", -error), 1;
	/* what is looked at with a call that fails can't be told */
	left = fault->number == SYS_openat || fault->number == SYS_read ||
			       fault->number == SYS_rt_sigprocmask || fault->number == SYS_prctl
		       ? NULL
		       : find_traces(&before);
	if (left)
		return printf("# left: %s\n", left), 1;
	return 0;
}

int main(void)
{
	int number = 0, failed = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	dup2(2, 50); /* not to be passed on */
	for (size_t i = 0; i < FAULTS; i++)
		for (int w = 0; w < WAYS; w++) {
			const struct fault *fault = &faults[i];
			pid_t pid;
			int status = -1;

			if (!(fault->ways & 1 << w))
				continue;
			pid = fork();
			if (!pid) {
				alarm(60);
				_exit(try_fault(fault, 1 << w));
			}
			waitpid(pid, &status, 0);
			failed += !!status;
			printf("%s %d - %s %s, %s\n", status ? "not ok" : "ok", ++number, fault->name,
			       fault->error ? strerrorname_np(fault->error) : "kills", way_names[w]);
			if (status)
				printf("# status %x\n", (unsigned int)status);
		}
	printf("1..%d\n", number);
	return failed > 0;
}

// SPDX-License-Identifier: MIT
/*
 * Launches on kernels that lack what today's have, as a filter of the launcher's own makes this one look: no
 * execveat(2), no getrandom(2), no user namespaces for root. What the command tries from inside is shown to
 * work without the sandbox. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "outer.h"
#include "traces.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static char *const envp[] = { NULL };
static int number, failed;

/* What is to happen in a process that can't be used any more afterwards; 0, or words on stdout and 1. */
static void ok(int (*test)(const void *data), const void *data, const char *name)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		alarm(120);
		_exit(test(data));
	}
	waitpid(pid, &status, 0);
	printf("%s %d - %s\n", status ? "not ok" : "ok", ++number, name);
	if (status)
		printf("# status %x\n", (unsigned int)status);
	failed += !!status;
}

static struct sbp_launch *new_launch(const char *syscalls, char *const argv[])
{
	struct sbp_launch *launch;

	if (sbp_launch_new(&launch) || sbp_launch_set_strategies(launch, "clone", syscalls) ||
	    sbp_launch_set_policy(launch, "compute") || sbp_launch_pass_fd(launch, 2, 2) ||
	    sbp_launch_set_command(launch, guest_path(), argv, envp) ||
	    sbp_launch_set_min_level(launch, SBP_LEVEL_NONE))
		exit(91);
	return launch;
}

/* Starts it and says how it ended, or -1. */
static int run(struct sbp_launch *launch)
{
	int status = -1, error;
	pid_t pid;

	error = sbp_launch_start(launch, &pid);
	if (error)
		printf("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
	else if (waitpid(pid, &status, 0) != pid)
		status = -1;
	sbp_launch_unref(launch);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is(int seen, int wanted)
{
	if (seen != wanted)
		printf("# it ended with %d, not %d\n", seen, wanted);
	return seen != wanted;
}

/* --- One exec ------------------------------------------------------------------------------- */

/* What the command does, where, with which filter, and the status that shows whether it could. */
struct again {
	const char *syscalls;
	enum sbp_root root;
	bool init;
	int wanted;
};

static int exec_again(const void *data)
{
	const struct again *again = data;
	char *argv[] = { "guest", "again", again->root == SBP_ROOT_EMPTY ? "/command" : NULL, NULL };
	struct sbp_launch *launch;

	if (!argv[2])
		argv[2] = strdup(guest_path());
	launch = new_launch(again->syscalls, argv);
	if (sbp_launch_set_root(launch, again->root, NULL))
		return 92;
	sbp_launch_set_init(launch, again->init);
	let_fail(SYS_execveat, ENOSYS);
	return is(run(launch), again->wanted);
}

/* Two launches, so that what is left of the first one's password would be seen. */
static int launch_twice(const void *data)
{
	static char *argv[] = { "guest", "alone", "7", NULL };
	struct sbp_launch *launch = new_launch("bpf", argv);
	static struct traces before;
	pid_t pid;
	int status, bad = 0;

	(void)data;
	let_fail(SYS_execveat, ENOSYS);
	let_fail(SYS_getrandom, ENOSYS);
	let_fail(SYS_close_range, ENOSYS);
	take_traces(&before);
	for (int i = 0; i < 2; i++)
		bad |= sbp_launch_start(launch, &pid) || waitpid(pid, &status, 0) != pid ||
		       status != 7 << 8;
	if (bad)
		printf("# %s\n", sbp_launch_failed_step(launch) ? sbp_launch_failed_step(launch)
								: "it ended otherwise");
	return bad || find_traces(&before);
}

/* By a file that has a name until it runs, and by the limits of descriptors that there are without a reserved number. */
static int load_by_name(const void *data)
{
	static char *argv[] = { "guest", "again", "/command", NULL };
	struct sbp_launch *launch = new_launch("bpf", argv);
	struct sbp_broker *broker;

	sbp_launch_set_init(launch, data != NULL);
	if (sbp_broker_new(&broker) || sbp_broker_start(broker) ||
	    sbp_launch_set_broker(launch, broker))
		return 92;
	let_fail(SYS_execveat, ENOSYS);
	return is(run(launch), EACCES);
}

/* --- Below a filter that does not know what this kernel has ------------------------------------ */

struct refused {
	int calls[3], error;
	const char *step; /* that fails; NULL: none */
};

/* It has what was passed and nothing else, also where the others were not close-on-exec. */
static int launch_refused(const void *data)
{
	static char *argv[] = { "guest", "state", NULL };
	const struct refused *refused = data;
	struct sbp_launch *launch = new_launch("bpf", argv);
	char said[1000] = "";
	int ends[2], error;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) || sbp_launch_pass_fd(launch, ends[1], 1))
		return 92;
	for (int i = 0; i < 3 && refused->calls[i]; i++)
		let_fail(refused->calls[i], refused->error);
	error = sbp_launch_start(launch, &pid);
	if (refused->step) {
		if (error == -refused->error && !strcmp(sbp_launch_failed_step(launch), refused->step))
			return 0;
		return printf("# %d\n", error), 1;
	}
	if (error || waitpid(pid, NULL, 0) != pid || read(ends[0], said, sizeof(said) - 1) < 0)
		return printf("# %d, %s\n", error, sbp_launch_failed_step(launch)), 1;
	if (strstr(said, "fds=1,2,\n"))
		return 0;
	printf("# it said: %s\n", said);
	return 1;
}

static int without_random_numbers(const void *data)
{
	static char *argv[] = { "guest", "exit", "7", NULL };
	struct sbp_launch *launch = new_launch("bpf", argv);
	pid_t pid;
	int error;

	(void)data;
	let_fail(SYS_execveat, ENOSYS);
	let_fail(SYS_getrandom, ENOSYS);
	let_fail(SYS_openat, EACCES);
	error = sbp_launch_start(launch, &pid);
	if (error == -EACCES && !strcmp(sbp_launch_failed_step(launch), "random numbers"))
		return 0;
	printf("# %d\n", error);
	return 1;
}

/* The file that an empty root has to hold: alone there, and not to be changed. */
static int look_at_files(const void *data)
{
	static char *argv[] = { "guest", "files", NULL };
	struct sbp_launch *launch = new_launch("none", argv);
	char said[1000] = "";
	int ends[2], status;

	(void)data;
	if (pipe2(ends, O_CLOEXEC) || sbp_launch_pass_fd(launch, ends[1], 1))
		return 92;
	let_fail(SYS_execveat, ENOSYS);
	status = run(launch);
	if (status || read(ends[0], said, sizeof(said) - 1) < 0)
		return is(status, 0) || 1;
	if (strstr(said, "entries=3\n") && strstr(said, "mkdir=-1\nwrite=-1\nmode=-1\n"))
		return 0;
	printf("# it said: %s\n", said);
	return 1;
}

/* --- No user namespaces ---------------------------------------------------------------------- */

static int launch_without_users(const void *data)
{
	static char *argv[] = { "guest", "state", NULL };
	struct sbp_launch *launch = new_launch("bpf", argv);
	char said[1000] = "";
	int ends[2], error;
	pid_t pid;

	(void)data;
	if (pipe2(ends, O_CLOEXEC) || sbp_launch_pass_fd(launch, ends[1], 1))
		return 92;
	let_fail_with_bits(SYS_clone, CLONE_NEWUSER, EINVAL);
	error = sbp_launch_start(launch, &pid);
	if (geteuid())
		return error == -EINVAL && sbp_launch_missing(launch) == SBP_FEATURE_USER_NS ? 0 : 1;
	if (error || waitpid(pid, NULL, 0) != pid || read(ends[0], said, sizeof(said) - 1) < 0)
		return printf("# %d\n", error), 1;
	if (strstr(said, "\ncaps=0\nbounding=0\nno_new_privs=1\n") &&
	    strstr(said, "\npid=1\nuid=0\nsid=1\nseccomp=2\n"))
		return 0;
	printf("# it said: %s\n", said);
	return 1;
}

/* What a namespace of its own forbids to those below must not be forbidden to everybody. */
static int leaves_limits(const void *data)
{
	char before[32] = "", after[32] = "";
	const char *path = "/proc/sys/user/max_user_namespaces";
	int first = open(path, O_RDONLY), second;

	if (first < 0)
		return 0;
	if (read(first, before, 31) < 0 || launch_without_users(data))
		return 1;
	second = open(path, O_RDONLY);
	return read(second, after, 31) < 0 || strcmp(before, after);
}

int main(void)
{
	static const struct {
		const char *name;
		struct again again;
	} execs[] = {
		{ "control: without a filter a second exec works, empty root",
		  { "none", SBP_ROOT_EMPTY, false, 7 } },
		{ "control: kept root", { "none", SBP_ROOT_KEPT, false, 7 } },
		{ "no second exec, empty root", { "bpf", SBP_ROOT_EMPTY, false, EACCES } },
		{ "no second exec, empty root, with an init",
		  { "bpf", SBP_ROOT_EMPTY, true, EACCES } },
		{ "no second exec, kept root", { "bpf", SBP_ROOT_KEPT, false, EACCES } },
		{ "no second exec, kept root, with an init", { "bpf", SBP_ROOT_KEPT, true, EACCES } },
	};

	static const struct {
		const char *name;
		struct refused refused;
	} below[] = {
		{ "a filter that refuses close_range", { { SYS_close_range }, EPERM, NULL } },
		{ "a filter that knows no close_range", { { SYS_close_range }, ENOSYS, NULL } },
		{ "a filter that refuses all of keys",
		  { { SYS_keyctl, SYS_add_key, SYS_request_key }, EPERM, NULL } },
		{ "no keys", { { SYS_keyctl, SYS_add_key, SYS_request_key }, ENOSYS, NULL } },
		{ "not with keys that can be added",
		  { { SYS_keyctl, SYS_request_key }, EPERM, "keyring" } },
		{ "not with keys that can be asked for",
		  { { SYS_keyctl, SYS_add_key }, EPERM, "keyring" } },
	};

	setvbuf(stdout, NULL, _IONBF, 0);
	dup2(2, 50); /* not to be passed on */
	for (size_t i = 0; i < sizeof(execs) / sizeof(*execs); i++)
		ok(exec_again, &execs[i].again, execs[i].name);
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++)
		ok(launch_refused, &below[i].refused, below[i].name);
	ok(launch_twice, NULL, "without execveat, getrandom and close_range");
	ok(load_by_name, NULL, "a loaded command, and no second exec");
	ok(load_by_name, "", "a loaded command with an init, and no second exec");
	ok(without_random_numbers, NULL, "no password without random numbers");
	ok(look_at_files, NULL, "the command alone is in an empty root, and can't be changed");
	ok(launch_without_users, NULL,
	   geteuid() ? "a user without user namespaces is refused" : "root without user namespaces");
	ok(leaves_limits, NULL, "and the machine's limits stay");
	printf("1..%d\n", number);
	return failed > 0;
}

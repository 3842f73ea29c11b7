/* SPDX-License-Identifier: MIT */
/*
 * Commands that were launched with a broker: in an empty root and where files are left, static and dynamic, and below
 * somebody who listens already. Each reads its own argument list; the control is the same without a sandbox.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../compat/broker/filter.h"
#include "../../compat/launch.h"
#include "stage.h"

extern char **environ;

static char reader[2][PATH_MAX]; /* static and dynamic */
enum { STATIC, DYNAMIC };

/* The folder's files, by their real names: the roots of these brokers are "/". */
struct files {
	struct stage stage;
	char allowed[128], other[128];
	char *argv[4];
	int passed, as; /* a descriptor more; -1: none */
};

static void make(struct files *files, int which)
{
	stage_make(&files->stage, false);
	sbp_broker_unref(files->stage.broker);
	snprintf(files->allowed, sizeof(files->allowed), "%s/open/file", files->stage.folder);
	snprintf(files->other, sizeof(files->other), "%s/secret/file", files->stage.folder);
	files->argv[0] = reader[which];
	files->argv[1] = files->allowed;
	files->argv[2] = files->other;
	files->argv[3] = NULL;
	files->passed = -1;
	assert_int_equal(sbp_broker_new(&files->stage.broker), 0);
	assert_int_equal(
		sbp_broker_allow(files->stage.broker, files->allowed, SBP_EXACT, SBP_MAY_READ), 0);
	for (const char *const *library =
		     (const char *const[]){ "/lib", "/usr/lib", "/lib64", "/etc/ld.so.cache", NULL };
	     *library; library++)
		if (!access(*library, F_OK))
			assert_int_equal(sbp_broker_allow(files->stage.broker, *library, SBP_BELOW,
							  SBP_MAY_READ),
					 0);
	assert_int_equal(sbp_broker_start(files->stage.broker), 0);
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The exit status, or the negative errno of the launch. */
static int launch(struct files *files, const char *isolation, const char **step)
{
	struct sbp_launch *launch;
	pid_t pid;
	int error;

	assert_int_equal(sbp_launch_new(&launch), 0);
	assert_int_equal(sbp_launch_set_strategies(launch, isolation, "bpf"), 0);
	assert_int_equal(sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL), 0);
	assert_int_equal(sbp_launch_set_policy(launch, "compute"), 0);
	assert_int_equal(sbp_launch_set_command(launch, files->argv[0], files->argv, environ), 0);
	assert_int_equal(sbp_launch_set_broker(launch, files->stage.broker), 0);
	if (files->passed >= 0)
		assert_int_equal(sbp_launch_pass_fd(launch, files->passed, files->as), 0);
	sbp_launch_set_init(launch, true);
	error = sbp_launch_start(launch, &pid);
	*step = sbp_launch_failed_step(launch);
	sbp_launch_unref(launch);
	return error ? error : wait_for(pid);
}

static int run_outside(struct files *files)
{
	pid_t pid = fork();

	if (pid == 0) {
		execv(files->argv[0], files->argv);
		_exit(127);
	}
	return wait_for(pid);
}

static bool is_available(enum sbp_feature feature)
{
	struct sbp_probe *probe;
	bool available;

	if (sbp_probe_new(&probe) || sbp_probe_run(probe, SBP_FULL))
		return false;
	available = sbp_state(probe, feature) == SBP_AVAILABLE;
	if (!available)
		printf("# no %s here: %s\n", sbp_feature_name(feature), sbp_cause(probe, feature));
	sbp_probe_unref(probe);
	return available;
}

static void reads_only_what_is_allowed(int which, const char *isolation)
{
	struct files files;
	const char *step;
	int before = count_fds();

	if (!is_available(SBP_FEATURE_SECCOMP_TSYNC) || !is_available(SBP_FEATURE_SECCOMP_USER_NOTIF))
		skip();
	if (!strcmp(isolation, "clone") &&
	    (!is_available(SBP_FEATURE_USER_NS) || !is_available(SBP_FEATURE_USER_NS_NESTED_CAPS)))
		skip();
	make(&files, which);
	assert_int_equal(run_outside(&files), 3);
	for (int i = 0; i < 5; i++)
		assert_int_equal(launch(&files, isolation, &step), 1);
	stage_remove(&files.stage);
	assert_true(come_to_fds(before));
}

static void a_static_command_in_an_empty_root(void **state)
{
	(void)state;
	reads_only_what_is_allowed(STATIC, "clone");
}

static void a_dynamic_command_in_an_empty_root(void **state)
{
	(void)state;
	reads_only_what_is_allowed(DYNAMIC, "clone");
}

/* Among them are all that the launcher has for its own files, the loader's too. */
static void whatever_number_is_passed(void **state)
{
	struct files files;
	const char *step;

	(void)state;
	if (!is_available(SBP_FEATURE_SECCOMP_TSYNC) || !is_available(SBP_FEATURE_USER_NS) ||
	    !is_available(SBP_FEATURE_USER_NS_NESTED_CAPS))
		skip();
	make(&files, DYNAMIC);
	files.passed = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(files.passed >= 0);
	for (files.as = 3; files.as < 40; files.as++)
		if (launch(&files, "clone", &step) != 1)
			fail_msg("passed as %d: %s", files.as, step ? step : "started");
	close(files.passed);
	stage_remove(&files.stage);
}

/* Whatever has no room says so, and nothing takes the place of something else. */
static void limits_that_are_too_low(void **state)
{
	struct rlimit before, low;
	struct files files;
	const char *step = NULL;
	rlim_t unfit = 0;
	int result = 1, open_before;

	(void)state;
	if (!is_available(SBP_FEATURE_SECCOMP_TSYNC) || !is_available(SBP_FEATURE_USER_NS) ||
	    !is_available(SBP_FEATURE_USER_NS_NESTED_CAPS))
		skip();
	make(&files, DYNAMIC);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	open_before = count_fds();
	for (rlim_t limit = 128; limit < 160 && !unfit; limit++) {
		low.rlim_cur = limit;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		result = launch(&files, "clone", &step);
		unfit = result == 1 || result == -EMFILE ? 0 : limit;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		/* what the broker has still open of one command is missing to the next */
		assert_true(come_to_fds(open_before));
	}
	if (unfit)
		fail_msg("%d with %d descriptors: %s", result, (int)unfit, step ? step : "started");
	assert_int_equal(result, 1);
	stage_remove(&files.stage);
}

static void a_static_command_with_files(void **state)
{
	(void)state;
	reads_only_what_is_allowed(STATIC, "none");
}

static void a_dynamic_command_with_files(void **state)
{
	(void)state;
	reads_only_what_is_allowed(DYNAMIC, "none");
}

/* Takes the place of the listener that there can only be one of, in a process of its own. */
static int launch_below_a_listener(struct files *files, const char *isolation)
{
	static const struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	const struct sock_fprog program = { 1, (struct sock_filter *)all };
	pid_t pid;
	int pair[2];

	pid = fork();
	if (pid == 0) {
		const char *step;
		int result;

		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) ||
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    sbp_bpf_install_with_listener_in_child(&program) < 0)
			_exit(100);
		/* one of its own: the parent's has its thread there */
		if (sbp_broker_new(&files->stage.broker) ||
		    sbp_broker_allow(files->stage.broker, files->allowed, SBP_EXACT, SBP_MAY_READ) ||
		    sbp_broker_start(files->stage.broker))
			_exit(101);
		result = launch(files, isolation, &step);
		_exit(result < 0 ? 64 - result : result);
	}
	return wait_for(pid);
}

static void below_another_listener(void **state)
{
	struct files files;

	(void)state;
	if (!is_available(SBP_FEATURE_SECCOMP_TSYNC) || !is_available(SBP_FEATURE_SECCOMP_USER_NOTIF))
		skip();
	make(&files, STATIC);
	sbp_broker_unref(files.stage.broker);
	assert_int_equal(sbp_broker_new(&files.stage.broker), 0);
	assert_int_equal(
		sbp_broker_allow(files.stage.broker, files.allowed, SBP_EXACT, SBP_MAY_READ), 0);
	/* where there is no handler to go back to, nothing is started */
	assert_int_equal(launch_below_a_listener(&files, "none"), 64 + EBUSY);
	if (!is_available(SBP_FEATURE_USER_NS) || !is_available(SBP_FEATURE_USER_NS_NESTED_CAPS)) {
		stage_remove(&files.stage);
		skip();
	}
	/* and in an empty root the loader's does it */
	assert_int_equal(launch_below_a_listener(&files, "clone"), 1);
	stage_remove(&files.stage);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_command_in_an_empty_root),
		cmocka_unit_test(a_dynamic_command_in_an_empty_root),
		cmocka_unit_test(whatever_number_is_passed),
		cmocka_unit_test(limits_that_are_too_low),
		cmocka_unit_test(a_static_command_with_files),
		cmocka_unit_test(a_dynamic_command_with_files),
		cmocka_unit_test(below_another_listener),
	};
	char own[PATH_MAX];

	(void)argc;
	assert_non_null(realpath(argv[0], own));
	snprintf(reader[STATIC], PATH_MAX, "%.4000s/reader-static", dirname(own));
	snprintf(reader[DYNAMIC], PATH_MAX, "%.4000s/reader-dynamic", own);
	return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}

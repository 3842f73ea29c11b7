/* SPDX-License-Identifier: MIT */
/*
 * What a launcher is told of a static command that was denied a call, and how the command ends: by the
 * library, and as sandbox-run prints it. Argument: the folder with `trapped`; sandbox-run is in build/.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../compat/launch.h"
#include "../../compat/policy/seccomp_ret.h"
#include "../../probe/uapi.h"
#include "confined.h"

static char command[4200], sandbox_run[4200];

/* How a command is launched. */
struct start {
	const char *how, *isolation;
	bool init;
	const char *policy; /* a text; NULL: compute */
};

static bool listeners_work(void)
{
	static const enum sbp_feature wanted[] = { SBP_FEATURE_SECCOMP_USER_NOTIF, 0 };
	struct sbp_probe *probe;
	bool work;

	assert_int_equal(sbp_probe_new(&probe), 0);
	assert_int_equal(sbp_probe_run_some(probe, SBP_QUICK, wanted), 0);
	work = sbp_state(probe, SBP_FEATURE_SECCOMP_USER_NOTIF) == SBP_AVAILABLE;
	if (!work)
		printf("# no listener here: %s\n", sbp_cause(probe, SBP_FEATURE_SECCOMP_USER_NOTIF));
	sbp_probe_unref(probe);
	return work;
}

static int set_policy(struct sbp_launch *launch, const char *text)
{
	char path[] = "/tmp/report-test-XXXXXX";
	struct sbp_policy *policy;
	int error, fd;

	if (!text)
		return sbp_launch_set_policy(launch, "compute");
	fd = mkstemp(path);
	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	error = sbp_policy_from_file(path, &policy);
	unlink(path);
	if (!error)
		error = sbp_launch_set_filter(launch, sbp_policy_filter(policy));
	sbp_policy_unref(policy);
	return error;
}

/* 0, or what the launch said; -ENOTSUP for namespaces that can't be had. */
static int start(const struct start *start, pid_t *pid, int *report)
{
	char *argv[] = { command, (char *)start->how, NULL }, *envp[] = { NULL };
	struct sbp_launch *launch;
	int error;

	check(sbp_launch_new(&launch) == 0);
	check(sbp_launch_set_strategies(launch, start->isolation, "bpf") == 0);
	check(sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL) == 0);
	check(sbp_launch_set_command(launch, command, argv, envp) == 0);
	check(sbp_launch_pass_fd(launch, 0, 0) == 0);
	check(set_policy(launch, start->policy) == 0);
	sbp_launch_set_init(launch, start->init);
	sbp_launch_set_report(launch, report);
	error = sbp_launch_start(launch, pid);
	if (error && sbp_launch_missing(launch))
		error = -ENOTSUP;
	sbp_launch_unref(launch);
	return error;
}

/* As in_child(): the exit status, or 1000 + the signal. */
static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect_call(int report)
{
	struct sbp_denied call;
	int error;

	do
		error = sbp_report_next(report, &call);
	while (error == -EINTR);
	assert_int_equal(error, 0);
	assert_string_equal(sbp_system_call_name(call.number), "personality");
	assert_true(call.address != 0 && call.arch != 0 && call.pid > 1 && call.tid >= call.pid);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(call.arguments[i], i ? 0x1111 * (i + 1) : 0x11111111);
}

/* Starts, takes one call, and expects that end. False where there are no such namespaces. */
static bool denied(const struct start *how, int end)
{
	int report = -2, error;
	pid_t pid;

	error = start(how, &pid, &report);
	if (error == -ENOTSUP) {
		printf("# no namespaces here\n");
		assert_int_equal(report, -1);
		return false;
	}
	assert_int_equal(error, 0);
	assert_true(report >= 0);
	expect_call(report);
	assert_int_equal(end_of(pid), end);
	close(report);
	return true;
}

#define NEED_LISTENERS()                                  \
	do {                                              \
		(void)state;                              \
		if (!filters_work() || !listeners_work()) \
			skip();                           \
	} while (0)

static void the_call_is_told_and_fatal(void **state)
{
	NEED_LISTENERS();
	denied(&(struct start){ "", "none", false, NULL }, 1000 + SIGSYS);
	denied(&(struct start){ "", "clone", true, NULL }, 128 + SIGSYS);
}

static void who_shrugs_at_sigsys_is_killed(void **state)
{
	NEED_LISTENERS();
	denied(&(struct start){ "ignore", "none", false, NULL }, 1000 + SIGKILL);
	denied(&(struct start){ "block", "none", false, NULL }, 1000 + SIGKILL);
	/* the first process of a namespace, without an init */
	denied(&(struct start){ "", "clone", false, NULL }, 1000 + SIGKILL);
}

static void who_has_a_handler_goes_on(void **state)
{
	NEED_LISTENERS();
	denied(&(struct start){ "catch", "none", false, NULL }, EPERM);
}

/* The groups stand before the signals in what /proc says of a process. */
enum { MANY_GROUPS = 2000 };

static void with_many_groups_in_child(void *data)
{
	static const struct {
		const char *how;
		int end;
	} rows[] = { { "catch", EPERM }, { "ignore", 1000 + SIGKILL } };
	gid_t groups[MANY_GROUPS];

	(void)data;
	for (unsigned int i = 0; i < MANY_GROUPS; i++)
		groups[i] = 100000 + i;
	check(setgroups(MANY_GROUPS, groups) == 0);
	alarm(60);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct start how = { rows[i].how, "none", false, NULL };
		struct sbp_denied call;
		int report, error;
		pid_t pid;

		check(start(&how, &pid, &report) == 0 && report >= 0);
		do
			error = sbp_report_next(report, &call);
		while (error == -EINTR);
		check(error == 0 && call.pid == pid);
		check(end_of(pid) == rows[i].end);
		close(report);
	}
}

static void who_is_in_many_groups_is_no_other(void **state)
{
	gid_t groups[64];
	int count = getgroups(64, groups);

	NEED_LISTENERS();
	/* setting what is set already takes the same right */
	if (count < 0 || setgroups((size_t)count, groups)) {
		printf("# no right to set groups here\n");
		skip();
	}
	assert_int_equal(in_child(with_many_groups_in_child, NULL), 0);
}

static void threads_that_are_denied_at_once(void **state)
{
	struct start how = { "threads", "none", false, NULL };
	int report;
	pid_t pid;

	NEED_LISTENERS();
	assert_int_equal(start(&how, &pid, &report), 0);
	expect_call(report);
	assert_int_equal(end_of(pid), 1000 + SIGSYS);
	close(report);
}

static void nobody_listens_any_more(void **state)
{
	struct start how = { "", "none", false, NULL };
	int report;
	pid_t pid;

	NEED_LISTENERS();
	assert_int_equal(start(&how, &pid, &report), 0);
	close(report);
	assert_int_equal(end_of(pid), ENOSYS);
}

static void who_is_denied_nothing_reports_nothing(void **state)
{
	struct start how = { "nothing", "none", false, NULL };
	struct pollfd poll_report = { .events = POLLIN };
	int report;
	pid_t pid;

	NEED_LISTENERS();
	assert_int_equal(start(&how, &pid, &report), 0);
	assert_int_equal(end_of(pid), 7);
	poll_report.fd = report;
	assert_true(poll(&poll_report, 1, 0) == 0 || !(poll_report.revents & POLLIN));
	close(report);
}

/* The number by which the listener was sent can't be had again, and nothing came along. */
static void the_command_has_no_listener(void **state)
{
	struct start how = { "descriptors", "none", false, NULL };
	int report;
	pid_t pid;

	NEED_LISTENERS();
	assert_int_equal(start(&how, &pid, &report), 0);
	assert_true(report >= 0);
	assert_int_equal(end_of(pid), 0);
	close(report);
}

/* What a policy says by itself is left as it is. */
static void policies_without_a_report(void **state)
{
	static const char *const texts[] = { "exit_group: 1\n",
					     "@default trap\npersonality: user-notify\n" };
	static const int ends[] = { 1000 + SIGSYS, 1000 + SIGSYS };

	NEED_LISTENERS();
	for (int i = 0; i < 2; i++) {
		struct start how = { "", "none", false, texts[i] };
		int report = -2;
		pid_t pid;

		assert_int_equal(start(&how, &pid, &report), 0);
		assert_int_equal(report, -1);
		assert_int_equal(end_of(pid), ends[i]);
	}
}

/* A process can have one listener: who is below another's gets the trap itself. */
static void below_another_in_child(void *data)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { 1, allow };
	struct start how = { "", "none", false, NULL };
	int report, status;
	pid_t pid;

	(void)data;
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		      &program) >= 0);
	check(start(&how, &pid, &report) == 0);
	check(report == -1);
	check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void below_another_listener(void **state)
{
	NEED_LISTENERS();
	assert_int_equal(in_child(below_another_in_child, NULL), 0);
}

/* --- sandbox-run ------------------------------------------------------------------------- */

/* Its exit code; its words without the line feed. */
static int run(const char *environment, const char *options, const char *how, char *said, size_t size)
{
	char line[9000];
	FILE *pipe;
	size_t used;
	int status;

	snprintf(line, sizeof(line), "%s %s %s -- %s %s 2>&1 </dev/null", environment, sandbox_run,
		 options, command, how);
	pipe = popen(line, "re");
	assert_non_null(pipe);
	used = fread(said, 1, size - 1, pipe);
	said[used && said[used - 1] == '\n' ? used - 1 : used] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_words(const char *said, const char *pattern)
{
	regex_t compiled;

	assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&compiled, said, 0, NULL, 0))
		fail_msg("\"%s\" is not as \"%s\"", said, pattern);
	regfree(&compiled);
}

static void sandbox_run_names_the_call(void **state)
{
	static const char *const options[] = { "--isolation none --policy compute",
					       "--isolation none --policy network", "--min-level 1" };
	char said[4000], pattern[4400];

	NEED_LISTENERS();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run("", options[i], "", said, sizeof(said)), 128 + SIGSYS);
		snprintf(pattern, sizeof(pattern),
			 "^sandbox-run: [^\n]*trapped: denied: personality \\([0-9]+\\) at 0x[0-9a-f]+, policy %s$",
			 i == 1 ? "network" : "compute");
		expect_words(said, pattern);
	}
	/* one line, however many there were; and none without a denial */
	assert_int_equal(run("", "--isolation none", "threads", said, sizeof(said)), 128 + SIGSYS);
	assert_null(strchr(said, '\n'));
	assert_int_equal(run("", "--isolation none", "nothing", said, sizeof(said)), 7);
	assert_string_equal(said, "");
}

static void sandbox_run_without_a_listener(void **state)
{
	char said[4000];

	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(run("SANDBOX_PROBE_ASSUME=seccomp-user-notif=absent", "--isolation none",
			     "", said, sizeof(said)),
			 128 + SIGSYS);
	expect_words(said, "trapped: ended by SIGSYS: a system call that policy compute denies");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_call_is_told_and_fatal),
		cmocka_unit_test(who_shrugs_at_sigsys_is_killed),
		cmocka_unit_test(who_has_a_handler_goes_on),
		cmocka_unit_test(who_is_in_many_groups_is_no_other),
		cmocka_unit_test(threads_that_are_denied_at_once),
		cmocka_unit_test(nobody_listens_any_more),
		cmocka_unit_test(who_is_denied_nothing_reports_nothing),
		cmocka_unit_test(the_command_has_no_listener),
		cmocka_unit_test(policies_without_a_report),
		cmocka_unit_test(below_another_listener),
		cmocka_unit_test(sandbox_run_names_the_call),
		cmocka_unit_test(sandbox_run_without_a_listener),
	};
	char *slash;

	(void)argc;
	alarm(200);
	/* beside this program, and two folders up */
	if (readlink("/proc/self/exe", command, 4096) < 0 || !(slash = strrchr(command, '/')))
		return 1;
	strcpy(slash, "/trapped");
	snprintf(sandbox_run, sizeof(sandbox_run), "%.*s/../../sandbox-run", (int)(slash - command),
		 command);
	return argc == 1 && argv ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}

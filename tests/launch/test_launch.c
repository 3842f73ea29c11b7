// SPDX-License-Identifier: MIT
/*
 * What a launched command finds itself to be, and what is refused before anything is started.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <sandbox-probe.h>

#include "traces.h"

static char *envp[] = { "KEPT=1", NULL };

struct run {
	struct sbp_launch *launch;
	char *argv[4];
	char said[8192];
	int error, status;
	pid_t pid;
};

/* A launch of the guest with `word`, confined by clone and bpf. */
static void new_run(struct run *run, char *word, char *number)
{
	*run = (struct run){ .argv = { "guest", word, number } };
	assert_int_equal(sbp_launch_new(&run->launch), 0);
	assert_int_equal(sbp_launch_set_strategies(run->launch, "clone", "bpf"), 0);
	assert_int_equal(sbp_launch_set_policy(run->launch, "compute"), 0);
	assert_int_equal(sbp_launch_set_command(run->launch, guest_path(), run->argv, envp), 0);
}

/* Starts it with a pipe as stdout, reads that to its end, waits. */
static void start(struct run *run)
{
	int ends[2];
	size_t used = 0;
	ssize_t part;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(sbp_launch_pass_fd(run->launch, ends[1], 1), 0);
	run->error = sbp_launch_start(run->launch, &run->pid);
	close(ends[1]);
	while (!run->error && (part = read(ends[0], run->said + used, 8191 - used)) > 0)
		used += (size_t)part;
	close(ends[0]);
	if (!run->error)
		assert_int_equal(waitpid(run->pid, &run->status, 0), run->pid);
}

static void says(const struct run *run, const char *line)
{
	if (!strstr(run->said, line))
		print_message("# said: %s\n", run->said);
	assert_non_null(strstr(run->said, line));
}

static void end(struct run *run)
{
	run->launch = sbp_launch_unref(run->launch);
}

static void fails(struct run *run, int error, const char *step)
{
	static struct traces before;

	take_traces(&before);
	start(run);
	assert_int_equal(run->error, error);
	assert_string_equal(sbp_launch_failed_step(run->launch), step);
	assert_null(find_traces(&before));
	end(run);
}

/* --- What it finds -------------------------------------------------------------------------- */

static void ignore_it(int signal)
{
	(void)signal;
}

static void test_state(void **unused)
{
	static struct traces before;
	struct sigaction act = { .sa_handler = ignore_it };
	sigset_t blocked;
	struct run run;
	int above = fcntl(0, F_DUPFD, 900);

	(void)unused;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGUSR1, &act, NULL);
	signal(SIGHUP, SIG_IGN);
	take_traces(&before);
	new_run(&run, "state", NULL);
	assert_int_equal(sbp_launch_set_limit(run.launch, RLIMIT_CORE, 0), 0);
	assert_int_equal(sbp_launch_pass_fd(run.launch, 2, 9), 0);
	start(&run);
	assert_int_equal(run.error, 0);
	assert_int_equal(run.status, 0);
	says(&run, "fds=1,9,\n");
	says(&run, "blocked=12,\n");
	says(&run, "\nhandled=0\ncaps=0\nbounding=0\nno_new_privs=1\ncore=0\npid=1\n");
	says(&run, "\nsid=1\nseccomp=2\n");
	end(&run);
	assert_null(find_traces(&before));
	close(above);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static void test_files(void **unused)
{
	char own[40];
	struct run run;

	(void)unused;
	new_run(&run, "files", NULL);
	assert_int_equal(sbp_launch_set_strategies(run.launch, NULL, "none"), 0);
	assert_int_equal(sbp_launch_set_min_level(run.launch, SBP_LEVEL_PARTIAL), 0);
	start(&run);
	assert_int_equal(run.error, 0);
	says(&run, "entries=2\nhost=sandbox\nmkdir=-1\n");
	end(&run);
	new_run(&run, "state", NULL);
	start(&run);
	snprintf(own, sizeof(own), "\nuid=%d\n", (int)getuid());
	says(&run, own);
	end(&run);
}

static void test_status(void **unused)
{
	struct run run;

	(void)unused;
	new_run(&run, "exit", "42");
	start(&run);
	assert_int_equal(WEXITSTATUS(run.status), 42);
	end(&run);
	new_run(&run, "kill", "15"); /* to the first process of a namespace it is nothing */
	start(&run);
	assert_int_equal(run.status, 0);
	end(&run);
}

/* With an init, signals do what they do everywhere. */
static void test_init(void **unused)
{
	struct run run;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		new_run(&run, "kill", i ? "6" : "15");
		sbp_launch_set_init(run.launch, true);
		start(&run);
		assert_int_equal(run.error, 0);
		assert_int_equal(WEXITSTATUS(run.status), 128 + (i ? 6 : 15));
		end(&run);
	}
	new_run(&run, "state", NULL);
	sbp_launch_set_init(run.launch, true);
	start(&run);
	says(&run, "fds=1,\n");
	says(&run, "\npid=2\n");
	end(&run);
}

/* A descriptor above the limit of today was opened under that of yesterday. */
static void test_descriptors_above_limit(void **unused)
{
	struct rlimit limit, low;
	struct run run;
	int above = fcntl(0, F_DUPFD, 500);

	(void)unused;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){ 64, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	new_run(&run, "state", NULL);
	start(&run);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(run.error, 0);
	says(&run, "fds=1,\n");
	end(&run);
	close(above);
}

static bool is_running(pid_t pid)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return !strstr(text, ") Z ");
}

static void dies_with_launcher(bool init)
{
	int ends[2];
	pid_t launcher, child = 0;

	assert_int_equal(pipe(ends), 0);
	launcher = fork();
	if (!launcher) {
		struct run run;

		new_run(&run, "hang", NULL);
		sbp_launch_set_init(run.launch, init);
		run.error = sbp_launch_start(run.launch, &run.pid);
		_exit(run.error || write(ends[1], &run.pid, sizeof(run.pid)) < 0 || pause());
	}
	assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
	assert_true(is_running(child));
	kill(launcher, SIGKILL);
	waitpid(launcher, NULL, 0);
	for (int i = 0; i < 6000 && is_running(child); i++)
		usleep(10000);
	assert_false(is_running(child));
	close(ends[0]);
	close(ends[1]);
}

static void test_dies_with_launcher(void **unused)
{
	(void)unused;
	dies_with_launcher(false);
	dies_with_launcher(true);
}

/* A pipe that the command closed has ended, though the init lives on. */
static void test_init_holds_nothing(void **unused)
{
	struct pollfd reading = { .events = POLLIN };
	struct run run;
	int ends[2];

	(void)unused;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	new_run(&run, "let-go", NULL);
	sbp_launch_set_init(run.launch, true);
	assert_int_equal(sbp_launch_pass_fd(run.launch, ends[1], 1), 0);
	assert_int_equal(sbp_launch_start(run.launch, &run.pid), 0);
	close(ends[1]);
	reading.fd = ends[0];
	assert_int_equal(poll(&reading, 1, 60000), 1);
	assert_true(reading.revents & POLLHUP);
	kill(run.pid, SIGKILL);
	assert_int_equal(waitpid(run.pid, &run.status, 0), run.pid);
	close(ends[0]);
	end(&run);
}

/* --- What is refused ------------------------------------------------------------------------ */

static void test_levels(void **unused)
{
	struct run run;

	(void)unused;
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_level(run.launch), SBP_LEVEL_FULL);
	sbp_launch_set_share_net(run.launch, true);
	assert_int_equal(sbp_launch_level(run.launch), SBP_LEVEL_PARTIAL);
	fails(&run, -ENOTSUP, "least level, with a shared network");

	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_root(run.launch, SBP_ROOT_DIRECTORY, "/usr/.."), 0);
	assert_int_equal(sbp_launch_level(run.launch), SBP_LEVEL_PARTIAL);
	fails(&run, -ENOTSUP, "least level, with a kept root");

	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_strategies(run.launch, "none", NULL), 0);
	assert_int_equal(sbp_launch_level(run.launch), SBP_LEVEL_PARTIAL);
	fails(&run, -ENOTSUP, "least level");
}

static void test_plan_names_what_is_missing(void **unused)
{
	struct sbp_probe *probe;
	struct sbp_plan *plan;
	struct run run;

	(void)unused;
	assert_int_equal(sbp_probe_new(&probe), 0);
	/* without the first alone, root has a plan still */
	assert_int_equal(
		sbp_probe_set_assume(probe, "user-ns=blocked,pid-ns=blocked,suid-helper=absent"), 0);
	assert_int_equal(sbp_probe_run(probe, SBP_FULL), 0);
	assert_int_equal(sbp_choose(probe, SBP_BUILT, &plan), 0);
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_plan(run.launch, plan), 0);
	assert_int_equal(sbp_launch_start(run.launch, &run.pid), -ENOTSUP);
	assert_int_equal(sbp_launch_missing(run.launch), SBP_FEATURE_USER_NS);
	end(&run);
	sbp_plan_unref(plan);
	sbp_probe_unref(probe);
}

static void test_commands(void **unused)
{
	const char *folder = getenv("TMPDIR");
	char copy[1000], order[6400];
	struct run run;
	int fd;

	(void)unused;
	snprintf(copy, sizeof(copy), "%s/launch-XXXXXX", folder ? folder : "/tmp");
	fd = mkstemp(copy);
	assert_true(fd >= 0);
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_command(run.launch, "/nowhere", run.argv, envp), 0);
	fails(&run, -ENOENT, "command");
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_command(run.launch, "/tmp", run.argv, envp), 0);
	fails(&run, -EACCES, "command");
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_command(run.launch, "/bin/sh", run.argv, envp), 0);
	fails(&run, -ELIBACC, "command that is not static");

	snprintf(order, sizeof(order), "cp %s %s && chmod 4755 %s", guest_path(), copy, copy);
	assert_int_equal(system(order), 0);
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_command(run.launch, copy, run.argv, envp), 0);
	fails(&run, -EPERM, "set-id command");
	assert_int_equal(chmod(copy, 0644), 0);
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_set_command(run.launch, copy, run.argv, envp), 0);
	fails(&run, -EACCES, "exec");
	unlink(copy);
	close(fd);
}

static void test_directory_is_not_passed(void **unused)
{
	struct run run;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)unused;
	new_run(&run, "exit", "0");
	assert_int_equal(sbp_launch_pass_fd(run.launch, fd, 5), 0);
	fails(&run, -EISDIR, "passed descriptors");
	close(fd);
}

static void test_setters(void **unused)
{
	struct run run;
	struct sbp_launch *launch;

	(void)unused;
	assert_int_equal(sbp_launch_new(&launch), 0);
	run = (struct run){ .launch = launch };
	fails(&run, -EINVAL, "command");
	assert_null(sbp_launch_unref(NULL));
	new_run(&run, "exit", "0");
	launch = run.launch;
	assert_int_equal(sbp_launch_set_policy(launch, "no such"), -ENOENT);
	assert_int_equal(sbp_launch_set_strategies(launch, "suid", NULL), -ENOSYS);
	assert_int_equal(sbp_launch_missing(launch), SBP_FEATURE_SUID_HELPER);
	assert_int_equal(sbp_launch_set_strategies(launch, NULL, "trusted-thread"), -ENOSYS);
	assert_int_equal(sbp_launch_set_strategies(launch, "magic", NULL), -EINVAL);
	assert_int_equal(sbp_launch_set_root(launch, SBP_ROOT_DIRECTORY, NULL), -EINVAL);
	assert_int_equal(sbp_launch_set_root(launch, SBP_ROOT_EMPTY, "/"), -EINVAL);
	assert_int_equal(sbp_launch_set_root(launch, 7, NULL), -EINVAL);
	assert_int_equal(sbp_launch_set_limit(launch, -1, 0), -EINVAL);
	assert_int_equal(sbp_launch_set_limit(launch, 1000, 0), -EINVAL);
	assert_int_equal(sbp_launch_set_min_level(launch, 4), -EINVAL);
	assert_int_equal(sbp_launch_pass_fd(launch, -1, 0), -EBADF);
	assert_int_equal(sbp_launch_pass_fd(launch, 0, 128), -EBADF);
	assert_int_equal(sbp_launch_set_command(launch, NULL, run.argv, envp), -EINVAL);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_descriptors_above_limit),
		cmocka_unit_test(test_dies_with_launcher),
		cmocka_unit_test(test_init_holds_nothing),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_plan_names_what_is_missing),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_directory_is_not_passed),
		cmocka_unit_test(test_setters),
	};

	alarm(240);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * Copies of the launcher in a sandbox: what they find themselves to be, what libc believes there, and how they
 * give up the files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <sandbox-probe.h>

#include "state.h"
#include "traces.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { LINE = 8 };

static struct sbp_launch *new_launch(const char *syscalls)
{
	struct sbp_launch *launch;

	assert_int_equal(sbp_launch_new(&launch), 0);
	assert_int_equal(sbp_launch_set_strategies(launch, "clone", syscalls), 0);
	if (!strcmp(syscalls, "bpf"))
		assert_int_equal(sbp_launch_set_policy(launch, "compute"), 0);
	else
		assert_int_equal(sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL), 0);
	assert_int_equal(sbp_launch_pass_fd(launch, 2, 2), 0);
	return launch;
}

/* Runs `body` in a copy; what it returns is the status. `said` gets what it writes to stdout. */
static int run(struct sbp_launch *launch, int (*body)(void), char said[8192])
{
	static struct traces before;
	size_t used = 0;
	ssize_t part;
	pid_t pid = -2;
	int ends[2], status = -1, error;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(sbp_launch_pass_fd(launch, ends[1], 1), 0);
	take_traces(&before);
	fflush(NULL);
	error = sbp_launch_fork(launch, &pid);
	if (!error && !pid) {
		int end = body();

		fflush(stdout);
		_exit(end);
	}
	close(ends[1]);
	if (error)
		print_message("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
	assert_int_equal(error, 0);
	while ((part = read(ends[0], said + used, 8191 - used)) > 0)
		used += (size_t)part;
	said[used] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	assert_int_equal(dup2(ends[0], ends[1]), ends[1]); /* as it was, to be compared */
	assert_null(find_traces(&before));
	close(ends[0]);
	close(ends[1]);
	sbp_launch_unref(launch);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void says(const char *said, const char *line)
{
	if (!strstr(said, line))
		print_message("# said: %s\n", said);
	assert_non_null(strstr(said, line));
}

/* --- What it finds ---------------------------------------------------------------------------- */

static int say_all(void)
{
	say_state();
	return 42;
}

static void ignore_it(int signal)
{
	(void)signal;
}

static void test_state(void **unused)
{
	struct sigaction act = { .sa_handler = ignore_it };
	struct sbp_launch *launch = new_launch("bpf");
	sigset_t blocked;
	char said[8192];
	int above = fcntl(0, F_DUPFD, 900);

	(void)unused;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGUSR1, &act, NULL);
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(sbp_launch_set_limit(launch, RLIMIT_CORE, 0), 0);
	assert_int_equal(sbp_launch_pass_fd(launch, 2, 9), 0);
	assert_int_equal(run(launch, say_all, said), 42);
	says(said, "fds=1,2,9,\n");
	says(said, "blocked=12,\n");
	says(said, "\nhandled=0\ncaps=0\nbounding=0\nno_new_privs=1\ncore=0\npid=1\n");
	says(said, "\nsid=1\nseccomp=2\n");
	close(above);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static int say_what_files(void)
{
	say_files();
	return 0;
}

static void test_files(void **unused)
{
	char said[8192];

	(void)unused;
	assert_int_equal(run(new_launch("none"), say_what_files, said), 0);
	says(said, "entries=2\nhost=sandbox\nmkdir=-1\n");
}

static void *sum_ids(void *sum)
{
	*(int *)sum += gettid();
	return sum;
}

/* Each of these asks libc, which answers from what it holds of the thread. */
static int ask_libc(void)
{
	pthread_mutex_t mutex;
	pthread_mutexattr_t attributes;
	pthread_t thread;
	int sum = 0;

	if (getpid() != 1 || syscall(SYS_getpid) != 1 || gettid() != 1)
		return 1;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attributes);
	if (pthread_mutex_lock(&mutex) || mutex.__data.__owner != 1 ||
	    pthread_mutex_lock(&mutex) != EDEADLK || pthread_mutex_unlock(&mutex))
		return 2;
	signal(SIGUSR1, ignore_it);
	if (raise(SIGUSR1) || pthread_kill(pthread_self(), SIGUSR1))
		return 3;
	if (pthread_create(&thread, NULL, sum_ids, &sum) || pthread_join(thread, NULL) || sum < 2)
		return 4;
	return 7;
}

static void *run_in_thread(void *said)
{
	return (void *)(intptr_t)run(new_launch("none"), ask_libc, said);
}

/* The first thread, and one that is not. */
static void test_libc(void **unused)
{
	static char said[8192];
	pthread_t thread;
	void *end;

	(void)unused;
	assert_int_equal(run(new_launch("none"), ask_libc, said), 7);
	assert_int_equal(run(new_launch("bpf"), ask_libc, said), 7);
	assert_int_equal(pthread_create(&thread, NULL, run_in_thread, said), 0);
	assert_int_equal(pthread_join(thread, &end), 0);
	assert_int_equal((int)(intptr_t)end, 7);
}

/* A policy of the caller's is all that is allowed: no exec, no more than it says. */
static int exec_under_policy(void)
{
	char *argv[] = { "guest", "exit", "9", NULL };

	for (int fd = 0; fd < 1100; fd++)
		syscall(SYS_execveat, fd, "", argv, argv + 3, 0x1000 /* AT_EMPTY_PATH */);
	return errno == EACCES ? 7 : 8;
}

static void test_policy(void **unused)
{
	struct sbp_launch *launch = new_launch("bpf");
	int fd = open(guest_path(), O_RDONLY | O_CLOEXEC);
	char said[8192];

	(void)unused;
	assert_int_equal(sbp_launch_pass_fd(launch, fd, 5), 0);
	assert_int_equal(run(launch, exec_under_policy, said), 7);
	launch = new_launch("none");
	assert_int_equal(sbp_launch_pass_fd(launch, fd, 5), 0);
	assert_int_equal(run(launch, exec_under_policy, said), 9); /* without, it works */
	close(fd);
}

/* --- The pid --------------------------------------------------------------------------------- */

static pid_t sender(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;

	if (recvmsg(socket, &message, 0) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	return header && header->cmsg_type == SCM_CREDENTIALS
		       ? ((struct ucred *)(void *)CMSG_DATA(header))->pid
		       : -1;
}

static void test_pid(void **unused)
{
	struct sbp_launch *launch = new_launch("bpf");
	siginfo_t info = { 0 };
	struct pollfd ended = { .events = POLLIN };
	int pair[2], on = 1;
	pid_t pid;

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(sbp_launch_pass_fd(launch, pair[1], 4), 0);
	assert_int_equal(sbp_launch_fork(launch, &pid), 0);
	if (!pid)
		_exit(write(4, "", 1) == 1 && read(4, &on, 1) == 1 ? 7 : 8);
	assert_int_equal(sender(pair[0]), pid);
	ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_int_equal(write(pair[0], "", 1), 1);
	if (ended.fd >= 0) {
		assert_int_equal(poll(&ended, 1, 60000), 1);
		assert_int_equal(waitid(P_PIDFD, (id_t)ended.fd, &info, WEXITED | WNOWAIT), 0);
		assert_int_equal(info.si_pid, pid);
		close(ended.fd);
	}
	assert_int_equal(waitpid(pid, &on, 0), pid);
	assert_int_equal(WEXITSTATUS(on), 7);
	close(pair[0]);
	close(pair[1]);
	sbp_launch_unref(launch);
}

/* The pipe ends when the copy does, which has no other reason to. */
static void test_dies_with_launcher(void **unused)
{
	int ends[2], byte;
	pid_t launcher;

	(void)unused;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	launcher = fork();
	if (!launcher) {
		struct sbp_launch *launch = new_launch("bpf");
		pid_t pid;

		if (sbp_launch_pass_fd(launch, ends[1], 4) || sbp_launch_fork(launch, &pid))
			_exit(9);
		if (!pid)
			for (byte = (int)write(4, "", 1);;)
				pause();
		close(ends[1]);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	kill(launcher, SIGKILL);
	waitpid(launcher, NULL, 0);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

/* --- Later ------------------------------------------------------------------------------------ */

static struct sbp_launch *new_later(const char *syscalls, const char *directory)
{
	struct sbp_launch *launch;

	assert_int_equal(sbp_launch_new(&launch), 0);
	assert_int_equal(sbp_launch_set_strategies(launch, "clone", syscalls), 0);
	assert_int_equal(sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL), 0);
	assert_int_equal(sbp_launch_pass_fd(launch, 2, 2), 0);
	assert_int_equal(sbp_launch_set_later(launch, LINE), 0);
	if (directory)
		assert_int_equal(sbp_launch_set_root(launch, SBP_ROOT_DIRECTORY, directory), 0);
	return launch;
}

static bool can_open(const char *path)
{
	int fd = open(path, O_RDONLY);

	close(fd);
	return fd >= 0;
}

static int lock_up(void)
{
	struct sbp_probe *probe;
	struct sbp_policy *policy;
	int error = sbp_probe_new(&probe);

	if (!error)
		error = sbp_probe_run(probe, SBP_QUICK);
	if (!error)
		error = sbp_policy_by_name("compute", &policy);
	if (!error)
		error = sbp_lock(probe, policy, NULL);
	return error;
}

/* As a browser's content process: it opens its files, gives up the others, and then the calls. */
static int open_and_enter(void)
{
	char byte;
	int file = open("/proc/self/status", O_RDONLY), folder = open("/", O_RDONLY);

	if (file < 0 || folder < 0 || !can_open("/bin/sh"))
		return 1;
	if (sbp_launch_enter_root(LINE) != -EISDIR || !can_open("/bin/sh"))
		return 2;
	close(folder);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) /* the helper is not to be met */
		return 3;
	if (sbp_launch_enter_root(LINE))
		return 4;
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		return 5;
	if (can_open("/bin/sh") || can_open("bin/sh") || can_open("../bin/sh") || !can_open("/"))
		return 6;
	if (read(file, &byte, 1) != 1 || sbp_launch_enter_root(LINE) == 0)
		return 7;
	say_files();
	if (lock_up())
		return 8;
	say_state();
	return can_open("/") ? 9 : 42;
}

static void test_later(void **unused)
{
	char said[8192];

	(void)unused;
	assert_int_equal(run(new_later("bpf", NULL), open_and_enter, said), 42);
	says(said, "entries=2\nhost=sandbox\nmkdir=-1\n");
	says(said, "caps=0\nbounding=0\nno_new_privs=1\n");
	says(said, "seccomp=2\n");
}

static int enter_directory(void)
{
	if (!can_open("/bin/sh") || can_open("/guest"))
		return 1;
	if (sbp_launch_enter_root(LINE))
		return 2;
	return can_open("/bin/sh") || !can_open("/guest") ? 3 : 42;
}

static void test_directory_later(void **unused)
{
	char said[8192], folder[4096];

	(void)unused;
	snprintf(folder, sizeof(folder), "%s", guest_path());
	*strrchr(folder, '/') = '\0';
	assert_int_equal(run(new_later("none", folder), enter_directory, said), 42);
}

/* How many ways into a process there are, of those that are gone over. */
static int ways_into(pid_t pid)
{
	static const char *const files[] = { "mem",  "environ", "maps", "root/",
					     "cwd/", "fd/0",	"exe" };
	char path[64];
	int ways = ptrace(PTRACE_ATTACH, pid, 0, 0) == 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		ways += can_open(path);
	}
	return ways;
}

/* What the child can do to its helper: end it, and nothing else. The helper is the second process. */
static int attack_helper(void)
{
	int null = open("/dev/null", O_RDONLY);
	pid_t own;

	dup2(null, 0);
	own = fork();
	if (!own)
		for (;;)
			pause();
	if (ways_into(own) != 8) /* control: of another all are open */
		return 1;
	if (ways_into(2) != 0)
		return 2;
	if (kill(2, SIGTERM) || sbp_launch_enter_root(LINE) || can_open("/bin/sh")) /* it blocks all */
		return 3;
	kill(own, SIGKILL);
	return 42;
}

static int kill_helper(void)
{
	if (kill(2, SIGKILL) || waitpid(2, NULL, __WALL) != 2)
		return 1;
	return sbp_launch_enter_root(LINE) == -ESRCH && can_open("/bin/sh") ? 42 : 2;
}

static void test_helper(void **unused)
{
	char said[8192];

	(void)unused;
	assert_int_equal(run(new_later("bpf", NULL), attack_helper, said), 42);
	assert_int_equal(run(new_later("bpf", NULL), kill_helper, said), 42);
}

/* The command asks by itself: alone, or below an init. */
static void test_command_later(void **unused)
{
	static char *argv[] = { "guest", "enter", "8", NULL }, *envp[] = { NULL };

	(void)unused;
	for (int init = 0; init < 2; init++) {
		struct sbp_launch *launch = new_later("none", NULL);
		int status;
		pid_t pid;

		assert_int_equal(sbp_launch_set_command(launch, guest_path(), argv, envp), 0);
		sbp_launch_set_init(launch, init);
		assert_int_equal(sbp_launch_start(launch, &pid), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 7);
		sbp_launch_unref(launch);
	}
}

/* --- What is refused --------------------------------------------------------------------------- */

static void fails(struct sbp_launch *launch, int error, const char *step)
{
	static struct traces before;
	pid_t pid = -2;
	int seen;

	take_traces(&before);
	seen = sbp_launch_fork(launch, &pid);
	if (!seen && !pid)
		_exit(0);
	assert_int_equal(seen, error);
	assert_string_equal(sbp_launch_failed_step(launch), step);
	assert_null(find_traces(&before));
	sbp_launch_unref(launch);
}

static void test_refused(void **unused)
{
	struct sbp_launch *launch = new_launch("bpf");
	int folder = open("/", O_RDONLY | O_CLOEXEC);

	(void)unused;
	sbp_launch_set_init(launch, true);
	fails(launch, -EINVAL, "init of a copy");
	launch = new_launch("bpf");
	assert_int_equal(sbp_launch_pass_fd(launch, folder, 5), 0);
	fails(launch, -EISDIR, "passed descriptors");
	launch = new_later("none", NULL);
	assert_int_equal(sbp_launch_pass_fd(launch, 2, LINE), 0);
	fails(launch, -EINVAL, "root that is entered later");
	launch = new_later("none", NULL);
	assert_int_equal(sbp_launch_set_root(launch, SBP_ROOT_KEPT, NULL), 0);
	fails(launch, -EINVAL, "root that is entered later");
	launch = new_later("bpf", NULL);
	assert_int_equal(sbp_launch_set_strategies(launch, "none", NULL), 0);
	fails(launch, -EINVAL, "root without isolation");
	assert_int_equal(sbp_launch_new(&launch), 0);
	assert_int_equal(sbp_launch_set_strategies(launch, "clone", "bpf"), 0);
	fails(launch, -EINVAL, "policy");
	assert_int_equal(sbp_launch_new(&launch), 0);
	assert_int_equal(sbp_launch_set_later(launch, -1), -EBADF);
	assert_int_equal(sbp_launch_set_later(launch, 128), -EBADF);
	sbp_launch_unref(launch);
	close(folder);
	assert_int_equal(sbp_launch_enter_root(-1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),	cmocka_unit_test(test_files),
		cmocka_unit_test(test_libc),	cmocka_unit_test(test_policy),
		cmocka_unit_test(test_pid),	cmocka_unit_test(test_dies_with_launcher),
		cmocka_unit_test(test_later),	cmocka_unit_test(test_directory_later),
		cmocka_unit_test(test_helper),	cmocka_unit_test(test_command_later),
		cmocka_unit_test(test_refused),
	};

	alarm(240);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What the shipped policies allow and deny, asked of the running kernel: every call is made without the
 * filter first, and works. Real programs run under files-read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../compat/launch.h"
#include "confined.h"

/* --- One call at a time -------------------------------------------------------------------- */

/* Each returns 0 or the errno. */
static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int open_to_read(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int open_to_write(void)
{
	return result(open("/dev/null", O_WRONLY));
}

static int open_to_create(void)
{
	return result(open("/tmp/policy-test", O_RDONLY | O_CREAT, 0600));
}

static int open_to_truncate(void)
{
	return result(open("/dev/null", O_RDONLY | O_TRUNC));
}

static int open_unnamed(void)
{
	return result(open("/tmp", O_TMPFILE | O_WRONLY, 0600));
}

static int stat_path(void)
{
	struct stat status;

	return result(stat("/etc/passwd", &status));
}

static int stat_descriptor(void)
{
	struct stat status;

	return result(fstat(0, &status));
}

static int make_folder(void)
{
	return result(mkdir("/tmp/policy-test.d", 0700));
}

static int socket_inet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int socket_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int socket_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int socket_pair(void)
{
	int pair[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int fork_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int new_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *nothing(void *data)
{
	return data;
}

static int start_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	return error ? error : pthread_join(thread, NULL);
}

static int exec_program(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	return result(pid);
}

static int signal_self(void)
{
	return result(kill(getpid(), 0));
}

static int signal_parent(void)
{
	return result(kill(getppid(), 0));
}

static int map_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
											     : 0;
}

static int read_clock(void)
{
	struct timespec t;

	return result(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
}

static int read_descriptor(void)
{
	char byte;

	return result(read(0, &byte, 1));
}

static int trace_me(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int change_personality(void)
{
	return result(personality(0xffffffff));
}

#ifdef __x86_64__
static int call_of_i386(void)
{
	long number = 20 /* getpid */;

	__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
	return number < 0 ? (int)-number : 0;
}
#endif

enum { DIES = 1000 + SIGSYS };
static const struct attempt {
	const char *name;
	int (*make)(void);
	int compute, files_read, network; /* errno, or what the process ends as */
} attempts[] = {
	{ "open a file to read it", open_to_read, EACCES, 0, EACCES },
	{ "open to write", open_to_write, EACCES, EACCES, EACCES },
	{ "open to create", open_to_create, EACCES, EACCES, EACCES },
	{ "open and truncate", open_to_truncate, EACCES, EACCES, EACCES },
	{ "open a file without a name", open_unnamed, EACCES, EACCES, EACCES },
	{ "stat by path", stat_path, EACCES, 0, EACCES },
	{ "stat what is open", stat_descriptor, 0, 0, 0 },
	{ "mkdir", make_folder, EACCES, EACCES, EACCES },
	{ "an IPv4 socket", socket_inet, EACCES, EACCES, 0 },
	{ "a Unix socket", socket_unix, EACCES, EACCES, EAFNOSUPPORT },
	{ "a netlink socket", socket_netlink, EACCES, EACCES, EAFNOSUPPORT },
	{ "a pair of sockets", socket_pair, EACCES, EACCES, 0 },
	{ "fork", fork_process, EPERM, EPERM, EPERM },
	{ "a namespace", new_namespace, EPERM, EPERM, EPERM },
	{ "a thread", start_thread, 0, 0, 0 },
	{ "exec", exec_program, EPERM, EPERM, EPERM },
	{ "a signal to itself", signal_self, 0, 0, 0 },
	{ "a signal to its parent", signal_parent, EPERM, EPERM, EPERM },
	{ "memory", map_memory, 0, 0, 0 },
	{ "the clock", read_clock, 0, 0, 0 },
	{ "read what is open", read_descriptor, 0, 0, 0 },
	{ "ptrace", trace_me, DIES, DIES, DIES },
	{ "personality", change_personality, DIES, DIES, DIES },
#ifdef __x86_64__
	{ "a call of i386", call_of_i386, DIES, DIES, DIES },
#endif
};

struct trial {
	const struct attempt *attempt;
	const char *policy;
};

static void try_in_child(void *data)
{
	const struct trial *trial = data;
	struct sbp_locked end;

	if (trial->policy)
		check(lock_by(BY_TSYNC, trial->policy, &end) == 0);
	_exit(trial->attempt->make());
}

static int outcome(const struct attempt *attempt, const char *policy)
{
	struct trial trial = { attempt, policy };

	return in_child(try_in_child, &trial);
}

static void calls(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	rmdir("/tmp/policy-test.d");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		const struct attempt *a = &attempts[i];
		const int expected[] = { 0, a->compute, a->files_read, a->network };
		static const char *const policies[] = { NULL, "compute", "files-read", "network" };
		int got;

		for (int p = 0; p < 4; p++) {
			got = outcome(a, policies[p]);
			if (p == 0 && got) {
				printf("# %s: not possible here without a filter either (%d)\n",
				       a->name, got);
				break;
			}
			if (got != expected[p])
				fail_msg("%s under %s: %d, not %d", a->name,
					 policies[p] ? policies[p] : "nothing", got, expected[p]);
		}
	}
	rmdir("/tmp/policy-test.d");
	unlink("/tmp/policy-test");
}

/* --- Ways in ------------------------------------------------------------------------------- */

/* An outer filter that knows only the newer call. */
static void no_prctl_in_child(void *data)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x50000U | EPERM),
		BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U),
	};
	struct sock_fprog outer = { sizeof(code) / sizeof(*code), code }, program;

	(void)data;
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(prctl(PR_SET_SECCOMP, 2, &outer) == 0);
	check(prctl(PR_SET_SECCOMP, 2, &outer) == -1 && errno == EPERM);
	check(sbp_policy_program("compute", &program) == 0);
	check(sbp_bpf_install_in_child(&program) == 0);
	check(open_to_read() == EACCES);
}

static void by_the_newer_call(void **state)
{
	(void)state;
	if (!filters_work())
		skip();
	assert_int_equal(in_child(no_prctl_in_child, NULL), 0);
}

/* --- Real programs ------------------------------------------------------------------------- */

/* What a launcher puts before a policy, in short: exec goes through. */
static void exec_under(const char *policy, char *const *arguments)
{
	struct sock_filter code[4096] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U),
	};
	struct sock_fprog program = { 0, code }, rest;

	check(sbp_policy_program(policy, &rest) == 0);
	memcpy(code + 3, rest.filter, rest.len * sizeof(*code));
	program.len = (unsigned short)(rest.len + 3);
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(sbp_bpf_install_in_child(&program) == 0);
	execvp(arguments[0], arguments);
	_exit(127);
}

/* The program's output for a given input, or -1. */
static ssize_t run(const char *policy, char *const *arguments, int input, char *output, size_t size)
{
	ssize_t used = 0, n;
	int pair[2], status;
	pid_t pid;

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		alarm(120);
		/* the programs themselves, not what somebody put before them */
		setenv("PATH", "/usr/bin:/bin", 1);
		dup2(input, 0);
		lseek(0, 0, SEEK_SET);
		dup2(pair[1], 1);
		if (policy)
			exec_under(policy, arguments);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	close(pair[1]);
	while ((n = read(pair[0], output + used, size - (size_t)used)) > 0)
		used += n;
	close(pair[0]);
	waitpid(pid, &status, 0);
	if (status)
		fprintf(stderr, "%s ended with %#x\n", arguments[0], status);
	return status ? -1 : used;
}

static void programs(void **state)
{
	static char *const commands[][6] = {
		{ "sha256sum", NULL },
		{ "sort", NULL },
		{ "sort", "-u", "-r", NULL },
		{ "gzip", "-c", NULL },
		{ "wc", NULL },
		{ "awk", "{ n += length($0) } END { print n }", NULL },
		{ "cat", "/etc/passwd", NULL },
		{ "od", "-c", NULL },
		{ "tr", "a-z", "A-Z", NULL },
		{ "sed", "s/1/one/g", NULL },
		{ "grep", "7", NULL },
		{ "xz", "-c", "-T1", NULL },
		{ "python3", "-I", "-S", "-c", "import sys; print(sum(map(int, sys.stdin)))", NULL },
	};
	static char outside[1 << 20], inside[1 << 20];
	int input = memfd_create("input", MFD_CLOEXEC), ran = 0;
	ssize_t length;

	(void)state;
	if (!filters_work())
		skip();
	for (int i = 0; i < 20000; i++)
		dprintf(input, "%d\n", i * 7919 % 20000);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		length = run(NULL, commands[i], input, outside, sizeof(outside));
		if (length < 0)
			continue; /* not installed */
		if (run("files-read", commands[i], input, inside, sizeof(inside)) != length ||
		    memcmp(inside, outside, (size_t)length) != 0)
			fail_msg("%s says something else under files-read", commands[i][0]);
		ran++;
	}
	print_message("# %d programs say the same under files-read\n", ran);
	assert_true(ran >= 6);
	/* the control: there is a filter */
	assert_int_equal(run("files-read", (char *const[]){ "touch", "/tmp/policy-test", NULL },
			     input, inside, 1),
			 -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(by_the_newer_call),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

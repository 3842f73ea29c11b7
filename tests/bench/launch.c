/* SPDX-License-Identifier: MIT */
/*
 * What a launch costs: the library's beside the bare clone with the same flags, its maps and an exec, from
 * a small process and from one of 1 GiB; and sandbox-run beside the programs that do the same.
 * usage: launch SANDBOX-RUN NOTHING [ROUNDS], NOTHING being a static program that only ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "clock.h"

extern char **environ;

static char *nothing[] = { NULL, NULL };
static char stack[64 << 10] __attribute__((aligned(64)));

/* --- The floor ------------------------------------------------------------------------------ */

/* Tells a child whether its launcher lives. */
static int alive[2];

/* What of it is run: a clone with flags and an exec, or all that confines as well. */
struct floor {
	int flags;
	bool confines;
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(1);
	close(fd);
}

static void close_both(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void must(long result)
{
	if (result < 0)
		_exit(1);
}

static void isolate_bare(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(setresgid(0, 0, 0) | setresuid(0, 0, 0));
	must(unshare(CLONE_NEWCGROUP));
	put("/proc/sys/user/max_user_namespaces", "0");
	must(sethostname("sandbox", 7));
	must(ioctl(fd, SIOCSIFFLAGS, &loopback));
	close(fd);
	must(setsid());
	must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
	must(syscall(SYS_close_range, 0, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */));
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("empty", "/", "tmpfs", MS_RDONLY, "size=4k"));
	must(chdir("/.."));
	must(syscall(SYS_pivot_root, ".", "."));
	must(umount2(".", MNT_DETACH));
	must(chdir("/"));
}

static void give_up_bare(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	must(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED));
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		prctl(PR_CAPBSET_DROP, capability);
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	must(syscall(SYS_capset, &header, none));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (int signal = 1; signal <= 64; signal++)
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

/* What a launch has to do besides, call by call: the other half of the floor. */
static void confine_bare(int command)
{
	struct pollfd pipe = { .fd = alive[0] };
	char head[1024];
	struct stat status;

	close(alive[1]);
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	must(poll(&pipe, 1, 0));
	must(fstat(command, &status));
	fgetxattr(command, "security.capability", NULL, 0);
	must(read(command, head, sizeof(head)));
	isolate_bare();
	give_up_bare();
}

static int exec_bare(void *data)
{
	const struct floor *floor = data;
	int command = floor->confines ? open(nothing[0], O_RDONLY | O_CLOEXEC) : -1;

	if (floor->flags) {
		put("/proc/self/setgroups", "deny");
		put("/proc/self/uid_map", "0 0 1");
		put("/proc/self/gid_map", "0 0 1");
	}
	if (floor->confines)
		confine_bare(command);
	if (floor->confines)
		syscall(SYS_execveat, command, "", nothing, environ, AT_EMPTY_PATH);
	else
		execve(nothing[0], nothing, environ);
	_exit(1);
}

enum {
	ALL = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS
};

static const struct floor none = { 0, false }, all = { ALL, false }, confining = { ALL, true };

static void run_bare(const struct step *step)
{
	const struct floor *floor = step->data;
	int status = 1;
	pid_t pid;

	if (floor->confines && pipe2(alive, O_CLOEXEC))
		exit(1);
	pid = clone(exec_bare, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD | floor->flags, (void *)floor);
	if (floor->confines)
		close_both(alive);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		exit(1);
}

/* --- Ours ----------------------------------------------------------------------------------- */

static struct sbp_launch *new_launch(const char *isolation, const char *syscalls)
{
	struct sbp_launch *launch;

	if (sbp_launch_new(&launch) || sbp_launch_set_strategies(launch, isolation, syscalls) ||
	    sbp_launch_set_policy(launch, "compute") ||
	    sbp_launch_set_command(launch, nothing[0], nothing, environ) ||
	    sbp_launch_set_min_level(launch, 0))
		exit(1);
	return launch;
}

static void run_launch(const struct step *step)
{
	struct sbp_launch *launch = *(struct sbp_launch *const *)step->data;
	pid_t pid;

	if (sbp_launch_start(launch, &pid)) {
		fprintf(stderr, "%s\n", sbp_launch_failed_step(launch));
		exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void *grow(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return memory;
}

static void compare_library(int rounds)
{
	static struct sbp_launch *filtered, *confined, *isolated;
	static struct step steps[] = {
		{ .name = "bare clone and exec", .run = run_bare, .data = &none },
		{ .name = "bare clone with all namespaces, maps, exec", .run = run_bare, .data = &all },
		{ .name = "the same and what confines, written out",
		  .run = run_bare,
		  .data = &confining },
		{ .name = "launch, isolation none, bpf", .run = run_launch, .data = &filtered },
		{ .name = "launch, clone, no filter", .run = run_launch, .data = &isolated },
		{ .name = "launch, clone, bpf: level 3", .run = run_launch, .data = &confined },
	};
	static struct step big = { .name = "the same, 1 GiB parent",
				   .run = run_launch,
				   .data = &confined };

	filtered = new_launch("none", "bpf");
	isolated = new_launch("clone", "none");
	confined = new_launch("clone", "bpf");
	run_rounds(steps, 6, rounds);
	print_head("Launching", "the bare clone with namespaces");
	for (int i = 0; i < 6; i++)
		print_step(&steps[i], &steps[1]);
	if (grow((size_t)1 << 30)) {
		run_rounds(&big, 1, rounds);
		print_step(&big, &steps[1]);
		print_target("1 GiB parent against small, min", big.minimum / steps[5].minimum, 1.1);
	}
	print_target("launch against the bare clone, min", steps[4].minimum / steps[1].minimum, 1.05);
	print_target("launch against what confines written out, min",
		     steps[4].minimum / steps[2].minimum, 1.05);
	print_target("the same, median", steps[4].median / steps[2].median, 1.05);
}

/* --- Commands ------------------------------------------------------------------------------- */

static posix_spawn_file_actions_t to_null;

static void run_command(const struct step *step)
{
	char *const *command = (char *const *)step->data;
	pid_t pid;

	if (posix_spawn(&pid, command[0], &to_null, NULL, command, environ))
		exit(1);
	waitpid(pid, NULL, 0);
}

static void compare_commands(char *ours, int rounds)
{
	static char *commands[][11] = {
		{ "/bin/true" },
		{ "/usr/bin/unshare", "-Urpnif", "/bin/true" },
		{ "/usr/bin/bwrap", "--unshare-all", "--bind", "/", "/", "/bin/true" },
		{ NULL, "--no-chroot", "--syscalls", "none", "--", "/bin/true" },
		{ NULL, "--no-chroot", "--policy", "files-read", "--", "/bin/true" },
		{ NULL, "--", NULL },
	};
	static const char *const names[] = { "/bin/true",
					     "unshare -Urpnif /bin/true",
					     "bwrap --unshare-all --bind / / /bin/true",
					     "sandbox-run, no filter, /bin/true",
					     "sandbox-run, filter, /bin/true",
					     "sandbox-run, level 3, a static program" };
	static struct step steps[6];
	size_t there[6], count = 0;

	commands[3][0] = commands[4][0] = commands[5][0] = ours;
	commands[5][2] = nothing[0];
	print_head("Commands", "/bin/true");
	for (size_t i = 0; i < 6; i++) {
		if (access(commands[i][0], X_OK)) {
			printf("  (not installed: %s)\n", names[i]);
			continue;
		}
		there[count] = i;
		steps[count++] =
			(struct step){ .name = names[i], .run = run_command, .data = commands[i] };
	}
	run_rounds(steps, count, rounds);
	for (size_t i = 0; i < count; i++)
		print_step(&steps[i], &steps[0]);
	for (size_t i = 0; i < count; i++)
		if (there[i] == 1 || there[i] == 2)
			print_target(there[i] == 1 ? "sandbox-run against unshare, min"
						   : "sandbox-run against bwrap, min",
				     steps[count - 3].minimum / steps[i].minimum,
				     there[i] == 1 ? 0.8 : 0.5);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 201;

	if (argc < 3)
		return 2;
	nothing[0] = argv[2];
	posix_spawn_file_actions_init(&to_null);
	posix_spawn_file_actions_addopen(&to_null, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&to_null, 2, "/dev/null", O_WRONLY, 0);
	compare_commands(argv[1], rounds);
	compare_library(rounds);
	return 0;
}

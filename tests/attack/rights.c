// SPDX-License-Identifier: MIT
/* Ways to rights that were given up, and to run something else. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "attack.h"

static int new_user_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWUSER));
}

static int clone_user_namespace(const struct target *target)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	UNUSED;
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

static int new_mount_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWNS));
}

static int new_net_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWNET));
}

/* i386's first ones, of 16 bits, are not in every kernel. */
#ifdef SYS_setuid32
#define SETUID	  SYS_setuid32
#define SETGID	  SYS_setgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETUID	  SYS_setuid
#define SETGID	  SYS_setgid
#define SETGROUPS SYS_setgroups
#endif

static int change_user(const struct target *target)
{
	UNUSED;
	return answer(syscall(SETUID, getuid() + 1));
}

static int leave_groups(const struct target *target)
{
	UNUSED;
	return answer(syscall(SETGROUPS, 0, NULL));
}

static int take_capabilities(const struct target *target)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 1 << CAP_SYS_ADMIN, 1 << CAP_SYS_ADMIN, 0 } };

	UNUSED;
	return answer(syscall(SYS_capset, &header, data));
}

static int raise_limit(const struct target *target)
{
	struct rlimit low = { 0, 0 }, high = { 1, 1 };

	UNUSED;
	return setrlimit(RLIMIT_CORE, &low) ? -errno : answer(setrlimit(RLIMIT_CORE, &high));
}

static int name_host(const struct target *target)
{
	char name[65];

	UNUSED;
	return gethostname(name, sizeof(name)) ? -errno : answer(sethostname(name, strlen(name)));
}

static int run_shell(const struct target *target)
{
	char *argv[] = { "sh", "-c", "exit 40", NULL }, *envp[] = { NULL };

	UNUSED;
	return answer(execve("/bin/sh", argv, envp));
}

/* exit(ATTACK_WORKED), as a whole program. */
static int program_in_memory(void)
{
#ifdef __x86_64__
	static const unsigned char program[] =
		"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0\170\0\100\0\0\0\0\0\100\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\100\0\70\0\1\0\0\0\0\0\0\0"
		"\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0"
		"\204\0\0\0\0\0\0\0\204\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0"
		"\277\50\0\0\0\270\74\0\0\0\17\5";
	int fd = (int)syscall(SYS_memfd_create, "", 0);

	if (fd >= 0 && write(fd, program, sizeof(program) - 1) < 0)
		return -1;
	return fd;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static int run_descriptor(int fd)
{
	char *argv[] = { "memory", NULL }, *envp[] = { NULL };

	return answer(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

static int run_memory(const struct target *target)
{
	int fd = program_in_memory();

	UNUSED;
	return fd < 0 ? -errno : run_descriptor(fd);
}

/* The launch's own exec went by a number just at the limit: is it to be had again? */
static int run_again(const struct target *target)
{
	int fd = program_in_memory(), result = -EBADF;
	struct rlimit limit;

	UNUSED;
	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	for (int number = 900; number <= 1100; number++)
		if (dup2(fd, number) == number || (rlim_t)number == limit.rlim_cur)
			result = run_descriptor(number);
	return result;
}

static int new_pid_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWPID));
}

static int new_ipc_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWIPC));
}

static int new_uts_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWUTS));
}

static int new_cgroup_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(0x02000000 /* CLONE_NEWCGROUP, 4.6 */));
}

static int change_group(const struct target *target)
{
	UNUSED;
	return answer(syscall(SETGID, getgid() + 1));
}

static int raise_ambient(const struct target *target)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	UNUSED;
	/* what can be inherited can be raised; a process may always let be inherited what it has */
	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].inheritable = data[0].permitted;
	if (syscall(SYS_capset, &header, data))
		return -errno;
	return answer(prctl(47 /* PR_CAP_AMBIENT, 4.3 */, 2 /* RAISE */, CAP_SETUID, 0, 0));
}

/* To a pace that is no pace: who may set it is told so. */
static int set_clock(const struct target *target)
{
	struct timex timex = { .modes = ADJ_TICK, .tick = 1 };

	UNUSED;
	return syscall(SYS_adjtimex, &timex) < 0 && errno == EINVAL ? 0 : -errno;
}

/* It ends as an attack that worked when it has become root. */
static int run_set_id(const struct target *target)
{
	char *argv[] = { "set-id", NULL }, *envp[] = { NULL };

	return answer(execve(target->set_id, argv, envp));
}

/* It can be set, and then stays: that 0 is refused everywhere is what the control can't show. */
static int clear_no_new_privs(const struct target *target)
{
	UNUSED;
	if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		return 0;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? -EPERM : 0;
}

/* Outside there is none: nothing to be forgotten. Inside its mode must not be had back. */
static int forget_filter(const struct target *target)
{
	UNUSED;
	prctl(PR_SET_SECCOMP, 0, 0, 0, 0);
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 0 : -EPERM;
}

const struct attack rights_attacks[] = {
	{ "unshare a user namespace", new_user_namespace, BOTH, NULL },
	{ "clone a user namespace", clone_user_namespace, BOTH, NULL },
	{ "unshare a mount namespace", new_mount_namespace, BOTH, NULL },
	{ "unshare a network namespace", new_net_namespace, BOTH, NULL },
	{ "unshare a PID namespace", new_pid_namespace, BOTH, NULL },
	{ "unshare an IPC namespace", new_ipc_namespace, BOTH, NULL },
	{ "unshare a host name", new_uts_namespace, BOTH, NULL },
	{ "unshare a cgroup namespace", new_cgroup_namespace, BOTH, NULL },
	{ "change the user", change_user, BOTH, NULL },
	{ "change the group", change_group, BOTH, NULL },
	{ "leave the groups", leave_groups, BOTH, NULL },
	{ "take capabilities", take_capabilities, BOTH, NULL },
	{ "raise an ambient capability", raise_ambient, BOTH, NULL },
	{ "raise a limit", raise_limit, BOTH, NULL },
	{ "name the host", name_host, BOTH, NULL },
	{ "change the clock", set_clock, BOTH, NULL },
	{ "run a set-id program", run_set_id, BOTH, NULL },
	{ "run a shell", run_shell, BOTH, NULL },
	{ "run a program in memory", run_memory, BY_FILTER, NULL },
	{ "run it as the launch did", run_again, BY_FILTER, NULL },
	{ "turn off no_new_privs", clear_no_new_privs, BY_LAUNCH, NULL },
	{ "forget the filter", forget_filter, BY_FILTER, NULL },
	{ 0 },
};

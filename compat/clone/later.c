/* SPDX-License-Identifier: MIT */
/*
 * A root that is entered on the child's request: a helper shares its root and directory (CLONE_FS), keeps the
 * right to change them, and waits. Owns both ends of the line between them.
 *
 * A helper has memory of its own, that its capabilities close to the child, so that the child can have it do
 * this one thing or end it, no more. The kernel lets a process with less rights trace no one with more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "clone.h"
#include "uapi.h"

/* What comes back: the pid is the helper's, as the child sees it. */
struct answer {
	int error, pid;
};

/* --- The helper ------------------------------------------------------------------------------ */

#define ALLOW(number)                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static const struct sock_filter change_root_only[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SBP_AUDIT_ARCH, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_read),
	ALLOW(SYS_write),
	ALLOW(SYS_mount),
	ALLOW(SYS_umount2),
	ALLOW(SYS_pivot_root),
	ALLOW(SYS_chroot),
	ALLOW(SYS_chdir),
	ALLOW(SYS_openat),
	ALLOW(SYS_fchdir),
	ALLOW(SYS_close),
	ALLOW(SYS_statfs),
#ifdef SYS_statfs64
	ALLOW(SYS_statfs64),
#endif
	ALLOW(SYS_getpid),
	ALLOW(SYS_exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
};

/* The two that a root takes. */
static long keep_capabilities_in_helper(void)
{
	const struct {
		unsigned int version;
		int pid;
	} header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const unsigned int kept = 1U << CAP_SYS_ADMIN | 1U << CAP_SYS_CHROOT;
	const unsigned int sets[6] = { kept, kept, 0 };

	return sbp_kernel(SYS_capset, (long)&header, (long)sets);
}

static long confine_helper(struct sbp_setup *setup)
{
	const struct sock_fprog program = { sizeof(change_root_only) / sizeof(*change_root_only),
					    (struct sock_filter *)change_root_only };
	long result = sbp_kernel(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);

	setup->fd_count = 0;
	setup->started[1] = -1;
	setup->copy = true; /* it makes no exec: the others are to be closed now */
	if (!result)
		result = sbp_close_other_fds_in_child(setup);
	if (!result)
		result = keep_capabilities_in_helper();
	if (!result && setup->filtered)
		result = sbp_no_new_privs_in_child(setup);
	if (!result && setup->filtered)
		result = sbp_bpf_install_in_child(&program);
	return result;
}

/* Who can't tell is not waited for: it ends. */
static void tell_in_helper(int line, int error)
{
	const struct answer answer = { error, (int)sbp_kernel(SYS_getpid, 0) };

	if (sbp_kernel(SYS_write, line, (long)&answer, sizeof(answer)) != sizeof(answer))
		sbp_give_up_in_child(125);
}

/* The setup may be memory that the child has as well: a copy of it is not. The child goes on when the helper
 * is ready. */
static _Noreturn void help_in_child(const struct sbp_setup *shared)
{
	struct sbp_setup setup = *shared;
	int line = setup.line[0], error;
	char byte;

	sbp_forget_password(&setup);
	error = (int)confine_helper(&setup);
	tell_in_helper(line, error);
	if (!error && sbp_kernel(SYS_read, line, (long)&byte, 1) == 1)
		tell_in_helper(line, (int)sbp_leave_files_in_child(&setup));
	sbp_give_up_in_child(0);
}

static int read_answer(int line, struct answer *answer)
{
	long result;

	do
		result = sbp_kernel(SYS_read, line, (long)answer, sizeof(*answer));
	while (result == -EINTR);
	if (result != sizeof(*answer))
		return result < 0 && result != -ECONNRESET ? (int)result : -ESRCH;
	return answer->error;
}

/* Nobody is told of its end: whoever waits for children without __WALL never meets it. */
long sbp_start_helper_in_child(struct sbp_setup *setup)
{
	long pid = sbp_kernel(SYS_clone, CLONE_FS, 0, 0, 0, 0);
	struct answer answer;

	if (!pid)
		help_in_child(setup);
	if (pid < 0)
		return pid;
	sbp_kernel(SYS_close, setup->line[0]);
	return read_answer(setup->line_as, &answer);
}

/* --- The child -------------------------------------------------------------------------------- */

static int judge(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	return S_ISDIR(status.st_mode) ? -EISDIR : 0;
}

/* A directory that is open leads out of any root. */
static int look_for_directories(void)
{
	char buffer[1024] __attribute__((aligned(8)));
	long bytes, fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)"/proc/self/fd",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return (int)fd;
	while (!error && (bytes = sbp_kernel(SYS_getdents64, fd, (long)buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < bytes; at += *(unsigned short *)(buffer + at + 16)) {
			const char *name = buffer + at + 19;

			if (!error && *name != '.' && atoi(name) != fd)
				error = judge(atoi(name));
		}
	sbp_kernel(SYS_close, fd);
	return error ? error : bytes < 0 ? (int)bytes : 0;
}

static int ask_helper(int line)
{
	struct answer answer = { 0, 0 };
	int error;

	if (send(line, "", 1, MSG_NOSIGNAL) != 1)
		return errno == EPIPE || errno == ECONNRESET ? -ESRCH : -errno;
	error = read_answer(line, &answer);
	/* where it is not the caller's own there is an init to bury it */
	while (answer.pid && sbp_kernel(SYS_wait4, answer.pid, 0, __WALL, 0) == -EINTR)
		;
	return error;
}

int sbp_launch_enter_root(int line)
{
	int saved = errno, error = look_for_directories();

	if (!error)
		error = ask_helper(line);
	if (!error)
		sbp_kernel(SYS_close, line);
	errno = saved;
	return error;
}

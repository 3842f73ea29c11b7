/* SPDX-License-Identifier: MIT */
/*
 * The first process of a PID namespace, for commands that are not made to be one: to the first, signals
 * without a handler do nothing, an abort(3) included, and orphans are its to bury. It waits, ends
 * with the status of its command, and takes all that is left of the namespace along.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../forget.h"
#include "clone.h"
#include "uapi.h"

/* It stays in reach of what it waits for, as its own user: so it can do nothing but wait and end. */
#define ALLOW(number)                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static const struct sock_filter wait_and_exit[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SBP_AUDIT_ARCH, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_write), /* that it has started */
	ALLOW(SYS_close),
	ALLOW(SYS_wait4),
	ALLOW(SYS_exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
};

SBP_NEVER_RETURNS_IN_CHILD static int run_command_in_child(void *data)
{
	struct sbp_setup *setup = data;

	sbp_walk_steps_in_child(setup, SBP_PART_COMMAND);
	sbp_give_up_in_child(125);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* It keeps nothing open but the pipe on which its launcher waits. */
static long confine_init_in_child(struct sbp_setup *setup)
{
	const struct sock_fprog program = { sizeof(wait_and_exit) / sizeof(*wait_and_exit),
					    (struct sock_filter *)wait_and_exit };
	long result;

	setup->fd_count = 0;
	setup->line[0] = setup->report[1] = -1;
	setup->copy = true; /* it makes no exec: the others are to be closed now */
	result = sbp_close_other_fds_in_child(setup);
	return result || !setup->filtered ? result : sbp_bpf_install_in_child(&program);
}

/* Until its exec it runs on this memory; the launcher's is a copy, and hidden from it. */
static long start_command_in_child(struct sbp_setup *setup)
{
	long command = sbp_kernel(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);

	if (command)
		return command;
	command = clone(run_command_in_child, setup->inner_stack,
			CLONE_VM | CLONE_VFORK | SIGCHLD | (setup->later ? CLONE_FS : 0), setup);
	return command < 0 ? -errno : command;
}

SBP_NEVER_RETURNS_IN_CHILD _Noreturn void sbp_init_in_child(struct sbp_setup *shared)
{
	struct sbp_setup setup;
	long command, ended;
	int status = 0;

	shared->step = "init";
	command = start_command_in_child(shared);
	/* and no filter of its command's, of which it has copies */
	sbp_forget_password(shared);
	sbp_forget_code(&shared->program);
	setup = *shared;
	ended = command < 0 || setup.error ? command : confine_init_in_child(&setup);
	if (ended < 0 && !setup.error)
		sbp_fail(shared, "init", 0, ended);
	if (shared->error)
		sbp_give_up_in_child(125);
	sbp_kernel(SYS_write, setup.started[1], (long)"", 1);
	sbp_kernel(SYS_close, setup.started[1]);
	do
		ended = sbp_kernel(SYS_wait4, -1, (long)&status, __WALL, 0);
	while (ended != command && ended != -ECHILD);
	sbp_give_up_in_child(status_of(status));
}

/* SPDX-License-Identifier: MIT */
/*
 * Questions about 32-bit ARM (EABI) processes. Such a process asks for itself; an arm64 process
 * starts a small ARM program, since only the compat ABI can tell; on other machines the question
 * does not arise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "probe.h"
#include "uapi.h"

#if defined(__arm__)

static void prove_filter_in_child(struct sbp_probe *p, void *data)
{
	(void)data;
	p->where = "child";
	sbp_prove_seccomp_filter(p);
}

/* The same questions as seccomp-strict and seccomp-filter, which settle these rows beside theirs. */
void sbp_ask_arm(struct sbp_probe *p)
{
	struct sbp_child proof = { .run = prove_filter_in_child };

	if (!sbp_settled(p, SBP_FEATURE_ARM_SECCOMP_STRICT, SBP_DIRECTLY))
		sbp_ask_seccomp_strict(p);
	if (sbp_settled(p, SBP_FEATURE_ARM_SECCOMP_FILTER, SBP_DIRECTLY))
		return;
	sbp_ask_seccomp_filter(p);
	if (p->area->answers[SBP_FEATURE_ARM_SECCOMP_FILTER].way[SBP_DIRECTLY].verdict == SBP_YES)
		sbp_run_child(p, &proof);
}

#elif defined(__aarch64__)

#include "arm_program.h"

/* One question: how the program is started, and what it then does. */
struct question {
	sbp_set feature;
	bool strict;
	char *const *arguments;
	const char *start, *call;
	long fd;
};

/* The program in a file without a name, which needs no writable directory. */
static long write_program(void)
{
	enum { MEMFD_CLOEXEC = 1, MEMFD_EXEC = 0x10 /* 6.3 */ };
	long fd = sbp_kernel(SYS_memfd_create, (long)"arm", MEMFD_CLOEXEC | MEMFD_EXEC);

	if (fd == -EINVAL)
		fd = sbp_kernel(SYS_memfd_create, (long)"arm", MEMFD_CLOEXEC);
	if (fd < 0)
		return fd;
	if (sbp_kernel(SYS_write, fd, (long)&arm_headers, sizeof(arm_headers)) == sizeof(arm_headers) &&
	    sbp_kernel(SYS_write, fd, (long)arm_code, sizeof(arm_code)) == sizeof(arm_code))
		return fd;
	sbp_kernel(SYS_close, fd);
	return -EIO;
}

/* Comes back only when the program can't be started, and that is an answer. */
static void start_in_child(struct sbp_probe *p, void *data)
{
	static char *const no_environment[] = { NULL };
	const struct question *q = data;
	long result;

	p->where = "child";
	result = sbp_ask(p, q->feature, q->start, SYS_execveat, q->fd, (long)"", (long)q->arguments,
			 (long)no_environment, AT_EMPTY_PATH);
	sbp_no(p, q->feature, SBP_DIRECTLY, q->start, result);
}

/* How the program ended is the kernel's answer. */
static void read_end(struct sbp_probe *p, const struct question *q, const struct sbp_child *child)
{
	int status = child->exit_status;
	bool denied = q->strict ? child->signal == SIGKILL : !child->signal && !status;

	p->where = "32-bit ARM process";
	sbp_note(p, q->feature, q->call, status < ARM_PROGRAM_NOT_DENIED ? -(long)status : 0,
		 child->signal);
	p->where = "this process";
	if (denied)
		sbp_yes(p, q->feature, SBP_DIRECTLY);
	else if (status == ARM_PROGRAM_NOT_DENIED || child->signal)
		sbp_no(p, q->feature, SBP_DIRECTLY, q->call, 0);
	else
		sbp_no(p, q->feature, SBP_DIRECTLY, q->call, -(long)status);
}

static void ask_by_program(struct sbp_probe *p, struct question *q)
{
	struct sbp_child child = { .run = start_in_child, .data = q };
	enum sbp_feature first = __builtin_ctzll(q->feature);

	q->fd = write_program();
	if (q->fd < 0) {
		sbp_could_not_ask(p, q->feature, SBP_DIRECTLY, "memfd_create(\"arm\")", q->fd);
		return;
	}
	if (sbp_run_child(p, &child))
		sbp_could_not_ask(p, q->feature, SBP_DIRECTLY, "clone(CLONE_VM|CLONE_VFORK)",
				  -child.error);
	else if (!sbp_settled(p, first, SBP_DIRECTLY) || child.fatal)
		read_end(p, q, &child);
	sbp_kernel(SYS_close, q->fd);
}

void sbp_ask_arm(struct sbp_probe *p)
{
	static char *const one[] = { "arm", NULL }, *const two[] = { "arm", "strict", NULL };
	struct question questions[] = {
		{ SBP_BIT(ARM_SECCOMP_STRICT), true, two,
		  "execveat(32-bit ARM program, \"strict\")", "getpid() in mode 1", -1 },
		{ SBP_BIT(ARM_SECCOMP_FILTER), false, one, "execveat(32-bit ARM program)",
		  "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &deny_getppid)", -1 },
	};

	for (int i = 0; i < 2; i++)
		if (p->asked & questions[i].feature)
			ask_by_program(p, &questions[i]);
}

#else

void sbp_ask_arm(struct sbp_probe *p)
{
	sbp_no_because(p, SBP_BIT(ARM_SECCOMP_STRICT) | SBP_BIT(ARM_SECCOMP_FILTER),
		       SBP_INAPPLICABLE, "This is no ARM machine.", "Ask on an ARM machine.");
}

#endif

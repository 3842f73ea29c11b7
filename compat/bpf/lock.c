/* SPDX-License-Identifier: MIT */
/* A program locks itself: all its threads, by what this kernel has. Owns the words for why not. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "../launch.h"
#include "bpf.h"
#include "uapi.h"

/* Signals are answered at once, or not at all. */
enum { DEADLINE_MS = 2000 };

static int fail(struct sbp_locked *end, int error, pid_t tid, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(struct sbp_locked *end, int error, pid_t tid, const char *format, ...)
{
	va_list arguments;

	end->tid = tid;
	va_start(arguments, format);
	vsnprintf(end->why, sizeof(end->why), format, arguments);
	va_end(arguments);
	return error;
}

static int lock_by_tsync(const struct sock_fprog *program, struct sbp_locked *end)
{
	long result = sbp_kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);

	end->threads = "tsync";
	if (!result)
		result = sbp_bpf_install_tsync(program);
	if (result > 0)
		return fail(end, -EBUSY, (pid_t)result, "thread %ld has a filter of its own", result);
	if (result < 0)
		return fail(end, (int)result, 0,
			    "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC): %s",
			    sbp_errno_text(result));
	return 0;
}

static int lock_by_broadcast(const struct sock_fprog *program, struct sbp_locked *end)
{
	struct sbp_broadcast_end stopped;
	int error = sbp_bpf_broadcast(program, DEADLINE_MS, &stopped);

	end->threads = "broadcast";
	if (!error)
		return 0;
	if (stopped.error)
		return fail(end, error, stopped.tid, "thread %d could not install the filter: %s",
			    stopped.tid, sbp_errno_text(stopped.error));
	if (stopped.tid)
		return fail(end, error, stopped.tid,
			    "thread %d did not answer within %d ms: it blocks every signal, is stopped, or waits in vfork",
			    stopped.tid, DEADLINE_MS);
	if (error == -ETIMEDOUT)
		return fail(end, error, 0, "threads without the filter kept appearing for %d ms",
			    DEADLINE_MS);
	if (error == -EBUSY)
		return fail(end, error, 0, "another thread is locking the process");
	return fail(end, error, 0, "the threads could not be reached: %s", sbp_errno_text(error));
}

static int lock(const struct sbp_probe *probe, const struct sock_fprog *program,
		struct sbp_locked *end)
{
	const char *cause;

	if (sbp_state(probe, SBP_FEATURE_SECCOMP_TSYNC) == SBP_AVAILABLE)
		return lock_by_tsync(program, end);
	if (sbp_state(probe, SBP_FEATURE_SECCOMP_FILTER) == SBP_AVAILABLE)
		return lock_by_broadcast(program, end);
	cause = sbp_cause(probe, SBP_FEATURE_SECCOMP_FILTER);
	return fail(end, -ENOTSUP, 0, "seccomp-filter is not available: %s",
		    cause ? cause : "it was not asked for, or there is no answer");
}

int sbp_lock(const struct sbp_probe *probe, const struct sbp_policy *policy, struct sbp_locked *end)
{
	const struct sock_fprog *program = sbp_policy_filter(policy);
	struct sock_fprog copy;
	struct sbp_locked unused = { 0 };
	int error;

	end = end ? end : &unused;
	*end = (struct sbp_locked){ 0 };
	if (!program)
		return fail(end, -EINVAL, 0, "the policy has a fault: %s",
			    policy ? sbp_policy_fault(policy) : "there is none");
	copy.len = program->len;
	copy.filter = malloc(program->len * sizeof(*copy.filter));
	if (!copy.filter)
		return fail(end, -ENOMEM, 0, "no memory");
	sbp_bpf_copy(copy.filter, program, (pid_t)sbp_kernel(SYS_getpid, 0));
	error = lock(probe, &copy, end);
	free(copy.filter);
	return error;
}

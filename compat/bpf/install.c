/* SPDX-License-Identifier: MIT */
/* Hands a program to the kernel, for the calling thread or for all. Owns how SELF becomes a pid. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/prctl.h>

#include "../launch.h"
#include "../policy/policy.h"
#include "bpf.h"
#include "uapi.h"

bool sbp_bpf_needs_self(const struct sock_fprog *program)
{
	unsigned int i;

	for (i = 0; i < program->len; i++)
		if (program->filter[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    program->filter[i].k == SBP_SELF)
			return true;
	return false;
}

void sbp_bpf_copy(struct sock_filter *to, const struct sock_fprog *program, pid_t self)
{
	unsigned int i;

	for (i = 0; i < program->len; i++) {
		to[i] = program->filter[i];
		if (to[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && to[i].k == SBP_SELF)
			to[i].k = (uint32_t)self;
	}
}

/* prctl(2) has it since 3.5. An outer filter may know only the newer call, so that is tried as well. */
static long install(const struct sock_fprog *program)
{
	long result = sbp_kernel(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)program);

	if (result == -EPERM || result == -ENOSYS)
		return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)program);
	return result;
}

/* A signal that comes while the launcher is at work would make it do its work twice; since 5.19 only a
 * deadly one does. */
static long install_with_listener(const struct sock_fprog *program)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long result = sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				 (long)(flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
				 (long)program);

	if (result == -EINVAL)
		result = sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)program);
	return result;
}

static long install_copy(const struct sock_fprog *program, pid_t self,
			 long (*how)(const struct sock_fprog *))
{
	/* 32 KiB at most; no allocator may be asked here, and no mapping could be undone under the filter */
	struct sock_filter code[program->len];
	struct sock_fprog copy = { program->len, code };

	sbp_bpf_copy(code, program, self);
	return how(&copy);
}

long sbp_bpf_install(const struct sock_fprog *program, pid_t self)
{
	return sbp_bpf_needs_self(program) ? install_copy(program, self, install) : install(program);
}

long sbp_bpf_install_in_child(const struct sock_fprog *program)
{
	/* not getpid(): libc may have kept the parent's */
	return sbp_bpf_install(program, (pid_t)sbp_kernel(SYS_getpid, 0));
}

long sbp_bpf_install_with_listener_in_child(const struct sock_fprog *program)
{
	return install_copy(program, (pid_t)sbp_kernel(SYS_getpid, 0), install_with_listener);
}

long sbp_bpf_install_tsync(const struct sock_fprog *program)
{
	return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
			  (long)program);
}

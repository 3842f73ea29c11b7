/* SPDX-License-Identifier: MIT */
/* Hands a program to the kernel, for the calling thread or for all. Owns how SELF becomes a pid. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/prctl.h>

#include "../forget.h"
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
static long install(const struct sock_fprog *program, unsigned long flags)
{
	long result;

	if (flags)
		return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)program);
	result = sbp_kernel(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)program);
	if (result == -EPERM || result == -ENOSYS)
		return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)program);
	return result;
}

static long install_copy(const struct sock_fprog *program, pid_t self, unsigned long flags)
{
	/* 32 KiB at most; no allocator may be asked here, and no mapping could be undone under the filter */
	struct sock_filter code[program->len];
	struct sock_fprog copy = { program->len, code };
	long result;

	sbp_bpf_copy(code, program, self);
	result = install(&copy, flags);
	sbp_forget_code(&copy);
	return result;
}

static long install_for(const struct sock_fprog *program, pid_t self, unsigned long flags)
{
	return sbp_bpf_needs_self(program) ? install_copy(program, self, flags)
					   : install(program, flags);
}

long sbp_bpf_install(const struct sock_fprog *program, pid_t self)
{
	return install_for(program, self, 0);
}

long sbp_bpf_install_in_child(const struct sock_fprog *program)
{
	/* not getpid(): libc may have kept the parent's */
	return sbp_bpf_install(program, (pid_t)sbp_kernel(SYS_getpid, 0));
}

/* A report ends the process by a signal, which such a wait must not outlast. */
long sbp_bpf_install_listener(const struct sock_fprog *program)
{
	return install_for(program, (pid_t)sbp_kernel(SYS_getpid, 0),
			   SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

/* A signal that comes while the launcher is at work would make it do its work twice; since 5.19 only a
 * deadly one does. */
long sbp_bpf_install_with_listener_in_child(const struct sock_fprog *program)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	pid_t self = (pid_t)sbp_kernel(SYS_getpid, 0);
	long result = install_for(program, self, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	return result == -EINVAL ? install_for(program, self, flags) : result;
}

long sbp_bpf_install_tsync(const struct sock_fprog *program)
{
	return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
			  (long)program);
}

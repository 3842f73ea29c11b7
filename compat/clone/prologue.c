/* SPDX-License-Identifier: MIT */
/*
 * What stands before a policy, so that the launch's one exec passes and no second.
 *
 * Where the kernel has execveat(2), the filter knows the exec by its descriptor's number. That number lies
 * above the limit of descriptors that is set before the filter, and exec closes it: nobody in the sandbox can
 * ever have it open again, so the same call made later finds no file by it. (By an absolute path it does,
 * where the root is not empty: what runs then is under the same filter, without any privilege.)
 *
 * Before 3.19 there is only execve(2), whose path a filter can't look at. It takes three arguments, a filter
 * sees six: the other three carry a random password, which nobody holds any more once the exec was made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/listener.h"
#include "../forget.h"
#include "clone.h"
#include "uapi.h"

/*
 * Every jump of a classic program is relative: these can stand before any other. The arguments of execveat are
 * ints to the kernel, their upper halves nothing. Where the exec fails, the child must be able to exit.
 */
#define LOAD(at)		 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
#define LOAD_FIELD(field)	 LOAD(offsetof(struct seccomp_data, field))
#define JUMP(value, same, other) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, same, other)
/* Half a word of the password; `other` leads behind the end. */
#define HALF(word, half, other) \
	LOAD(offsetof(struct seccomp_data, args[word]) + (half)*4), JUMP(0, 0, other)

enum {
	BY_FD_LENGTH = 10,
	BY_FD_NUMBER = 6,
	BY_PASSWORD_LENGTH = 18,
	BY_PASSWORD_FIRST = 6, /* then every second, for each half a word */
	ROOM = BY_PASSWORD_LENGTH,
};

static const struct sock_filter by_fd[BY_FD_LENGTH] = {
	LOAD_FIELD(arch),
	JUMP(SBP_AUDIT_ARCH, 0, 8),
	LOAD_FIELD(nr),
	JUMP(SYS_exit_group, 5, 0),
	JUMP(SBP_SYS_execveat, 0, 5),
	LOAD_FIELD(args[0]),
	JUMP(0, 0, 3), /* BY_FD_NUMBER */
	LOAD_FIELD(args[4]),
	JUMP(AT_EMPTY_PATH, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static const struct sock_filter by_password[BY_PASSWORD_LENGTH] = {
	LOAD_FIELD(arch),	 JUMP(SBP_AUDIT_ARCH, 0, 16),
	LOAD_FIELD(nr),		 JUMP(SYS_exit_group, 13, 0),
	JUMP(SYS_execve, 0, 13), HALF(3, 0, 11),
	HALF(3, 1, 9),		 HALF(4, 0, 7),
	HALF(4, 1, 5),		 HALF(5, 0, 3),
	HALF(5, 1, 1),		 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

int sbp_keep_policy(const struct sock_fprog *policy, struct sock_fprog *kept)
{
	size_t length = ROOM + (size_t)policy->len;

	if (!policy->len || length > BPF_MAXINSNS)
		return policy->len ? -E2BIG : -EINVAL;
	kept->filter = calloc(length, sizeof(*kept->filter));
	if (!kept->filter)
		return -ENOMEM;
	kept->len = (unsigned short)length;
	memcpy(kept->filter + ROOM, policy->filter, policy->len * sizeof(*kept->filter));
	return 0;
}

/* The end of what is kept, `length` instructions before the policy. */
static struct sock_fprog with_prologue(const struct sock_fprog *kept,
				       const struct sock_filter *prologue, unsigned int length)
{
	struct sock_fprog program = { (unsigned short)(kept->len - ROOM + length),
				      kept->filter + (ROOM - length) };

	memcpy(program.filter, prologue, length * sizeof(*prologue));
	return program;
}

struct sock_fprog sbp_allow_exec_of_fd(const struct sock_fprog *kept, int fd)
{
	struct sock_fprog program = with_prologue(kept, by_fd, BY_FD_LENGTH);

	program.filter[BY_FD_NUMBER].k = (uint32_t)fd;
	return program;
}

struct sock_fprog sbp_allow_exec_by_password(const struct sock_fprog *kept,
					     const unsigned long password[SBP_PASSWORD_WORDS])
{
	struct sock_fprog program = with_prologue(kept, by_password, BY_PASSWORD_LENGTH);

	for (int i = 0; i < 2 * SBP_PASSWORD_WORDS; i++)
		program.filter[BY_PASSWORD_FIRST + 2 * i].k =
			(uint32_t)((uint64_t)password[i / 2] >> (i % 2 ? 32 : 0));
	return program;
}

struct sock_fprog sbp_without_prologue(const struct sock_fprog *kept)
{
	return (struct sock_fprog){ (unsigned short)(kept->len - ROOM), kept->filter + ROOM };
}

/* The policy is kept for another start: only what stands before it is the password's. */
void sbp_forget_password(struct sbp_setup *setup)
{
	sbp_forget(setup->password, sizeof(setup->password));
	sbp_forget_code(&setup->listening);
	if (setup->by_password)
		sbp_forget(setup->policy.filter, ROOM * sizeof(*setup->policy.filter));
}

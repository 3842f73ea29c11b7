/* SPDX-License-Identifier: MIT */
/*
 * What a filter must say of the calls by which a program could lose the handler that answers for it, as
 * instructions before any policy's. No protection, for who loses it loses: it lets programs be that don't
 * know of it.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "../broker/numbers.h"
#include "filter.h"
#include "probe.h"
#include "uapi.h"

/* Places in the prefix; behind its end the policy begins. */
enum { CLOSE = 9, MASK = 12, ACTION = 18, RANGE = 21, SELF = 28, LENGTH = 31 };

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define LOW(i)	     LOAD(args[i]) /* all that is supported is little-endian */
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* At this place, to another one where it is so (THEN) or where it is not (ELSE). */
#define GO(from, to)		 ((to) - (from)-1)
#define SAME_THEN(at, value, to) [at] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, GO(at, to), 0)
#define SAME_ELSE(at, value, to) [at] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, GO(at, to))
#define AT_LEAST_THEN(at, value, to) \
	[at] = BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, GO(at, to), 0)
#define AT_LEAST_ELSE(at, value, to) \
	[at] = BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, GO(at, to))

/*
 * rt_sigaction and rt_sigprocmask go to the handler, who keeps SIGSYS out of their masks; what only
 * unblocks, only asks, or has no such way (the handler looks at memory with it) does no harm. close_range
 * goes around the broker's socket, which close finds closed. The handler's own getpid is let through.
 */
static void write_prefix(struct sock_filter to[LENGTH], uint32_t socket)
{
	const struct sock_filter prefix[LENGTH] = {
		[0] = LOAD(arch),
		SAME_ELSE(1, SBP_AUDIT_ARCH, LENGTH),
		[2] = LOAD(nr),
		SAME_THEN(3, SYS_close, CLOSE),
		SAME_THEN(4, SYS_rt_sigprocmask, MASK),
		SAME_THEN(5, SYS_rt_sigaction, ACTION),
		SAME_THEN(6, SYS_close_range, RANGE),
		SAME_THEN(7, SYS_getpid, SELF),
		[8] = BPF_STMT(BPF_JMP | BPF_JA, GO(8, LENGTH)),

		[CLOSE] = LOW(0),
		SAME_ELSE(10, socket, LENGTH),
		[11] = RETURN(SECCOMP_RET_ERRNO | EBADF),

		[MASK] = LOW(1),
		SAME_THEN(13, 0, LENGTH),
		[14] = LOW(0),
		SAME_THEN(15, SIG_UNBLOCK, LENGTH),
		SAME_THEN(16, (uint32_t)-1, LENGTH),
		[17] = RETURN(SECCOMP_RET_TRAP),

		[ACTION] = LOW(4),
		SAME_THEN(19, SBP_BROKER_OWN_CALL, LENGTH),
		[20] = RETURN(SECCOMP_RET_TRAP),

		[RANGE] = LOW(1),
		AT_LEAST_ELSE(22, socket, LENGTH),
		[23] = LOW(0),
		AT_LEAST_THEN(24, socket + 1, LENGTH),
		[25] = LOW(4),
		SAME_THEN(26, SBP_BROKER_OWN_CALL, LENGTH),
		[27] = RETURN(SECCOMP_RET_TRAP),

		[SELF] = LOW(4),
		SAME_ELSE(29, SBP_BROKER_OWN_CALL, LENGTH),
		[30] = RETURN(SECCOMP_RET_ALLOW),
	};

	memcpy(to, prefix, sizeof(prefix));
}

int sbp_loading_filter(const struct sock_fprog *program, int socket, struct sock_fprog *out)
{
	const size_t length = LENGTH + (size_t)program->len;

	if (length > BPF_MAXINSNS)
		return -E2BIG;
	out->filter = malloc(length * sizeof(*out->filter));
	if (!out->filter)
		return -ENOMEM;
	out->len = (unsigned short)length;
	write_prefix(out->filter, (uint32_t)socket);
	memcpy(out->filter + LENGTH, program->filter, program->len * sizeof(*program->filter));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Makes listeners and hands them to the launcher: listener.h says what for. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../broker/passed_fd.h"
#include "../launch.h"
#include "../policy/policy.h"
#include "../policy/seccomp_ret.h"
#include "bpf.h"
#include "listener.h"
#include "uapi.h"

/* The action's bits; the others are its data. */
#define ACTION 0xffff0000U

static bool returns(const struct sock_fprog *program, uint32_t action)
{
	for (unsigned int i = 0; i < program->len; i++)
		if (program->filter[i].code == (BPF_RET | BPF_K) &&
		    (program->filter[i].k & ACTION) == action)
			return true;
	return false;
}

static bool kernel_has_listeners(void)
{
	const uint32_t action = SECCOMP_RET_USER_NOTIF;

	return sbp_kernel(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, (long)&action) == 0 &&
	       sbp_kernel(SYS_sendmsg, -1, 0, 0) != -ENOSYS;
}

/*
 * Before any other program; two instructions more for each call. sendmsg(2) takes three arguments, a filter sees
 * six: the others carry the password, in halves.
 */
enum { HALVES = 2 * SBP_REPORT_PASSWORD_WORDS, PREFIX_LENGTH = 5 + 2 * HALVES };

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))

static void write_prefix(struct sock_filter *to, const unsigned long *password)
{
	const uint32_t arch = sbp_arch_rows[SBP_ARCH_HERE].audit;

	*to++ = (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr));
	*to++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0,
					     PREFIX_LENGTH - 2);
	*to++ = (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch));
	*to++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, PREFIX_LENGTH - 4);
	for (unsigned int i = 0; i < HALVES; i++) {
		*to++ = (struct sock_filter)LOAD(offsetof(struct seccomp_data, args) + 8 * 3 + 4 * i);
		*to++ = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K,
			(uint32_t)((uint64_t)password[i / 2] >> (i % 2 ? 32 : 0)), 0,
			(uint8_t)(2 * (HALVES - 1 - i) + 1));
	}
	*to = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

int sbp_handing_program(const struct sock_fprog *program, const unsigned long *password,
			struct sock_fprog *out)
{
	size_t length = PREFIX_LENGTH + (size_t)program->len;

	if (!kernel_has_listeners())
		return -ENOTSUP;
	if (length > BPF_MAXINSNS)
		return -E2BIG;
	out->filter = malloc(length * sizeof(*out->filter));
	if (!out->filter)
		return -ENOMEM;
	out->len = (unsigned short)length;
	write_prefix(out->filter, password);
	memcpy(out->filter + PREFIX_LENGTH, program->filter, program->len * sizeof(*out->filter));
	return 0;
}

int sbp_listening_program(const struct sock_fprog *program, const unsigned long *password,
			  struct sock_fprog *out)
{
	int error;

	if (!returns(program, SECCOMP_RET_TRAP) || returns(program, SECCOMP_RET_USER_NOTIF))
		return -ENOTSUP;
	error = sbp_handing_program(program, password, out);
	if (error)
		return error;
	for (size_t i = PREFIX_LENGTH; i < out->len; i++) {
		struct sock_filter *insn = &out->filter[i];

		if (insn->code == (BPF_RET | BPF_K) && (insn->k & ACTION) == SECCOMP_RET_TRAP)
			insn->k = SECCOMP_RET_USER_NOTIF;
	}
	return 0;
}

/* --- From the child to the launcher --------------------------------------------------------- */

long sbp_send_listener_in_child(int fd, int socket, const unsigned long *password)
{
	struct iovec byte = { (void *)"", 1 };
	union sbp_passed_fds control = { .header = { .cmsg_level = SOL_SOCKET,
						     .cmsg_type = SCM_RIGHTS,
						     .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(sizeof(int)) };
	long result;

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	result = sbp_kernel(SYS_sendmsg, socket, (long)&message, MSG_NOSIGNAL, (long)password[0],
			    (long)password[1], (long)password[2]);
	return result < 0 ? result : 0;
}

long sbp_bpf_listen_in_child(const struct sock_fprog *program, int socket,
			     const unsigned long *password, bool *installed)
{
	long listener = sbp_bpf_install_listener(program);

	*installed = listener >= 0;
	return listener < 0 ? listener : sbp_send_listener_in_child((int)listener, socket, password);
}

int sbp_receive_listener(int socket)
{
	int fd = sbp_receive_passed_fd(socket);

	return fd < 0 ? -1 : fd;
}

// SPDX-License-Identifier: MIT
/*
 * The instructions before a policy. Owns the tree by which a call's number finds what is said of it: a call that
 * is none of the broker's is through after five comparisons.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"
#include "kernel_call.h"
#include "numbers.h"

/* What is said of a call: places in the program, filled in when they are known. */
enum target { ASK, OWN, SEND, PAIR, SOCKETCALL, POLICY, TARGETS };

struct row {
	uint32_t number;
	enum target target;
};

enum { ROWS = 32, CODE = 128, NOT_YET = 200 };

struct code {
	struct sock_filter at[CODE];
	unsigned int length, place[TARGETS];
};

static void emit(struct code *code, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	code->at[code->length++] = (struct sock_filter){ op, jt, jf, k };
}

static void load(struct code *code, size_t offset)
{
	emit(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void compare(struct code *code, uint32_t value, enum target same, enum target other)
{
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, value, (uint8_t)(NOT_YET + same),
	     (uint8_t)(NOT_YET + other));
}

/* --- Rows --------------------------------------------------------------------------------- */

static enum target target_of(const char *name, enum sbp_broker_transport transport)
{
	bool handler_asks = strcmp(name, "getdents64") == 0 || strcmp(name, "fstat") == 0 ||
			    strcmp(name, "fstat64") == 0;

	return transport == SBP_BROKER_BY_SIGNAL && handler_asks ? OWN : ASK;
}

static size_t add(struct row *rows, size_t count, long number, enum target target)
{
	/* what this architecture lacks is negative */
	if (number >= 0)
		rows[count++] = (struct row){ (uint32_t)number, target };
	return count;
}

static int by_number(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static size_t list(struct row *rows, enum sbp_broker_transport transport, int fd)
{
	size_t count = 0;

#define BROKER_CALL(name, directory, path) \
	count = add(rows, count, NUMBER_##name, target_of(#name, transport));
#include "calls.def"
#undef BROKER_CALL
	if (fd >= 0)
		count = add(rows, count, SYS_sendmsg, SEND);
	if (transport == SBP_BROKER_BY_SIGNAL)
		count = add(rows, count, SYS_socketpair, PAIR);
#if defined(__i386__)
	/* before 4.3 which call it is can be seen, and on what not */
	if (transport == SBP_BROKER_BY_SIGNAL && kernel_call(SYS_socketpair, -1) == -ENOSYS)
		count = add(rows, count, SYS_socketcall, SOCKETCALL);
#endif
	qsort(rows, count, sizeof(*rows), by_number);
	return count;
}

/* --- The program -------------------------------------------------------------------------- */

static void emit_tree(struct code *code, const struct row *rows, size_t count)
{
	unsigned int jump;

	if (count == 1) {
		compare(code, rows->number, rows->target, POLICY);
		return;
	}
	jump = code->length;
	emit(code, BPF_JMP | BPF_JGE | BPF_K, rows[count / 2].number, 0, 0);
	emit_tree(code, rows, count / 2);
	code->at[jump].jt = (uint8_t)(code->length - jump - 1);
	emit_tree(code, rows + count / 2, count - count / 2);
}

static void allow(struct code *code)
{
	emit(code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* One argument's lower half has a value: allowed. Else what `other` says. */
static void allow_if(struct code *code, enum target target, unsigned int argument, uint32_t value,
		     enum target other)
{
	size_t low = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

	code->place[target] = code->length;
	load(code, low);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)(NOT_YET + other));
	allow(code);
}

static void emit_targets(struct code *code, enum sbp_broker_transport transport, int fd)
{
	allow_if(code, SEND, 0, (uint32_t)fd, POLICY);
	if (transport == SBP_BROKER_BY_SIGNAL) {
		allow_if(code, PAIR, 0, AF_UNIX, POLICY);
		allow_if(code, OWN, 4, SBP_BROKER_OWN_CALL, ASK);
		code->place[SOCKETCALL] = code->length;
		load(code, offsetof(struct seccomp_data, args));
		emit(code, BPF_JMP | BPF_JEQ | BPF_K, 8, 1, 0); /* socketpair */
		emit(code, BPF_JMP | BPF_JEQ | BPF_K, 16, 0, (uint8_t)(NOT_YET + POLICY)); /* sendmsg */
		allow(code);
	}
	code->place[ASK] = code->length;
	emit(code, BPF_RET | BPF_K,
	     transport == SBP_BROKER_BY_SIGNAL ? SECCOMP_RET_TRAP : SECCOMP_RET_USER_NOTIF, 0, 0);
	code->place[POLICY] = code->length;
}

static uint8_t settled(const struct code *code, unsigned int at, uint8_t jump)
{
	return jump < NOT_YET ? jump : (uint8_t)(code->place[jump - NOT_YET] - at - 1);
}

static void settle_jumps(struct code *code)
{
	for (unsigned int i = 0; i < code->length; i++) {
		if (BPF_CLASS(code->at[i].code) != BPF_JMP)
			continue;
		code->at[i].jt = settled(code, i, code->at[i].jt);
		code->at[i].jf = settled(code, i, code->at[i].jf);
	}
}

int sbp_broker_filter(const struct sock_fprog *policy, enum sbp_broker_transport transport, int fd,
		      struct sock_fprog *out)
{
	struct code code = { .length = 0 };
	struct row rows[ROWS];
	size_t count = list(rows, transport, fd), length;

	if (!policy || !policy->len)
		return -EINVAL;
	load(&code, offsetof(struct seccomp_data, arch));
	emit(&code, BPF_JMP | BPF_JEQ | BPF_K, SBP_AUDIT_ARCH, 0, NOT_YET + POLICY);
	load(&code, offsetof(struct seccomp_data, nr));
	emit_tree(&code, rows, count);
	emit_targets(&code, transport, fd);
	settle_jumps(&code);
	length = code.length + (size_t)policy->len;
	if (length > BPF_MAXINSNS)
		return -E2BIG;
	out->filter = calloc(length, sizeof(*out->filter));
	if (!out->filter)
		return -ENOMEM;
	out->len = (unsigned short)length;
	memcpy(out->filter, code.at, code.length * sizeof(*code.at));
	memcpy(out->filter + code.length, policy->filter, policy->len * sizeof(*policy->filter));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * As much of libcap as the kernel's seccomp_bpf.c calls, over capget(2) and
 * capset(2): with it that program builds for every architecture that there is
 * a cross compiler for, and no foreign libcap-dev need be installed.
 */
#ifndef TESTS_QEMU_SYS_CAPABILITY_H
#define TESTS_QEMU_SYS_CAPABILITY_H

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;

/* _LINUX_CAPABILITY_VERSION_3 came with 2.6.26. */
typedef struct {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
} * cap_t;

static inline cap_t cap_get_proc(void)
{
	cap_t caps = calloc(1, sizeof(*caps));

	if (!caps)
		return NULL;
	caps->header.version = _LINUX_CAPABILITY_VERSION_3;
	if (syscall(SYS_capget, &caps->header, caps->data)) {
		free(caps);
		return NULL;
	}
	return caps;
}

static inline int cap_set_flag(cap_t caps, cap_flag_t flag, int count, const cap_value_t *list,
			       cap_flag_value_t value)
{
	for (int i = 0; i < count; i++) {
		struct __user_cap_data_struct *data = &caps->data[list[i] / 32];
		__u32 *set = flag == CAP_EFFECTIVE   ? &data->effective
			     : flag == CAP_PERMITTED ? &data->permitted
						     : &data->inheritable;

		if (value == CAP_SET)
			*set |= 1u << list[i] % 32;
		else
			*set &= ~(1u << list[i] % 32);
	}
	return 0;
}

static inline int cap_set_proc(cap_t caps)
{
	return (int)syscall(SYS_capset, &caps->header, caps->data);
}

static inline int cap_free(void *caps)
{
	free(caps);
	return 0;
}

#endif

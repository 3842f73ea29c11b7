/* SPDX-License-Identifier: MIT */
/*
 * Who the child is: its ids, its parent, its session and keyring, and what signals do to it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "clone.h"
#include "uapi.h"

#if defined(__i386__) || defined(__arm__)
#define SETRESUID SYS_setresuid32
#define SETRESGID SYS_setresgid32
#else
#define SETRESUID SYS_setresuid
#define SETRESGID SYS_setresgid
#endif

void sbp_write_number_in_child(char *text, unsigned int number)
{
	unsigned int length = 1;

	for (unsigned int rest = number; rest >= 10; rest /= 10)
		length++;
	text[length] = '\0';
	for (; length--; number /= 10)
		text[length] = (char)('0' + number % 10);
}

long sbp_write_file_in_child(const char *path, const char *text)
{
	long fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CLOEXEC), result;
	long length = (long)strlen(text);

	if (fd < 0)
		return fd;
	result = sbp_kernel(SYS_write, fd, (long)text, length);
	sbp_kernel(SYS_close, fd);
	if (result >= 0 && result != length)
		return -EIO;
	return result < 0 ? result : 0;
}

/* One id, the caller's own, and the same inside: nobody can become anybody else. Kernels before 3.19
 * have no setgroups file, and need none. */
long sbp_write_maps_in_child(struct sbp_setup *setup)
{
	long result = sbp_write_file_in_child("/proc/self/setgroups", "deny");

	if (result < 0 && result != -ENOENT)
		return result;
	result = sbp_write_file_in_child("/proc/self/uid_map", setup->uid_map);
	if (result < 0)
		return result;
	return sbp_write_file_in_child("/proc/self/gid_map", setup->gid_map);
}

long sbp_set_ids_in_child(struct sbp_setup *setup)
{
	long result = sbp_kernel(SETRESGID, setup->gid, setup->gid, setup->gid);

	if (result < 0)
		return result;
	return sbp_kernel(SETRESUID, setup->uid, setup->uid, setup->uid);
}

/*
 * A launcher that died before the signal was asked for sends none. Its number can't be compared, for
 * from inside a PID namespace it is 0, dead or alive; but a process closes its files before it leaves
 * its children: when its pipe is still open now, the signal will come.
 */
long sbp_die_with_parent_in_child(struct sbp_setup *setup)
{
	struct pollfd pipe = { .fd = setup->alive[0] };
	const struct {
		long seconds, nanoseconds;
	} at_once = { 0, 0 };
	long result;

	if (!setup->die_with_parent)
		return 0;
	result = sbp_kernel(SYS_close, setup->alive[1]); /* this copy of it */
	if (!result)
		result = sbp_kernel(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!result)
		result = sbp_kernel(SYS_ppoll, (long)&pipe, 1, (long)&at_once, 0, 0);
	return result > 0 ? -EOWNERDEAD : result;
}

/* Without a controlling terminal there is none to push input into. */
long sbp_new_session_in_child(struct sbp_setup *setup)
{
	long result = sbp_kernel(SYS_setsid, 0);

	(void)setup;
	return result < 0 ? result : 0;
}

static bool is_refused(long result)
{
	return result == -ENOSYS || result == -EPERM;
}

/*
 * A kernel without keys, or somebody's filter, which the child will be under as well: where none of the three calls is
 * to be had, no key is within reach of what stays the caller's session. Asked so, none of them does anything, and
 * the kernel itself would say EFAULT, or how large the keyring is.
 */
static bool are_keys_out_of_reach(void)
{
	return is_refused(sbp_kernel(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, 0, 0)) &&
	       is_refused(sbp_kernel(SYS_add_key, 0, 0, 0, 0, 0)) &&
	       is_refused(sbp_kernel(SYS_request_key, 0, 0, 0, 0));
}

/* The caller's session keyring would be inherited, with the keys in it. */
long sbp_new_keyring_in_child(struct sbp_setup *setup)
{
	long result = sbp_kernel(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);

	(void)setup;
	return result > 0 || (is_refused(result) && are_keys_out_of_reach()) ? 0 : result;
}

/* libc keeps these to itself, and in a copy relies on the handlers that it has set once. */
static bool belongs_to_libc(int signal)
{
	return signal >= 32 && signal < SIGRTMIN;
}

/* No handler is left when the mask is opened again, and nothing that the caller ignored is ignored:
 * an ignored SIGCHLD would keep an init from learning how its command ended. */
long sbp_reset_signals_in_child(struct sbp_setup *setup)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} by_default = { 0 };

	for (int signal = 1; signal <= 64; signal++) {
		long result;

		if (signal == SIGKILL || signal == SIGSTOP ||
		    (setup->copy && belongs_to_libc(signal)))
			continue;
		result = sbp_kernel(SYS_rt_sigaction, signal, (long)&by_default, 0,
				    sizeof(by_default.mask));
		if (result)
			return result;
	}
	return 0;
}

long sbp_restore_mask_in_child(struct sbp_setup *setup)
{
	return sbp_kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)&setup->mask, 0,
			  sizeof(setup->mask));
}

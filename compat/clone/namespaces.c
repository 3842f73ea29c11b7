/* SPDX-License-Identifier: MIT */
/*
 * What is done inside of new namespaces: the one that clone(2) can't make, the loopback, the host name,
 * and that no further user namespace is made in them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clone.h"
#include "uapi.h"

/* Kernels before 4.6 have none, and say EINVAL: nothing to leave there. */
long sbp_leave_cgroups_in_child(struct sbp_setup *setup)
{
	long result = sbp_kernel(SYS_unshare, CLONE_NEWCGROUP);

	(void)setup;
	return result == -EINVAL ? 0 : result;
}

/*
 * A user namespace inside of this one would give every capability in it, and with them the kernel's
 * largest surface. Since 4.9 a namespace can forbid those below itself. Where the file is missing or /proc
 * can't be written, as in many containers, no_new_privs, the lost capabilities and the filter remain.
 */
long sbp_forbid_namespaces_in_child(struct sbp_setup *setup)
{
	long result = sbp_write_file_in_child("/proc/sys/user/max_user_namespaces", "0");

	(void)setup;
	return result == -ENOENT || result == -EROFS || result == -EACCES ? 0 : result;
}

long sbp_name_host_in_child(struct sbp_setup *setup)
{
	(void)setup;
	return sbp_kernel(SYS_sethostname, (long)"sandbox", 7);
}

/* ioctl(2) and socket(2) by libc, for i386 has no socket call of its own before 4.3; both are plain
 * calls there. */
long sbp_bring_loopback_up_in_child(struct sbp_setup *setup)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;
	long result = 0;

	if (setup->share_net)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		result = -errno;
	} else {
		request.ifr_flags = IFF_UP | IFF_RUNNING;
		result = sbp_kernel(SYS_ioctl, fd, SIOCSIFFLAGS, (long)&request);
		sbp_kernel(SYS_close, fd);
	}
	/* EAFNOSUPPORT: a kernel without IPv4 has no loopback address to bring up. */
	return result == -EAFNOSUPPORT ? 0 : result;
}

/* SPDX-License-Identifier: MIT */
/*
 * What the child may no more: its limits, its capabilities in every set that there is, and new
 * privileges by exec.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "clone.h"
#include "uapi.h"

/* prctl: 4.3 */
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT		 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif
#ifndef SECBIT_NO_CAP_AMBIENT_RAISE
#define SECBIT_NO_CAP_AMBIENT_RAISE	   (1 << 6)
#define SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED (1 << 7)
#endif

static long set_limit_in_child(int resource, uint64_t value)
{
	const uint64_t both[2] = { value, value };

	return sbp_kernel(SYS_prlimit64, 0, resource, (long)both, 0);
}

/* The number that exec may use is put out of reach for ever: nobody in here can raise a hard limit. */
long sbp_limit_in_child(struct sbp_setup *setup)
{
	long result = 0;
	bool reserved = setup->exec_fd >= 0;

	for (size_t i = 0; !result && i < setup->limit_count; i++)
		if (!reserved || setup->limits[i].resource != RLIMIT_NOFILE)
			result = set_limit_in_child(setup->limits[i].resource,
						    setup->limits[i].value);
	if (!result && reserved)
		result = set_limit_in_child(RLIMIT_NOFILE, setup->nofile);
	return result;
}

/* Root's exec would fill the sets again, from the bounding set; an id changed likewise. */
static long lock_sources_in_child(void)
{
	long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED;
	long ambient = SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	long result = sbp_kernel(SYS_prctl, PR_SET_SECUREBITS, bits | ambient, 0, 0, 0);

	if (result == -EPERM) /* before 4.3 unknown bits are no permission */
		result = sbp_kernel(SYS_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0);
	for (int capability = 0; !result && capability < 64; capability++) {
		result = sbp_kernel(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
		if (result == -EINVAL && capability > CAP_MAC_ADMIN)
			return 0; /* behind the last of this kernel */
	}
	return result;
}

/* Who is not in a namespace of its own may lack the right to give these up; it has nothing then that
 * they could bring back, with no_new_privs. */
long sbp_drop_capabilities_in_child(struct sbp_setup *setup)
{
	const struct {
		unsigned int version;
		int pid;
	} header = { _LINUX_CAPABILITY_VERSION_3 /* 2.6.26 */, 0 };
	const unsigned int none[6] = { 0 };
	long result = lock_sources_in_child();

	if (result == -EPERM && !setup->isolated && setup->uid)
		result = 0;
	if (result)
		return result;
	result = sbp_kernel(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (result && result != -EINVAL)
		return result;
	return sbp_kernel(SYS_capset, (long)&header, (long)none);
}

long sbp_no_new_privs_in_child(struct sbp_setup *setup)
{
	(void)setup;
	return sbp_kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

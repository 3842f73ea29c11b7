/* SPDX-License-Identifier: MIT */
/*
 * Questions about what a process can do to itself and its children: no_new_privs, dumpable, pidfd,
 * clone3, landlock.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

void sbp_ask_no_new_privs(struct sbp_probe *p)
{
	static const char call[] = "prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)";
	const sbp_set self = SBP_BIT(NO_NEW_PRIVS);
	long result = sbp_ask(p, self, call, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	if (result == 0 || result == 1)
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, call, result);
}

/* In a child, since there is no way back from it. */
void sbp_prove_no_new_privs(struct sbp_probe *p)
{
	static const char set[] = "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)";
	static const char get[] = "prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)";
	const sbp_set self = SBP_BIT(NO_NEW_PRIVS);
	long result = sbp_ask(p, self, set, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (result) {
		sbp_no(p, self, SBP_DIRECTLY, set, result);
		return;
	}
	result = sbp_ask(p, self, get, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (result != 1)
		sbp_no(p, self, SBP_DIRECTLY, get, result < 0 ? result : 0);
}

/* 1 is dumpable; 0 is not; 2 only into a pipe or a file of root's (fs.suid_dumpable). */
void sbp_ask_dumpable(struct sbp_probe *p)
{
	static const char call[] = "prctl(PR_GET_DUMPABLE)";
	const sbp_set self = SBP_BIT(DUMPABLE);
	long result = sbp_ask(p, self, call, SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);

	if (result == 1)
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, call, result < 0 ? result : 0);
}

/* The descriptor comes after everything that could be missing: no room for it is a yes as well. */
void sbp_ask_pidfd(struct sbp_probe *p)
{
	static const char call[] = "pidfd_open(getpid(), 0)";
	const sbp_set self = SBP_BIT(PIDFD);
	long fd = sbp_ask(p, self, call, SYS_pidfd_open, getpid(), 0);

	if (fd >= 0 && !p->fake)
		sbp_kernel(SYS_close, fd);
	if (fd >= 0 || fd == -EMFILE || fd == -ENFILE)
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, call, fd);
}

/* A size of 0 is refused with EINVAL by the call, and by no kernel that lacks it. */
void sbp_ask_clone3(struct sbp_probe *p)
{
	static const char call[] = "clone3(NULL, 0)";
	const sbp_set self = SBP_BIT(CLONE3);
	long result = sbp_ask(p, self, call, SYS_clone3, 0, 0);

	if (result == -EINVAL)
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, call, result);
}

/* EOPNOTSUPP: built, but not among the security modules that were chosen at boot. */
void sbp_ask_landlock(struct sbp_probe *p)
{
	static const char call[] =
		"landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)";
	const sbp_set self = SBP_BIT(LANDLOCK);
	long version = sbp_ask(p, self, call, SYS_landlock_create_ruleset, 0, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);

	if (version >= 1)
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, call, version);
}

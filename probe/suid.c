/* SPDX-License-Identifier: MIT */
/*
 * The setuid helper: is it installed so that it would gain root, and would this process let it?
 * Answered before anybody starts it, since a helper without root fails in ways that explain nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "probe.h"
#include "uapi.h"

#ifndef ST_NOSUID
#define ST_NOSUID 2
#endif

const char *sbp_helper_path(void)
{
	return SBP_HELPER_PATH;
}

static bool on_nosuid_mount(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (fs.f_flags & ST_VALID) && (fs.f_flags & ST_NOSUID);
}

/* What is wrong with the file itself: the state of an installation that somebody can mend. */
static bool file_is_wrong(struct sbp_probe *p, sbp_set self, const char *path, const struct stat *st)
{
	const char *helper = sbp_helper_path();

	if (!S_ISREG(st->st_mode))
		sbp_no_because(p, self, SBP_BLOCKED, sbp_text(p, "%s is no regular file.", helper),
			       "Install the helper again with `make install`.");
	else if (st->st_uid != 0)
		sbp_no_because(p, self, SBP_BLOCKED,
			       sbp_text(p, "%s belongs to uid %u and not to root.", helper,
					st->st_uid),
			       sbp_text(p, "chown root:root %s && chmod 4755 %s", helper, helper));
	else if (!(st->st_mode & S_ISUID) || !(st->st_mode & S_IXOTH))
		sbp_no_because(p, self, SBP_BLOCKED,
			       sbp_text(p, "%s has mode %04o: not setuid and executable for all.",
					helper, st->st_mode & 07777),
			       sbp_text(p, "chmod 4755 %s", helper));
	else if (st->st_mode & (S_IWGRP | S_IWOTH))
		sbp_no_because(p, self, SBP_BLOCKED,
			       sbp_text(p, "%s has mode %04o: others than root can change it.",
					helper, st->st_mode & 07777),
			       sbp_text(p, "chmod 4755 %s", helper));
	else
		return false;
	(void)path;
	return true;
}

/* /proc tells since 4.10, the kernel since 3.5. */
static bool no_new_privs_is_set(const struct sbp_probe *p)
{
	const char *told = sbp_fact_value(p, "process.no_new_privs");

	if (told || p->fake)
		return told && !strcmp(told, "1");
	return sbp_kernel(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* What stands in the way although the file is right; more than one can be true at once. */
static bool process_is_wrong(struct sbp_probe *p, sbp_set self, const char *path)
{
	const struct {
		bool holds;
		const char *cause, *remedy;
	} obstacles[] = {
		{ on_nosuid_mount(path), "the helper lies on a mount with nosuid",
		  "install it on a filesystem that is mounted without nosuid" },
		{ no_new_privs_is_set(p),
		  "this process runs with no_new_privs, which makes setuid files ordinary ones",
		  "start it without no_new_privs (systemd: NoNewPrivileges=no)" },
		{ sbp_fact_value(p, "process.tracer_pid") &&
			  !sbp_fact_is(p, "process.tracer_pid", "0"),
		  "this process is traced, and setuid files gain nothing then",
		  "run it without the tracer" },
	};
	const char *cause = "", *remedy = "";

	for (size_t i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++) {
		if (!obstacles[i].holds)
			continue;
		cause = sbp_text(p, "%s%s%s", cause, *cause ? ", and " : "", obstacles[i].cause);
		remedy = sbp_text(p, "%s%s%s", remedy, *remedy ? ", and " : "", obstacles[i].remedy);
	}
	if (*cause)
		sbp_no_because(p, self, SBP_BLOCKED, sbp_sentence(p, cause), sbp_sentence(p, remedy));
	return *cause;
}

void sbp_ask_suid_helper(struct sbp_probe *p)
{
	const char *helper = sbp_helper_path(), *call = sbp_text(p, "stat(\"%s\")", helper);
	const sbp_set self = SBP_BIT(SUID_HELPER);
	struct stat st = { 0 };
	char path[512];
	long result = -ENAMETOOLONG;

	sbp_begin(p, self, call);
	if (sbp_path(p, path, sizeof(path), helper) && !sbp_faked(p, call, &result))
		result = stat(path, &st) ? -errno : 0;
	sbp_finish(p);
	sbp_note(p, self, call, result, 0);
	if (result == -ENOENT || result == -ENOTDIR)
		sbp_no_because(p, self, SBP_ABSENT,
			       sbp_text(p, "No helper is installed at %s.", helper),
			       "Install sandbox-probe with its helper (make install, as root).");
	else if (result)
		sbp_no(p, self, p->way, call, result);
	else if (!file_is_wrong(p, self, path, &st) && !process_is_wrong(p, self, path))
		sbp_yes(p, self, p->way);
}

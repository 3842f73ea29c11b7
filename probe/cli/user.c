// SPDX-License-Identifier: MIT
/*
 * --as-user: becomes another user for good, so that the kernel answers what it would answer them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"
#include "user.h"

/* --- Who it is ----------------------------------------------------------------------------- */

static int complain_of_user(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct nearest nearest;
	struct passwd *entry;

	nearest_begin(&nearest, name);
	while (file && (entry = fgetpwent(file)))
		nearest_offer(&nearest, entry->pw_name);
	if (file)
		fclose(file);
	complain("unknown user \"%s\"%s", name, nearest_advice(&nearest));
	return EXIT_USAGE;
}

/* A number need not be anybody's: the kernel knows no names. Its group is then of the same number. */
static bool is_number(const char *name, uid_t *uid)
{
	char *end;
	unsigned long number;

	if (*name < '0' || *name > '9')
		return false;
	errno = 0;
	number = strtoul(name, &end, 10);
	*uid = (uid_t)number;
	return !errno && !*end && number < (uid_t)-1;
}

static int find_user(const char *name, struct user *user)
{
	uid_t uid;

	*user = (struct user){ .group_count = 0 };
	if (look_up_user(user, name, 0))
		return EXIT_REPORTED;
	if (!is_number(name, &uid))
		return complain_of_user(name);
	if (!look_up_user(user, NULL, uid)) {
		user->uid = uid;
		user->gid = uid;
	}
	return EXIT_REPORTED;
}

/* --- Becoming it --------------------------------------------------------------------------- */

/* Leaving uid 0 drops them, unless securebits say otherwise. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return (int)syscall(SYS_capset, &header, none);
}

static const char *become(const struct user *user)
{
	if (setgroups((size_t)user->group_count, user->groups))
		return "setgroups";
	if (setresgid(user->gid, user->gid, user->gid))
		return "setresgid";
	if (setresuid(user->uid, user->uid, user->uid))
		return "setresuid";
	if (user->uid && drop_capabilities())
		return "capset";
	/* Changing ids cleared it; a program that the user starts has it. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		return "prctl(PR_SET_DUMPABLE)";
	return NULL;
}

static bool is_already(const struct user *user)
{
	uid_t real, effective, saved;

	return !getresuid(&real, &effective, &saved) && real == user->uid &&
	       effective == user->uid && saved == user->uid;
}

int become_user(const char *name)
{
	static struct user user;
	const char *failed;
	int status = find_user(name, &user);

	if (status != EXIT_REPORTED || is_already(&user))
		return status;
	failed = become(&user);
	if (!failed)
		return EXIT_REPORTED;
	if (errno == EPERM && geteuid())
		complain("can't ask as user \"%s\": only root can (%s: EPERM)", name, failed);
	else
		complain("can't ask as user \"%s\": %s: %s", name, failed, strerror(errno));
	return EXIT_NOT_REPORTED;
}

// SPDX-License-Identifier: MIT
/*
 * Who a user is and which groups he has, as the machine is set up to know it: files, LDAP, whatever
 * nsswitch.conf names.
 *
 * A program that loads no libraries can't ask NSS itself: libc's modules have to fit the libc that it was linked
 * with. It asks through libc's own getent(1), and where there is none it reads the files.
 */
#define _GNU_SOURCE
#include "user.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void take_entry(struct user *user, const struct passwd *entry)
{
	snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
}

static void add_group(struct user *user, gid_t gid)
{
	for (int i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return;
	if (user->group_count < GROUPS_LIMIT)
		user->groups[user->group_count++] = gid;
}

#ifdef SBP_STATIC

/* --- getent(1) ----------------------------------------------------------------------------- */

enum { LINE_LIMIT = 32 << 10 };

static pid_t start_getent(char *const arguments[], int answer)
{
	static const char *const places[] = { "/usr/bin/getent", "/bin/getent" };
	static char *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, answer, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && pid < 0; i++)
		if (posix_spawn(&pid, places[i], &actions, NULL, arguments, environment))
			pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* The line that getent says of a key; false when it says none, or is not there to ask. */
static bool ask_getent(const char *database, const char *key, char line[LINE_LIMIT])
{
	char *arguments[] = { "getent", "--", (char *)database, (char *)key, NULL };
	FILE *answer = NULL;
	bool said = false;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid = start_getent(arguments, ends[1]);
	close(ends[1]);
	if (pid > 0)
		answer = fdopen(ends[0], "r");
	if (answer)
		said = fgets(line, LINE_LIMIT, answer);
	if (answer)
		fclose(answer);
	else
		close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return said;
}

static bool entry_by_getent(struct user *user, const char *key, char line[LINE_LIMIT])
{
	struct passwd *entry = NULL;
	FILE *file;

	if (!ask_getent("passwd", key, line))
		return false;
	file = fmemopen(line, strlen(line), "r");
	if (file)
		entry = fgetpwent(file);
	if (entry)
		take_entry(user, entry);
	if (file)
		fclose(file);
	return entry;
}

/* "NAME 4 24 27" */
static bool groups_by_getent(struct user *user, char line[LINE_LIMIT])
{
	char *at, *end;

	if (!ask_getent("initgroups", user->name, line))
		return false;
	for (at = line + strcspn(line, " \t\n"); *at; at = end) {
		unsigned long gid = strtoul(at, &end, 10);

		if (end == at)
			break;
		add_group(user, (gid_t)gid);
	}
	return true;
}

/* --- The files ----------------------------------------------------------------------------- */

static bool entry_by_file(struct user *user, const char *name, uid_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)))
		if (name ? !strcmp(entry->pw_name, name) : entry->pw_uid == uid)
			break;
	if (entry)
		take_entry(user, entry);
	if (file)
		fclose(file);
	return entry;
}

static void groups_by_file(struct user *user)
{
	FILE *file = fopen("/etc/group", "re");
	struct group *entry;

	while (file && (entry = fgetgrent(file)))
		for (char **member = entry->gr_mem; *member; member++)
			if (!strcmp(*member, user->name))
				add_group(user, entry->gr_gid);
	if (file)
		fclose(file);
}

/* getent takes what looks like a number for one: a name that does is looked for in the files. */
bool look_up_user(struct user *user, const char *name, uid_t uid)
{
	char number[24];
	char *line = malloc(LINE_LIMIT);
	bool found = false;

	snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
	if (line && (!name || !(*name >= '0' && *name <= '9')))
		found = entry_by_getent(user, name ? name : number, line);
	if (!found)
		found = entry_by_file(user, name, uid);
	if (found) {
		add_group(user, user->gid);
		if (!line || !groups_by_getent(user, line))
			groups_by_file(user);
	}
	free(line);
	return found;
}

#else

bool look_up_user(struct user *user, const char *name, uid_t uid)
{
	const struct passwd *entry = name ? getpwnam(name) : getpwuid(uid);
	int count = GROUPS_LIMIT;

	if (!entry)
		return false;
	take_entry(user, entry);
	if (getgrouplist(user->name, user->gid, user->groups, &count) >= 0)
		user->group_count = count;
	else
		add_group(user, user->gid);
	return true;
}

#endif

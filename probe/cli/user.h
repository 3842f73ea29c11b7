/* SPDX-License-Identifier: MIT */
#ifndef SBP_CLI_USER_H
#define SBP_CLI_USER_H

#include <stdbool.h>
#include <sys/types.h>

enum { GROUPS_LIMIT = 1024 };

struct user {
	char name[64];
	uid_t uid;
	gid_t gid;
	int group_count;
	gid_t groups[GROUPS_LIMIT];
};

/* Fills the user of that name, or of that uid when name is NULL; false when nobody knows one. */
bool look_up_user(struct user *user, const char *name, uid_t uid);

#endif

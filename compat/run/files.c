// SPDX-License-Identifier: MIT
/*
 * Which files are opened for a command in an empty root: what every program may ask for, and what the user
 * names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run.h"

/*
 * Where a dynamic loader looks that nobody told another place, and devices that hold nothing. Not the command's
 * own folder, and nothing that the command's file names ($ORIGIN, DT_RUNPATH): a file that is not trusted
 * would choose what it may read.
 */
static const struct {
	const char *path;
	unsigned int may;
} everybody[] = {
	{ "/lib", SBP_MAY_READ },
	{ "/lib32", SBP_MAY_READ },
	{ "/lib64", SBP_MAY_READ },
	{ "/libx32", SBP_MAY_READ },
	{ "/usr/lib", SBP_MAY_READ },
	{ "/usr/lib32", SBP_MAY_READ },
	{ "/usr/lib64", SBP_MAY_READ },
	{ "/usr/libx32", SBP_MAY_READ },
	{ "/usr/local/lib", SBP_MAY_READ },
	{ "/etc/ld.so.cache", SBP_MAY_READ },
	{ "/dev/null", SBP_MAY_READ | SBP_MAY_WRITE },
	{ "/dev/zero", SBP_MAY_READ },
	{ "/dev/random", SBP_MAY_READ },
	{ "/dev/urandom", SBP_MAY_READ },
};

static int allow(struct sbp_broker *broker, const char *path, unsigned int may)
{
	struct stat status;
	enum sbp_scope scope = SBP_EXACT;

	if (stat(path, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		scope = SBP_BELOW;
	return sbp_broker_allow(broker, path, scope, may);
}

static int allow_by_user(struct sbp_broker *broker, const char *path)
{
	char absolute[PATH_MAX];
	int error;

	error = realpath(path, absolute) ? allow(broker, absolute, SBP_MAY_READ) : -errno;
	/* by its own name too, where that is a link */
	if (!error && *path == '/')
		error = allow(broker, path, SBP_MAY_READ);
	if (error)
		complain("no sandbox: --allow-read %s: %s", path, strerror(-error));
	return error ? EXIT_NO_SANDBOX : 0;
}

static int set_rules(const struct request *request, struct sbp_broker *broker)
{
	char absolute[PATH_MAX];
	int error = 0, status = 0;

	for (size_t i = 0; !error && i < sizeof(everybody) / sizeof(*everybody); i++) {
		error = allow(broker, everybody[i].path, everybody[i].may);
		if (error == -ENOENT) /* no machine has them all */
			error = 0;
	}
	/* some read themselves; it is in their memory anyway */
	if (!error && realpath(request->path, absolute))
		error = allow(broker, absolute, SBP_MAY_READ);
	if (error) {
		complain("no sandbox: broker: %s", strerror(-error));
		return EXIT_NO_SANDBOX;
	}
	for (size_t i = 0; !status && i < request->allow_count; i++)
		status = allow_by_user(broker, request->allow_read[i]);
	return status;
}

int serve_files(const struct request *request, struct sbp_launch *launch, struct sbp_broker **broker)
{
	int error, status;

	if (*broker || (!request->allow_count && !sbp_launch_needs_broker(launch)))
		return 0;
	error = sbp_broker_new(broker);
	if (!error) {
		status = set_rules(request, *broker);
		if (status)
			return status;
		error = sbp_broker_start(*broker);
	}
	if (!error)
		error = sbp_launch_set_broker(launch, *broker);
	if (error)
		complain("no sandbox: broker: %s", strerror(-error));
	return error ? EXIT_NO_SANDBOX : 0;
}

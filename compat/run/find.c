// SPDX-License-Identifier: MIT
/*
 * Looking for a command in PATH, as the sandbox will see the files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

/* Below another root an absolute link leads elsewhere than here: there its being is enough, and the
 * sandbox finds out the rest. */
static bool is_there(const struct request *request, const char *path)
{
	char below[4096];
	struct stat status;

	if (!request->directory)
		return !access(path, X_OK) && !stat(path, &status) && S_ISREG(status.st_mode);
	if (snprintf(below, sizeof(below), "%s/%s", request->directory, path) >= (int)sizeof(below))
		return false;
	return !lstat(below, &status) && !S_ISDIR(status.st_mode);
}

const char *find_command(const struct request *request, char *path, size_t size)
{
	const char *name = request->command[0], *list = getenv("PATH");

	if (strchr(name, '/'))
		return name;
	if (!list)
		list = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		int length = (int)strcspn(list, ":");
		int used = snprintf(path, size, "%.*s%s%s", length, list, length ? "/" : "./", name);

		if (used > 0 && (size_t)used < size && is_there(request, path))
			return path;
		if (!list[length])
			return NULL;
		list += length + 1;
	}
}

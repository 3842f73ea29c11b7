// SPDX-License-Identifier: MIT
/*
 * Walking a path as the rules allow it. Each directory on the way is opened by its one name in the one before
 * and held, links are read and never followed by the kernel, and ".." is the directory that is held already:
 * whoever renames or replaces what is on the way meanwhile decides only where the walk fails.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "broker.h"
#include "numbers.h"

enum { LINK_LIMIT = 40, PENDING = 2 * SBP_BROKER_PATH_LIMIT, PROC_MAGIC = 0x9fa0 };

/* Without it (before 2.6.39) a directory must be readable to be walked. */
#ifndef O_PATH
#define O_PATH 010000000
#endif

/* 5.6 */
struct how {
	uint64_t flags, mode, resolve;
};
enum { RESOLVE_NO_MAGIC = 0x02, RESOLVE_NO_LINKS = 0x04, RESOLVE_BELOW = 0x08 };

/* What is left of a path. */
struct walk {
	struct sbp_walked *place;
	const struct sbp_path_rules *rules;
	struct sbp_path_rules *learned; /* NULL: the rules hold */
	char pending[PENDING];
	size_t at;
	unsigned int links;
	bool follow;
};

/* --- /proc ---------------------------------------------------------------------------------- */

/* Names that in /proc mean a process, or whoever asks: that is the broker. */
static bool may_be_process(const char *name, size_t length)
{
	size_t digits = 0;

	while (digits < length && name[digits] >= '0' && name[digits] <= '9')
		digits++;
	return digits == length || (length == 4 && !memcmp(name, "self", 4)) ||
	       (length == 11 && !memcmp(name, "thread-self", 11));
}

static bool is_process(int directory, const char *name, size_t length)
{
	struct statfs status;

	return may_be_process(name, length) &&
	       (fstatfs(directory, &status) || status.f_type == PROC_MAGIC);
}

/* --- Plain paths ------------------------------------------------------------------------- */

bool sbp_path_is_plain(const char *path, size_t length)
{
	const char *name = path;

	if (length < 2 || *path != '/')
		return false;
	while (*name) {
		size_t size = strcspn(++name, "/");

		if (!size || size >= SBP_NAME_LIMIT || !strncmp(name, "./", 2) || !strcmp(name, ".") ||
		    !strncmp(name, "../", 3) || !strcmp(name, "..") || may_be_process(name, size))
			return false;
		name += size;
	}
	return true;
}

int sbp_open_plain(const struct sbp_broker *broker, const char *path, int flags, unsigned int mode)
{
	struct how how = { (uint64_t)(unsigned int)flags, flags & O_CREAT ? mode : 0,
			   RESOLVE_BELOW | RESOLVE_NO_LINKS | RESOLVE_NO_MAGIC };
	long result;

	if (!broker->has_openat2)
		return -EAGAIN;
	result = sbp_kernel(SYS_openat2, broker->root, (long)(path + 1), (long)&how, sizeof(how));
	/* a link, or a rename meanwhile */
	if (result == -ELOOP || result == -EXDEV || result == -ENOSYS || result == -EPERM)
		return -EAGAIN;
	return (int)result;
}

/* The parent of a plain path at once, all of whose directories are visible if it is. */
static int walk_plain(const struct sbp_broker *broker, const char *path, size_t length, bool follow,
		      struct sbp_walked *place)
{
	const char *name = strrchr(path, '/') + 1;
	char unused[1];
	int directory;

	if (!broker->has_openat2 || !sbp_path_is_plain(path, length) ||
	    !sbp_path_is_visible(&broker->rules, path, length))
		return -EAGAIN;
	memcpy(place->path, path, length + 1);
	place->length = length;
	memcpy(place->name, name, strlen(name) + 1);
	if (name == path + 1)
		return -EAGAIN;
	place->path[name - path - 1] = 0;
	directory = sbp_open_plain(broker, place->path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	place->path[name - path - 1] = '/';
	if (directory < 0)
		return directory;
	place->held[++place->depth] = directory;
	place->directory = directory;
	if (follow && readlinkat(directory, name, unused, sizeof(unused)) >= 0)
		return -EAGAIN;
	return 0;
}

/* --- Steps -------------------------------------------------------------------------------- */

static void begin(const struct sbp_broker *broker, struct sbp_walked *place)
{
	sbp_walk_release(place);
	place->held[0] = place->directory = broker->root;
	place->ends[0] = place->length = 0;
	place->path[0] = place->name[0] = 0;
}

void sbp_walk_release(struct sbp_walked *place)
{
	while (place->depth)
		close(place->held[place->depth--]);
}

static void go_up(struct sbp_walked *place)
{
	if (place->depth)
		close(place->held[place->depth--]);
	place->directory = place->held[place->depth];
	place->length = place->ends[place->depth];
	place->path[place->length] = 0;
}

/* Puts a name behind the path; where it goes on is settled later. */
static int append(struct sbp_walked *place, const char *name, size_t length)
{
	if (place->length + 1 + length >= sizeof(place->path))
		return -ENAMETOOLONG;
	place->path[place->length++] = '/';
	memcpy(place->path + place->length, name, length);
	place->length += length;
	place->path[place->length] = 0;
	memcpy(place->name, name, length);
	place->name[length] = 0;
	return 0;
}

/* Puts a link's text before what is left. The path is that of the link's directory again. */
static int expand(struct walk *walk, const struct sbp_broker *broker, const char *text, size_t length)
{
	struct sbp_walked *place = walk->place;
	char rest[PENDING];
	size_t left = strlen(walk->pending + walk->at);

	if (++walk->links > LINK_LIMIT)
		return -ELOOP;
	if (!length)
		return -ENOENT;
	if (length + left + 1 >= SBP_BROKER_PATH_LIMIT)
		return -ENAMETOOLONG;
	memcpy(rest, walk->pending + walk->at, left + 1);
	memcpy(walk->pending, text, length);
	memcpy(walk->pending + length, rest, left + 1);
	walk->at = 0;
	place->length = place->ends[place->depth];
	place->path[place->length] = place->name[0] = 0;
	if (*text == '/')
		begin(broker, place);
	return 0;
}

/*
 * Reads the link that was named last and goes on with its text. 1: it is none. A link that nobody may know
 * of can still lead to what is allowed; everything else about it looks the same from inside.
 */
static int follow_link(struct walk *walk, const struct sbp_broker *broker, bool visible)
{
	struct sbp_walked *place = walk->place;
	char text[SBP_BROKER_PATH_LIMIT];
	ssize_t length = readlinkat(place->directory, place->name, text, sizeof(text));

	if (length < 0)
		return !visible ? -EACCES : errno == EINVAL || errno == ENOENT ? 1 : -errno;
	if (length == sizeof(text))
		return visible ? -ENAMETOOLONG : -EACCES;
	if (walk->learned) {
		int error = sbp_rules_of_paths_add(walk->learned, place->path, place->length,
						   SBP_EXACT, 0);

		if (error)
			return error;
	}
	return expand(walk, broker, text, (size_t)length);
}

static int enter(struct walk *walk, const struct sbp_broker *broker, bool visible)
{
	struct sbp_walked *place = walk->place;
	int fd, error;

	if (!visible)
		return follow_link(walk, broker, false);
	if (place->depth + 1 == SBP_WALK_DEPTH)
		return -ENAMETOOLONG;
	fd = openat(place->directory, place->name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		error = -errno;
		if (error != -ENOTDIR && error != -ELOOP)
			return error;
		error = follow_link(walk, broker, true);
		return error == 1 ? -ENOTDIR : error;
	}
	place->held[++place->depth] = place->directory = fd;
	place->ends[place->depth] = place->length;
	place->name[0] = 0;
	return 0;
}

/* One component. 1: it was the last, and the place is settled. */
static int step(struct walk *walk, const struct sbp_broker *broker, const char *name, size_t length,
		bool last)
{
	struct sbp_walked *place = walk->place;
	bool visible;
	int error;

	if (length == 1 && *name == '.')
		return 0;
	if (length == 2 && !memcmp(name, "..", 2)) {
		go_up(place);
		return 0;
	}
	if (length >= SBP_NAME_LIMIT)
		return -ENAMETOOLONG;
	error = append(place, name, length);
	if (error)
		return error;
	if (is_process(place->directory, place->name, length))
		return -EACCES;
	visible = walk->learned || sbp_path_is_visible(walk->rules, place->path, place->length);
	if (!last)
		return enter(walk, broker, visible);
	if (!walk->follow)
		return visible ? 1 : -EACCES;
	return follow_link(walk, broker, visible);
}

static int walk_on(struct walk *walk, const struct sbp_broker *broker)
{
	char name[SBP_BROKER_PATH_LIMIT];
	size_t length;
	int error;

	for (;;) {
		walk->at += strspn(walk->pending + walk->at, "/");
		length = strcspn(walk->pending + walk->at, "/");
		if (!length)
			return 0;
		if (length >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, walk->pending + walk->at, length);
		walk->at += length;
		error = step(walk, broker, name, length, !walk->pending[walk->at]);
		if (error)
			return error == 1 ? 0 : error;
	}
}

/* The root alone has no name. */
static int settle(struct sbp_walked *place)
{
	if (!place->length) {
		memcpy(place->path, "/", 2);
		place->length = 1;
	}
	return 0;
}

int sbp_walk(const struct sbp_broker *broker, const char *path, size_t length, bool follow,
	     struct sbp_walked *place)
{
	struct walk walk = { .place = place, .rules = &broker->rules, .follow = follow };
	int error;

	place->depth = 0;
	if (*path != '/' || length >= SBP_BROKER_PATH_LIMIT)
		return *path ? -ENAMETOOLONG : -ENOENT;
	begin(broker, place);
	error = walk_plain(broker, path, length, follow, place);
	if (error != -EAGAIN)
		return error;
	begin(broker, place);
	memcpy(walk.pending, path, length + 1);
	error = walk_on(&walk, broker);
	if (!error)
		settle(place);
	/* a directory in which the walk ended by its last slash or "..": nobody may have asked for it yet */
	if (!error && !sbp_path_is_visible(&broker->rules, place->path, place->length))
		return -EACCES;
	return error;
}

int sbp_walk_for_rule(struct sbp_broker *broker, const char *path, size_t length,
		      struct sbp_walked *place)
{
	struct walk walk = {
		.place = place, .rules = &broker->rules, .learned = &broker->rules, .follow = true
	};
	int error;

	place->depth = 0;
	if (*path != '/' || length >= SBP_BROKER_PATH_LIMIT)
		return -EINVAL;
	begin(broker, place);
	memcpy(walk.pending, path, length + 1);
	error = walk_on(&walk, broker);
	return error ? error : settle(place);
}

// SPDX-License-Identifier: MIT
/*
 * Opening a file for somebody else: which rights it takes, what kind of file may be passed on. Owns the flags
 * that a client may ask for.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"

/* 2.6.39, 3.11 */
#ifndef O_PATH
#define O_PATH 010000000
#endif
#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif
/* glibc's is 0 on 64-bit machines, where the kernel knows it still; programs of 32 bits pass it on */
#if defined(__arm__) || defined(__aarch64__)
#define LARGEFILE 0400000
#else
#define LARGEFILE 0100000
#endif

enum {
	ALLOWED = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
		  O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_SYNC | O_DSYNC | O_DIRECT | O_NOATIME |
		  LARGEFILE,
	/* whatever is asked for: no terminal takes the broker's session, nothing makes it wait */
	ALWAYS = O_NOCTTY | O_CLOEXEC | O_NONBLOCK,
	ATTEMPTS = 8,
};

/* --- What it takes ---------------------------------------------------------------------------- */

static int check_flags(unsigned int flags)
{
	if (flags & O_PATH || (flags & O_TMPFILE) == O_TMPFILE)
		return -EACCES;
	if (flags & ~(unsigned int)ALLOWED || (flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	/* as the kernel has it since 6.4 */
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	return 0;
}

static unsigned int rights_for(unsigned int flags)
{
	static const unsigned int by_mode[] = { SBP_MAY_READ, SBP_MAY_WRITE,
						SBP_MAY_READ | SBP_MAY_WRITE };

	return by_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? SBP_MAY_WRITE : 0);
}

/* --- Opening ------------------------------------------------------------------------------- */

/* O_CREAT is no harm where the file is there, as most who use it know. */
static int open_existing(int directory, const char *name, int flags)
{
	struct stat status;
	int fd;

	if (flags & O_EXCL)
		return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) ? -EACCES : -EEXIST;
	fd = openat(directory, name, flags & ~O_CREAT);
	return fd >= 0 ? fd : errno == ENOENT ? -EACCES : -errno;
}

static int open_place(const struct sbp_broker *broker, const struct sbp_walked *place,
		      unsigned int flags, unsigned int mode)
{
	unsigned int may = sbp_path_may(&broker->rules, place->path, place->length);
	int how = (int)(flags | ALWAYS | O_NOFOLLOW), fd;

	if ((may & rights_for(flags)) != rights_for(flags))
		return -EACCES;
	if (!place->name[0])
		fd = openat(place->directory, ".", (how & ~(O_CREAT | O_NOFOLLOW)) | O_DIRECTORY);
	else if (flags & O_CREAT && !(may & SBP_MAY_CREATE))
		return open_existing(place->directory, place->name, how);
	else
		fd = openat(place->directory, place->name, how, mode & 0777);
	return fd < 0 ? -errno : fd;
}

/* Both refuse a link: one for itself, the other as no directory. */
static bool was_link(const struct sbp_walked *place, int error)
{
	char unused[1];

	return (error == -ELOOP || error == -ENOTDIR) && place->name[0] &&
	       readlinkat(place->directory, place->name, unused, sizeof(unused)) >= 0;
}

/* A link that appeared since the walk is walked again. */
static int open_by_walk(const struct sbp_broker *broker, const char *path, size_t length,
			unsigned int flags, unsigned int mode, struct sbp_walked *place)
{
	bool follow = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	int result = -ELOOP;

	for (int i = 0; i < ATTEMPTS; i++) {
		result = sbp_walk(broker, path, length, follow, place);
		if (!result)
			result = open_place(broker, place, flags, mode);
		if (result >= 0 || !follow || !was_link(place, result))
			break;
		sbp_walk_release(place);
	}
	return result;
}

/* Without a walk, where the path is its own name without links. -EAGAIN: walk. */
static int open_at_once(const struct sbp_broker *broker, const char *path, size_t length,
			unsigned int flags, unsigned int mode)
{
	unsigned int may = sbp_path_may(&broker->rules, path, length);
	unsigned int needed = rights_for(flags) | (flags & O_CREAT ? SBP_MAY_CREATE : 0);

	if ((may & needed) != needed || !sbp_path_is_plain(path, length))
		return -EAGAIN;
	return sbp_open_plain(broker, path, (int)(flags | ALWAYS), mode & 0777);
}

/* --- What was opened -------------------------------------------------------------------------- */

/* A device does what it does when it is opened: only who named it can have meant that. */
static int check_kind(const struct sbp_broker *broker, const char *path, size_t length, mode_t mode)
{
	if (S_ISREG(mode) || S_ISDIR(mode))
		return 0;
	if ((S_ISCHR(mode) || S_ISFIFO(mode)) && sbp_path_is_named(&broker->rules, path, length))
		return 0;
	return -EACCES;
}

/* Replaces a directory by its listing. */
static int hand_over(int fd, const char *path, size_t length, unsigned int flags,
		     struct sbp_answer_of_broker *answer)
{
	int listing;

	if (answer->reply.kind == SBP_BROKER_LISTING) {
		listing = sbp_broker_list(fd, &answer->reply.status, path, length);
		close(fd);
		answer->fd = listing;
		return listing < 0 ? listing : 0;
	}
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & ~(unsigned int)O_NONBLOCK)) {
		close(fd);
		return -EIO;
	}
	answer->fd = fd;
	return 0;
}

static int judge(const struct sbp_broker *broker, int fd, const char *path, size_t length,
		 struct sbp_answer_of_broker *answer)
{
	struct stat status;
	int error;

	if (fstat(fd, &status))
		return -errno;
	error = check_kind(broker, path, length, status.st_mode);
	sbp_broker_put_status(&status, &answer->reply.status);
	answer->reply.kind = S_ISDIR(status.st_mode) ? SBP_BROKER_LISTING : SBP_BROKER_FILE;
	return error;
}

int sbp_broker_open_file(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			 const char *path, struct sbp_answer_of_broker *answer)
{
	struct sbp_walked place = { .depth = 0 };
	const char *name = path;
	size_t length = request->path_length;
	int fd, error = check_flags(request->flags);

	if (error)
		return error;
	fd = open_at_once(broker, path, length, request->flags, request->mode);
	if (fd == -EAGAIN) {
		fd = open_by_walk(broker, path, length, request->flags, request->mode, &place);
		name = place.path;
		length = place.length;
	}
	if (fd < 0) {
		error = fd;
	} else if ((error = judge(broker, fd, name, length, answer)) != 0) {
		close(fd);
	} else {
		error = hand_over(fd, name, length, request->flags, answer);
	}
	sbp_walk_release(&place);
	return error;
}

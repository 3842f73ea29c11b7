// SPDX-License-Identifier: MIT
/* What a request gets: one row an operation. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "broker.h"
#include "numbers.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

void sbp_broker_put_status(const struct stat *from, struct sbp_broker_status *to)
{
	*to = (struct sbp_broker_status){
		.dev = from->st_dev,
		.ino = from->st_ino,
		.rdev = from->st_rdev,
		.size = (uint64_t)from->st_size,
		.blocks = (uint64_t)from->st_blocks,
		.atime = from->st_atim.tv_sec,
		.mtime = from->st_mtim.tv_sec,
		.ctime = from->st_ctim.tv_sec,
		.atime_nsec = (uint32_t)from->st_atim.tv_nsec,
		.mtime_nsec = (uint32_t)from->st_mtim.tv_nsec,
		.ctime_nsec = (uint32_t)from->st_ctim.tv_nsec,
		.mode = from->st_mode,
		.nlink = (uint32_t)from->st_nlink,
		.uid = from->st_uid,
		.gid = from->st_gid,
		.blksize = (uint32_t)from->st_blksize,
	};
}

/* What a place names: a directory by itself is ".". */
static const char *name_of(const struct sbp_walked *place)
{
	return place->name[0] ? place->name : ".";
}

/* --- Operations ------------------------------------------------------------------------------ */

typedef int operation(const struct sbp_broker *broker, const struct sbp_broker_request *request,
		      const struct sbp_walked *place, struct sbp_answer_of_broker *answer);

static int answer_stat(const struct sbp_broker *broker, const struct sbp_broker_request *request,
		       const struct sbp_walked *place, struct sbp_answer_of_broker *answer)
{
	struct stat status;

	(void)broker;
	(void)request;
	if (fstatat(place->directory, name_of(place), &status, AT_SYMLINK_NOFOLLOW))
		return -errno;
	sbp_broker_put_status(&status, &answer->reply.status);
	return 0;
}

/* As the kernel would say it to the broker, and as the rules say it. */
static int answer_access(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			 const struct sbp_walked *place, struct sbp_answer_of_broker *answer)
{
	unsigned int may = sbp_path_may(&broker->rules, place->path, place->length);
	long result;
	int error;

	if (request->mode & ~(unsigned int)(R_OK | W_OK | X_OK))
		return -EINVAL;
	error = answer_stat(broker, request, place, answer);
	if (error)
		return error;
	if ((request->mode & R_OK && !(may & SBP_MAY_READ)) ||
	    (request->mode & W_OK && !(may & SBP_MAY_WRITE)))
		return -EACCES;
	result = sbp_kernel(SYS_faccessat2, place->directory, (long)name_of(place),
			    (long)request->mode, AT_SYMLINK_NOFOLLOW);
	/* before 5.8 it follows a link that came since; that link's target is all it could tell of */
	if (result == -ENOSYS || result == -EPERM)
		result = sbp_kernel(SYS_faccessat, place->directory, (long)name_of(place),
				    (long)request->mode);
	return (int)result;
}

static int answer_readlink(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			   const struct sbp_walked *place, struct sbp_answer_of_broker *answer)
{
	ssize_t length;

	(void)broker;
	(void)request;
	if (!place->name[0])
		return -EINVAL;
	length = readlinkat(place->directory, place->name, answer->text, sizeof(answer->text));
	if (length < 0)
		return -errno;
	if (length == sizeof(answer->text))
		return -ENAMETOOLONG;
	answer->reply.text_length = (uint16_t)length;
	return 0;
}

static int answer_chdir(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			const struct sbp_walked *place, struct sbp_answer_of_broker *answer)
{
	int fd = openat(place->directory, name_of(place),
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	long result;

	(void)broker;
	(void)request;
	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	result = sbp_kernel(SYS_faccessat, fd, (long)".", X_OK);
	close(fd);
	if (result)
		return (int)result;
	memcpy(answer->text, place->path, place->length);
	answer->reply.text_length = (uint16_t)place->length;
	return 0;
}

/* Follow the last link: never, as the flags say, or always. */
enum follow { NEVER, AS_ASKED, ALWAYS };

static const struct row {
	enum follow follow;
	operation *answer;
} rows[] = {
	[SBP_BROKER_STAT] = { AS_ASKED, answer_stat },
	[SBP_BROKER_ACCESS] = { AS_ASKED, answer_access },
	[SBP_BROKER_READLINK] = { NEVER, answer_readlink },
	[SBP_BROKER_CHDIR] = { ALWAYS, answer_chdir },
};

static int answer_at_place(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			   const char *path, struct sbp_answer_of_broker *answer)
{
	struct sbp_walked place = { .depth = 0 };
	const struct row *row;
	bool follow;
	int error;

	if (request->operation >= sizeof(rows) / sizeof(*rows) || !rows[request->operation].answer)
		return -EINVAL;
	if (request->flags & ~(unsigned int)AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	row = &rows[request->operation];
	follow = row->follow == ALWAYS ||
		 (row->follow == AS_ASKED && !(request->flags & AT_SYMLINK_NOFOLLOW));
	error = sbp_walk(broker, path, request->path_length, follow, &place);
	if (!error)
		error = row->answer(broker, request, &place, answer);
	sbp_walk_release(&place);
	return error;
}

void sbp_broker_answer_request(const struct sbp_broker *broker,
			       const struct sbp_broker_request *request, const char *path,
			       struct sbp_answer_of_broker *answer)
{
	int error;

	answer->reply = (struct sbp_broker_reply){ .magic = SBP_BROKER_MAGIC };
	answer->fd = -1;
	error = request->operation == SBP_BROKER_OPEN
			? sbp_broker_open_file(broker, request, path, answer)
			: answer_at_place(broker, request, path, answer);
	/* nothing is said beside a refusal */
	if (error) {
		answer->reply = (struct sbp_broker_reply){ .magic = SBP_BROKER_MAGIC };
		answer->fd = -1;
	}
	answer->reply.result = error;
}

// SPDX-License-Identifier: MIT
/*
 * Which notified call is which request: as the client does it in the process itself (client.c), but with the
 * memory and descriptors of another.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client_message.h"
#include "notify.h"
#include "numbers.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_NO_AUTOMOUNT
#define AT_NO_AUTOMOUNT 0x800
#endif
enum { SYNC_FLAGS = 0x6000 /* of statx */ };

/* The call under way, and what it is asked for. */
struct asked {
	struct sbp_waiting *waiting;
	const uint64_t *arguments;
	struct sbp_notified_end *end;
	int directory; /* AT_FDCWD where it has none */
	uint64_t path; /* its address */
};

/* --- Paths ---------------------------------------------------------------------------------- */

/* The directory that a relative path begins in. */
static long base_of(const struct asked *asked, char *base, size_t size)
{
	long length;
	int fd;

	if (asked->directory == AT_FDCWD)
		return sbp_waiting_directory(asked->waiting, base, size);
	fd = sbp_waiting_take_fd(asked->waiting, asked->directory);
	if (fd < 0)
		return fd;
	length = sbp_client_listing_name_in_handler(fd, base, size - 1);
	close(fd);
	if (length >= 0)
		base[length] = 0;
	return length;
}

static long absolute_path(const struct asked *asked, char *path)
{
	char given[SBP_BROKER_PATH_LIMIT], base[SBP_BROKER_PATH_LIMIT];
	long length = sbp_waiting_read_path(asked->waiting, asked->path, given, sizeof(given)), based;

	if (length <= 0)
		return length ? length : -ENOENT;
	if (*given == '/') {
		memcpy(path, given, (size_t)length + 1);
		return length;
	}
	based = base_of(asked, base, sizeof(base));
	if (based < 0)
		return based;
	if (based + 1 + length >= SBP_BROKER_PATH_LIMIT)
		return -ENAMETOOLONG;
	memcpy(path, base, (size_t)based);
	path[based] = '/';
	memcpy(path + based + 1, given, (size_t)length + 1);
	return based + 1 + length;
}

static long request(const struct asked *asked, struct sbp_broker_request *request, const char *path,
		    long length, struct sbp_answer_of_broker *answer)
{
	/* who was killed meanwhile asked for something else, or for nothing */
	if (!sbp_waiting_is_there(asked->waiting))
		return -ESRCH;
	request->magic = SBP_BROKER_MAGIC;
	request->path_length = (uint16_t)length;
	sbp_broker_answer_request(asked->waiting->broker, request, path, answer);
	return answer->reply.result;
}

static long request_at_path(const struct asked *asked, struct sbp_broker_request *what,
			    struct sbp_answer_of_broker *answer)
{
	char path[SBP_BROKER_PATH_LIMIT];
	long length = absolute_path(asked, path);

	return length < 0 ? length : request(asked, what, path, length, answer);
}

/* --- Calls ---------------------------------------------------------------------------------- */

static long open_by(const struct asked *asked, uint64_t flags, uint64_t mode)
{
	struct sbp_broker_request what = { .operation = SBP_BROKER_OPEN,
					   .flags = (uint32_t)flags,
					   .mode = (uint32_t)mode & 07777 };
	struct sbp_answer_of_broker answer;
	long error = request_at_path(asked, &what, &answer);

	if (!error) {
		asked->end->fd = answer.fd;
		asked->end->close_on_exec = flags & O_CLOEXEC;
	}
	return error;
}

static long call_not_there(const struct asked *asked)
{
	(void)asked;
	return -ENOSYS;
}

static long put(const struct asked *asked, const struct sbp_broker_status *status,
		enum sbp_client_form form, uint64_t to)
{
	uint64_t shaped[SBP_CLIENT_FORM_SIZE / sizeof(uint64_t)];
	size_t size = sbp_client_shape_status_in_handler(status, form, shaped);

	return sbp_waiting_write(asked->waiting, to, shaped, size);
}

static long status_of_fd(const struct asked *asked, struct sbp_broker_status *status)
{
	int fd = sbp_waiting_take_fd(asked->waiting, asked->directory);
	long error;

	if (fd < 0)
		return fd;
	error = sbp_client_fstat_in_handler(fd, status);
	close(fd);
	return error;
}

static long is_empty_path(const struct asked *asked, uint64_t flags)
{
	char first[2] = "";

	if (!(flags & AT_EMPTY_PATH))
		return false;
	return !asked->path ||
	       sbp_waiting_read_path(asked->waiting, asked->path, first, sizeof(first)) == 0;
}

static long stat_by(const struct asked *asked, uint64_t flags, enum sbp_client_form form, uint64_t to)
{
	struct sbp_broker_request what = { .operation = SBP_BROKER_STAT,
					   .flags = flags & AT_SYMLINK_NOFOLLOW };
	struct sbp_answer_of_broker answer;
	char directory[SBP_BROKER_PATH_LIMIT];
	long error;

	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | SYNC_FLAGS))
		return -EINVAL;
	if (!is_empty_path(asked, flags)) {
		error = request_at_path(asked, &what, &answer);
	} else if (asked->directory == AT_FDCWD) {
		error = sbp_waiting_directory(asked->waiting, directory, sizeof(directory));
		error = request(asked, &what, directory, error, &answer);
	} else {
		error = status_of_fd(asked, &answer.reply.status);
	}
	return error ? error : put(asked, &answer.reply.status, form, to);
}

static long call_fstat(const struct asked *asked)
{
	struct sbp_broker_status status;
	long error = status_of_fd(asked, &status);

	return error ? error : put(asked, &status, SBP_CLIENT_STAT, asked->arguments[1]);
}

static long access_by(const struct asked *asked, uint64_t mode, uint64_t flags)
{
	struct sbp_broker_request what = { .operation = SBP_BROKER_ACCESS,
					   .flags = flags & AT_SYMLINK_NOFOLLOW,
					   .mode = (uint32_t)mode };
	struct sbp_answer_of_broker answer;

	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EACCESS))
		return -EINVAL;
	return request_at_path(asked, &what, &answer);
}

static long readlink_to(const struct asked *asked, uint64_t text, uint64_t size)
{
	struct sbp_broker_request what = { .operation = SBP_BROKER_READLINK };
	struct sbp_answer_of_broker answer;
	long error;

	if ((int)size <= 0)
		return -EINVAL;
	error = request_at_path(asked, &what, &answer);
	if (error)
		return error;
	if (size > answer.reply.text_length)
		size = answer.reply.text_length;
	error = sbp_waiting_write(asked->waiting, text, answer.text, size);
	return error ? error : (long)size;
}

static long call_getcwd(const struct asked *asked)
{
	char path[SBP_BROKER_PATH_LIMIT];
	long length = sbp_waiting_directory(asked->waiting, path, sizeof(path)) + 1, error;

	if (asked->arguments[1] < (uint64_t)length)
		return -ERANGE;
	error = sbp_waiting_write(asked->waiting, asked->arguments[0], path, (size_t)length);
	return error ? error : length;
}

static long enter(const struct asked *asked, const char *path, long length)
{
	struct sbp_broker_request what = { .operation = SBP_BROKER_CHDIR };
	struct sbp_answer_of_broker answer;
	long error = request(asked, &what, path, length, &answer);

	if (error)
		return error;
	answer.text[answer.reply.text_length] = 0;
	return sbp_waiting_enter(asked->waiting, answer.text);
}

static long call_chdir(const struct asked *asked)
{
	char path[SBP_BROKER_PATH_LIMIT];
	long length = absolute_path(asked, path);

	return length < 0 ? length : enter(asked, path, length);
}

static long call_fchdir(const struct asked *asked)
{
	char path[SBP_BROKER_PATH_LIMIT];
	long length = asked->directory == AT_FDCWD ? -EBADF : base_of(asked, path, sizeof(path));

	return length < 0 ? length : enter(asked, path, length);
}

/* The open file is shared, and with it the place up to which it was read. */
static long call_getdents64(const struct asked *asked)
{
	char records[32 << 10];
	size_t size = (uint32_t)asked->arguments[2];
	int fd = sbp_waiting_take_fd(asked->waiting, asked->directory);
	long got, error;

	if (fd < 0)
		return fd;
	got = sbp_client_getdents_in_handler(fd, (uintptr_t)records,
					     size < sizeof(records) ? size : sizeof(records));
	close(fd);
	if (got <= 0)
		return got;
	error = sbp_waiting_write(asked->waiting, asked->arguments[1], records, (size_t)got);
	return error ? error : got;
}

/* --- The table ------------------------------------------------------------------------------ */

#define call_openat2  call_not_there
#define call_getdents call_not_there
#define call_fstat64  call_fstat

#define ARG(i)	 (call->arguments[i])
#define FLAGS(i) ((uint32_t)ARG(i))
#define ANSWER(name, answer)                              \
	static long call_##name(const struct asked *call) \
	{                                                 \
		return answer;                            \
	}
#include "answers.def"
#undef ANSWER

void sbp_notified_answer(struct sbp_waiting *waiting, struct sbp_notified_end *end)
{
	const struct seccomp_data *call = &waiting->notification->call;
	struct asked asked = { waiting, (const uint64_t *)call->args, end, AT_FDCWD, 0 };

	end->value = -ENOSYS;
	if (call->arch != SBP_AUDIT_ARCH || call->nr < 0)
		return;
	switch (call->nr) {
#define BROKER_CALL(name, at, from)                                             \
	case NUMBER_##name:                                                     \
		if ((at) >= 0)                                                  \
			asked.directory = (int)call->args[(at) < 0 ? 0 : (at)]; \
		if ((from) >= 0)                                                \
			asked.path = call->args[(from) < 0 ? 0 : (from)];       \
		end->value = call_##name(&asked);                               \
		break;
#include "calls.def"
#undef BROKER_CALL
	default: break;
	}
}

// SPDX-License-Identifier: MIT
/*
 * Which trapped call is which question. Owns the table of calls, and where a path begins.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "client_memory.h"
#include "client_message.h"
#include "numbers.h"

/* 2.6.39 */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_STATX_SYNC_TYPE
#define AT_STATX_SYNC_TYPE 0x6000
#endif
#ifndef AT_NO_AUTOMOUNT
#define AT_NO_AUTOMOUNT 0x800
#endif

void sbp_broker_client_init_in_handler(struct sbp_broker_client *client, int fd)
{
	client->fd = fd;
	client->directory = NULL;
	client->names = NULL;
}

/* --- Where a path begins -------------------------------------------------------------------- */

/* The call under way. `arguments` are its own; directory is AT_FDCWD where it has none. */
struct call {
	struct sbp_broker_client *client;
	const unsigned long *arguments;
	int directory;
	uintptr_t path;
};

static void begin_at_current(const struct sbp_broker_client *client, struct sbp_client_path *path)
{
	const struct sbp_broker_directory *directory = sbp_client_directory_in_handler(client);

	path->base = directory ? directory->text : "/";
	path->base_length = directory ? directory->length : 1;
}

static long ask(const struct call *call, struct sbp_client_question *question,
		struct sbp_broker_reply *reply)
{
	int fd;
	long result = sbp_client_ask_in_handler(call->client, question, reply, &fd);

	return result ? result : fd >= 0 ? fd : 0;
}

/* Apart, for the sake of its stack. */
static __attribute__((noinline)) long ask_from_listing(const struct call *call,
						       struct sbp_client_question *question,
						       struct sbp_broker_reply *reply)
{
	char name[SBP_BROKER_PATH_LIMIT];
	long length = sbp_client_listing_name_in_handler(call->directory, name, sizeof(name));

	if (length < 0)
		return length;
	question->path.base = name;
	question->path.base_length = (size_t)length;
	return ask(call, question, reply);
}

/* An absolute path, one from the current directory, or one from a descriptor. */
static long ask_about_path(const struct call *call, struct sbp_client_question *question,
			   struct sbp_broker_reply *reply)
{
	struct sbp_client_path *path = &question->path;
	long length = length_in_handler(call->path, SBP_BROKER_PATH_LIMIT);

	if (length <= 0)
		return length ? length : -ENOENT;
	path->path = call->path;
	path->length = (size_t)length;
	path->base_length = 0;
	if (*(const volatile char *)call->path == '/')
		return ask(call, question, reply);
	if (call->directory != AT_FDCWD)
		return ask_from_listing(call, question, reply);
	begin_at_current(call->client, path);
	return ask(call, question, reply);
}

/* Calls that may be about the descriptor itself (AT_EMPTY_PATH). NULL is an empty path since 6.11. */
static bool is_empty_path(const struct call *call, unsigned long flags)
{
	return flags & AT_EMPTY_PATH &&
	       (!call->path || length_in_handler(call->path, SBP_BROKER_PATH_LIMIT) == 0);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static long open_by(const struct call *call, unsigned long flags, unsigned long mode)
{
	struct sbp_client_question question = {
		.operation = SBP_BROKER_OPEN,
		.flags = (uint32_t)flags,
		.mode = (uint32_t)mode & 07777,
		.close_on_exec = flags & O_CLOEXEC,
	};
	struct sbp_broker_reply reply;

	return ask_about_path(call, &question, &reply);
}

/* Its flags stand in memory; who uses it goes back to the older call. */
static long call_not_there(const struct call *call)
{
	(void)call;
	return -ENOSYS;
}

static long stat_by(const struct call *call, unsigned long flags, enum sbp_client_form form,
		    unsigned long to)
{
	struct sbp_client_question question = { .operation = SBP_BROKER_STAT,
						.flags = flags & AT_SYMLINK_NOFOLLOW };
	struct sbp_broker_reply reply;
	long result;

	if (flags & ~(unsigned long)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
				     AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (!is_empty_path(call, flags)) {
		result = ask_about_path(call, &question, &reply);
	} else if (call->directory == AT_FDCWD) {
		begin_at_current(call->client, &question.path);
		result = ask(call, &question, &reply);
	} else {
		result = sbp_client_fstat_in_handler(call->directory, &reply.status);
	}
	return result ? result : sbp_client_put_status_in_handler(&reply.status, form, to);
}

static long call_fstat(const struct call *call)
{
	struct sbp_broker_status status;
	long result = sbp_client_fstat_in_handler(call->directory, &status);

	return result ? result
		      : sbp_client_put_status_in_handler(&status, SBP_CLIENT_STAT,
							 call->arguments[1]);
}

static long access_by(const struct call *call, unsigned long mode, unsigned long flags)
{
	struct sbp_client_question question = { .operation = SBP_BROKER_ACCESS,
						.flags = flags & AT_SYMLINK_NOFOLLOW,
						.mode = (uint32_t)mode };
	struct sbp_broker_reply reply;

	if (flags & ~(unsigned long)(AT_SYMLINK_NOFOLLOW | AT_EACCESS))
		return -EINVAL;
	return ask_about_path(call, &question, &reply);
}

static long readlink_to(const struct call *call, unsigned long text, unsigned long size)
{
	struct sbp_client_question question = {
		.operation = SBP_BROKER_READLINK,
		.text = text,
		.text_size = size < SBP_BROKER_PATH_LIMIT ? size : SBP_BROKER_PATH_LIMIT,
	};
	struct sbp_broker_reply reply;
	long result;

	if ((int)size <= 0)
		return -EINVAL;
	result = ask_about_path(call, &question, &reply);
	if (result)
		return result;
	return reply.text_length < size ? (long)reply.text_length : (long)size;
}

/* Less than eight bytes can't be asked about, so the kernel writes it: through a socket. */
static __attribute__((noinline)) long call_getcwd(const struct call *call)
{
	struct sbp_client_path here;
	char end[SBP_BROKER_PATH_LIMIT];
	size_t size;
	int ends[2];
	long result;

	begin_at_current(call->client, &here);
	size = here.base_length + 1;
	if (call->arguments[1] < size)
		return -ERANGE;
	copy_in_handler(end, here.base, here.base_length);
	end[here.base_length] = 0;
	result = sbp_client_pair_in_handler(ends);
	if (result < 0)
		return result;
	result = kernel_call(SYS_write, ends[0], end, size);
	if (result >= 0)
		result = kernel_call(SYS_read, ends[1], call->arguments[0], size);
	kernel_call(SYS_close, ends[0]);
	kernel_call(SYS_close, ends[1]);
	return result;
}

static long call_chdir(const struct call *call)
{
	struct sbp_client_question question = { .operation = SBP_BROKER_CHDIR,
						.wants_text_kept = true };
	struct sbp_broker_reply reply;

	return ask_about_path(call, &question, &reply);
}

static __attribute__((noinline)) long call_fchdir(const struct call *call)
{
	struct sbp_client_question question = { .operation = SBP_BROKER_CHDIR,
						.wants_text_kept = true };
	struct sbp_broker_reply reply;

	return ask_from_listing(call, &question, &reply);
}

static long call_getdents64(const struct call *call)
{
	return sbp_client_getdents_in_handler(call->directory, call->arguments[1],
					      (uint32_t)call->arguments[2]);
}

/* --- The table -------------------------------------------------------------------------------- */

#define call_openat2  call_not_there
#define call_getdents call_not_there
#define call_fstat64  call_fstat

#define ARG(i)	 (call->arguments[i])
#define FLAGS(i) ((uint32_t)ARG(i))
#define ANSWER(name, answer)                             \
	static long call_##name(const struct call *call) \
	{                                                \
		return answer;                           \
	}
#include "answers.def"
#undef ANSWER

/* A switch and no array of pointers: it needs no relocation, which a loader of its own may not do. */
bool sbp_broker_client_answer_in_handler(struct sbp_broker_client *client, long number,
					 const unsigned long arguments[6], long *result)
{
	struct call call = { client, arguments, AT_FDCWD, 0 };

	/* what this architecture lacks has a negative number, and a caller can make up any */
	if (number < 0)
		return false;
	switch (number) {
#define BROKER_CALL(name, at, from)                                           \
	case NUMBER_##name:                                                   \
		if ((at) >= 0)                                                \
			call.directory = (int)arguments[(at) < 0 ? 0 : (at)]; \
		if ((from) >= 0)                                              \
			call.path = arguments[(from) < 0 ? 0 : (from)];       \
		*result = call_##name(&call);                                 \
		return true;
#include "calls.def"
#undef BROKER_CALL
	default: return false;
	}
}

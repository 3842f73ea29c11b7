/* SPDX-License-Identifier: MIT */
/* What may be asked of a file that is found: the flags, the rights, the kinds of files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

static bool is_there(struct stage *stage, const char *path)
{
	return !faccessat(stage->root, path + 1, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void close_open(long fd)
{
	assert_true(fd >= 0);
	close((int)fd);
}

static void rights_are_kept_apart(void **state)
{
	static const struct {
		const char *path;
		int flags, error;
	} rows[] = {
		{ "/open/file", O_RDONLY, 0 },
		{ "/open/file", O_WRONLY, EACCES },
		{ "/open/file", O_RDWR, EACCES },
		{ "/open/file", O_RDONLY | O_TRUNC, EACCES },
		{ "/open/file", O_WRONLY | O_APPEND, EACCES },
		{ "/open/link", O_WRONLY, EACCES },
		{ "/open/dir/../file", O_RDWR, EACCES },
		{ "/append/file", O_WRONLY, 0 },
		{ "/append/file", O_WRONLY | O_APPEND, 0 },
		{ "/append/file", O_RDONLY, EACCES },
		{ "/append/file", O_RDWR, EACCES },
		{ "/out/file", O_RDWR, 0 },
		{ "/out/./file", O_RDWR, 0 },
		{ "/out/link-to-open", O_RDONLY, 0 },
		{ "/out/link-to-open", O_WRONLY, EACCES },
		{ "/out/link-to-open", O_WRONLY | O_CREAT, EACCES },
		{ "/out/link-to-open", O_WRONLY | O_TRUNC, EACCES },
		{ "/out", O_WRONLY, EISDIR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		long fd = stage_open(*state, rows[i].path, rows[i].flags);

		if (rows[i].error)
			assert_int_equal(fd, -rows[i].error);
		else
			close_open(fd);
	}
	assert_string_equal(stage_control(*state, "/open/file"), "/open/file");
}

static void flags_are_known(void **state)
{
	static const struct {
		const char *path;
		int flags, error;
	} rows[] = {
		{ "/open/file", O_PATH, EACCES },
		{ "/open", O_PATH | O_DIRECTORY, EACCES },
		{ "/out", O_TMPFILE | O_RDWR, EACCES },
		{ "/open/file", O_ACCMODE, EINVAL },
		{ "/open/file", O_ASYNC, EINVAL },
		{ "/open/file", 1 << 30, EINVAL },
		{ "/out/new", O_WRONLY | O_CREAT | O_DIRECTORY, EINVAL },
		{ "/open/file", O_DIRECTORY, ENOTDIR },
		{ "/open/./file", O_DIRECTORY, ENOTDIR },
		{ "/open/link", O_NOFOLLOW, ELOOP },
		{ "/open/./link", O_NOFOLLOW, ELOOP },
		{ "/open/dirlink", O_NOFOLLOW | O_DIRECTORY, ENOTDIR },
		{ "/open/dirlink/file", O_NOFOLLOW, 0 },
		{ "/open/file", O_NOFOLLOW | O_NONBLOCK, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		long fd = stage_open(*state, rows[i].path, rows[i].flags);

		if (rows[i].error)
			assert_int_equal(fd, -rows[i].error);
		else
			close_open(fd);
	}
	/* none of it left a file */
	assert_false(is_there(*state, "/out/new"));
}

/* What the receiver gets is what it asked for, whatever the broker needed to be safe. */
static void descriptors_are_as_asked(void **state)
{
	int fd = (int)stage_open(*state, "/open/file", O_RDONLY);

	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND), O_RDONLY);
	close_open(fd);
	fd = (int)stage_open(*state, "/open/./file", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
	assert_int_equal(write(fd, "x", 1), -1);
	close_open(fd);
	fd = (int)stage_open(*state, "/append/file", O_WRONLY | O_APPEND | O_SYNC);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_SYNC | O_NONBLOCK),
			 O_WRONLY | O_APPEND | O_SYNC);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close_open(fd);
	assert_string_equal(stage_control(*state, "/append/file"), "/append/filex");
}

static void files_are_made_where_allowed(void **state)
{
	struct stage *stage = *state;
	struct stat status;

	umask(022);
	assert_int_equal(stage_open(stage, "/open/new", O_WRONLY | O_CREAT), -EACCES);
	assert_int_equal(stage_open(stage, "/secret/new", O_WRONLY | O_CREAT), -EACCES);
	assert_int_equal(stage_open(stage, "/out/../open/new", O_WRONLY | O_CREAT), -EACCES);
	assert_int_equal(stage_open(stage, "/out/link-to-secret", O_WRONLY | O_CREAT), -EACCES);
	assert_int_equal(stage_open(stage, "/open/dangling", O_RDONLY | O_CREAT), -EACCES);
	assert_false(is_there(stage, "/open/new") || is_there(stage, "/secret/new") ||
		     is_there(stage, "/open/nowhere"));
	close_open(stage_call(stage, SYS_openat, (unsigned long)AT_FDCWD, (unsigned long)"/out/new",
			      O_WRONLY | O_CREAT | O_EXCL, 07777, 0));
	assert_int_equal(fstatat(stage->root, "out/new", &status, 0), 0);
	/* no set-id bits, and the umask */
	assert_int_equal(status.st_mode, S_IFREG | 0755);
	assert_int_equal(stage_open(stage, "/out/new", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(stage_open(stage, "/out/link-to-new", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_false(is_there(stage, "/out/new-by-link"));
	close_open(stage_open(stage, "/out/link-to-new", O_WRONLY | O_CREAT));
	assert_true(is_there(stage, "/out/new-by-link"));
	/* O_CREAT of what is there needs no right to make it */
	close_open(stage_open(stage, "/open/file", O_RDONLY | O_CREAT));
	close_open(stage_open(stage, "/append/file", O_WRONLY | O_CREAT));
	assert_int_equal(stage_open(stage, "/open/file", O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(stage_open(stage, "/open/nowhere", O_RDONLY | O_CREAT | O_EXCL), -EACCES);
	/* creat(2), and truncating where it is allowed */
#ifdef SYS_creat
	close_open(stage_call(stage, SYS_creat, (unsigned long)"/out/file", 0600, 0, 0, 0));
	assert_string_equal(stage_control(stage, "/out/file"), "");
#endif
	assert_string_equal(stage_control(stage, "/open/file"), "/open/file");
}

/* A fifo without a writer, a device, a socket: nobody waits, and only a rule of their own opens them. */
static void kinds_of_files(void **state)
{
	struct stage *stage = *state;
	struct stat status;

	assert_int_equal(stage_open(stage, "/open/fifo", O_RDONLY), -EACCES);
	assert_int_equal(stage_open(stage, "/open/fifo", O_RDONLY | O_NONBLOCK), -EACCES);
	close_open(stage_open(stage, "/null", O_RDWR));
	assert_int_equal(fstatat(stage->root, "open/null", &status, 0) ? -EACCES : 0, 0);
	if (!S_ISCHR(status.st_mode)) {
		printf("# no device can be made here\n");
		skip();
	}
	assert_int_equal(stage_open(stage, "/open/null", O_RDONLY), -EACCES);
	/* control: the device works where it is */
	assert_string_equal(stage_control(stage, "/open/null"), "");
}

/* Magic links and what belongs to the broker: from the real root, with everything allowed. */
static void proc_does_not_lead_anywhere(void **state)
{
	static const char *const paths[] = { "/proc/self/root/etc/passwd",
					     "/proc/self/cwd/.",
					     "/proc/self/environ",
					     "/proc/self/fd/0",
					     "/proc/self/exe",
					     "/proc/thread-self/root/etc/passwd",
					     "/proc/1/root/etc/passwd",
					     "/proc/mounts",
					     "/dev/fd/0",
					     "/dev/stdin" };
	struct sbp_broker_client client;
	struct sbp_broker *broker;
	char own[64], text[64];
	long result;
	int fd;

	assert_int_equal(sbp_broker_new(&broker), 0);
	broker->has_openat2 = ((struct stage *)*state)->broker->has_openat2;
	assert_int_equal(sbp_broker_allow(broker, "/", SBP_BELOW, SBP_MAY_READ | SBP_MAY_WRITE), 0);
	assert_int_equal(sbp_broker_connect(broker, &fd), 0);
	assert_int_equal(sbp_broker_start(broker), 0);
	sbp_broker_client_init_in_handler(&client, fd);
	snprintf(own, sizeof(own), "/proc/%d/mem", getpid());
	for (size_t i = 0; i <= sizeof(paths) / sizeof(*paths); i++) {
		const char *path = i < sizeof(paths) / sizeof(*paths) ? paths[i] : own;
		unsigned long open_it[6] = { (unsigned long)AT_FDCWD, (unsigned long)path, O_RDONLY };
		unsigned long read_it[6] = { (unsigned long)AT_FDCWD, (unsigned long)path,
					     (unsigned long)text, sizeof(text) };

		assert_true(
			sbp_broker_client_answer_in_handler(&client, SYS_openat, open_it, &result));
		assert_int_equal(result, -EACCES);
		if (strncmp(path, "/proc/", 6) || !strcmp(path, "/proc/mounts"))
			continue;
		assert_true(sbp_broker_client_answer_in_handler(&client, SYS_readlinkat, read_it,
								&result));
		assert_int_equal(result, -EACCES);
	}
	/* controls: what is not magic there opens, and what is opens without a broker */
	result = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	close_open(result);
	{
		unsigned long open_it[6] = { (unsigned long)AT_FDCWD,
					     (unsigned long)"/proc/version", O_RDONLY };

		assert_true(
			sbp_broker_client_answer_in_handler(&client, SYS_openat, open_it, &result));
		close_open(result);
	}
	close(fd);
	sbp_broker_unref(broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both_ways(rights_are_kept_apart),    both_ways(flags_are_known),
		both_ways(descriptors_are_as_asked), both_ways(files_are_made_where_allowed),
		both_ways(kinds_of_files),	     both_ways(proc_does_not_lead_anywhere),
	};

	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}

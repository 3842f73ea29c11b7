/* SPDX-License-Identifier: MIT */
/* Owns the folder that the tests of the broker play in. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "stage.h"

/* Each file holds its own path; a link's text stands behind the arrow. */
static const struct {
	const char *path, *link;
} files[] = {
	{ "/open/", NULL },
	{ "/open/file", NULL },
	{ "/open/dir/", NULL },
	{ "/open/dir/file", NULL },
	{ "/open/dir/deep/", NULL },
	{ "/open/dir/deep/file", NULL },
	{ "/open/link", "file" },
	{ "/open/dirlink", "dir" },
	{ "/open/dir/back", "../file" },
	{ "/open/absolute", "/open/file" },
	{ "/open/to-also", "../also/file" },
	{ "/open/escape", "../secret/file" },
	{ "/open/escape-absolute", "/secret/file" },
	{ "/open/escape-dir", "../secret" },
	{ "/open/escape-above", "../../../../../../etc/passwd" },
	{ "/open/escape-nowhere", "../secret/nowhere" },
	{ "/open/loop", "loop" },
	{ "/open/dangling", "nowhere" },
	{ "/opened/", NULL },
	{ "/opened/file", NULL },
	{ "/also/", NULL },
	{ "/also/file", NULL },
	{ "/also/other", NULL },
	{ "/out/", NULL },
	{ "/out/file", NULL },
	{ "/out/link-to-open", "../open/file" },
	{ "/out/link-to-new", "new-by-link" },
	{ "/out/link-to-secret", "../secret/new" },
	{ "/append/", NULL },
	{ "/append/file", NULL },
	{ "/way", "open" },
	{ "/real/", NULL },
	{ "/real/file", NULL },
	{ "/alias", "real" },
	{ "/secret/", NULL },
	{ "/secret/file", NULL },
	{ "/secret/dir/", NULL },
	{ "/secret/dir/file", NULL },
	{ "/secret/link-to-open", "../open/file" },
};

static const struct {
	const char *path;
	enum sbp_scope scope;
	unsigned int may;
} rules[] = {
	{ "/open", SBP_BELOW, SBP_MAY_READ },
	{ "/also/file", SBP_EXACT, SBP_MAY_READ },
	{ "/out", SBP_BELOW, SBP_MAY_READ | SBP_MAY_WRITE | SBP_MAY_CREATE },
	{ "/append/file", SBP_EXACT, SBP_MAY_WRITE },
	{ "/alias", SBP_BELOW, SBP_MAY_READ },
	{ "/null", SBP_EXACT, SBP_MAY_READ | SBP_MAY_WRITE },
};

void stage_write(const struct stage *stage, const char *path, const char *text)
{
	int fd = openat(stage->root, path + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void make_files(const struct stage *stage)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *path = files[i].path;

		if (path[strlen(path) - 1] == '/')
			assert_int_equal(mkdirat(stage->root, path + 1, 0755), 0);
		else if (files[i].link)
			assert_int_equal(symlinkat(files[i].link, stage->root, path + 1), 0);
		else
			stage_write(stage, path, path);
	}
	assert_int_equal(mkfifoat(stage->root, "open/fifo", 0644), 0);
	assert_int_equal(linkat(stage->root, "secret/file", stage->root, "open/hard", 0), 0);
	/* where no device can be made, a rule about a file in its place is as good */
	if (mknodat(stage->root, "null", S_IFCHR | 0666, 0x103))
		stage_write(stage, "/null", "");
	(void)!mknodat(stage->root, "open/null", S_IFCHR | 0666, 0x103);
}

void stage_make(struct stage *stage, bool walks)
{
	const char *where = getenv("TMPDIR");

	memset(stage, 0, sizeof(*stage));
	stage->fd = -1;
	snprintf(stage->folder, sizeof(stage->folder), "%.40s/broker.XXXXXX", where ? where : "/tmp");
	assert_non_null(mkdtemp(stage->folder));
	stage->root = open(stage->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(stage->root >= 0);
	make_files(stage);
	assert_int_equal(sbp_broker_new(&stage->broker), 0);
	if (walks)
		stage->broker->has_openat2 = false;
	assert_int_equal(sbp_broker_set_root(stage->broker, stage->folder), 0);
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		assert_int_equal(sbp_broker_allow(stage->broker, rules[i].path, rules[i].scope,
						  rules[i].may),
				 0);
}

void stage_connect(struct stage *stage)
{
	assert_int_equal(sbp_broker_connect(stage->broker, &stage->fd), 0);
	assert_int_equal(sbp_broker_start(stage->broker), 0);
	sbp_broker_client_init_in_handler(&stage->client, stage->fd);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void stage_remove(struct stage *stage)
{
	if (stage->fd >= 0)
		close(stage->fd);
	assert_null(sbp_broker_unref(stage->broker));
	close(stage->root);
	nftw(stage->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- Asking --------------------------------------------------------------------------------- */

long stage_call(struct stage *stage, long number, unsigned long a, unsigned long b, unsigned long c,
		unsigned long d, unsigned long e)
{
	unsigned long arguments[6] = { a, b, c, d, e, 0 };
	long result = 1 << 30;

	assert_true(sbp_broker_client_answer_in_handler(&stage->client, number, arguments, &result));
	return result;
}

long stage_open(struct stage *stage, const char *path, int flags)
{
	return stage_call(stage, SYS_openat, (unsigned long)AT_FDCWD, (unsigned long)path,
			  (unsigned long)flags, 0640, 0);
}

static const char *content(long fd)
{
	static char text[128];
	ssize_t size;

	if (fd < 0)
		return strerrorname_np((int)-fd);
	size = read((int)fd, text, sizeof(text) - 1);
	close((int)fd);
	text[size > 0 ? size : 0] = 0;
	return text;
}

const char *stage_read(struct stage *stage, const char *path)
{
	return content(stage_open(stage, path, O_RDONLY | O_CLOEXEC));
}

const char *stage_control(const struct stage *stage, const char *path)
{
	int fd = openat(stage->root, path + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return content(fd < 0 ? -errno : fd);
}

int count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

bool come_to_fds(int count)
{
	for (int i = 0; i < 30000 && count_fds() != count; i++)
		usleep(1000);
	return count_fds() == count;
}

/* --- For cmocka ------------------------------------------------------------------------------- */

static int set_up(void **state, bool walks)
{
	struct stage *stage = malloc(sizeof(*stage));

	if (!stage)
		return -1;
	stage_make(stage, walks);
	stage_connect(stage);
	*state = stage;
	return 0;
}

int stage_set_up(void **state)
{
	return set_up(state, false);
}

int stage_set_up_walking(void **state)
{
	return set_up(state, true);
}

int stage_tear_down(void **state)
{
	stage_remove(*state);
	free(*state);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Which paths lead to a file, and which don't although they would without a broker: each attack has a
 * control, the same path opened from the same root by the kernel alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "stage.h"

static void allowed_paths_open(void **state)
{
	static const char *const paths[][2] = {
		{ "/open/file", "/open/file" },
		{ "/open/dir/deep/file", "/open/dir/deep/file" },
		{ "//open///dir//file", "/open/dir/file" },
		{ "/open/./dir/./file", "/open/dir/file" },
		{ "/open/dir/../file", "/open/file" },
		{ "/open/dir/deep/../../dir/file", "/open/dir/file" },
		{ "/../../open/file", "/open/file" },
		{ "/open/link", "/open/file" },
		{ "/open/dirlink/file", "/open/dir/file" },
		{ "/open/dirlink/../file", "/open/file" },
		{ "/open/dir/back", "/open/file" },
		{ "/open/absolute", "/open/file" },
		{ "/open/to-also", "/also/file" },
		{ "/also/file", "/also/file" },
		{ "/way/file", "/open/file" },
		{ "/way/dir/file", "/open/dir/file" },
		{ "/alias/file", "/real/file" },
		{ "/real/file", "/real/file" },
		/* a hard link is a name as good as any */
		{ "/open/hard", "/secret/file" },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_string_equal(stage_read(*state, paths[i][0]), paths[i][1]);
}

/* What is there and would open, and does not. */
static void other_paths_do_not(void **state)
{
	static const char *const paths[] = {
		"/secret/file",
		"/opened/file",
		"/also/other",
		"/open/../secret/file",
		"/open/dir/../../secret/file",
		"/open/dirlink/../../secret/file",
		"/open/escape",
		"/open/escape-dir/file",
		"/open/escape-dir/dir/file",
		"/open/escape-dir/../open/../secret/file",
		"/also/../secret/file",
		"/append/file",
		"/secret/link-to-open",
		"/secret/../open/file",
		"/secret/dir/../../open/file",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(*stage_control(*state, paths[i]), '/');
		assert_string_equal(stage_read(*state, paths[i]), "EACCES");
	}
	/* the control's root is not its folder for these */
	assert_string_equal(stage_read(*state, "/open/escape-absolute"), "EACCES");
	assert_string_equal(stage_read(*state, "/open/escape-above"), "EACCES");
}

/* Whether a file is there is none of the sandbox's business, unless it is below a rule. */
static void absence_is_not_told(void **state)
{
	static const char *const hidden[] = { "/secret/nowhere",	 "/nowhere",
					      "/nowhere/file",		 "/opened/nowhere",
					      "/open/escape-nowhere",	 "/also/nowhere",
					      "/secret/file/file",	 "/secret/nowhere/file",
					      "/open/../nowhere",	 "/nowhere/../open/file",
					      "/secret/../open/nowhere", "/append/nowhere" };
	static const char *const told[][2] = {
		{ "/open/nowhere", "ENOENT" },	  { "/open/nowhere/file", "ENOENT" },
		{ "/open/file/file", "ENOTDIR" }, { "/open/file/", "ENOTDIR" },
		{ "/open/file/..", "ENOTDIR" },	  { "/open/dangling", "ENOENT" },
		{ "/open/loop", "ELOOP" },	  { "/open/loop/file", "ELOOP" }
	};
	struct stat status;

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		assert_string_equal(stage_read(*state, hidden[i]), "EACCES");
		assert_int_equal(stage_call(*state, SYS_faccessat, (unsigned long)AT_FDCWD,
					    (unsigned long)hidden[i], F_OK, 0, 0),
				 -EACCES);
		assert_int_equal(stage_call(*state, SYS_newfstatat, (unsigned long)AT_FDCWD,
					    (unsigned long)hidden[i], (unsigned long)&status, 0, 0),
				 -EACCES);
	}
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		assert_string_equal(stage_read(*state, told[i][0]), told[i][1]);
}

static void the_way_can_be_looked_at(void **state)
{
	static const char *const visible[] = { "/", "/open", "/also", "/append", "/alias", "/real" };
	static const char *const hidden[] = { "/secret", "/opened", "/way/../secret",
					      "/append/other" };
	struct stat status;
	char text[64];

	for (size_t i = 0; i < sizeof(visible) / sizeof(*visible); i++)
		assert_int_equal(stage_call(*state, SYS_newfstatat, (unsigned long)AT_FDCWD,
					    (unsigned long)visible[i], (unsigned long)&status,
					    AT_SYMLINK_NOFOLLOW, 0),
				 0);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		assert_int_equal(stage_call(*state, SYS_newfstatat, (unsigned long)AT_FDCWD,
					    (unsigned long)hidden[i], (unsigned long)&status,
					    AT_SYMLINK_NOFOLLOW, 0),
				 -EACCES);
	/* but not listed */
	assert_int_equal(stage_open(*state, "/", O_RDONLY | O_DIRECTORY), -EACCES);
	assert_int_equal(stage_open(*state, "/also", O_RDONLY | O_DIRECTORY), -EACCES);
	/* a link that a rule went by can be read, and no other outside of a rule */
	assert_int_equal(stage_call(*state, SYS_readlinkat, (unsigned long)AT_FDCWD,
				    (unsigned long)"/alias", (unsigned long)text, sizeof(text), 0),
			 4);
	assert_memory_equal(text, "real", 4);
	assert_int_equal(stage_call(*state, SYS_readlinkat, (unsigned long)AT_FDCWD,
				    (unsigned long)"/way", (unsigned long)text, sizeof(text), 0),
			 -EACCES);
}

static void long_paths_end(void **state)
{
	char path[SBP_BROKER_PATH_LIMIT + 100];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	assert_string_equal(stage_read(*state, path), "ENAMETOOLONG");
	path[SBP_BROKER_PATH_LIMIT - 1] = 0;
	assert_string_equal(stage_read(*state, path), "ENAMETOOLONG");
	/* one component of 256 */
	memcpy(path, "/open/", 6);
	path[6 + 256] = 0;
	assert_string_equal(stage_read(*state, path), "ENAMETOOLONG");
	path[6 + 255] = 0;
	assert_string_equal(stage_read(*state, path), "ENOENT");
	/* deeper than is held, which no tree here is */
	for (size_t i = 0; i + 2 < SBP_BROKER_PATH_LIMIT; i += 2)
		memcpy(path + i, "/.", 3);
	assert_string_equal(stage_read(*state, path), "EACCES");
	strcpy(path, "/open");
	while (strlen(path) + 11 < SBP_BROKER_PATH_LIMIT)
		strcat(path, "/dir/..");
	strcat(path, "/fi");
	assert_string_equal(stage_read(*state, path), "ENOENT");
}

/* A tree of many directories is walked and none of them stays open. */
static void deep_trees_are_walked(void **state)
{
	struct stage *stage = *state;
	char path[1024] = "/open";
	int before;

	for (int i = 0; i < 140; i++) {
		strcat(path, "/d");
		assert_int_equal(mkdirat(stage->root, path + 1, 0755), 0);
		if (i == 100) {
			char file[1024];

			snprintf(file, sizeof(file), "%s/file", path);
			stage_write(stage, file, "deep");
			before = count_fds();
			assert_string_equal(stage_read(stage, file), "deep");
			assert_true(come_to_fds(before));
			snprintf(file, sizeof(file), "%s/./file", path);
			assert_string_equal(stage_read(stage, file), "deep");
		}
	}
	strcat(path, "/./file");
	assert_string_equal(stage_read(stage, path), "ENAMETOOLONG");
}

/* Mounts of a test that fails shall not outlive it. */
static bool has_own_mounts;

/* A bind mount is what the path shows; one that covers an allowed place shows what was put there. */
static void mounts_are_part_of_the_tree(void **state)
{
	struct stage *stage = *state;
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/secret", stage->folder);
	snprintf(to, sizeof(to), "%s/opened", stage->folder);
	if (!has_own_mounts || mount(from, to, NULL, MS_BIND, NULL)) {
		printf("# no bind mount here: %s\n", strerror(errno));
		skip();
	}
	assert_string_equal(stage_control(stage, "/opened/file"), "/secret/file");
	assert_string_equal(stage_read(stage, "/opened/file"), "EACCES");
	assert_string_equal(stage_read(stage, "/open/../opened/file"), "EACCES");
	umount2(to, MNT_DETACH);
	/* ".." out of a mount is out of the rule */
	snprintf(to, sizeof(to), "%s/open/dir", stage->folder);
	assert_int_equal(mount(from, to, NULL, MS_BIND, NULL), 0);
	assert_string_equal(stage_read(stage, "/open/dir/file"), "/secret/file");
	assert_string_equal(stage_read(stage, "/open/dir/../file"), "/open/file");
	assert_string_equal(stage_read(stage, "/open/dir/../../secret/file"), "EACCES");
	umount2(to, MNT_DETACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both_ways(allowed_paths_open),
		both_ways(other_paths_do_not),
		both_ways(absence_is_not_told),
		both_ways(the_way_can_be_looked_at),
		both_ways(long_paths_end),
		both_ways(deep_trees_are_walked),
		both_ways(mounts_are_part_of_the_tree),
	};

	/* before there are threads */
	has_own_mounts = !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Somebody outside changes the tree while the broker walks it: a directory and a link to a secret take each other's
 * place all the time. The control does without a broker what it asks, and gets the secret.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

enum { EXCHANGE = 2, ROUNDS = 4000, CONTROL_SECONDS = 60 };

struct swapper {
	const struct stage *stage;
	const char *a, *b;
	bool stop;
	pthread_t thread;
};

static void *swap(void *data)
{
	struct swapper *swapper = data;
	int root = swapper->stage->root;

	while (!__atomic_load_n(&swapper->stop, __ATOMIC_ACQUIRE))
		syscall(SYS_renameat2, root, swapper->a + 1, root, swapper->b + 1, EXCHANGE);
	return NULL;
}

static void start_swapping(struct swapper *swapper, const struct stage *stage, const char *a,
			   const char *b)
{
	if (syscall(SYS_renameat2, stage->root, a + 1, stage->root, b + 1, EXCHANGE)) {
		printf("# no RENAME_EXCHANGE here: %s\n", strerror(errno));
		skip();
	}
	*swapper = (struct swapper){ .stage = stage, .a = a, .b = b };
	assert_int_equal(pthread_create(&swapper->thread, NULL, swap, swapper), 0);
}

static void stop_swapping(struct swapper *swapper)
{
	__atomic_store_n(&swapper->stop, true, __ATOMIC_RELEASE);
	pthread_join(swapper->thread, NULL);
}

/* The attack must be one: the kernel alone is fooled, sooner or later. */
static bool control_is_fooled(const struct stage *stage, const char *path)
{
	time_t end = time(NULL) + CONTROL_SECONDS;

	while (time(NULL) < end)
		if (!strncmp(stage_control(stage, path), "/secret", 7))
			return true;
	return false;
}

/* Ours at least once, the secret never. */
static void ask_all_the_time(struct stage *stage, const char *path, const char *good)
{
	time_t end = time(NULL) + CONTROL_SECONDS;
	int ours = 0, i = 0;

	for (; i < ROUNDS || (!ours && time(NULL) < end); i++) {
		const char *text = stage_read(stage, path);

		assert_true(strncmp(text, "/secret", 7) != 0);
		ours += !strcmp(text, good);
	}
	assert_true(ours > 0);
}

static void a_directory_and_a_link(void **state)
{
	struct swapper swapper;

	start_swapping(&swapper, *state, "/open/dir", "/open/escape-dir");
	assert_true(control_is_fooled(*state, "/open/dir/file"));
	ask_all_the_time(*state, "/open/dir/file", "/open/dir/file");
	ask_all_the_time(*state, "/open/./dir/file", "/open/dir/file");
	ask_all_the_time(*state, "/open/dir/../dir/file", "/open/dir/file");
	stop_swapping(&swapper);
}

static void a_file_and_a_link(void **state)
{
	struct swapper swapper;

	start_swapping(&swapper, *state, "/open/file", "/open/escape");
	assert_true(control_is_fooled(*state, "/open/file"));
	ask_all_the_time(*state, "/open/file", "/open/file");
	ask_all_the_time(*state, "/open/./file", "/open/file");
	ask_all_the_time(*state, "/open/link", "/open/file");
	stop_swapping(&swapper);
}

/* Links whose target is allowed half of the time. */
static void two_links(void **state)
{
	struct swapper swapper;

	start_swapping(&swapper, *state, "/open/to-also", "/open/escape");
	assert_true(control_is_fooled(*state, "/open/to-also"));
	ask_all_the_time(*state, "/open/to-also", "/also/file");
	stop_swapping(&swapper);
}

/* A directory in which the walk is may be moved: ".." is where it was, not where it is. */
static void a_directory_that_moves(void **state)
{
	struct stage *stage = *state;
	struct swapper swapper;

	/* dir goes into secret and back, as a deep directory does: its ".." is then secret */
	start_swapping(&swapper, stage, "/open/dir", "/secret/dir");
	assert_true(control_is_fooled(stage, "/open/dir/deep/../../file") ||
		    control_is_fooled(stage, "/open/dir/file"));
	for (int i = 0; i < ROUNDS; i++) {
		/* what is below dir is allowed wherever it came from; what is above is the rule's */
		const char *text = stage_read(stage, "/open/dir/../file");

		assert_string_equal(text, "/open/file");
		text = stage_read(stage, "/open/dir/../../secret/file");
		assert_string_equal(text, "EACCES");
	}
	stop_swapping(&swapper);
}

/* O_CREAT through a name that is a link half of the time makes nothing where it may not. */
static void making_files(void **state)
{
	struct stage *stage = *state;
	struct swapper swapper;

	start_swapping(&swapper, stage, "/out/file", "/out/link-to-secret");
	for (int i = 0; i < ROUNDS; i++) {
		long fd = stage_open(stage, "/out/file", O_WRONLY | O_CREAT);

		if (fd >= 0)
			close((int)fd);
		assert_int_equal(faccessat(stage->root, "secret/new", F_OK, 0), -1);
	}
	/* control: it is made without a broker */
	for (int i = 0; i < 1000000 && faccessat(stage->root, "secret/new", F_OK, 0); i++) {
		int fd = openat(stage->root, "out/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd >= 0)
			close(fd);
	}
	stop_swapping(&swapper);
	assert_int_equal(faccessat(stage->root, "secret/new", F_OK, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both_ways(a_directory_and_a_link),
		both_ways(a_file_and_a_link),
		both_ways(two_links),
		both_ways(a_directory_that_moves),
		both_ways(making_files),
	};

	return cmocka_run_group_tests_name("races", tests, NULL, NULL);
}

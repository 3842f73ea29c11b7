/* SPDX-License-Identifier: MIT */
/* Brokers as their owners use them: rules and when they are refused, steps, rates, threads, references. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../compat/broker/client_message.h"
#include "stage.h"

static void rules_are_checked(void **state)
{
	struct stage stage;
	struct sbp_broker *broker;
	int fd;

	(void)state;
	stage_make(&stage, false);
	broker = stage.broker;
	assert_int_equal(sbp_broker_allow(broker, "open", SBP_BELOW, SBP_MAY_READ), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, "", SBP_BELOW, SBP_MAY_READ), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, NULL, SBP_BELOW, SBP_MAY_READ), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, "/open", SBP_BELOW, 0), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, "/open", SBP_BELOW, 8), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, "/open", (enum sbp_scope)2, SBP_MAY_READ), -EINVAL);
	assert_int_equal(sbp_broker_allow(broker, "/nowhere", SBP_BELOW, SBP_MAY_READ), -ENOENT);
	assert_int_equal(sbp_broker_allow(broker, "/nowhere/file", SBP_EXACT, SBP_MAY_CREATE),
			 -ENOENT);
	assert_int_equal(sbp_broker_allow(broker, "/open/file/x", SBP_EXACT, SBP_MAY_READ), -ENOTDIR);
	assert_int_equal(sbp_broker_allow(broker, "/open/loop", SBP_EXACT, SBP_MAY_READ), -ELOOP);
	assert_int_equal(sbp_broker_allow(broker, "/out/later", SBP_EXACT, SBP_MAY_CREATE), 0);
	assert_int_equal(sbp_broker_set_root(broker, "/"), -EBUSY);
	assert_int_equal(sbp_broker_set_rate(broker, 1, 0), -EINVAL);
	assert_int_equal(sbp_broker_connect(broker, &fd), 0);
	close(fd);
	assert_int_equal(sbp_broker_allow(broker, "/open", SBP_BELOW, SBP_MAY_READ), -EBUSY);
	assert_int_equal(sbp_broker_set_rate(broker, 1, 1), -EBUSY);
	assert_int_equal(sbp_broker_set_root(broker, "/"), -EBUSY);
	stage_remove(&stage);
	assert_int_equal(sbp_broker_new(&broker), 0);
	assert_int_equal(sbp_broker_set_root(broker, "/nowhere/at/all"), -ENOENT);
	assert_int_equal(sbp_broker_set_root(broker, "/etc/passwd"), -ENOTDIR);
	for (int i = 0; i < SBP_BROKER_RULE_LIMIT; i++)
		assert_int_equal(sbp_broker_allow(broker, "/etc", SBP_BELOW, SBP_MAY_READ), 0);
	assert_int_equal(sbp_broker_allow(broker, "/etc", SBP_BELOW, SBP_MAY_READ), -E2BIG);
	assert_null(sbp_broker_unref(broker));
	assert_null(sbp_broker_unref(NULL));
}

/* A broker without rules opens nothing. */
static void nothing_is_allowed_at_first(void **state)
{
	struct stage stage;

	(void)state;
	stage_make(&stage, false);
	sbp_rules_of_paths_free(&stage.broker->rules);
	stage_connect(&stage);
	assert_string_equal(stage_read(&stage, "/open/file"), "EACCES");
	assert_string_equal(stage_read(&stage, "/"), "EACCES");
	assert_string_equal(stage_control(&stage, "/open/file"), "/open/file");
	stage_remove(&stage);
}

static void prefixes_are_whole_names(void **state)
{
	static const struct {
		const char *rule;
		enum sbp_scope scope;
		const char *path;
		bool holds, visible;
	} rows[] = {
		{ "/dir", SBP_BELOW, "/dir", true, true },
		{ "/dir", SBP_BELOW, "/dir/file", true, true },
		{ "/dir", SBP_BELOW, "/dirname", false, false },
		{ "/dir", SBP_BELOW, "/dirname/file", false, false },
		{ "/dir", SBP_BELOW, "/di", false, false },
		{ "/dir", SBP_BELOW, "/", false, true },
		{ "/dir", SBP_EXACT, "/dir", true, true },
		{ "/dir", SBP_EXACT, "/dir/file", false, false },
		{ "/a/b", SBP_EXACT, "/a", false, true },
		{ "/a/b", SBP_EXACT, "/a/bc", false, false },
		{ "/ab/c", SBP_EXACT, "/a", false, false },
		{ "/", SBP_BELOW, "/any/thing", true, true },
		{ "/", SBP_EXACT, "/any", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sbp_path_rules rules = { NULL, 0 };
		size_t length = strlen(rows[i].path);

		assert_int_equal(sbp_rules_of_paths_add(&rules, rows[i].rule, strlen(rows[i].rule),
							rows[i].scope, SBP_MAY_READ),
				 0);
		assert_int_equal(sbp_path_may(&rules, rows[i].path, length),
				 rows[i].holds ? SBP_MAY_READ : 0);
		assert_int_equal(sbp_path_is_visible(&rules, rows[i].path, length), rows[i].visible);
		sbp_rules_of_paths_free(&rules);
	}
}

/* --- Without a thread ----------------------------------------------------------------------- */

/* A child asks; this process answers in steps until the child has ended. */
static int step_until_exit(struct sbp_broker *broker, pid_t pid, int *answered)
{
	int status;

	*answered = 0;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd wait = { sbp_broker_fd(broker), POLLIN, 0 };
		int count;

		poll(&wait, 1, 100);
		count = sbp_broker_step(broker);
		assert_true(count >= 0);
		*answered += count;
	}
	return status;
}

static void steps_of_a_loop(void **state)
{
	struct stage stage;
	int answered, status;
	pid_t pid;

	(void)state;
	stage_make(&stage, false);
	assert_int_equal(sbp_broker_connect(stage.broker, &stage.fd), 0);
	sbp_broker_client_init_in_handler(&stage.client, stage.fd);
	assert_int_equal(sbp_broker_step(stage.broker), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 100; i++)
			if (strcmp(stage_read(&stage, "/open/dir/../file"), "/open/file") != 0)
				_exit(1);
		_exit(0);
	}
	status = step_until_exit(stage.broker, pid, &answered);
	assert_int_equal(status, 0);
	assert_int_equal(answered, 100);
	assert_int_equal(sbp_broker_start(stage.broker), 0);
	assert_int_equal(sbp_broker_start(stage.broker), -EBUSY);
	assert_int_equal(sbp_broker_step(stage.broker), -EBUSY);
	assert_string_equal(stage_read(&stage, "/open/file"), "/open/file");
	stage_remove(&stage);
}

/* No faster than the rate, and every one in the end. */
static void rates_make_wait(void **state)
{
	struct timespec start, end;
	struct stage stage;

	(void)state;
	stage_make(&stage, false);
	assert_int_equal(sbp_broker_set_rate(stage.broker, 200, 10), 0);
	stage_connect(&stage);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 60; i++)
		assert_string_equal(stage_read(&stage, "/open/file"), "/open/file");
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* 50 above the burst, at 200 a second: a quarter of a second at the least */
	assert_true((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9 >
		    0.24);
	/* who hangs up while all wait is gone, and a newcomer waits as everybody */
	assert_int_equal(sbp_broker_connect(stage.broker, &stage.fd), 0);
	sbp_broker_client_init_in_handler(&stage.client, stage.fd);
	assert_string_equal(stage_read(&stage, "/open/file"), "/open/file");
	stage_remove(&stage);
}

/* --- Threads -------------------------------------------------------------------------------- */

static void *ask_and_move(void *data)
{
	struct stage *stage = data;

	for (int i = 0; i < 100; i++) {
		long fd = stage_open(stage, "/open/dir/file", O_RDONLY | O_CLOEXEC);
		struct stat status;

		if (fd < 0)
			return "open";
		close((int)fd);
		if (stage_open(stage, "/secret/file", O_RDONLY) != -EACCES)
			return "secret";
		if (stage_call(stage, SYS_chdir,
			       (unsigned long)(i % 2 ? "/open/dir" : "/open/dir/deep"), 0, 0, 0, 0))
			return "chdir";
		/* whichever it is now, both have it */
		if (stage_call(stage, SYS_newfstatat, (unsigned long)AT_FDCWD,
			       (unsigned long)"file", (unsigned long)&status, 0, 0))
			return "relative";
	}
	return NULL;
}

static void many_threads_ask_one_client(void **state)
{
	pthread_t threads[16];
	void *fault;

	for (int i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_and_move, *state), 0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(pthread_join(threads[i], &fault), 0);
		assert_null(fault);
	}
}

static void *come_and_go(void *data)
{
	struct sbp_broker *broker = sbp_broker_ref(data);
	const char *fault = NULL;

	for (int i = 0; i < 100 && !fault; i++) {
		struct sbp_broker_client *client;
		struct sbp_denied call = { .number = SYS_openat };
		int fd;
		long file;

		if (sbp_broker_connect(broker, &fd) || sbp_broker_client_new(fd, &client))
			return "connect";
		call.arguments[0] = (unsigned long)AT_FDCWD;
		call.arguments[1] = (unsigned long)"/open/file";
		file = sbp_broker_answer(client, &call);
		if (file < 0)
			fault = "open";
		else
			close((int)file);
		close(fd);
		free(client);
	}
	sbp_broker_unref(broker);
	return (void *)fault;
}

static void many_connections_come_and_go(void **state)
{
	struct stage *stage = *state;
	pthread_t threads[8];
	int before = count_fds();
	void *fault;

	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, stage->broker), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], &fault), 0);
		assert_null(fault);
	}
	assert_true(come_to_fds(before));
}

/* More names than one chunk holds: the client's memory grows, and no name is lost. */
static void many_directories(void **state)
{
	struct stage *stage = *state;
	char text[64];

	for (int i = 0; i < 5000; i++)
		assert_int_equal(stage_call(stage, SYS_chdir,
					    (unsigned long)(i % 2 ? "/open/dir/deep" : "/open"), 0,
					    0, 0, 0),
				 0);
	assert_int_equal(stage_call(stage, SYS_getcwd, (unsigned long)text, sizeof(text), 0, 0, 0),
			 15);
	assert_string_equal(text, "/open/dir/deep");
}

static void other_calls_are_not_ours(void **state)
{
	unsigned long arguments[6] = { 0 };
	struct sbp_denied call = { .number = SYS_getpid };
	struct stage *stage = *state;
	long result = 77;

	assert_false(sbp_broker_client_answer_in_handler(&stage->client, SYS_getpid, arguments,
							 &result));
	assert_int_equal(result, 77);
	assert_int_equal(sbp_broker_answer(&stage->client, &call), -EPERM);
	assert_false(sbp_broker_client_answer_in_handler(&stage->client, -1009, arguments, &result));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_checked),
		cmocka_unit_test(nothing_is_allowed_at_first),
		cmocka_unit_test(prefixes_are_whole_names),
		cmocka_unit_test(steps_of_a_loop),
		cmocka_unit_test(rates_make_wait),
		both_ways(many_threads_ask_one_client),
		both_ways(many_connections_come_and_go),
		both_ways(many_directories),
		both_ways(other_calls_are_not_ours),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}

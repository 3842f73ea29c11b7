/* SPDX-License-Identifier: MIT */
/*
 * Clients that are broken or malicious: messages that are none, descriptors that are too many or something else, floods,
 * deaths in the middle. The broker answers the next one as if nothing had been.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "stage.h"

static void messages_that_are_none(void **state)
{
	int fd = ((struct stage *)*state)->fd;
	struct sbp_broker_message good = message_for("/open/file"), bad;
	size_t size = sizeof(good.request) + 10;
	char *large = calloc(1, 100000);

	assert_non_null(large);
	assert_int_equal(result_of(fd, &good, size, 1), 0);
	for (size_t i = 1; i < size; i++)
		assert_int_equal(result_of(fd, &good, i, 1), -EBADMSG);
	/* longer than it says, with a NUL, and without room for one */
	assert_int_equal(result_of(fd, &good, size + 1, 1), -EBADMSG);
	assert_int_equal(result_of(fd, &good, sizeof(good), 1), -EBADMSG);
	memcpy(large, &good, size);
	assert_int_equal(result_of(fd, large, 100000, 1), -EBADMSG);
	bad = good;
	bad.request.path_length = 0xffff;
	assert_int_equal(result_of(fd, &bad, sizeof(bad), 1), -EBADMSG);
	bad.request.path_length = SBP_BROKER_PATH_LIMIT;
	assert_int_equal(result_of(fd, &bad, sizeof(bad.request) + SBP_BROKER_PATH_LIMIT, 1),
			 -EBADMSG);
	bad.request.path_length = 0;
	assert_int_equal(result_of(fd, &bad, sizeof(bad.request), 1), -EBADMSG);
	bad = good;
	bad.path[5] = 0;
	assert_int_equal(result_of(fd, &bad, size, 1), -EINVAL);
	bad = good;
	bad.path[0] = 'o';
	assert_int_equal(result_of(fd, &bad, size, 1), -EINVAL);
	bad = good;
	bad.request.magic++;
	assert_int_equal(result_of(fd, &bad, size, 1), -EBADMSG);
	for (unsigned int operation = 0; operation < 0x10000; operation += operation < 16 ? 1 : 4093) {
		bad = good;
		bad.request.operation = (uint16_t)operation;
		if (operation < SBP_BROKER_OPEN || operation > SBP_BROKER_CHDIR)
			assert_int_equal(result_of(fd, &bad, size, 1), -EINVAL);
	}
	bad = good;
	bad.request.flags = 0xffffffff;
	assert_int_equal(result_of(fd, &bad, size, 1), -EINVAL);
	bad.request.operation = SBP_BROKER_OPEN;
	assert_int_equal(result_of(fd, &bad, size, 1), -EACCES);
	free(large);
	assert_string_equal(stage_read(*state, "/open/file"), "/open/file");
}

/* Files under way count for the broker's user, whose other programs could pass none any more. */
static void answers_that_nobody_takes(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_message good = message_for("/open/file");
	size_t size = sizeof(good.request) + 10;
	int before = count_fds(), ends[2], answers = 0;
	struct sbp_broker_reply reply;

	good.request.operation = SBP_BROKER_OPEN;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(send_raw(stage->fd, &good, size, ends[1], 1, 0), size);
	/* requests are answered in their order: all of these were looked at then */
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	while (recv(ends[0], &reply, sizeof(reply), MSG_DONTWAIT) > 0)
		answers++;
	assert_int_equal(answers, 1);
	/* who has taken his answer gets the next one */
	assert_int_equal(send_raw(stage->fd, &good, size, ends[1], 1, 0), size);
	assert_true(recv(ends[0], &reply, sizeof(reply), 0) > 0);
	close(ends[0]);
	close(ends[1]);
	assert_true(come_to_fds(before));
}

/* Descriptors: none, many, and what is no Unix socket. None of them stays open. */
static void descriptors_that_came_along(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_message good = message_for("/open/file");
	size_t size = sizeof(good.request) + 10;
	int before = count_fds(), null = open("/dev/null", O_RDWR | O_CLOEXEC), tcp, ends[2];
	struct linger forever = { 1, 3600 };
	char byte;

	for (size_t fds = 2; fds <= 16; fds++)
		assert_int_equal(result_of(stage->fd, &good, size, fds), 1);
	assert_int_equal(result_of(stage->fd, &good, size, 0), 1);
	send_raw(stage->fd, &good, size, null, 1, 0);
	/* a socket that lingers, and is no Unix socket: nothing is written to it */
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (tcp >= 0) {
		setsockopt(tcp, SOL_SOCKET, SO_LINGER, &forever, sizeof(forever));
		send_raw(stage->fd, &good, size, tcp, 1, 0);
		close(tcp);
	}
	close(null);
	/* a pipe, and a stream socket, which takes an answer as well */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	send_raw(stage->fd, &good, size, ends[1], 1, 0);
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	/* messages of nothing at all, with and without descriptors */
	for (int i = 0; i < 40; i++) {
		assert_int_equal(send_raw(stage->fd, "", 0, stage->root, i % 3, 0), 0);
		if (i % 8 == 0)
			assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	}
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_true(come_to_fds(before));
}

/* A socket that leads out of the machine is no place for an answer: it would be sent. */
static void answers_stay_inside(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_message good = message_for("/open/file");
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char bytes[256];

	if (to < 0 || from < 0 || bind(to, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(to, (struct sockaddr *)&address, &size) ||
	    connect(from, (struct sockaddr *)&address, sizeof(address))) {
		printf("# no sockets of IPv4 here: %s\n", strerror(errno));
		skip();
	}
	/* control: what is sent there arrives */
	assert_int_equal(send(from, "x", 1, 0), 1);
	assert_int_equal(recv(to, bytes, sizeof(bytes), 0), 1);
	send_raw(stage->fd, &good, sizeof(good.request) + 10, from, 1, 0);
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_int_equal(recv(to, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
	close(to);
	close(from);
}

/* The connection itself as the place for the reply: it gets one, and that is all. */
static void the_connection_as_reply_end(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_message good = message_for("/open/file");
	struct sbp_broker_reply reply;

	send_raw(stage->fd, &good, sizeof(good.request) + 10, stage->fd, 1, 0);
	/* the client's end writes to the broker: its own reply comes as a message that is none */
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_int_equal(recv(stage->fd, &reply, sizeof(reply), MSG_DONTWAIT), -1);
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
}

/* Requests without end from somebody who never looks at the answers; another connection is served. */
static void floods_hold_up_nobody(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_message good = message_for("/open/file");
	struct sbp_broker_client other;
	int before = count_fds(), fd, ends[2], sent = 0;
	struct stat status;

	good.request.operation = SBP_BROKER_OPEN;
	assert_int_equal(sbp_broker_connect(stage->broker, &fd), 0);
	sbp_broker_client_init_in_handler(&other, fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	for (int i = 0; i < 5000; i++) {
		sent += send_raw(stage->fd, &good, sizeof(good.request) + 10, ends[1], 1,
				 MSG_DONTWAIT) > 0;
		if (i % 500 == 0) {
			unsigned long stat_it[6] = { (unsigned long)AT_FDCWD,
						     (unsigned long)"/open/file",
						     (unsigned long)&status, 0 };
			long result = -1;

			assert_true(sbp_broker_client_answer_in_handler(&other, SYS_newfstatat,
									stat_it, &result));
			assert_int_equal(result, 0);
		}
	}
	assert_true(sent > 0);
	close(ends[0]);
	close(ends[1]);
	close(fd);
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_true(come_to_fds(before));
}

/* A process that dies with its requests under way, a hundred times at any moment. */
static void deaths_leave_nothing(void **state)
{
	struct stage *stage = *state;
	int before = count_fds();

	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (;;)
				stage_open(stage, "/open/dir/deep/../file", O_RDONLY);
		}
		assert_true(pid > 0);
		usleep((useconds_t)(i * 37 % 1000));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_true(come_to_fds(before));
}

/* Who has no number left for a file is told so, and the file is not lost in the socket. */
static void full_tables_are_errors(void **state)
{
	struct stage *stage = *state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int last = -1, fd;

		while ((fd = dup(0)) >= 0)
			last = fd;
		if (stage_open(stage, "/open/file", O_RDONLY) != -EMFILE)
			_exit(1);
		close(last);
		close(last - 1);
		/* two for the pair, and one of them is free again when the file comes */
		if (stage_open(stage, "/open/file", O_RDONLY) < 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Without a broker there is an error, and no signal and no waiting. */
static void a_dead_broker_is_an_error(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker *broker;
	struct sbp_broker_client client;
	unsigned long open_it[6] = { (unsigned long)AT_FDCWD, (unsigned long)"/open/file", O_RDONLY };
	long result;
	int fd;

	(void)stage;
	assert_int_equal(sbp_broker_new(&broker), 0);
	assert_int_equal(sbp_broker_connect(broker, &fd), 0);
	sbp_broker_client_init_in_handler(&client, fd);
	assert_null(sbp_broker_unref(broker));
	assert_true(sbp_broker_client_answer_in_handler(&client, SYS_openat, open_it, &result));
	assert_int_equal(result, -EIO);
	close(fd);
	assert_true(sbp_broker_client_answer_in_handler(&client, SYS_openat, open_it, &result));
	assert_int_equal(result, -EIO);
}

/* A question that waits in the socket of a broker that ends. */
static void a_broker_that_ends_wakes_who_waits(void **state)
{
	struct sbp_broker_message good = message_for("/open/file");
	struct sbp_broker_reply reply;
	struct sbp_broker *broker;
	int fd, ends[2];

	(void)state;
	assert_int_equal(sbp_broker_new(&broker), 0);
	assert_int_equal(sbp_broker_connect(broker, &fd), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_true(send_raw(fd, &good, sizeof(good.request) + 10, ends[1], 1, 0) > 0);
	close(ends[1]);
	assert_null(sbp_broker_unref(broker));
	assert_int_equal(recv(ends[0], &reply, sizeof(reply), 0), 0);
	close(ends[0]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both_ways(messages_that_are_none),
		both_ways(answers_that_nobody_takes),
		both_ways(descriptors_that_came_along),
		both_ways(answers_stay_inside),
		both_ways(the_connection_as_reply_end),
		both_ways(floods_hold_up_nobody),
		both_ways(deaths_leave_nothing),
		both_ways(full_tables_are_errors),
		both_ways(a_dead_broker_is_an_error),
		both_ways(a_broker_that_ends_wakes_who_waits),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}

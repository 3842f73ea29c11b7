/* SPDX-License-Identifier: MIT */
/*
 * What nobody takes: answers that a client leaves in its sockets, and what it says it was denied. Neither holds up others,
 * fills what they share, or is left behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw.h"
#include "stage.h"

/* --- Answers ----------------------------------------------------------------------------------- */

enum { ASKED = 4 * SBP_UNREAD_LIMIT };

/* Opens on an end of its own, and leaves the answer there: the other end, or -1: no room for the question. */
static int ask_and_leave(int fd, int flags)
{
	struct sbp_broker_message good = message_for("/open/file");
	int ends[2];
	bool sent;

	good.request.operation = SBP_BROKER_OPEN;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	sent = send_raw(fd, &good, sizeof(good.request) + 10, ends[1], 1, flags) > 0;
	close(ends[1]);
	if (sent)
		return ends[0];
	close(ends[0]);
	return -1;
}

/* As many as the socket takes; how many. */
static int ask_many(int fd, int ends[ASKED])
{
	int count = 0;

	while (count < ASKED && (ends[count] = ask_and_leave(fd, MSG_DONTWAIT)) >= 0)
		count++;
	assert_in_range(count, SBP_UNREAD_LIMIT + 1, ASKED);
	return count;
}

static int count_answered(const int *ends, int count)
{
	int answered = 0;

	for (int i = 0; i < count; i++) {
		struct pollfd end = { .fd = ends[i], .events = POLLIN };

		answered += poll(&end, 1, 0) > 0;
	}
	return answered;
}

static bool come_to_limit(const int *ends, int count)
{
	for (int i = 0; i < 30000 && count_answered(ends, count) < SBP_UNREAD_LIMIT; i++)
		usleep(1000);
	return count_answered(ends, count) == SBP_UNREAD_LIMIT;
}

static void take_answer(int end)
{
	struct sbp_broker_reply reply = { .result = 2 };

	assert_int_equal(recv(end, &reply, sizeof(reply), 0), sizeof(reply));
	assert_int_equal(reply.result, 0);
	close(end);
}

/* A client that never reads has so many files on their way and no more, others have theirs meanwhile; and nothing was
 * lost when it does read. */
static void answers_that_are_left_are_limited(void **state)
{
	struct stage *stage = *state;
	int before = count_fds(), fd, ends[ASKED], count;

	assert_int_equal(sbp_broker_connect(stage->broker, &fd), 0);
	count = ask_many(fd, ends);
	assert_true(come_to_limit(ends, count));
	for (int i = 0; i < 200; i++)
		assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_int_equal(count_answered(ends, count), SBP_UNREAD_LIMIT);
	for (int i = 0; i < count; i++)
		take_answer(ends[i]);
	/* whoever goes away takes his along */
	for (int i = 0; i < ASKED; i++)
		close(ask_and_leave(fd, 0));
	take_answer(ask_and_leave(fd, 0));
	/* all ends are closed while nobody asks any more, but for the line's */
	assert_true(come_to_fds(before + 2));
	close(fd);
	assert_true(come_to_fds(before));
}

/* Who waits for himself, and is gone. */
static void a_client_that_leaves_all_ends(void **state)
{
	struct stage *stage = *state;
	int before = count_fds(), fd, ends[ASKED], count;

	assert_int_equal(sbp_broker_connect(stage->broker, &fd), 0);
	count = ask_many(fd, ends);
	assert_true(come_to_limit(ends, count));
	close(fd);
	assert_true(come_to_fds(before + count));
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	for (int i = 0; i < count; i++)
		close(ends[i]);
	assert_true(come_to_fds(before));
}

/* --- Denials ------------------------------------------------------------------------------------ */

static bool has_word(int report)
{
	struct pollfd poll_it = { .fd = report, .events = POLLIN };

	return poll(&poll_it, 1, 0) > 0;
}

/* Who says what he was denied is believed one message of the right form, and only of that. */
static void of_denials_one_is_believed(void **state)
{
	struct stage *stage = *state;
	struct sbp_broker_denied good = { SBP_BROKER_MAGIC, SBP_BROKER_DENIED, 0, 7, 8, 9 },
				 bad = good;
	struct sbp_denied call;
	int before = count_fds(), fd, report, bystander;

	assert_int_equal(sbp_broker_connect_reporting(stage->broker, &fd, &report), 0);
	for (size_t size = 1; size < sizeof(good); size++)
		assert_int_equal(send_raw(fd, &good, size, 0, 0, 0), size);
	assert_int_equal(send_raw(fd, (char[sizeof(good) + 1]){ 0 }, sizeof(good) + 1, 0, 0, 0),
			 sizeof(good) + 1);
	bad.magic++;
	assert_int_equal(send_raw(fd, &bad, sizeof(bad), 0, 0, 0), sizeof(bad));
	bad = good;
	bad.operation--;
	assert_int_equal(send_raw(fd, &bad, sizeof(bad), 0, 0, 0), sizeof(bad));
	bad = good;
	bad.path_length = 8;
	assert_int_equal(send_raw(fd, &bad, sizeof(bad), 0, 0, 0), sizeof(bad));
	/* with an end for a reply it is a question, and none that there is */
	assert_int_equal(result_of(fd, &good, sizeof(good), 1), -EBADMSG);
	wait_for_answer(fd);
	assert_false(has_word(report));
	/* the right one; then others, and descriptors to carry, when somebody else has the number that it went to */
	assert_int_equal(send_raw(fd, &good, sizeof(good), 0, 0, 0), sizeof(good));
	wait_for_answer(fd);
	bystander = dup(0);
	for (int i = 0; i < 1000; i++, good.number--)
		assert_int_equal(send_raw(fd, &good, sizeof(good), 0, i % 4 == 3 ? 3 : 0, 0),
				 sizeof(good));
	wait_for_answer(fd);
	assert_int_equal(sbp_report_next(report, &call), 0);
	assert_int_equal(call.number, 7);
	assert_int_equal(call.arch, 8);
	assert_int_equal(call.address, 9);
	assert_int_equal(call.pid, 0);
	assert_int_equal(sbp_report_next(report, &call), -ENOENT);
	assert_int_equal(close(bystander), 0);
	close(report);
	close(fd);
	assert_true(come_to_fds(before));
}

/* Nobody listens, or nobody any more: no signal, and the next question has its answer. */
static void denials_that_nobody_hears(void **state)
{
	const struct sbp_broker_denied good = { SBP_BROKER_MAGIC, SBP_BROKER_DENIED, 0, 7, 8, 9 };
	struct stage *stage = *state;
	struct sbp_denied call;
	int before = count_fds(), fd, report;

	assert_int_equal(send_raw(stage->fd, &good, sizeof(good), 0, 0, 0), sizeof(good));
	assert_string_equal(stage_read(stage, "/open/file"), "/open/file");
	assert_int_equal(sbp_broker_connect_reporting(stage->broker, &fd, &report), 0);
	close(report);
	assert_int_equal(send_raw(fd, &good, sizeof(good), 0, 0, 0), sizeof(good));
	wait_for_answer(fd);
	close(fd);
	/* who goes without a word leaves none */
	assert_int_equal(sbp_broker_connect_reporting(stage->broker, &fd, &report), 0);
	close(fd);
	assert_int_equal(sbp_report_next(report, &call), -ENOENT);
	close(report);
	assert_true(come_to_fds(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both_ways(answers_that_are_left_are_limited),
		both_ways(a_client_that_leaves_all_ends),
		both_ways(of_denials_one_is_believed),
		both_ways(denials_that_nobody_hears),
	};

	return cmocka_run_group_tests_name("unread", tests, NULL, NULL);
}

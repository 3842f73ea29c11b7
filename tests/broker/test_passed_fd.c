/* SPDX-License-Identifier: MIT */
/*
 * The one descriptor that is taken out of a message, from senders that send others, more, or too many to be received: what is
 * not taken is closed, and no number that was not received is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../compat/broker/passed_fd.h"
#include "stage.h"

enum { MANY = 200 };

static void send_fds(int socket, const char *data, size_t size, size_t count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(MANY * sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec part = { (void *)data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		for (size_t i = 0; i < count; i++)
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &(int){ 0 },
			       sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), size);
}

static void make_pair(int ends[2], int kind)
{
	assert_int_equal(socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* What so many bytes with so many descriptors are taken for, and whether nothing else stays open. */
static int receive(int kind, size_t size, size_t count)
{
	int ends[2], fd, before;

	make_pair(ends, kind);
	before = count_fds();
	send_fds(ends[0], "ab", size, count);
	fd = sbp_receive_passed_fd(ends[1]);
	assert_int_equal(count_fds(), before + (fd >= 0));
	close_pair(ends);
	return fd;
}

static void one_is_taken(void **state)
{
	int fd = receive(SOCK_STREAM, 1, 1);

	(void)state;
	assert_true(fd > 2);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void more_than_one_is_none(void **state)
{
	static const size_t counts[] = { 2, 3, 4, 5, 6, 16, MANY };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		assert_int_equal(receive(SOCK_STREAM, 1, counts[i]), -ENODATA);
		assert_int_equal(receive(SOCK_SEQPACKET, 1, counts[i]), -ENODATA);
	}
}

static void other_messages_are_none(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(receive(SOCK_STREAM, 1, 0), -ENODATA);
	assert_int_equal(receive(SOCK_SEQPACKET, 0, 1), -ENODATA);
	make_pair(ends, SOCK_STREAM);
	assert_int_equal(sbp_receive_passed_fd(ends[1]), -ENODATA);
	close(ends[0]);
	assert_int_equal(sbp_receive_passed_fd(ends[1]), -ENODATA);
	close(ends[1]);
}

/* Two were sent, and there is a number for one only: it is not the one that was meant, perhaps. */
static void half_of_two_is_none(void **state)
{
	struct rlimit before, low;
	int ends[2], fds, free_fd;

	(void)state;
	make_pair(ends, SOCK_STREAM);
	send_fds(ends[0], "a", 1, 2);
	fds = count_fds();
	free_fd = dup(0);
	assert_true(free_fd > 2);
	close(free_fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = (struct rlimit){ (rlim_t)free_fd + 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(sbp_receive_passed_fd(ends[1]), -ENODATA);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(count_fds(), fds);
	close_pair(ends);
}

/* Credentials come before it: neither is it overlooked, nor are they taken for it. */
static void it_is_found_behind_others(void **state)
{
	int ends[2], fd, fds, yes = 1;

	(void)state;
	make_pair(ends, SOCK_STREAM);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)), 0);
	fds = count_fds();
	send_fds(ends[0], "a", 1, 0);
	assert_int_equal(sbp_receive_passed_fd(ends[1]), -ENODATA);
	send_fds(ends[0], "a", 1, 1);
	fd = sbp_receive_passed_fd(ends[1]);
	assert_int_equal(count_fds(), fds + (fd >= 0));
	close(fd);
	close_pair(ends);
}

/* The same type means something else at each level. */
static void another_level_is_none(void **state)
{
	union sbp_passed_fds control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = dup(0);

	(void)state;
	assert_true(fd > 2);
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	control.header.cmsg_level = IPPROTO_IP;
	control.header.cmsg_type = SCM_RIGHTS;
	message.msg_controllen = CMSG_SPACE(sizeof(int));
	assert_int_equal(sbp_take_passed_fd(&message), -1);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	control.header.cmsg_level = SOL_SOCKET;
	assert_int_equal(sbp_take_passed_fd(&message), fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_taken),
		cmocka_unit_test(more_than_one_is_none),
		cmocka_unit_test(other_messages_are_none),
		cmocka_unit_test(half_of_two_is_none),
		cmocka_unit_test(it_is_found_behind_others),
		cmocka_unit_test(another_level_is_none),
	};

	return cmocka_run_group_tests_name("passed descriptors", tests, NULL, NULL);
}

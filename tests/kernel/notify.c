// SPDX-License-Identifier: MIT
/*
 * User notification: answers, requests that are taken back, by a signal or by death, what poll says, the order,
 * and WAIT_KILLABLE_RECV. notify_races.c has listeners that race and descriptors that are given.
 */
#include "notify.h"

TEST_F(listener, answers)
{
	self->client = client_of(asks, (void *)1234);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(self->client, (pid_t)self->request.pid);
	EXPECT_EQ(__NR_getppid, self->request.data.nr);
	EXPECT_EQ(OUR_ARCH, self->request.data.arch);
	EXPECT_EQ(0, is_valid(self->fd, self->request.id));
	EXPECT_EQ(-ENOENT, is_valid(self->fd, self->request.id + 1));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1234, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
	EXPECT_EQ(-ENOENT, is_valid(self->fd, self->request.id));
	EXPECT_EQ(-ENOENT, answer(self->fd, self->request.id, 0, 1, 0));
}

TEST_F(listener, refuses)
{
	self->client = client_of(asks, (void *)-EBUSY);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(0, answer(self->fd, self->request.id, -EBUSY, 0, 0));
	/* once is enough */
	EXPECT_GT(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, lets_it_be_made)
{
	self->client = client_of(asks, (void *)(long)getpid());
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(-EINVAL,
		  answer(self->fd, self->request.id, 0, 5, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	EXPECT_EQ(-EINVAL,
		  answer(self->fd, self->request.id, -1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	EXPECT_EQ(-EINVAL, answer(self->fd, self->request.id, 0, 0, 1U << 20));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, wants_zeroes)
{
	memset(&self->request, 0, sizeof(self->request));
	self->request.pid = 1;
	EXPECT_EQ(-1, ioctl(self->fd, SECCOMP_IOCTL_NOTIF_RECV, &self->request));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, SECCOMP_IO(77), &self->request));
}

/* A listener that could not be told gets it again. */
TEST_F(listener, loses_nothing_to_a_bad_address)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(POLLIN, events(self->fd, POLLIN, -1));
	EXPECT_EQ(-1, ioctl(self->fd, SECCOMP_IOCTL_NOTIF_RECV, page));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(POLLIN, events(self->fd, POLLIN | POLLOUT, -1));
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, is_polled)
{
	EXPECT_EQ(0, events(self->fd, POLLIN | POLLOUT, 0));
	self->client = client_of(asks, (void *)1);
	EXPECT_EQ(POLLIN, events(self->fd, POLLIN | POLLOUT, -1));
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(POLLOUT, events(self->fd, POLLIN | POLLOUT, -1));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_EQ(0, events(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

/* Who sleeps in poll is woken by what somebody else receives. */
static volatile pid_t poller;

static void *polls_for_out(void *fd)
{
	poller = (pid_t)syscall(__NR_gettid);
	return (void *)(long)events(*(int *)fd, POLLOUT, -1);
}

TEST_F(listener, wakes_who_polls_to_answer)
{
	pthread_t thread;
	void *result = NULL;

	ASSERT_EQ(0, pthread_create(&thread, NULL, polls_for_out, &self->fd));
	while (!poller)
		sched_yield();
	wait_for_state(poller, 'S');
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	pthread_join(thread, &result);
	EXPECT_EQ(POLLOUT, (long)result);
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

/* --- taken back */

TEST_F(listener, is_left_before_it_received)
{
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(POLLIN, events(self->fd, POLLIN, -1));
	wait_for_state(self->client, 'S');
	kill(self->client, SIGUSR1);
	EXPECT_TRUE(exited_with(ended(self->client), 8));
	EXPECT_EQ(0, events(self->fd, POLLIN | POLLOUT, 0));
}

TEST_F(listener, is_left_after_it_received)
{
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	kill(self->client, SIGUSR1);
	EXPECT_TRUE(exited_with(ended(self->client), 8));
	EXPECT_EQ(-ENOENT, is_valid(self->fd, self->request.id));
	EXPECT_EQ(-ENOENT, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_EQ(0, events(self->fd, POLLIN | POLLOUT, 0));
}

TEST_F(listener, outlives_its_client)
{
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	kill(self->client, SIGKILL);
	EXPECT_TRUE(killed_by(ended(self->client), SIGKILL));
	EXPECT_EQ(-ENOENT, answer(self->fd, self->request.id, 0, 1, 0));
	/* and it serves the next */
	self->client = client_of(asks, (void *)2);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 2, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

static int closes_then_asks(void *fd)
{
	close(*(int *)fd);
	return asks((void *)-ENOSYS);
}

TEST_F(listener, goes_away)
{
	self->client = client_of(closes_then_asks, &self->fd);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	close(self->fd);
	EXPECT_TRUE(exited_with(ended(self->client), 7));
	/* nobody listens: it is as if the kernel had no such call */
	EXPECT_EQ(-ENOSYS, call(__NR_getppid, 0, 0, 0));
}

TEST(a_listener_is_told_when_nobody_is_left)
{
	int ends[2], go_on[2], status, fd;
	char byte;
	pid_t pid;

	/* in a child that shares descriptors with us, and not the filter */
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(0, pipe(go_on));
	pid = (pid_t)syscall(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		fd = listener_of(0);
		status = write(ends[1], &fd, sizeof(fd)) != sizeof(fd);
		while (read(go_on[0], &byte, 1) != 1)
			;
		_exit(status);
	}
	ASSERT_EQ((ssize_t)sizeof(fd), read(ends[0], &fd, sizeof(fd)));
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, events(fd, POLLIN, 0));
	ASSERT_EQ(1, write(go_on[1], "x", 1));
	EXPECT_TRUE(exited_with(ended(pid), 0));
	EXPECT_EQ(POLLHUP, events(fd, POLLIN, -1));
}

/* --- in which order */

TEST_F(listener, serves_who_came_first)
{
	enum { CLIENTS = 6 };
	pid_t clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_of(asks, (void *)(long)(100 + i));
		wait_for_state(clients[i], 'S');
	}
	for (int i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, receive(self->fd, &self->request));
		EXPECT_EQ(clients[i], (pid_t)self->request.pid);
		EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 100 + i, 0));
	}
	for (int i = 0; i < CLIENTS; i++)
		EXPECT_TRUE(exited_with(ended(clients[i]), 7));
}

/* --- WAIT_KILLABLE_RECV */

FIXTURE(patient)
{
	int fd;
	struct seccomp_notif request;
};

FIXTURE_SETUP(patient)
{
	self->fd = listener_of(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(patient)
{
	close(self->fd);
}

static int asks_and_is_interrupted(void *wanted)
{
	int result = asks(wanted);

	return result == 7 && interrupted ? 17 : result;
}

TEST_F(patient, no_signal_behind_the_receipt)
{
	pid_t client = client_of(asks_and_is_interrupted, (void *)1);

	ASSERT_EQ(0, receive(self->fd, &self->request));
	kill(client, SIGUSR1);
	EXPECT_EQ(0, is_valid(self->fd, self->request.id));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(client), 17));
}

TEST_F(patient, a_signal_in_front_of_the_receipt)
{
	pid_t client = client_of(asks, (void *)1);

	ASSERT_EQ(POLLIN, events(self->fd, POLLIN, -1));
	wait_for_state(client, 'S');
	kill(client, SIGUSR1);
	EXPECT_TRUE(exited_with(ended(client), 8));
}

TEST_F(patient, death_comes_through)
{
	pid_t client = client_of(asks, (void *)1);

	ASSERT_EQ(0, receive(self->fd, &self->request));
	kill(client, SIGKILL);
	EXPECT_TRUE(killed_by(ended(client), SIGKILL));
	EXPECT_EQ(-ENOENT, answer(self->fd, self->request.id, 0, 1, 0));
}

/* The signal and the receipt at once: either is interrupted, or answered, and nobody hangs. */
static volatile int *target, *stop;

static int sends_signals(void *unused)
{
	while (!*stop) {
		/* read once: 0 would be everybody of the group */
		int pid = *target;

		if (pid)
			kill(pid, SIGUSR1);
		sched_yield();
	}
	return 0;
}

TEST_F(patient, signals_race_with_the_receipt)
{
	pid_t sender, client;

	target = shared_page();
	stop = target + 1;
	sender = client_of(sends_signals, NULL);
	for (int i = 0; i < 200; i++) {
		int status, result = -1;

		client = client_of(asks, (void *)1);
		*target = 0;
		while (waitpid(client, &status, WNOHANG) == 0) {
			if (events(self->fd, POLLIN, 20) != POLLIN)
				continue;
			*target = client;
			result = receive(self->fd, &self->request);
			*target = 0;
			if (result == 0)
				result = answer(self->fd, self->request.id, 0, 1, 0);
		}
		ASSERT_TRUE(WIFEXITED(status));
		/* what was answered was not lost */
		EXPECT_EQ(result == 0 ? 7 : 8, WEXITSTATUS(status));
	}
	*stop = 1;
	EXPECT_TRUE(exited_with(ended(sender), 0));
}

TEST_HARNESS_MAIN

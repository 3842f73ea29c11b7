// SPDX-License-Identifier: MIT
/*
 * User notification: listeners that race with each other or can't be made, and descriptors that are given to a
 * client, which may die at the time.
 */
#include <limits.h>

#include "notify.h"

/* Shared with children. */
static volatile int *target, *delay;

/* --- two listeners */

TEST_F(listener, is_the_only_one)
{
	/* by the same thread, by a child of it */
	EXPECT_EQ(-EBUSY, listener_of(0));
	EXPECT_EQ(-EBUSY, listener_of(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
	EXPECT_EQ(0, INSTALL(RETURN(SECCOMP_RET_ALLOW)));
}

static volatile int go, won, lost, other;

static void *wants_to_listen(void *flags)
{
	int fd;

	wait_for(&go, 1);
	fd = listener_of((unsigned long)flags);
	__atomic_add_fetch(fd >= 0			  ? &won
			   : fd == -EBUSY || fd == -ESRCH ? &lost
							  : &other,
			   1, __ATOMIC_SEQ_CST);
	return NULL;
}

static int two_at_once(void *unused)
{
	void *flags = (void *)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	pthread_t threads[2];

	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, wants_to_listen, flags);
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	/* and no descriptor is left of the one that lost */
	return won == 1 && lost == 1 && fcntl(3, F_GETFD) != fcntl(4, F_GETFD) &&
			       status_of(getpid(), "Seccomp_filters") == 1
		       ? 7
		       : 8;
}

TEST(of_two_that_want_to_listen_at_once_one_does)
{
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	for (int i = 0; i < 200; i++)
		ASSERT_TRUE(exited_with(in_child(two_at_once, NULL), 7));
}

/* --- a listener that can't be made leaves nothing: no filter, no descriptor, no file */

static int no_descriptor_left(void *unused)
{
	struct rlimit none = { 3, 3 };
	int fd;

	for (fd = 3; fd < 64; fd++)
		close(fd);
	if (setrlimit(RLIMIT_NOFILE, &none))
		return 101;
	for (int i = 0; i < 100; i++)
		if (listener_of(0) != -EMFILE || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
			return 8;
	return call(__NR_getppid, 0, 0, 0) > 0 ? 7 : 9;
}

TEST(no_descriptor_no_filter)
{
	EXPECT_TRUE(exited_with(in_child(no_descriptor_left, NULL), 7));
}

static void *waits_under_another_filter(void *unused)
{
	INSTALL(RETURN(SECCOMP_RET_ALLOW));
	__atomic_store_n(&won, 1, __ATOMIC_SEQ_CST);
	wait_for(&go, 1);
	return NULL;
}

static int tsync_fails(void *unused)
{
	pthread_t thread;

	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (pthread_create(&thread, NULL, waits_under_another_filter, NULL))
		return 101;
	wait_for(&won, 1);
	for (int i = 0; i < 100; i++)
		if (listener_of(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH) != -ESRCH)
			return 8;
	/* the next one free is still the third */
	return dup(0) == 3 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 7 : 9;
}

TEST(a_failed_tsync_leaves_no_listener)
{
	EXPECT_TRUE(exited_with(in_child(tsync_fails, NULL), 7));
}

/* --- descriptors for the client */

static int add(int fd, uint64_t id, int source, unsigned int flags, int newfd)
{
	struct seccomp_notif_addfd request = { .id = id,
					       .srcfd = (uint32_t)source,
					       .flags = flags,
					       .newfd = (uint32_t)newfd,
					       .newfd_flags = O_CLOEXEC };
	int result = ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &request);

	return result < 0 ? -errno : result;
}

/* The client's answer is a descriptor of its own, and reads what is said through it. */
static int reads_what_it_is_given(void *where)
{
	long fd = call(__NR_getppid, 0, 0, 0);
	char byte = 0;

	if (where && fd != (long)where)
		return 9;
	return read((int)fd, &byte, 1) == 1 && byte == 'z' && fcntl((int)fd, F_GETFD) == FD_CLOEXEC
		       ? 7
		       : 8;
}

TEST_F(listener, gives_a_descriptor_with_its_answer)
{
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(1, write(ends[1], "z", 1));
	self->client = client_of(reads_what_it_is_given, NULL);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_LE(0, add(self->fd, self->request.id, ends[0], SECCOMP_ADDFD_FLAG_SEND, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, gives_a_descriptor_of_that_number)
{
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(1, write(ends[1], "z", 1));
	self->client = client_of(reads_what_it_is_given, (void *)55);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(55, add(self->fd, self->request.id, ends[0], SECCOMP_ADDFD_FLAG_SETFD, 55));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 55, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, refuses_to_give)
{
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(POLLIN, events(self->fd, POLLIN, -1));
	EXPECT_EQ(-ENOENT, add(self->fd, 12345, 0, 0, 0));
	ASSERT_EQ(0, receive(self->fd, &self->request));
	EXPECT_EQ(-EBADF, add(self->fd, self->request.id, 999, 0, 0));
	EXPECT_EQ(-EINVAL, add(self->fd, self->request.id, 0, 0, 7));
	EXPECT_EQ(-EINVAL, add(self->fd, self->request.id, 0, 1U << 20, 0));
	EXPECT_EQ(-ENOENT, add(self->fd, self->request.id + 1, 0, 0, 0));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
	EXPECT_EQ(-ENOENT, add(self->fd, self->request.id, 0, 0, 0));
}

/* Whoever was given something has fewer numbers left. */
static int asks_and_has_no_more(void *wanted)
{
	int free_one = dup(0), result;

	close(free_one);
	result = asks(wanted);
	return dup(0) == free_one ? result : 10;
}

/* No such number can be had; -1 means any of them within a kernel. */
TEST_F(listener, gives_no_descriptor_of_a_number_that_is_none)
{
	static const int none[] = { -1, -2, INT_MIN, INT_MAX, 1000000 };

	self->client = client_of(asks_and_has_no_more, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	for (size_t i = 0; i < COUNT(none); i++) {
		EXPECT_EQ(-EBADF,
			  add(self->fd, self->request.id, 0, SECCOMP_ADDFD_FLAG_SETFD, none[i]));
		EXPECT_EQ(-EBADF, add(self->fd, self->request.id, 0,
				      SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND, none[i]));
	}
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, gives_nothing_to_the_dead)
{
	self->client = client_of(asks, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	kill(self->client, SIGKILL);
	EXPECT_TRUE(killed_by(ended(self->client), SIGKILL));
	EXPECT_EQ(-ENOENT, add(self->fd, self->request.id, 0, 0, 0));
	EXPECT_EQ(-ENOENT, add(self->fd, self->request.id, 0, SECCOMP_ADDFD_FLAG_SEND, 0));
}

/* Killed at the very time: it was given, or there was nobody; the listener does not hang. */
static int kills_target(void *unused)
{
	wait_for(target, 1);
	for (volatile int i = 0; i < *delay; i++)
		;
	return kill(*target, SIGKILL);
}

TEST_F(listener, gives_while_the_client_dies)
{
	target = shared_page();
	delay = target + 1;
	for (int i = 0; i < 100; i++) {
		pid_t killer;
		int result;

		*target = 0;
		*delay = i * 50;
		killer = client_of(kills_target, NULL);
		self->client = client_of(asks, (void *)1);
		ASSERT_EQ(0, receive(self->fd, &self->request));
		__atomic_store_n(target, self->client, __ATOMIC_SEQ_CST);
		result = add(self->fd, self->request.id, 0, i % 2 ? SECCOMP_ADDFD_FLAG_SEND : 0, 0);
		EXPECT_TRUE(result >= 0 || result == -ENOENT || result == -ESRCH);
		kill(self->client, SIGKILL);
		ended(self->client);
		self->client = 0;
		ended(killer);
	}
}

/* --- answers that are taken back: who sleeps until something can be answered is told so */

/*
 * The order in which three threads and the client run is given by their priorities, on one processor: what is
 * behind a thread's sleep is done by the next of them, the client last.
 */
enum { LISTENING = 20, POLLING = 10, INTERRUPTING = 5, CLIENT = 0, DEADLINE = 30 };

static int be(int role)
{
	struct sched_param priority = { .sched_priority = role };
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return sched_setaffinity(0, sizeof(first), &first) ||
			       sched_setscheduler(0, role ? SCHED_FIFO : SCHED_OTHER, &priority)
		       ? -errno
		       : 0;
}

static int asks_last(void *wanted)
{
	return be(CLIENT) ? 100 : asks(wanted);
}

static void *polls_until_out(void *fd)
{
	return be(POLLING) ? NULL : (void *)(long)events(*(int *)fd, POLLOUT, -1);
}

static void *interrupts(void *whom)
{
	if (!be(INTERRUPTING))
		pthread_kill(*(pthread_t *)whom, SIGUSR1);
	return NULL;
}

/* What it returned, or 0 if it is not back in time */
static long comes_back(pthread_t thread)
{
	struct timespec until;
	void *result = NULL;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE;
	return pthread_timedjoin_np(thread, &result, &until) ? 0 : (long)result;
}

TEST_F(listener, is_told_that_what_it_gave_did_not_fit)
{
	pthread_t poller;

	ASSERT_EQ(0, be(LISTENING));
	self->client = client_of(asks_last, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	ASSERT_EQ(0, pthread_create(&poller, NULL, polls_until_out, &self->fd));
	EXPECT_EQ(-EBADF, add(self->fd, self->request.id, 0,
			      SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND, 1000000));
	EXPECT_EQ(POLLOUT, comes_back(poller));
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_F(listener, is_told_that_its_giving_was_interrupted)
{
	struct sigaction act = { .sa_handler = on_signal };
	pthread_t poller, interrupter, ourselves = pthread_self();

	sigaction(SIGUSR1, &act, NULL);
	ASSERT_EQ(0, be(LISTENING));
	self->client = client_of(asks_last, (void *)1);
	ASSERT_EQ(0, receive(self->fd, &self->request));
	ASSERT_EQ(0, pthread_create(&poller, NULL, polls_until_out, &self->fd));
	ASSERT_EQ(0, pthread_create(&interrupter, NULL, interrupts, &ourselves));
	EXPECT_EQ(-EINTR, add(self->fd, self->request.id, 0, SECCOMP_ADDFD_FLAG_SEND, 0));
	EXPECT_EQ(POLLOUT, comes_back(poller));
	pthread_join(interrupter, NULL);
	EXPECT_EQ(0, answer(self->fd, self->request.id, 0, 1, 0));
	EXPECT_TRUE(exited_with(ended(self->client), 7));
}

TEST_HARNESS_MAIN

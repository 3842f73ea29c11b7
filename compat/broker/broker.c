// SPDX-License-Identifier: MIT
/*
 * Brokers as their owners hold them: making, rules, connections. Documented in sandbox-probe.h; serve.c has the
 * loop.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "broker.h"
#include "numbers.h"
#include "serve.h"

#ifndef O_PATH
#define O_PATH 010000000
#endif

/* --- Making ---------------------------------------------------------------------------------- */

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int watch(const struct sbp_broker *broker, int fd, void *whose)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = whose };

	return epoll_ctl(broker->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_fds(struct sbp_broker *broker)
{
	int error;

	broker->epoll = epoll_create1(EPOLL_CLOEXEC);
	broker->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	broker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	broker->sweeper = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	broker->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (broker->epoll < 0 || broker->stop < 0 || broker->timer < 0 || broker->sweeper < 0 ||
	    broker->root < 0)
		return -errno;
	error = watch(broker, broker->timer, &broker->timer);
	return error ? error : watch(broker, broker->sweeper, &broker->sweeper);
}

/* A structure of no size is refused by whoever knows the call. */
static bool has_openat2(void)
{
	return sbp_kernel(SYS_openat2, AT_FDCWD, (long)".", 0, 0) == -EINVAL;
}

static void free_broker(struct sbp_broker *broker)
{
	while (broker->connections)
		sbp_broker_disconnect(broker, broker->connections);
	close_if_open(broker->epoll);
	close_if_open(broker->stop);
	close_if_open(broker->timer);
	close_if_open(broker->sweeper);
	close_if_open(broker->root);
	sbp_rules_of_paths_free(&broker->rules);
	pthread_mutex_destroy(&broker->lock);
	free(broker);
}

int sbp_broker_new(struct sbp_broker **out)
{
	struct sbp_broker *broker = calloc(1, sizeof(*broker));
	int error;

	*out = NULL;
	if (!broker)
		return -ENOMEM;
	broker->references = 1;
	broker->has_openat2 = has_openat2();
	pthread_mutex_init(&broker->lock, NULL);
	error = open_fds(broker);
	if (error)
		free_broker(broker);
	else
		*out = broker;
	return error;
}

struct sbp_broker *sbp_broker_ref(struct sbp_broker *broker)
{
	__atomic_fetch_add(&broker->references, 1, __ATOMIC_RELAXED);
	return broker;
}

struct sbp_broker *sbp_broker_unref(struct sbp_broker *broker)
{
	uint64_t one = 1;

	if (!broker || __atomic_fetch_sub(&broker->references, 1, __ATOMIC_ACQ_REL) != 1)
		return NULL;
	if (broker->has_thread) {
		(void)!write(broker->stop, &one, sizeof(one));
		pthread_join(broker->thread, NULL);
	}
	free_broker(broker);
	return NULL;
}

/* --- Before anybody is connected ----------------------------------------------------------- */

/* From then on the rules are read without a lock. */
static void make_busy(struct sbp_broker *broker)
{
	__atomic_store_n(&broker->busy, true, __ATOMIC_RELEASE);
}

static bool is_busy(const struct sbp_broker *broker)
{
	return __atomic_load_n(&broker->busy, __ATOMIC_ACQUIRE);
}

int sbp_broker_set_root(struct sbp_broker *broker, const char *directory)
{
	int fd;

	if (is_busy(broker) || broker->rules.count)
		return -EBUSY;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(broker->root);
	broker->root = fd;
	return 0;
}

/* A file that is to be made is not there yet; its directory is. */
static int check_there(const struct sbp_walked *place, unsigned int may)
{
	struct stat status;

	if (!place->name[0] || !fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW))
		return 0;
	return errno == ENOENT && may & SBP_MAY_CREATE ? 0 : -errno;
}

int sbp_broker_allow(struct sbp_broker *broker, const char *path, enum sbp_scope scope,
		     unsigned int may)
{
	struct sbp_walked place;
	int error;

	if (is_busy(broker))
		return -EBUSY;
	if (!path || (scope != SBP_EXACT && scope != SBP_BELOW) || !may ||
	    may & ~(unsigned int)(SBP_MAY_READ | SBP_MAY_WRITE | SBP_MAY_CREATE))
		return -EINVAL;
	error = sbp_walk_for_rule(broker, path, strlen(path), &place);
	if (!error)
		error = check_there(&place, may);
	if (!error)
		error = sbp_rules_of_paths_add(&broker->rules, place.path, place.length, scope, may);
	sbp_walk_release(&place);
	return error;
}

int sbp_broker_set_rate(struct sbp_broker *broker, unsigned int per_second, unsigned int burst)
{
	if (is_busy(broker))
		return -EBUSY;
	if (per_second && !burst)
		return -EINVAL;
	broker->per_second = per_second;
	broker->burst = burst;
	broker->allowance = burst;
	return 0;
}

/* --- Connections ----------------------------------------------------------------------------- */

static int add(struct sbp_broker *broker, int fd, int report, struct sbp_notified *notified)
{
	struct sbp_connection *connection = malloc(sizeof(*connection));
	int error;

	if (!connection)
		return -ENOMEM;
	make_busy(broker);
	*connection = (struct sbp_connection){ .fd = fd, .report = report, .notified = notified };
	pthread_mutex_lock(&broker->lock);
	connection->next = broker->connections;
	broker->connections = connection;
	error = watch(broker, fd, connection);
	if (error)
		broker->connections = connection->next;
	pthread_mutex_unlock(&broker->lock);
	if (error)
		free(connection);
	return error;
}

void sbp_broker_disconnect(struct sbp_broker *broker, struct sbp_connection *connection)
{
	struct sbp_connection **at;

	pthread_mutex_lock(&broker->lock);
	for (at = &broker->connections; *at != connection;)
		at = &(*at)->next;
	*at = connection->next;
	pthread_mutex_unlock(&broker->lock);
	/* closing would not take it out of the set while a child that is being started has a copy */
	epoll_ctl(broker->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	close_if_open(connection->report);
	sbp_unread_end(&connection->unread);
	sbp_notified_free(connection->notified);
	free(connection);
}

static int connect_with(struct sbp_broker *broker, int *fd, int report)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	error = add(broker, ends[0], report, NULL);
	if (error) {
		close(ends[0]);
		close(ends[1]);
		return error;
	}
	*fd = ends[1];
	return 0;
}

int sbp_broker_connect(struct sbp_broker *broker, int *fd)
{
	return connect_with(broker, fd, -1);
}

int sbp_broker_connect_reporting(struct sbp_broker *broker, int *fd, int *report)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	error = connect_with(broker, fd, ends[0]);
	if (error) {
		close(ends[0]);
		close(ends[1]);
		return error;
	}
	*report = ends[1];
	return 0;
}

int sbp_broker_add_listener(struct sbp_broker *broker, int listener)
{
	struct sbp_notified *notified;
	int error = sbp_notified_new(listener, &notified);

	if (error)
		return error;
	error = add(broker, listener, -1, notified);
	if (error)
		sbp_notified_free(notified);
	return error;
}

/* --- Serving --------------------------------------------------------------------------------- */

static void *serve(void *data)
{
	struct sbp_broker *broker = data;

	while (sbp_broker_wait_and_serve(broker, -1) >= 0)
		;
	return NULL;
}

static int start(struct sbp_broker *broker)
{
	sigset_t all, before;
	int error;

	if (broker->has_thread)
		return -EBUSY;
	error = watch(broker, broker->stop, &broker->stop);
	if (error)
		return error;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&broker->thread, NULL, serve, broker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		epoll_ctl(broker->epoll, EPOLL_CTL_DEL, broker->stop, NULL);
	else
		broker->has_thread = true;
	return error;
}

int sbp_broker_start(struct sbp_broker *broker)
{
	int error;

	make_busy(broker);
	pthread_mutex_lock(&broker->lock);
	error = start(broker);
	pthread_mutex_unlock(&broker->lock);
	return error;
}

int sbp_broker_fd(const struct sbp_broker *broker)
{
	return broker->epoll;
}

int sbp_broker_step(struct sbp_broker *broker)
{
	bool has_thread;

	pthread_mutex_lock(&broker->lock);
	has_thread = broker->has_thread;
	pthread_mutex_unlock(&broker->lock);
	if (has_thread)
		return -EBUSY;
	make_busy(broker);
	return sbp_broker_wait_and_serve(broker, 0);
}

// SPDX-License-Identifier: MIT
/*
 * The loop: who has asked gets some answers, then the next one, and all together no more than the rate allows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"

enum { EVENTS = 16, IN_A_ROW = 32 };

static const uint64_t second = 1000000000;

/* --- The rate -------------------------------------------------------------------------------- */

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

/* May one more be answered now? */
static bool take_allowance(struct sbp_broker *broker)
{
	uint64_t time;

	if (!broker->per_second)
		return true;
	time = now();
	if (broker->allowed_at)
		broker->allowance += (double)(time - broker->allowed_at) * broker->per_second / 1e9;
	broker->allowed_at = time;
	if (broker->allowance > broker->burst)
		broker->allowance = broker->burst;
	if (broker->allowance < 1)
		return false;
	broker->allowance -= 1;
	return true;
}

/* Everybody waits until there is one to be had: the sockets are full meanwhile, and no request is lost. */
static void pause_until_allowed(struct sbp_broker *broker)
{
	uint64_t wait = (uint64_t)((1 - broker->allowance) * 1e9 / broker->per_second) + 1;
	struct itimerspec timer = { .it_value = { (time_t)(wait / second), (long)(wait % second) } };

	timerfd_settime(broker->timer, 0, &timer, NULL);
	broker->paused = true;
}

static void watch(const struct sbp_broker *broker, struct sbp_connection *connection, bool watched)
{
	struct epoll_event event = { .events = watched ? EPOLLIN : 0, .data.ptr = connection };

	epoll_ctl(broker->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void watch_all(struct sbp_broker *broker, bool watched)
{
	pthread_mutex_lock(&broker->lock);
	for (struct sbp_connection *at = broker->connections; at; at = at->next)
		watch(broker, at, watched && !at->held);
	pthread_mutex_unlock(&broker->lock);
}

/* --- Answers that are not read ---------------------------------------------------------------- */

/* Who reads his answer makes no event of it: the ends are looked at again while there are some, and often while
 * somebody waits for that. */
static void sweep_later(struct sbp_broker *broker, bool soon)
{
	const struct itimerspec timer = { .it_value = { 0, soon ? 5000000 : 200000000 } };

	if (broker->sweeping && !soon)
		return;
	timerfd_settime(broker->sweeper, 0, &timer, NULL);
	broker->sweeping = true;
}

static void hold(struct sbp_broker *broker, struct sbp_connection *connection)
{
	connection->held = true;
	watch(broker, connection, false);
	sweep_later(broker, true);
}

static void sweep(struct sbp_broker *broker)
{
	bool left = false, held = false;

	pthread_mutex_lock(&broker->lock);
	for (struct sbp_connection *at = broker->connections; at; at = at->next) {
		left |= sbp_unread_sweep(&at->unread) > 0;
		if (at->held && at->unread.count < SBP_UNREAD_LIMIT) {
			at->held = false;
			watch(broker, at, !broker->paused);
		}
		held |= at->held;
	}
	pthread_mutex_unlock(&broker->lock);
	if (left)
		sweep_later(broker, held);
}

/* --- Events ---------------------------------------------------------------------------------- */

static int serve_once(struct sbp_broker *broker, struct sbp_connection *connection)
{
	return connection->notified
		       ? sbp_broker_serve_notification(broker, connection->fd, connection->notified)
		       : sbp_broker_serve(broker, connection);
}

/* How many were answered; *end: the other side is gone. A hang-up counts once everything is read. */
static int serve_some(struct sbp_broker *broker, struct sbp_connection *connection, bool hung_up,
		      bool *end)
{
	int count = 0, result = 0;

	while (count < IN_A_ROW && !result) {
		if (sbp_unread_is_full(&connection->unread)) {
			hold(broker, connection);
			*end = hung_up;
			return count;
		}
		if (!take_allowance(broker)) {
			pause_until_allowed(broker);
			return count;
		}
		result = serve_once(broker, connection);
		count += !result;
	}
	*end = result == -EPIPE || (hung_up && result);
	return count;
}

static bool is_sweeper(struct sbp_broker *broker, const struct epoll_event *event)
{
	uint64_t ticks;

	if (event->data.ptr != &broker->sweeper)
		return false;
	(void)!read(broker->sweeper, &ticks, sizeof(ticks));
	broker->sweeping = false;
	sweep(broker);
	return true;
}

static bool is_timer(struct sbp_broker *broker, const struct epoll_event *event)
{
	uint64_t ticks;

	if (event->data.ptr != &broker->timer)
		return false;
	(void)!read(broker->timer, &ticks, sizeof(ticks));
	broker->paused = false;
	watch_all(broker, true);
	return true;
}

int sbp_broker_wait_and_serve(struct sbp_broker *broker, int ms)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(broker->epoll, events, EVENTS, ms), served = 0;

	for (int i = 0; i < count; i++) {
		struct sbp_connection *connection = events[i].data.ptr;
		bool end = false;

		if (events[i].data.ptr == &broker->stop)
			return -ECANCELED;
		if (is_timer(broker, &events[i]) || is_sweeper(broker, &events[i]))
			continue;
		/* who is gone while all wait needs no answer, and would be an event for ever */
		if (broker->paused)
			end = events[i].events & (EPOLLHUP | EPOLLERR);
		else
			served += serve_some(broker, connection,
					     events[i].events & (EPOLLHUP | EPOLLERR), &end);
		if (broker->paused)
			watch_all(broker, false);
		if (end)
			sbp_broker_disconnect(broker, connection);
		else if (connection->unread.count)
			sweep_later(broker, connection->held);
	}
	return served;
}

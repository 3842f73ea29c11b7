/* SPDX-License-Identifier: MIT */
/*
 * What the tests of user notification share: the listener's calls, and a fixture of one listener, whose
 * filter its clients inherit.
 */
#ifndef TESTS_KERNEL_NOTIFY_H
#define TESTS_KERNEL_NOTIFY_H

#include <pthread.h>
#include <sys/ioctl.h>

#include "filters.h"

/* 5.0 to 5.7 published it with the wrong direction; both must do. */
#define ID_VALID_AS_PUBLISHED SECCOMP_IOR(2, __u64)

#define ASK_ABOUT_GETPPID FOR_CALL(__NR_getppid, SECCOMP_RET_USER_NOTIF)

static UNUSED int listener_of(unsigned long flags)
{
	struct sock_filter code[] = { ASK_ABOUT_GETPPID };

	return install_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, code, COUNT(code));
}

static UNUSED int receive(int fd, struct seccomp_notif *request)
{
	memset(request, 0, sizeof(*request));
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, request) ? -errno : 0;
}

static UNUSED int answer(int fd, uint64_t id, int error, long long value, unsigned int flags)
{
	struct seccomp_notif_resp response = { .id = id, .val = value, .error = error, .flags = flags };

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response) ? -errno : 0;
}

static UNUSED int is_valid(int fd, uint64_t id)
{
	int now = ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) ? -errno : 0;
	int then = ioctl(fd, (unsigned int)ID_VALID_AS_PUBLISHED, &id) ? -errno : 0;

	return now == then ? now : -1000;
}

static UNUSED int events(int fd, short asked, int timeout)
{
	struct pollfd p = { .fd = fd, .events = asked };

	return poll(&p, 1, timeout) < 0 ? -errno : p.revents;
}

FIXTURE(listener)
{
	int fd;
	pid_t client;
	struct seccomp_notif request;
};

static volatile int interrupted;

static void on_signal(int signal)
{
	interrupted++;
}

/* 7: the answer that was wanted; 8: interrupted; 9: another one */
static UNUSED int asks(void *wanted)
{
	struct sigaction act = { .sa_handler = on_signal };
	long result;

	sigaction(SIGUSR1, &act, NULL);
	result = call(__NR_getppid, 0, 0, 0);
	return result == (long)wanted ? 7 : result == -EINTR ? 8 : 9;
}

static UNUSED pid_t client_of(int (*body)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		/* gone with us, whatever happens */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(body(arg));
	}
	return pid;
}

static UNUSED int ended(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

FIXTURE_SETUP(listener)
{
	self->fd = listener_of(0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(listener)
{
	if (self->client)
		kill(self->client, SIGKILL);
	close(self->fd);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What "inside" does with the broker's line by itself, and how it dies of calls that the policy traps. By bare calls,
 * for which libc has socketcall(2) on i386.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../compat/broker/protocol.h"
#include "inside.h"

/* The broker's line: what is open beside the three streams. */
static int broker_line(void)
{
	for (int fd = 3; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return fd;
	return -1;
}

/* Says often that it was denied a call, and in all ways that words could come in; how often it got through. */
static int claim(int number)
{
	struct {
		struct sbp_broker_denied denied;
		char words[4000];
	} message = { { SBP_BROKER_MAGIC, SBP_BROKER_DENIED, 0, number, 0xc000003e, ~0ULL }, "" };
	struct iovec part = { &message, sizeof(message.denied) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	int line = broker_line(), sent = 0;

	memset(message.words, 'w', sizeof(message.words));
	for (int i = 0; line >= 0 && i < 1000; i++) {
		part.iov_len = i % 3 == 1 ? sizeof(message) : sizeof(message.denied) - i % 3;
		message.denied.path_length = i % 5 == 4 ? 3900 : 0;
		sent += syscall(SYS_sendmsg, line, &header, MSG_NOSIGNAL) > 0;
	}
	return sent;
}

int claims(const char *path)
{
	return tell(claim(169) == 1000 && can_open(path));
}

int claims_and_dies(const char *path)
{
	claim(-7);
	return trapped(path);
}

/* Behind questions that take the broker long, as many as its socket holds: it is dead before they are answered. */
int dies_behind_questions(const char *path)
{
	struct {
		struct sbp_broker_request request;
		char path[4092];
	} message = { { SBP_BROKER_MAGIC, SBP_BROKER_STAT, sizeof(message.path), 0, 0 }, "" };
	struct iovec part = { &message, sizeof(message) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	int line = broker_line(), ends[2];

	for (size_t i = 0; i < sizeof(message.path); i++)
		message.path[i] = i < 8 ? "/usr/lib"[i] : "/../lib"[(i - 8) % 7];
	/* a question with an end of its own, for an answer that is not taken gets no second one */
	for (int i = 0; line >= 0 && i < 60; i++) {
		if (syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET, 0, ends))
			return 1;
		memcpy(CMSG_DATA(&control.header), &ends[1], sizeof(int));
		if (syscall(SYS_sendmsg, line, &header, MSG_NOSIGNAL) != (long)sizeof(message))
			return 1;
		close(ends[0]);
		close(ends[1]);
	}
	return trapped(path);
}

/* When it has not a single number left for a descriptor. */
int dies_full(const char *path)
{
	while (dup(0) >= 0)
		;
	return trapped(path);
}

/* One that is no command: it dies of a call, and the command goes on. */
int child_dies(const char *path)
{
#ifdef SYS_fork
	int status = 0;
	long child = syscall(SYS_fork);

	if (!child) {
		trapped(path);
		_exit(0);
	}
	return tell(child > 0 && waitpid((pid_t)child, &status, 0) == child &&
		    WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
#else
	(void)path;
	return tell(0);
#endif
}

static void *calls_ptrace(void *data)
{
	trapped("");
	return data;
}

int threads_die(const char *path)
{
	pthread_t threads[8];

	(void)path;
	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, calls_ptrace, NULL))
			return 1;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return tell(1);
}

/* Asks for a file as often as the line takes, and leaves the answers where they are. */
int leaves_answers(const char *path)
{
	struct {
		struct sbp_broker_request request;
		char path[256];
	} message = { { SBP_BROKER_MAGIC, SBP_BROKER_OPEN, (uint16_t)strlen(path), 0, 0 }, "" };
	struct iovec part = { &message, sizeof(message.request) + strlen(path) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	int line = broker_line(), ends[2], sent = 0;

	memcpy(message.path, path, strlen(path));
	while (!syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET, 0, ends)) {
		memcpy(CMSG_DATA(&control.header), &ends[1], sizeof(int));
		if (syscall(SYS_sendmsg, line, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		close(ends[1]);
		sent++;
	}
	return tell(sent > 64);
}

/* SPDX-License-Identifier: MIT */
/*
 * What a launcher does about a call that its command was denied: says which it was, and ends the command as
 * the trap would have. Documented in sandbox-probe.h, "Launching".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

/* Kernel ABI of 5.0; written down here for older headers. */
struct question {
	uint64_t id;
	uint32_t pid, flags;
	int32_t number; /* struct seccomp_data, to the end */
	uint32_t arch;
	uint64_t address, arguments[6];
};

struct reply {
	uint64_t id;
	int64_t value;
	int32_t error;
	uint32_t flags;
};

#define NOTIF_RECV     _IOWR('!', 0, struct question)
#define NOTIF_SEND     _IOWR('!', 1, struct reply)
#define NOTIF_ID_VALID _IOW('!', 2, uint64_t) /* before 5.9 by mistake: */
#define NOTIF_ID_OLD   _IOR('!', 2, uint64_t)

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

/* What matters of a process that was denied a call. */
struct culprit {
	pid_t process;
	bool catches; /* has a handler for SIGSYS */
	bool shrugs;  /* a SIGSYS that it gets does nothing: only SIGKILL ends it */
};

static bool has_sigsys(const char *mask)
{
	return strtoull(mask, NULL, 16) >> (SIGSYS - 1) & 1;
}

/* The first process of a PID namespace: its own number, the last one, is 1, and it has another one here. */
static bool is_first(const char *numbers)
{
	const char *own = strrchr(numbers, '\t');

	return own && own != numbers && !strcmp(own, "\t1\n");
}

static void take_line(const char *line, struct culprit *culprit)
{
	const char *value = strchr(line, ':');

	if (!value++)
		return;
	if (!strncmp(line, "Tgid:", 5))
		culprit->process = atoi(value);
	else if (!strncmp(line, "NSpid:", 6))
		culprit->shrugs |= is_first(value);
	else if (!strncmp(line, "SigBlk:", 7) || !strncmp(line, "SigIgn:", 7))
		culprit->shrugs |= has_sigsys(value);
	else if (!strncmp(line, "SigCgt:", 7))
		culprit->catches = has_sigsys(value);
}

/* Line by line, for the groups that come before the signals can be 65536. */
static void find_culprit(pid_t tid, struct culprit *culprit)
{
	char path[32], *line = NULL;
	size_t size = 0;
	FILE *status;

	*culprit = (struct culprit){ .process = tid };
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	status = fopen(path, "re");
	while (status && getline(&line, &size, status) > 0)
		take_line(line, culprit);
	free(line);
	if (status)
		fclose(status);
}

static bool is_still_asked(int listener, uint64_t id)
{
	return ioctl(listener, NOTIF_ID_VALID, &id) == 0 ||
	       (errno == EINVAL && ioctl(listener, NOTIF_ID_OLD, &id) == 0);
}

/* The question is looked at again when the process is held: else its number might be another's by now. */
static void end_culprit(int listener, uint64_t id, const struct culprit *culprit)
{
	int number = culprit->shrugs ? SIGKILL : SIGSYS;
	AUTO_CLOSE int process = (int)sbp_kernel(SYS_pidfd_open, culprit->process, 0);

	if (!is_still_asked(listener, id))
		return;
	if (process >= 0 && !sbp_kernel(SYS_pidfd_send_signal, process, number, 0, 0))
		return;
	kill(culprit->process, number);
}

static int take_question(int listener, struct sbp_denied *call)
{
	struct question question = { 0 };
	struct reply reply = { .error = -EPERM };
	struct culprit culprit;

	if (ioctl(listener, NOTIF_RECV, &question))
		return -errno;
	*call = (struct sbp_denied){ .tid = (int)question.pid,
				     .number = question.number,
				     .arch = question.arch,
				     .address = question.address };
	memcpy(call->arguments, question.arguments, sizeof(call->arguments));
	find_culprit(call->tid, &culprit);
	call->pid = culprit.process;
	reply.id = question.id;
	if (culprit.catches)
		(void)ioctl(listener, NOTIF_SEND, &reply);
	else
		end_culprit(listener, question.id, &culprit);
	return 0;
}

/* What a loaded command says of itself comes by a socket, and without a process; the end: there is nothing to be said. */
static int take_word(int socket, struct sbp_denied *call)
{
	ssize_t size = recv(socket, call, sizeof(*call), 0);

	return size == sizeof(*call) ? 0 : size < 0 ? -errno : -ENOENT;
}

int sbp_report_next(int listener, struct sbp_denied *call)
{
	int error = take_word(listener, call);

	return error == -ENOTSOCK ? take_question(listener, call) : error;
}

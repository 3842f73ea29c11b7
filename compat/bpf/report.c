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

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* 5.1 */
#endif

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

static bool has_sigsys(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line && (strtoull(line + strlen(name), NULL, 16) >> (SIGSYS - 1) & 1);
}

/* The first process of a PID namespace: its own number is 1, and it has another one here. */
static bool is_first(const char *status)
{
	const char *line = strstr(status, "\nNSpid:"), *end = line ? strchr(line + 1, '\n') : NULL;

	return end && end - line > 9 && end[-1] == '1' && end[-2] == '\t';
}

static void find_culprit(pid_t tid, struct culprit *culprit)
{
	AUTO_CLOSE int fd = -1;
	char path[32], status[4096];
	const char *line;
	ssize_t length;

	*culprit = (struct culprit){ .process = tid };
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, status, sizeof(status) - 1);
	if (length <= 0)
		return;
	status[length] = '\0';
	line = strstr(status, "\nTgid:");
	if (line)
		culprit->process = atoi(line + strlen("\nTgid:"));
	culprit->catches = has_sigsys(status, "\nSigCgt:");
	culprit->shrugs = is_first(status) || has_sigsys(status, "\nSigIgn:") ||
			  has_sigsys(status, "\nSigBlk:");
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

int sbp_report_next(int listener, struct sbp_denied *call)
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

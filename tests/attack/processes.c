// SPDX-License-Identifier: MIT
/* Ways to other processes, and to have some. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attack.h"

static int victims_memory_file(const struct target *target)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", target->victim);
	fd = open(path, O_RDWR);
	return fd < 0 ? -errno : 0;
}

static int signal_victim(const struct target *target)
{
	return answer(kill(target->victim, 0));
}

static int signal_everybody(const struct target *target)
{
	UNUSED;
	return answer(kill(-1, 0));
}

static int open_victim(const struct target *target)
{
	return answer(syscall(434 /* pidfd_open */, target->victim, 0));
}

static int trace_victim(const struct target *target)
{
	return answer(ptrace(PTRACE_SEIZE, target->victim, 0, 0));
}

static int move_words(const struct target *target, long call)
{
	long word = 0;
	struct iovec here = { &word, sizeof(word) }, there = { (void *)target->word, sizeof(word) };

	return answer(syscall(call, target->victim, &here, 1, &there, 1, 0));
}

static int read_victim(const struct target *target)
{
	return move_words(target, SYS_process_vm_readv);
}

static int write_victim(const struct target *target)
{
	return move_words(target, SYS_process_vm_writev);
}

static int victims_limits(const struct target *target)
{
	struct rlimit limit;

	return answer(prlimit(target->victim, RLIMIT_CORE, NULL, &limit));
}

static int victims_priority(const struct target *target)
{
	return answer(setpriority(PRIO_PROCESS, (id_t)target->victim, 19));
}

static int victims_scheduler(const struct target *target)
{
	return answer(syscall(SYS_sched_getscheduler, target->victim));
}

static int shared_memory(const struct target *target)
{
	return answer(shmget(target->shared_memory, 0, 0));
}

static int new_process(const struct target *target)
{
	pid_t pid = fork();

	UNUSED;
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

static int victims_environment(const struct target *target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", target->victim);
	return read_at(AT_FDCWD, path);
}

static int signal_parent(const struct target *target)
{
	UNUSED;
	/* the first process of a PID namespace has none */
	return getppid() ? answer(kill(getppid(), 0)) : -ESRCH;
}

static int signal_thread(const struct target *target)
{
	return answer(syscall(SYS_tgkill, target->victim, target->victim, 0));
}

static int queue_signal(const struct target *target)
{
	return answer(sigqueue(target->victim, 0, (union sigval){ .sival_int = 1 }));
}

static int take_descriptor(const struct target *target)
{
	int process = (int)syscall(434 /* pidfd_open, 5.3 */, target->victim, 0);

	return process < 0 ? -errno : answer(syscall(438 /* pidfd_getfd, 5.6 */, process, 0, 0));
}

static int compare_victim(const struct target *target)
{
	return answer(syscall(SYS_kcmp, getpid(), target->victim, 0 /* KCMP_FILE */, 0, 0));
}

static int attach_victim(const struct target *target)
{
	return answer(ptrace(PTRACE_ATTACH, target->victim, 0, 0));
}

static int victims_processors(const struct target *target)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	return answer(sched_setaffinity(target->victim, sizeof(all), &all));
}

static int join_namespaces(const struct target *target)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", target->victim);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		fd = (int)syscall(434 /* pidfd_open */, target->victim, 0);
	return fd < 0 ? -errno : answer(syscall(SYS_setns, fd, CLONE_NEWIPC));
}

static int message_queue(const struct target *target)
{
	int queue = msgget(target->shared_memory, IPC_CREAT | 0600);

	if (queue < 0)
		return -errno;
	msgctl(queue, IPC_RMID, NULL);
	return 0;
}

static int new_process_by_clone3(const struct target *target)
{
	unsigned long long arguments[11] = { 0 };
	long pid;

	UNUSED;
	arguments[4] = SIGCHLD;
	pid = syscall(435 /* clone3, 5.3 */, arguments, sizeof(arguments));
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

const struct attack processes_attacks[] = {
	{ "open the memory of a process", victims_memory_file, BOTH, NULL },
	{ "read a process's environment", victims_environment, BUT_READING, NULL },
	{ "signal a process", signal_victim, BOTH, NULL },
	{ "signal every process", signal_everybody, BOTH, NULL },
	{ "signal the parent", signal_parent, BOTH, NULL },
	{ "signal by the thread", signal_thread, BOTH, NULL },
	{ "queue a signal", queue_signal, BOTH, NULL },
	{ "open a process", open_victim, BOTH, NULL },
	{ "take a process's descriptor", take_descriptor, BOTH, NULL },
	{ "compare with a process", compare_victim, BOTH, NULL },
	{ "trace a process", trace_victim, BOTH, NULL },
	{ "attach to a process", attach_victim, BOTH, NULL },
	{ "read a process's memory", read_victim, BOTH, NULL },
	{ "write a process's memory", write_victim, BOTH, NULL },
	{ "read a process's limits", victims_limits, BOTH, NULL },
	{ "set a process's priority", victims_priority, BOTH, NULL },
	{ "set a process's processors", victims_processors, BOTH, NULL },
	{ "see a process's scheduler", victims_scheduler, BY_ISOLATION, NULL },
	{ "join a process's namespaces", join_namespaces, BOTH, NULL },
	{ "find shared memory", shared_memory, BOTH, NULL },
	{ "make a message queue", message_queue, BY_FILTER, NULL },
	{ "make a process", new_process, BY_FILTER, NULL },
	{ "make a process by clone3", new_process_by_clone3, BY_FILTER, NULL },
	{ 0 },
};

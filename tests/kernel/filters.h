/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the kernel's filters share: the harness, programs in one line, children, and what /proc
 * says. They run in guests only (tests/qemu), as root, built static for every architecture.
 */
#ifndef TESTS_KERNEL_FILTERS_H
#define TESTS_KERNEL_FILTERS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

/* The guest may be an emulated board on a loaded machine. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define OUR_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
/* linux/audit.h leaves it out where EM_ARM is not known */
#define OUR_ARCH (40 | __AUDIT_ARCH_LE)
#endif

#define UNUSED	     __attribute__((unused))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Instructions */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define IF(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))
#define RETURN(value)  BPF_STMT(BPF_RET | BPF_K, (value))

/* `value` for one call, ALLOW for the others */
#define FOR_CALL(call, value) \
	LOAD(nr), IF((uint32_t)(call), 0, 1), RETURN(value), RETURN(SECCOMP_RET_ALLOW)

#define INSTALL(...)                                          \
	({                                                    \
		struct sock_filter code_[] = { __VA_ARGS__ }; \
		install(code_, COUNT(code_));                 \
	})
#define INSTALL_FLAGS(flags, ...)                             \
	({                                                    \
		struct sock_filter code_[] = { __VA_ARGS__ }; \
		install_flags(flags, code_, COUNT(code_));    \
	})

/* By prctl; sets no_new_privs. 0 or a negative errno. */
static UNUSED int install(const struct sock_filter *code, size_t count)
{
	struct sock_fprog program = { (unsigned short)count, (struct sock_filter *)code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

/* By seccomp(2); sets no_new_privs. What it returned (0, a descriptor, a thread's id) or a negative errno. */
static UNUSED int install_flags(unsigned long flags, const struct sock_filter *code, size_t count)
{
	struct sock_fprog program = { (unsigned short)count, (struct sock_filter *)code };
	long result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return result < 0 ? -errno : (int)result;
}

/* What a call returned, or a negative errno */
static UNUSED long call(long nr, long a, long b, long c)
{
	long result;

	errno = 0;
	result = syscall(nr, a, b, c, 0L, 0L, 0L);
	return result == -1 && errno ? -errno : result;
}

/* How a child that runs body(arg) ended, as waitpid() has it; its return value is its exit status */
static UNUSED int in_child(int (*body)(void *), void *arg)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(body(arg));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static UNUSED int exited_with(int status, int code)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == code)
		return 1;
	fprintf(stderr, "# wanted exit status %d, came wait status %#x\n", code, (unsigned)status);
	return 0;
}

static UNUSED int killed_by(int status, int signal)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == signal)
		return 1;
	fprintf(stderr, "# wanted signal %d, came wait status %#x\n", signal, (unsigned)status);
	return 0;
}

/* The number behind `name` in a file of "Name: number" lines; -1: no such line */
static UNUSED long number_in(const char *path, const char *name)
{
	char text[8192], *at;
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	for (at = text; (at = strstr(at, name)); at++)
		if ((at == text || at[-1] == '\n') && at[strlen(name)] == ':')
			return strtol(at + strlen(name) + 1, NULL, 10);
	return -1;
}

static UNUSED long status_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return number_in(path, name);
}

/* "name=number" on the kernel's command line, for the long forms; else what is given */
static UNUSED long asked_for(const char *name, long otherwise)
{
	char text[4096] = " ", *at;
	ssize_t length;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return otherwise;
	length = read(fd, text + 1, sizeof(text) - 2);
	close(fd);
	text[length > 0 ? length + 1 : 1] = '\0';
	for (at = text; (at = strstr(at, name)); at++)
		if (at[-1] == ' ' && at[strlen(name)] == '=')
			return strtol(at + strlen(name) + 1, NULL, 0);
	return otherwise;
}

/* Memory that children share */
static UNUSED void *shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

/* Waits until *flag is at least `value`; the harness' time limit ends it otherwise */
static UNUSED void wait_for(volatile int *flag, int value)
{
	while (__atomic_load_n(flag, __ATOMIC_SEQ_CST) < value)
		sched_yield();
}

/* The letter of /proc/PID/stat: S asleep, t stopped by a tracer, Z dead */
static UNUSED char state_of(pid_t pid)
{
	char path[64], text[512], *at;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	at = strrchr(text, ')');
	return at && at[1] ? at[2] : '?';
}

static UNUSED void wait_for_state(pid_t pid, char state)
{
	while (state_of(pid) != state)
		sched_yield();
}

#endif

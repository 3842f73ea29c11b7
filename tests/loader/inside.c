/* SPDX-License-Identifier: MIT */
/*
 * inside WHAT [PATH]: a dynamic program that does one thing. Attacks print "done" where they worked, and "denied"
 * where the kernel, or whoever answers for it, said no; outside of the sandbox each works. The others
 * print what they found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside.h"

/* What the handler marks its own calls with (compat/broker/numbers.h). It is no secret. */
#define MARK 0x5b0c0de5L

int tell(int worked)
{
	puts(worked ? "done" : "denied");
	return 0;
}

int can_open(const char *path)
{
	int fd = open(path, O_RDONLY);
	char byte;

	return fd >= 0 && read(fd, &byte, 1) == 1 && !close(fd);
}

/* --- Attacks -------------------------------------------------------------------------------- */

static int attack_open(const char *path)
{
	return tell(can_open(path));
}

/* By the bare call, which no library stands before. */
static int attack_raw_open(const char *path)
{
	return tell(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0, MARK, MARK) >= 0);
}

static int attack_write(const char *path)
{
	return tell(open(path, O_WRONLY | O_CREAT, 0600) >= 0);
}

static int attack_parent_of_directory(const char *path)
{
	char *slash = strrchr(strdup(path), '/');
	char *directory = strndup(path, strlen(path) - strlen(slash));
	int fd = open(directory, O_RDONLY | O_DIRECTORY);

	return tell(fd >= 0 && openat(fd, "..", O_RDONLY | O_DIRECTORY) >= 0);
}

static int attack_exec(const char *path)
{
	char *const argv[] = { "inside", "done", NULL };

	execv(path, argv);
	return tell(0);
}

/* Whatever is open: one of them might be the loader, or the program; one may be read, and needs no other file. */
static int attack_exec_descriptors(const char *path)
{
	char *const argv[] = { "inside", "done", NULL };
	int last = open(path, O_RDONLY | O_CLOEXEC);

	if (last < 0)
		return 1;
	for (int fd = 2048; fd >= 0; fd--)
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return tell(0);
}

static int say_done(const char *path)
{
	(void)path;
	return tell(1);
}

static int attack_fork(const char *path)
{
	(void)path;
	fflush(stdout);
	switch (fork()) {
	case -1: return tell(0);
	case 0: _exit(0);
	}
	return tell(1);
}

/* What is open beside the three streams and the broker's line. */
static int attack_find_descriptors(const char *path)
{
	int found = 0, own = open(path, O_RDONLY);

	for (int fd = 3; fd < 4096; fd++)
		if (fd != own && fcntl(fd, F_GETFD) >= 0)
			found++;
	return tell(found > 1);
}

/* In place of the broker's socket another one, on which the filter would let messages through. */
static int attack_replace_socket(const char *path)
{
	int pair[2], replaced = 0;

	(void)path;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return tell(0);
	for (int fd = 3; fd < 4096; fd++)
		if (fd != pair[0] && fd != pair[1] && fcntl(fd, F_GETFD) >= 0 &&
		    dup2(pair[0], fd) == fd)
			replaced++;
	/* outside there is none to replace: any number will do */
	if (getenv("CONTROL"))
		replaced += dup2(pair[0], 900) == 900;
	return tell(replaced);
}

static int attack_send_on_stdin(const char *path)
{
	struct iovec data = { (void *)path, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	return tell(sendmsg(0, &message, MSG_NOSIGNAL) == 1);
}

/* The handler taken away by its own mark: the next call that it would have answered is the end. */
static int attack_unhandle(const char *path)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} by_default = { 0 };

	syscall(SYS_rt_sigaction, SIGSYS, &by_default, NULL, 8, MARK);
	return tell(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) >= 0);
}

/* The handler's code, found by the same way, made to do nothing: no call gets more than before. */
static int attack_overwrite_handler(const char *path)
{
	struct {
		uintptr_t handler;
		unsigned long flags;
		uintptr_t restorer;
		uint64_t mask;
	} action = { 0 };
	long page = sysconf(_SC_PAGESIZE);

	syscall(SYS_rt_sigaction, SIGSYS, NULL, &action, 8, MARK);
	if (action.handler) {
		void *start = (void *)(action.handler & ~(uintptr_t)(page - 1));

		if (mprotect(start, (size_t)page, PROT_READ | PROT_WRITE | PROT_EXEC))
			return tell(0);
#if defined(__x86_64__) || defined(__i386__)
		memset((void *)action.handler, 0xc3, 1); /* return: the call's number is its result */
#endif
	}
	return tell(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) >= 0 && can_open(path));
}

/* --- Innocent programs ----------------------------------------------------------------------- */

static void nothing(int number)
{
	(void)number;
}

static int block_all(const char *path)
{
	sigset_t all, now;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) || sigprocmask(SIG_SETMASK, NULL, &now))
		return 1;
	printf("TERM blocked: %d\n", sigismember(&now, SIGTERM));
	return tell(can_open(path));
}

static volatile int opened_in_handler;
static const char *path_for_handler;

static void open_in_handler(int number)
{
	(void)number;
	opened_in_handler = can_open(path_for_handler);
}

static int handler_with_full_mask(const char *path)
{
	struct sigaction action = { .sa_handler = open_in_handler }, old;

	sigfillset(&action.sa_mask);
	path_for_handler = path;
	if (sigaction(SIGUSR1, &action, NULL) || sigaction(SIGUSR1, NULL, &old) || raise(SIGUSR1))
		return 1;
	printf("mask has TERM: %d\n", sigismember(&old.sa_mask, SIGTERM));
	return tell(opened_in_handler);
}

/* Programs that catch everything, and read back what they have set. */
static int own_sigsys(const char *path)
{
	struct sigaction action = { .sa_handler = nothing }, old = { 0 };

	if (sigaction(SIGSYS, &action, NULL) || !can_open(path))
		return tell(0);
	action.sa_handler = SIG_IGN;
	if (sigaction(SIGSYS, &action, &old) || old.sa_handler != nothing || !can_open(path))
		return tell(0);
	signal(SIGSYS, SIG_DFL);
	return tell(can_open(path));
}

static int close_all(const char *path)
{
	for (int fd = 3; fd < 4096; fd++)
		close(fd);
	syscall(SYS_close_range, 3, ~0U, 0);
	return tell(can_open(path));
}

static void *open_often(void *path)
{
	for (int i = 0; i < 100; i++)
		if (!can_open(path))
			return path;
	return NULL;
}

static int many_threads(const char *path)
{
	pthread_t threads[16];
	void *result;
	int failed = 0;

	for (int i = 0; i < 16; i++)
		if (pthread_create(&threads[i], NULL, open_often, (void *)path))
			return 1;
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], &result);
		failed += result != NULL;
	}
	return tell(!failed);
}

static void *open_on_small_stack(void *path)
{
	return can_open(path) ? NULL : path;
}

/* An alternate stack is as small as signal.h calls enough, a thread's as limits.h does. */
static int small_stacks(const char *path)
{
	stack_t alternate = { .ss_sp = malloc((size_t)SIGSTKSZ), .ss_size = (size_t)SIGSTKSZ };
	pthread_attr_t attributes;
	pthread_t thread;
	void *result = NULL;

	if (sigaltstack(&alternate, NULL) || !can_open(path) || pthread_attr_init(&attributes) ||
	    pthread_attr_setstacksize(&attributes, 32 << 10) ||
	    pthread_create(&thread, &attributes, open_on_small_stack, (void *)path))
		return tell(0);
	pthread_join(thread, &result);
	return tell(!result);
}

static int bad_pointers(const char *path)
{
	(void)path;
	printf("open %d\n", (int)syscall(SYS_openat, AT_FDCWD, (void *)8, O_RDONLY) < 0 ? errno : 0);
	printf("sigaction %d\n",
	       (int)syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, NULL, 8) < 0 ? errno : 0);
	printf("mask %d\n",
	       (int)syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8) < 0 ? errno : 0);
	printf("size %d\n",
	       (int)syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 4) < 0 ? errno : 0);
	return 0;
}

/* As another run outside would say it. */
static int describe(const char *path)
{
	char name[4096], directory[4096];
	ssize_t length = readlink("/proc/self/exe", name, sizeof(name) - 1);
	struct stat status = { 0 };
	int result = stat(path, &status);

	printf("exe %.*s\ncwd %s\n", (int)(length > 0 ? length : 0), name,
	       getcwd(directory, sizeof(directory)) ? directory : "?");
	printf("secure %lu pagesz %lu phent %lu random %d vdso %d hwcap %lx\n",
	       getauxval(AT_SECURE), getauxval(AT_PAGESZ), getauxval(AT_PHENT),
	       getauxval(AT_RANDOM) != 0, getauxval(AT_SYSINFO_EHDR) != 0, getauxval(AT_HWCAP));
	printf("stat %d size %lld\n", result, (long long)status.st_size);
	printf("access %d %d\n", access(path, R_OK), access("/nowhere/at/all", F_OK));
	for (char **word = environ; *word; word++)
		if (strncmp(*word, "_=", 2) != 0)
			puts(*word);
	return 0;
}

static int execute_stack(const char *path)
{
	(void)path;
#if defined(__x86_64__) || defined(__i386__)
	volatile unsigned char code[] = { 0xc3 }; /* return */

	((void (*)(void))code)();
#endif
	return tell(1);
}

int trapped(const char *path)
{
	(void)path;
	return tell(syscall(SYS_ptrace, 0, 0, 0, 0) == 0);
}

/* The name of a file that was there at the start: opens it when it is told to, by a line. */
static int make_later(const char *path)
{
	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	return tell(open(path, O_WRONLY | O_CREAT, 0600) >= 0);
}

static const struct {
	const char *name;
	int (*run)(const char *path);
} rows[] = {
	{ "open", attack_open },
	{ "raw-open", attack_raw_open },
	{ "write", attack_write },
	{ "parent", attack_parent_of_directory },
	{ "done", say_done },
	{ "exec", attack_exec },
	{ "exec-descriptors", attack_exec_descriptors },
	{ "fork", attack_fork },
	{ "find-descriptors", attack_find_descriptors },
	{ "replace-socket", attack_replace_socket },
	{ "send-on-stdin", attack_send_on_stdin },
	{ "unhandle", attack_unhandle },
	{ "overwrite-handler", attack_overwrite_handler },
	{ "block-all", block_all },
	{ "full-mask", handler_with_full_mask },
	{ "own-sigsys", own_sigsys },
	{ "close-all", close_all },
	{ "threads", many_threads },
	{ "small-stacks", small_stacks },
	{ "bad-pointers", bad_pointers },
	{ "describe", describe },
	{ "execute-stack", execute_stack },
	{ "ptrace", trapped },
	{ "make-later", make_later },
	{ "leaves-answers", leaves_answers },
	{ "claims", claims },
	{ "claims-and-dies", claims_and_dies },
	{ "dies-full", dies_full },
	{ "dies-behind-questions", dies_behind_questions },
	{ "child-dies", child_dies },
	{ "threads-die", threads_die },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(argv[1], rows[i].name))
			return rows[i].run(argc > 2 ? argv[2] : "");
	return 99;
}

// SPDX-License-Identifier: MIT
/* A static program for test_report: makes calls that every shipped policy traps, as its argument says. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long trapped_call(void)
{
	return syscall(SYS_personality, 0x11111111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666);
}

static void on_sigsys(int number)
{
	(void)number;
}

static void *calls(void *data)
{
	trapped_call();
	return data;
}

static int from_threads(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, calls, NULL))
			return 99;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 98;
}

/* Is there a descriptor that nobody passed, or one by which the launch's own message could be sent again? */
static int descriptors(void)
{
	struct msghdr message = { 0 };

	for (int fd = 3; fd < 4096; fd++)
		if (dup2(0, fd) == fd && sendmsg(fd, &message, 0) < 0 && errno != EACCES)
			return fd & 0x3f ? fd & 0x3f : 1;
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	sigset_t sigsys;

	sigemptyset(&sigsys);
	sigaddset(&sigsys, SIGSYS);
	if (!strcmp(how, "nothing"))
		return 7;
	if (!strcmp(how, "threads"))
		return from_threads();
	if (!strcmp(how, "descriptors"))
		return descriptors();
	if (!strcmp(how, "catch"))
		signal(SIGSYS, on_sigsys);
	if (!strcmp(how, "ignore"))
		signal(SIGSYS, SIG_IGN);
	if (!strcmp(how, "block"))
		sigprocmask(SIG_BLOCK, &sigsys, NULL);
	/* the number of the errno, where the process outlives the call */
	return trapped_call() < 0 ? errno : 0;
}

/* SPDX-License-Identifier: MIT */
/* Owns the memory that a test and its confined process share, and the look from outside. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crowd.h"

struct shared *shared;

int make_shared(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED;
}

int try_open(void)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);

	if (fd >= 0)
		close(fd);
	return fd;
}

void count(int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

int value(const int *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

void wait_until(const int *counter, int least)
{
	while (value(counter) < least)
		usleep(1000);
}

long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void let_the_test_look(void)
{
	__atomic_store_n(&shared->locked, 1, __ATOMIC_SEQ_CST);
	wait_until(&shared->locked, 2);
}

int watched(void (*body)(void *data), void *data, int looks, int *all, int *confined)
{
	int a, c, status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(in_child(body, data) & 0xff);
	*all = *confined = 0;
	while (value(&shared->locked) == 0 && waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	if (value(&shared->locked) == 1) {
		/* the child of our child is the one */
		char path[64], text[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
		file = fopen(path, "re");
		if (file && fgets(text, sizeof(text), file))
			for (int i = 0; i < looks; i++, usleep(1000)) {
				count_threads(atoi(text), &a, &c);
				*all += a;
				*confined += c;
			}
		if (file)
			fclose(file);
		__atomic_store_n(&shared->locked, 2, __ATOMIC_SEQ_CST);
		waitpid(pid, &status, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// SPDX-License-Identifier: MIT
/* Using more than what was given. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static int use_memory(const struct target *target)
{
	UNUSED;
	return mmap(NULL, 4 * MEMORY_LIMIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? -errno
		       : 0;
}

static int use_break(const struct target *target)
{
	UNUSED;
	return sbrk(2 * MEMORY_LIMIT) == (void *)-1 ? -errno : 0;
}

static int use_descriptors(const struct target *target)
{
	UNUSED;
	for (int i = 0; i < 2 * DESCRIPTOR_LIMIT; i++)
		if (dup(0) < 0)
			return -errno;
	return 0;
}

static int use_high_descriptor(const struct target *target)
{
	UNUSED;
	return answer(dup2(0, DESCRIPTOR_LIMIT));
}

static int use_large_file(const struct target *target)
{
	int fd = (int)syscall(SYS_memfd_create, "", 0);

	UNUSED;
	signal(SIGXFSZ, SIG_IGN);
	return fd < 0 ? -errno : answer(ftruncate(fd, 2 * FILE_LIMIT));
}

static void *wait_for_ever(void *data)
{
	for (;;)
		pause();
	return data;
}

static int use_threads(const struct target *target)
{
	pthread_t thread;

	UNUSED;
	for (int i = 0; i < 8 * PROCESS_LIMIT; i++) {
		int error = pthread_create(&thread, NULL, wait_for_ever, NULL);

		if (error)
			return -error;
	}
	return 0;
}

const struct attack limits_attacks[] = {
	{ "use more memory than given", use_memory, BY_LIMITS, NULL },
	{ "grow the heap further than given", use_break, BY_LIMITS, NULL },
	{ "use more descriptors than given", use_descriptors, BY_LIMITS, NULL },
	{ "use a descriptor above the limit", use_high_descriptor, BY_LIMITS, NULL },
	{ "make a larger file than given", use_large_file, BY_LIMITS, NULL },
	{ "have more threads than given", use_threads, BY_LIMITS,
	  "RLIMIT_NPROC does not count root's" },
	{ 0 },
};

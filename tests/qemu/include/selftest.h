/* SPDX-License-Identifier: MIT */
/*
 * Included before the first line of the kernel's seccomp_bpf.c: two calls that
 * do not do there what its authors meant.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern bool tracer_running;

/*
 * Its tracer loops over wait() until SIGUSR1 clears tracer_running. When the
 * signal comes between the look at that variable and the wait, as it does now
 * and then with two processors, the wait never ends and the test fails by its
 * time limit. This wait also ends when the variable is cleared before it. (One
 * that is no tracer never sets it, and waits on.)
 */
static inline pid_t wait_unless_stopped(int *status)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	static bool is_tracer;
	pid_t pid;

	for (;;) {
		is_tracer |= tracer_running;
		pid = waitpid(-1, status, WNOHANG);
		if (pid)
			return pid;
		if (is_tracer && !tracer_running) {
			errno = EINTR;
			return -1;
		}
		syscall(__NR_nanosleep, &pause, NULL);
	}
}

#define wait(status) wait_unless_stopped(status)

/*
 * On a native ARM kernel it wants to see nanosleep(2), under just that number,
 * when it calls nanosleep(); glibc has called clock_nanosleep(2) since 2.31.
 */
#ifdef __arm__
#define nanosleep(time, left) ((int)syscall(__NR_nanosleep, (time), (left)))
#endif

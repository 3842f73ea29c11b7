/* SPDX-License-Identifier: MIT */
/*
 * On a native ARM kernel seccomp_bpf.c wants to see nanosleep(2), under just
 * that number, when it calls nanosleep(); glibc has called clock_nanosleep(2)
 * since 2.31. This is the call that the test means.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define nanosleep(time, left) ((int)syscall(__NR_nanosleep, (time), (left)))

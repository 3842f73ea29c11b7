/* SPDX-License-Identifier: MIT */
/* Processes that confine themselves, watched by one that is not. */
#ifndef BPF_CONFINED_H
#define BPF_CONFINED_H

#include <sandbox-probe.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Runs `body` in a child with a time limit: its exit status, or 1000 + the signal that it died of. A failed
 * check() ends the child with status 1 and says on stderr which.
 */
int in_child(void (*body)(void *data), void *data);

#define check(truth) check_that((truth), #truth, __FILE__, __LINE__)
void check_that(bool truth, const char *what, const char *file, int line);

/* Confines the calling process by a shipped policy, or one of a file: by TSYNC, or by broadcast. */
enum how { BY_TSYNC, BY_BROADCAST };
int lock_by(enum how how, const char *policy, struct sbp_locked *end);

/* Counts the threads of a process that are not exiting, and those that a filter confines. */
void count_threads(pid_t pid, int *all, int *confined);

/* Can filters be installed here at all? Prints why not. */
bool filters_work(void);

#endif

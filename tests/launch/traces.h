/* SPDX-License-Identifier: MIT */
/*
 * What a launch must not leave behind: descriptors, children, mounts, blocked signals, a process that
 * can't be dumped any more. Taken before, compared after.
 */
#ifndef LAUNCH_TRACES_H
#define LAUNCH_TRACES_H

#include <signal.h>
#include <stddef.h>

struct traces {
	char fds[4096], mounts[65536];
	sigset_t mask;
	int dumpable;
};

void take_traces(struct traces *traces);

/* NULL when nothing is left, or what is. Children too: none may be there. */
const char *find_traces(const struct traces *before);

/* The path of the guest, beside the running test. */
const char *guest_path(void);

#endif

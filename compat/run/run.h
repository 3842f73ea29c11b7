/* SPDX-License-Identifier: MIT */
/*
 * What the files of sandbox-run(1) share: what was asked for, and its words on stderr.
 */
#ifndef SBP_RUN_H
#define SBP_RUN_H

#include <linux/filter.h>
#include <sys/types.h>

#include <sandbox-probe.h>

#include "../../probe/cli/complain.h"

/* Exit codes of its own; all others are the command's (sandbox-run(1)). */
enum { EXIT_NO_SANDBOX = 125, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127 };

enum { ALLOW_LIMIT = 256 };

struct request {
	const char *isolation, *syscalls; /* NULL: auto */
	const char *policy;		  /* NULL: the default */
	const char *directory;
	bool keep_root, share_net, verbose;
	const char *allow_read[ALLOW_LIMIT];
	size_t allow_count;
	int min_level;	  /* -1: not given */
	char **command;	  /* with its arguments */
	const char *path; /* where it was found */
	bool answered;	  /* --help, --version: nothing is to be run */
};

/* 0, or the exit code after complaining. */
int parse_command_line(struct request *request, int argc, char **argv);

/*
 * Finds a command as execvp(3) does, in the directory that is to be its root. Returns it as the
 * sandbox will see it, written into `path` where it had to be looked for; NULL: nowhere.
 */
const char *find_command(const struct request *request, char *path, size_t size);

/*
 * Waits for the command's end, and says on one line which system call it was denied first: by its report
 * (sbp_launch_set_report(), -1: there is none), which is closed. Returns the exit code.
 */
int wait_for(const struct request *request, pid_t pid, int report);

/*
 * Has files opened for the command, where it sees none and must be loaded, or may read some; to be called when the
 * strategies are set. 0, or the exit code after complaining. *broker is to be released at the end.
 */
int serve_files(const struct request *request, struct sbp_launch *launch, struct sbp_broker **broker);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The launcher's side of loading: looks at a command, and opens what the loader will need in an empty root.
 */
#ifndef SBP_LOADER_PREPARE_H
#define SBP_LOADER_PREPARE_H

#include <limits.h>
#include <stdbool.h>

#include "../clone/clone.h"

/* What one start holds. Descriptors are close-on-exec, -1 for none. */
struct sbp_loading {
	int loader, program, interpreter, broker;
	const char **argv;	  /* of the loader; malloc'ed */
	struct sock_fprog filter; /* the same */
	struct sock_fprog plain;  /* the setup's own */
	char file[32];		  /* the loader's, where it needs a name */
	char path[PATH_MAX], directory[PATH_MAX], number[12];
};

/*
 * Opens a command and what it needs to be loaded. 0 or a negative errno with *step set, a static string:
 * -ENOENT and what else opening says ("command"), -EACCES: not executable, -EPERM: set-id bits or
 * capabilities, -ENOEXEC: a script, or what is wrong with the file; -ELIBBAD: the same of its dynamic
 * loader. It is to be closed after a success only.
 */
int sbp_loading_open(struct sbp_loading *loading, const char *command, const char **step);

/* Is it a program that another file has to load? */
bool sbp_loading_is_dynamic(const struct sbp_loading *loading);

/*
 * Puts the loader in the command's place in a setup that is ready. `broker` is a socket, which becomes the
 * loading's. What is put into the setup stays the loading's. 0 or a negative errno with *step set.
 */
int sbp_loading_apply(struct sbp_loading *loading, struct sbp_setup *setup, int broker,
		      const char **step);

/* After the start, and after an apply that failed; then close need not be called. */
void sbp_loading_end(struct sbp_loading *loading, struct sbp_setup *setup);

void sbp_loading_close(struct sbp_loading *loading);

#endif

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
	int report; /* what the command says that it was denied; where the launcher wants to know */
	const char **argv;	  /* of the loader; malloc'ed */
	struct sock_fprog filter; /* the same */
	struct sock_fprog plain;  /* the setup's own */
	char file[32];		  /* the loader's, where it needs a name */
	char path[PATH_MAX], directory[PATH_MAX], number[12], process[12];
};

/* Can a loader run in the command's place: under a filter, and where the command sees no files? */
bool sbp_is_loadable(const struct sbp_setup *setup);

/* Is the command of a loadable setup a program that another file has to load? Where it can't be told, no. */
bool sbp_is_dynamic_command(const struct sbp_setup *setup);

/*
 * In a setup that is ready (sbp_prepare()), puts the loader in the command's place where that is needed: it is
 * dynamic, or a broker is to serve it. 0 or a negative errno with step set: what opening says, -EACCES:
 * not executable, -EPERM: set-id bits or capabilities, -ENOEXEC: a script, or what is wrong with the file;
 * -ELIBBAD: the same of its dynamic loader; -ELIBACC: dynamic, without a broker. What is put into the setup
 * stays the loading's, which is to be ended after the start, and after a failure.
 */
int sbp_load(struct sbp_setup *setup, struct sbp_broker *broker, struct sbp_loading *loading);
void sbp_loading_end(struct sbp_loading *loading, struct sbp_setup *setup);

#endif

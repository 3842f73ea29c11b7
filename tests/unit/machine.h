/* SPDX-License-Identifier: MIT */
/*
 * A machine that answers as we want: files in a folder of its own, made for one test, and a model of
 * a healthy kernel whose answers a test changes by the row.
 *
 *	static const struct reply replies[] = { { "clone(CLONE_NEWUSER*", -EPERM }, { 0 } };
 *	machine_begin(&m, "6.1.0");
 *	machine_put(&m, "/proc/sys/kernel/unprivileged_userns_clone", "0\n");
 *	m.replies = replies;
 *	probe = machine_run(&m, SBP_FULL);
 *	...
 *	machine_end(&m);
 */
#ifndef SBP_TEST_MACHINE_H
#define SBP_TEST_MACHINE_H

#include "probe.h"

/*
 * What the kernel answers to a call whose text fits the pattern (fnmatch). A pattern that starts with
 * "@" is for calls made inside a user namespace only.
 */
struct reply {
	const char *pattern;
	long result;
};

struct machine {
	char root[64];
	const struct reply *replies; /* ends in an empty row; asked before the healthy kernel */
	bool privileged; /* the process has CAP_SYS_ADMIN, so namespaces need no detour */
	struct sbp_probe *probe;
	/* What the process that asks has done to itself. In a child it is the child's copy. */
	bool in_user_ns, strict, no_new_privs;
	int denial; /* errno of the filter that was installed last */
};

/* The lines of /proc/self/status that matter; NULL leaves a line out. */
struct status {
	const char *capabilities, *seccomp, *no_new_privs, *tracer;
};

/* Makes the folder, with the files of a healthy machine where an ordinary user asks. */
void machine_begin(struct machine *m, const char *release);

/* Writes a file; "-> TARGET" makes a symbolic link, NULL removes what is there, folders too. */
void machine_put(struct machine *m, const char *path, const char *text);
void machine_put_status(struct machine *m, const struct status *status);

/* Asks, by a new probe with this machine's files and answers. */
struct sbp_probe *machine_run(struct machine *m, enum sbp_depth depth);

/* Releases probe and folder. */
void machine_end(struct machine *m);

bool under_valgrind(void);

/* Makes a new folder for a test below $TMPDIR or /tmp; removes one with all that is in it. */
void folder_make(char *path, size_t size);
void folder_remove(const char *path);

#endif

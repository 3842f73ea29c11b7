/* SPDX-License-Identifier: MIT */
/*
 * A stage: a process of its own that is put into some environment for real, and asks there. Its answers
 * come back through shared memory, so that neither files nor pipes are needed in it. What a probe must
 * never leave behind (descriptors, children, signals, a changed mask) is checked on every stage.
 */
#ifndef SBP_TEST_STAGE_H
#define SBP_TEST_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include <cmocka.h>

#include "probe.h"

#define USER_NS_ALONE (SBP_BIT(USER_NS) | SBP_BIT(USER_NS_NESTED_CAPS) | SBP_BIT(CHROOT_IN_USER_NS))
#define BY_SECCOMP                                                                            \
	(SBP_BIT(SECCOMP_SYSCALL) | SBP_BIT(SECCOMP_TSYNC) | SBP_BIT(SECCOMP_TSYNC_ESRCH) |   \
	 SBP_BIT(SECCOMP_LOG) | SBP_BIT(SECCOMP_KILL_PROCESS) | SBP_BIT(SECCOMP_SPEC_ALLOW) | \
	 SBP_BIT(SECCOMP_USER_NOTIF) | SBP_BIT(SECCOMP_WAIT_KILLABLE))
#define EVERYTHING (~UINT64_C(1) & ((UINT64_C(1) << SBP_FEATURE_LIMIT) - 1))

/* Users that tests become where they start as root. */
enum { SOMEBODY = 1000 };

struct told {
	enum sbp_state state, directly, through;
	char cause[480], remedy[480];
};

struct answers {
	char skip[160]; /* why the environment could not be made */
	bool done;	/* the probe returned */
	int error;	/* with this */
	struct told told[SBP_FEATURE_LIMIT];
	struct {
		int feature, error, signal;
		char call[120];
	} evidence[SBP_FEATURE_LIMIT * SBP_EVIDENCE_LIMIT];
	size_t evidence_count;
	struct {
		char name[64], value[128], source[64];
	} facts[SBP_FACT_LIMIT];
	size_t fact_count;
	/* What the probe left changed. */
	int descriptors_more, sigchld;
	bool mask_changed, errno_changed, cpus_changed, has_children;
	long private_kib; /* how much the process's own memory grew */
	char report[64];  /* for a stage's own use */
};

struct stage {
	/* Makes the environment, in the new process; false when it can't, after stage_skip(). */
	bool (*enter)(const struct stage *stage);
	const void *data;
	const char *root; /* for sbp_probe_set_root() */
	bool quick;
	int times; /* probes in a row; 0 is 1 */
	/* Called after the probe, in the same process. */
	void (*leave)(const struct stage *stage, struct answers *answers);
	/* Called in the test, with the new process held before it enters. */
	void (*watch)(pid_t pid);
};

/*
 * Runs a stage to its end and checks what holds on all. Skips the test where the environment can't be
 * made. The answers stay until the next stage.
 */
const struct answers *stage_run(const struct stage *stage);

/* The answers of this machine as it is, asked once. */
const struct answers *stage_as_is(void);

/* For enter(): says why it can't; returns false. */
bool stage_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The shared answers while a stage is under way. */
struct answers *stage_answers(void);

/* --- What to expect ----------------------------------------------------------------------- */

/* All features of the set are in that state; cause and remedy hold the words, where not NULL. */
void expect_state(const struct answers *answers, sbp_set features, enum sbp_state state,
		  const char *cause, const char *remedy);

/* All features of the set have the state that they have on this machine as it is. */
void expect_as_is(const struct answers *answers, sbp_set features);

/* What this machine has is never said to be absent, whatever stands in the way. */
void expect_nothing_absent(const struct answers *answers);

const char *stage_fact(const struct answers *answers, const char *name);

/* --- Ways into environments --------------------------------------------------------------- */

/* Root of the machine or of a new user namespace; mounts of its own. */
bool become_root_with_mounts(void);

/* A user namespace in which we are root; false after stage_skip(). */
bool enter_user_namespace(void);

/* An ordinary user for good, where we are root. */
bool become_somebody(void);

bool write_file(const char *path, const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Inside of libsandbox-probe: what the askers, the environment, the diagnosis and the choice share.
 *
 * Everything that a probe finds is written into one shared mapping, struct sbp_area. A child that
 * asks for us can then be killed at any call by somebody's filter, and all that it wrote until then,
 * down to the call that was fatal, is there for its parent to read. Nothing in a child allocates.
 */
#ifndef SBP_PROBE_H
#define SBP_PROBE_H

#include <stdarg.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/utsname.h>

#include "sandbox-probe.h"

/* --- The table of features ---------------------------------------------------------------- */

enum sbp_family {
	SBP_FAMILY_SECCOMP = 1 << 0,
	SBP_FAMILY_NAMESPACE = 1 << 1,
	SBP_FAMILY_PROCESS = 1 << 2,
	SBP_FAMILY_HELPER = 1 << 3,
	SBP_FAMILY_PTRACE = 1 << 4,
	SBP_FAMILY_ARM = 1 << 5,
	SBP_FAMILY_ANY = (1 << 6) - 1,
};

enum sbp_place { SBP_IN_PROCESS, SBP_SPAWNS };

/* Asks for the feature, and for those that share the function with it. */
typedef void sbp_asker(struct sbp_probe *p);

struct sbp_row {
	const char *name, *summary, *since, *kconfig, *way_out;
	enum sbp_family family;
	enum sbp_place place;
	sbp_asker *asker, *proof;
};

enum {
#define SBP_FEATURE(number, id, ...) +1
	SBP_FEATURE_LIMIT = 1
#include "features.def"
#undef SBP_FEATURE
};

extern const struct sbp_row sbp_rows[SBP_FEATURE_LIMIT];

/* Sets of features, as bits. */
typedef uint64_t sbp_set;
#define SBP_BIT(id) (UINT64_C(1) << SBP_FEATURE_##id)
static inline bool sbp_in(sbp_set set, int feature)
{
	return set >> feature & 1;
}

/* --- What was found ----------------------------------------------------------------------- */

/* Namespaces can be had in two ways, and each way has an answer of its own. */
enum sbp_way { SBP_DIRECTLY, SBP_THROUGH_USER_NS, SBP_WAYS };

enum sbp_verdict {
	SBP_NOT_ASKED, /* nobody tried */
	SBP_YES,
	SBP_NO,		   /* `error` or `signal` says what came back */
	SBP_COULD_NOT_ASK, /* `error` says what prevented the question */
};

struct sbp_finding {
	enum sbp_verdict verdict;
	int error, signal;
	const char *call;     /* the call that decided */
	enum sbp_state state; /* from here on: diagnose.c */
	const char *cause, *remedy;
};

enum { SBP_EVIDENCE_LIMIT = 14, SBP_FACT_LIMIT = 96, SBP_TEXT_LIMIT = 48 << 10 };
enum { SBP_STACK_LIMIT = 4, SBP_STACK_SIZE = 64 << 10 };

struct sbp_answer {
	struct sbp_finding way[SBP_WAYS];
	enum sbp_state state;
	const char *cause, *remedy;
	bool overridden;
	size_t evidence_count;
	struct sbp_evidence evidence[SBP_EVIDENCE_LIMIT];
};

struct sbp_area {
	/* Which step is under way, and which call: what a parent reads when its child was killed. */
	size_t step;
	struct {
		sbp_set features;
		enum sbp_way way;
		const char *call, *where;
	} in_flight;
	long seccomp_mode;	  /* what prctl(PR_GET_SECCOMP) answered */
	struct sbp_without_proc { /* and what is asked where /proc does not tell */
		long uname, no_new_privs, capget;
		struct utsname names;
		unsigned int capabilities[6];
	} without_proc;
	bool without_watchdog;	 /* a filter kills whoever sets one */
	bool proved_at_once;	 /* one filter proved what else takes several (seccomp.c) */
	bool root_is_no_mount;	 /* the process is in a chroot that nothing is mounted on */
	uint32_t target_may_end; /* of ptrace.c: a futex */
	int depth;		 /* children inside children: the next free stack */

	struct sbp_answer answers[SBP_FEATURE_LIMIT];
	struct sbp_fact facts[SBP_FACT_LIMIT];
	size_t fact_count;
	char text[SBP_TEXT_LIMIT];
	size_t text_used;

	/* Each begins a page: what a child takes of it is one then, where it could be two. */
	char stacks[SBP_STACK_LIMIT][SBP_STACK_SIZE] __attribute__((aligned(4096)));
};

/*
 * Answers for tests: returns true and fills *result instead of the kernel (false: 0). An answer of
 * SBP_FAKE_KILL(signal) kills whoever asks, which must be a child.
 */
typedef bool sbp_fake_fn(void *data, const char *call, long *result);
#define SBP_FAKE_KILL(signal) (-4096L - (signal))

struct sbp_probe {
	int references;
	char root[256];	  /* "" for the running machine */
	char release[65]; /* the kernel's, below the root */
	struct sbp_area *area;
	sbp_set asked; /* what the last run was for */
	enum sbp_depth depth;
	bool filtered;	   /* an outer filter may kill whoever asks */
	long ending;	   /* a child that is done, and not yet waited for; 0: none */
	const char *where; /* for evidence: who asks just now, */
	enum sbp_way way;  /* and which of the two answers it is for */
	enum sbp_state assumed[SBP_FEATURE_LIMIT];
	bool is_assumed[SBP_FEATURE_LIMIT];
	sbp_fake_fn *fake;
	void *fake_data;
};

/* Lets `fake` answer in place of the kernel: for tests. Children are started all the same, plain ones
 * with a copy of the memory and of `data`: what a fake remembers in a child ends with the child. */
void sbp_probe_set_fake(struct sbp_probe *p, sbp_fake_fn *fake, void *data);

/* --- Asking (ask.c, child.c) -------------------------------------------------------------- */

/*
 * A system call as the kernel answers it: the result or a negative errno. Not a cancellation point,
 * and errno is left alone, so that it can be made between clone and exit.
 */
long sbp_kernel_call(long number, const long arguments[6]);
#define sbp_kernel(number, ...) sbp_kernel_call(number, (const long[6]){ __VA_ARGS__ })

/* Makes a system call as sbp_kernel() and writes it down as evidence for `features`. */
long sbp_ask_call(struct sbp_probe *p, sbp_set features, const char *call, long number,
		  const long arguments[6]);
#define sbp_ask(p, features, call, number, ...) \
	sbp_ask_call(p, features, call, number, (const long[6]){ __VA_ARGS__ })

/* Marks a call as under way, so that whoever survives its maker knows it; and as returned. */
void sbp_begin(struct sbp_probe *p, sbp_set features, const char *call);
void sbp_finish(struct sbp_probe *p);

/* True when a test answers in place of the kernel; *result is then its answer, 0 by default. */
bool sbp_faked(struct sbp_probe *p, const char *call, long *result);

/* The same for a whole file: opens, writes, closes. */
long sbp_ask_write(struct sbp_probe *p, sbp_set features, const char *path, const char *text);

/* Writes evidence down that was got in another way. `result` may be a negative errno. */
void sbp_note(struct sbp_probe *p, sbp_set features, const char *call, long result, int signal);

/* Replaces what was noted last of that call: for a clone, noted before and finished after its child. */
void sbp_amend(struct sbp_probe *p, sbp_set features, const char *call, long result);

/* Settles what the way's answer is. */
void sbp_yes(struct sbp_probe *p, sbp_set features, enum sbp_way way);
void sbp_no(struct sbp_probe *p, sbp_set features, enum sbp_way way, const char *call, long result);
/* The same where the asker itself knows state, cause and remedy. */
void sbp_no_because(struct sbp_probe *p, sbp_set features, enum sbp_state state, const char *cause,
		    const char *remedy);
void sbp_could_not_ask(struct sbp_probe *p, sbp_set features, enum sbp_way way, const char *call,
		       long result);
bool sbp_settled(const struct sbp_probe *p, enum sbp_feature feature, enum sbp_way way);

struct sbp_child {
	unsigned long flags; /* of clone(2): new namespaces; memory sharing is added */
	const char *call;    /* the clone as evidence for `features`; NULL: a plain child */
	sbp_set features;
	void (*run)(struct sbp_probe *p, void *data);
	void *data;
	bool last;	   /* none is started after it: it may still be ending then */
	int signal;	   /* set: what it died of, 0 if it ended by itself */
	int exit_status;   /* set: what it ended with */
	const char *fatal; /* set: the call that it died in, NULL if none */
	int error;	   /* set: the errno when there was no child, 0 otherwise */
};

/*
 * ThreadSanitizer wraps clone(2) as a fork: a child that shares the memory would undo the locks of its
 * parent. libc has the same function under a name that is not wrapped.
 */
#ifdef __SANITIZE_THREAD__
int __clone(int (*run)(void *), void *stack, int flags, void *data, ...);
#define clone __clone
#endif

/* Gives a signal its default action again, and unblocks it. */
void sbp_let_through_in_child(int signal);

/*
 * Runs child->run in a child and waits for its end. Returns 0, or the negative errno of clone(2).
 * When the child was killed in a call, that call is evidence (with its signal) and the features
 * that it was for are settled with a no, unless they were settled before.
 */
int sbp_run_child(struct sbp_probe *p, struct sbp_child *child);

/* Waits for the end of a child that was let go on ending. Before a run is over. */
void sbp_wait_for_ending(struct sbp_probe *p);

/*
 * Runs steps 0 to count-1, in a child when `in_child`, and goes on with the next step in a new child
 * when one was killed. `skipped` is told which step it was, and of the child, whose `error` is set
 * when it could not be started at all.
 */
struct sbp_steps {
	size_t count;
	void (*step)(struct sbp_probe *p, const void *data, size_t i);
	void (*skipped)(struct sbp_probe *p, const void *data, size_t i, const struct sbp_child *);
	const void *data;
	bool in_child;
};
void sbp_run_steps(struct sbp_probe *p, const struct sbp_steps *steps);

/*
 * SBP_STACK_SIZE bytes to read into, until a child is started: the caller's own stack may be small, and once a
 * clone failed valgrind dies of whatever makes that grow.
 */
char *sbp_scratch(struct sbp_probe *p);

/* Keeps the calling thread on its CPU, and lets it go again (affinity.c). */
struct sbp_cpus {
	long bytes; /* of the mask that are the kernel's; 0: nothing to restore */
	unsigned long mask[8192 / 8 / sizeof(long)];
};
void sbp_stay_on_cpu(const struct sbp_probe *p, struct sbp_cpus *before);
void sbp_leave_cpu(const struct sbp_cpus *before);

/* --- Texts and facts (text.c, environment.c) ---------------------------------------------- */

/* Formats into the area; "" when that is full. Safe in a child. */
const char *sbp_text(struct sbp_probe *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The words with a capital first letter and a full stop. */
const char *sbp_sentence(struct sbp_probe *p, const char *words);

/* "EPERM" for 1 or -1. */
const char *sbp_errno_text(long error);

/* Reads the start of a file below the root into buffer, NUL-terminated: bytes or negative errno. */
ssize_t sbp_read_file(const struct sbp_probe *p, const char *path, char *buffer, size_t size);

/* Puts the root before a path; returns false when that gets too long. */
bool sbp_path(const struct sbp_probe *p, char *buffer, size_t size, const char *path);

/* Adds a fact; `name` and `source` live as long as the probe, the value is formatted and cleaned. */
void sbp_add_fact(struct sbp_probe *p, const char *name, const char *source, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool sbp_fact_is(const struct sbp_probe *p, const char *name, const char *value);
bool sbp_fact_number(const struct sbp_probe *p, const char *name, long *number);

/* Reads what every run needs (the process), and the rest of the environment. */
void sbp_read_process(struct sbp_probe *p);
void sbp_survey_environment(struct sbp_probe *p, bool explain);

/* Steps of the environment, each its own file's part. */
void sbp_survey_identity(struct sbp_probe *p);
void sbp_survey_limits(struct sbp_probe *p);
void sbp_survey_kernel(struct sbp_probe *p);
void sbp_survey_chroot(struct sbp_probe *p);
void sbp_survey_container(struct sbp_probe *p);
void sbp_survey_user_namespace(struct sbp_probe *p);
void sbp_survey_namespace_links(struct sbp_probe *p);
void sbp_survey_emulator(struct sbp_probe *p);
void sbp_survey_kconfig(struct sbp_probe *p);

/* The text of /proc/PID/status -> facts. */
void sbp_parse_status(struct sbp_probe *p, const char *text, const char *source);

/* The capability bits that the process can use, and the test for one of them. */
bool sbp_has_capability(const struct sbp_probe *p, int capability);

/* Whether the kernel's release is at least the given one ("5.3"); false when it is not known. */
bool sbp_release_at_least(const struct sbp_probe *p, const char *version);

/* The path of the setuid helper. */
const char *sbp_helper_path(void);

/* --- Diagnosis ---------------------------------------------------------------------------- */

/* Turns verdicts into states, causes and remedies, for all features that were asked. */
void sbp_diagnose(struct sbp_probe *p);

/* --- The askers --------------------------------------------------------------------------- */

#define SBP_FEATURE(number, id, name, summary, since, kconfig, family, place, asker, ...) \
	sbp_asker asker;
#include "features.def"
#undef SBP_FEATURE

sbp_asker sbp_prove_seccomp_filter, sbp_prove_seccomp_tsync, sbp_prove_seccomp_user_notif,
	sbp_prove_no_new_privs;

#endif

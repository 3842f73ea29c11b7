/* SPDX-License-Identifier: MIT */
/*
 * libsandbox-probe: which sandbox can this kernel give this process, and why not a stronger one?
 *
 * In the order of use: make a probe, run it, read its answers, choose a plan, launch a command.
 *
 *	struct sbp_probe *probe;
 *	int error = sbp_probe_new(&probe);
 *	if (!error)
 *		error = sbp_probe_run(probe, SBP_FULL);
 *	if (!error && sbp_state(probe, SBP_FEATURE_USER_NS) != SBP_AVAILABLE)
 *		fprintf(stderr, "%s %s\n", sbp_cause(probe, SBP_FEATURE_USER_NS),
 *			sbp_remedy(probe, SBP_FEATURE_USER_NS));
 *	sbp_probe_unref(probe);
 *
 * Rules that hold for all of it: functions return 0 or a negative errno where they return int; the
 * library keeps no global state, prints nothing and never aborts. Different probes may be used by
 * different threads at once. One probe may be set up and run by one thread at a time; once
 * sbp_probe_run() has returned, any number of threads may read it. Strings belong to the probe (or
 * the plan) and live until it is run again or released.
 */
#ifndef SANDBOX_PROBE_H
#define SANDBOX_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SBP_API	       __attribute__((visibility("default")))
#define SBP_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SBP_API
#define SBP_MUST_CHECK
#endif

/* --- What can be asked -------------------------------------------------------------------- */

/* The features, one for each row of features.def: SBP_FEATURE_SECCOMP_FILTER and so on. The
 * numbers are part of the ABI; 0 is no feature. */
enum sbp_feature {
#define SBP_FEATURE(number, id, ...) SBP_FEATURE_##id = number,
#include "features.def"
#undef SBP_FEATURE
};

/* The five answers. Only SBP_AVAILABLE is a yes. */
enum sbp_state {
	SBP_UNKNOWN,	  /* could not be asked; sbp_cause() says why */
	SBP_AVAILABLE,	  /* asked, and the kernel does it for this process */
	SBP_BLOCKED,	  /* the kernel has it, and something named forbids it here */
	SBP_ABSENT,	  /* this kernel (for suid-helper: this machine) lacks it */
	SBP_INAPPLICABLE, /* a question for another machine type */
};

/* One call that was made to find out. */
struct sbp_evidence {
	const char *call;  /* as one would write it in C */
	long result;	   /* what it returned; -1 where it failed */
	int error;	   /* the errno, positive; 0 where it succeeded */
	int signal;	   /* the signal that the call died of; 0 where it returned */
	const char *where; /* "this process", "child", "user namespace", ... */
};

/* One thing about this machine or process that can decide an answer. */
struct sbp_fact {
	const char *name;   /* "kernel.yama.ptrace_scope" */
	const char *value;  /* "1" */
	const char *source; /* "/proc/sys/kernel/yama/ptrace_scope" */
};

struct sbp_probe;

/*
 * Returns the version of the library as text, "0.1.0". Never fails.
 */
SBP_API const char *sbp_version(void);

/*
 * Walks the features in the order of the reports: pass 0 to get the first, then each returned
 * value; returns 0 after the last.
 */
SBP_API enum sbp_feature sbp_feature_next(enum sbp_feature feature);

/*
 * Returns a feature's name as reports and options write it ("user-ns"), and what it is in half a
 * sentence; NULL for a number that is no feature. Static strings.
 */
SBP_API const char *sbp_feature_name(enum sbp_feature feature);
SBP_API const char *sbp_feature_summary(enum sbp_feature feature);

/*
 * Returns the mainline release that brought the feature ("3.17"), and the Kconfig symbols that it
 * needs, without CONFIG_ and separated by spaces ("" for none); NULL for a number that is no
 * feature. Static strings.
 */
SBP_API const char *sbp_feature_since(enum sbp_feature feature);
SBP_API const char *sbp_feature_kconfig(enum sbp_feature feature);

/*
 * Finds a feature by name; returns 0 when there is none of that name.
 */
SBP_API enum sbp_feature sbp_feature_by_name(const char *name);

/*
 * Returns a state's name ("available"), or NULL for a number that is no state.
 */
SBP_API const char *sbp_state_name(enum sbp_state state);

/*
 * Returns an errno's name ("EPERM"), or "E?" for one that the library does not know; NULL for 0.
 */
SBP_API const char *sbp_errno_name(int error);

/* --- Probing ------------------------------------------------------------------------------ */

/* How much sbp_probe_run() asks. */
enum sbp_depth {
	/* What the calling thread can ask without changing anything: no child is started (but for
	 * one where the process already runs under a filter that might kill it). Namespaces, mode 1
	 * and tracing stay SBP_UNKNOWN. Tens of microseconds. */
	SBP_QUICK = 0,
	/* Every feature: what a launcher needs. Starts a few short-lived children, one of them with
	 * new namespaces; none outlives the call. Under a millisecond, whatever the size of the calling
	 * process. Of machine and process it finds out what a no takes to be explained, and only whose
	 * process it is where there is none. */
	SBP_FULL = 1,
	/* The same, and all facts about machine and process, explained or not: what a written report
	 * shows. A few dozen small files more. */
	SBP_REPORT = 2,
};

/*
 * Makes a probe with one reference, owned by the caller. Reads SANDBOX_PROBE_ASSUME from the
 * environment unless the process was started with more rights than its caller (AT_SECURE).
 * -ENOMEM: no memory. -EINVAL: SANDBOX_PROBE_ASSUME can't be understood.
 */
SBP_API SBP_MUST_CHECK int sbp_probe_new(struct sbp_probe **probe);

/*
 * Takes and drops a reference; dropping the last frees the probe. sbp_probe_unref() returns NULL
 * and accepts NULL. Thread-safe.
 */
SBP_API struct sbp_probe *sbp_probe_ref(struct sbp_probe *probe);
SBP_API struct sbp_probe *sbp_probe_unref(struct sbp_probe *probe);

/*
 * Reads /proc, /sys, /boot and the other files of the machine below `root` (copied), to explain the
 * answers with the files of another machine. The kernel that is asked stays the running one.
 * -ENAMETOOLONG: longer than the library keeps. -EINVAL: not an absolute path.
 */
SBP_API SBP_MUST_CHECK int sbp_probe_set_root(struct sbp_probe *probe, const char *root);

/*
 * Overrides answers, "NAME=STATE,NAME=STATE": troubleshooting, and tests of a launcher's other
 * branches. sbp_overridden() tells which. Adds to what the environment said; the last word wins.
 * -EINVAL: an unknown name or state; nothing is changed then.
 */
SBP_API SBP_MUST_CHECK int sbp_probe_set_assume(struct sbp_probe *probe, const char *assume);

/*
 * Asks. May be called again: the earlier answers are then gone.
 * Works in a process of any size and with any number of threads: children share the caller's memory
 * and end before this returns. Signals are blocked in the calling thread meanwhile, SIGCHLD is not
 * sent (under an outer filter it may be), and the caller's own children are left alone. All but a quick
 * probe keep the calling thread on the CPU that it runs on until it is done. A question that could not be
 * asked is no error but an answer, SBP_UNKNOWN.
 * -EINVAL: unknown depth.
 */
SBP_API SBP_MUST_CHECK int sbp_probe_run(struct sbp_probe *probe, enum sbp_depth depth);

/*
 * As sbp_probe_run(), for some features only: `features` is an array ending in 0.
 * -EINVAL: unknown depth or feature.
 */
SBP_API SBP_MUST_CHECK int sbp_probe_run_some(struct sbp_probe *probe, enum sbp_depth depth,
					      const enum sbp_feature *features);

/* --- The answers -------------------------------------------------------------------------- */

/*
 * The state of a feature. SBP_UNKNOWN before the first run and for what is no feature.
 */
SBP_API enum sbp_state sbp_state(const struct sbp_probe *probe, enum sbp_feature feature);

/*
 * Why it is not available, and what would help: a sentence each, NULL where it is available.
 */
SBP_API const char *sbp_cause(const struct sbp_probe *probe, enum sbp_feature feature);
SBP_API const char *sbp_remedy(const struct sbp_probe *probe, enum sbp_feature feature);

/*
 * True where the state was not asked but set by SANDBOX_PROBE_ASSUME or sbp_probe_set_assume().
 */
SBP_API bool sbp_overridden(const struct sbp_probe *probe, enum sbp_feature feature);

/*
 * The two ways to a namespace, for the features that have them (pid-ns to time-ns): asked as the
 * process is, and through a user namespace. sbp_state() is the better of the two.
 */
SBP_API enum sbp_state sbp_state_directly(const struct sbp_probe *probe, enum sbp_feature feature);
SBP_API enum sbp_state sbp_state_through_user_ns(const struct sbp_probe *probe,
						 enum sbp_feature feature);

/*
 * The calls that were made for a feature, in order: the i-th, or NULL behind the last.
 */
SBP_API const struct sbp_evidence *sbp_evidence(const struct sbp_probe *probe,
						enum sbp_feature feature, size_t i);

/*
 * What was found about machine and process: the i-th fact, or NULL behind the last; and a fact's
 * value by its name, or NULL where it was not found. Only SBP_REPORT looks for all of them.
 */
SBP_API const struct sbp_fact *sbp_fact(const struct sbp_probe *probe, size_t i);
SBP_API const char *sbp_fact_value(const struct sbp_probe *probe, const char *name);

/* --- Choosing ----------------------------------------------------------------------------- */

/* A plan: which isolation, which system-call filter, and the level that they add up to. */
struct sbp_plan;

/* The levels: 0 none, 1 partial, 2 layered, 3 full (README). */
enum { SBP_LEVEL_NONE, SBP_LEVEL_PARTIAL, SBP_LEVEL_LAYERED, SBP_LEVEL_FULL };

/* One strategy that was not taken. */
struct sbp_rejected {
	const char *strategy;		 /* "clone" */
	const char *threads;		 /* as sbp_plan_threads(): there are two "bpf" */
	const char *because;		 /* one sentence */
	const enum sbp_feature *missing; /* ends in 0; empty where no feature is missing */
};

/* Which strategies are looked at. */
enum sbp_choice {
	SBP_BUILT = 0,	     /* those that this version can carry out */
	SBP_CONCEIVABLE = 1, /* all that the design has: what the kernel would allow */
};

/*
 * Chooses the strongest plan for a probe that was run, but not only quickly. The plan has one reference, owned by
 * the caller, and keeps no reference to the probe, but `because` strings may be the probe's: keep the
 * probe until the plan is released.
 * -ENOMEM: no memory. -EINVAL: unknown choice.
 */
SBP_API SBP_MUST_CHECK int sbp_choose(const struct sbp_probe *probe, enum sbp_choice choice,
				      struct sbp_plan **plan);
SBP_API struct sbp_plan *sbp_plan_unref(struct sbp_plan *plan);

/*
 * What was chosen: the level 0 to 3; "clone", "suid" or "none"; "bpf", "trusted-thread" or "none";
 * and how a filter reaches all threads: "tsync", "broadcast", "each" (each thread by itself), or NULL
 * without a filter.
 */
SBP_API int sbp_plan_level(const struct sbp_plan *plan);
SBP_API const char *sbp_plan_isolation(const struct sbp_plan *plan);
SBP_API const char *sbp_plan_syscalls(const struct sbp_plan *plan);
SBP_API const char *sbp_plan_threads(const struct sbp_plan *plan);

/*
 * True where the isolation is had by root's own rights, without a user namespace: nobody else can launch by
 * this plan, and what runs inside has root's uid outside, too, though no capability.
 */
SBP_API bool sbp_plan_needs_root(const struct sbp_plan *plan);

/*
 * The strategies that were not taken, strongest first: the i-th, or NULL behind the last.
 */
SBP_API const struct sbp_rejected *sbp_plan_rejected(const struct sbp_plan *plan, size_t i);

/*
 * The name of a level ("layered"), or NULL for a number that is none.
 */
SBP_API const char *sbp_level_name(int level);

/* --- Policies ----------------------------------------------------------------------------- */

/* Which system calls a process may make: a program for the kernel's filter, from a text that names them. */
struct sbp_policy;
/* The program, of <linux/filter.h>. */
struct sock_fprog;

/*
 * The names of the policies that the library holds: the i-th, or NULL behind the last. Static strings.
 */
SBP_API const char *sbp_policy_name(size_t i);

/*
 * Takes one of them, with one reference, owned by the caller. Compiles nothing.
 * -ENOENT: none of that name. -ENOMEM: no memory.
 */
SBP_API SBP_MUST_CHECK int sbp_policy_by_name(const char *name, struct sbp_policy **policy);

/*
 * Reads and compiles a policy's text, for the architecture of the calling process. What is unknown,
 * contradictory or unreachable in it is a fault: sbp_policy_fault() then says "FILE:LINE: what", and the
 * policy is there only to say so. *policy is set, to be released, whatever is returned but -ENOMEM, when
 * it may be NULL.
 * -EINVAL: a fault. -E2BIG: more than a filter can hold. -EFBIG: a text of 1 MiB. -ENOMEM. And what
 * open(2) and read(2) say of the file, or of one that it includes.
 */
SBP_API SBP_MUST_CHECK int sbp_policy_from_file(const char *path, struct sbp_policy **policy);

/*
 * What is wrong with the policy, or NULL. The string belongs to the policy.
 */
SBP_API const char *sbp_policy_fault(const struct sbp_policy *policy);

/*
 * The program, which belongs to the policy, or NULL where there is a fault. Where the text says SELF it
 * still has a number that is no pid: sbp_lock() and the launcher put the real one there, and who installs
 * it by other means denies what SELF should allow.
 */
SBP_API const struct sock_fprog *sbp_policy_filter(const struct sbp_policy *policy);

/*
 * Takes and drops a reference; sbp_policy_unref() returns NULL and accepts NULL. Thread-safe.
 */
SBP_API struct sbp_policy *sbp_policy_ref(struct sbp_policy *policy);
SBP_API struct sbp_policy *sbp_policy_unref(struct sbp_policy *policy);

/*
 * The name of a system call of the calling process's architecture ("openat"), or NULL. A static string;
 * async-signal-safe.
 */
SBP_API const char *sbp_system_call_name(int number);

/* How sbp_lock() ended. */
struct sbp_locked {
	const char *threads; /* "tsync" or "broadcast": what was tried; NULL: nothing */
	int tid;	     /* the thread that stood in the way, or 0 */
	char why[192];	     /* one sentence; "" on success */
};

/*
 * Confines the calling process, all its threads, for good: for a program that is ready, and has opened what
 * it needs. Sets no_new_privs. `probe` was run, SBP_QUICK is enough. Where the kernel can't reach all
 * threads at once (before 3.17, or seccomp-tsync assumed absent) a signal brings the filter to each: one of
 * libc's own, that its functions can't block; calls that any signal ends with EINTR end so. `end` may be
 * NULL.
 * -EINVAL: the policy has a fault. -ENOTSUP: no filter here. -EBUSY: a thread has another filter, or two
 * threads lock at once. -ETIMEDOUT: a thread did not answer within two seconds, though it had a processor;
 * others may be confined by then, and the process should end. -ENOMEM. And what the kernel says.
 */
SBP_API SBP_MUST_CHECK int sbp_lock(const struct sbp_probe *probe, const struct sbp_policy *policy,
				    struct sbp_locked *end);

/* A call that a policy trapped, as it is written to a pipe: by one write, in the machine's byte order. */
struct sbp_denied {
	int pid, tid;		    /* as the process sees itself */
	int number;		    /* sbp_system_call_name() */
	unsigned int arch;	    /* AUDIT_ARCH_* */
	unsigned long long address; /* of the instruction behind the call */
	unsigned long long arguments[6];
};

/*
 * Answers a call in its place: returns its result, or a negative errno. Called in a handler of SIGSYS, on the
 * thread that made the call: only what is async-signal-safe.
 */
typedef long sbp_denied_fn(void *data, const struct sbp_denied *call);

/*
 * Takes SIGSYS: from now on a trapped call is written to `fd` (-1: is not), and its result is what
 * `answer` says (NULL: -EPERM). The policy must allow write and rt_sigreturn. Let `fd` be O_NONBLOCK: a
 * report that does not fit into a full pipe is lost then, and nobody waits. One for the whole process; call
 * it before the filter is there and before threads are, which inherit that SIGSYS is not blocked. What
 * sigaction(2) says, negative.
 */
SBP_API SBP_MUST_CHECK int sbp_watch_denied(int fd, sbp_denied_fn *answer, void *data);

/* --- The broker --------------------------------------------------------------------------- */

/*
 * Opens files for a sandboxed process, by rules about paths. It runs outside of the sandbox, in the launcher:
 * on a thread of its own (sbp_broker_start()) or in steps of the caller's own loop (sbp_broker_fd(),
 * sbp_broker_step()). Where a function doesn't say otherwise, any thread may call it at any time.
 *
 *	struct sbp_broker *broker;
 *	int error = sbp_broker_new(&broker);
 *	if (!error)
 *		error = sbp_broker_allow(broker, "/usr/share/zoneinfo", SBP_BELOW, SBP_MAY_READ);
 *	if (!error)
 *		error = sbp_launch_set_broker(launch, broker);
 *	if (!error)
 *		error = sbp_broker_start(broker);
 *	...
 *	sbp_broker_unref(broker);
 *
 * What is opened: an absolute path is walked from the broker's root, one directory after the other (by
 * openat2(2) where the kernel has it, 5.6), never by "..", never by a magic link of /proc, and symbolic links
 * only as far as their targets are allowed themselves: the name without links is what rules are asked
 * about. What is neither allowed nor on the way to something that is, is EACCES whether it is there or not.
 * The way itself (the directories above a rule's) can be looked at by stat(2) and entered, not listed.
 *
 * Directories are never passed: who opens one for reading gets a list of what it held then, which his
 * client shows as a directory. Devices and named pipes only by a rule with exactly their path;
 * block devices, and what is below /proc/PID, never. O_PATH and O_TMPFILE are refused. A file is made
 * with its permissions cut by the broker's umask(2), never with set-id bits. Hard links are names as good as
 * any: a rule about a directory is about every file that has a name there.
 */
struct sbp_broker;

/* What a rule is about: the path itself, or a directory and all below it ("/dir" is not "/dirname"). */
enum sbp_scope { SBP_EXACT, SBP_BELOW };

/* What it allows. Each alone or together; to write and make files needs both. */
enum sbp_may {
	SBP_MAY_READ = 1,
	SBP_MAY_WRITE = 2,  /* and truncate */
	SBP_MAY_CREATE = 4, /* files, not directories */
};

/*
 * A broker without rules, which opens nothing; its root is the caller's.
 * -ENOMEM, and what epoll_create1(2), eventfd(2), timerfd_create(2) and open(2) say.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_new(struct sbp_broker **broker);

/*
 * Takes and drops a reference; sbp_broker_unref() returns NULL and accepts NULL. The last one ends the
 * broker's thread, on which it must not be called: who waits for an answer then gets EIO.
 */
SBP_API struct sbp_broker *sbp_broker_ref(struct sbp_broker *broker);
SBP_API struct sbp_broker *sbp_broker_unref(struct sbp_broker *broker);

/*
 * The directory that is the sandbox's "/". Before any rule, or -EBUSY. What open(2) says.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_set_root(struct sbp_broker *broker, const char *directory);

/*
 * Allows a path, as the sandbox will see it. Its links are followed now, and the rule is about what they lead
 * to; the sandbox can use them as well. `may` is a set of enum sbp_may. Rights of several rules add up.
 * Before the first connection, listener or start: -EBUSY. -EINVAL: not absolute, or an unknown scope or
 * right. -ENOENT: not there, nor to be made (SBP_MAY_CREATE in a directory that is there). -E2BIG: more
 * than 1024 rules. -ENOMEM, and what the kernel says of the path.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_allow(struct sbp_broker *broker, const char *path,
					    enum sbp_scope scope, unsigned int may);

/*
 * How many requests a second are answered, and how many at once after a pause; those above wait. 0: any
 * number, as it is at first. Before the start: -EBUSY. -EINVAL: a burst of 0 with a rate.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_set_rate(struct sbp_broker *broker, unsigned int per_second,
					       unsigned int burst);

/*
 * A new connection for one sandboxed process and its descendants: *fd is theirs to hold, close-on-exec, and
 * the caller's to close once it was passed on. -ENOMEM, and what socketpair(2) says.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_connect(struct sbp_broker *broker, int *fd);

/*
 * Answers a filter's user notifications (SECCOMP_RET_USER_NOTIF) from now on, those of calls that open or look
 * at files; all others get ENOSYS. The listener belongs to the broker if 0 is returned.
 * -ENOTSUP: the kernel can't put a descriptor into the process (before 5.9). -ENOMEM.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_add_listener(struct sbp_broker *broker, int listener);

/*
 * Answers on a thread of the broker's own, with every signal blocked, until the last unref. -EBUSY: it runs
 * already. What pthread_create(3) says. A file system that hangs makes everybody wait that asks.
 */
SBP_API SBP_MUST_CHECK int sbp_broker_start(struct sbp_broker *broker);

/*
 * Without a thread: a descriptor to poll for reading, which belongs to the broker; and answering what waits
 * (some requests at most: poll again). sbp_broker_step() never waits; one thread at a time may call it.
 * The number of requests that were answered, or -EBUSY: the broker has a thread.
 */
SBP_API int sbp_broker_fd(const struct sbp_broker *broker);
SBP_API int sbp_broker_step(struct sbp_broker *broker);

/*
 * The other side, for a program that confines itself by sbp_lock() and asks a broker afterwards: a policy
 * that traps the calls that the broker answers, whatever `policy` says of them, and lets through what asking
 * needs: sendmsg(2) on `fd` and on no other. `policy` must allow what all shipped ones do: close, recvmsg,
 * read, write, lseek, pread64, mmap, rt_sigprocmask, rt_sigreturn. `fd` should have a number at or above
 * RLIMIT_NOFILE, where nothing else can be put in its place; keep it open. -EINVAL: the policy
 * has a fault, or `fd` is negative. -E2BIG: too long. -ENOMEM.
 */
SBP_API SBP_MUST_CHECK int sbp_policy_for_broker(const struct sbp_policy *policy, int fd,
						 struct sbp_policy **with_broker);

/* Who asks: made before sbp_lock(), to live as long as the process does. The descriptor is not its own. */
struct sbp_broker_client;
SBP_API SBP_MUST_CHECK int sbp_broker_client_new(int fd, struct sbp_broker_client **client);

/*
 * For sbp_watch_denied(): sbp_watch_denied(-1, sbp_broker_answer, client). Answers a trapped call by the broker,
 * from the directory "/" at first; EPERM for one that is not the broker's. Async-signal-safe, for any
 * number of threads at once.
 */
SBP_API long sbp_broker_answer(void *client, const struct sbp_denied *call);

/* --- Launching ---------------------------------------------------------------------------- */

/*
 * A command and the sandbox that it is to run in. Set up once, it can be started any number of times;
 * one thread at a time may use it. What a function is given by pointer is copied, where it doesn't say
 * otherwise.
 *
 *	struct sbp_launch *launch;
 *	int error = sbp_launch_new(&launch);
 *	if (!error)
 *		error = sbp_launch_set_plan(launch, plan);
 *	if (!error)
 *		error = sbp_launch_set_policy(launch, "compute");
 *	if (!error)
 *		error = sbp_launch_set_command(launch, "/usr/lib/decoder", argv, envp);
 *	if (!error)
 *		error = sbp_launch_start(launch, &pid);
 *	if (error && launch)
 *		fprintf(stderr, "%s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
 *	sbp_launch_unref(launch);
 */
struct sbp_launch;

/*
 * Makes a launch of nothing yet: no plan, an empty root, no shared network, no descriptor passed, at
 * least SBP_LEVEL_LAYERED, a child that dies with the thread that started it.
 * -ENOMEM: no memory.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_new(struct sbp_launch **launch);

/* Releases it, returns NULL and accepts NULL. Children that were started run on. */
SBP_API struct sbp_launch *sbp_launch_unref(struct sbp_launch *launch);

/*
 * What to run: the path of the file, which is not looked for in PATH, its arguments and environment,
 * each ending in NULL. All three are kept by pointer and must stay until the last start.
 * In an empty root the file is opened before the root is entered, and must be a static executable or have a
 * broker (sbp_launch_set_broker()).
 * With a filter, a script can't be run: run its interpreter. -EINVAL: no path or no arguments.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_command(struct sbp_launch *launch, const char *path,
						  char *const argv[], char *const envp[]);

/*
 * The plan to carry out. Nothing of it is kept.
 * -ENOSYS: it holds a strategy that this version can't carry out; sbp_launch_failed_step() names it.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_plan(struct sbp_launch *launch,
					       const struct sbp_plan *plan);

/*
 * Puts a strategy in place of the plan's, by the names that plans use: "clone" or "none", "bpf" or
 * "none"; NULL leaves what is set. Without a plan, both must be given before a start.
 * -EINVAL: no such strategy. -ENOSYS: not one that this version can carry out.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_strategies(struct sbp_launch *launch,
						     const char *isolation, const char *syscalls);

/*
 * The system calls that the command may make: a policy that is built in, by its name, or a filter of
 * the caller's own, whose instructions are copied. The launch's one exec and exit_group(2) pass in any
 * case. A plan with a filter can't be started before one of them is set.
 * -ENOENT: no such policy. -EINVAL: an empty filter. -E2BIG: too long. -ENOMEM: no memory.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_policy(struct sbp_launch *launch, const char *name);
SBP_API SBP_MUST_CHECK int sbp_launch_set_filter(struct sbp_launch *launch,
						 const struct sock_fprog *filter);

/*
 * Passes a descriptor, under the number `as`; all others, 0 to 2 too, are closed by the exec. It must
 * be open when the launch is started. A directory is refused then, but with SBP_ROOT_KEPT.
 * -EBADF: negative, or a number above 127. -EMFILE: more than 32.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_pass_fd(struct sbp_launch *launch, int fd, int as);

/* The files that the command sees. */
enum sbp_root {
	SBP_ROOT_EMPTY,	    /* none, and none can be made */
	SBP_ROOT_DIRECTORY, /* a directory and what is below it */
	SBP_ROOT_KEPT,	    /* the launcher's; /proc shows the sandbox only */
};

/*
 * `directory` is for SBP_ROOT_DIRECTORY only, and kept by pointer. A kept root makes the level at most
 * SBP_LEVEL_PARTIAL, and so does the directory "/".
 * -EINVAL: unknown, a directory missing or too much.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_root(struct sbp_launch *launch, enum sbp_root root,
					       const char *directory);

/*
 * Lets the child enter its root later, when it has opened what it needs: until sbp_launch_enter_root() it has
 * the launcher's files, /proc showing the sandbox only. `as` is the number of the descriptor by which it will
 * ask: a socket to a helper process in the sandbox, which alone keeps the right to change the root, and which is
 * a copy of the launcher. Counts for the level as a root that was entered: entering it is the child's part. A
 * command need not be static then, and may run others.
 * -EBADF: negative, or a number above 127. A start refuses it with -EINVAL for a root that is kept, without
 * isolation, and where the number is passed for something else.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_later(struct sbp_launch *launch, int as);

/*
 * In the child: enters the root, for good, as all threads of the process and with the working directory "/".
 * `line` is the descriptor that sbp_launch_set_later() named; it is closed on success. No thread may change the
 * directory meanwhile, and processes that the child has forked before have their own. Then sbp_lock().
 * -EISDIR: a directory is open, which would lead out. -ENOENT: there is no /proc to look for such. -ESRCH: the
 * helper is gone, as it is once the root was entered. And what the kernel says to the helper.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_enter_root(int line);

/*
 * Lets a broker open files for the command; NULL: none. The launch keeps a reference, and each start makes a
 * connection or a listener of its own. Needs a filter. Somebody must serve the broker before the start, for that
 * is when the first files are asked for.
 *
 * A command that sees files asks by user notification (Linux 5.9, no other listener above; from 5.19 no signal can
 * make a call twice): all of them are then the broker's to open, and it begins in "/". Nothing of it is in
 * the process.
 *
 * In an empty root the one exec is that of a small loader, which maps the command and, where it is not
 * static, its dynamic loader (PT_INTERP), opened before, and then answers by the broker what the filter
 * traps (SIGSYS): so libraries and their constructors run in the sandbox already, and the broker must allow
 * what they are loaded from. The command's current directory and /proc/self/exe are as outside. Its own use
 * of SIGSYS is kept from the kernel: its masks never block it. What is no part of rt_sigaction(2) and
 * rt_sigprocmask(2) is not seen to: a handler that interrupts a wait with a mask of its own (sigsuspend,
 * ppoll) must not open files. Scripts can't be run as ever.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_broker(struct sbp_launch *launch,
						 struct sbp_broker *broker);

/*
 * Would a start need a broker as things are set, because the command must be loaded in an empty root? 1 or 0;
 * 0 too where it can't be told: the start will.
 */
SBP_API int sbp_launch_needs_broker(const struct sbp_launch *launch);

/* Whether the command uses the launcher's network; then the level is at most SBP_LEVEL_PARTIAL. */
SBP_API void sbp_launch_set_share_net(struct sbp_launch *launch, bool share);

/*
 * Whether the child is killed when the thread that started it ends (which a process does by all of
 * its threads).
 */
SBP_API void sbp_launch_set_die_with_parent(struct sbp_launch *launch, bool die);

/*
 * Whether the child is an init that starts the command as a second process, buries orphans and ends as
 * the command does, with 128 and the signal's number for a signal. Without, the command is the first
 * process of its PID namespace, for whom a signal without a handler has no effect. An init is a copy of
 * the launcher that stays: for small launchers.
 */
SBP_API void sbp_launch_set_init(struct sbp_launch *launch, bool init);

/*
 * Sets a resource limit of the command, RLIMIT_*, hard and soft. With a filter, RLIMIT_NOFILE is below
 * what the launcher has in any case. -EINVAL: no such limit. -E2BIG: more than 16.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_set_limit(struct sbp_launch *launch, int resource,
						unsigned long long value);

/*
 * Whether the launcher gets to know what the command was denied, and where: each start writes there a
 * descriptor for sbp_report_next(), which is the caller's to close, or -1 where there is none: without a
 * filter, before Linux 5.0, below another sandbox that listens, and where the filter traps nothing or asks a
 * listener already, and for a copy (sbp_launch_fork()). It can be polled: there is a call to be taken. Somebody must take them: a denied call
 * waits until then. Once the descriptor is closed, what would be trapped fails with ENOSYS. NULL, the
 * default: traps are the command's own (sbp_watch_denied()), and without a handler fatal.
 */
SBP_API void sbp_launch_set_report(struct sbp_launch *launch, int *descriptor);

/*
 * Takes the next call that the policy of a launched command traps, waiting for one, and ends the process that
 * made it by SIGSYS (by SIGKILL where that one would do nothing). A process with a handler for SIGSYS goes
 * on, and its call fails with EPERM: the handler is not called. pid and tid are as the caller sees them.
 * -ENOENT: it was ended meanwhile. -EINTR. -EBADF, -ENOTTY: no such descriptor.
 */
SBP_API SBP_MUST_CHECK int sbp_report_next(int descriptor, struct sbp_denied *call);

/* The least level that is to be started. -EINVAL: no level. */
SBP_API SBP_MUST_CHECK int sbp_launch_set_min_level(struct sbp_launch *launch, int level);

/* The level that a start would reach as things are set. */
SBP_API int sbp_launch_level(const struct sbp_launch *launch);

/*
 * Starts the command. The child is the caller's own, to be waited for, with the pid that the caller
 * sees. Takes no longer in a large process, and works with any number of threads: the child shares the
 * caller's memory until its exec, and the calling thread waits for that with every signal blocked.
 *
 * On success the command's exec has been made: all that could fail was done before, and no instruction of
 * the command ran before it was confined. On failure nothing is left of the attempt, but a SIGCHLD may
 * have been sent, and sbp_launch_failed_step() and sbp_launch_missing() tell more.
 *
 * -EINVAL: no command, plan or policy. -ENOTSUP: the level would be below the least. -ECHILD: somebody,
 * an outer filter as a rule, killed the child while it confined itself. -ELIBACC: a command that is not
 * static, for an empty root without a broker. -ENOEXEC: a script, with a filter, or what can't be loaded, and
 * -ELIBBAD: the same of its dynamic loader; the failed step says what is wrong with the file. -EPERM: set-id bits or
 * capabilities on the command, or the kernel's answer; and each errno that the kernel gives at a step.
 */
SBP_API SBP_MUST_CHECK int sbp_launch_start(struct sbp_launch *launch, pid_t *pid);

/*
 * Starts a copy of the caller in the sandbox, as fork(2) does, and returns twice: *pid is the child's in the
 * caller, and 0 in the child, which returns when it is confined. All but the command and the init is as for
 * sbp_launch_start(): the child is the caller's own, the signals' handlers are the default ones (but those of libc's
 * own signals), and of the descriptors it has those that were passed; the others are closed. What libc says of
 * pid and thread is the child's. A policy is installed as it is, without an exec or exit_group(2) that it does
 * not allow; with sbp_launch_set_later() it may be missing: the child then has sbp_lock() to call.
 *
 * Costs what fork(2) costs: use sbp_launch_start() from large processes. No handler of pthread_atfork(3) is run,
 * and other threads may have held any lock: where there are others, the child may only call what is
 * async-signal-safe, until an exec or its end.
 *
 * -ENOSYS: libc keeps the thread's id where it is not found. Else as sbp_launch_start().
 */
SBP_API SBP_MUST_CHECK int sbp_launch_fork(struct sbp_launch *launch, pid_t *pid);

/*
 * After a failure: the step that failed ("root"), and the feature that is missing then, 0 where it is
 * not a feature's fault. NULL and 0 after a success. Static strings.
 */
SBP_API const char *sbp_launch_failed_step(const struct sbp_launch *launch);
SBP_API enum sbp_feature sbp_launch_missing(const struct sbp_launch *launch);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: MIT
/*
 * Somebody else's seccomp filter around the process that asks: each call that a probe makes, refused in
 * each way that filters know. The report is made all the same, names the call, and calls nothing
 * absent that the kernel has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage.h"
#include "uapi.h"

#ifndef SECCOMP_RET_KILL_THREAD
#define SECCOMP_RET_KILL_THREAD 0U
#endif
#ifndef SECCOMP_RET_TRAP
#define SECCOMP_RET_TRAP 0x00030000U
#endif

#define NEW_FLAGS \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS)

/* --- The ways to refuse ------------------------------------------------------------------- */

static const struct way {
	const char *name;
	unsigned int action;
	bool kills;
} ways[] = {
	{ "answers EPERM", SECCOMP_RET_ERRNO | EPERM, false },
	{ "answers ENOSYS", SECCOMP_RET_ERRNO | ENOSYS, false },
	{ "kills the process", SECCOMP_RET_KILL_PROCESS, true },
	{ "kills the thread", SECCOMP_RET_KILL_THREAD, true },
	{ "traps", SECCOMP_RET_TRAP, true },
};

/* --- What is refused ---------------------------------------------------------------------- */

#define BOTH_CAPS (SBP_BIT(USER_NS_NESTED_CAPS))

static const struct call {
	const char *name; /* as evidence begins */
	long number;
	int argument;	     /* -1: whatever the arguments are */
	unsigned int equals; /* the argument is that, or */
	unsigned int has;    /* has one of these bits */
	sbp_set blocked;     /* what must be blocked then; nothing where the call only explains */
} calls[] = {
#define PRCTL(option, blocked)                                     \
	{                                                          \
		"prctl(" #option, SYS_prctl, 0, option, 0, blocked \
	}
#define CALL(name, blocked)                              \
	{                                                \
#name "(", SYS_##name, -1, 0, 0, blocked \
	}
	PRCTL(PR_SET_SECCOMP, SBP_BIT(SECCOMP_STRICT) | SBP_BIT(SECCOMP_FILTER)),
	PRCTL(PR_GET_NO_NEW_PRIVS, SBP_BIT(NO_NEW_PRIVS)),
	PRCTL(PR_SET_NO_NEW_PRIVS, SBP_BIT(NO_NEW_PRIVS)),
	PRCTL(PR_GET_DUMPABLE, SBP_BIT(DUMPABLE)),
	PRCTL(PR_GET_SECCOMP, 0),
	PRCTL(PR_SET_PDEATHSIG, 0),
	CALL(seccomp, BY_SECCOMP),
	{ "clone(CLONE_NEW", SYS_clone, 0, 0, NEW_FLAGS, USER_NS_ALONE },
	CALL(clone3, SBP_BIT(CLONE3)),
	CALL(unshare, SBP_BIT(CGROUP_NS) | SBP_BIT(TIME_NS)),
	CALL(ptrace, SBP_BIT(PTRACE_CHILD) | SBP_BIT(PTRACE_ANY)),
	CALL(landlock_create_ruleset, SBP_BIT(LANDLOCK)),
	CALL(pidfd_open, SBP_BIT(PIDFD)),
	CALL(chroot, SBP_BIT(CHROOT_IN_USER_NS)),
	CALL(capset, SBP_BIT(USER_NS_NESTED_CAPS)),
	/* directly asked these namespaces may still be there */
	CALL(mount, 0),
	CALL(sethostname, 0),
	CALL(socket, 0),
	CALL(ioctl, 0),
	CALL(getppid, 0),
	CALL(getpid, 0),
	CALL(kill, 0),
	CALL(setitimer, 0),
	CALL(rt_sigaction, 0),
	CALL(statx, 0),
	CALL(statfs, 0),
	CALL(uname, 0),
	CALL(getrlimit, 0),
	CALL(readlinkat, 0),
	CALL(faccessat, 0),
	CALL(getuid, 0),
	CALL(geteuid, 0),
	CALL(getgid, 0),
	CALL(getcpu, 0),
	CALL(sched_setaffinity, 0),
#undef CALL
#undef PRCTL
};

enum { WAYS = sizeof(ways) / sizeof(*ways), CALLS = sizeof(calls) / sizeof(*calls) };

/* --- The filter --------------------------------------------------------------------------- */

struct refusal {
	const struct call *call;
	unsigned int action;
};

static long install(const struct refusal *refusal, unsigned long flags)
{
	const struct call *call = refusal->call;
	const int argument = call->argument < 0 ? 0 : call->argument;
	const bool by_bits = call->argument >= 0 && !call->equals && call->has;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)call->number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16 + 8 * (unsigned int)argument),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, call->has, 0, by_bits ? 2 : 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->equals, 0,
			 call->argument >= 0 && !by_bits ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, refusal->action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	/* seen bits go on to the refusal, past the comparison */
	filter[3].jt = by_bits ? 1 : 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	if (flags)
		return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool enter_filter(const struct stage *stage)
{
	if (install(stage->data, 0))
		return stage_skip("no filter can be installed: %s", strerror(errno));
	return true;
}

/* --- The tests ---------------------------------------------------------------------------- */

/* What is on this machine: only that can be blocked by a filter and nothing else. */
static sbp_set available_here(sbp_set features)
{
	const struct answers *as_is = stage_as_is();
	sbp_set here = 0;

	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(features, f) && as_is->told[f].state == SBP_AVAILABLE)
			here |= UINT64_C(1) << f;
	return here;
}

/* Some evidence says that this call was fatal, and its feature's cause names it. */
static void expect_fatal(const struct answers *answers, const char *name)
{
	for (size_t i = 0; i < answers->evidence_count; i++)
		if (answers->evidence[i].signal == SIGSYS &&
		    !strncmp(answers->evidence[i].call, name, strlen(name)) &&
		    strstr(answers->told[answers->evidence[i].feature].cause, name))
			return;
	fail_msg("nothing says that %s...) was fatal", name);
}

static void is_reported(void **state)
{
	const struct refusal *refusal = *state;
	const struct call *call = refusal->call;
	const struct stage stage = { .enter = enter_filter, .data = refusal };
	sbp_set blocked = available_here(call->blocked);
	const struct answers *answers = stage_run(&stage);
	bool kills = refusal->action == SECCOMP_RET_TRAP ||
		     refusal->action == SECCOMP_RET_KILL_THREAD ||
		     refusal->action == SECCOMP_RET_KILL_PROCESS;

	assert_string_equal(stage_fact(answers, "process.seccomp_mode"), "2");
	expect_nothing_absent(answers);
	expect_state(answers, blocked, SBP_BLOCKED, "filter", "filter");
	if (kills && blocked)
		expect_fatal(answers, call->name);
	if (available_here(SBP_BIT(SECCOMP_STRICT)))
		expect_state(answers, SBP_BIT(SECCOMP_STRICT), SBP_BLOCKED, "filter", NULL);
}

/* An allowing filter takes nothing but mode 1 away. */
static void a_filter_that_allows_is_no_obstacle(void **state)
{
	static const struct call none = { "none", -1, -1, 0, 0, 0 };
	const struct refusal refusal = { &none, SECCOMP_RET_ALLOW };
	const struct stage stage = { .enter = enter_filter, .data = &refusal };
	const struct answers *answers;

	(void)state;
	stage_as_is();
	answers = stage_run(&stage);
	expect_as_is(answers, EVERYTHING & ~(SBP_BIT(SECCOMP_STRICT) | SBP_BIT(SUID_HELPER)));
}

/* --- Filters in processes that deal with signals ------------------------------------------- */

static const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < CALLS; i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	fail_msg("no call %s", name);
	return NULL;
}

static bool ignore_children(const struct stage *stage)
{
	return signal(SIGCHLD, SIG_IGN) != SIG_ERR && enter_filter(stage);
}

/* Children that nobody can wait for: that they were killed is seen from what they were doing. */
static void deaths_are_seen_where_children_are_ignored(void **state)
{
	const struct refusal refusal = { call_named("landlock_create_ruleset("),
					 SECCOMP_RET_KILL_PROCESS };
	const struct stage stage = { .enter = ignore_children, .data = &refusal };
	const struct answers *answers;

	(void)state;
	answers = stage_run(&stage);
	expect_nothing_absent(answers);
	expect_state(answers, available_here(SBP_BIT(LANDLOCK)), SBP_BLOCKED, "filter kills",
		     "filter");
}

static volatile sig_atomic_t sigsys;

static void count_sigsys(int number)
{
	(void)number;
	sigsys++;
}

static bool handle_sigsys(const struct stage *stage)
{
	return signal(SIGSYS, count_sigsys) != SIG_ERR && enter_filter(stage);
}

static void tell_sigsys(const struct stage *stage, struct answers *answers)
{
	(void)stage;
	snprintf(answers->report, sizeof(answers->report), "%d", (int)sigsys);
}

/* A sandbox that emulates calls in a handler of SIGSYS does not get to see ours. */
static void a_handler_of_sigsys_is_not_called(void **state)
{
	const struct refusal refusal = { call_named("landlock_create_ruleset("), SECCOMP_RET_TRAP };
	const struct stage stage = { .enter = handle_sigsys, .data = &refusal, .leave = tell_sigsys };
	const struct answers *answers;

	(void)state;
	answers = stage_run(&stage);
	assert_string_equal(answers->report, "0");
	expect_state(answers, available_here(SBP_BIT(LANDLOCK)), SBP_BLOCKED, "filter kills",
		     "filter");
}

/* --- A supervisor that never answers ------------------------------------------------------ */

static bool enter_silent_supervisor(const struct stage *stage)
{
	/* the listener stays open in this very process, and nobody reads it */
	if (install(stage->data, SECCOMP_FILTER_FLAG_NEW_LISTENER) < 0)
		return stage_skip("no listener: %s", strerror(errno));
	return true;
}

static void a_silent_supervisor_is_not_waited_for(const char *name, sbp_set unknown)
{
	struct refusal refusal = { NULL, SECCOMP_RET_USER_NOTIF };
	const struct stage stage = { .enter = enter_silent_supervisor, .data = &refusal };
	const struct answers *answers;

	refusal.call = call_named(name);
	unknown = available_here(unknown);
	answers = stage_run(&stage);
	expect_nothing_absent(answers);
	expect_state(answers, unknown, SBP_UNKNOWN, "two seconds", "supervisor");
	expect_state(answers, available_here(SBP_BIT(SECCOMP_USER_NOTIF)), SBP_BLOCKED, "listener",
		     NULL);
}

static void a_silent_supervisor_of_landlock(void **state)
{
	(void)state;
	a_silent_supervisor_is_not_waited_for("landlock_create_ruleset(", SBP_BIT(LANDLOCK));
}

static void a_silent_supervisor_of_chroot(void **state)
{
	(void)state;
	a_silent_supervisor_is_not_waited_for("chroot(", SBP_BIT(CHROOT_IN_USER_NS));
}

enum { OTHERS = 5 };

int main(void)
{
	static struct refusal refusals[WAYS * CALLS];
	static char names[WAYS * CALLS][80];
	static struct CMUnitTest tests[WAYS * CALLS + OTHERS] = {
		cmocka_unit_test(a_filter_that_allows_is_no_obstacle),
		cmocka_unit_test(deaths_are_seen_where_children_are_ignored),
		cmocka_unit_test(a_handler_of_sigsys_is_not_called),
		cmocka_unit_test(a_silent_supervisor_of_landlock),
		cmocka_unit_test(a_silent_supervisor_of_chroot),
	};

	for (int i = 0; i < WAYS * CALLS; i++) {
		refusals[i] = (struct refusal){ &calls[i / WAYS], ways[i % WAYS].action };
		snprintf(names[i], sizeof(names[i]), "a filter %s on %s...)", ways[i % WAYS].name,
			 calls[i / WAYS].name);
		tests[OTHERS + i] =
			(struct CMUnitTest){ names[i], is_reported, NULL, NULL, &refusals[i] };
	}
	return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}

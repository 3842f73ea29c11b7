// SPDX-License-Identifier: MIT
/*
 * Environments and what must be said of them: each row is a machine that differs from a healthy one
 * in some files and some answers, the features that it thereby lacks, who must be named for it, and
 * what must be advised. A feature that a row does not name must be available.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "machine.h"

#define USER_NS_ALONE (SBP_BIT(USER_NS) | SBP_BIT(USER_NS_NESTED_CAPS) | SBP_BIT(CHROOT_IN_USER_NS))
#define NEW_NS	      (SBP_BIT(CGROUP_NS) | SBP_BIT(TIME_NS))
#define OTHER_NS \
	(SBP_BIT(PID_NS) | SBP_BIT(NET_NS) | SBP_BIT(IPC_NS) | SBP_BIT(UTS_NS) | SBP_BIT(MOUNT_NS))
#define ALL_NS (USER_NS_ALONE | NEW_NS | OTHER_NS)
#define FLAGS                                                                                  \
	(SBP_BIT(SECCOMP_TSYNC_ESRCH) | SBP_BIT(SECCOMP_LOG) | SBP_BIT(SECCOMP_KILL_PROCESS) | \
	 SBP_BIT(SECCOMP_SPEC_ALLOW) | SBP_BIT(SECCOMP_USER_NOTIF) | SBP_BIT(SECCOMP_WAIT_KILLABLE))
#define LISTENER   (SBP_BIT(SECCOMP_USER_NOTIF) | SBP_BIT(SECCOMP_WAIT_KILLABLE))
#define BY_SECCOMP (SBP_BIT(SECCOMP_SYSCALL) | SBP_BIT(SECCOMP_TSYNC) | FLAGS)
#define STRICT	   SBP_BIT(SECCOMP_STRICT)
#define FILTER	   SBP_BIT(SECCOMP_FILTER)
#define NEW_CALLS  (SBP_BIT(PIDFD) | SBP_BIT(CLONE3) | SBP_BIT(LANDLOCK))
#define PTRACE	   (SBP_BIT(PTRACE_CHILD) | SBP_BIT(PTRACE_ANY))

#define ENTER_STRICT "prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)"
#define ASK_FILTER   "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL)"

struct file {
	const char *path, *text;
};

struct expectation {
	sbp_set features;
	enum sbp_state state;
	const char *cause[3];  /* words that the cause must have, */
	const char *remedy[3]; /* and the remedy */
};

struct place {
	const char *name, *release;
	struct status status;
	bool privileged;
	struct file files[10];
	struct reply replies[14];
	struct expectation expect[9];
};

#define USER(...)                                                \
	{                                                        \
		"0000000000000000", "0", "0", "0", ##__VA_ARGS__ \
	}
#define ROOT                                      \
	{                                         \
		"000001ffffffffff", "0", "0", "0" \
	}
#define FILTERED                                  \
	{                                         \
		"0000000000000000", "2", "0", "0" \
	}
#define CONTAINER_ROOT                            \
	{                                         \
		"00000000a80425fb", "2", "0", "0" \
	}
#define OLD_USER                                    \
	{                                           \
		"0000000000000000", NULL, NULL, "0" \
	}
#define OLD_ROOT                                    \
	{                                           \
		"ffffffffffffffff", NULL, NULL, "0" \
	}
#define SYSCTL(path) "/proc/sys/" path
#define RESTRICT     SYSCTL("kernel/apparmor_restrict_unprivileged_userns")
#define USERNS_CLONE SYSCTL("kernel/unprivileged_userns_clone")

/* Namespaces that older kernels do not list. */
#define NOT_LISTED(kind)                    \
	{                                   \
		"/proc/self/ns/" kind, NULL \
	}

static const struct place places[] = {
#include "places.def"
};

/* --- What belongs to one cause and must not be advised for another ------------------------ */

static const char *const remedies[] = {
	"kernel.unprivileged_userns_clone",
	"apparmor_restrict_unprivileged_userns",
	"AppArmor",
	"SELinux",
	"setsebool",
	"outside of the chroot",
	"pivot_root",
	"user_namespace.enable",
	"user.max_",
	"without that filter",
	"seccomp=",
	"yama.ptrace_scope",
	"PR_SET_DUMPABLE",
	"emulator",
	"Use Linux",
	"Use a kernel",
	"lsm=",
	"ulimit",
	"Mount /proc",
	"that profile",
	"WSL",
	"supervisor",
	"no_new_privs",
	"the tracer",
	"OABI",
};

static bool any_has(const char *const words[3], const char *word)
{
	for (int i = 0; i < 3 && words[i]; i++)
		if (strstr(words[i], word))
			return true;
	return false;
}

static void expect_only(const char *remedy, const char *const expected[3], const char *place)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (strstr(remedy, remedies[i]) && !any_has(expected, remedies[i]))
			fail_msg("%s: \"%s\" is another cause's remedy: %s", place, remedies[i],
				 remedy);
}

static void expect_words(const char *text, const char *const words[3], const char *what)
{
	for (int i = 0; i < 3 && words[i]; i++)
		if (!strstr(text, words[i]))
			fail_msg("%s: no \"%s\" in: %s", what, words[i], text);
}

/* --- Looking at the answers --------------------------------------------------------------- */

static void expect_one(struct sbp_probe *p, enum sbp_feature f, const struct expectation *expect,
		       const char *place)
{
	const char *cause = sbp_cause(p, f), *remedy = sbp_remedy(p, f);
	char what[160];

	if (sbp_state(p, f) != expect->state)
		fail_msg("%s: %s is %s and not %s: %s", place, sbp_feature_name(f),
			 sbp_state_name(sbp_state(p, f)), sbp_state_name(expect->state),
			 cause ? cause : "no cause");
	if (expect->state == SBP_AVAILABLE) {
		assert_null(cause);
		assert_null(remedy);
		return;
	}
	assert_non_null(cause);
	assert_non_null(remedy);
	snprintf(what, sizeof(what), "%s: %s", place, sbp_feature_name(f));
	expect_words(cause, expect->cause, what);
	expect_words(remedy, expect->remedy, what);
	expect_only(remedy, expect->remedy, what);
	if (strchr(cause, '{') || strchr(remedy, '{') || strstr(cause, "not known"))
		fail_msg("%s: %s: not filled in: %s %s", place, sbp_feature_name(f), cause, remedy);
}

static const struct expectation everywhere[] = {
	{ SBP_BIT(SUID_HELPER), SBP_ABSENT, { "No helper is installed" }, { "make install" } },
	{ SBP_BIT(ARM_SECCOMP_STRICT) | SBP_BIT(ARM_SECCOMP_FILTER),
	  SBP_INAPPLICABLE,
	  { "no ARM machine" },
	  { "on an ARM machine" } },
	{ ~UINT64_C(0), SBP_AVAILABLE, { NULL }, { NULL } },
};

static const struct expectation *expected(const struct place *place, enum sbp_feature f)
{
	const struct expectation *row;

	for (row = place->expect; row->features; row++)
		if (sbp_in(row->features, f))
			return row;
	for (row = everywhere; !sbp_in(row->features, f); row++)
		;
	return row;
}

/* The answer that is given must be among the evidence, with the call that the cause names. */
static void expect_evidence(struct sbp_probe *p, enum sbp_feature f, const char *place)
{
	if (sbp_state(p, f) == SBP_INAPPLICABLE || sbp_evidence(p, f, 0))
		return;
	fail_msg("%s: %s has no evidence", place, sbp_feature_name(f));
}

static bool kills_by_sigsys(const struct place *place)
{
	for (const struct reply *reply = place->replies; reply->pattern; reply++)
		if (reply->result == SBP_FAKE_KILL(SIGSYS))
			return true;
	return false;
}

static void is_diagnosed(void **state)
{
	const struct place *place = *state;
	struct machine m;
	struct sbp_probe *p;

	if (under_valgrind() && kills_by_sigsys(place)) {
		puts("# under valgrind no process dies of SIGSYS");
		skip();
	}
	machine_begin(&m, place->release);
	machine_put_status(&m, &place->status);
	m.privileged = place->privileged;
	m.replies = place->replies;
	for (const struct file *file = place->files; file->path; file++)
		machine_put(&m, file->path, file->text);
	p = machine_run(&m, SBP_FULL);
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		expect_one(p, f, expected(place, f), place->name);
		expect_evidence(p, f, place->name);
	}
	machine_end(&m);
}

/* One of the causes quotes the limit: have one, whoever runs this. */
static void limit_processes(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NPROC, &limit) && limit.rlim_cur == RLIM_INFINITY) {
		limit.rlim_cur = 1000000;
		setrlimit(RLIMIT_NPROC, &limit);
	}
}

int main(void)
{
	enum { PLACES = sizeof(places) / sizeof(*places) };
	const size_t stride = under_valgrind() ? 4 : 1; /* a second each: for memory some will do */
	struct CMUnitTest tests[PLACES];
	size_t count = 0;

	limit_processes();
	for (size_t i = 0; i < PLACES; i += stride)
		tests[count++] = (struct CMUnitTest){ places[i].name, is_diagnosed, NULL, NULL,
						      (void *)&places[i] };
	return _cmocka_run_group_tests("diagnose", tests, count, NULL, NULL);
}

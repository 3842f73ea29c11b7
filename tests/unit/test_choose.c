// SPDX-License-Identifier: MIT
/*
 * From features to a plan: which kernel gets what, what is told of the strategies that were not taken,
 * and that nothing is offered which is not built or not there.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

/* All that a strategy may need, absent; a row then says what is there. */
#define NOTHING                                                                                                          \
	"user-ns=absent,user-ns-nested-caps=absent,pid-ns=absent,net-ns=absent,"                                         \
	"mount-ns=absent,ipc-ns=absent,uts-ns=absent,chroot-in-user-ns=absent,suid-helper=absent,seccomp-strict=absent," \
	"seccomp-filter=absent,seccomp-tsync=absent,seccomp-syscall=absent,no-new-privs=absent,"
#define HELPER	 "suid-helper=available,"
#define STRICT	 "seccomp-strict=available,"
#define FILTER	 "seccomp-filter=available,no-new-privs=available,"
#define TSYNC	 "seccomp-syscall=available,seccomp-tsync=available,"
#define UNSHARED "user-ns=available,user-ns-nested-caps=available,chroot-in-user-ns=available,"
#define SPACES	 "pid-ns=available,net-ns=available,mount-ns=available,"

#if defined(__x86_64__) && !defined(__ILP32__)
#define THREAD	     "trusted-thread", "each"
#define THREAD_LEVEL 2
#else
#define THREAD	     "none", NULL
#define THREAD_LEVEL 1
#endif

static const struct kernel {
	const char *name, *features, *isolation, *syscalls, *threads;
	int level;
} kernels[] = {
	{ "2.6.29, 3.0, 3.4 as released, with the helper", NOTHING HELPER STRICT, "suid", THREAD,
	  THREAD_LEVEL },
	{ "the same with our patches", NOTHING HELPER STRICT FILTER TSYNC, "suid", "bpf", "tsync", 3 },
	{ "3.5 to 3.7", NOTHING HELPER STRICT FILTER, "suid", "bpf", "broadcast", 2 },
	{ "3.8 to 3.16", NOTHING STRICT FILTER UNSHARED SPACES, "clone", "bpf", "broadcast", 2 },
	{ "3.8 to 3.16 with the helper", NOTHING HELPER STRICT FILTER UNSHARED SPACES, "clone",
	  "bpf", "broadcast", 2 },
	{ "3.17 and later", NOTHING STRICT FILTER TSYNC UNSHARED SPACES, "clone", "bpf", "tsync", 3 },
	{ "the same, no user namespaces, with the helper",
	  NOTHING HELPER STRICT FILTER TSYNC SPACES, "suid", "bpf", "tsync", 3 },
	{ "the same, no user namespaces, no helper", NOTHING STRICT FILTER TSYNC SPACES, "none",
	  "bpf", "tsync", 1 },
	{ "ARM before our patches, below 3.10", NOTHING HELPER, "suid", "none", NULL, 1 },
	{ "nothing at all", NOTHING, "none", "none", NULL, 0 },
	/* each need of a strategy by itself */
	{ "clone without PID namespaces", NOTHING FILTER TSYNC UNSHARED "net-ns=available", "none",
	  "bpf", "tsync", 1 },
	{ "clone without network namespaces", NOTHING FILTER TSYNC UNSHARED "pid-ns=available",
	  "none", "bpf", "tsync", 1 },
	{ "clone without chroot", NOTHING FILTER TSYNC UNSHARED SPACES "chroot-in-user-ns=blocked",
	  "none", "bpf", "tsync", 1 },
	{ "filters without no_new_privs",
	  NOTHING UNSHARED SPACES FILTER TSYNC "no-new-privs=absent", "clone", "none", NULL, 1 },
	{ "what could not be asked is no yes",
	  NOTHING UNSHARED SPACES FILTER TSYNC "user-ns=unknown", "none", "bpf", "tsync", 1 },
	{ "what is blocked is no yes", NOTHING UNSHARED SPACES FILTER "seccomp-tsync=blocked",
	  "clone", "bpf", "broadcast", 2 },
};

static struct sbp_plan *choose(struct sbp_probe **p, const char *features, enum sbp_choice choice)
{
	struct sbp_plan *plan;

	assert_int_equal(sbp_probe_new(p), 0);
	assert_int_equal(sbp_probe_set_assume(*p, features), 0);
	assert_int_equal(sbp_probe_run(*p, SBP_QUICK), 0);
	assert_int_equal(sbp_choose(*p, choice, &plan), 0);
	return plan;
}

static void expect_text(const char *got, const char *wanted)
{
	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
}

static void gets_its_plan(void **state)
{
	const struct kernel *kernel = *state;
	struct sbp_probe *p;
	struct sbp_plan *plan = choose(&p, kernel->features, SBP_CONCEIVABLE);

	expect_text(sbp_plan_isolation(plan), kernel->isolation);
	expect_text(sbp_plan_syscalls(plan), kernel->syscalls);
	expect_text(sbp_plan_threads(plan), kernel->threads);
	assert_int_equal(sbp_plan_level(plan), kernel->level);
	assert_null(sbp_plan_unref(plan));
	sbp_probe_unref(p);
}

static const struct sbp_rejected *rejected(const struct sbp_plan *plan, const char *strategy)
{
	const struct sbp_rejected *row;

	for (size_t i = 0; (row = sbp_plan_rejected(plan, i)); i++)
		if (!strcmp(row->strategy, strategy))
			return row;
	return NULL;
}

static void a_rejection_names_what_is_missing(void **state)
{
	struct sbp_probe *p;
	struct sbp_plan *plan = choose(&p, NOTHING STRICT FILTER "pid-ns=available", SBP_CONCEIVABLE);
	const struct sbp_rejected *clone = rejected(plan, "clone");

	(void)state;
	assert_non_null(clone);
	assert_int_equal(clone->missing[0], SBP_FEATURE_USER_NS);
	assert_int_equal(clone->missing[1], SBP_FEATURE_NET_NS);
	assert_int_equal(clone->missing[2], SBP_FEATURE_CHROOT_IN_USER_NS);
	assert_int_equal(clone->missing[3], 0);
	assert_string_equal(clone->because, sbp_cause(p, SBP_FEATURE_USER_NS));
	assert_int_equal(rejected(plan, "suid")->missing[0], SBP_FEATURE_SUID_HELPER);
	assert_int_equal(rejected(plan, "bpf")->missing[0], SBP_FEATURE_SECCOMP_TSYNC);
#if defined(__x86_64__) && !defined(__ILP32__)
	assert_int_equal(rejected(plan, "trusted-thread")->missing[0], 0);
	assert_non_null(strstr(rejected(plan, "trusted-thread")->because, "was taken"));
#endif
	sbp_plan_unref(plan);
	sbp_probe_unref(p);
}

/* --- As root ------------------------------------------------------------------------------------ */

#define FULL  "ffffffffffffffff"
#define ROOTS NOTHING FILTER TSYNC SPACES "ipc-ns=available,uts-ns=available,"

/* What root may without a user namespace, each need of it missing once; and what others get there. */
static void root_needs_no_user_namespace(void **state)
{
	static const struct {
		const char *uid, *capabilities, *features, *isolation;
		bool needs_root;
	} rows[] = {
		{ "0", FULL, ROOTS, "clone", true },
		{ "1000", FULL, ROOTS, "none", false },
		{ NULL, FULL, ROOTS, "none", false },
		{ "0", FULL, ROOTS UNSHARED, "clone", false },
		{ "0", FULL, ROOTS "chroot-in-user-ns=blocked", "clone", true },
		{ "0", FULL, ROOTS "pid-ns=blocked", "none", false },
		{ "0", FULL, ROOTS "net-ns=absent", "none", false },
		{ "0", FULL, ROOTS "mount-ns=blocked", "none", false },
		{ "0", FULL, ROOTS "ipc-ns=absent", "none", false },
		{ "0", FULL, ROOTS "uts-ns=unknown", "none", false },
		{ "0", FULL, ROOTS "no-new-privs=absent", "none", false },
		/* CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_NET_ADMIN and CAP_SETPCAP; and each of them missing */
		{ "0", "0000000000241100", ROOTS, "clone", true },
		{ "0", "ffffffffffdfffff", ROOTS, "none", false },
		{ "0", "fffffffffffbffff", ROOTS, "none", false },
		{ "0", "ffffffffffffefff", ROOTS, "none", false },
		{ "0", "fffffffffffffeff", ROOTS, "none", false },
		{ "0", NULL, ROOTS, "none", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sbp_plan *plan;
		struct sbp_probe *p;

		assert_int_equal(sbp_probe_new(&p), 0);
		assert_int_equal(sbp_probe_set_assume(p, rows[i].features), 0);
		assert_int_equal(sbp_probe_run(p, SBP_QUICK), 0);
		p->area->fact_count = 0; /* those of this process */
		if (rows[i].uid)
			sbp_add_fact(p, "process.euid", "test", "%s", rows[i].uid);
		if (rows[i].capabilities)
			sbp_add_fact(p, "process.capabilities", "test", "%s", rows[i].capabilities);
		assert_int_equal(sbp_choose(p, SBP_BUILT, &plan), 0);
		assert_string_equal(sbp_plan_isolation(plan), rows[i].isolation);
		assert_int_equal(sbp_plan_needs_root(plan), rows[i].needs_root);
		assert_int_equal(!rejected(plan, "clone"), !strcmp(rows[i].isolation, "clone"));
		sbp_plan_unref(plan);
		sbp_probe_unref(p);
	}
}

/* A mount namespace may be had and mount(2) be forbidden, by a security module; or "/" be no mount. */
static void root_that_can_not_mount_gets_none(void **state)
{
	static const struct reply forbidden[] = { { "clone(CLONE_NEWUSER*", -EINVAL },
						  { "mount(*", -EACCES },
						  { 0 } };
	static const struct reply chrooted[] = { { "clone(CLONE_NEWUSER*", -EINVAL },
						 { "mount(\"none\"*", -EINVAL },
						 { 0 } };
	static const struct reply permitted[] = { { "clone(CLONE_NEWUSER*", -EINVAL }, { 0 } };
	static const struct {
		const struct reply *replies;
		const char *isolation;
	} rows[] = { { forbidden, "none" }, { chrooted, "none" }, { permitted, "clone" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sbp_plan *plan;
		struct sbp_probe *p;
		struct machine m;

		machine_begin(&m, "6.1.0");
		m.privileged = true;
		m.replies = rows[i].replies;
		p = machine_run(&m, SBP_FULL);
		p->area->fact_count = 0; /* who runs this is not the machine's */
		sbp_add_fact(p, "process.euid", "test", "0");
		sbp_add_fact(p, "process.capabilities", "test", FULL);
		assert_int_equal(sbp_choose(p, SBP_BUILT, &plan), 0);
		assert_string_equal(sbp_plan_isolation(plan), rows[i].isolation);
		sbp_plan_unref(plan);
		machine_end(&m);
	}
}

/* Every strategy is either taken or rejected, with a reason. */
static void nothing_is_lost(void **state)
{
	size_t rows = 0, strategies = 0;
	struct sbp_probe *p;
	struct sbp_plan *plan =
		choose(&p, NOTHING STRICT FILTER TSYNC UNSHARED SPACES, SBP_CONCEIVABLE);
	const struct sbp_rejected *row;

	(void)state;
	for (size_t i = 0; (row = sbp_plan_rejected(plan, i)); i++, rows++)
		assert_true(strlen(row->because) > 10);
#define SBP_STRATEGY(...) strategies++;
#include "strategies.def"
#undef SBP_STRATEGY
	assert_int_equal(rows + 2, strategies); /* two were taken */
	sbp_plan_unref(plan);
	sbp_probe_unref(p);
}

/* What is not built yet is not offered, however much the kernel has. */
static void only_what_is_built_is_offered(void **state)
{
	static const struct {
		const char *name;
		bool built;
	} strategies[] = {
#define SBP_STRATEGY(name, layer, threads, strength, built, ...) { name, built },
#include "strategies.def"
#undef SBP_STRATEGY
	};
	struct sbp_probe *p;
	struct sbp_plan *plan =
		choose(&p, NOTHING HELPER STRICT FILTER TSYNC UNSHARED SPACES, SBP_BUILT);

	(void)state;
	for (size_t i = 0; i < sizeof(strategies) / sizeof(*strategies); i++) {
		const char *name = strategies[i].name;
		bool taken = !strcmp(sbp_plan_isolation(plan), name) ||
			     !strcmp(sbp_plan_syscalls(plan), name);

		if (taken && !strategies[i].built && strcmp(name, "bpf"))
			fail_msg("%s is offered and not built", name);
		if (!strategies[i].built && strcmp(name, "bpf"))
			assert_non_null(strstr(rejected(plan, name)->because, "can't carry it out"));
	}
	sbp_plan_unref(plan);
	sbp_probe_unref(p);
}

enum { KERNELS = sizeof(kernels) / sizeof(*kernels), OTHERS = 5 };

int main(void)
{
	struct CMUnitTest tests[KERNELS + OTHERS] = {
		cmocka_unit_test(a_rejection_names_what_is_missing),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(root_needs_no_user_namespace),
		cmocka_unit_test(root_that_can_not_mount_gets_none),
		cmocka_unit_test(only_what_is_built_is_offered),
	};

	for (size_t i = 0; i < KERNELS; i++)
		tests[OTHERS + i] = (struct CMUnitTest){ kernels[i].name, gets_its_plan, NULL, NULL,
							 (void *)&kernels[i] };
	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * The table of features as the public functions show it: names, order, and nothing behind its ends.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "probe.h"

/* Names and numbers are a contract: other people's scripts and binaries rely on them. */
static const struct {
	enum sbp_feature feature;
	const char *name;
} contract[] = {
	{ 1, "seccomp-strict" },
	{ 2, "seccomp-filter" },
	{ 3, "seccomp-syscall" },
	{ 4, "seccomp-tsync" },
	{ 5, "seccomp-tsync-esrch" },
	{ 6, "seccomp-log" },
	{ 7, "seccomp-kill-process" },
	{ 8, "seccomp-spec-allow" },
	{ 9, "seccomp-user-notif" },
	{ 10, "seccomp-wait-killable" },
	{ 11, "no-new-privs" },
	{ 12, "user-ns" },
	{ 13, "user-ns-nested-caps" },
	{ 14, "pid-ns" },
	{ 15, "net-ns" },
	{ 16, "ipc-ns" },
	{ 17, "uts-ns" },
	{ 18, "mount-ns" },
	{ 19, "cgroup-ns" },
	{ 20, "time-ns" },
	{ 21, "chroot-in-user-ns" },
	{ 22, "suid-helper" },
	{ 23, "ptrace-child" },
	{ 24, "ptrace-any" },
	{ 25, "dumpable" },
	{ 26, "pidfd" },
	{ 27, "clone3" },
	{ 28, "landlock" },
	{ 29, "arm-seccomp-strict" },
	{ 30, "arm-seccomp-filter" },
};

enum { CONTRACT = sizeof(contract) / sizeof(*contract) };

static void names_and_numbers_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONTRACT; i++) {
		assert_non_null(sbp_feature_name(contract[i].feature));
		assert_string_equal(sbp_feature_name(contract[i].feature), contract[i].name);
		assert_int_equal(sbp_feature_by_name(contract[i].name), contract[i].feature);
	}
}

static void the_walk_meets_each_feature_once(void **state)
{
	sbp_set seen = 0;
	size_t count = 0;

	(void)state;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f), count++) {
		assert_false(sbp_in(seen, f));
		seen |= UINT64_C(1) << f;
	}
	assert_true(count >= CONTRACT);
	assert_int_equal(count, SBP_FEATURE_LIMIT - 1);
}

static void each_row_is_whole(void **state)
{
	(void)state;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		const char *kconfig = sbp_feature_kconfig(f);

		assert_true(strlen(sbp_feature_summary(f)) > 10);
		assert_int_equal(strspn(sbp_feature_since(f), "0123456789."),
				 strlen(sbp_feature_since(f)));
		assert_int_equal(strspn(kconfig, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ "),
				 strlen(kconfig));
		assert_null(strstr(kconfig, "CONFIG_"));
		assert_non_null(sbp_rows[f].asker);
	}
}

static void what_is_no_feature_has_no_words(void **state)
{
	static const int none[] = { 0, -1, SBP_FEATURE_LIMIT, 64, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_null(sbp_feature_name(none[i]));
		assert_null(sbp_feature_summary(none[i]));
		assert_null(sbp_feature_since(none[i]));
		assert_null(sbp_feature_kconfig(none[i]));
	}
	assert_int_equal(sbp_feature_next((enum sbp_feature)SBP_FEATURE_LIMIT), 0);
	assert_int_equal(sbp_feature_next(-1), 0);
	assert_int_equal(sbp_feature_by_name(""), 0);
	assert_int_equal(sbp_feature_by_name("user-n"), 0);
	assert_int_equal(sbp_feature_by_name("user-nss"), 0);
	assert_int_equal(sbp_feature_by_name("USER-NS"), 0);
}

static void states_and_errors_have_names(void **state)
{
	static const char *const names[] = { "unknown", "available",	"blocked",
					     "absent",	"inapplicable", NULL };

	(void)state;
	for (int i = 0; names[i]; i++)
		assert_string_equal(sbp_state_name(i), names[i]);
	assert_null(sbp_state_name(5));
	assert_null(sbp_state_name(-1));
	assert_string_equal(sbp_errno_name(EPERM), "EPERM");
	assert_string_equal(sbp_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(sbp_errno_name(EUSERS), "EUSERS");
	assert_null(sbp_errno_name(0));
	assert_string_equal(sbp_errno_name(4095), "E?");
	assert_string_equal(sbp_level_name(SBP_LEVEL_NONE), "none");
	assert_string_equal(sbp_level_name(SBP_LEVEL_FULL), "full");
	assert_null(sbp_level_name(4));
	assert_null(sbp_level_name(-1));
	assert_true(strlen(sbp_version()) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_stay),
		cmocka_unit_test(the_walk_meets_each_feature_once),
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(what_is_no_feature_has_no_words),
		cmocka_unit_test(states_and_errors_have_names),
	};

	return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}

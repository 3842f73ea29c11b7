// SPDX-License-Identifier: MIT
/*
 * Facts about machine and process out of files: what is read, what is made of it, and what is not,
 * when files are missing, cut off, huge or full of garbage.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine.h"

/* --- One file, one fact ------------------------------------------------------------------- */

static const struct row {
	const char *name, *path, *text, *fact, *value; /* value NULL: the fact must not be there */
} rows[] = {
	{ "release", "/proc/sys/kernel/osrelease", "5.4.0-x\n", "kernel.release", "5.4.0-x" },
	{ "sysctl", "/proc/sys/kernel/unprivileged_userns_clone", "1\n",
	  "kernel.unprivileged_userns_clone", "1" },
	{ "AppArmor's sysctl", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
	  "kernel.apparmor_restrict_unprivileged_userns", "1" },
	{ "limit of namespaces", "/proc/sys/user/max_user_namespaces", "7\n",
	  "user.max_user_namespaces", "7" },
	{ "module parameter", "/sys/module/user_namespace/parameters/enable", "Y\n",
	  "module.user_namespace.enable", "Y" },
	{ "security modules", "/sys/kernel/security/lsm", "capability,landlock", "security.modules",
	  "capability,landlock" },
	{ "label", "/proc/self/attr/current", "firefox (enforce)\n", "process.label",
	  "firefox (enforce)" },
	{ "label with a NUL", "/proc/self/attr/current", "kernel\n", "process.label", "kernel" },
	{ "garbage in a sysctl", "/proc/sys/kernel/yama/ptrace_scope", "\x01\xff{call}\t%n\n",
	  "kernel.yama.ptrace_scope", "??{call} %n" },
	{ "an empty sysctl", "/proc/sys/kernel/yama/ptrace_scope", "", "kernel.yama.ptrace_scope",
	  NULL },
	{ "a sysctl that is not there", "/proc/sys/kernel/yama", NULL, "kernel.yama.ptrace_scope",
	  NULL },
	{ "a link to nowhere", "/proc/sys/kernel/yama/ptrace_scope", "-> /nowhere/at/all",
	  "kernel.yama.ptrace_scope", NULL },
	{ "the first user namespace", "/proc/self/uid_map", "         0          0 4294967295\n",
	  "process.user_namespace", "initial" },
	{ "a container's user namespace", "/proc/self/uid_map", "0 100000 65536\n",
	  "process.user_namespace", "nested, 65536 ids mapped from 100000" },
	{ "a namespace of one id", "/proc/self/uid_map", "1000 1000 1\n", "process.user_namespace",
	  "nested, 1 ids mapped from 1000" },
	{ "nothing mapped", "/proc/self/uid_map", "", "process.user_namespace",
	  "nested, nothing mapped" },
	{ "garbage in the map", "/proc/self/uid_map", "x y z\n", "process.user_namespace",
	  "nested, nothing mapped" },
	{ "no map", "/proc/self/uid_map", NULL, "process.user_namespace", NULL },
	{ "namespaces that are listed", "/proc/self/ns/time", NULL, "kernel.namespaces",
	  "user pid net ipc uts mnt cgroup" },
	{ "namespaces, none listed", "/proc/self/ns", NULL, "kernel.namespaces", "none" },
	{ "no /proc: nothing is said of namespaces", "/proc/self", NULL, "kernel.namespaces", NULL },
	{ "root is a mount", "/proc/self/mountinfo",
	  "1 1 8:1 / /x rw\n21 1 8:1 /a / rw - ext4 a rw\n", "process.chroot", "no" },
	{ "root is no mount", "/proc/self/mountinfo", "1 1 8:1 / /x rw\n2 1 8:1 / /proc rw\n",
	  "process.chroot", "yes" },
	{ "no mounts at all", "/proc/self/mountinfo", "", "process.chroot", NULL },
	{ "mountinfo that is cut off", "/proc/self/mountinfo", "1 1 8:1 /", "process.chroot", "yes" },
	{ "no mountinfo", "/proc/self/mountinfo", NULL, "process.chroot", NULL },
	{ "docker", "/.dockerenv", "", "process.container", "docker" },
	{ "podman", "/run/.containerenv", "", "process.container", "podman" },
	{ "flatpak", "/.flatpak-info", "", "process.container", "flatpak" },
	{ "OpenVZ", "/proc/user_beancounters", "", "process.container", "OpenVZ" },
	{ "no container", "/x", NULL, "process.container", NULL },
	{ "qemu-user", "/proc/self/exe", "-> /usr/bin/qemu-aarch64", "process.emulator", "qemu-user" },
	{ "valgrind", "/proc/self/exe", "-> /usr/libexec/valgrind/drd-x86", "process.emulator",
	  "valgrind" },
	{ "a program with qemu in its folder", "/proc/self/exe", "-> /opt/qemu-x/program",
	  "process.emulator", NULL },
	{ "no /proc/self/exe", "/proc/self/exe", NULL, "process.emulator", NULL },
	{ "WSL1", "/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n", "kernel.emulator", "WSL1" },
	{ "WSL2", "/proc/sys/kernel/osrelease", "5.15.1-microsoft-standard-WSL2\n",
	  "kernel.emulator", "WSL2" },
	{ "a kernel by itself", "/x", NULL, "kernel.emulator", NULL },
};

static void is_read(void **state)
{
	/* some facts are looked for only where there is something to explain */
	static const struct reply a_no[] = { { "clone3(*", -ENOSYS }, { 0 } };
	const struct row *row = *state;
	struct machine m;
	const char *value;

	machine_begin(&m, "6.1.0");
	m.replies = a_no;
	machine_put(&m, row->path, row->text);
	machine_run(&m, SBP_QUICK);
	value = sbp_fact_value(m.probe, row->fact);
	if (row->value) {
		assert_non_null(value);
		assert_string_equal(value, row->value);
	} else {
		assert_null(value);
	}
	machine_end(&m);
}

/* --- How much is looked at ---------------------------------------------------------------- */

/* Only what a no takes to be explained, unless a report is to be written. */
static void what_explains_nothing_is_left_to_reports(void **state)
{
	static const char name[] = "kernel.yama.ptrace_scope";
	static const struct reply a_no[] = { { "clone3(*", -ENOSYS }, { 0 } };
	static const struct reply no_room[] = { { "clone(*", -EAGAIN }, { 0 } };
	static const struct {
		enum sbp_depth depth;
		const struct reply *replies;
		bool found;
	} rows[] = {
		{ SBP_QUICK, NULL, false },    { SBP_FULL, NULL, false },
		{ SBP_REPORT, NULL, true },    { SBP_QUICK, a_no, true },
		{ SBP_FULL, a_no, true },      { SBP_REPORT, a_no, true },
		{ SBP_QUICK, no_room, false }, { SBP_FULL, no_room, true },
	};
	struct machine m;

	(void)state;
	machine_begin(&m, "6.1.0");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		m.replies = rows[i].replies;
		machine_run(&m, rows[i].depth);
		if (!sbp_fact_value(m.probe, name) == rows[i].found)
			fail_msg("row %zu", i);
		/* what every question needs to know is always there */
		assert_non_null(sbp_fact_value(m.probe, "process.seccomp_mode"));
	}
	machine_end(&m);
}

/* --- Places that hold more than they should ----------------------------------------------- */

static void huge_and_odd_files_do_no_harm(void **state)
{
	static const char *const paths[] = {
		"/proc/self/status",
		"/proc/self/uid_map",
		"/proc/self/mountinfo",
		"/proc/sys/kernel/osrelease",
		"/proc/sys/kernel/version",
		"/proc/self/attr/current",
		"/proc/sys/kernel/yama/ptrace_scope",
	};
	static char text[64 << 10];
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = " :9a\n\t/-\x80\xff"[(i * 7 + i / 13) % 10];
	machine_begin(&m, "6.1.0");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		machine_put(&m, paths[i], text);
		machine_run(&m, SBP_REPORT);
	}
	machine_put(&m, "/proc/sys/kernel/yama/ptrace_scope", NULL);
	machine_put(&m, "/proc/sys/kernel/yama/ptrace_scope/folder", "");
	machine_put(&m, "/proc/self/status", NULL);
	machine_run(&m, SBP_REPORT);
	assert_null(sbp_fact_value(m.probe, "kernel.yama.ptrace_scope"));
	machine_end(&m);
}

/* A FIFO that nobody writes to must not hold the reader. */
static void a_fifo_is_not_waited_for(void **state)
{
	struct machine m;
	char path[160];

	(void)state;
	machine_begin(&m, "6.1.0");
	machine_put(&m, "/proc/sys/kernel/yama/ptrace_scope", NULL);
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/yama/ptrace_scope", m.root);
	assert_int_equal(mkfifo(path, 0644), 0);
	alarm(60);
	machine_run(&m, SBP_REPORT);
	alarm(0);
	assert_null(sbp_fact_value(m.probe, "kernel.yama.ptrace_scope"));
	machine_end(&m);
}

/* --- /proc/PID/status --------------------------------------------------------------------- */

static void status_is_parsed_by_whole_keys(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	sbp_parse_status(p, "Name:\tSeccomp:\t2\nXSeccomp:\t2\nSeccomp_filters:\t3\nSeccomp",
			 "a test");
	assert_null(sbp_fact_value(p, "process.seccomp_mode"));
	assert_string_equal(sbp_fact_value(p, "process.filters"), "3");
	sbp_parse_status(p, "\n\n:\n::\nSeccomp:\nTracerPid:\t 12 \nCapEff:\t0000000000200000\n",
			 "a test");
	assert_string_equal(sbp_fact_value(p, "process.tracer_pid"), "12");
	assert_true(sbp_has_capability(p, 21));
	assert_false(sbp_has_capability(p, 20));
	assert_false(sbp_has_capability(p, 22));
	sbp_probe_unref(p);
}

/* --- Releases ----------------------------------------------------------------------------- */

static const struct {
	const char *release, *version;
	bool at_least;
} comparisons[] = {
	{ "5.16.0", "5.16", true },    { "5.15.99", "5.16", false },
	{ "5.4", "5.16", false },      { "6.1.0-13-amd64", "5.16", true },
	{ "10.0", "9.9", true },       { "2.6.29", "2.6.29", true },
	{ "2.6.28", "2.6.29", false }, { "2.6.29.6-x", "2.6.29", true },
	{ "3.0", "2.6.29", true },     { "3.8", "3.8", true },
	{ "3.8-rc1", "3.8", true },    { "3.10", "3.8", true },
	{ "", "2.6", false },	       { "garbage", "2.6", false },
	{ "6", "5.3", true },	       { "99999999999999999999.1", "5.3", true },
	{ "5.", "5.3", false },
};

static void releases_compare_as_numbers(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(*comparisons); i++) {
		snprintf(p->release, sizeof(p->release), "%s", comparisons[i].release);
		if (sbp_release_at_least(p, comparisons[i].version) != comparisons[i].at_least)
			fail_msg("%s at least %s", comparisons[i].release, comparisons[i].version);
	}
	sbp_probe_unref(p);
}

/* --- The setuid helper, with real files --------------------------------------------------- */

/* Its answer, for a file of that owner and mode; mode 0 for none. */
static void ask_helper(struct machine *m, unsigned int uid, unsigned int mode,
		       const char *no_new_privs)
{
	const enum sbp_feature features[] = { SBP_FEATURE_SUID_HELPER, 0 };
	char path[512];

	sbp_probe_unref(m->probe);
	assert_int_equal(sbp_probe_new(&m->probe), 0);
	assert_int_equal(sbp_probe_set_root(m->probe, m->root), 0);
	assert_true(sbp_path(m->probe, path, sizeof(path), sbp_helper_path()));
	machine_put_status(m, &(struct status){ "0", "0", no_new_privs, "0" });
	machine_put(m, sbp_helper_path(), mode ? "#!" : NULL);
	if (mode) {
		assert_int_equal(chown(path, uid, (gid_t)-1), 0);
		assert_int_equal(chmod(path, mode), 0);
	}
	assert_int_equal(sbp_probe_run_some(m->probe, SBP_QUICK, features), 0);
}

static void expect_helper(struct machine *m, enum sbp_state state, const char *cause,
			  const char *remedy)
{
	const char *said = sbp_cause(m->probe, SBP_FEATURE_SUID_HELPER);

	assert_int_equal(sbp_state(m->probe, SBP_FEATURE_SUID_HELPER), state);
	if (!cause) {
		assert_null(said);
		return;
	}
	if (!strstr(said, cause))
		fail_msg("no \"%s\" in: %s", cause, said);
	if (!strstr(sbp_remedy(m->probe, SBP_FEATURE_SUID_HELPER), remedy))
		fail_msg("no \"%s\" in: %s", remedy, sbp_remedy(m->probe, SBP_FEATURE_SUID_HELPER));
}

static void the_helper_is_judged_before_it_is_tried(void **state)
{
	struct machine m;

	(void)state;
	machine_begin(&m, "6.1.0");
	ask_helper(&m, 0, 0, "0");
	expect_helper(&m, SBP_ABSENT, "No helper is installed", "make install");
	if (geteuid()) {
		machine_end(&m);
		puts("# files of root's take root to make");
		skip();
	}
	ask_helper(&m, 1000, 04755, "0");
	expect_helper(&m, SBP_BLOCKED, "belongs to uid 1000", "chown root:root");
	ask_helper(&m, 0, 0755, "0");
	expect_helper(&m, SBP_BLOCKED, "has mode 0755", "chmod 4755");
	ask_helper(&m, 0, 04750, "0");
	expect_helper(&m, SBP_BLOCKED, "has mode 4750", "chmod 4755");
	ask_helper(&m, 0, 04775, "0");
	expect_helper(&m, SBP_BLOCKED, "others than root can change it", "chmod 4755");
	machine_put(&m, sbp_helper_path(), NULL);
	ask_helper(&m, 0, 04755, "1");
	expect_helper(&m, SBP_BLOCKED, "no_new_privs", "NoNewPrivileges=no");
	machine_end(&m);
}

enum { ROWS = sizeof(rows) / sizeof(*rows), OTHERS = 6 };

int main(void)
{
	struct CMUnitTest tests[ROWS + OTHERS] = {
		cmocka_unit_test(what_explains_nothing_is_left_to_reports),
		cmocka_unit_test(huge_and_odd_files_do_no_harm),
		cmocka_unit_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(status_is_parsed_by_whole_keys),
		cmocka_unit_test(releases_compare_as_numbers),
		cmocka_unit_test(the_helper_is_judged_before_it_is_tried),
	};

	for (size_t i = 0; i < ROWS; i++)
		tests[OTHERS + i] =
			(struct CMUnitTest){ rows[i].name, is_read, NULL, NULL, (void *)&rows[i] };
	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}

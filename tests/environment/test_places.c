// SPDX-License-Identifier: MIT
/*
 * Places to ask from, made for real: chroot, no /proc, masked and hidden files, closed descriptors,
 * limits, namespaces in namespaces, privileges that were given up. The right thing is named, what
 * can't be asked is unknown with its reason, and all the rest is as on the machine itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "stage.h"

#define FILTERS (SBP_BIT(SECCOMP_FILTER) | SBP_BIT(SECCOMP_TSYNC) | SBP_BIT(SECCOMP_SYSCALL))
#define OTHER_NS \
	(SBP_BIT(PID_NS) | SBP_BIT(NET_NS) | SBP_BIT(IPC_NS) | SBP_BIT(UTS_NS) | SBP_BIT(MOUNT_NS))
#define HELPER SBP_BIT(SUID_HELPER)

static bool here(sbp_set feature)
{
	const struct answers *as_is = stage_as_is();

	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(feature, f))
			return as_is->told[f].state == SBP_AVAILABLE;
	return false;
}

/* Most causes hide behind a user namespace that the machine does not have anyway. */
static void need(sbp_set feature, const char *what)
{
	if (here(feature))
		return;
	printf("# this machine gives no %s to whoever asks\n", what);
	skip();
}

static void need_root(void)
{
	if (!geteuid())
		return;
	puts("# takes root to make");
	skip();
}

static char folder[64];

static void make_folder(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/sbp-place-XXXXXX",
		 parent && strlen(parent) < 30 ? parent : "/tmp");
	if (mkdtemp(folder) && !chmod(folder, 0755))
		return;
	printf("# no folder can be made: %s\n", strerror(errno));
	skip();
}

static int remove_folder(void **state)
{
	(void)state;
	rmdir(folder);
	return 0;
}

/* --- chroot ------------------------------------------------------------------------------- */

static bool enter_chroot(const struct stage *stage)
{
	if (geteuid() && !enter_user_namespace())
		return false;
	if (chroot(folder) || chdir("/"))
		return stage_skip("can't chroot: %s", strerror(errno));
	return !stage->data || become_somebody();
}

static void a_chroot_is_named(void **state)
{
	const struct stage as_root = { .enter = enter_chroot };
	const struct stage as_somebody = { .enter = enter_chroot, .data = "as somebody" };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	make_folder();
	answers = stage_run(&as_root);
	assert_string_equal(stage_fact(answers, "process.chroot"), "yes");
	expect_state(answers, USER_NS_ALONE, SBP_BLOCKED, "chroot", "pivot_root");
	expect_as_is(answers, FILTERS | SBP_BIT(SECCOMP_STRICT) | SBP_BIT(LANDLOCK));
	if (geteuid())
		return;
	expect_as_is(answers, OTHER_NS); /* root has them without a user namespace */
	answers = stage_run(&as_somebody);
	expect_state(answers, USER_NS_ALONE | OTHER_NS, SBP_BLOCKED, "chroot", "pivot_root");
	expect_as_is(answers, FILTERS);
}

/* --- /proc -------------------------------------------------------------------------------- */

static bool enter_without_proc(const struct stage *stage)
{
	(void)stage;
	if (!become_root_with_mounts())
		return false;
	if (mount("nothing", "/proc", "tmpfs", MS_RDONLY, ""))
		return stage_skip("can't cover /proc: %s", strerror(errno));
	return true;
}

static void without_proc_the_rest_is_asked(void **state)
{
	const struct stage stage = { .enter = enter_without_proc };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	answers = stage_run(&stage);
	expect_state(answers, USER_NS_ALONE, SBP_UNKNOWN, "/proc is not mounted", "Mount /proc");
	expect_nothing_absent(answers);
	expect_as_is(answers, BY_SECCOMP | FILTERS | SBP_BIT(SECCOMP_STRICT) | SBP_BIT(NO_NEW_PRIVS) |
				      SBP_BIT(PTRACE_ANY) | SBP_BIT(PIDFD) | SBP_BIT(CLONE3));
	assert_string_equal(stage_fact(answers, "process.seccomp_mode"), "0");
	assert_string_equal(stage_fact(answers, "process.chroot"), "no");
}

static bool enter_masked_proc(const struct stage *stage)
{
	static const char *const files[] = { "/proc/self/status", "/proc/self/mountinfo",
					     "/proc/sys/kernel/osrelease" };

	(void)stage;
	if (!become_root_with_mounts())
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (mount("/dev/null", files[i], NULL, MS_BIND, NULL))
			return stage_skip("can't mask %s: %s", files[i], strerror(errno));
	return true;
}

static void masked_files_change_no_answer(void **state)
{
	const struct stage stage = { .enter = enter_masked_proc };

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	expect_as_is(stage_run(&stage), EVERYTHING & ~HELPER);
}

static bool enter_hidepid(const struct stage *stage)
{
	(void)stage;
	if (!become_root_with_mounts())
		return false;
	if (mount("proc", "/proc", "proc", 0, "hidepid=2"))
		return stage_skip("no proc with hidepid=2: %s", strerror(errno));
	return become_somebody();
}

static void hidepid_changes_no_answer(void **state)
{
	const struct stage stage = { .enter = enter_hidepid };

	(void)state;
	need_root();
	expect_as_is(stage_run(&stage), (EVERYTHING & ~HELPER) | FILTERS);
}

/* --- Descriptors and limits --------------------------------------------------------------- */

static bool close_standard_descriptors(const struct stage *stage)
{
	(void)stage;
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	return true;
}

static void closed_standard_descriptors_change_nothing(void **state)
{
	const struct stage stage = { .enter = close_standard_descriptors };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&stage), EVERYTHING);
}

struct limit {
	int resource;
	rlim_t value;
	bool somebody;
};

static bool enter_limit(const struct stage *stage)
{
	const struct limit *limit = stage->data;
	const struct rlimit both = { limit->value, limit->value };

	if (limit->somebody && !become_somebody())
		return false;
	if (limit->resource == RLIMIT_NOFILE)
		for (int fd = 3; fd < 256; fd++)
			close(fd);
	return !setrlimit(limit->resource, &both) || stage_skip("setrlimit: %s", strerror(errno));
}

static void no_descriptor_left(void **state)
{
	const struct limit limit = { RLIMIT_NOFILE, 3, false };
	const struct stage stage = { .enter = enter_limit, .data = &limit };
	const struct answers *answers;

	(void)state;
	stage_as_is();
	answers = stage_run(&stage);
	expect_nothing_absent(answers);
	expect_as_is(answers, FILTERS | SBP_BIT(SECCOMP_STRICT) | SBP_BIT(PIDFD) | SBP_BIT(CLONE3) |
				      SBP_BIT(PTRACE_CHILD) | SBP_BIT(PTRACE_ANY));
	if (here(SBP_BIT(USER_NS)))
		expect_state(answers, USER_NS_ALONE, SBP_UNKNOWN, "no file descriptor is left",
			     "ulimit -n");
}

static void no_process_left(void **state)
{
	const struct limit limit = { RLIMIT_NPROC, 1, true };
	const struct stage stage = { .enter = enter_limit, .data = &limit };
	const struct answers *answers;

	(void)state;
	stage_as_is();
	answers = stage_run(&stage);
	expect_nothing_absent(answers);
	expect_as_is(answers, BY_SECCOMP | SBP_BIT(SECCOMP_FILTER));
	if (answers->told[SBP_FEATURE_SECCOMP_STRICT].state == SBP_AVAILABLE) {
		puts("# the limit does not bind here");
		skip();
	}
	expect_state(answers, SBP_BIT(SECCOMP_STRICT) | SBP_BIT(PTRACE_ANY) | SBP_BIT(USER_NS),
		     SBP_UNKNOWN, "RLIMIT_NPROC", "ulimit -u");
}

static void little_address_space(void **state)
{
	const struct limit limit = { RLIMIT_AS, 64 << 20, false };
	const struct stage stage = { .enter = enter_limit, .data = &limit };

	(void)state;
	if (stage_fact(stage_as_is(), "process.sanitizer")) {
		puts("# a sanitizer's shadow is larger than the limit");
		skip();
	}
	expect_as_is(stage_run(&stage), EVERYTHING);
}

static bool enter_read_only(const struct stage *stage)
{
	(void)stage;
	if (!become_root_with_mounts())
		return false;
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ||
	    mount("none", "/tmp", "tmpfs", MS_RDONLY, "") || chdir("/tmp"))
		return stage_skip("can't make all read-only: %s", strerror(errno));
	return become_somebody();
}

static void no_writable_folder_is_needed(void **state)
{
	const struct stage stage = { .enter = enter_read_only };

	(void)state;
	need_root();
	expect_as_is(stage_run(&stage), (EVERYTHING & ~HELPER) | FILTERS);
}

/* --- Namespaces in namespaces ------------------------------------------------------------- */

/* Limits count by user namespace: in one of our own nobody else is concerned. */
static bool enter_namespace_limit(const struct stage *stage)
{
	if (!enter_user_namespace())
		return false;
	return write_file(stage->data, "0") ||
	       stage_skip("can't write %s: %s", (const char *)stage->data, strerror(errno));
}

static void a_limit_of_user_namespaces_is_named(void **state)
{
	const struct stage stage = { .enter = enter_namespace_limit,
				     .data = "/proc/sys/user/max_user_namespaces" };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	answers = stage_run(&stage);
	expect_state(answers, USER_NS_ALONE, SBP_BLOCKED, "user.max_user_namespaces",
		     "sysctl -w user.max_user_namespaces=");
	expect_as_is(answers, OTHER_NS | FILTERS);
	assert_non_null(strstr(stage_fact(answers, "process.user_namespace"), "nested, 1 ids"));
}

static void a_limit_of_network_namespaces_is_named(void **state)
{
	const struct stage stage = { .enter = enter_namespace_limit,
				     .data = "/proc/sys/user/max_net_namespaces" };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	answers = stage_run(&stage);
	expect_state(answers, SBP_BIT(NET_NS), SBP_BLOCKED, "user.max_net_namespaces",
		     "sysctl -w user.max_net_namespaces=");
	expect_as_is(answers, USER_NS_ALONE | (OTHER_NS & ~SBP_BIT(NET_NS)));
}

static bool nest_as_deep_as_it_goes(const struct stage *stage)
{
	int depth = 0;

	(void)stage;
	while (depth < 40 && enter_user_namespace())
		depth++;
	stage_answers()->skip[0] = '\0';
	snprintf(stage_answers()->report, sizeof(stage_answers()->report), "%d", depth);
	return depth >= 20 || stage_skip("only %d user namespaces nest", depth);
}

static void too_deep_a_nest_is_no_full_disk(void **state)
{
	const struct stage stage = { .enter = nest_as_deep_as_it_goes };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	answers = stage_run(&stage);
	expect_state(answers, USER_NS_ALONE, SBP_BLOCKED, "depth (32)", "nest fewer");
	expect_as_is(answers, OTHER_NS | FILTERS);
}

/* --- Rights ------------------------------------------------------------------------------- */

static bool enter_as_somebody(const struct stage *stage)
{
	(void)stage;
	return become_somebody();
}

static void an_ordinary_user_gets_the_users_answers(void **state)
{
	const struct stage stage = { .enter = enter_as_somebody };
	const struct answers *answers;

	(void)state;
	need_root();
	answers = stage_run(&stage);
	assert_string_equal(stage_fact(answers, "process.uid"), "1000");
	assert_string_equal(stage_fact(answers, "process.capabilities"), "0000000000000000");
	expect_as_is(answers, BY_SECCOMP | FILTERS | SBP_BIT(SECCOMP_STRICT));
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(OTHER_NS, f))
			assert_int_not_equal(answers->told[f].directly, SBP_AVAILABLE);
}

static bool give_up_dumpable(const struct stage *stage)
{
	(void)stage;
	return become_somebody() && !prctl(PR_SET_DUMPABLE, 0);
}

static void a_process_that_is_not_dumpable(void **state)
{
	const struct stage stage = { .enter = give_up_dumpable };
	const struct answers *answers;

	(void)state;
	need(SBP_BIT(USER_NS), "user namespace");
	answers = stage_run(&stage);
	expect_state(answers, SBP_BIT(DUMPABLE), SBP_BLOCKED, "not dumpable", "PR_SET_DUMPABLE");
	expect_state(answers, USER_NS_ALONE, SBP_BLOCKED, "not dumpable", "PR_SET_DUMPABLE");
	expect_as_is(answers, FILTERS);
}

static bool give_up_new_privileges(const struct stage *stage)
{
	(void)stage;
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || stage_skip("no no_new_privs");
}

static void no_new_privs_hinders_nothing_but_the_helper(void **state)
{
	const struct stage stage = { .enter = give_up_new_privileges };
	const struct answers *answers;

	(void)state;
	stage_as_is();
	answers = stage_run(&stage);
	assert_string_equal(stage_fact(answers, "process.no_new_privs"), "1");
	expect_as_is(answers, EVERYTHING & ~HELPER);
}

/* --- The setuid helper -------------------------------------------------------------------- */

static bool make_helper(mode_t mode)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s%s", folder, sbp_helper_path());
	for (char *at = path + strlen(folder) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	if (fd < 0 || fchmod(fd, mode))
		return stage_skip("can't make %s: %s", path, strerror(errno));
	close(fd);
	return true;
}

static bool enter_helper_on_tmpfs(const struct stage *stage)
{
	const char *options = stage->data;
	unsigned long flags = strstr(options, "nosuid") ? MS_NOSUID : 0;

	if (!become_root_with_mounts())
		return false;
	if (mount("helper", folder, "tmpfs", flags, "mode=755"))
		return stage_skip("no tmpfs: %s", strerror(errno));
	if (strstr(options, "nnp") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return stage_skip("no no_new_privs");
	return make_helper(strstr(options, "0755") ? 0755 : 04755);
}

static const struct answers *ask_helper(const char *options)
{
	const struct stage stage = { .enter = enter_helper_on_tmpfs, .data = options, .root = folder };

	return stage_run(&stage);
}

static void the_helper_is_judged_where_it_lies(void **state)
{
	const struct answers *answers;

	(void)state;
	if (geteuid())
		need(SBP_BIT(MOUNT_NS), "mount namespace");
	make_folder();
	expect_state(ask_helper(""), HELPER, SBP_AVAILABLE, NULL, NULL);
	expect_state(ask_helper("0755"), HELPER, SBP_BLOCKED, "mode 0755", "chmod 4755");
	expect_state(ask_helper("nnp"), HELPER, SBP_BLOCKED, "no_new_privs", "NoNewPrivileges=no");
	expect_state(ask_helper("nosuid"), HELPER, SBP_BLOCKED, "nosuid", "without nosuid");
	answers = ask_helper("nosuid nnp");
	expect_state(answers, HELPER, SBP_BLOCKED, "nosuid", "without nosuid");
	expect_state(answers, HELPER, SBP_BLOCKED, "no_new_privs", "NoNewPrivileges=no");
}

/* --- The machine itself ------------------------------------------------------------------- */

static bool has_evidence(const struct answers *answers, int feature, const char *call, int error,
			 int signal)
{
	for (size_t i = 0; i < answers->evidence_count; i++)
		if (answers->evidence[i].feature == feature && answers->evidence[i].error == error &&
		    answers->evidence[i].signal == signal && strstr(answers->evidence[i].call, call))
			return true;
	return false;
}

/* A yes of this machine was a denial that was seen. */
static void what_is_available_was_denied(void **state)
{
	static const struct {
		int feature;
		const char *call;
		int error, signal, or_error; /* proved with others, or alone */
	} denials[] = {
		{ SBP_FEATURE_SECCOMP_STRICT, "getpid()", 0, SIGKILL, 0 },
		{ SBP_FEATURE_SECCOMP_FILTER, "getppid()", EREMOTE, 0, EREMOTE },
		{ SBP_FEATURE_SECCOMP_TSYNC, "getppid()", EREMOTE, 0, EUSERS },
		{ SBP_FEATURE_USER_NS, "uid_map", 0, 0, 0 },
		{ SBP_FEATURE_USER_NS_NESTED_CAPS, "capset(", 0, 0, 0 },
		{ SBP_FEATURE_PTRACE_ANY, "PTRACE_ATTACH", 0, 0, 0 },
	};
	const struct answers *as_is = stage_as_is();

	(void)state;
	for (size_t i = 0; i < sizeof(denials) / sizeof(*denials); i++)
		if (as_is->told[denials[i].feature].state == SBP_AVAILABLE &&
		    !has_evidence(as_is, denials[i].feature, denials[i].call, denials[i].error,
				  denials[i].signal) &&
		    !has_evidence(as_is, denials[i].feature, denials[i].call, denials[i].or_error,
				  denials[i].signal))
			fail_msg("%s is available without proof",
				 sbp_feature_name(denials[i].feature));
}

static void two_probes_in_a_row_say_the_same(void **state)
{
	const struct stage stage = { .times = 20 };

	(void)state;
	stage_as_is();
	expect_as_is(stage_run(&stage), EVERYTHING);
}

/* Asked from what the system has to say about the process itself. */
static void little_memory_is_used(void **state)
{
	const struct stage stage = { .times = 3 };
	const struct answers *answers = stage_run(&stage);

	(void)state;
	if (answers->private_kib >= 2048)
		fail_msg("%ld KiB of private memory", answers->private_kib);
}

#define PLACE(function) cmocka_unit_test_teardown(function, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_available_was_denied),
		cmocka_unit_test(two_probes_in_a_row_say_the_same),
		cmocka_unit_test(little_memory_is_used),
		PLACE(a_chroot_is_named),
		cmocka_unit_test(without_proc_the_rest_is_asked),
		cmocka_unit_test(masked_files_change_no_answer),
		cmocka_unit_test(hidepid_changes_no_answer),
		cmocka_unit_test(closed_standard_descriptors_change_nothing),
		cmocka_unit_test(no_descriptor_left),
		cmocka_unit_test(no_process_left),
		cmocka_unit_test(little_address_space),
		cmocka_unit_test(no_writable_folder_is_needed),
		cmocka_unit_test(a_limit_of_user_namespaces_is_named),
		cmocka_unit_test(a_limit_of_network_namespaces_is_named),
		cmocka_unit_test(too_deep_a_nest_is_no_full_disk),
		cmocka_unit_test(an_ordinary_user_gets_the_users_answers),
		cmocka_unit_test(a_process_that_is_not_dumpable),
		cmocka_unit_test(no_new_privs_hinders_nothing_but_the_helper),
		PLACE(the_helper_is_judged_where_it_lies),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}

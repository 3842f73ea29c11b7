// SPDX-License-Identifier: MIT
/*
 * The handle: its life, what it refuses, what may be overridden, what a quick probe leaves out, and
 * what the bookkeeping of questions, evidence and children does. The kernel is a faked one.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "machine.h"

/* --- Life --------------------------------------------------------------------------------- */

static void references_are_counted(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_null(sbp_probe_unref(NULL));
	assert_int_equal(sbp_probe_new(&p), 0);
	assert_ptr_equal(sbp_probe_ref(p), p);
	assert_null(sbp_probe_unref(p));
	assert_int_equal(sbp_state(p, SBP_FEATURE_USER_NS), SBP_UNKNOWN); /* still there */
	assert_null(sbp_probe_unref(p));
}

static void nothing_is_known_before_a_run(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		assert_int_equal(sbp_state(p, f), SBP_UNKNOWN);
		assert_false(sbp_overridden(p, f));
		assert_null(sbp_evidence(p, f, 0));
	}
	assert_null(sbp_fact(p, 0));
	assert_null(sbp_fact_value(p, "kernel.release"));
	sbp_probe_unref(p);
}

static void what_is_no_feature_has_no_answer(void **state)
{
	static const int none[] = { 0, -1, SBP_FEATURE_LIMIT, 63, 64, 1 << 20 };
	struct machine m;
	struct sbp_probe *p;

	(void)state;
	machine_begin(&m, "6.1.0");
	p = machine_run(&m, SBP_FULL);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_int_equal(sbp_state(p, none[i]), SBP_UNKNOWN);
		assert_int_equal(sbp_state_directly(p, none[i]), SBP_UNKNOWN);
		assert_null(sbp_cause(p, none[i]));
		assert_null(sbp_evidence(p, none[i], 0));
		assert_false(sbp_overridden(p, none[i]));
	}
	assert_null(sbp_evidence(p, SBP_FEATURE_CLONE3, 1000));
	assert_null(sbp_fact(p, SBP_FACT_LIMIT));
	machine_end(&m);
}

static void bad_arguments_are_refused(void **state)
{
	const enum sbp_feature bad[] = { SBP_FEATURE_PIDFD, (enum sbp_feature)SBP_FEATURE_LIMIT, 0 };
	const enum sbp_feature negative[] = { (enum sbp_feature) - 1, 0 };
	struct sbp_plan *plan = (struct sbp_plan *)1;
	struct sbp_probe *p;
	char path[400];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sbp_probe_new(&p), 0);
	assert_int_equal(sbp_probe_set_root(p, "relative"), -EINVAL);
	assert_int_equal(sbp_probe_set_root(p, ""), -EINVAL);
	assert_int_equal(sbp_probe_set_root(p, path), -ENAMETOOLONG);
	assert_int_equal(sbp_probe_set_root(p, "/"), 0);
	assert_int_equal(sbp_probe_run(p, 3), -EINVAL);
	assert_int_equal(sbp_probe_run(p, -1), -EINVAL);
	assert_int_equal(sbp_probe_run_some(p, SBP_QUICK, bad), -EINVAL);
	assert_int_equal(sbp_probe_run_some(p, SBP_QUICK, negative), -EINVAL);
	assert_int_equal(sbp_choose(p, 2, &plan), -EINVAL);
	assert_null(plan);
	sbp_probe_unref(p);
}

static void the_last_reference_gives_the_memory_back(void **state)
{
	unsigned char resident;
	struct sbp_probe *p;
	void *area;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	area = p->area;
	assert_int_equal(mincore(area, 1, &resident), 0);
	sbp_probe_unref(p);
	assert_int_equal(mincore(area, 1, &resident), -1);
	assert_int_equal(errno, ENOMEM);
}

/* --- Overriding --------------------------------------------------------------------------- */

static void assumptions_override(void **state)
{
	struct machine m;
	struct sbp_probe *p;

	(void)state;
	machine_begin(&m, "6.1.0");
	setenv("SANDBOX_PROBE_ASSUME", "pidfd=absent,,clone3=blocked", 1);
	assert_int_equal(sbp_probe_new(&m.probe), 0);
	unsetenv("SANDBOX_PROBE_ASSUME");
	p = m.probe;
	assert_int_equal(sbp_probe_set_root(p, m.root), 0);
	assert_int_equal(sbp_probe_set_assume(p, "clone3=available,net-ns=absent"), 0);
	assert_int_equal(sbp_probe_run(p, SBP_QUICK), 0);
	assert_int_equal(sbp_state(p, SBP_FEATURE_PIDFD), SBP_ABSENT);
	assert_non_null(strstr(sbp_cause(p, SBP_FEATURE_PIDFD), "SANDBOX_PROBE_ASSUME"));
	assert_non_null(sbp_remedy(p, SBP_FEATURE_PIDFD));
	assert_null(sbp_evidence(p, SBP_FEATURE_PIDFD, 0));		   /* nobody asked */
	assert_int_equal(sbp_state(p, SBP_FEATURE_CLONE3), SBP_AVAILABLE); /* the last word */
	assert_null(sbp_cause(p, SBP_FEATURE_CLONE3));
	assert_true(sbp_overridden(p, SBP_FEATURE_CLONE3));
	assert_int_equal(sbp_state(p, SBP_FEATURE_NET_NS), SBP_ABSENT);
	assert_int_equal(sbp_state_directly(p, SBP_FEATURE_NET_NS), SBP_ABSENT);
	assert_int_equal(sbp_state_through_user_ns(p, SBP_FEATURE_NET_NS), SBP_ABSENT);
	assert_false(sbp_overridden(p, SBP_FEATURE_DUMPABLE));
	machine_end(&m);
}

static void assumptions_that_make_no_sense_change_nothing(void **state)
{
	static const char *const bad[] = {
		"pidfd",
		"pidfd=",
		"=absent",
		"pidfd=gone",
		"nothing=absent",
		"pidfd=absent,clone3=gone",
		"pidfd=absent;",
		" pidfd=absent",
		"pidfd=absent pidfd=absent",
		"pidfd=availablee",
		"pidfd=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sbp_probe *refused = (struct sbp_probe *)1;

		assert_int_equal(sbp_probe_set_assume(p, bad[i]), -EINVAL);
		setenv("SANDBOX_PROBE_ASSUME", bad[i], 1);
		assert_int_equal(sbp_probe_new(&refused), -EINVAL);
		assert_null(refused);
		unsetenv("SANDBOX_PROBE_ASSUME");
	}
	assert_int_equal(sbp_probe_set_assume(p, ""), 0);
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		assert_false(p->is_assumed[f]);
	sbp_probe_unref(p);
}

/* --- How much is asked -------------------------------------------------------------------- */

/* Counts calls; children have a copy of it, so what it counts is what the process itself asked. */
struct count {
	int calls, clones;
};

static bool count_calls(void *data, const char *call, long *result)
{
	struct count *count = data;

	count->calls++;
	count->clones += !strncmp(call, "clone(", 6);
	*result = -EINVAL;
	return true;
}

static void a_quick_probe_starts_no_child(void **state)
{
	struct machine m;
	struct count count = { 0, 0 };
	struct sbp_probe *p;

	(void)state;
	machine_begin(&m, "6.1.0");
	assert_int_equal(sbp_probe_new(&m.probe), 0);
	p = m.probe;
	assert_int_equal(sbp_probe_set_root(p, m.root), 0);
	sbp_probe_set_fake(p, count_calls, &count);
	assert_int_equal(sbp_probe_run(p, SBP_QUICK), 0);
	assert_true(count.calls >= 10);
	assert_int_equal(count.clones, 0);
	assert_int_equal(sbp_state(p, SBP_FEATURE_USER_NS), SBP_UNKNOWN);
	assert_non_null(strstr(sbp_cause(p, SBP_FEATURE_USER_NS), "quick"));
	assert_non_null(strstr(sbp_remedy(p, SBP_FEATURE_USER_NS), "full probe"));
	assert_int_equal(sbp_probe_run(p, SBP_FULL), 0);
	assert_true(count.clones > 0);
	machine_end(&m);
}

static void only_what_was_asked_for_is_asked(void **state)
{
	const enum sbp_feature one[] = { SBP_FEATURE_PIDFD, 0 }, none[] = { 0 };
	struct machine m;
	struct count count = { 0, 0 };
	struct sbp_probe *p;

	(void)state;
	machine_begin(&m, "6.1.0");
	assert_int_equal(sbp_probe_new(&m.probe), 0);
	p = m.probe;
	assert_int_equal(sbp_probe_set_root(p, m.root), 0);
	sbp_probe_set_fake(p, count_calls, &count);
	assert_int_equal(sbp_probe_run_some(p, SBP_FULL, one), 0);
	assert_int_equal(count.calls, 1);
	assert_int_equal(sbp_state(p, SBP_FEATURE_PIDFD), SBP_ABSENT);
	assert_int_equal(sbp_state(p, SBP_FEATURE_CLONE3), SBP_UNKNOWN);
	assert_null(sbp_evidence(p, SBP_FEATURE_CLONE3, 0));
	assert_int_equal(sbp_probe_run_some(p, SBP_FULL, none), 0);
	assert_int_equal(count.calls, 1);
	assert_int_equal(sbp_state(p, SBP_FEATURE_PIDFD), SBP_UNKNOWN); /* earlier answers are gone */
	assert_null(sbp_evidence(p, SBP_FEATURE_PIDFD, 0));
	machine_end(&m);
}

static void each_namespace_can_be_asked_alone(void **state)
{
	(void)state;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		const enum sbp_feature one[] = { f, 0 };
		struct machine m;

		if (sbp_rows[f].family != SBP_FAMILY_NAMESPACE)
			continue;
		machine_begin(&m, "6.1.0");
		machine_run(&m, SBP_QUICK);
		assert_int_equal(sbp_probe_run_some(m.probe, SBP_FULL, one), 0);
		assert_int_equal(sbp_state(m.probe, f), SBP_AVAILABLE);
		machine_end(&m);
	}
}

/* --- Evidence ----------------------------------------------------------------------------- */

static const struct sbp_evidence *find(struct sbp_probe *p, enum sbp_feature f, const char *words)
{
	const struct sbp_evidence *e;

	for (size_t i = 0; (e = sbp_evidence(p, f, i)); i++)
		if (strstr(e->call, words))
			return e;
	fail_msg("no evidence with %s", words);
	return NULL;
}

static void evidence_says_what_came_back_and_where(void **state)
{
	static const struct reply replies[] = {
		{ "landlock*", -EOPNOTSUPP },
		{ "clone(CLONE_NEWUSER|*", SBP_FAKE_KILL(0) + 1 }, /* -4095: the largest errno */
		{ 0 },
	};
	const struct sbp_evidence *e;
	struct machine m;
	struct sbp_probe *p;

	(void)state;
	machine_begin(&m, "6.1.0");
	m.replies = replies;
	p = machine_run(&m, SBP_FULL);
	e = find(p, SBP_FEATURE_LANDLOCK, "landlock_create_ruleset(");
	assert_int_equal(e->result, -1);
	assert_int_equal(e->error, EOPNOTSUPP);
	assert_int_equal(e->signal, 0);
	assert_string_equal(e->where, "this process");
	e = find(p, SBP_FEATURE_SECCOMP_STRICT, "getpid()");
	assert_int_equal(e->result, -1);
	assert_int_equal(e->error, 0);
	assert_int_equal(e->signal, SIGKILL);
	assert_string_equal(e->where, "mode 1");
	e = find(p, SBP_FEATURE_SECCOMP_FILTER, "getppid()");
	assert_int_equal(e->error, EREMOTE);
	assert_string_equal(e->where, "child");
	e = find(p, SBP_FEATURE_PIDFD, "pidfd_open");
	assert_int_equal(e->result, 1000);
	assert_int_equal(e->error, 0);
	e = find(p, SBP_FEATURE_USER_NS, "clone(CLONE_NEWUSER|");
	assert_int_equal(e->error, 4095);
	assert_string_equal(e->where, "this process");
	e = find(p, SBP_FEATURE_USER_NS, "uid_map");
	assert_string_equal(e->where, "user namespace");
	machine_end(&m);
}

static void every_yes_that_can_be_was_denied_or_used(void **state)
{
	static const struct {
		enum sbp_feature feature;
		const char *call;
	} proofs[] = {
		{ SBP_FEATURE_SECCOMP_STRICT, "getpid()" },
		{ SBP_FEATURE_SECCOMP_FILTER, "getppid()" },
		{ SBP_FEATURE_SECCOMP_TSYNC, "getppid()" },
		{ SBP_FEATURE_SECCOMP_USER_NOTIF, "&deny_getppid" },
		{ SBP_FEATURE_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS" },
		{ SBP_FEATURE_USER_NS, "chroot(" },
		{ SBP_FEATURE_USER_NS_NESTED_CAPS, "capset(" },
		{ SBP_FEATURE_PID_NS, "getpid()" },
		{ SBP_FEATURE_NET_NS, "SIOCSIFFLAGS" },
		{ SBP_FEATURE_UTS_NS, "sethostname(" },
		{ SBP_FEATURE_MOUNT_NS, "\"tmpfs\"" },
		{ SBP_FEATURE_CHROOT_IN_USER_NS, "chroot(" },
	};
	struct machine m;

	(void)state;
	machine_begin(&m, "6.1.0");
	machine_run(&m, SBP_FULL);
	for (size_t i = 0; i < sizeof(proofs) / sizeof(*proofs); i++)
		find(m.probe, proofs[i].feature, proofs[i].call);
	machine_end(&m);
}

static void too_much_evidence_is_cut_and_stays_in_its_place(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	for (int i = 0; i < 3 * SBP_EVIDENCE_LIMIT; i++)
		sbp_note(p, SBP_BIT(PIDFD), "call", i, 0);
	assert_int_equal(p->area->answers[SBP_FEATURE_PIDFD].evidence_count, SBP_EVIDENCE_LIMIT);
	assert_int_equal(sbp_evidence(p, SBP_FEATURE_PIDFD, SBP_EVIDENCE_LIMIT - 1)->result,
			 SBP_EVIDENCE_LIMIT - 1);
	assert_null(sbp_evidence(p, SBP_FEATURE_PIDFD, SBP_EVIDENCE_LIMIT));
	assert_null(sbp_evidence(p, SBP_FEATURE_CLONE3, 0));
	sbp_probe_unref(p);
}

static void text_and_facts_that_do_not_fit_are_left_out(void **state)
{
	char word[1001];
	struct sbp_probe *p;

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(sbp_probe_new(&p), 0);
	for (int i = 0; i < 2 * SBP_TEXT_LIMIT / 1000; i++)
		sbp_text(p, "%s", word);
	assert_true(p->area->text_used <= SBP_TEXT_LIMIT);
	assert_string_equal(sbp_text(p, "%s", word), "");
	for (int i = 0; i < 2 * SBP_FACT_LIMIT; i++)
		sbp_add_fact(p, "a.fact", "a test", "%s", word);
	assert_int_equal(p->area->fact_count, SBP_FACT_LIMIT);
	assert_string_equal(sbp_fact(p, 0)->value, "");
	sbp_probe_unref(p);
}

/* --- Children ----------------------------------------------------------------------------- */

/* Notes how each child's child fared in the area, which all of them share. */
static void descend(struct sbp_probe *p, void *data)
{
	struct sbp_child child = { .run = descend, .data = data };
	long error = sbp_run_child(p, &child);

	sbp_note(p, SBP_BIT(PIDFD), "child", error, 0);
}

/* Each child inside a child takes a stack; the last is refused and not run into its neighbour's. */
static void children_in_children_have_an_end(void **state)
{
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	descend(p, NULL);
	assert_int_equal(p->area->depth, 0);
	assert_int_equal(sbp_evidence(p, SBP_FEATURE_PIDFD, 0)->error, EAGAIN); /* the innermost */
	for (int i = 1; i <= SBP_STACK_LIMIT; i++)
		assert_int_equal(sbp_evidence(p, SBP_FEATURE_PIDFD, (size_t)i)->result, 0);
	assert_null(sbp_evidence(p, SBP_FEATURE_PIDFD, SBP_STACK_LIMIT + 1));
	sbp_probe_unref(p);
}

static void die_between_calls(struct sbp_probe *p, void *data)
{
	(void)data;
	sbp_ask(p, SBP_BIT(PIDFD), "getppid()", SYS_getppid, 0);
	sbp_kernel(SYS_kill, sbp_kernel(SYS_getpid, 0), SIGKILL);
}

/* Only the call that is under way is blamed for a death, and not the one before. */
static void a_call_that_returned_was_not_fatal(void **state)
{
	struct sbp_child child = { .run = die_between_calls };
	struct sbp_probe *p;

	(void)state;
	assert_int_equal(sbp_probe_new(&p), 0);
	assert_int_equal(sbp_run_child(p, &child), 0);
	assert_int_equal(child.signal, SIGKILL);
	assert_null(child.fatal);
	assert_false(sbp_settled(p, SBP_FEATURE_PIDFD, SBP_DIRECTLY));
	assert_null(sbp_evidence(p, SBP_FEATURE_PIDFD, 1));
	sbp_probe_unref(p);
}

static volatile int written_by_child;

static void write_in_child(struct sbp_probe *p, void *data)
{
	(void)p;
	written_by_child = *(int *)data;
}

/* What a child writes is there: it has our memory, so that no page table was copied for it. */
static void children_share_the_memory(void **state)
{
	int word = 42;
	struct sbp_child child = { .run = write_in_child, .data = &word };
	struct sbp_probe *p;

	(void)state;
	if (under_valgrind()) {
		puts("# valgrind makes copies of them");
		skip();
	}
	assert_int_equal(sbp_probe_new(&p), 0);
	assert_int_equal(sbp_run_child(p, &child), 0);
	assert_int_equal(written_by_child, 42);
	sbp_probe_unref(p);
}

static void *one_thread(void *data)
{
	struct sbp_probe *shared = data, *own;

	for (int i = 0; i < 3; i++) {
		if (sbp_probe_new(&own))
			return "new";
		if (sbp_probe_run(own, SBP_FULL))
			return "run";
		if (sbp_state(own, SBP_FEATURE_DUMPABLE) != sbp_state(shared, SBP_FEATURE_DUMPABLE))
			return "different answers";
		sbp_probe_unref(own);
	}
	sbp_probe_unref(shared);
	return NULL;
}

/* For real: 16 threads, each with probes of its own, all reading one that they share. */
static void many_threads_probe_at_once(void **state)
{
	enum { THREADS = 16 };
	const int count = under_valgrind() ? 2 : THREADS; /* it runs one at a time, and slowly */
	pthread_t threads[THREADS];
	struct sbp_probe *shared;
	void *wrong;

	(void)state;
	assert_int_equal(sbp_probe_new(&shared), 0);
	assert_int_equal(sbp_probe_run(shared, SBP_QUICK), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, one_thread, sbp_probe_ref(shared)), 0);
	for (int i = 0; i < count; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		if (wrong)
			fail_msg("thread %d: %s", i, (const char *)wrong);
	}
	assert_int_equal(shared->references, 1);
	sbp_probe_unref(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_are_counted),
		cmocka_unit_test(the_last_reference_gives_the_memory_back),
		cmocka_unit_test(nothing_is_known_before_a_run),
		cmocka_unit_test(what_is_no_feature_has_no_answer),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(assumptions_override),
		cmocka_unit_test(assumptions_that_make_no_sense_change_nothing),
		cmocka_unit_test(a_quick_probe_starts_no_child),
		cmocka_unit_test(only_what_was_asked_for_is_asked),
		cmocka_unit_test(each_namespace_can_be_asked_alone),
		cmocka_unit_test(evidence_says_what_came_back_and_where),
		cmocka_unit_test(every_yes_that_can_be_was_denied_or_used),
		cmocka_unit_test(too_much_evidence_is_cut_and_stays_in_its_place),
		cmocka_unit_test(text_and_facts_that_do_not_fit_are_left_out),
		cmocka_unit_test(children_in_children_have_an_end),
		cmocka_unit_test(a_call_that_returned_was_not_fatal),
		cmocka_unit_test(children_share_the_memory),
		cmocka_unit_test(many_threads_probe_at_once),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}

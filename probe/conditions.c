/* SPDX-License-Identifier: MIT */
/*
 * The conditions of causes.def: is this the reason for that no? Each looks at the answer, at the facts
 * and at other answers, and changes nothing.
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "question.h"

bool sbp_if_killed(const struct sbp_question *q)
{
	return q->finding->signal;
}

bool sbp_if_killed_by_watchdog(const struct sbp_question *q)
{
	return q->finding->signal == SIGALRM;
}

bool sbp_if_killed_under_filter(const struct sbp_question *q)
{
	return q->finding->signal && (q->p->filtered || q->finding->signal == SIGSYS);
}

bool sbp_if_is_filtered(const struct sbp_question *q)
{
	return q->p->filtered || sbp_fact_is(q->p, "process.seccomp_mode", "2");
}

/* ENOSYS from a kernel that is new enough to have the call: somebody answers in its place. */
bool sbp_if_is_filtered_and_new_enough(const struct sbp_question *q)
{
	return sbp_if_is_filtered(q) && sbp_release_at_least(q->p, q->row->since);
}

bool sbp_if_is_emulated(const struct sbp_question *q)
{
	return sbp_fact_value(q->p, "process.emulator");
}

bool sbp_if_killed_by_emulator(const struct sbp_question *q)
{
	return q->finding->signal && sbp_if_is_emulated(q);
}

bool sbp_if_is_wsl1(const struct sbp_question *q)
{
	return sbp_fact_is(q->p, "kernel.emulator", "WSL1");
}

bool sbp_if_is_gvisor(const struct sbp_question *q)
{
	return sbp_fact_is(q->p, "kernel.emulator", "gVisor");
}

const char *sbp_namespace_word(enum sbp_feature feature)
{
	switch (feature) {
	case SBP_FEATURE_PID_NS: return "pid";
	case SBP_FEATURE_NET_NS: return "net";
	case SBP_FEATURE_IPC_NS: return "ipc";
	case SBP_FEATURE_UTS_NS: return "uts";
	case SBP_FEATURE_MOUNT_NS: return "mnt";
	case SBP_FEATURE_CGROUP_NS: return "cgroup";
	case SBP_FEATURE_TIME_NS: return "time";
	default: return "user";
	}
}

bool sbp_if_namespaces_limited_to_none(const struct sbp_question *q)
{
	char name[64];

	snprintf(name, sizeof(name), "user.max_%s_namespaces", sbp_namespace_word(q->feature));
	return sbp_fact_is(q->p, name, "0");
}

bool sbp_if_user_namespaces_limited_to_none(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS && sbp_fact_is(q->p, "user.max_user_namespaces", "0");
}

bool sbp_if_module_parameter_is_off(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS &&
	       (sbp_fact_is(q->p, "module.user_namespace.enable", "N") ||
		sbp_fact_is(q->p, "module.user_namespace.enable", "0"));
}

static bool is_unprivileged(const struct sbp_question *q)
{
	return !sbp_has_capability(q->p, CAP_SYS_ADMIN);
}

/* A user namespace takes no privilege since 3.8, and in one there is no lack of it. */
bool sbp_if_lacks_privilege(const struct sbp_question *q)
{
	return is_unprivileged(q) && (q->way == SBP_DIRECTLY || !sbp_release_at_least(q->p, "3.8"));
}

bool sbp_if_clone_is_for_root(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS && is_unprivileged(q) &&
	       sbp_fact_is(q->p, "kernel.unprivileged_userns_clone", "0");
}

bool sbp_if_apparmor_restricts(const struct sbp_question *q)
{
	const char *value = sbp_fact_value(q->p, "kernel.apparmor_restrict_unprivileged_userns");

	return q->way == SBP_THROUGH_USER_NS && value && strcmp(value, "0") && is_unprivileged(q);
}

bool sbp_if_in_chroot(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS && sbp_fact_is(q->p, "process.chroot", "yes");
}

bool sbp_if_ids_are_unmapped(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS &&
	       sbp_fact_is(q->p, "process.user_namespace", "nested, nothing mapped");
}

bool sbp_if_selinux_enforces(const struct sbp_question *q)
{
	return sbp_fact_is(q->p, "security.selinux.enforcing", "1");
}

bool sbp_if_has_profile(const struct sbp_question *q)
{
	const char *label = sbp_fact_value(q->p, "process.label");

	return label && strstr(label, "(enforce)");
}

bool sbp_if_is_about_maps(const struct sbp_question *q)
{
	return q->finding->call && strstr(q->finding->call, "id_map");
}

/* The kernel said so; that somebody kept it from answering says nothing. */
bool sbp_if_is_undumpable(const struct sbp_question *q)
{
	const struct sbp_finding *dumpable = &q->p->area->answers[SBP_FEATURE_DUMPABLE].way[0];

	return dumpable->verdict == SBP_NO && !dumpable->error && !dumpable->signal;
}

bool sbp_if_maps_of_undumpable(const struct sbp_question *q)
{
	return sbp_if_is_about_maps(q) && sbp_if_is_undumpable(q);
}

/* Whether /proc lists a namespace; false as well when /proc could not be read at all. */
static bool listed(const struct sbp_question *q, const char *word, bool expected)
{
	const char *list = sbp_fact_value(q->p, "kernel.namespaces");
	size_t length = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return expected;
	return list && !expected;
}

bool sbp_if_has_no_user_namespaces(const struct sbp_question *q)
{
	return q->way == SBP_THROUGH_USER_NS && listed(q, "user", false);
}

/* user and pid are listed since 3.8: before, that they are missing says nothing of pid. */
bool sbp_if_is_not_listed(const struct sbp_question *q)
{
	return sbp_release_at_least(q->p, "3.8") && listed(q, sbp_namespace_word(q->feature), false);
}

bool sbp_if_proc_is_missing(const struct sbp_question *q)
{
	return sbp_if_is_about_maps(q) && !sbp_fact_value(q->p, "kernel.namespaces");
}

bool sbp_symbol_is_off(const struct sbp_question *q, char *name, size_t size)
{
	const char *at = q->row->kconfig;

	while (*at) {
		size_t length = strcspn(at, " ");

		snprintf(name, size, "CONFIG_%.*s", (int)length, at);
		if (sbp_fact_is(q->p, name, "n"))
			return true;
		at += length + (at[length] == ' ');
	}
	return false;
}

bool sbp_if_is_configured_off(const struct sbp_question *q)
{
	char name[64];

	return sbp_symbol_is_off(q, name, sizeof(name));
}

bool sbp_if_is_configured_on(const struct sbp_question *q)
{
	char name[64];
	const char *at = q->row->kconfig;

	if (!*at || sbp_release_at_least(q->p, q->row->since))
		return false;
	for (size_t length; *at; at += length + (at[length] == ' ')) {
		length = strcspn(at, " ");
		snprintf(name, sizeof(name), "CONFIG_%.*s", (int)length, at);
		if (!sbp_fact_is(q->p, name, "y"))
			return false;
	}
	return true;
}

bool sbp_if_has_oabi(const struct sbp_question *q)
{
	return sbp_fact_is(q->p, "CONFIG_OABI_COMPAT", "y") && strstr(q->row->kconfig, "FILTER");
}

bool sbp_if_is_strict_under_filter(const struct sbp_question *q)
{
	return q->feature == SBP_FEATURE_SECCOMP_STRICT && sbp_if_is_filtered(q);
}

bool sbp_if_was_not_enforced(const struct sbp_question *q)
{
	return !q->finding->error;
}

bool sbp_if_is_traced(const struct sbp_question *q)
{
	const char *tracer = sbp_fact_value(q->p, "process.tracer_pid");

	return tracer && strcmp(tracer, "0");
}

/* Scope 1 is about strangers only; 2 and 3 about everybody, and CAP_SYS_PTRACE is above all but 3. */
bool sbp_if_yama_restricts(const struct sbp_question *q)
{
	long scope;

	if (!sbp_fact_number(q->p, "kernel.yama.ptrace_scope", &scope))
		return false;
	if (scope < 3 && sbp_has_capability(q->p, CAP_SYS_PTRACE))
		return false;
	return scope >= (q->feature == SBP_FEATURE_PTRACE_ANY ? 1 : 2);
}

static bool yama_scope_is(const struct sbp_question *q, long wanted)
{
	long scope;

	return sbp_if_yama_restricts(q) &&
	       sbp_fact_number(q->p, "kernel.yama.ptrace_scope", &scope) && scope == wanted;
}

bool sbp_if_yama_forbids_for_ever(const struct sbp_question *q)
{
	return yama_scope_is(q, 3);
}

bool sbp_if_yama_leaves_it_to_root(const struct sbp_question *q)
{
	return yama_scope_is(q, 2);
}

bool sbp_if_selinux_denies_ptrace(const struct sbp_question *q)
{
	const char *value = sbp_fact_value(q->p, "security.selinux.deny_ptrace");

	return value && *value == '1';
}

bool sbp_if_is_dumpable_question(const struct sbp_question *q)
{
	return q->feature == SBP_FEATURE_DUMPABLE && !q->finding->error;
}

bool sbp_if_is_limited_in_processes(const struct sbp_question *q)
{
	const char *limit = sbp_fact_value(q->p, "limit.nproc");

	return limit && strcmp(limit, "unlimited");
}

/* --- Why something was not asked ---------------------------------------------------------- */

bool sbp_if_was_cut_off(const struct sbp_question *q)
{
	return q->finding->verdict == SBP_NOT_ASKED && q->p->depth != SBP_QUICK &&
	       sbp_in(q->p->asked, (int)q->feature);
}

bool sbp_if_was_cut_off_by_emulator(const struct sbp_question *q)
{
	return sbp_if_was_cut_off(q) && sbp_if_is_emulated(q);
}

bool sbp_if_was_too_much_for_quick(const struct sbp_question *q)
{
	return q->finding->verdict == SBP_NOT_ASKED && q->p->depth == SBP_QUICK;
}

bool sbp_if_was_left_out(const struct sbp_question *q)
{
	return q->finding->verdict == SBP_NOT_ASKED;
}

bool sbp_if_found_no_room_for_a_process(const struct sbp_question *q)
{
	return q->finding->error == EAGAIN && sbp_if_is_limited_in_processes(q);
}

bool sbp_if_always(const struct sbp_question *q)
{
	(void)q;
	return true;
}

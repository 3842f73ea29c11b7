/* SPDX-License-Identifier: MIT */
/*
 * From what was answered to why, and to what would help. Owns the table of causes: the first row
 * whose family, errno and condition fit is the diagnosis. A row says what it knows and no more; EPERM
 * never becomes "absent" except through evidence of another kind, and a remedy stands only beside
 * the cause that it cures.
 *
 * Texts may name facts in braces, {kernel.yama.ptrace_scope}, and these: {call} and {error} that
 * decided, {signal}, {since}, {symbols} (CONFIG_A=y and CONFIG_B=y), {namespace} (the feature's own
 * word in sysctls), {helper}, and {absent}, the remedy for what a kernel lacks.
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"
#include "uapi.h"

struct question {
	struct sbp_probe *p;
	enum sbp_feature feature;
	enum sbp_way way;
	const struct sbp_row *row;
	const struct sbp_finding *finding;
};

typedef bool condition(const struct question *q);

/* --- Conditions --------------------------------------------------------------------------- */

static bool killed(const struct question *q)
{
	return q->finding->signal;
}

static bool killed_by_watchdog(const struct question *q)
{
	return q->finding->signal == SIGALRM;
}

static bool killed_under_filter(const struct question *q)
{
	return q->finding->signal && (q->p->filtered || q->finding->signal == SIGSYS);
}

static bool is_filtered(const struct question *q)
{
	return q->p->filtered || sbp_fact_is(q->p, "process.seccomp_mode", "2");
}

/* ENOSYS from a kernel that is new enough to have the call: somebody answers in its place. */
static bool is_filtered_and_new_enough(const struct question *q)
{
	return is_filtered(q) && sbp_release_at_least(q->p, q->row->since);
}

static bool is_emulated(const struct question *q)
{
	return sbp_fact_value(q->p, "process.emulator");
}

static bool killed_by_emulator(const struct question *q)
{
	return q->finding->signal && is_emulated(q);
}

static bool is_wsl1(const struct question *q)
{
	return sbp_fact_is(q->p, "kernel.emulator", "WSL1");
}

static bool is_gvisor(const struct question *q)
{
	return sbp_fact_is(q->p, "kernel.emulator", "gVisor");
}

/* The word for a namespace in the names of sysctls and /proc/self/ns. */
static const char *namespace_word(enum sbp_feature feature)
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

static bool namespaces_limited_to_none(const struct question *q)
{
	char name[64];

	snprintf(name, sizeof(name), "user.max_%s_namespaces", namespace_word(q->feature));
	return sbp_fact_is(q->p, name, "0");
}

static bool user_namespaces_limited_to_none(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS && sbp_fact_is(q->p, "user.max_user_namespaces", "0");
}

static bool module_parameter_is_off(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS &&
	       (sbp_fact_is(q->p, "module.user_namespace.enable", "N") ||
		sbp_fact_is(q->p, "module.user_namespace.enable", "0"));
}

static bool is_unprivileged(const struct question *q)
{
	return !sbp_has_capability(q->p, CAP_SYS_ADMIN);
}

/* A user namespace takes no privilege since 3.8, and in one there is no lack of it. */
static bool lacks_privilege(const struct question *q)
{
	return is_unprivileged(q) &&
	       (q->way == SBP_DIRECTLY || !sbp_release_at_least(q->p, "3.8"));
}

static bool clone_is_for_root(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS && is_unprivileged(q) &&
	       sbp_fact_is(q->p, "kernel.unprivileged_userns_clone", "0");
}

static bool apparmor_restricts(const struct question *q)
{
	const char *value = sbp_fact_value(q->p, "kernel.apparmor_restrict_unprivileged_userns");

	return q->way == SBP_THROUGH_USER_NS && value && strcmp(value, "0") && is_unprivileged(q);
}

static bool in_chroot(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS && sbp_fact_is(q->p, "process.chroot", "yes");
}

static bool ids_are_unmapped(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS &&
	       sbp_fact_is(q->p, "process.user_namespace", "nested, nothing mapped");
}

static bool selinux_enforces(const struct question *q)
{
	return sbp_fact_is(q->p, "security.selinux.enforcing", "1");
}

static bool has_profile(const struct question *q)
{
	const char *label = sbp_fact_value(q->p, "process.label");

	return label && strstr(label, "(enforce)");
}

static bool is_about_maps(const struct question *q)
{
	return q->finding->call && strstr(q->finding->call, "id_map");
}

/* The kernel said so; that somebody kept it from answering says nothing. */
static bool is_undumpable(const struct question *q)
{
	const struct sbp_finding *dumpable = &q->p->area->answers[SBP_FEATURE_DUMPABLE].way[0];

	return dumpable->verdict == SBP_NO && !dumpable->error && !dumpable->signal;
}

static bool maps_of_undumpable(const struct question *q)
{
	return is_about_maps(q) && is_undumpable(q);
}

/* Whether /proc lists a namespace; false as well when /proc could not be read at all. */
static bool listed(const struct question *q, const char *word, bool expected)
{
	const char *list = sbp_fact_value(q->p, "kernel.namespaces");
	size_t length = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return expected;
	return list && !expected;
}

static bool has_no_user_namespaces(const struct question *q)
{
	return q->way == SBP_THROUGH_USER_NS && listed(q, "user", false);
}

/* user and pid are listed since 3.8: before, that they are missing says nothing of pid. */
static bool is_not_listed(const struct question *q)
{
	return sbp_release_at_least(q->p, "3.8") && listed(q, namespace_word(q->feature), false);
}

static bool proc_is_missing(const struct question *q)
{
	return is_about_maps(q) && !sbp_fact_value(q->p, "kernel.namespaces");
}

/* A symbol that the feature needs is known to be off; *name is set to it when wanted. */
static bool symbol_is_off(const struct question *q, char *name, size_t size)
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

static bool is_configured_off(const struct question *q)
{
	char name[64];

	return symbol_is_off(q, name, sizeof(name));
}

static bool is_configured_on(const struct question *q)
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

static bool has_oabi(const struct question *q)
{
	return sbp_fact_is(q->p, "CONFIG_OABI_COMPAT", "y") && strstr(q->row->kconfig, "FILTER");
}

static bool is_strict_under_filter(const struct question *q)
{
	return q->feature == SBP_FEATURE_SECCOMP_STRICT && is_filtered(q);
}

static bool was_not_enforced(const struct question *q)
{
	return !q->finding->error;
}

static bool is_traced(const struct question *q)
{
	const char *tracer = sbp_fact_value(q->p, "process.tracer_pid");

	return tracer && strcmp(tracer, "0");
}

/* Scope 1 is about strangers only; 2 and 3 about everybody, and CAP_SYS_PTRACE is above all but 3. */
static bool yama_restricts(const struct question *q)
{
	long scope;

	if (!sbp_fact_number(q->p, "kernel.yama.ptrace_scope", &scope))
		return false;
	if (scope < 3 && sbp_has_capability(q->p, CAP_SYS_PTRACE))
		return false;
	return scope >= (q->feature == SBP_FEATURE_PTRACE_ANY ? 1 : 2);
}

static bool yama_scope_is(const struct question *q, long wanted)
{
	long scope;

	return yama_restricts(q) && sbp_fact_number(q->p, "kernel.yama.ptrace_scope", &scope) &&
	       scope == wanted;
}

static bool yama_forbids_for_ever(const struct question *q)
{
	return yama_scope_is(q, 3);
}

static bool yama_leaves_it_to_root(const struct question *q)
{
	return yama_scope_is(q, 2);
}

static bool selinux_denies_ptrace(const struct question *q)
{
	const char *value = sbp_fact_value(q->p, "security.selinux.deny_ptrace");

	return value && *value == '1';
}

static bool is_dumpable_question(const struct question *q)
{
	return q->feature == SBP_FEATURE_DUMPABLE && !q->finding->error;
}

static bool is_limited_in_processes(const struct question *q)
{
	const char *limit = sbp_fact_value(q->p, "limit.nproc");

	return limit && strcmp(limit, "unlimited");
}

static bool always(const struct question *q)
{
	(void)q;
	return true;
}

/* --- The table of causes ------------------------------------------------------------------ */

/* errno values as bits, so that a row can name several. */
static const struct {
	int error;
	unsigned int bit;
} error_bits[] = {
#define PERM (1u << 0)
#define ACCES (1u << 1)
#define NOSYS (1u << 2)
#define INVAL (1u << 3)
#define NOSPC (1u << 4)
#define AGAIN (1u << 5)
#define NOMEM (1u << 6)
#define MFILE (1u << 7)
#define BUSY (1u << 8)
#define NOTSUP (1u << 9)
#define NOENT (1u << 10)
#define OTHER (1u << 11)
#define NONE (1u << 12)
#define NOEXEC (1u << 13)
#define ANY (~0u)
#define DENIED (PERM | ACCES)
#define UNKNOWN_CALL (NOSYS | INVAL)
	{ 0, NONE },	   { EPERM, PERM },   { EACCES, ACCES }, { ENOSYS, NOSYS },
	{ EINVAL, INVAL }, { ENOSPC, NOSPC }, { EUSERS, NOSPC }, { EAGAIN, AGAIN },
	{ ENOMEM, NOMEM }, { EMFILE, MFILE }, { ENFILE, MFILE }, { EBUSY, BUSY },
	{ ENOENT, NOENT }, { EOPNOTSUPP, NOTSUP }, { ENOEXEC, NOEXEC },
};

static unsigned int error_bit(int error)
{
	for (size_t i = 0; i < sizeof(error_bits) / sizeof(*error_bits); i++)
		if (error_bits[i].error == error)
			return error_bits[i].bit;
	return OTHER;
}

static const struct cause {
	unsigned int families, errors;
	condition *holds;
	enum sbp_state state;
	const char *cause, *remedy;
} causes[] = {
#define ROW(families, errors, condition, state, cause, remedy) \
	{ families, errors, condition, SBP_##state, cause, remedy },
#include "causes.def"
#undef ROW
};

/* --- Texts -------------------------------------------------------------------------------- */

struct text {
	char buffer[700];
	size_t used;
};

static void append(struct text *text, const char *words, size_t length)
{
	if (length >= sizeof(text->buffer) - text->used)
		length = sizeof(text->buffer) - text->used - 1;
	memcpy(text->buffer + text->used, words, length);
	text->used += length;
	text->buffer[text->used] = '\0';
}

static void append_text(struct text *text, const char *words)
{
	append(text, words, strlen(words));
}

static void append_symbols(struct text *text, const char *symbols)
{
	for (const char *at = symbols; *at;) {
		size_t length = strcspn(at, " ");

		append_text(text, at == symbols ? "CONFIG_" : " and CONFIG_");
		append(text, at, length);
		append_text(text, "=y");
		at += length + (at[length] == ' ');
	}
}

/* What to do about a kernel that lacks it: newer, built differently, or both. */
static void append_absent(struct text *text, const struct question *q)
{
	bool new_enough = sbp_release_at_least(q->p, q->row->since);

	if (new_enough && *q->row->kconfig) {
		append_text(text, "Use a kernel that was built with ");
		append_symbols(text, q->row->kconfig);
	} else {
		append_text(text, "Use Linux ");
		append_text(text, q->row->since);
		append_text(text, " or later");
		if (*q->row->kconfig)
			append_text(text, ", built with ");
		append_symbols(text, q->row->kconfig);
	}
	append_text(text, q->row->way_out);
	append_text(text, ".");
}

static void append_name(struct text *text, const struct question *q, const char *name)
{
	char symbol[64];
	const char *value;

	if (!strcmp(name, "call"))
		append_text(text, q->finding->call ? q->finding->call : "the call");
	else if (!strcmp(name, "error"))
		append_text(text, sbp_errno_text(q->finding->error));
	else if (!strcmp(name, "signal"))
		append_text(text, sbp_text(q->p, "%d", q->finding->signal));
	else if (!strcmp(name, "since"))
		append_text(text, q->row->since);
	else if (!strcmp(name, "symbols"))
		append_symbols(text, q->row->kconfig);
	else if (!strcmp(name, "namespace"))
		append_text(text, namespace_word(q->feature));
	else if (!strcmp(name, "absent"))
		append_absent(text, q);
	else if (!strcmp(name, "symbol off"))
		append_text(text, symbol_is_off(q, symbol, sizeof(symbol)) ? symbol : "");
	else if ((value = sbp_fact_value(q->p, name)))
		append_text(text, value);
	else
		append_text(text, "not known");
}

static const char *expand(const struct question *q, const char *template)
{
	struct text text = { .used = 0 };

	while (*template) {
		size_t plain = strcspn(template, "{"), length;
		char name[64];

		append(&text, template, plain);
		template += plain;
		if (!*template)
			break;
		length = strcspn(template + 1, "}");
		snprintf(name, sizeof(name), "%.*s", (int)length, template + 1);
		append_name(&text, q, name);
		template += length + 2;
	}
	return sbp_text(q->p, "%s", text.buffer);
}

/* --- Diagnosis ---------------------------------------------------------------------------- */

static void explain_no(const struct question *q, struct sbp_finding *finding)
{
	unsigned int bit = error_bit(finding->error);

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		const struct cause *cause = &causes[i];

		if (!(cause->families & q->row->family) || !(cause->errors & bit) ||
		    !cause->holds(q))
			continue;
		finding->state = cause->state;
		finding->cause = expand(q, cause->cause);
		finding->remedy = expand(q, cause->remedy);
		return;
	}
}

static void explain_unasked(const struct question *q, struct sbp_finding *finding)
{
	const struct sbp_probe *p = q->p;

	finding->state = SBP_UNKNOWN;
	if (finding->verdict == SBP_NOT_ASKED && p->depth == SBP_FULL && sbp_in(p->asked, q->feature)) {
		finding->cause = is_emulated(q) ? expand(q, "Running under {process.emulator}, which "
							    "ended the child that was to ask.") :
						  "The child that was to ask ended before it could.";
		finding->remedy = "Ask again.";
		return;
	}
	if (finding->verdict == SBP_NOT_ASKED) {
		finding->cause = p->depth == SBP_QUICK ?
					 "Not asked: it takes a child process, and a quick probe starts none." :
					 "Not asked.";
		finding->remedy = "Ask for a full probe that includes it.";
		return;
	}
	if (finding->signal) {
		finding->cause = expand(q, "The child that was to ask was killed by signal {signal}.");
		finding->remedy = "Ask again; if it is killed again, look for who sends the signal.";
		return;
	}
	if (is_emulated(q)) {
		finding->cause = expand(q, "Could not be asked under {process.emulator}, which answered "
					   "{error} to {call} itself.");
		finding->remedy = "Run a program that was built for this machine, without the "
				  "emulator.";
		return;
	}
	finding->cause = expand(q, finding->error == EAGAIN && is_limited_in_processes(q) ?
					   "Could not be asked: no process could be started, and the "
					   "limit is {limit.nproc} (RLIMIT_NPROC)." :
					   "Could not be asked: {call} answered {error}.");
	finding->remedy = finding->error == EAGAIN ?
				  "Raise the limit of processes (ulimit -u) and ask again." :
				  "Ask from a process that may start children.";
}

static void explain(struct sbp_probe *p, enum sbp_feature feature, enum sbp_way way)
{
	struct sbp_finding *finding = &p->area->answers[feature].way[way];
	const struct question q = { p, feature, way, &sbp_rows[feature], finding };

	if (finding->verdict == SBP_YES)
		finding->state = SBP_AVAILABLE;
	else if (finding->verdict != SBP_NO)
		explain_unasked(&q, finding);
	else if (!finding->cause)
		explain_no(&q, finding);
}

/* Through a user namespace everything falls with the user namespace, for its reason. */
static void inherit_from_user_ns(struct sbp_probe *p, enum sbp_feature feature)
{
	const struct sbp_finding *parent =
		&p->area->answers[SBP_FEATURE_USER_NS].way[SBP_THROUGH_USER_NS];
	struct sbp_finding *finding = &p->area->answers[feature].way[SBP_THROUGH_USER_NS];

	if (parent->verdict != SBP_NO || finding->verdict != SBP_NO || finding->call != parent->call)
		return;
	finding->state = parent->state;
	finding->cause = parent->cause;
	finding->remedy = parent->remedy;
}

static bool only_through_user_ns(enum sbp_feature feature)
{
	return feature == SBP_FEATURE_USER_NS || feature == SBP_FEATURE_USER_NS_NESTED_CAPS ||
	       feature == SBP_FEATURE_CHROOT_IN_USER_NS;
}

/*
 * Which of two ways' answers is the feature's: a yes; else that the kernel lacks it, which no other
 * way mends; else the way that may be open to all, unless it is a user namespace that is lacking.
 */
static const struct sbp_finding *better(const struct sbp_answer *answer, enum sbp_feature feature)
{
	const struct sbp_finding *through = &answer->way[SBP_THROUGH_USER_NS];
	const struct sbp_finding *directly = &answer->way[SBP_DIRECTLY];

	if (only_through_user_ns(feature))
		return through;
	if (sbp_rows[feature].family != SBP_FAMILY_NAMESPACE)
		return directly;
	if (through->state == SBP_AVAILABLE)
		return through;
	if (directly->state == SBP_AVAILABLE || directly->state == SBP_ABSENT)
		return directly;
	if (through->state == SBP_ABSENT && directly->state == SBP_BLOCKED)
		return directly;
	return through;
}

void sbp_diagnose(struct sbp_probe *p)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		struct sbp_answer *answer = &p->area->answers[f];
		const struct sbp_finding *finding;

		for (int way = 0; way < SBP_WAYS; way++)
			explain(p, f, way);
		if (sbp_rows[f].family == SBP_FAMILY_NAMESPACE && f != SBP_FEATURE_USER_NS)
			inherit_from_user_ns(p, f);
		finding = better(answer, f);
		answer->state = finding->state;
		answer->cause = finding->cause;
		answer->remedy = finding->remedy;
	}
}

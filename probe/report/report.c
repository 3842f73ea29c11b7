// SPDX-License-Identifier: MIT
/*
 * Builds the report: the one walk over the features, the plans, and the notes. Owns the groups in
 * which features are shown and the table of formats.
 */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- The walk ----------------------------------------------------------------------------- */

/* The heading for each family of features.def. */
#define GROUP_SECCOMP	"System-call filters"
#define GROUP_NAMESPACE "Namespaces"
#define GROUP_PROCESS	"Process"
#define GROUP_HELPER	"Setuid helper"
#define GROUP_PTRACE	"Tracing"
#define GROUP_ARM	"32-bit ARM processes"

static const char *const groups[] = {
#define SBP_FEATURE(number, id, name, summary, since, kconfig, family, ...) \
	[number] = GROUP_##family,
#include "features.def"
#undef SBP_FEATURE
};

static const feature_set two_ways =
	FEATURE_BIT(SBP_FEATURE_PID_NS) | FEATURE_BIT(SBP_FEATURE_NET_NS) |
	FEATURE_BIT(SBP_FEATURE_IPC_NS) | FEATURE_BIT(SBP_FEATURE_UTS_NS) |
	FEATURE_BIT(SBP_FEATURE_MOUNT_NS) | FEATURE_BIT(SBP_FEATURE_CGROUP_NS) |
	FEATURE_BIT(SBP_FEATURE_TIME_NS);

static void add_row(struct report *report, enum sbp_feature f)
{
	const struct sbp_probe *probe = report->probe;

	report->rows[report->row_count++] = (struct report_row){
		.feature = f,
		.name = sbp_feature_name(f),
		.group = groups[f],
		.state = sbp_state_name(sbp_state(probe, f)),
		.cause = sbp_cause(probe, f),
		.remedy = sbp_remedy(probe, f),
		.overridden = sbp_overridden(probe, f),
		.two_ways = two_ways & FEATURE_BIT(f),
		.directly = sbp_state_name(sbp_state_directly(probe, f)),
		.through_user_ns = sbp_state_name(sbp_state_through_user_ns(probe, f)),
	};
}

/* All of a group, when this is its first feature: the table has an order of its own. */
static void add_group(struct report *report, enum sbp_feature first, feature_set shown)
{
	enum sbp_feature f;

	for (f = sbp_feature_next(0); f != first; f = sbp_feature_next(f))
		if (!strcmp(groups[f], groups[first]))
			return;
	for (; f; f = sbp_feature_next(f))
		if (!strcmp(groups[f], groups[first]) && shown & FEATURE_BIT(f))
			add_row(report, f);
}

/* --- Notes -------------------------------------------------------------------------------- */

static bool is_overridden(const struct report *report)
{
	for (size_t i = 0; i < report->row_count; i++)
		if (report->rows[i].overridden)
			return true;
	return false;
}

static bool is_as_root(const struct report *report)
{
	return report->asked_as_root;
}

static bool is_emulated(const struct report *report)
{
	return sbp_fact_value(report->probe, "process.emulator");
}

static bool is_other_kernel(const struct report *report)
{
	return sbp_fact_value(report->probe, "kernel.emulator");
}

static bool is_sanitized(const struct report *report)
{
	return sbp_fact_value(report->probe, "process.sanitizer");
}

static bool is_filtered(const struct report *report)
{
	return !strcmp(report_fact(report, "process.seccomp_mode", ""), "2");
}

/* Of all that status says, the number of threads is what no call tells. */
static bool is_without_proc(const struct report *report)
{
	return !sbp_fact_value(report->probe, "process.threads");
}

static const struct {
	bool (*holds)(const struct report *report);
	const char *text;
} notes[] = {
	{ is_as_root, "Asked as uid 0: not valid for users; use --as-user NAME for their answers." },
	{ is_overridden, "Some answers were not asked but overridden by SANDBOX_PROBE_ASSUME." },
	{ is_emulated, "Runs under an emulator or checker, which answers in the kernel's place." },
	{ is_other_kernel, "The kernel is not a plain Linux (kernel.emulator names it)." },
	{ is_sanitized, "Built with a sanitizer, which changes what the process may do." },
	{ is_filtered,
	  "An outer seccomp filter already applies to this process and may decide answers." },
	{ is_without_proc, "/proc is not mounted or hides this process: causes may be missing." },
};

_Static_assert(sizeof(notes) / sizeof(*notes) <= REPORT_NOTES, "every note must have room");

/* --- The report --------------------------------------------------------------------------- */

int report_make(struct report *report, const struct sbp_probe *probe, feature_set shown,
		bool asked_all, bool asked_as_root)
{
	int error = 0;

	*report = (struct report){ .probe = probe, .asked_as_root = asked_as_root };
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		add_group(report, f, shown ? shown : ~(feature_set)0);
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (notes[i].holds(report))
			report->notes[report->note_count++] = notes[i].text;
	if (asked_all)
		error = sbp_choose(probe, SBP_BUILT, &report->plan);
	if (asked_all && !error)
		error = sbp_choose(probe, SBP_CONCEIVABLE, &report->allowed);
	if (error)
		report_free(report);
	return error;
}

void report_free(struct report *report)
{
	report->plan = sbp_plan_unref(report->plan);
	report->allowed = sbp_plan_unref(report->allowed);
}

const struct report_format *report_format(size_t i)
{
	static const struct report_format formats[] = {
		{ "text", report_text },	 { "json", report_json },
		{ "markdown", report_markdown }, { "prometheus", report_prometheus },
		{ "nfd", report_nfd },
	};

	return i < sizeof(formats) / sizeof(*formats) ? &formats[i] : NULL;
}

/* --- Words that several formats use -------------------------------------------------------- */

const char *report_fact(const struct report *report, const char *name, const char *otherwise)
{
	const char *value = sbp_fact_value(report->probe, name);

	return value ? value : otherwise;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

const struct report_row *report_said_before(const struct report *report, const struct report_row *row)
{
	for (const struct report_row *r = report->rows; r < row; r++)
		if (r->cause && row->cause && same_text(r->cause, row->cause) &&
		    same_text(r->remedy, row->remedy))
			return r;
	return NULL;
}

bool report_ways_differ(const struct report_row *row)
{
	return row->two_ways && !row->overridden && strcmp(row->directly, row->through_user_ns) &&
	       strcmp(row->directly, "unknown") && strcmp(row->through_user_ns, "unknown");
}

void report_strategy_words(const char *strategy, const char *threads, char *words, size_t size)
{
	if (threads)
		snprintf(words, size, "%s (%s)", strategy, threads);
	else
		snprintf(words, size, "%s", strategy);
}

void report_plan_words(const struct sbp_plan *plan, char *words, size_t size)
{
	int level = sbp_plan_level(plan);
	char syscalls[40];

	report_strategy_words(sbp_plan_syscalls(plan), sbp_plan_threads(plan), syscalls,
			      sizeof(syscalls));
	if (level)
		snprintf(words, size, "level %d of 3, %s: isolation %s%s, system calls %s", level,
			 sbp_level_name(level), sbp_plan_isolation(plan),
			 sbp_plan_needs_root(plan) ? " (needs root)" : "", syscalls);
	else
		snprintf(words, size, "level 0 of 3, none");
}

void report_result_words(const struct sbp_evidence *evidence, char *words, size_t size)
{
	if (evidence->signal)
		snprintf(words, size, "killed by signal %d", evidence->signal);
	else if (evidence->error)
		snprintf(words, size, "%s", sbp_errno_name(evidence->error));
	else
		snprintf(words, size, "%ld", evidence->result);
}

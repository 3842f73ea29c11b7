// SPDX-License-Identifier: MIT
/*
 * The report as metrics, for node_exporter's textfile collector. A state is a label with the value 1
 * beside it, so that a fleet is counted by `count by (feature, state) (sandbox_probe_feature_state)`.
 */
#include "report.h"

static void write_value(struct output *out, const char *value)
{
	out_text(out, "\"");
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			out_format(out, "\\%c", *value);
		else if (*value == '\n')
			out_text(out, "\\n");
		else
			out_bytes(out, value, 1);
	}
	out_text(out, "\"");
}

static void write_label(struct output *out, const char *before, const char *name, const char *value)
{
	out_format(out, "%s%s=", before, name);
	write_value(out, value);
}

static void write_metric(struct output *out, const char *name, const char *help)
{
	out_format(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void write_info(struct output *out, const struct report *report)
{
	static const struct {
		const char *label, *fact;
	} labels[] = {
		{ "release", "kernel.release" },
		{ "machine", "kernel.machine" },
		{ "abi", "process.abi" },
		{ "uid", "process.uid" },
	};

	write_metric(out, "sandbox_probe_info", "Who asked which kernel.");
	out_text(out, "sandbox_probe_info");
	write_label(out, "{", "version", sbp_version());
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		write_label(out, ",", labels[i].label, report_fact(report, labels[i].fact, ""));
	out_text(out, "} 1\n");
	write_metric(out, "sandbox_probe_asked_as_root",
		     "1 when uid 0 asked: the answers are then not valid for users.");
	out_format(out, "sandbox_probe_asked_as_root %d\n", report->asked_as_root);
}

static void write_features(struct output *out, const struct report *report)
{
	write_metric(out, "sandbox_probe_feature_state",
		     "The state of a feature is the label of the series that is 1.");
	for (size_t i = 0; i < report->row_count; i++)
		out_format(out, "sandbox_probe_feature_state{feature=\"%s\",state=\"%s\"} 1\n",
			   report->rows[i].name, report->rows[i].state);
	write_metric(out, "sandbox_probe_feature_overridden",
		     "1 where the state was not asked but set by SANDBOX_PROBE_ASSUME.");
	for (size_t i = 0; i < report->row_count; i++)
		out_format(out, "sandbox_probe_feature_overridden{feature=\"%s\"} %d\n",
			   report->rows[i].name, report->rows[i].overridden);
}

static void write_strategy(struct output *out, const char *of, const struct sbp_plan *plan)
{
	const char *threads = sbp_plan_threads(plan);

	out_text(out, "sandbox_probe_strategy_info");
	write_label(out, "{", "of", of);
	write_label(out, ",", "isolation", sbp_plan_isolation(plan));
	write_label(out, ",", "syscalls", sbp_plan_syscalls(plan));
	write_label(out, ",", "threads", threads ? threads : "");
	out_text(out, "} 1\n");
}

static void write_plan(struct output *out, const struct report *report)
{
	write_metric(
		out, "sandbox_probe_level",
		"The level, 0 to 3, of the sandbox that this version of sandbox-probe can build.");
	out_format(out, "sandbox_probe_level %d\n", sbp_plan_level(report->plan));
	write_metric(out, "sandbox_probe_kernel_level",
		     "The level, 0 to 3, of the sandbox that the kernel would allow.");
	out_format(out, "sandbox_probe_kernel_level %d\n", sbp_plan_level(report->allowed));
	write_metric(out, "sandbox_probe_strategy_info", "The strategies that make the levels up.");
	write_strategy(out, "plan", report->plan);
	write_strategy(out, "kernel", report->allowed);
}

void report_prometheus(struct output *out, const struct report *report,
		       const struct report_style *style)
{
	(void)style;
	for (size_t i = 0; i < report->note_count; i++)
		out_format(out, "# %s\n", report->notes[i]);
	write_info(out, report);
	write_features(out, report);
	if (report->plan)
		write_plan(out, report);
}

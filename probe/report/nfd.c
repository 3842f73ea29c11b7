// SPDX-License-Identifier: MIT
/*
 * The report as a feature file of Kubernetes' Node Feature Discovery: put it below
 * /etc/kubernetes/node-feature-discovery/features.d/ and each line becomes a node label
 * feature.node.kubernetes.io/sandbox-probe.NAME. Names and values are words of ours, which are valid
 * ones: letters, digits, "-", "_" and ".", 63 at most. No comments: NFD takes them since 0.14 only, and
 * before that a line that is no label cost the whole file.
 */
#include "report.h"

static void write_plan(struct output *out, const char *prefix, const struct sbp_plan *plan)
{
	const char *threads = sbp_plan_threads(plan);

	out_format(out, "sandbox-probe.%slevel=%d\n", prefix, sbp_plan_level(plan));
	out_format(out, "sandbox-probe.%sisolation=%s\n", prefix, sbp_plan_isolation(plan));
	out_format(out, "sandbox-probe.%ssyscalls=%s\n", prefix, sbp_plan_syscalls(plan));
	out_format(out, "sandbox-probe.%sthreads=%s\n", prefix, threads ? threads : "none");
}

void report_nfd(struct output *out, const struct report *report, const struct report_style *style)
{
	(void)style;
	out_format(out, "sandbox-probe.version=%s\n", sbp_version());
	out_format(out, "sandbox-probe.asked-as-root=%s\n", report->asked_as_root ? "true" : "false");
	if (report->asked_as_root)
		out_text(out, "sandbox-probe.warning=asked-as-uid-0-not-valid-for-users\n");
	if (report->plan) {
		write_plan(out, "", report->plan);
		write_plan(out, "kernel-", report->allowed);
	}
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];

		out_format(out, "sandbox-probe.%s=%s\n", row->name, row->state);
		if (row->overridden)
			out_format(out, "sandbox-probe.%s.overridden=true\n", row->name);
	}
}

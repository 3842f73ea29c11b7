// SPDX-License-Identifier: MIT
/*
 * The report to paste into a bug tracker: a table that everybody sees, and the evidence folded away
 * behind it. GitHub's dialect, which the others read too.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

/* Text in a cell of a table: one line, nothing of it means anything to Markdown or HTML. */
static void write_escaped(struct output *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			out_text(out, "&lt;");
		else if (*text == '&')
			out_text(out, "&amp;");
		else if (*text == '\n' || *text == '\r')
			out_text(out, " ");
		else if (strchr("\\|`*_[]#~>", *text))
			out_format(out, "\\%c", *text);
		else
			out_bytes(out, text, 1);
	}
}

/* The same in a code span, where only the table's bar and the backtick still mean something. */
static void write_code(struct output *out, const char *text)
{
	out_text(out, "`");
	for (; *text; text++) {
		if (*text == '|')
			out_text(out, "\\|");
		else
			out_bytes(out, *text == '`' ? "'" : strchr("\r\n", *text) ? " " : text, 1);
	}
	out_text(out, "`");
}

static void write_head(struct output *out, const struct report *report)
{
	out_format(out, "### sandbox-probe %s on Linux ", sbp_version());
	write_escaped(out, report_fact(report, "kernel.release", "(release not known)"));
	out_text(out, "\n\n");
	for (size_t i = 0; i < report->note_count; i++) {
		out_text(out, "> **");
		write_escaped(out, report->notes[i]);
		out_text(out, "**\n\n");
	}
	out_format(out, "%s kernel, %s process, uid %s.", report_fact(report, "kernel.machine", "?"),
		   report_fact(report, "process.abi", "?"), report_fact(report, "process.uid", "?"));
	out_text(out, "\n\n");
}

static void write_level(struct output *out, const char *who, const struct sbp_plan *plan)
{
	char words[120];

	report_plan_words(plan, words, sizeof(words));
	out_format(out, "- %s **%s**.\n", who, words);
}

static void write_state(struct output *out, const struct report_row *row)
{
	bool is_yes = !strcmp(row->state, "available");

	out_format(out, is_yes ? "%s" : "**%s**", row->state);
	if (row->overridden)
		out_text(out, " (overridden)");
	if (report_ways_differ(row))
		out_format(out, "; %s directly, %s through a user namespace", row->directly,
			   row->through_user_ns);
}

static void write_features(struct output *out, const struct report *report)
{
	out_text(out, "\n| feature | state | cause | remedy |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];

		const struct report_row *before = report_said_before(report, row);

		out_format(out, "| %s | ", row->name);
		write_state(out, row);
		if (before) {
			out_format(out, " | as %s | |\n", before->name);
			continue;
		}
		out_text(out, " | ");
		write_escaped(out, row->cause ? row->cause : "");
		out_text(out, " | ");
		write_escaped(out, row->remedy ? row->remedy : "");
		out_text(out, " |\n");
	}
}

static void write_rejected(struct output *out, const struct sbp_plan *plan)
{
	const struct sbp_rejected *rejected;

	out_text(out, "\n<details><summary>Strategies not taken</summary>\n\n"
		      "| strategy | missing | because |\n| --- | --- | --- |\n");
	for (size_t i = 0; (rejected = sbp_plan_rejected(plan, i)); i++) {
		char words[60];

		report_strategy_words(rejected->strategy, rejected->threads, words, sizeof(words));
		out_format(out, "| %s |", words);
		for (const enum sbp_feature *f = rejected->missing; *f; f++)
			out_format(out, " %s", sbp_feature_name(*f));
		out_text(out, " | ");
		write_escaped(out, rejected->because);
		out_text(out, " |\n");
	}
	out_text(out, "\n</details>\n");
}

static void write_evidence(struct output *out, const struct report *report)
{
	out_text(out, "\n<details><summary>Evidence: what was asked and answered</summary>\n\n"
		      "| feature | call | result | where |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < report->row_count; i++) {
		const struct sbp_evidence *evidence;
		enum sbp_feature feature = report->rows[i].feature;

		for (size_t k = 0; (evidence = sbp_evidence(report->probe, feature, k)); k++) {
			char words[40];

			report_result_words(evidence, words, sizeof(words));
			out_format(out, "| %s | ", report->rows[i].name);
			write_code(out, evidence->call);
			out_format(out, " | %s | ", words);
			write_escaped(out, evidence->where ? evidence->where : "");
			out_text(out, " |\n");
		}
	}
	out_text(out, "\n</details>\n");
}

static void write_environment(struct output *out, const struct report *report)
{
	const struct sbp_fact *fact;

	out_text(out, "\n<details><summary>Environment</summary>\n\n"
		      "| name | value | source |\n| --- | --- | --- |\n");
	for (size_t i = 0; (fact = sbp_fact(report->probe, i)); i++) {
		out_text(out, "| ");
		write_escaped(out, fact->name);
		out_text(out, " | ");
		write_code(out, *fact->value ? fact->value : " ");
		out_text(out, " | ");
		write_escaped(out, fact->source);
		out_text(out, " |\n");
	}
	out_text(out, "\n</details>\n");
}

void report_markdown(struct output *out, const struct report *report, const struct report_style *style)
{
	(void)style;
	write_head(out, report);
	if (report->plan) {
		write_level(out, "this kernel allows", report->allowed);
		write_level(out, "this version of sandbox-probe can build", report->plan);
	}
	write_features(out, report);
	if (report->plan)
		write_rejected(out, report->plan);
	write_evidence(out, report);
	write_environment(out, report);
}

// SPDX-License-Identifier: MIT
/*
 * The report for a person at a terminal: the verdict first, then the features a line each with the
 * cause and the remedy of what is missing, then what was not chosen and why.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

enum { NAME_COLUMN = 2, STATE_COLUMN = 26, SUMMARY_COLUMN = 40, DETAIL_COLUMN = 6 };

/* Below this width a summary behind each name would take more lines than it is worth. */
enum { SUMMARY_WIDTH = 100 };

struct page {
	struct output *out;
	const struct report *report;
	const struct report_style *style;
};

/* --- Colour -------------------------------------------------------------------------------- */

#define BOLD   "1"
#define DIM    "2"
#define YELLOW "33"

static const struct {
	const char *state, *colour;
} state_colours[] = {
	{ "available", "32" }, { "blocked", YELLOW },	{ "absent", "31" },
	{ "unknown", "35" },   { "inapplicable", DIM },
};

static const char *colour_of(const char *state)
{
	for (size_t i = 0; i < sizeof(state_colours) / sizeof(*state_colours); i++)
		if (!strcmp(state_colours[i].state, state))
			return state_colours[i].colour;
	return "0";
}

/* The text in a colour, and blanks up to `columns` behind it. */
static void paint(const struct page *page, const char *colour, const char *text, size_t columns)
{
	size_t length = strlen(text);

	if (page->style->colour)
		out_format(page->out, "\033[%sm%s\033[0m", colour, text);
	else
		out_text(page->out, text);
	if (length < columns)
		out_format(page->out, "%*s", (int)(columns - length), "");
}

static void write_heading(const struct page *page, const char *heading)
{
	out_text(page->out, "\n");
	paint(page, BOLD, heading, 0);
	out_text(page->out, "\n");
}

static void write_paragraph(const struct page *page, size_t indent, const char *mark, const char *text)
{
	out_format(page->out, "%*s%s", (int)indent, "", mark);
	out_wrapped(page->out, page->style->width, indent + strlen(mark), indent + strlen(mark),
		    text);
}

/* --- Head ---------------------------------------------------------------------------------- */

static void write_head(const struct page *page)
{
	const struct report *report = page->report;
	const char *container;
	char line[300];

	snprintf(line, sizeof(line), "sandbox-probe %s on Linux %s", sbp_version(),
		 report_fact(report, "kernel.release", "(release not known)"));
	paint(page, BOLD, line, 0);
	container = sbp_fact_value(report->probe, "process.container");
	out_format(page->out, "\n%s kernel, %s process, uid %s%s%s\n",
		   report_fact(report, "kernel.machine", "unknown"),
		   report_fact(report, "process.abi", "unknown"),
		   report_fact(report, "process.uid", "unknown"), container ? ", container " : "",
		   container ? container : "");
	if (report->note_count)
		out_text(page->out, "\n");
	for (size_t i = 0; i < report->note_count; i++) {
		paint(page, YELLOW, "! ", 0);
		out_wrapped(page->out, page->style->width, 2, 2, report->notes[i]);
	}
}

static void write_level(const struct page *page, const char *who, const struct sbp_plan *plan)
{
	char words[120];

	report_plan_words(plan, words, sizeof(words));
	out_format(page->out, "  %-*s", STATE_COLUMN - 2, who);
	out_wrapped(page->out, page->style->width, STATE_COLUMN, STATE_COLUMN, words);
}

static void write_levels(const struct page *page)
{
	write_heading(page, "Sandbox");
	write_level(page, "this kernel allows", page->report->allowed);
	write_level(page, "this version can build", page->report->plan);
}

/* --- Features ------------------------------------------------------------------------------ */

static void write_state(const struct page *page, const struct report_row *row)
{
	bool roomy = page->style->width >= SUMMARY_WIDTH;
	const struct report_row *before = report_said_before(page->report, row);
	char behind[200] = "";

	if (before)
		snprintf(behind, sizeof(behind), "as %s", before->name);
	else if (roomy)
		snprintf(behind, sizeof(behind), "%s", sbp_feature_summary(row->feature));
	out_format(page->out, "%*s%-*s", NAME_COLUMN, "", STATE_COLUMN - NAME_COLUMN, row->name);
	if (row->overridden) {
		paint(page, colour_of(row->state), row->state, 0);
		paint(page, YELLOW, " (overridden)", 0);
		out_text(page->out, "\n");
		return;
	}
	paint(page, colour_of(row->state), row->state, *behind ? SUMMARY_COLUMN - STATE_COLUMN : 0);
	out_wrapped(page->out, page->style->width, SUMMARY_COLUMN, SUMMARY_COLUMN, behind);
}

static void write_row(const struct page *page, const struct report_row *row)
{
	write_state(page, row);
	if (report_said_before(page->report, row) || row->overridden)
		return;
	if (row->cause)
		write_paragraph(page, DETAIL_COLUMN, "", row->cause);
	if (row->remedy)
		write_paragraph(page, DETAIL_COLUMN, "-> ", row->remedy);
}

static void write_features(const struct page *page)
{
	const struct report *report = page->report;

	for (size_t i = 0; i < report->row_count; i++) {
		if (!i || strcmp(report->rows[i].group, report->rows[i - 1].group))
			write_heading(page, report->rows[i].group);
		write_row(page, &report->rows[i]);
	}
}

/* --- Two ways to a namespace ---------------------------------------------------------------- */

static bool same_ways(const struct report_row *a, const struct report_row *b)
{
	return report_ways_differ(a) && report_ways_differ(b) &&
	       !strcmp(a->directly, b->directly) && !strcmp(a->through_user_ns, b->through_user_ns);
}

/* All namespaces with one pair of answers, on the line of the first of them. */
static void write_ways(const struct page *page, const struct report_row *first)
{
	const struct report_row *end = page->report->rows + page->report->row_count;
	char names[300];
	size_t used = 0;

	for (const struct report_row *row = page->report->rows; row < end; row++) {
		if (!same_ways(row, first))
			continue;
		if (row < first)
			return;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? " " : "", row->name);
	}
	out_format(page->out, "  %s directly, %s through a user namespace:\n", first->directly,
		   first->through_user_ns);
	write_paragraph(page, DETAIL_COLUMN, "", names);
}

static void write_two_ways(const struct page *page)
{
	const struct report *report = page->report;
	bool headed = false;

	for (size_t i = 0; i < report->row_count; i++) {
		if (!report_ways_differ(&report->rows[i]))
			continue;
		if (!headed)
			write_heading(page, "Two ways to a namespace");
		headed = true;
		write_ways(page, &report->rows[i]);
	}
}

/* --- What was not chosen -------------------------------------------------------------------- */

static bool same_reason(const struct sbp_rejected *a, const struct sbp_rejected *b)
{
	return !*a->missing && !*b->missing && !strcmp(a->because, b->because);
}

/* All that were not taken for one reason, on the line of the first of them. */
static void write_reason(const struct page *page, size_t first)
{
	const struct sbp_plan *plan = page->report->plan;
	const struct sbp_rejected *reason = sbp_plan_rejected(plan, first), *rejected;
	char names[300];
	size_t used = 0;

	for (size_t i = 0; (rejected = sbp_plan_rejected(plan, i)); i++) {
		char words[60];

		if (!same_reason(rejected, reason) || used >= sizeof(names))
			continue;
		if (i < first)
			return;
		report_strategy_words(rejected->strategy, rejected->threads, words, sizeof(words));
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? ", " : "", words);
	}
	write_paragraph(page, 2, "", names);
	write_paragraph(page, DETAIL_COLUMN, "", reason->because);
}

/* The features' own lines say already why each of them is missing. */
static void write_missing(const struct page *page, const struct sbp_rejected *rejected)
{
	char words[60];

	report_strategy_words(rejected->strategy, rejected->threads, words, sizeof(words));
	out_format(page->out, "  %-*smissing", STATE_COLUMN - 2, words);
	for (const enum sbp_feature *f = rejected->missing; *f; f++)
		out_format(page->out, " %s", sbp_feature_name(*f));
	out_text(page->out, "\n");
}

static void write_rejected(const struct page *page)
{
	const struct sbp_rejected *rejected;

	for (size_t i = 0; (rejected = sbp_plan_rejected(page->report->plan, i)); i++) {
		if (!i)
			write_heading(page, "Strategies not taken");
		if (*rejected->missing)
			write_missing(page, rejected);
		else
			write_reason(page, i);
	}
}

void report_text(struct output *out, const struct report *report, const struct report_style *style)
{
	const struct page page = { out, report, style };

	write_head(&page);
	if (report->plan)
		write_levels(&page);
	write_features(&page);
	write_two_ways(&page);
	if (report->plan)
		write_rejected(&page);
}

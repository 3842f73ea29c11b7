// SPDX-License-Identifier: MIT
/*
 * The writers of the reports: escapes, wrapping, and every format over answers that no kernel gives,
 * with text that is hostile to each of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probe/report/json_writer.h"
#include "../../probe/report/report.h"
#include "probe.h"

static const struct report_style narrow = { .width = 80 };
static const struct report_style coloured = { .width = 80, .colour = true };

/* --- JSON strings -------------------------------------------------------------------------- */

static const struct {
	const char *text, *quoted;
} strings[] = {
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "say \"no\"", "\"say \\\"no\\\"\"" },
	{ "C:\\", "\"C:\\\\\"" },
	{ "\"", "\"\\\"\"" },
	{ "a\nb\tc\rd\be\ff", "\"a\\nb\\tc\\rd\\be\\ff\"" },
	{ "\1\x1f\x7f", "\"\\u0001\\u001f\\u007f\"" },
	{ "\33[31mred", "\"\\u001b[31mred\"" },
	{ "</script>", "\"</script>\"" },
	/* UTF-8 of each length, at both ends of its range */
	{ "\xc2\x80\xdf\xbf", "\"\xc2\x80\xdf\xbf\"" },
	{ "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
	  "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
	/* no UTF-8: a byte alone, cut off, too long, a surrogate, beyond the last character */
	{ "a\x80z", "\"a\\ufffdz\"" },
	{ "a\xff", "\"a\\ufffd\"" },
	{ "\xc3", "\"\\ufffd\"" },
	{ "\xc3z", "\"\\ufffdz\"" },
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	{ "\xe2\x82z", "\"\\ufffd\\ufffdz\"" },
	{ "\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
	{ "\xe0\x9f\xbf", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xef\xbb\xbf", "\"\xef\xbb\xbf\"" },
	{ "\xc3\"", "\"\\ufffd\\\"\"" },
};

static void json_strings_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		struct output out = { 0 };

		json_quote(&out, strings[i].text);
		assert_false(out.failed);
		assert_string_equal(out.text, strings[i].quoted);
		out_free(&out);
	}
}

static void every_byte_makes_a_valid_string(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = { 'a', (char)byte, 'z', '\0' };
		struct output out = { 0 };

		json_quote(&out, text);
		assert_int_equal(out.text[0], '"');
		assert_int_equal(out.text[out.used - 1], '"');
		for (size_t i = 0; i < out.used; i++)
			assert_in_range((unsigned char)out.text[i], 0x20, 0x7e);
		out_free(&out);
	}
}

/* --- JSON structure ------------------------------------------------------------------------ */

static void json_structure_is_as_asked(void **state)
{
	struct output out = { 0 };
	struct json json = { .out = &out };

	(void)state;
	json_object(&json, NULL);
	json_number(&json, "least", LLONG_MIN);
	json_number(&json, "most", LLONG_MAX);
	json_array(&json, "empty");
	json_close(&json);
	json_object(&json, "nothing");
	json_close(&json);
	json_array(&json, "list");
	json_string(&json, NULL, "a");
	json_string(&json, NULL, NULL);
	json_bool(&json, NULL, true);
	json_close(&json);
	json_null(&json, "a \"key\"");
	json_close(&json);
	assert_false(out.failed);
	assert_string_equal(out.text, "{\n"
				      "  \"least\": -9223372036854775808,\n"
				      "  \"most\": 9223372036854775807,\n"
				      "  \"empty\": [],\n"
				      "  \"nothing\": {},\n"
				      "  \"list\": [\n"
				      "    \"a\",\n"
				      "    null,\n"
				      "    true\n"
				      "  ],\n"
				      "  \"a \\\"key\\\"\": null\n"
				      "}\n");
	out_free(&out);
}

static void json_too_deep_is_a_failure(void **state)
{
	struct output out = { 0 };
	struct json json = { .out = &out };

	(void)state;
	for (int i = 0; i < 2 * JSON_DEPTH; i++)
		json_array(&json, NULL);
	for (int i = 0; i < 3 * JSON_DEPTH; i++)
		json_close(&json);
	assert_true(out.failed);
	out_free(&out);
}

/* --- Output -------------------------------------------------------------------------------- */

static void output_grows(void **state)
{
	struct output out = { 0 };
	char *big = malloc(100001);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 100000);
	big[100000] = '\0';
	for (int i = 0; i < 10000; i++)
		out_format(&out, "%d,", i % 10);
	assert_int_equal(out.used, 20000);
	out_format(&out, "<%s>", big);
	out_text(&out, big);
	assert_false(out.failed);
	assert_int_equal(out.used, 20000 + 100002 + 100000);
	assert_int_equal(strlen(out.text), out.used);
	assert_int_equal(out.text[20000], '<');
	assert_int_equal(out.text[20000 + 100001], '>');
	out_free(&out);
	free(big);
}

static void output_that_failed_stays_failed(void **state)
{
	struct output out = { .failed = true };

	(void)state;
	out_text(&out, "a");
	out_format(&out, "%d", 1);
	out_wrapped(&out, 10, 0, 0, "a b c");
	assert_true(out.failed);
	assert_int_equal(out.used, 0);
}

static const struct {
	size_t width, column, indent;
	const char *text, *wrapped;
} paragraphs[] = {
	{ 10, 0, 0, "", "\n" },
	{ 10, 0, 0, "one", "one\n" },
	{ 10, 0, 0, "one two", "one two\n" },
	{ 7, 0, 0, "one two", "one two\n" },
	{ 6, 0, 0, "one two", "one\ntwo\n" },
	{ 10, 4, 2, "one two three", "one\n  two\n  three\n" },
	{ 10, 4, 2, "onetwothreefour", "\n  onetwothreefour\n" },
	{ 10, 2, 2, "onetwothreefour five", "onetwothreefour\n  five\n" },
	{ 10, 0, 0, "  one   two\nthree  ", "one two\nthree\n" },
	{ 1, 0, 0, "a b", "a\nb\n" },
};

static void paragraphs_are_wrapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paragraphs) / sizeof(*paragraphs); i++) {
		struct output out = { 0 };

		out_wrapped(&out, paragraphs[i].width, paragraphs[i].column, paragraphs[i].indent,
			    paragraphs[i].text);
		assert_string_equal(out.text, paragraphs[i].wrapped);
		out_free(&out);
	}
}

/* --- Whole reports -------------------------------------------------------------------------- */

/* What breaks out of a string, a cell, a label, a comment, a span or a line. */
static const char hostile[] =
	"a\"b\\c|d`e<img src=x>*f*_g_[h](i)\n# j {k=\"l\"} 1\r\x1b[31m\xff\xc3(";

static struct sbp_probe *hostile_probe(void)
{
	struct sbp_probe *probe;
	struct sbp_area *area;

	unsetenv("SANDBOX_PROBE_ASSUME");
	assert_int_equal(sbp_probe_new(&probe), 0);
	area = probe->area;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		struct sbp_answer *answer = &area->answers[f];

		answer->state = (enum sbp_state)(f % 5);
		answer->way[SBP_DIRECTLY].state = SBP_BLOCKED;
		answer->way[SBP_THROUGH_USER_NS].state = SBP_AVAILABLE;
		answer->overridden = f % 3 == 0;
		if (answer->state != SBP_AVAILABLE)
			answer->cause = answer->remedy = hostile;
		answer->evidence[answer->evidence_count++] = (struct sbp_evidence){
			.call = hostile, .result = LONG_MIN, .error = 9999, .signal = 31
		};
		answer->evidence[answer->evidence_count++] =
			(struct sbp_evidence){ .call = "", .result = 3, .where = hostile };
	}
	area->facts[area->fact_count++] = (struct sbp_fact){ "kernel.release", hostile, hostile };
	area->facts[area->fact_count++] = (struct sbp_fact){ "process.uid", "12x", "" };
	area->facts[area->fact_count++] = (struct sbp_fact){ "process.gid", "", "" };
	area->facts[area->fact_count++] = (struct sbp_fact){ "process.no_new_privs", "2", "" };
	area->facts[area->fact_count++] = (struct sbp_fact){ "process.chroot", "yes", "" };
	area->facts[area->fact_count++] = (struct sbp_fact){ "process.container", hostile, hostile };
	area->facts[area->fact_count++] =
		(struct sbp_fact){ "process.filters", "99999999999999999999", "" };
	return probe;
}

struct written {
	struct sbp_probe *probe;
	struct report report;
	struct output out;
};

static struct written write_hostile(report_writer *writer, const struct report_style *style)
{
	struct written written = { .probe = hostile_probe() };

	assert_int_equal(report_make(&written.report, written.probe, 0, true, true), 0);
	assert_int_equal(written.report.row_count, REPORT_FEATURES);
	writer(&written.out, &written.report, style);
	assert_false(written.out.failed);
	assert_int_equal(strlen(written.out.text), written.out.used);
	assert_int_equal(written.out.text[written.out.used - 1], '\n');
	return written;
}

static void forget(struct written *written)
{
	out_free(&written->out);
	report_free(&written->report);
	sbp_probe_unref(written->probe);
}

/* Each line of the text in turn. */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");

	return line && (*line || *text) ? line : NULL;
}

static void json_holds_hostile_text(void **state)
{
	struct written written = write_hostile(report_json, &narrow);
	const char *text = written.out.text;

	(void)state;
	for (size_t i = 0; i < written.out.used; i++)
		assert_true(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
	assert_non_null(strstr(text, "\"a\\\"b\\\\c|d`e<img src=x>*f*_g_[h](i)\\n# j {k=\\\"l\\\"} "
				     "1\\r\\u001b[31m\\ufffd\\ufffd(\""));
	/* numbers and switches that are none are not known */
	assert_non_null(strstr(text, "\"uid\": null"));
	assert_non_null(strstr(text, "\"gid\": null"));
	assert_non_null(strstr(text, "\"no_new_privs\": null"));
	assert_non_null(strstr(text, "\"chroot\": true"));
	assert_non_null(strstr(text, "\"errno\": \"E?\""));
	assert_non_null(strstr(text, "\"signal\": 31"));
	forget(&written);
}

/* jq is no part of us: what it can read, others can. */
static void json_is_read_by_others(void **state)
{
	struct written written = write_hostile(report_json, &narrow);
	FILE *jq;

	(void)state;
	if (system("command -v jq >/dev/null")) {
		print_message("# jq is not installed\n");
		forget(&written);
		skip();
	}
	jq = popen("jq -e '(.features | length) == 30 and .process.filters > 0' >/dev/null", "w");
	assert_non_null(jq);
	assert_int_equal(fwrite(written.out.text, 1, written.out.used, jq), written.out.used);
	assert_int_equal(pclose(jq), 0);
	forget(&written);
}

static void metrics_hold_hostile_text(void **state)
{
	struct written written = write_hostile(report_prometheus, &narrow);
	char *rest = written.out.text, *line;

	(void)state;
	while ((line = next_line(&rest))) {
		bool in_string = false;

		if (*line == '#')
			continue;
		assert_memory_equal(line, "sandbox_probe_", 14);
		for (char *c = line; *c; c++) {
			if (in_string && *c == '\\')
				assert_non_null(strchr("\\\"n", *++c));
			else if (*c == '"')
				in_string = !in_string;
		}
		assert_false(in_string);
		assert_non_null(strrchr(line, ' '));
		assert_in_range(strrchr(line, ' ')[1], '0', '9');
	}
	forget(&written);
}

static void labels_hold_no_text_of_others(void **state)
{
	struct written written = write_hostile(report_nfd, &narrow);
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_=\n";

	(void)state;
	assert_int_equal(strspn(written.out.text, allowed), written.out.used);
	forget(&written);
}

static void markdown_tables_keep_their_columns(void **state)
{
	struct written written = write_hostile(report_markdown, &narrow);
	char *rest = written.out.text, *line;
	int columns = 0;

	(void)state;
	while ((line = next_line(&rest))) {
		int bars = 0;
		bool in_code = false;

		/* Only "> " notes, list items, tables, headings and our own tags begin a line. */
		assert_true(!*line || strchr("|>-<#x(?a", *line));
		if (*line != '|') {
			columns = 0;
			continue;
		}
		for (char *c = line; *c; c++) {
			bool escaped = c > line && c[-1] == '\\';

			bars += *c == '|' && !escaped;
			in_code ^= *c == '`' && !escaped;
			assert_false(!in_code && !strncmp(c, "<img", 4));
		}
		assert_false(in_code);
		if (!columns)
			columns = bars;
		assert_int_equal(bars, columns);
	}
	forget(&written);
}

static void text_is_written_in_any_style(void **state)
{
	struct written plain = write_hostile(report_text, &narrow);
	struct written bright = write_hostile(report_text, &coloured);

	(void)state;
	assert_null(strstr(plain.out.text, "\033[1m"));
	assert_non_null(strstr(bright.out.text, "\033[1m"));
	assert_non_null(strstr(plain.out.text, "(overridden)"));
	assert_non_null(strstr(plain.out.text, "Two ways to a namespace"));
	forget(&plain);
	forget(&bright);
}

/* A probe that was never run: every answer is unknown, every fact is missing. */
static void nothing_known_is_no_crash(void **state)
{
	(void)state;
	for (size_t i = 0; report_format(i); i++) {
		struct sbp_probe *probe;
		struct report report;
		struct output out = { 0 };

		assert_int_equal(sbp_probe_new(&probe), 0);
		assert_int_equal(report_make(&report, probe, 0, true, false), 0);
		report_format(i)->write(&out, &report, &narrow);
		assert_false(out.failed);
		assert_non_null(strstr(out.text, "unknown"));
		out_free(&out);
		report_free(&report);
		sbp_probe_unref(probe);
	}
}

/* --- The model ------------------------------------------------------------------------------ */

static void only_what_is_asked_for_is_shown(void **state)
{
	struct sbp_probe *probe = hostile_probe();
	struct report report;

	(void)state;
	assert_int_equal(report_make(&report, probe,
				     FEATURE_BIT(SBP_FEATURE_PIDFD) |
					     FEATURE_BIT(SBP_FEATURE_NO_NEW_PRIVS),
				     false, false),
			 0);
	assert_int_equal(report.row_count, 2);
	assert_string_equal(report.rows[0].name, "no-new-privs");
	assert_string_equal(report.rows[1].name, "pidfd");
	assert_null(report.plan);
	assert_null(report.allowed);
	report_free(&report);
	sbp_probe_unref(probe);
}

static void a_group_stands_together(void **state)
{
	struct sbp_probe *probe = hostile_probe();
	struct report report;
	int headings = 0;

	(void)state;
	assert_int_equal(report_make(&report, probe, 0, false, false), 0);
	for (size_t i = 0; i < report.row_count; i++) {
		if (i && report.rows[i].group == report.rows[i - 1].group)
			continue;
		headings++;
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(report.rows[k].group, report.rows[i].group);
	}
	assert_int_equal(headings, 6);
	report_free(&report);
	sbp_probe_unref(probe);
}

static void notes_tell_what_must_not_be_missed(void **state)
{
	struct sbp_probe *probe;
	struct report report;

	(void)state;
	assert_int_equal(sbp_probe_new(&probe), 0);
	probe->area->facts[probe->area->fact_count++] =
		(struct sbp_fact){ "process.threads", "1", "" };
	assert_int_equal(report_make(&report, probe, 0, false, false), 0);
	assert_int_equal(report.note_count, 0);
	report_free(&report);
	probe->area->facts[probe->area->fact_count++] =
		(struct sbp_fact){ "process.emulator", "valgrind", "" };
	probe->area->facts[probe->area->fact_count++] =
		(struct sbp_fact){ "process.seccomp_mode", "2", "" };
	probe->area->answers[SBP_FEATURE_PIDFD].overridden = true;
	assert_int_equal(report_make(&report, probe, 0, false, true), 0);
	assert_int_equal(report.note_count, 4);
	assert_non_null(strstr(report.notes[0], "uid 0"));
	assert_non_null(strstr(report.notes[1], "overridden"));
	assert_non_null(strstr(report.notes[2], "emulator"));
	assert_non_null(strstr(report.notes[3], "outer seccomp filter"));
	report_free(&report);
	sbp_probe_unref(probe);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(json_strings_are_escaped),
	cmocka_unit_test(every_byte_makes_a_valid_string),
	cmocka_unit_test(json_structure_is_as_asked),
	cmocka_unit_test(json_too_deep_is_a_failure),
	cmocka_unit_test(output_grows),
	cmocka_unit_test(output_that_failed_stays_failed),
	cmocka_unit_test(paragraphs_are_wrapped),
	cmocka_unit_test(json_holds_hostile_text),
	cmocka_unit_test(json_is_read_by_others),
	cmocka_unit_test(metrics_hold_hostile_text),
	cmocka_unit_test(labels_hold_no_text_of_others),
	cmocka_unit_test(markdown_tables_keep_their_columns),
	cmocka_unit_test(text_is_written_in_any_style),
	cmocka_unit_test(nothing_known_is_no_crash),
	cmocka_unit_test(only_what_is_asked_for_is_shown),
	cmocka_unit_test(a_group_stands_together),
	cmocka_unit_test(notes_tell_what_must_not_be_missed),
};

int main(void)
{
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}

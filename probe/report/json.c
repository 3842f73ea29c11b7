// SPDX-License-Identifier: MIT
/*
 * The report as JSON. Its keys are a contract (sandbox-probe.schema.json): additions keep the number
 * `schema`, a changed meaning raises it.
 */
#include <stdlib.h>
#include <string.h>

#include "json_writer.h"
#include "report.h"

enum { SCHEMA = 1 };

/* --- Facts as members ---------------------------------------------------------------------- */

enum kind { TEXT, NUMBER, SWITCH };

struct member {
	const char *key, *fact;
	enum kind kind;
};

static const struct member kernel_members[] = {
	{ "release", "kernel.release", TEXT },	 { "version", "kernel.version", TEXT },
	{ "machine", "kernel.machine", TEXT },	 { "bits", "kernel.bits", NUMBER },
	{ "abi", "process.abi", TEXT },		 { "audit_arch", "process.audit_arch", TEXT },
	{ "emulator", "kernel.emulator", TEXT },
};

static const struct member process_members[] = {
	{ "uid", "process.uid", NUMBER },
	{ "euid", "process.euid", NUMBER },
	{ "gid", "process.gid", NUMBER },
	{ "no_new_privs", "process.no_new_privs", SWITCH },
	{ "seccomp_mode", "process.seccomp_mode", NUMBER },
	{ "filters", "process.filters", NUMBER },
	{ "capabilities", "process.capabilities", TEXT },
	{ "bounding_set", "process.bounding_set", TEXT },
	{ "tracer_pid", "process.tracer_pid", NUMBER },
	{ "threads", "process.threads", NUMBER },
	{ "label", "process.label", TEXT },
	{ "user_namespace", "process.user_namespace", TEXT },
	{ "chroot", "process.chroot", SWITCH },
	{ "container", "process.container", TEXT },
	{ "emulator", "process.emulator", TEXT },
	{ "sanitizer", "process.sanitizer", TEXT },
};

/* What is not known, or not what it should be, is null. */
static void write_number(struct json *json, const char *key, const char *value)
{
	char *end;
	long long number = strtoll(value, &end, 10);

	if (end == value || *end)
		json_null(json, key);
	else
		json_number(json, key, number);
}

static void write_switch(struct json *json, const char *key, const char *value)
{
	if (!strcmp(value, "1") || !strcmp(value, "yes"))
		json_bool(json, key, true);
	else if (!strcmp(value, "0") || !strcmp(value, "no"))
		json_bool(json, key, false);
	else
		json_null(json, key);
}

static void write_members(struct json *json, const struct report *report,
			  const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = sbp_fact_value(report->probe, members[i].fact);

		if (!value || members[i].kind == TEXT)
			json_string(json, members[i].key, value);
		else if (members[i].kind == NUMBER)
			write_number(json, members[i].key, value);
		else
			write_switch(json, members[i].key, value);
	}
}

static void write_kernel(struct json *json, const struct report *report)
{
	json_object(json, "kernel");
	write_members(json, report, kernel_members, sizeof(kernel_members) / sizeof(*kernel_members));
	json_close(json);
}

static void write_process(struct json *json, const struct report *report)
{
	json_object(json, "process");
	write_members(json, report, process_members,
		      sizeof(process_members) / sizeof(*process_members));
	json_bool(json, "asked_as_root", report->asked_as_root);
	json_close(json);
}

static void write_environment(struct json *json, const struct report *report)
{
	const struct sbp_fact *fact;

	json_array(json, "environment");
	for (size_t i = 0; (fact = sbp_fact(report->probe, i)); i++) {
		json_object(json, NULL);
		json_string(json, "name", fact->name);
		json_string(json, "value", fact->value);
		json_string(json, "source", fact->source);
		json_close(json);
	}
	json_close(json);
}

/* --- Features ------------------------------------------------------------------------------ */

static void write_evidence(struct json *json, const struct report *report, enum sbp_feature feature)
{
	const struct sbp_evidence *evidence;

	json_array(json, "evidence");
	for (size_t i = 0; (evidence = sbp_evidence(report->probe, feature, i)); i++) {
		json_object(json, NULL);
		json_string(json, "call", evidence->call);
		json_number(json, "result", evidence->result);
		json_string(json, "errno", sbp_errno_name(evidence->error));
		json_string(json, "where", evidence->where);
		if (evidence->signal)
			json_number(json, "signal", evidence->signal);
		else
			json_null(json, "signal");
		json_close(json);
	}
	json_close(json);
}

static void write_symbols(struct json *json, const char *symbols)
{
	json_array(json, "kconfig");
	while (*symbols) {
		size_t length = strcspn(symbols, " ");
		char symbol[64];

		if (length < sizeof(symbol)) {
			memcpy(symbol, symbols, length);
			symbol[length] = '\0';
			json_string(json, NULL, symbol);
		}
		symbols += length + (symbols[length] == ' ');
	}
	json_close(json);
}

static void write_feature(struct json *json, const struct report *report, const struct report_row *row)
{
	json_object(json, row->name);
	json_string(json, "state", row->state);
	json_string(json, "summary", sbp_feature_summary(row->feature));
	json_bool(json, "overridden", row->overridden);
	write_evidence(json, report, row->feature);
	json_string(json, "cause", row->cause);
	json_string(json, "remedy", row->remedy);
	json_string(json, "since", sbp_feature_since(row->feature));
	write_symbols(json, sbp_feature_kconfig(row->feature));
	if (row->two_ways) {
		json_string(json, "directly", row->directly);
		json_string(json, "through_user_ns", row->through_user_ns);
	}
	json_close(json);
}

/* --- The plan ------------------------------------------------------------------------------ */

static void write_choice(struct json *json, const struct sbp_plan *plan)
{
	json_number(json, "level", sbp_plan_level(plan));
	json_string(json, "isolation", sbp_plan_isolation(plan));
	json_string(json, "syscalls", sbp_plan_syscalls(plan));
	json_string(json, "threads", sbp_plan_threads(plan));
	json_bool(json, "needs_root", sbp_plan_needs_root(plan));
}

static void write_rejected(struct json *json, const struct sbp_plan *plan)
{
	const struct sbp_rejected *rejected;

	json_array(json, "rejected");
	for (size_t i = 0; (rejected = sbp_plan_rejected(plan, i)); i++) {
		json_object(json, NULL);
		json_string(json, "strategy", rejected->strategy);
		json_string(json, "threads", rejected->threads);
		json_array(json, "missing");
		for (const enum sbp_feature *f = rejected->missing; *f; f++)
			json_string(json, NULL, sbp_feature_name(*f));
		json_close(json);
		json_string(json, "because", rejected->because);
		json_close(json);
	}
	json_close(json);
}

static void write_plan(struct json *json, const struct report *report)
{
	if (!report->plan) {
		json_null(json, "plan");
		return;
	}
	json_object(json, "plan");
	write_choice(json, report->plan);
	write_rejected(json, report->plan);
	json_object(json, "kernel_allows");
	write_choice(json, report->allowed);
	json_close(json);
	json_close(json);
}

void report_json(struct output *out, const struct report *report, const struct report_style *style)
{
	struct json json = { .out = out };

	(void)style;
	json_object(&json, NULL);
	json_number(&json, "schema", SCHEMA);
	json_string(&json, "version", sbp_version());
	json_array(&json, "notes");
	for (size_t i = 0; i < report->note_count; i++)
		json_string(&json, NULL, report->notes[i]);
	json_close(&json);
	write_kernel(&json, report);
	write_process(&json, report);
	write_environment(&json, report);
	json_object(&json, "features");
	for (size_t i = 0; i < report->row_count; i++)
		write_feature(&json, report, &report->rows[i]);
	json_close(&json);
	write_plan(&json, report);
	json_close(&json);
}

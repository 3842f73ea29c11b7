// SPDX-License-Identifier: MIT
/*
 * sandbox-probe(1): one function for each thing that can be asked of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cli/cli.h"

const char program_name[] = "sandbox-probe";

/* --- Probing ------------------------------------------------------------------------------- */

/* What a plan is made of can be any feature: then all are asked, whatever is shown. */
static bool wants_all(const struct request *request)
{
	return !request->shown || request->required_level;
}

static int run(struct sbp_probe *probe, const struct request *request)
{
	enum sbp_feature some[REPORT_FEATURES + 1];
	feature_set set = request->shown | request->required;
	size_t count = 0;

	if (wants_all(request))
		return sbp_probe_run(probe, SBP_REPORT);
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (set & FEATURE_BIT(f))
			some[count++] = f;
	some[count] = 0;
	return sbp_probe_run_some(probe, SBP_REPORT, some);
}

/* SANDBOX_PROBE_LOG=debug: every question with its answer, on stderr. */
static void log_evidence(const struct sbp_probe *probe)
{
	const char *level = getenv("SANDBOX_PROBE_LOG");
	const struct sbp_evidence *evidence;

	if (!level || strcmp(level, "debug") != 0)
		return;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		for (size_t i = 0; (evidence = sbp_evidence(probe, f, i)); i++) {
			char words[40];

			report_result_words(evidence, words, sizeof(words));
			complain("%s: %s = %s (%s)", sbp_feature_name(f), evidence->call, words,
				 evidence->where ? evidence->where : "this process");
		}
}

static int new_probe(struct sbp_probe **probe)
{
	const char *assume = getenv("SANDBOX_PROBE_ASSUME");
	int error = sbp_probe_new(probe);

	if (!error)
		return EXIT_REPORTED;
	if (error == -EINVAL && assume) {
		complain_of_assumptions(assume);
		return EXIT_USAGE;
	}
	complain("can't probe: %s", strerror(-error));
	return EXIT_NOT_REPORTED;
}

/* Becomes who asks, asks, and makes the report of it. */
static int probe_for(struct request *request, struct sbp_probe **probe, struct report *report)
{
	int status = new_probe(probe), error;

	if (!status && request->user) {
		status = become_user(request->user);
		request->as_root = !geteuid();
	}
	if (status)
		return status;
	error = run(*probe, request);
	if (!error)
		error = report_make(report, *probe, request->shown, wants_all(request),
				    request->as_root);
	if (error) {
		complain("can't probe: %s", strerror(-error));
		return EXIT_NOT_REPORTED;
	}
	log_evidence(*probe);
	return EXIT_REPORTED;
}

/* --- What can be asked ---------------------------------------------------------------------- */

static int write_report(struct request *request)
{
	struct report_style style = style_of_stdout();
	struct sbp_probe *probe = NULL;
	struct output out = { 0 };
	struct report report;
	int status = probe_for(request, &probe, &report);

	if (!status) {
		request->format->write(&out, &report, &style);
		status = write_and_close(request, &out);
		if (!status)
			status = check_requirements(request, &report);
		report_free(&report);
	}
	sbp_probe_unref(probe);
	return status;
}

static int explain(struct request *request)
{
	struct sbp_probe *probe = NULL;
	struct output out = { 0 };
	struct report report;
	int status;

	request->shown = FEATURE_BIT(request->explained);
	status = probe_for(request, &probe, &report);
	if (!status) {
		explain_feature(&out, &report);
		status = write_and_close(request, &out);
		report_free(&report);
	}
	sbp_probe_unref(probe);
	return status;
}

static int list(struct request *request)
{
	struct output out = { 0 };

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		out_format(&out, "%s\n", sbp_feature_name(f));
	return write_and_close(request, &out);
}

static int print_version(struct request *request)
{
	struct output out = { 0 };

	out_format(&out, "sandbox-probe %s\n", sbp_version());
	return write_and_close(request, &out);
}

static int print_help(struct request *request)
{
	struct output out = { 0 };

	write_help(&out);
	return write_and_close(request, &out);
}

static int check(struct request *request)
{
	return check_config(request);
}

int main(int argc, char **argv)
{
	static const struct {
		enum action action;
		int (*answer)(struct request *request);
	} answers[] = {
		{ ACTION_REPORT, write_report },   { ACTION_LIST, list },
		{ ACTION_EXPLAIN, explain },	   { ACTION_CHECK_CONFIG, check },
		{ ACTION_VERSION, print_version }, { ACTION_HELP, print_help },
	};
	struct request request = { .stdout_was_closed = open_standard_streams(),
				   .as_root = !getauxval(AT_EUID) };
	int status = parse_command_line(&request, argc, argv);

	if (status)
		return status;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (answers[i].action == request.action)
			return answers[i].answer(&request);
	return EXIT_USAGE;
}

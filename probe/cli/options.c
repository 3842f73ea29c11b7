// SPDX-License-Identifier: MIT
/*
 * The command line. Owns the table of options: one row makes an option known, explained by --help
 * and checked for what it fits.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* --- What options do ----------------------------------------------------------------------- */

/* Takes an option's value: EXIT_REPORTED, or EXIT_USAGE after complaining. */
typedef int taker(struct request *request, const char *value);

static int take_format(struct request *request, const char *value)
{
	struct nearest nearest;

	nearest_begin(&nearest, value);
	for (size_t i = 0; report_format(i); i++) {
		nearest_offer(&nearest, report_format(i)->name);
		if (strcmp(report_format(i)->name, value))
			continue;
		request->format = report_format(i);
		return EXIT_REPORTED;
	}
	complain("unknown format \"%s\"%s (text, json, markdown, prometheus or nfd)", value,
		 nearest_advice(&nearest));
	return EXIT_USAGE;
}

static int take_json(struct request *request, const char *value)
{
	(void)value;
	return take_format(request, "json");
}

static int take_markdown(struct request *request, const char *value)
{
	(void)value;
	return take_format(request, "markdown");
}

/* Gives each word of a list between commas to `take`. */
static int take_words(struct request *request, const char *list, const char *option, taker *take)
{
	bool any = false;

	while (*list) {
		size_t length = strcspn(list, ",");
		char word[200];

		snprintf(word, sizeof(word), "%.*s", (int)length, list);
		if (length && take(request, word))
			return EXIT_USAGE;
		any |= length;
		list += length + (list[length] == ',');
	}
	if (any)
		return EXIT_REPORTED;
	complain("%s names nothing", option);
	return EXIT_USAGE;
}

static int take_feature(struct request *request, const char *name)
{
	enum sbp_feature feature = feature_or_complain(name);

	if (!feature)
		return EXIT_USAGE;
	request->shown |= FEATURE_BIT(feature);
	return EXIT_REPORTED;
}

static int take_features(struct request *request, const char *value)
{
	return take_words(request, value, "--feature", take_feature);
}

static int take_requirement(struct request *request, const char *word)
{
	enum sbp_feature feature;

	if (!strncmp(word, "level=", 6)) {
		const char *level = word + 6;

		if (*level < '0' || *level > '3' || level[1]) {
			complain("\"%s\": a level is 0, 1, 2 or 3", word);
			return EXIT_USAGE;
		}
		if (*level - '0' > request->required_level)
			request->required_level = *level - '0';
		return EXIT_REPORTED;
	}
	feature = feature_or_complain(word);
	if (!feature)
		return EXIT_USAGE;
	request->required |= FEATURE_BIT(feature);
	return EXIT_REPORTED;
}

static int take_requirements(struct request *request, const char *value)
{
	return take_words(request, value, "--require", take_requirement);
}

static int take_explained(struct request *request, const char *value)
{
	request->explained = feature_or_complain(value);
	return request->explained ? EXIT_REPORTED : EXIT_USAGE;
}

static int take_user(struct request *request, const char *value)
{
	request->user = value;
	return EXIT_REPORTED;
}

static int take_config(struct request *request, const char *value)
{
	request->config = value;
	return EXIT_REPORTED;
}

static int take_target(struct request *request, const char *value)
{
	struct nearest nearest;

	request->target = target_by_name(value);
	if (request->target)
		return EXIT_REPORTED;
	nearest_begin(&nearest, value);
	for (size_t i = 0; target_name(i); i++)
		nearest_offer(&nearest, target_name(i));
	complain("unknown target \"%s\"%s (2.6.29, 3.0, 3.4 or mainline)", value,
		 nearest_advice(&nearest));
	return EXIT_USAGE;
}

/* --- The table ----------------------------------------------------------------------------- */

static const struct option_row {
	const char *name, *argument, *help;
	taker *take;
	enum action action; /* what it asks for, 0 for options that only say how */
	int fits;	    /* the actions beside which it means something */
} rows[] = {
	{ "format", "FORMAT", "text (the default), json, markdown, prometheus or nfd", take_format,
	  0, ACTION_REPORT },
	{ "json", NULL, "the same as --format json", take_json, 0, ACTION_REPORT },
	{ "markdown", NULL, "the same as --format markdown: to paste into a bug report",
	  take_markdown, 0, ACTION_REPORT },
	{ "feature", "NAME,...", "ask and show only these features", take_features, 0,
	  ACTION_REPORT | ACTION_CHECK_CONFIG },
	{ "require", "NAME|level=N,...", "exit 3 unless all of these are there", take_requirements,
	  0, ACTION_REPORT },
	{ "as-user", "NAME|UID", "ask as this user (needs root)", take_user, 0,
	  ACTION_REPORT | ACTION_EXPLAIN },
	{ "list", NULL, "name all features, one a line", NULL, ACTION_LIST, ACTION_LIST },
	{ "explain", "NAME", "what a feature is, and its state here", take_explained,
	  ACTION_EXPLAIN, ACTION_EXPLAIN },
	{ "check-config", "FILE", "does this kernel configuration have what the features need?",
	  take_config, ACTION_CHECK_CONFIG, ACTION_CHECK_CONFIG },
	{ "target", "VERSION", "for --check-config: 2.6.29, 3.0, 3.4 or mainline", take_target, 0,
	  ACTION_CHECK_CONFIG },
	{ "version", NULL, "print the version", NULL, ACTION_VERSION, ACTION_VERSION },
	{ "help", NULL, "print this", NULL, ACTION_HELP, ACTION_HELP },
};

enum { ROWS = sizeof(rows) / sizeof(*rows), FIRST_VALUE = 256 };

void write_help(struct output *out)
{
	out_text(out,
		 "Usage: sandbox-probe [OPTION...]\n"
		 "Asks this kernel what sandbox it gives this process, and says why not more.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
			 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		out_format(out, "  %-27s%s\n", option, rows[i].help);
	}
	out_text(out, "\nExit status: 0 report written, 1 it could not be made, 2 usage,\n"
		      "3 a --require is not met, 4 --check-config found something missing.\n"
		      "Environment: SANDBOX_PROBE_ASSUME=NAME=STATE,..., SANDBOX_PROBE_LOG=debug.\n"
		      "More: sandbox-probe(1).\n");
}

/* --- Reading the command line --------------------------------------------------------------- */

/* What getopt_long() stumbled over. */
static int complain_of_option(const char *word, int value, bool no_argument_given)
{
	struct nearest nearest;
	char name[64];

	if (value >= FIRST_VALUE && value < FIRST_VALUE + ROWS) {
		const struct option_row *row = &rows[value - FIRST_VALUE];

		if (no_argument_given)
			complain("--%s needs a value: %s", row->name, row->argument);
		else
			complain("--%s takes no value", row->name);
		return EXIT_USAGE;
	}
	if (value) { /* a letter, maybe one of several behind the same dash */
		complain("unknown option \"-%c\" (--help explains all)", value);
		return EXIT_USAGE;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	nearest_begin(&nearest, name);
	for (size_t i = 0; i < ROWS; i++) {
		char option[32];

		snprintf(option, sizeof(option), "--%s", rows[i].name);
		nearest_offer(&nearest, option);
	}
	complain("unknown option \"%s\"%s (--help explains all)", word, nearest_advice(&nearest));
	return EXIT_USAGE;
}

static int complain_of_argument(const char *word)
{
	if (sbp_feature_by_name(word))
		complain("unexpected argument \"%s\": did you mean --feature %s or --explain %s?",
			 word, word, word);
	else
		complain("unexpected argument \"%s\" (--help explains all)", word);
	return EXIT_USAGE;
}

static int take_option(struct request *request, const struct option_row *row, const char *value)
{
	if (row->action && request->action != ACTION_REPORT && request->action != row->action) {
		complain("--%s can't go with another question", row->name);
		return EXIT_USAGE;
	}
	if (row->action)
		request->action = row->action;
	return row->take ? row->take(request, value) : EXIT_REPORTED;
}

/* An option that would be ignored in silence is a mistake of its user. */
static int check_fits(const struct request *request, const bool *given)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!given[i] || rows[i].fits & request->action)
			continue;
		if (rows[i].fits == ACTION_CHECK_CONFIG)
			complain("--%s goes with --check-config only", rows[i].name);
		else
			complain("--%s has no meaning beside what else was asked for", rows[i].name);
		return EXIT_USAGE;
	}
	return EXIT_REPORTED;
}

/* --help and --version are answered whatever else stands there. */
static bool is_answered_at_once(const struct request *request)
{
	return request->action == ACTION_HELP || request->action == ACTION_VERSION;
}

int parse_command_line(struct request *request, int argc, char **argv)
{
	struct option options[ROWS + 1] = { 0 };
	bool given[ROWS] = { false };
	int value;

	for (size_t i = 0; i < ROWS; i++)
		options[i] = (struct option){ rows[i].name, rows[i].argument ? 1 : 0, NULL,
					      FIRST_VALUE + (int)i };
	request->action = ACTION_REPORT;
	request->format = report_format(0);
	opterr = 0;
	while ((value = getopt_long(argc, argv, "+:hV", options, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (value == 'h' || value == 'V') {
			request->action = value == 'h' ? ACTION_HELP : ACTION_VERSION;
			return EXIT_REPORTED;
		}
		if (value == '?' || value == ':')
			return complain_of_option(word, optopt, value == ':');
		given[value - FIRST_VALUE] = true;
		if (take_option(request, &rows[value - FIRST_VALUE], optarg))
			return EXIT_USAGE;
		if (is_answered_at_once(request))
			return EXIT_REPORTED;
	}
	if (optind < argc)
		return complain_of_argument(argv[optind]);
	return check_fits(request, given);
}

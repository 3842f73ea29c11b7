/* SPDX-License-Identifier: MIT */
/*
 * What the files of sandbox-probe(1) share: what was asked for, and how to answer.
 */
#ifndef SBP_CLI_H
#define SBP_CLI_H

#include "../report/report.h"
#include "complain.h"

/* Exit codes: a contract with scripts (sandbox-probe(1)). */
enum {
	EXIT_REPORTED = 0,     /* whatever the report says */
	EXIT_NOT_REPORTED = 1, /* it could not be made or written */
	EXIT_USAGE = 2,
	EXIT_UNMET = 3,	     /* a --require */
	EXIT_INCOMPLETE = 4, /* --check-config found something missing */
};

/* What to do: each is one function. Bits, since options say what they fit. */
enum action {
	ACTION_REPORT = 1 << 0,
	ACTION_LIST = 1 << 1,
	ACTION_EXPLAIN = 1 << 2,
	ACTION_CHECK_CONFIG = 1 << 3,
	ACTION_VERSION = 1 << 4,
	ACTION_HELP = 1 << 5,
};

struct target; /* a kernel version for --check-config: check_config.c */

struct request {
	enum action action;
	const struct report_format *format;
	feature_set shown;    /* --feature; 0: all */
	feature_set required; /* --require NAME */
	int required_level;   /* --require level=N; 0: none */
	enum sbp_feature explained;
	const char *user; /* --as-user */
	const char *config;
	const struct target *target; /* NULL: the one that fits the configuration's version */
	bool stdout_was_closed;
	bool as_root;
};

/* --- options.c */

/* Reads the command line into *request: EXIT_REPORTED, or EXIT_USAGE after complaining. */
int parse_command_line(struct request *request, int argc, char **argv);
void write_help(struct output *out);

/* --- names.c */

/*
 * Looks for the name that was probably meant: offer each candidate, then ask for the advice,
 * "; did you mean NAME?" or "".
 */
struct nearest {
	const char *wanted;
	size_t distance;
	char advice[160];
	char best[64];
};
void nearest_begin(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *candidate);
const char *nearest_advice(struct nearest *nearest);

/* The feature of that name; 0 after complaining with the nearest one. */
enum sbp_feature feature_or_complain(const char *name);

/* Says which word of SANDBOX_PROBE_ASSUME the library refused, and what was probably meant. */
void complain_of_assumptions(const char *assume);

/* --- streams.c */

/* Opens /dev/null in place of 0, 1 and 2 where they are closed; true when 1 was. */
bool open_standard_streams(void);

/* Writes it all on stdout and closes that: EXIT_REPORTED, or EXIT_NOT_REPORTED after complaining. */
int write_and_close(const struct request *request, struct output *out);

/* Width and colour that suit stdout. */
struct report_style style_of_stdout(void);

/* --- user.c */

/*
 * Becomes that user for good, as far as the kernel is concerned. EXIT_REPORTED; EXIT_USAGE for an
 * unknown user; EXIT_NOT_REPORTED when it is not allowed. Complains.
 */
int become_user(const char *name);

/* --- require.c, explain.c, check_config.c */

/* EXIT_REPORTED, or EXIT_UNMET after saying on stderr what is missing and why. */
int check_requirements(const struct request *request, const struct report *report);

void explain_feature(struct output *out, const struct report *report);

/* Each of these makes its whole answer: an exit code. */
int check_config(const struct request *request);
const struct target *target_by_name(const char *name);
const char *target_name(size_t i); /* NULL behind the last */

#endif

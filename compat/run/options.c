// SPDX-License-Identifier: MIT
/*
 * The command line of sandbox-run(1). Owns the table of options.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

typedef int taker(struct request *request, const char *value);

static int not_built(const char *option)
{
	complain("%s is not built in this version", option);
	return EXIT_NO_SANDBOX;
}

static int take_isolation(struct request *request, const char *value)
{
	if (!strcmp(value, "suid"))
		return not_built("--isolation suid");
	if (strcmp(value, "auto") != 0 && strcmp(value, "clone") != 0 && strcmp(value, "none") != 0) {
		complain("unknown isolation \"%s\" (auto, clone, suid or none)", value);
		return EXIT_NO_SANDBOX;
	}
	request->isolation = strcmp(value, "auto") ? value : NULL;
	return 0;
}

static int take_syscalls(struct request *request, const char *value)
{
	if (!strcmp(value, "trusted-thread"))
		return not_built("--syscalls trusted-thread");
	if (strcmp(value, "auto") != 0 && strcmp(value, "bpf") != 0 && strcmp(value, "none") != 0) {
		complain("unknown system-call strategy \"%s\" (auto, bpf, trusted-thread or none)",
			 value);
		return EXIT_NO_SANDBOX;
	}
	request->syscalls = strcmp(value, "auto") ? value : NULL;
	return 0;
}

static int take_policy(struct request *request, const char *value)
{
	request->policy = value;
	return 0;
}

static int take_min_level(struct request *request, const char *value)
{
	if (*value < '0' || *value > '3' || value[1]) {
		complain("\"%s\": a level is 0, 1, 2 or 3", value);
		return EXIT_NO_SANDBOX;
	}
	request->min_level = *value - '0';
	return 0;
}

static int take_share_net(struct request *request, const char *value)
{
	(void)value;
	request->share_net = true;
	return 0;
}

static int take_directory(struct request *request, const char *value)
{
	request->directory = value;
	return 0;
}

static int take_no_chroot(struct request *request, const char *value)
{
	(void)value;
	request->keep_root = true;
	return 0;
}

static int take_allow_read(struct request *request, const char *value)
{
	if (request->allow_count == ALLOW_LIMIT) {
		complain("more than %d times --allow-read: name a directory", ALLOW_LIMIT);
		return EXIT_NO_SANDBOX;
	}
	request->allow_read[request->allow_count++] = value;
	return 0;
}

static int take_crash_dir(struct request *request, const char *value)
{
	(void)request;
	(void)value;
	return not_built("--crash-dir");
}

static int take_verbose(struct request *request, const char *value)
{
	(void)value;
	request->verbose = true;
	return 0;
}

static int take_version(struct request *request, const char *value)
{
	(void)value;
	printf("sandbox-run %s\n", sbp_version());
	request->answered = true;
	return 0;
}

static taker take_help;

static const struct option_row {
	const char *name, *argument, *help;
	taker *take;
} rows[] = {
	{ "isolation", "auto|clone|suid|none", "how to cut it off", take_isolation },
	{ "syscalls", "auto|bpf|trusted-thread|none", "how to filter its system calls",
	  take_syscalls },
	{ "policy", "NAME|FILE", "what system calls it may make (compute)", take_policy },
	{ "min-level", "N", "run nothing below this level", take_min_level },
	{ "share-net", NULL, "leave it the network", take_share_net },
	{ "chroot", "DIR", "make DIR its root, not an empty one", take_directory },
	{ "no-chroot", NULL, "leave it the files", take_no_chroot },
	{ "allow-read", "PATH", "let it read PATH, and what is below (repeatable)", take_allow_read },
	{ "crash-dir", "DIR", "where to put its dumps", take_crash_dir },
	{ "verbose", NULL, "print the plan", take_verbose },
	{ "version", NULL, "print the version", take_version },
	{ "help", NULL, "print this", take_help },
};

enum { ROWS = sizeof(rows) / sizeof(*rows), FIRST_VALUE = 256 };

static int take_help(struct request *request, const char *value)
{
	(void)value;
	puts("Usage: sandbox-run [OPTION...] -- COMMAND [ARG...]\n"
	     "Runs a command in the strongest sandbox that this kernel gives.\n");
	for (size_t i = 0; i < ROWS; i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
			 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		printf("  %-41s%s\n", option, rows[i].help);
	}
	puts("\nExit status: the command's; 128+N when signal N ended it; 125 no sandbox;\n"
	     "126 the command can't be run; 127 it was not found. More: sandbox-run(1).");
	request->answered = true;
	return 0;
}

/* What contradicts itself, or would be ignored in silence, is a mistake of the user's. */
static int check(const struct request *request)
{
	const char *fault = NULL;

	if (request->directory && request->keep_root)
		fault = "--chroot and --no-chroot exclude each other";
	else if (request->directory && !*request->directory)
		fault = "--chroot needs a directory";
	else if (request->isolation && !strcmp(request->isolation, "none") && request->directory)
		fault = "--chroot needs an isolation";
	else if (request->syscalls && !strcmp(request->syscalls, "none") && request->policy)
		fault = "--policy needs a system-call strategy";
	else if (request->allow_count && (request->directory || request->keep_root))
		fault = "--allow-read is for the empty root: with --chroot and --no-chroot the command opens files itself";
	else if (request->allow_count && request->isolation && !strcmp(request->isolation, "none"))
		fault = "--allow-read needs an isolation: without, the command opens files itself";
	else if (request->allow_count && request->syscalls && !strcmp(request->syscalls, "none"))
		fault = "--allow-read needs a system-call strategy: what it opens is asked for by the filter";
	else if (!request->command[0])
		fault = "no command (--help explains all)";
	else if (!*request->command[0])
		fault = "an empty name of a command";
	if (fault)
		complain("%s", fault);
	return fault ? EXIT_NO_SANDBOX : 0;
}

int parse_command_line(struct request *request, int argc, char **argv)
{
	struct option options[ROWS + 1] = { 0 };
	int value, status;

	for (size_t i = 0; i < ROWS; i++)
		options[i] = (struct option){ rows[i].name, rows[i].argument ? 1 : 0, NULL,
					      FIRST_VALUE + (int)i };
	*request = (struct request){ .min_level = -1 };
	opterr = 0;
	while ((value = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (value == ':') {
			complain("%s needs a value", argv[optind - 1]);
			return EXIT_NO_SANDBOX;
		}
		if (value == '?') {
			complain("unknown option \"%s\" (--help explains all)", argv[optind - 1]);
			return EXIT_NO_SANDBOX;
		}
		status = rows[value - FIRST_VALUE].take(request, optarg);
		if (status || request->answered)
			return status;
	}
	request->command = argv + optind;
	return check(request);
}

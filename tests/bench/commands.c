/* SPDX-License-Identifier: MIT */
/*
 * What whole commands cost, run in turn in one process tree: /bin/true, ours, and the peers that are
 * installed. Peers that are not are named. usage: commands SANDBOX-PROBE [ROUNDS]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char **environ;

static posix_spawn_file_actions_t to_null;

static void run_command(const struct step *step)
{
	char *const *command = (char *const *)step->data;
	pid_t pid;

	if (posix_spawn(&pid, command[0], &to_null, NULL, command, environ))
		exit(1);
	waitpid(pid, NULL, 0);
}

enum { ARGUMENTS = 6 };

static const char *commands[][ARGUMENTS] = {
	{ "/bin/true" },
	{ NULL /* ours */, "--json" },
	{ NULL, "--format", "text" },
	{ NULL, "--feature", "seccomp-filter,seccomp-tsync", "--json" },
	{ "/usr/sbin/bpftool", "-j", "feature", "probe" },
	{ "/usr/bin/lxc-checkconfig" },
	{ "/usr/bin/checksec", "--kernel" },
};

enum { PEERS = 4, COMMANDS = sizeof(commands) / sizeof(*commands) };

static const char *const names[COMMANDS] = {
	"/bin/true",
	"sandbox-probe --json",
	"sandbox-probe",
	"sandbox-probe --json, two features",
	"bpftool -j feature probe",
	"lxc-checkconfig",
	"checksec --kernel",
};

/* What PEERS' figures ask of `sandbox-probe --json`. */
static void print_targets(const struct step *steps)
{
	const struct step *ours = &steps[1];

	print_target("sandbox-probe --json against /bin/true, min",
		     ours->minimum / steps[0].minimum, 3.5);
	if (steps[4].data)
		print_target("against bpftool (1/20), min", ours->minimum / steps[4].minimum,
			     1.0 / 20);
	if (steps[5].data)
		print_target("against lxc-checkconfig (1/40), min",
			     ours->minimum / steps[5].minimum, 1.0 / 40);
}

/* Runs the commands [from, to) that are there, in turn, and prints a line for each. */
static void run_group(struct step *all, size_t from, size_t to, int rounds)
{
	static struct step group[COMMANDS];
	size_t count = 0;

	for (size_t i = from; i < to; i++)
		if (all[i].data)
			group[count++] = all[i];
	run_rounds(group, count, rounds);
	for (size_t i = from, next = 0; i < to; i++)
		if (all[i].data)
			all[i] = group[next++];
	for (size_t i = from; i < to; i++)
		if (all[i].data)
			print_step(&all[i], &all[0]);
}

int main(int argc, char **argv)
{
	static struct step all[COMMANDS];
	int rounds = argc > 2 ? atoi(argv[2]) : 31;

	if (argc < 2)
		return 2;
	posix_spawn_file_actions_init(&to_null);
	posix_spawn_file_actions_addopen(&to_null, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&to_null, 2, "/dev/null", O_WRONLY, 0);
	print_head("Commands", "/bin/true");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!commands[i][0])
			commands[i][0] = argv[1];
		all[i].name = names[i];
		all[i].run = run_command;
		if (access(commands[i][0], X_OK))
			printf("  (not installed: %s)\n", names[i]);
		else
			all[i].data = commands[i];
	}
	/* Apart, since a peer that takes a tenth of a second leaves cold caches to whoever is next. */
	run_group(all, 0, PEERS, 10 * rounds);
	run_group(all, PEERS, COMMANDS, rounds);
	print_targets(all);
	return 0;
}

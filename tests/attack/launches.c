// SPDX-License-Identifier: MIT
/* Starts the program that attacks, outside and inside, and says how it ended. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "attack.h"

/* This program again, with the target's bytes in the last word: attack inside NUMBER HOW TARGET */
struct command {
	char path[4096], number[16], target[2 * sizeof(struct target) + 1];
	char *argv[6];
};

static void write_command(struct command *command, int number, const char *how,
			  const struct target *target)
{
	const unsigned char *bytes = (const void *)target;
	ssize_t length = readlink("/proc/self/exe", command->path, sizeof(command->path) - 1);

	need(length > 0, "/proc/self/exe");
	command->path[length] = '\0';
	snprintf(command->number, sizeof(command->number), "%d", number);
	for (size_t i = 0; i < sizeof(*target); i++)
		snprintf(command->target + 2 * i, 3, "%02x", bytes[i]);
	command->argv[0] = "attack";
	command->argv[1] = "inside";
	command->argv[2] = command->number;
	command->argv[3] = (char *)how;
	command->argv[4] = command->target;
	command->argv[5] = NULL;
}

int end_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return ATTACK_UNKNOWN;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? ATTACK_DENIED : 128 + WTERMSIG(status);
	return WEXITSTATUS(status) == 128 + SIGSYS ? ATTACK_DENIED : WEXITSTATUS(status);
}

static int run_plainly(struct command *command)
{
	char *envp[] = { NULL };
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		execve(command->path, command->argv, envp);
		_exit(ATTACK_UNKNOWN);
	}
	return end_of(pid);
}

int attack_outside(int number, const struct target *target)
{
	struct command command;

	write_command(&command, number, "outside", target);
	return run_plainly(&command);
}

static int limit(struct sbp_launch *launch)
{
	static const struct {
		int resource;
		unsigned long long value;
	} limits[] = {
		{ RLIMIT_AS, MEMORY_LIMIT },
		{ RLIMIT_NOFILE, DESCRIPTOR_LIMIT },
		{ RLIMIT_FSIZE, FILE_LIMIT },
		{ RLIMIT_NPROC, PROCESS_LIMIT },
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(limits) / sizeof(*limits); i++)
		error = sbp_launch_set_limit(launch, limits[i].resource, limits[i].value);
	return error;
}

static int set_up(struct sbp_launch *launch, const struct place *place, bool limited)
{
	bool filtered = place->policy && !place->broadcast;
	int error = sbp_launch_set_strategies(launch, place->isolation, filtered ? "bpf" : "none");

	if (!error && filtered)
		error = sbp_launch_set_policy(launch, place->policy);
	if (!error)
		error = sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL);
	/* a broadcast finds the threads in /proc */
	if (!error && place->broadcast)
		error = sbp_launch_set_root(launch, SBP_ROOT_KEPT, NULL);
	for (int fd = 0; !error && fd < 3; fd++)
		error = sbp_launch_pass_fd(launch, fd, fd);
	if (!error && limited)
		error = limit(launch);
	sbp_launch_set_init(launch, place->init);
	return error;
}

int start_inside(const char *path, char *const argv[], const struct place *place, bool limited,
		 pid_t *pid, const char **step)
{
	char *envp[] = { NULL };
	struct sbp_launch *launch;
	int error;

	need(!sbp_launch_new(&launch), "sbp_launch_new");
	error = set_up(launch, place, limited);
	if (!error)
		error = sbp_launch_set_command(launch, path, argv, envp);
	if (!error)
		error = sbp_launch_start(launch, pid);
	/* the kernel takes its time to give a user's keyrings back, and his share is small */
	for (int tenths = 0; error == -EDQUOT && tenths < 300; tenths++) {
		usleep(100000);
		error = sbp_launch_start(launch, pid);
	}
	*step = sbp_launch_failed_step(launch);
	sbp_launch_unref(launch);
	return error;
}

int attack_inside(int number, const struct target *target, const struct place *place)
{
	const struct attack *attack = attack_at(number);
	struct command command;
	const char *step;
	pid_t pid;
	int error;

	write_command(&command, number, place->broadcast ? place->policy : "plain", target);
	if (!place->isolation)
		return run_plainly(&command);
	error = start_inside(command.path, command.argv, place,
			     attack && attack->stopped_by & BY_LIMITS, &pid, &step);
	if (!error)
		return end_of(pid);
	printf("# %s: %s\n", step ? step : "launch", strerror(-error));
	return ATTACK_UNKNOWN;
}

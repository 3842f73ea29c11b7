/* SPDX-License-Identifier: MIT */
/* Owns the children that tests confine, and how long they may take. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confined.h"

enum { LIMIT_SECONDS = 120 };

void check_that(bool truth, const char *what, const char *file, int line)
{
	int error = errno;

	if (truth)
		return;
	fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", file, line, what, error);
	_exit(1);
}

int in_child(void (*body)(void *data), void *data)
{
	static const int deaths[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* cmocka catches what a denied call dies of */
		for (size_t i = 0; i < sizeof(deaths) / sizeof(*deaths); i++)
			signal(deaths[i], SIG_DFL);
		/* ends the child even where no handler could */
		alarm(LIMIT_SECONDS);
		body(data);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

int lock_by(enum how how, const char *name, struct sbp_locked *end)
{
	struct sbp_policy *policy;
	struct sbp_probe *probe;
	int error;

	check(sbp_probe_new(&probe) == 0);
	if (how == BY_BROADCAST)
		check(sbp_probe_set_assume(probe, "seccomp-tsync=absent") == 0);
	check(sbp_probe_run(probe, SBP_QUICK) == 0);
	error = strchr(name, '/') ? sbp_policy_from_file(name, &policy)
				  : sbp_policy_by_name(name, &policy);
	if (error)
		fprintf(stderr, "%s: %s\n", name,
			policy ? sbp_policy_fault(policy) : strerror(-error));
	check(error == 0);
	error = sbp_lock(probe, policy, end);
	sbp_policy_unref(policy);
	sbp_probe_unref(probe);
	return error;
}

/* 1: a filter and no_new_privs; 0: not both; -1: the thread is gone. */
static int is_confined(const char *path)
{
	FILE *file = fopen(path, "re");
	int mode = -1, no_new_privs = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "Seccomp: %d", &mode);
		sscanf(line, "NoNewPrivs: %d", &no_new_privs);
	}
	if (file)
		fclose(file);
	return mode < 0 ? -1 : mode == 2 && no_new_privs == 1;
}

/* On its way out, a thread runs no code any more, and TSYNC passes it by (6.11). */
static bool is_exiting(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long flags = 4 /* PF_EXITING */;
	char line[1024];
	const char *rest;

	if (file && fgets(line, sizeof(line), file) && (rest = strrchr(line, ')')))
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %lu", &flags);
	if (file)
		fclose(file);
	return flags & 4;
}

void count_threads(pid_t pid, int *all, int *confined)
{
	char path[400];
	struct dirent *entry;
	DIR *folder;
	int mode;

	*all = *confined = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		/* in this order: who was not exiting is confined, whatever comes of it then */
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, entry->d_name);
		if (is_exiting(path))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, entry->d_name);
		mode = is_confined(path);
		if (mode < 0)
			continue;
		++*all;
		*confined += mode;
	}
	if (folder)
		closedir(folder);
}

bool filters_work(void)
{
	struct sbp_probe *probe;
	bool work;

	if (sbp_probe_new(&probe) || sbp_probe_run(probe, SBP_QUICK))
		return false;
	work = sbp_state(probe, SBP_FEATURE_SECCOMP_TSYNC) == SBP_AVAILABLE;
	if (!work)
		printf("# no filter with TSYNC here: %s\n",
		       sbp_cause(probe, SBP_FEATURE_SECCOMP_TSYNC));
	sbp_probe_unref(probe);
	return work;
}

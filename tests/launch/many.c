// SPDX-License-Identifier: MIT
/*
 * Many launches: in a row, at once, and from a process whose other threads never rest. Nothing may be
 * left, and no launch may wait for a lock that a thread held. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "traces.h"

enum { IN_A_ROW = 1000, AT_ONCE = 100, THREADS = 64, LAUNCHERS = 4, EACH = 20 };

static int number, failed;

static void ok(const char *fault, const char *name)
{
	printf("%s %d - %s\n", fault ? "not ok" : "ok", ++number, name);
	if (fault)
		printf("# %s\n", fault);
	failed += !!fault;
}

static struct sbp_launch *new_launch(char *word)
{
	static char *const envp[] = { NULL };
	static char *hang[] = { "guest", "hang", NULL }, *leave[] = { "guest", "exit", "7", NULL };
	struct sbp_launch *launch;

	if (sbp_launch_new(&launch) || sbp_launch_set_strategies(launch, "clone", "bpf") ||
	    sbp_launch_set_policy(launch, "compute") || sbp_launch_pass_fd(launch, 2, 2) ||
	    sbp_launch_set_command(launch, guest_path(), *word == 'h' ? hang : leave, envp))
		exit(90);
	return launch;
}

static const char *launch_one(struct sbp_launch *launch)
{
	int status = 0, error;
	pid_t pid;

	error = sbp_launch_start(launch, &pid);
	if (error) {
		printf("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
		return "a launch failed";
	}
	if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
		return "a command ended otherwise";
	return NULL;
}

static const char *in_a_row(void)
{
	struct sbp_launch *launch = new_launch("exit");
	const char *fault = NULL;

	for (int i = 0; i < IN_A_ROW && !fault; i++)
		fault = launch_one(launch);
	sbp_launch_unref(launch);
	return fault;
}

static const char *at_once(void)
{
	struct sbp_launch *launch = new_launch("hang");
	pid_t pids[AT_ONCE];
	int started = 0, status;
	const char *fault = NULL;

	while (started < AT_ONCE && !sbp_launch_start(launch, &pids[started]))
		started++;
	if (started < AT_ONCE)
		fault = sbp_launch_failed_step(launch);
	for (int i = 0; i < started; i++)
		if (waitpid(pids[i], &status, WNOHANG) != 0)
			fault = "one ended by itself";
	for (int i = 0; i < started; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < started; i++)
		if (waitpid(pids[i], &status, 0) != pids[i])
			fault = "one can't be waited for";
	sbp_launch_unref(launch);
	return fault;
}

static volatile bool enough;

static void *allocate(void *unused)
{
	(void)unused;
	while (!enough) {
		void *memory = malloc(1 << 14);

		memset(memory, 1, 1 << 10);
		free(memory);
	}
	return NULL;
}

static void *launch_some(void *unused)
{
	struct sbp_launch *launch = new_launch("exit");
	const char *fault = NULL;

	(void)unused;
	for (int i = 0; i < EACH && !fault; i++)
		fault = launch_one(launch);
	sbp_launch_unref(launch);
	return (void *)fault;
}

static const char *beside_threads(void)
{
	pthread_t threads[THREADS], launchers[LAUNCHERS];
	const char *fault = NULL;
	void *result;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, allocate, NULL);
	for (int i = 0; i < LAUNCHERS; i++)
		pthread_create(&launchers[i], NULL, launch_some, NULL);
	for (int i = 0; i < LAUNCHERS; i++) {
		pthread_join(launchers[i], &result);
		fault = result ? result : fault;
	}
	enough = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return fault;
}

int main(void)
{
	static struct traces before;

	setvbuf(stdout, NULL, _IONBF, 0);
	alarm(240);
	take_traces(&before);
	ok(in_a_row(), "1000 in a row");
	ok(find_traces(&before), "they left nothing");
	ok(at_once(), "100 at once");
	ok(find_traces(&before), "they left nothing");
	ok(beside_threads(), "from 4 threads, beside 64 that allocate");
	ok(find_traces(&before), "they left nothing");
	printf("1..%d\n", number);
	return failed > 0;
}

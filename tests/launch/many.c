// SPDX-License-Identifier: MIT
/*
 * Many launches: in a row, at once, and from a process whose other threads never rest; of commands, and of
 * copies. Nothing may be left, and no launch may wait for a lock that a thread held. Prints TAP.
 * usage: many [IN-A-ROW AT-ONCE]
 *
 * There are kernels that hang when some thousand filters are freed at once: more than 200 are not to be had.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "traces.h"

enum { AT_ONCE_LIMIT = 200, THREADS = 64, LAUNCHERS = 4, EACH = 12 };

static int number, failed, row = 300, at_one_time = 50;

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

/* What a copy does must wait for no lock, so it asks libc and the kernel for nothing but its end. */
static const char *launch_one(struct sbp_launch *launch, bool copy)
{
	int status = 0, error;
	pid_t pid;

	error = copy ? sbp_launch_fork(launch, &pid) : sbp_launch_start(launch, &pid);
	if (!error && !pid)
		_exit(getpid() == 1 && gettid() == 1 ? 7 : 8);
	if (error) {
		printf("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
		return "a launch failed";
	}
	if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
		return "a command ended otherwise";
	return NULL;
}

static const char *in_a_row(bool copy)
{
	struct sbp_launch *launch = new_launch("exit");
	const char *fault = NULL;

	for (int i = 0; i < row && !fault; i++)
		fault = launch_one(launch, copy);
	sbp_launch_unref(launch);
	return fault;
}

static const char *start_all(struct sbp_launch *launch, bool copy, pid_t *pids, int *started)
{
	for (*started = 0; *started < at_one_time; ++*started) {
		pid_t *pid = &pids[*started];

		if (copy ? sbp_launch_fork(launch, pid) : sbp_launch_start(launch, pid))
			return sbp_launch_failed_step(launch);
		while (!*pid)
			pause();
	}
	return NULL;
}

static const char *at_once(bool copy)
{
	struct sbp_launch *launch = new_launch("hang");
	pid_t pids[AT_ONCE_LIMIT];
	int started, status;
	const char *fault = start_all(launch, copy, pids, &started);

	for (int i = 0; i < started; i++)
		if (waitpid(pids[i], &status, WNOHANG) != 0)
			fault = "one ended by itself";
	for (int i = 0; i < started; i++) {
		kill(pids[i], SIGKILL);
		if (waitpid(pids[i], &status, 0) != pids[i])
			fault = "one can't be waited for";
	}
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
		fault = launch_one(launch, i % 2);
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

/* --- Launchers that die ----------------------------------------------------------------------- */

/* Never returns: launches for ever, or until it is killed. `way`: command, command with an init, copy. */
static void launch_for_ever(int way)
{
	struct sbp_launch *launch = new_launch("hang");
	pid_t pid;

	sbp_launch_set_init(launch, way == 1);
	for (int i = 0; i < 8; i++) {
		int error = way == 2 ? sbp_launch_fork(launch, &pid) : sbp_launch_start(launch, &pid);

		while (!error && !pid)
			pause();
	}
	for (;;)
		pause();
}

/*
 * Each is killed at another moment of its launches. The pipe is held by whatever it started, and ends when
 * all of that has: a child that missed its launcher's death would hold it until the alarm.
 */
static const char *killed_launchers(int way)
{
	for (int i = 0; i < 40; i++) {
		const struct timespec moment = { 0, i * 150000 };
		int ends[2];
		pid_t launcher;
		char byte;

		if (pipe(ends))
			return "no pipe";
		launcher = fork();
		if (!launcher) {
			dup2(ends[1], 2);
			close(ends[0]);
			close(ends[1]);
			launch_for_ever(way);
		}
		close(ends[1]);
		nanosleep(&moment, NULL);
		kill(launcher, SIGKILL);
		waitpid(launcher, NULL, 0);
		if (read(ends[0], &byte, 1) != 0)
			return "somebody wrote";
		close(ends[0]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct traces before;
	char name[64];

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 2) {
		row = atoi(argv[1]);
		at_one_time = atoi(argv[2]) > AT_ONCE_LIMIT ? AT_ONCE_LIMIT : atoi(argv[2]);
	}
	alarm(240 + (unsigned int)row / 10);
	take_traces(&before);
	for (int copy = 0; copy < 2; copy++) {
		snprintf(name, sizeof(name), "%d %s in a row", row, copy ? "copies" : "commands");
		ok(in_a_row(copy), name);
		ok(find_traces(&before), "they left nothing");
		snprintf(name, sizeof(name), "%d %s at once", at_one_time,
			 copy ? "copies" : "commands");
		ok(at_once(copy), name);
		ok(find_traces(&before), "they left nothing");
	}
	ok(killed_launchers(0), "commands of launchers that are killed at any moment end");
	ok(killed_launchers(1), "with an init");
	ok(killed_launchers(2), "and copies");
	ok(find_traces(&before), "they left nothing");
	ok(beside_threads(), "from 4 threads, beside 64 that allocate");
	ok(find_traces(&before), "they left nothing");
	printf("1..%d\n", number);
	return failed > 0;
}

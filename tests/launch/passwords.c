// SPDX-License-Identifier: MIT
/*
 * The passwords by which filters know the launch's own calls: when a command runs, none is left in the memory of its
 * launcher, freed or not, or of its init. They are looked for as filters have them: three words compared in a
 * row. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "outer.h"
#include "traces.h"

enum { WORDS = 3, FIRST_ARGUMENT = 40 /* the fourth, in struct seccomp_data */ };

static char *const envp[] = { NULL };
static char window[1 << 20];
static int number, failed;

/* --- Looking ------------------------------------------------------------------------------ */

static bool is_password(const char *at)
{
	struct sock_filter code[4 * WORDS];

	memcpy(code, at, sizeof(code));
	for (unsigned int i = 0; i < 4 * WORDS; i += 2)
		if (code[i].code != (BPF_LD | BPF_W | BPF_ABS) ||
		    code[i].k != FIRST_ARGUMENT + 2 * i ||
		    code[i + 1].code != (BPF_JMP | BPF_JEQ | BPF_K) || !code[i + 1].k)
			return false;
	return true;
}

static int count_in(int memory, unsigned long from, unsigned long to)
{
	const unsigned long size = 4 * WORDS * sizeof(struct sock_filter);
	int count = 0;

	while (from + size <= to) {
		unsigned long part = to - from < sizeof(window) ? to - from : sizeof(window);
		ssize_t got = pread(memory, window, part, (off_t)from);

		if (got < (ssize_t)size)
			return count; /* a page that nobody can read */
		for (unsigned long at = 0; at + size <= (unsigned long)got; at += 4)
			count += is_password(window + at);
		if (part == to - from)
			break;
		from += (unsigned long)got - size + 4;
	}
	return count;
}

/* How many a process holds in memory of its own, or -1: it may not be looked at. The window shows what was read. */
static int count_passwords(pid_t pid)
{
	unsigned long from, to;
	char path[64], line[500], rights[5];
	FILE *maps;
	int count = 0, memory;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (memory >= 0 && maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[1] != 'w')
			continue;
		memset(window, 0, sizeof(window));
		if (pid == getpid() && (char *)from <= window && window < (char *)to) {
			count += count_in(memory, from, (unsigned long)window);
			from = (unsigned long)window + sizeof(window);
		}
		count += count_in(memory, from, to);
	}
	if (maps)
		fclose(maps);
	if (memory >= 0)
		close(memory);
	return memory < 0 || !maps ? -1 : count;
}

/* --- Launching ---------------------------------------------------------------------------- */

struct start {
	const char *name;
	bool named; /* by exec of a name, which the filter knows by a password */
	bool init, report, broker, kept_root;
};

static int make_launch(const struct start *how, struct sbp_launch **launch)
{
	static char *argv[] = { "guest", "hang", NULL };
	struct sbp_broker *broker;
	int error = sbp_launch_new(launch);

	if (!error)
		error = sbp_launch_set_strategies(*launch, "clone", "bpf");
	if (!error)
		error = sbp_launch_set_policy(*launch, "compute");
	if (!error)
		error = sbp_launch_set_command(*launch, guest_path(), argv, envp);
	if (!error)
		error = sbp_launch_set_min_level(*launch, SBP_LEVEL_NONE);
	if (!error && how->kept_root)
		error = sbp_launch_set_root(*launch, SBP_ROOT_KEPT, NULL);
	if (!error && how->broker) {
		error = sbp_broker_new(&broker);
		if (!error)
			error = sbp_broker_start(broker);
		if (!error)
			error = sbp_launch_set_broker(*launch, broker);
	}
	sbp_launch_set_init(*launch, how->init);
	return error;
}

/* 0, or words on stdout and 1; 2: its init may not be looked at. */
static int look(const struct start *how)
{
	struct sbp_launch *launch;
	int error = make_launch(how, &launch), report = -1, launcher, init = 0;
	pid_t pid;

	if (how->report)
		sbp_launch_set_report(launch, &report);
	if (how->named)
		let_fail(SYS_execveat, ENOSYS);
	if (!error)
		error = sbp_launch_start(launch, &pid);
	if (error) {
		printf("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
		return 1;
	}
	launcher = count_passwords(getpid());
	if (how->init)
		init = count_passwords(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (launcher || init > 0)
		printf("# passwords: the launcher has %d, its init %d\n", launcher, init);
	return launcher || init > 0 ? 1 : init ? 2 : 0;
}

/* In a process that can't be used any more afterwards. */
static void forgotten(const struct start *how)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		alarm(120);
		_exit(look(how));
	}
	waitpid(pid, &status, 0);
	printf("%s %d - forgotten: %s%s\n", status && status != 2 << 8 ? "not ok" : "ok", ++number,
	       how->name, status == 2 << 8 ? " # SKIP a user may not look at an init's memory" : "");
	failed += status && status != 2 << 8;
}

/* The control: one that is in use, and one that was freed. */
static void is_found(void)
{
	struct sock_filter *code = calloc(100, sizeof(*code));
	bool good = count_passwords(getpid()) == 0;

	for (unsigned int i = 0; code && i < 4 * WORDS; i += 2) {
		code[20 + i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    FIRST_ARGUMENT + 2 * i);
		code[21 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77 + i, 0, 1);
	}
	good = good && count_passwords(getpid()) == 1;
	free(code);
	good = good && count_passwords(getpid()) == 1;
	printf("%s %d - control: a password is found, also when its memory was given back\n",
	       good ? "ok" : "not ok", ++number);
	failed += !good;
}

int main(void)
{
	static const struct start starts[] = {
		{ "of the exec", .named = true },
		{ "of the exec, with an init", .named = true, .init = true },
		{ "of the report", .report = true },
		{ "of the report, with an init", .report = true, .init = true },
		{ "of both", .named = true, .init = true, .report = true },
		{ "of a loaded command's exec", .named = true, .init = true, .broker = true },
		{ "of a loaded command's exec and report", .named = true, .report = true,
		  .broker = true },
		{ "of the broker's listener", .init = true, .broker = true, .kept_root = true },
		{ "of the broker's listener and the exec", .named = true, .init = true,
		  .broker = true, .kept_root = true },
	};

	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		forgotten(&starts[i]);
	is_found();
	printf("1..%d\n", number);
	return failed > 0;
}

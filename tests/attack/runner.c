// SPDX-License-Identifier: MIT
/*
 * Makes every attack outside first, where it must work, and then inside: isolation alone, the filter
 * alone, both, and both with an init. What did not work outside can't be tested here and says so. Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "attack.h"

static unsigned long word_of_victim;

static const struct place {
	const char *name, *isolation, *syscalls;
	bool init;
	int stops;
} places[] = {
	{ "isolation alone", "clone", "none", false, BY_ISOLATION },
	{ "the filter alone", "none", "bpf", false, BY_FILTER },
	{ "level 3", "clone", "bpf", false, BY_ISOLATION | BY_FILTER },
	{ "level 3 with an init", "clone", "bpf", true, BY_ISOLATION | BY_FILTER },
};

/* --- What is to be attacked ----------------------------------------------------------------- */

static void need(bool done, const char *what)
{
	if (done)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_sockets(struct target *target, char *name)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(in);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	need(!bind(tcp, (void *)&in, sizeof(in)) && !listen(tcp, 1000), "TCP");
	need(!getsockname(tcp, (void *)&in, &size), "TCP");
	target->port = ntohs(in.sin_port);
	sprintf(name, "attack-%d", (int)getpid());
	memcpy(un.sun_path + 1, name, strlen(name));
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	need(!bind(local, (void *)&un, size) && !listen(local, 1000), "AF_UNIX");
	target->socket = name;
}

/* The terminal is this session's own, and every attack's stdin. */
static void make_terminal(void)
{
	int master, slave;

	setsid();
	need(!openpty(&master, &slave, NULL, NULL, NULL), "openpty");
	fcntl(master, F_SETFD, FD_CLOEXEC);
	need(!ioctl(slave, TIOCSCTTY, 0), "TIOCSCTTY");
	need(dup2(slave, 0) == 0, "stdin");
	close(slave);
}

static void make_targets(struct target *target)
{
	static char name[64], file[] = "/tmp/attack-XXXXXX";
	const char *folder = getenv("TMPDIR");
	static char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s%s", folder ? folder : "/tmp", file + 4);
	fd = mkstemp(path);
	need(fd >= 0 && write(fd, "secret", 6) == 6, path);
	close(fd);
	target->file = path;
	make_sockets(target, name);
	make_terminal();
	target->directory = fcntl(open("/", O_RDONLY), F_DUPFD, 700);
	target->key = (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	target->key = (int)syscall(SYS_add_key, "user", "secret", "x", 1, KEY_SPEC_SESSION_KEYRING);
	target->shared_memory = 0x5b0000 + getpid() % 0xffff;
	need(shmget(target->shared_memory, 4096, IPC_CREAT | 0600) >= 0, "shmget");
	target->word = (unsigned long)&word_of_victim;
	target->victim = fork();
	if (!target->victim) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_PTRACER, -1L, 0, 0, 0);
		for (;;)
			pause();
	}
}

static void remove_targets(const struct target *target)
{
	kill(target->victim, SIGKILL);
	waitpid(target->victim, NULL, 0);
	shmctl(shmget(target->shared_memory, 0, 0), IPC_RMID, NULL);
	unlink(target->file);
}

/* --- Attacking ------------------------------------------------------------------------------ */

struct command {
	char path[4200], words[9][64];
	char *argv[12], *envp[1];
};

static void write_command(struct command *command, const struct target *target, int attack)
{
	const char *format[] = { "%ld", "%ld", "%ld", NULL, NULL, "%ld", "%lx", "%ld", "%ld" };
	const long values[] = { attack,
				target->victim,
				target->port,
				0,
				0,
				target->directory,
				(long)target->word,
				target->key,
				target->shared_memory };
	int n = 0;

	command->argv[n++] = "attacker";
	for (int i = 0; i < 9; i++) {
		if (format[i])
			snprintf(command->words[i], sizeof(command->words[i]), format[i], values[i]);
		command->argv[n++] = command->words[i];
	}
	command->argv[4] = (char *)target->socket;
	command->argv[5] = (char *)target->file;
	command->argv[n] = command->envp[0] = NULL;
}

static int end_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return ATTACK_UNKNOWN;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? ATTACK_DENIED : 128 + WTERMSIG(status);
	return WEXITSTATUS(status) == 128 + SIGSYS ? ATTACK_DENIED : WEXITSTATUS(status);
}

static int attack_outside(struct command *command)
{
	pid_t pid = fork();

	if (!pid) {
		execve(command->path, command->argv, command->envp);
		_exit(ATTACK_UNKNOWN);
	}
	return end_of(pid);
}

static int attack_inside(struct command *command, const struct place *place)
{
	struct sbp_launch *launch;
	int error, result;
	pid_t pid;

	need(!sbp_launch_new(&launch), "sbp_launch_new");
	error = sbp_launch_set_strategies(launch, place->isolation, place->syscalls);
	if (!error)
		error = sbp_launch_set_policy(launch, "compute");
	if (!error)
		error = sbp_launch_set_command(launch, command->path, command->argv, command->envp);
	if (!error)
		error = sbp_launch_set_min_level(launch, SBP_LEVEL_PARTIAL);
	for (int fd = 0; !error && fd < 3; fd++)
		error = sbp_launch_pass_fd(launch, fd, fd);
	sbp_launch_set_init(launch, place->init);
	if (!error)
		error = sbp_launch_start(launch, &pid);
	if (error)
		printf("# %s: %s\n", sbp_launch_failed_step(launch), strerror(-error));
	result = error ? ATTACK_UNKNOWN : end_of(pid);
	sbp_launch_unref(launch);
	return result;
}

int main(int argc, char **argv)
{
	struct target target;
	struct command command;
	int number = 0, failed = 0, denied = 0;

	if (argc != 2)
		return 2;
	snprintf(command.path, sizeof(command.path), "%s", argv[1]);
	setvbuf(stdout, NULL, _IONBF, 0);
	alarm(240);
	make_targets(&target);
	for (int a = 0; a < attack_count; a++) {
		int outside;

		write_command(&command, &target, a);
		outside = attack_outside(&command);
		if (outside == ATTACK_DENIED) {
			printf("ok %d - %s # SKIP it does not work outside either\n", ++number,
			       attacks[a].name);
			continue;
		}
		for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
			int inside;

			if (!(attacks[a].stopped_by & places[p].stops))
				continue;
			inside = attack_inside(&command, &places[p]);
			denied += inside == ATTACK_DENIED;
			failed += outside != ATTACK_WORKED || inside != ATTACK_DENIED;
			printf("%s %d - %s: %s\n",
			       outside == ATTACK_WORKED && inside == ATTACK_DENIED ? "ok" : "not ok",
			       ++number, attacks[a].name, places[p].name);
			if (outside != ATTACK_WORKED || inside != ATTACK_DENIED)
				printf("# outside %d, inside %d (40 worked, 41 denied)\n", outside,
				       inside);
		}
	}
	remove_targets(&target);
	printf("# %d denials seen\n1..%d\n", denied, number);
	return failed || !denied;
}

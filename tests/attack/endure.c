// SPDX-License-Identifier: MIT
/*
 * What takes time and more than one process: outliving the launcher, and having another program run than
 * the one that was judged, while it is being launched.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* --- Outliving the launcher ------------------------------------------------------------------- */

enum { PINGS = 20, PATIENCE_MS = 40000, PAUSE_MS = 50 };

static void on_signal(int number)
{
	(void)number;
}

/* Descriptor 0 is a socket: says that it is there, then answers whoever asks, for ever. */
_Noreturn void survive(void)
{
	char byte = 'r';
	pid_t pid;

	/* what a policy traps shall not end it early, nor what a terminal or a parent sends */
	for (int number = 1; number < 32; number++)
		signal(number, number == SIGSYS ? on_signal : SIG_IGN);
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	setsid();
	/* the one that was started stays, so that nobody takes this for its end */
	pid = fork();
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	setsid();
	do {
		if (write(0, &byte, 1) < 0)
			_exit(0);
	} while (read(0, &byte, 1) == 1);
	_exit(0);
}

static void start_survivor(int socket, const struct place *place)
{
	char path[4096], *argv[] = { "attack", "survive", NULL };
	const char *step = "exec";
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	need(length > 0 && dup2(socket, 0) == 0, "a socket");
	path[length] = '\0';
	if (place) {
		need(!start_inside(path, argv, place, false, &pid, &step), step);
		close(0);
		for (;;)
			pause();
	}
	if (!fork()) {
		execv(path, argv);
		_exit(ATTACK_UNKNOWN);
	}
	for (;;)
		pause();
}

/* A byte from there within the time: 1; 0 when nobody has the other end any more; -1 for no word. */
static int hear(int socket, int ms)
{
	struct pollfd poll_socket = { .fd = socket, .events = POLLIN };
	char byte;

	if (poll(&poll_socket, 1, ms) <= 0)
		return -1;
	return recv(socket, &byte, 1, 0) == 1;
}

/* With an init, the end takes its time: whoever answers is asked again. */
static int ask_survivor(int socket, bool outside)
{
	int heard = 1;

	for (int asked = 0; heard == 1; asked++) {
		if (asked == (outside ? PINGS : PATIENCE_MS / PAUSE_MS))
			return ATTACK_WORKED;
		usleep(PAUSE_MS * 1000);
		if (send(socket, "?", 1, MSG_NOSIGNAL) != 1)
			return ATTACK_DENIED;
		heard = hear(socket, PATIENCE_MS);
	}
	return heard == 0 ? ATTACK_DENIED : ATTACK_UNKNOWN;
}

int outlive_launcher(const struct place *place)
{
	int pair[2], result;
	pid_t launcher;

	need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "a pair of sockets");
	fflush(NULL);
	launcher = fork();
	if (!launcher) {
		close(pair[0]);
		start_survivor(pair[1], place);
	}
	close(pair[1]);
	result = hear(pair[0], PATIENCE_MS) == 1 ? 0 : ATTACK_UNKNOWN;
	kill(launcher, SIGKILL);
	waitpid(launcher, NULL, 0);
	if (!result)
		result = ask_survivor(pair[0], !place);
	close(pair[0]);
	return result;
}

/* --- Racing the launch -------------------------------------------------------------------------- */

/* The copy that must not run differs from this program by its digit. */
static volatile const char marker[] = "which attacker is this? 0";

_Noreturn void tell_confinement(void)
{
	if (marker[sizeof(marker) - 2] != '0')
		_exit(ATTACK_SWAPPED);
	_exit(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
		      ? ATTACK_DENIED
		      : ATTACK_WORKED);
}

static char folder[128], judged[160], other[160], path[160], next[160];

static void copy_self(const char *to, char digit, mode_t mode)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd;
	off_t size = lseek(from, 0, SEEK_END);
	char *bytes = malloc((size_t)size), *at;

	need(bytes && pread(from, bytes, (size_t)size, 0) == (ssize_t)size, "a copy");
	at = memmem(bytes, (size_t)size, (const char *)marker, sizeof(marker));
	need(at, "a marker");
	at[sizeof(marker) - 2] = digit;
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	need(write(fd, bytes, (size_t)size) == (ssize_t)size && !fchmod(fd, mode), to);
	close(fd);
	close(from);
	free(bytes);
}

/* Puts the one and the other there in turn, as fast as it can. */
static pid_t start_swapper(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = 0;; i++) {
		/* two names of one file are not renamed, but both left */
		unlink(next);
		if (link(i % 2 ? judged : other, next) == 0)
			rename(next, path);
	}
}

static void make_race(void)
{
	const char *where = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%.90s/race-XXXXXX", where ? where : "/tmp");
	need(mkdtemp(folder), folder);
	chmod(folder, 0755);
	snprintf(judged, sizeof(judged), "%s/judged", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	snprintf(path, sizeof(path), "%s/path", folder);
	snprintf(next, sizeof(next), "%s/next", folder);
	copy_self(judged, '0', 0755);
	/* a launch refuses it for its set-id bit */
	copy_self(other, '1', 04755);
	need(!link(judged, path), path);
}

static void end_race(pid_t swapper)
{
	kill(swapper, SIGKILL);
	waitpid(swapper, NULL, 0);
	unlink(judged);
	unlink(other);
	unlink(path);
	unlink(next);
	rmdir(folder);
}

/* One launch: as tell_confinement(), or ATTACK_UNKNOWN where it was refused, which is right for the other one. */
static int race_once(const struct place *place)
{
	char *argv[] = { "attack", "confined", NULL };
	const char *step;
	pid_t pid;

	if (place) {
		if (start_inside(path, argv, place, false, &pid, &step))
			return strcmp(step, "set-id command") == 0 ? ATTACK_UNKNOWN : ATTACK_WORKED;
		return end_of(pid);
	}
	pid = fork();
	if (!pid) {
		execv(path, argv);
		_exit(ATTACK_UNKNOWN);
	}
	return end_of(pid);
}

/*
 * The race is only one where both were met: at least `launches`, and more while only one of them was, which on a
 * busy machine takes time. Whoever only launches may keep the swapper from running.
 */
int race_launch(const struct place *place, int launches)
{
	int refused = 0, ran = 0, worked = 0, result;
	const time_t start = time(NULL);
	pid_t swapper;

	make_race();
	swapper = start_swapper();
	for (int i = 0; i < launches || ((!refused || !ran) && time(NULL) - start < 60); i++) {
		if (i >= launches)
			usleep((useconds_t)(i * 37 % 1000));
		result = race_once(place);
		ran += result == ATTACK_DENIED || result == ATTACK_WORKED;
		refused += result == ATTACK_UNKNOWN || result == ATTACK_SWAPPED;
		worked += result != ATTACK_DENIED && result != ATTACK_UNKNOWN;
		if (place && worked)
			break;
	}
	end_race(swapper);
	if (!ran || !refused) {
		printf("# no race: %d ran, %d were refused\n", ran, refused);
		return ATTACK_UNKNOWN;
	}
	return worked ? ATTACK_WORKED : ATTACK_DENIED;
}

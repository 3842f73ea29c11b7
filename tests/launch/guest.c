// SPDX-License-Identifier: MIT
/*
 * A static command for launches: says what it finds itself to be, and does as it is told.
 *
 *	guest exit N | alone N (99 when a descriptor above 2 is open) | kill N | hang | let-go | state | files
 *	      | again PATH (a second exec) | enter N (its root, by descriptor N)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "state.h"

/* A second exec, with whatever stands where a password may be asked for: 0, or the errno. */
static int exec_again(char *path)
{
	char *argv[] = { path, "exit", "7", NULL }, *envp[] = { NULL };
	static const long guesses[][3] = { { 0, 0, 0 }, { -1, -1, -1 }, { 1, 2, 3 } };
	int error = 0;

	for (int i = 0; i < 3; i++) {
		syscall(SYS_execve, path, argv, envp, guesses[i][0], guesses[i][1], guesses[i][2]);
		error = errno;
	}
	return error;
}

/* Opens a file, gives up all others, and reads it. */
static int enter_root(int line)
{
	char byte;
	int fd = open("/proc/self/status", O_RDONLY), error;

	if (fd < 0)
		return 90;
	error = sbp_launch_enter_root(line);
	if (error)
		return -error;
	return read(fd, &byte, 1) == 1 && open("/proc/self/status", O_RDONLY) == -1 ? 7 : 91;
}

int main(int argc, char **argv)
{
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (argc < 2)
		return 99;
	if (!strcmp(argv[1], "exit"))
		return number;
	if (!strcmp(argv[1], "alone")) {
		for (int fd = 3; fd < 4096; fd++)
			if (fcntl(fd, F_GETFD) != -1)
				number = 99;
		return number;
	}
	if (!strcmp(argv[1], "kill"))
		kill(getpid(), number);
	if (!strcmp(argv[1], "let-go"))
		for (int fd = 0; fd < 3; fd++)
			close(fd);
	if (!strcmp(argv[1], "hang") || !strcmp(argv[1], "let-go"))
		for (;;)
			pause();
	if (!strcmp(argv[1], "state"))
		say_state();
	if (!strcmp(argv[1], "files"))
		say_files();
	if (!strcmp(argv[1], "again") && argc > 2)
		return exec_again(argv[2]);
	if (!strcmp(argv[1], "enter"))
		return enter_root(number);
	fflush(stdout);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * direct LOADER PROGRAM [INTERPRETER] -- ARG...: runs a program by the loader, without any sandbox: what is
 * loaded, and how, is the same on a machine that is only emulated. EMULATOR is what runs the loader there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../compat/loader/inside.h"

extern char **environ;

static void hand_over(const char *path, int as)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, as) != as) {
		perror(path);
		exit(99);
	}
}

int main(int argc, char **argv)
{
	char *arguments[64] = { 0 }, *words[68] = { getenv("EMULATOR"), "-0" };
	int dashes = 2, count = SBP_LOADER_ARGUMENTS;

	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes < 3 || dashes > 4 || dashes >= argc || argc > 60)
		return 99;
	hand_over(argv[2], SBP_LOADER_PROGRAM_FD);
	if (dashes == 4)
		hand_over(argv[3], SBP_LOADER_INTERPRETER_FD);
	arguments[SBP_LOADER_PATH] = realpath(argv[2], NULL);
	arguments[SBP_LOADER_DIRECTORY] = "/";
	arguments[SBP_LOADER_BROKER] = "";
	arguments[SBP_LOADER_COMMAND] = "";
	for (int i = dashes + 1; i < argc; i++)
		arguments[count++] = argv[i];
	/* to it, the first argument is the program's name unless it is told another */
	words[2] = arguments[0];
	words[3] = argv[1];
	memcpy(words + 4, arguments + 1, sizeof(arguments) - sizeof(*arguments));
	if (words[0])
		execve(words[0], words, environ);
	else
		execve(argv[1], arguments, environ);
	perror(words[0] ? words[0] : argv[1]);
	return 99;
}

/* SPDX-License-Identifier: MIT */
/* A library that somebody smuggles in: what it does, it does before the program's first instruction. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a loader's auditor must have. */
unsigned int la_version(unsigned int version);

unsigned int la_version(unsigned int version)
{
	return version;
}

__attribute__((constructor)) static void run(void)
{
	const char *path = getenv("EVIL_PATH");

	/* the launcher is started with the same variables; the second process of its namespace is the command */
	printf("loaded %s, open: %s\n", getpid() == 2 ? "inside" : "outside",
	       path && open(path, O_RDONLY) >= 0 ? "done" : "denied");
	fflush(stdout);
}

// SPDX-License-Identifier: MIT
/*
 * A static command for launches: says what it finds itself to be, and does as it is told.
 *
 *	guest exit N | alone N (99 when a descriptor above 2 is open) | kill N | hang | let-go | state | files
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One "name=value" a line, for tests to look for. */
static void say_state(void)
{
	unsigned int caps[6] = { 0 }, header[2] = { 0x20080522, 0 };
	struct rlimit limit;
	struct sigaction action;
	int handled = 0, bounding = 0;
	sigset_t mask;

	printf("fds=");
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf("%d,", fd);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("\nblocked=");
	for (int s = 1; s < 65; s++)
		if (sigismember(&mask, s) == 1)
			printf("%d,", s);
	for (int s = 1; s < 65; s++)
		if (!sigaction(s, NULL, &action) && action.sa_handler != SIG_DFL)
			handled++;
	syscall(SYS_capget, header, caps);
	for (int c = 0; c < 64; c++)
		bounding += prctl(PR_CAPBSET_READ, c) == 1;
	getrlimit(RLIMIT_CORE, &limit);
	printf("\nhandled=%d\ncaps=%x\nbounding=%d\nno_new_privs=%d\ncore=%lu\n", handled,
	       caps[0] | caps[1] | caps[2] | caps[3] | caps[4] | caps[5], bounding,
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), (unsigned long)limit.rlim_cur);
	printf("pid=%d\nuid=%d\nsid=%d\nseccomp=%d\n", getpid(), getuid(), getsid(0),
	       prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

static void say_files(void)
{
	char host[65] = "";
	DIR *root = opendir("/");
	int entries = 0;

	if (root)
		while (readdir(root))
			entries++;
	gethostname(host, sizeof(host));
	printf("entries=%d\nhost=%s\nmkdir=%d\n", entries, host, mkdirat(AT_FDCWD, "/x", 0700));
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
	fflush(stdout);
	return 0;
}

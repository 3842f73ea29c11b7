// SPDX-License-Identifier: MIT
/* Owns how a process looks at itself. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

void say_state(void)
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

static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int entries = 0;

	if (directory)
		while (readdir(directory))
			entries++;
	return entries;
}

void say_files(void)
{
	char host[65] = "";
	int entries = count_entries("/");

	gethostname(host, sizeof(host));
	/* what may lie over the root is behind its ".." */
	printf("above=%d\n", count_entries("/.."));
	printf("entries=%d\nhost=%s\nmkdir=%d\n", entries, host, mkdirat(AT_FDCWD, "/x", 0700));
	printf("write=%d\nmode=%d\n", open("/command", O_WRONLY), chmod("/command", 0700));
}

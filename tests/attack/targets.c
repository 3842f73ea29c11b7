// SPDX-License-Identifier: MIT
/* What is to be attacked: a process, files, sockets, a terminal, keys, all of the runner's own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
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

#include "attack.h"

static unsigned long word_of_victim;

void need(bool done, const char *what)
{
	if (done)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static int make_inet(int type)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	need(!bind(fd, (void *)&in, sizeof(in)) && (type == SOCK_DGRAM || !listen(fd, 1000)),
	     "a socket");
	need(!getsockname(fd, (void *)&in, &size), "a socket");
	return ntohs(in.sin_port);
}

/* By a path, or behind a 0 by an abstract name. */
static void make_unix(const char *name, bool abstract)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	need(strlen(name) < sizeof(un.sun_path) - 1, "the length of TMPDIR");
	memcpy(un.sun_path + abstract, name, strlen(name));
	need(!bind(fd, (void *)&un, size) && !listen(fd, 1000), "a Unix socket");
}

/* A socket that a launcher forgot to close, and a descriptor of "/" on its way to whoever has it. */
static int make_inherited_socket(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec data = { "x", 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int pair[2], root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) && root >= 0, "a pair of sockets");
	memcpy(CMSG_DATA(&control.head), &root, sizeof(root));
	need(sendmsg(pair[1], &message, 0) == 1, "a message");
	fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	close(root);
	return fcntl(pair[0], F_DUPFD, 710);
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

static void make_files(struct target *target)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	folder = folder ? folder : "/tmp";
	need(strlen(folder) < 90, "the length of TMPDIR");
	snprintf(target->file, sizeof(target->file), "%s/attack-XXXXXX", folder);
	fd = mkstemp(target->file);
	need(fd >= 0 && write(fd, "secret", 6) == 6, target->file);
	target->open_file = fcntl(fd, F_DUPFD, 720);
	close(fd);
	snprintf(target->socket_path, sizeof(target->socket_path), "%s/attack-%d", folder,
		 (int)getpid());
	make_unix(target->socket_path, false);
}

/* Of the file, for the root's file system may have no handles. */
static void make_handle(struct target *target)
{
	struct {
		struct file_handle head;
		unsigned char room[128];
	} handle = { .head = { .handle_bytes = sizeof(target->handle) } };
	int mount;

	if (name_to_handle_at(AT_FDCWD, target->file, &handle.head, &mount, 0))
		return;
	memcpy(target->handle, handle.room, handle.head.handle_bytes);
	target->handle_size = handle.head.handle_bytes;
	target->handle_type = handle.head.handle_type;
}

/* All for who has the keyring, and to the user's name no more than to be seen: what keys begin with since 3.8. */
enum { TO_OWNER_OF_KEYRING = 0x3f010000, TO_USER = 0x3f3f0000 };

static int make_key(const char *name, unsigned long permissions)
{
	long key = syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_SESSION_KEYRING);

	syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions);
	return (int)key;
}

static void make_keys(struct target *target)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	target->key = make_key("secret", TO_OWNER_OF_KEYRING);
	target->users_key = make_key("user's secret", TO_USER);
}

static pid_t make_victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_PTRACER, -1L, 0, 0, 0);
		(void)!chdir("/");
		for (;;)
			pause();
	}
	return pid;
}

void make_targets(struct target *target, const char *set_id)
{
	memset(target, 0, sizeof(*target));
	snprintf(target->set_id, sizeof(target->set_id), "%s", set_id ? set_id : "");
	target->named_command = syscall(SYS_execveat, -1, "", NULL, NULL, 0) < 0 && errno == ENOSYS;
	target->port = make_inet(SOCK_STREAM);
	target->udp_port = make_inet(SOCK_DGRAM);
	snprintf(target->socket, sizeof(target->socket), "attack-%d", (int)getpid());
	make_unix(target->socket, true);
	make_files(target);
	make_handle(target);
	make_terminal();
	target->inherited_socket = make_inherited_socket();
	target->directory = fcntl(open("/", O_RDONLY), F_DUPFD, 700);
	make_keys(target);
	target->shared_memory = 0x5b0000 + getpid() % 0xffff;
	/* where the kernel has none, the attack does not work outside either */
	shmget(target->shared_memory, 4096, IPC_CREAT | 0600);
	target->word = (unsigned long)&word_of_victim;
	target->victim = make_victim();
}

void remove_targets(const struct target *target)
{
	kill(target->victim, SIGKILL);
	waitpid(target->victim, NULL, 0);
	shmctl(shmget(target->shared_memory, 0, 0), IPC_RMID, NULL);
	unlink(target->file);
	unlink(target->socket_path);
}

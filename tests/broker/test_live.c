/* SPDX-License-Identifier: MIT */
/*
 * Processes that are confined for real and use libc as any program does: their calls reach the broker by SIGSYS and by
 * user notification. What they may not, the same process could do before its filter was there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../compat/broker/filter.h"
#include "../../compat/broker/passed_fd.h"
#include "../../compat/launch.h"
#include "../bpf/confined.h"
#include "stage.h"

enum { LIMIT = 200, SOCKET = 200, HANDOVER = 201 };

/* --- What a confined program does ------------------------------------------------------------- */

static bool holds(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[128] = "";
	bool same;

	if (!file)
		return false;
	(void)!fgets(line, sizeof(line), file);
	same = strcmp(line, text) == 0;
	fclose(file);
	return same;
}

static bool is_refused(int fd, int error)
{
	return fd == -1 && errno == error;
}

static void use_files(void)
{
	struct stat status, other;
	char text[256];
	int fd;

	check(holds("/open/file", "/open/file"));
	check(holds("/open/dir/back", "/open/file"));
	check(!holds("/secret/file", "/secret/file") && errno == EACCES);
	check(is_refused(open("/open/escape", O_RDONLY), EACCES));
	check(is_refused(open("/open/nowhere", O_RDONLY), ENOENT));
	check(is_refused(open("/open/file", O_RDWR), EACCES));
	check(is_refused(openat(AT_FDCWD, (const char *)1, O_RDONLY), EFAULT));
	check(is_refused(openat(AT_FDCWD, (const char *)64, O_RDONLY), EFAULT));
	check(stat("/open/file", &status) == 0 && status.st_size == 10 && S_ISREG(status.st_mode));
	fd = open("/open/file", O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	check(fstat(fd, &other) == 0 && other.st_ino == status.st_ino &&
	      other.st_dev == status.st_dev && other.st_mtim.tv_nsec == status.st_mtim.tv_nsec &&
	      other.st_mode == status.st_mode && other.st_blksize == status.st_blksize);
	check(read(fd, text, sizeof(text)) == 10);
	close(fd);
	check(lstat("/open/link", &status) == 0 && S_ISLNK(status.st_mode));
	check(stat("/open/link", &status) == 0 && S_ISREG(status.st_mode));
	check(stat("/secret", &status) == -1 && errno == EACCES);
	check(syscall(SYS_newfstatat, AT_FDCWD, "/open/file", 8, 0) == -1 && errno == EFAULT);
	check(readlink("/open/to-also", text, sizeof(text)) == 12 &&
	      !memcmp(text, "../also/file", 12));
	check(readlink("/open/to-also", text, 3) == 3);
	check(readlink("/open/file", text, sizeof(text)) == -1 && errno == EINVAL);
	check(access("/open/file", R_OK) == 0 && access("/open/file", F_OK) == 0);
	check(access("/open/file", W_OK) == -1 && errno == EACCES);
	check(access("/secret/file", F_OK) == -1 && errno == EACCES);
	check(faccessat(AT_FDCWD, "/open/dir", X_OK, 0) == 0);
	fd = open("/out/made", O_CREAT | O_EXCL | O_RDWR, 0600);
	check(fd >= 0 && write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0);
	close(fd);
	check(is_refused(open("/out/made", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST));
}

static void use_statx(void)
{
#ifdef STATX_BASIC_STATS
	struct statx big;
	struct stat status;
	int fd = open("/open/file", O_RDONLY);

	check(statx(AT_FDCWD, "/open/file", 0, STATX_BASIC_STATS, &big) == 0);
	check(stat("/open/file", &status) == 0);
	check(big.stx_ino == status.st_ino && big.stx_size == 10 && big.stx_mode == status.st_mode);
	check(makedev(big.stx_dev_major, big.stx_dev_minor) == status.st_dev);
	check(big.stx_mtime.tv_nsec == status.st_mtim.tv_nsec && big.stx_uid == status.st_uid);
	check(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &big) == 0 && big.stx_size == 10);
	close(fd);
#endif
}

static int count_names(DIR *folder, bool *has_file)
{
	const struct dirent *entry;
	int count = 0;

	*has_file = false;
	while ((entry = readdir(folder))) {
		count++;
		*has_file |= !strcmp(entry->d_name, "file") && entry->d_type == DT_REG;
	}
	return count;
}

static void use_directories(void)
{
	DIR *folder = opendir("/open");
	struct stat status;
	bool has_file;
	int count, fd, copy;
	long place;

	check(folder != NULL);
	count = count_names(folder, &has_file);
	check(count > 12 && has_file);
	rewinddir(folder);
	check(count_names(folder, &has_file) == count && has_file);
	rewinddir(folder);
	readdir(folder);
	place = telldir(folder);
	readdir(folder);
	seekdir(folder, place);
	check(count_names(folder, &has_file) == count - 1);
	fd = dirfd(folder);
	check(fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && status.st_nlink >= 2);
	check(faccessat(fd, "file", R_OK, 0) == 0);
	copy = openat(fd, "dir", O_RDONLY | O_DIRECTORY);
	check(copy >= 0 && fstat(copy, &status) == 0 && S_ISDIR(status.st_mode));
	close(openat(copy, "deep/file", O_RDONLY));
	check(is_refused(openat(copy, "../../secret/file", O_RDONLY), EACCES));
	check(is_refused(openat(fd, "../secret/file", O_RDONLY), EACCES));
	check(is_refused(openat(12345, "file", O_RDONLY), EBADF));
	/* it is no directory of the kernel's: nobody gets out by it, nor changes it */
	check(write(copy, "x", 1) == -1 && ftruncate(copy, 0) == -1);
	check(fchdir(copy) == 0);
	check(holds("deep/file", "/open/dir/deep/file"));
	close(copy);
	closedir(folder);
	check(is_refused(open("/secret", O_RDONLY | O_DIRECTORY), EACCES));
	check(opendir("/") == NULL && errno == EACCES);
	/* a file is none */
	fd = open("/open/file", O_RDONLY);
	check(syscall(SYS_getdents64, fd, &status, sizeof(status)) == -1 && errno == ENOTDIR);
	check(is_refused(openat(fd, "file", O_RDONLY), ENOTDIR));
	close(fd);
}

static void use_current_directory(void)
{
	char text[PATH_MAX];
	struct stat status;

	check(chdir("/open/dirlink") == 0);
	check(getcwd(text, sizeof(text)) && !strcmp(text, "/open/dir"));
	check(syscall(SYS_getcwd, text, 9) == -1 && errno == ERANGE);
	check(syscall(SYS_getcwd, text, 10) == 10);
	check(syscall(SYS_getcwd, 8, 100) == -1 && errno == EFAULT);
	check(holds("file", "/open/dir/file") && holds("../file", "/open/file"));
	check(stat(".", &status) == 0 && S_ISDIR(status.st_mode));
	check(chdir("..") == 0 && getcwd(text, sizeof(text)) && !strcmp(text, "/open"));
	check(chdir("/secret") == -1 && errno == EACCES);
	check(chdir("file") == -1 && errno == ENOTDIR);
	check(chdir("nowhere") == -1 && errno == ENOENT);
	check(is_refused(open("../secret/file", O_RDONLY), EACCES));
	check(realpath("dirlink/../to-also", text) && !strcmp(text, "/also/file"));
	check(chdir("/") == 0 && getcwd(text, sizeof(text)) && !strcmp(text, "/"));
	check(holds("open/file", "/open/file"));
}

/* What the policy refuses is refused with a broker as without. */
static void try_the_policy(void)
{
	struct statvfs status;
	int fd = open("/open/file", O_RDONLY), pair[2];
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	check(unlink("/out/file") == -1 && errno == EACCES);
	check(rename("/out/file", "/out/other") == -1 && errno == EACCES);
	check(mkdir("/out/dir", 0755) == -1 && errno == EACCES);
	check(is_refused(socket(AF_INET, SOCK_STREAM, 0), EACCES));
	check(is_refused(socketpair(AF_INET, SOCK_STREAM, 0, pair), EACCES));
	check(statvfs("/open", &status) == -1 && errno == EACCES);
	check(syscall(SYS_openat2, AT_FDCWD, "/open/file", NULL, 0) == -1 && errno == ENOSYS);
	/* sendmsg on the broker's socket only, whose number nothing else can have */
	check(fd >= 0 && sendmsg(fd, &message, 0) == -1 && errno == EACCES);
	check(dup2(fd, SOCKET) == -1 && errno == EBADF);
	check(dup2(fd, HANDOVER) == -1 && errno == EBADF);
	close(fd);
}

static void *ask_in_thread(void *data)
{
	(void)data;
	for (int i = 0; i < 200; i++) {
		check(holds("/open/dir/deep/file", "/open/dir/deep/file"));
		check(holds("/open/./file", "/open/file"));
		check(is_refused(open("/secret/file", O_RDONLY), EACCES));
	}
	return NULL;
}

static void ask_in_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		check(pthread_create(&threads[i], NULL, ask_in_thread, NULL) == 0);
	for (int i = 0; i < 8; i++)
		check(pthread_join(threads[i], NULL) == 0);
}

static void everything(void)
{
	use_files();
	use_statx();
	use_directories();
	use_current_directory();
	try_the_policy();
	ask_in_threads();
}

/* --- Confining it ----------------------------------------------------------------------------- */

struct live {
	struct stage stage;
	int handover[2];
	enum sbp_broker_transport transport;
	const char *policy;
};

static void limit_fds(int from, int to)
{
	struct rlimit limit = { LIMIT, LIMIT };

	check(dup2(from, to) == to);
	check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void confine_by_signal(struct live *live)
{
	struct sbp_policy *policy, *with_broker;
	struct sbp_broker_client *client;
	struct sbp_probe *probe;

	limit_fds(live->stage.fd, SOCKET);
	check(sbp_probe_new(&probe) == 0 && sbp_probe_run(probe, SBP_QUICK) == 0);
	check(sbp_policy_by_name(live->policy, &policy) == 0);
	check(sbp_policy_for_broker(policy, SOCKET, &with_broker) == 0);
	check(sbp_broker_client_new(SOCKET, &client) == 0);
	check(sbp_watch_denied(-1, sbp_broker_answer, client) == 0);
	check(sbp_lock(probe, with_broker, NULL) == 0);
	sbp_policy_unref(with_broker);
	sbp_policy_unref(policy);
	sbp_probe_unref(probe);
}

static void confine_by_notification(struct live *live)
{
	struct sock_fprog policy, program;

	limit_fds(live->handover[1], HANDOVER);
	check(sbp_policy_program(live->policy, &policy) == 0);
	check(sbp_broker_filter(&policy, SBP_BROKER_BY_NOTIFICATION, HANDOVER, &program) == 0);
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(sbp_broker_install_in_child(&program, HANDOVER) == 0);
	free(program.filter);
	/* in a launch the exec does this */
	close(HANDOVER);
}

static void run_confined(void *data)
{
	struct live *live = data;

	/* control: before the filter, what will be refused is possible */
	check(chdir(live->stage.folder) == 0 && holds("secret/file", "/secret/file"));
	if (live->transport == SBP_BROKER_BY_SIGNAL)
		confine_by_signal(live);
	else
		confine_by_notification(live);
	everything();
}

static void *take_listener(void *data)
{
	struct live *live = data;
	struct pollfd wait = { live->handover[0], POLLIN, 0 };
	int listener = -1;

	if (poll(&wait, 1, 30000) == 1)
		listener = sbp_receive_passed_fd(live->handover[0]);
	if (listener >= 0 && sbp_broker_add_listener(live->stage.broker, listener)) {
		close(listener);
		listener = -1;
	}
	return (void *)(intptr_t)listener;
}

static bool can_notify(void)
{
	struct sbp_probe *probe;
	bool can = false;

	if (sbp_probe_new(&probe))
		return false;
	if (!sbp_probe_run(probe, SBP_FULL))
		can = sbp_state(probe, SBP_FEATURE_SECCOMP_USER_NOTIF) == SBP_AVAILABLE;
	if (!can)
		printf("# no user notification here: %s\n",
		       sbp_cause(probe, SBP_FEATURE_SECCOMP_USER_NOTIF));
	sbp_probe_unref(probe);
	return can;
}

static void run_live(enum sbp_broker_transport transport, bool walks, const char *policy)
{
	struct live live = { .transport = transport, .policy = policy };
	void *listener = NULL;
	pthread_t thread;
	int status;

	if (!filters_work() || (transport == SBP_BROKER_BY_NOTIFICATION && !can_notify()))
		skip();
	stage_make(&live.stage, walks);
	stage_connect(&live.stage);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, live.handover), 0);
	if (transport == SBP_BROKER_BY_NOTIFICATION)
		assert_int_equal(pthread_create(&thread, NULL, take_listener, &live), 0);
	status = in_child(run_confined, &live);
	if (transport == SBP_BROKER_BY_NOTIFICATION) {
		pthread_join(thread, &listener);
		assert_true((intptr_t)listener > 0);
	}
	assert_int_equal(status, 0);
	close(live.handover[0]);
	close(live.handover[1]);
	stage_remove(&live.stage);
}

static void by_signal(void **state)
{
	(void)state;
	run_live(SBP_BROKER_BY_SIGNAL, false, "compute");
}

static void by_signal_step_by_step(void **state)
{
	(void)state;
	run_live(SBP_BROKER_BY_SIGNAL, true, "compute");
}

static void by_notification(void **state)
{
	(void)state;
	run_live(SBP_BROKER_BY_NOTIFICATION, false, "compute");
}

static void by_notification_step_by_step(void **state)
{
	(void)state;
	run_live(SBP_BROKER_BY_NOTIFICATION, true, "compute");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_signal),
		cmocka_unit_test(by_signal_step_by_step),
		cmocka_unit_test(by_notification),
		cmocka_unit_test(by_notification_step_by_step),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What a probe costs its caller: the quick and the full probe beside the bare system calls that they
 * can't do without, from a small process and from one of 1 GiB, and the memory of a full probe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "clock.h"

/* --- The floor: the children of a full probe, with nothing in them ------------------------- */

static char stacks[3][16 << 10] __attribute__((aligned(64)));

static void bare_clone(int depth, unsigned long flags, int (*run)(void *))
{
	pid_t pid = clone(run, stacks[depth] + sizeof(stacks[depth]),
			  (int)(CLONE_VM | CLONE_VFORK | flags), NULL);

	if (pid > 0)
		waitpid(pid, NULL, __WALL);
}

static int nothing(void *data)
{
	(void)data;
	return 0;
}

static int strict(void *data)
{
	(void)data;
	prctl(PR_SET_SECCOMP, 1);
	syscall(SYS_getpid);
	return 0;
}

static int direct_namespaces(void *data)
{
	(void)data;
	unshare(CLONE_NEWIPC);
	unshare(CLONE_NEWUTS);
	unshare(CLONE_NEWNS);
	unshare(CLONE_NEWCGROUP);
	unshare(0x80 /* CLONE_NEWTIME */);
	return 0;
}

static int nested_user_namespace(void *data)
{
	(void)data;
	bare_clone(2, CLONE_NEWUSER, nothing);
	return 0;
}

static int nested(void *data)
{
	(void)data;
	bare_clone(1, CLONE_NEWPID, nested_user_namespace);
	unshare(CLONE_NEWCGROUP);
	unshare(0x80);
	return 0;
}

static int wait_for_death(void *data)
{
	(void)data;
	return pause();
}

static int target_and_tracer(void *data)
{
	pid_t pid = clone(wait_for_death, stacks[1] + sizeof(stacks[1]), CLONE_VM, NULL);

	(void)data;
	bare_clone(2, 0, nothing);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	return 0;
}

/* What a filter, maps and capabilities take to be proved: the same calls without what surrounds them. */
static int filtered(void *data)
{
	struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
				      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
				      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EREMOTE),
				      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { 4, code };

	(void)data;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER | 1UL << 4, &program);
	syscall(SYS_getppid);
	return 0;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd))
		return;
}

static int used(void *data)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	char map[32];
	int fd;

	snprintf(map, sizeof(map), "0 %d 1", *(const int *)data);
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %d 1", ((const int *)data)[1]);
	write_text("/proc/self/gid_map", map);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	if (sethostname("sandbox", 7) || chroot("/"))
		return 1;
	mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL);
	mount("empty", "/", "tmpfs", 0, "size=4k");
	return nested(NULL);
}

static void run_bare_children(int (*proofs)(void *), int (*inside)(void *))
{
	const int flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			  CLONE_NEWUTS | CLONE_NEWNS;
	int ids[2] = { (int)geteuid(), (int)getegid() };
	pid_t pid;

	bare_clone(0, 0, proofs);
	bare_clone(0, 0, strict);
	pid = clone(inside, stacks[0] + sizeof(stacks[0]), CLONE_VM | CLONE_VFORK | flags, ids);
	if (pid > 0)
		waitpid(pid, NULL, __WALL);
	bare_clone(0, CLONE_NEWPID, direct_namespaces);
	bare_clone(0, 0, target_and_tracer); /* and traced by its parent in the end */
}

static void run_bare(const struct step *step)
{
	(void)step;
	run_bare_children(nothing, nested);
}

static void run_bare_calls(const struct step *step)
{
	(void)step;
	run_bare_children(filtered, used);
}

/* --- The probe ---------------------------------------------------------------------------- */

static void run_probe(const struct step *step)
{
	struct sbp_probe *probe;

	if (sbp_probe_new(&probe) || sbp_probe_run(probe, *(const enum sbp_depth *)step->data))
		exit(1);
	sbp_probe_unref(probe);
}

/* A probe that is kept and asked again, as a launcher does before each child. */
static struct sbp_probe *kept;

static void run_kept(const struct step *step)
{
	if (sbp_probe_run(kept, *(const enum sbp_depth *)step->data))
		exit(1);
}

static const enum sbp_depth quick = SBP_QUICK, full = SBP_FULL;

static void *grow(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return memory;
}

static long private_kib(void)
{
	char line[256];
	long kib = 0, value;
	FILE *file = fopen("/proc/self/smaps_rollup", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Dirty: %ld", &value) == 1)
			kib += value;
	if (file)
		fclose(file);
	return kib;
}

enum { BARE, BARE_CALLS, NEW_FULL, KEPT_FULL, NEW_QUICK, KEPT_QUICK, STEPS };

static struct step steps[STEPS] = {
	[BARE] = { .name = "the children a full probe needs, bare", .run = run_bare },
	[BARE_CALLS] = { .name = "the same, with the calls that prove", .run = run_bare_calls },
	[NEW_FULL] = { .name = "full probe, new handle", .run = run_probe, .data = &full },
	[KEPT_FULL] = { .name = "full probe, kept handle", .run = run_kept, .data = &full },
	[NEW_QUICK] = { .name = "quick probe, new handle",
			.run = run_probe,
			.data = &quick,
			.repeat = 20 },
	[KEPT_QUICK] = { .name = "quick probe, kept handle",
			 .run = run_kept,
			 .data = &quick,
			 .repeat = 20 },
};
static struct step big = { .name = "full probe, kept handle, 1 GiB parent",
			   .run = run_kept,
			   .data = &full };

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 101;
	long before = private_kib(), after;

	if (sbp_probe_new(&kept) || sbp_probe_run(kept, SBP_FULL))
		return 1;
	after = private_kib(); /* with the handle alive, and all that it ever touched */
	run_rounds(steps, STEPS, rounds);
	print_head("Library", "the bare children");
	for (int i = 0; i < STEPS; i++)
		print_step(&steps[i], &steps[0]);
	if (grow((size_t)1 << 30)) {
		run_rounds(&big, 1, rounds);
		print_step(&big, &steps[0]);
		print_target("1 GiB parent against small, min",
			     big.minimum / steps[KEPT_FULL].minimum, 1.1);
	}
	print_target("full probe against its bare children, min",
		     steps[KEPT_FULL].minimum / steps[BARE].minimum, 1.15);
	print_target("full probe against bare children and calls, min",
		     steps[KEPT_FULL].minimum / steps[BARE_CALLS].minimum, 1.15);
	print_target("quick probe, us", steps[KEPT_QUICK].minimum, 40);
	print_target("private memory of a full probe, MiB", (double)(after - before) / 1024, 2);
	sbp_probe_unref(kept);
	return 0;
}

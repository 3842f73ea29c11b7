/* SPDX-License-Identifier: MIT */
/*
 * What a probe costs its caller: the quick and the full probe beside the bare system calls that they
 * can't do without, from a small process and from one of 1 GiB, and the memory of a full probe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

static void run_bare(const struct step *step)
{
	(void)step;
	bare_clone(0, 0, nothing); /* the proofs */
	bare_clone(0, 0, strict);
	bare_clone(0,
		   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			   CLONE_NEWNS,
		   nested);
	bare_clone(0, CLONE_NEWPID, direct_namespaces);
	bare_clone(0, 0, target_and_tracer); /* and traced by its parent in the end */
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

static struct step steps[] = {
	{ .name = "the children a full probe needs, bare", .run = run_bare },
	{ .name = "full probe, new handle", .run = run_probe, .data = &full },
	{ .name = "full probe, kept handle", .run = run_kept, .data = &full },
	{ .name = "quick probe, new handle", .run = run_probe, .data = &quick, .repeat = 20 },
	{ .name = "quick probe, kept handle", .run = run_kept, .data = &quick, .repeat = 20 },
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
	run_rounds(steps, 5, rounds);
	print_head("Library", "the bare children");
	for (int i = 0; i < 5; i++)
		print_step(&steps[i], &steps[0]);
	if (grow((size_t)1 << 30)) {
		run_rounds(&big, 1, rounds);
		print_step(&big, &steps[0]);
		print_target("1 GiB parent against small, min", big.minimum / steps[2].minimum, 1.1);
	}
	print_target("full probe against its bare children, min",
		     steps[2].minimum / steps[0].minimum, 1.15);
	print_target("quick probe, us", steps[4].minimum, 40);
	print_target("private memory of a full probe, MiB", (double)(after - before) / 1024, 2);
	sbp_probe_unref(kept);
	return 0;
}

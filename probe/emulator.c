/* SPDX-License-Identifier: MIT */
/*
 * Is this the Linux kernel that answers, and does it answer this process itself? Finds emulators of
 * machines (qemu-user, Rosetta, FEX), of kernels (gVisor, WSL1) and checkers (valgrind, sanitizers).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"
#include "uapi.h"

/* Emulators of machines: the name of the program that really runs, up to its first odd letter. */
static const struct {
	const char *program, *name;
} programs[] = {
	{ "qemu-", "qemu-user" },      { "rosetta", "Rosetta" },    { "FEX", "FEX-Emu" },
	{ "memcheck-", "valgrind" },   { "none-", "valgrind" },	    { "callgrind-", "valgrind" },
	{ "massif-", "valgrind" },     { "helgrind-", "valgrind" }, { "drd-", "valgrind" },
	{ "cachegrind-", "valgrind" }, { "dhat-", "valgrind" },	    { "box64", "box64" },
};

/* Kernels that are not Linux, by what they call themselves. */
static const struct {
	const char *fact, *text, *name;
} kernels[] = {
	{ "kernel.release", "-Microsoft", "WSL1" },
	{ "kernel.release", "microsoft-standard", "WSL2" },
	{ "kernel.release", "gvisor", "gVisor" },
	{ "kernel.version", "#1 SMP Sun Jan 10 15:06:54 PST 2016", "gVisor" },
};

/*
 * User-mode emulators rewrite what a program reads from /proc/self/exe, by comparing the path: one
 * written in another way reaches the kernel.
 */
static void find_program(struct sbp_probe *p)
{
	static const char relative[] = "/proc/self/./exe";
	char path[320], target[256];
	const char *base;
	long length;

	if (!sbp_path(p, path, sizeof(path), relative))
		return;
	length = sbp_kernel(SYS_readlinkat, AT_FDCWD, (long)path, (long)target, sizeof(target) - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (strncmp(base, programs[i].program, strlen(programs[i].program)))
			continue;
		sbp_add_fact(p, "process.emulator", relative, "%s", programs[i].name);
		return;
	}
}

static void find_kernel(struct sbp_probe *p)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
		const char *value = sbp_fact_value(p, kernels[i].fact);

		if (!value || !strstr(value, kernels[i].text))
			continue;
		sbp_add_fact(p, "kernel.emulator", kernels[i].fact, "%s", kernels[i].name);
		return;
	}
}

/* Present where the whole program was built with them: weak, so that they may be missing. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
extern void __msan_init(void) __attribute__((weak));

static void find_sanitizer(struct sbp_probe *p)
{
	const char *name = __asan_init	 ? "AddressSanitizer"
			   : __tsan_init ? "ThreadSanitizer"
			   : __msan_init ? "MemorySanitizer"
					 : NULL;

	if (name)
		sbp_add_fact(p, "process.sanitizer", "linked in", "%s", name);
}

void sbp_survey_emulator(struct sbp_probe *p)
{
	find_program(p);
	find_kernel(p);
	find_sanitizer(p);
}

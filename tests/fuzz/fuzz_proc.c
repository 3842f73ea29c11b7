// SPDX-License-Identifier: MIT
/*
 * Fuzzes everything that reads /proc and /sys, and what is concluded from it: the input is a machine. Its
 * parts begin with "@name" on a line of its own: files, put below a root of our own; "@answers", the
 * kernel's, one letter a question; "@children", that it has any; "@assume", what SANDBOX_PROBE_ASSUME
 * would say. Nothing of the real kernel is asked. Whatever the machine: every answer has a state and a
 * reason, every text is printable, and the same machine has the same answers.
 */
#define _GNU_SOURCE /* memmem() */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name, *path;
} files[] = {
	{ "status", "/proc/self/status" },
	{ "uid_map", "/proc/self/uid_map" },
	{ "mountinfo", "/proc/self/mountinfo" },
	{ "label", "/proc/self/attr/current" },
	{ "release", "/proc/sys/kernel/osrelease" },
	{ "version", "/proc/sys/kernel/version" },
	{ "actions", "/proc/sys/kernel/seccomp/actions_avail" },
	{ "clone", "/proc/sys/kernel/unprivileged_userns_clone" },
	{ "apparmor", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns" },
	{ "yama", "/proc/sys/kernel/yama/ptrace_scope" },
	{ "users", "/proc/sys/user/max_user_namespaces" },
	{ "pids", "/proc/sys/user/max_pid_namespaces" },
	{ "enable", "/sys/module/user_namespace/parameters/enable" },
	{ "lsm", "/sys/kernel/security/lsm" },
	{ "enforce", "/sys/fs/selinux/enforce" },
	{ "config", "/proc/config.gz" },
	{ "dockerenv", "/.dockerenv" },
};
#define FILES (sizeof(files) / sizeof(files[0]))

static const long errors[] = { 0,	-EPERM,	     -ENOSYS, -EINVAL, -EACCES, -ENOSPC,
			       -EFAULT, -EBUSY,	     -EUSERS, -ENOENT, -EAGAIN, -ENOMEM,
			       -ESRCH,	-EOPNOTSUPP, 1,	      2 };

static char root[64] = "/dev/shm/sbp-fuzz-XXXXXX";

struct part {
	const uint8_t *data;
	size_t size;
};

static void must(int truth)
{
	if (!truth)
		abort();
}

/* --- the machine */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_root(void)
{
	char path[256], *slash;
	size_t i;

	if (!mkdtemp(root)) {
		strcpy(root, "/tmp/sbp-fuzz-XXXXXX");
		must(mkdtemp(root) != NULL);
	}
	atexit(remove_root);
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s%s", root, files[i].path);
		for (slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
			*slash = '\0';
			mkdir(path, 0700);
		}
	}
}

/* What follows "@name\n", up to the next "\n@". A NULL pointer: there is no such part. */
static struct part find_part(const uint8_t *data, size_t size, const char *name)
{
	char mark[32];
	size_t length = (size_t)snprintf(mark, sizeof(mark), "\n@%s\n", name);
	const uint8_t *at = memmem(data, size, mark, length), *end;

	if (!at)
		return (struct part){ NULL, 0 };
	at += length;
	end = memmem(at, (size_t)(data + size - at), "\n@", 2);
	return (struct part){ at, (size_t)((end ? end + 1 : data + size) - at) };
}

static void put_files(const uint8_t *data, size_t size)
{
	static bool there[FILES];
	char path[256];
	size_t i;
	int fd;

	for (i = 0; i < FILES; i++) {
		struct part part = find_part(data, size, files[i].name);

		if (!part.data && !there[i])
			continue;
		snprintf(path, sizeof(path), "%s%s", root, files[i].path);
		there[i] = part.data != NULL;
		if (!there[i]) {
			unlink(path);
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		must(fd >= 0 && write(fd, part.data, part.size) == (ssize_t)part.size);
		close(fd);
	}
}

struct answers {
	struct part letters;
	bool children;
};

/*
 * The same question has the same answer, whenever it is asked. Children are slow here, their memory being
 * as large as the sanitizer's: a machine has them when it says so.
 */
static bool answer(void *data, const char *call, long *result)
{
	const struct answers *answers = data;
	const char *at = call;
	unsigned hash = 5381;

	while (*at)
		hash = hash * 33 + (unsigned char)*at++;
	*result = -EPERM;
	if (answers->letters.size)
		*result = errors[answers->letters.data[hash % answers->letters.size] % 16];
	if (*result >= 0 && !answers->children && strncmp(call, "clone(", 6) == 0)
		*result = -ENOSPC;
	return true;
}

/* --- what must hold */

static void must_be_printable(const char *text, size_t limit)
{
	must(text != NULL && strnlen(text, limit + 1) <= limit);
	for (; *text; text++)
		must(*text >= ' ' && *text <= '~');
}

static void check(const struct sbp_probe *p, unsigned char *states)
{
	const struct sbp_fact *fact;
	size_t i;

	for (i = 0; (fact = sbp_fact(p, i)); i++) {
		must(fact->name && fact->source);
		must_be_printable(fact->value, 240);
	}
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		states[f] = (unsigned char)sbp_state(p, f);
		must(sbp_state_name(states[f]) != NULL);
		if (states[f] == SBP_AVAILABLE) {
			must(!sbp_cause(p, f) && !sbp_remedy(p, f));
			continue;
		}
		must_be_printable(sbp_cause(p, f), 2000);
		must_be_printable(sbp_remedy(p, f), 2000);
		must(*sbp_cause(p, f));
	}
}

static void choose(const struct sbp_probe *p, enum sbp_choice choice)
{
	const struct sbp_rejected *rejected;
	struct sbp_plan *plan;
	size_t i;

	must(sbp_choose(p, choice, &plan) == 0);
	must(sbp_level_name(sbp_plan_level(plan)) != NULL);
	must(sbp_plan_isolation(plan) && sbp_plan_syscalls(plan));
	for (i = 0; (rejected = sbp_plan_rejected(plan, i)); i++)
		must_be_printable(rejected->because, 2000);
	sbp_plan_unref(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	unsigned char first[SBP_FEATURE_LIMIT] = { 0 }, second[SBP_FEATURE_LIMIT] = { 0 };
	struct answers answers;
	struct part assume;
	struct sbp_probe *p;
	char *text;

	if (!made)
		make_root();
	made = true;
	put_files(data, size);
	answers.letters = find_part(data, size, "answers");
	answers.children = find_part(data, size, "children").data != NULL;
	assume = find_part(data, size, "assume");
	must(sbp_probe_new(&p) == 0);
	must(sbp_probe_set_root(p, root) == 0);
	sbp_probe_set_fake(p, answer, &answers);
	if (assume.data) {
		text = strndup((const char *)assume.data, assume.size);
		must(text != NULL);
		must(sbp_probe_set_assume(p, text) <= 0);
		free(text);
	}
	must(sbp_probe_run(p, SBP_REPORT) == 0);
	check(p, first);
	choose(p, SBP_BUILT);
	choose(p, SBP_CONCEIVABLE);
	must(sbp_probe_run(p, SBP_REPORT) == 0);
	check(p, second);
	must(memcmp(first, second, sizeof(first)) == 0);
	sbp_probe_unref(p);
	return 0;
}

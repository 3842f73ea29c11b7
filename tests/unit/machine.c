// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine.h"

/* --- The healthy kernel ------------------------------------------------------------------- */

static const struct reply healthy[] = {
	{ "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL)", -EFAULT },
	{ "seccomp(0xffffffff, *", -EINVAL },
	{ "seccomp(SECCOMP_SET_MODE_STRICT, 1, *", -EINVAL },
	/* alone it is refused, and so are flags that do not exist */
	{ "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, *", -EINVAL },
	{ "seccomp(SECCOMP_SET_MODE_FILTER, *NULL)", -EFAULT },
	{ "seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &0x*", -EOPNOTSUPP },
	{ "prctl(PR_GET_DUMPABLE)", 1 },
	{ "pidfd_open(*", 1000 },
	{ "clone3(NULL, 0)", -EINVAL },
	{ "landlock_create_ruleset(*", 4 },
	{ "stat(*", -ENOENT },
	{ 0 },
};

/* What takes CAP_SYS_ADMIN outside of a user namespace. */
static const char *const privileged[] = {
	"unshare(CLONE_NEW*", "clone(CLONE_NEW[!U]*", "mount(*", "sethostname(*", "chroot(*", NULL,
};

static bool in_table(const struct machine *m, const struct reply *row, const char *call, long *result)
{
	for (; row && row->pattern; row++) {
		const char *pattern = row->pattern;

		if (*pattern == '@' && !m->in_user_ns)
			continue;
		if (fnmatch(pattern + (*pattern == '@'), call, 0))
			continue;
		*result = row->result;
		return true;
	}
	return false;
}

/* What later answers depend on. */
static void remember(struct machine *m, const char *call)
{
	static const char enter[] = "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &";

	if (!strncmp(call, "write(/proc/self/setgroups", 26))
		m->in_user_ns = true;
	else if (!strcmp(call, "prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)"))
		m->strict = true;
	else if (!strncmp(call, enter, sizeof(enter) - 1))
		m->denial = EREMOTE;
	else if (!fnmatch("seccomp(*TSYNC|*NEW_LISTENER*, &*", call, 0))
		m->denial = EREMOTE;
	else if (!fnmatch("seccomp(*TSYNC, &*", call, 0))
		m->denial = EUSERS;
	else if (!strncmp(call, "prctl(PR_SET_NO_NEW_PRIVS, 1", 28))
		m->no_new_privs = true;
}

static bool by_state(const struct machine *m, const char *call, long *result)
{
	if (!strcmp(call, "getpid()"))
		*result = m->strict ? SBP_FAKE_KILL(SIGKILL) : 1;
	else if (!strcmp(call, "getppid()"))
		*result = m->denial ? -m->denial : 1;
	else if (!strncmp(call, "prctl(PR_GET_NO_NEW_PRIVS", 25))
		*result = m->no_new_privs;
	else
		return false;
	return true;
}

static bool answer(void *data, const char *call, long *result)
{
	struct machine *m = data;

	if (in_table(m, m->replies, call, result) || by_state(m, call, result) ||
	    in_table(m, healthy, call, result))
		return true;
	for (int i = 0; privileged[i]; i++) {
		if (m->privileged || m->in_user_ns || fnmatch(privileged[i], call, 0))
			continue;
		*result = -EPERM;
		return true;
	}
	*result = 0;
	remember(m, call);
	return true;
}

bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "valgrind");
}

/* --- Files -------------------------------------------------------------------------------- */

void folder_make(char *path, size_t size)
{
	const char *parent = getenv("TMPDIR");

	snprintf(path, size, "%s/sbp-test-XXXXXX", parent && strlen(parent) < 30 ? parent : "/tmp");
	assert_non_null(mkdtemp(path));
	assert_int_equal(chmod(path, 0755), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void folder_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
}

void machine_put(struct machine *m, const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", m->root, path);
	make_folders(full);
	folder_remove(full);
	if (!text)
		return;
	if (!strncmp(text, "-> ", 3)) {
		assert_int_equal(symlink(text + 3, full), 0);
		return;
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void machine_put_status(struct machine *m, const struct status *status)
{
	const struct {
		const char *key, *value;
	} lines[] = {
		{ "Name", "probe" },
		{ "TracerPid", status->tracer },
		{ "Threads", "1" },
		{ "CapEff", status->capabilities },
		{ "CapBnd", "000001ffffffffff" },
		{ "NoNewPrivs", status->no_new_privs },
		{ "Seccomp", status->seccomp },
	};
	char text[512];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (lines[i].value)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s:\t%s\n",
						 lines[i].key, lines[i].value);
	machine_put(m, "/proc/self/status", text);
}

static const char *const kinds[] = { "user", "pid", "net", "ipc", "uts", "mnt", "cgroup", "time" };

void machine_begin(struct machine *m, const char *release)
{
	static const char configuration[] =
		"CONFIG_SECCOMP=y\nCONFIG_SECCOMP_FILTER=y\nCONFIG_NAMESPACES=y\nCONFIG_USER_NS=y\n"
		"CONFIG_PID_NS=y\nCONFIG_NET_NS=y\nCONFIG_IPC_NS=y\nCONFIG_UTS_NS=y\n"
		"CONFIG_TIME_NS=y\nCONFIG_CGROUPS=y\nCONFIG_SECURITY_LANDLOCK=y\n";
	char path[128];

	*m = (struct machine){ 0 };
	folder_make(m->root, sizeof(m->root));
	machine_put(m, "/proc/sys/kernel/osrelease", release);
	machine_put(m, "/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC\n");
	machine_put(m, "/proc/sys/kernel/yama/ptrace_scope", "0\n");
	machine_put(m, "/proc/self/uid_map", "         0          0 4294967295\n");
	machine_put(m, "/proc/self/attr/current", "unconfined\n");
	machine_put(m, "/proc/self/exe", "-> /usr/bin/launcher");
	machine_put(m, "/proc/self/mountinfo", "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		machine_put(m, path, "-> kind:[4026531837]");
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kinds[i]);
		machine_put(m, path, "15000\n");
	}
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	machine_put(m, path, configuration);
	machine_put_status(m, &(struct status){ "0000000000000000", "0", "0", "0" });
}

struct sbp_probe *machine_run(struct machine *m, enum sbp_depth depth)
{
	sbp_probe_unref(m->probe);
	assert_int_equal(sbp_probe_new(&m->probe), 0);
	assert_int_equal(sbp_probe_set_root(m->probe, m->root), 0);
	sbp_probe_set_fake(m->probe, answer, m);
	assert_int_equal(sbp_probe_run(m->probe, depth), 0);
	return m->probe;
}

void machine_end(struct machine *m)
{
	m->probe = sbp_probe_unref(m->probe);
	folder_remove(m->root);
}

/* SPDX-License-Identifier: MIT */
/*
 * Who could be in the way: what machine and process are like, as facts with their sources. Owns the
 * table of files that hold one value each, and the order in which everything is looked at. What
 * takes more than reading a file is in surroundings.c and emulator.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "probe.h"
#include "uapi.h"

/* --- Files with one value ----------------------------------------------------------------- */

static const struct {
	const char *name, *path;
} files[] = {
#define SYSCTL(name, path)              \
	{                               \
		name, "/proc/sys/" path \
	}
	SYSCTL("kernel.seccomp.actions_avail", "kernel/seccomp/actions_avail"),
	SYSCTL("kernel.unprivileged_userns_clone", "kernel/unprivileged_userns_clone"),
	SYSCTL("kernel.apparmor_restrict_unprivileged_userns",
	       "kernel/apparmor_restrict_unprivileged_userns"),
	SYSCTL("kernel.apparmor_restrict_unprivileged_unconfined",
	       "kernel/apparmor_restrict_unprivileged_unconfined"),
	SYSCTL("kernel.yama.ptrace_scope", "kernel/yama/ptrace_scope"),
	SYSCTL("kernel.overflowuid", "kernel/overflowuid"),
	SYSCTL("fs.suid_dumpable", "fs/suid_dumpable"),
	SYSCTL("user.max_user_namespaces", "user/max_user_namespaces"),
	SYSCTL("user.max_pid_namespaces", "user/max_pid_namespaces"),
	SYSCTL("user.max_net_namespaces", "user/max_net_namespaces"),
	SYSCTL("user.max_ipc_namespaces", "user/max_ipc_namespaces"),
	SYSCTL("user.max_uts_namespaces", "user/max_uts_namespaces"),
	SYSCTL("user.max_mnt_namespaces", "user/max_mnt_namespaces"),
	SYSCTL("user.max_cgroup_namespaces", "user/max_cgroup_namespaces"),
	SYSCTL("user.max_time_namespaces", "user/max_time_namespaces"),
	{ "module.user_namespace.enable", "/sys/module/user_namespace/parameters/enable" },
	{ "security.modules", "/sys/kernel/security/lsm" },
	{ "security.selinux.enforcing", "/sys/fs/selinux/enforce" },
	{ "security.selinux.deny_ptrace", "/sys/fs/selinux/booleans/deny_ptrace" },
	{ "security.apparmor.enabled", "/sys/module/apparmor/parameters/enabled" },
	{ "process.label", "/proc/self/attr/current" },
	{ "process.label.apparmor", "/proc/self/attr/apparmor/current" },
#undef SYSCTL
};

static void read_values(struct sbp_probe *p)
{
	char value[512];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (sbp_read_file(p, files[i].path, value, sizeof(value)) > 0)
			sbp_add_fact(p, files[i].name, files[i].path, "%s", value);
}

/* --- The process -------------------------------------------------------------------------- */

/* Lines of /proc/PID/status: as the kernel writes them, and under which name we keep them. */
static const struct {
	const char *key, *name;
} status_lines[] = {
	{ "TracerPid", "process.tracer_pid" }, { "CapEff", "process.capabilities" },
	{ "CapBnd", "process.bounding_set" },  { "NoNewPrivs", "process.no_new_privs" },
	{ "Seccomp", "process.seccomp_mode" }, { "Seccomp_filters", "process.filters" },
	{ "Threads", "process.threads" },
};

void sbp_parse_status(struct sbp_probe *p, const char *text, const char *source)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), key = strcspn(text, ":\n");

		for (size_t i = 0; i < sizeof(status_lines) / sizeof(*status_lines); i++) {
			const char *value = text + key + 1;

			if (*text != *status_lines[i].key || text[key] != ':' ||
			    strlen(status_lines[i].key) != key ||
			    strncmp(text, status_lines[i].key, key))
				continue;
			value += strspn(value, " \t");
			if (value <= text + length)
				sbp_add_fact(p, status_lines[i].name, source, "%.*s",
					     (int)(text + length - value), value);
		}
		text += length + (text[length] == '\n');
	}
}

bool sbp_has_capability(const struct sbp_probe *p, int capability)
{
	const char *bits = sbp_fact_value(p, "process.capabilities");

	return bits && strtoull(bits, NULL, 16) >> capability & 1;
}

/* Compares dotted numbers: "6.1.0-13-amd64" is at least "5.16". */
bool sbp_release_at_least(const struct sbp_probe *p, const char *version)
{
	const char *release = p->release;

	if (!*release)
		return false;
	while (*version) {
		char *behind, *after;
		unsigned long have = strtoul(release, &behind, 10);
		unsigned long want = strtoul(version, &after, 10);

		if (have != want)
			return have > want;
		release = behind + (*behind == '.');
		version = after + (*after == '.');
		if (after == version && *after)
			return false;
	}
	return true;
}

static void read_release(struct sbp_probe *p)
{
	static const char path[] = "/proc/sys/kernel/osrelease";
	char release[sizeof(p->release)];

	p->release[0] = '\0';
	if (sbp_read_file(p, path, release, sizeof(release)) <= 0)
		return;
	release[strcspn(release, "\n")] = '\0';
	memcpy(p->release, release, sizeof(release));
	sbp_add_fact(p, "kernel.release", path, "%s", release);
}

/* Without /proc, and on kernels before 3.8, only the call itself tells; it may be fatal: a child. */
static void ask_seccomp_mode_in_child(struct sbp_probe *p, void *data)
{
	long *mode = data;

	if (!sbp_faked(p, "prctl(PR_GET_SECCOMP)", mode))
		*mode = sbp_kernel(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
}

static void ask_seccomp_mode(struct sbp_probe *p)
{
	struct sbp_child child = { .run = ask_seccomp_mode_in_child, .data = &p->area->seccomp_mode };

	p->filtered = true;
	p->area->seccomp_mode = -1;
	if (sbp_run_child(p, &child))
		return;
	/* Killed: somebody filters. EINVAL: a kernel without seccomp. EPERM: a filter's answer. */
	if (child.signal)
		sbp_add_fact(p, "process.seccomp_mode", "prctl(PR_GET_SECCOMP)", "2");
	else if (p->area->seccomp_mode >= 0)
		sbp_add_fact(p, "process.seccomp_mode", "prctl(PR_GET_SECCOMP)", "%ld",
			     p->area->seccomp_mode);
	p->filtered = child.signal || (p->area->seccomp_mode && p->area->seccomp_mode != -EINVAL);
}

/* What the missing /proc would have said of the kernel and of the process's rights. */
static void ask_without_proc_in_child(struct sbp_probe *p, void *data)
{
	struct sbp_without_proc *found = data;
	const struct {
		unsigned int version;
		int pid;
	} header = { _LINUX_CAPABILITY_VERSION_3, 0 };

	found->uname = sbp_kernel(SYS_uname, (long)&found->names);
	found->no_new_privs = sbp_kernel(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	found->capget = sbp_kernel(SYS_capget, (long)&header, (long)found->capabilities);
	(void)p;
}

static void ask_without_proc(struct sbp_probe *p)
{
	struct sbp_without_proc *found = &p->area->without_proc;
	struct sbp_child child = { .run = ask_without_proc_in_child, .data = found };

	found->uname = found->no_new_privs = found->capget = -1;
	if (p->fake || sbp_run_child(p, &child))
		return;
	if (!found->uname && !*p->release) {
		memcpy(p->release, found->names.release, sizeof(p->release));
		sbp_add_fact(p, "kernel.release", "uname(2)", "%s", p->release);
	}
	if (found->no_new_privs >= 0)
		sbp_add_fact(p, "process.no_new_privs", "prctl(PR_GET_NO_NEW_PRIVS)", "%ld",
			     found->no_new_privs);
	if (!found->capget) /* effective, permitted, inheritable; then their upper halves */
		sbp_add_fact(p, "process.capabilities", "capget(2)", "%08x%08x",
			     found->capabilities[3], found->capabilities[0]);
}

/* Under a root of the user's the files tell of another process: the filter is asked for real. */
void sbp_read_process(struct sbp_probe *p)
{
	static const char path[] = "/proc/self/status";
	const char *mode;
	char status[4096];
	ssize_t got;

	read_release(p);
	got = sbp_read_file(p, path, status, sizeof(status));
	if (got > 0)
		sbp_parse_status(p, status, path);
	mode = sbp_fact_value(p, "process.seccomp_mode");
	if (mode && (!*p->root || p->fake))
		p->filtered = strcmp(mode, "0") != 0;
	else if (got > 0 && !*p->root && sbp_release_at_least(p, "3.8"))
		p->filtered = false; /* no such line: built without seccomp */
	else
		ask_seccomp_mode(p);
	if (got <= 0 && !*p->root)
		ask_without_proc(p);
}

/* --- All of it ---------------------------------------------------------------------------- */

/* The last one serves explanations only, and costs a new process more than all its questions. */
static void (*const surveys[])(struct sbp_probe *p) = {
	sbp_survey_kernel,    sbp_survey_identity,	 read_values,
	sbp_survey_limits,    sbp_survey_user_namespace, sbp_survey_chroot,
	sbp_survey_container, sbp_survey_emulator,	 sbp_survey_namespace_links,
};

static void survey(struct sbp_probe *p, const void *data, size_t i)
{
	(void)data;
	surveys[i](p);
}

/* A survey that somebody's filter killed leaves its facts out; that is a fact of its own. */
static void survey_failed(struct sbp_probe *p, const void *data, size_t i,
			  const struct sbp_child *child)
{
	(void)data;
	(void)i;
	if (child->signal)
		sbp_add_fact(p, "environment.incomplete", "child of this process",
			     "killed by signal %d while it was looked at", child->signal);
}

void sbp_survey_environment(struct sbp_probe *p, bool explain)
{
	sbp_run_steps(p, &(struct sbp_steps){ .count = sizeof(surveys) / sizeof(*surveys) - !explain,
					      .step = survey,
					      .skipped = survey_failed,
					      .in_child = p->filtered });
}

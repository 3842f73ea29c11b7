/* SPDX-License-Identifier: MIT */
/*
 * What surrounds the process: kernel and process architecture, ids, limits, user namespace, chroot,
 * container. Each function adds its facts and nothing else; all may run in a child.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

/* --- Kernel and process ------------------------------------------------------------------- */

/* The word that the process's system call numbers are looked up under. */
static const char *process_abi(void)
{
#if defined(__x86_64__) && defined(__ILP32__)
	return "x32";
#elif defined(__x86_64__)
	return "x86_64";
#elif defined(__i386__)
	return "i386";
#elif defined(__aarch64__)
	return "arm64";
#else
	return "arm-eabi";
#endif
}

/*
 * uname(2) may be told to lie (setarch), so an i386 process looks at its code segment as well: a
 * 64-bit kernel runs it in segment 0x23, a 32-bit one in another.
 */
static bool kernel_is_64_bit(const char *machine)
{
#if defined(__i386__)
	unsigned int segment;

	__asm__("movl %%cs, %0" : "=r"(segment));
	(void)machine;
	return segment == 0x23;
#elif defined(__arm__)
	return !strcmp(machine, "aarch64") || !strcmp(machine, "armv8l");
#else
	(void)machine;
	return true;
#endif
}

static void add_version(struct sbp_probe *p, const struct utsname *names)
{
	static const char path[] = "/proc/sys/kernel/version";
	char version[65]; /* what uname(2) has room for */

	if (sbp_read_file(p, path, version, sizeof(version)) > 0)
		sbp_add_fact(p, "kernel.version", path, "%s", version);
	else if (names && !*p->root)
		sbp_add_fact(p, "kernel.version", "uname(2)", "%s", names->version);
}

void sbp_survey_kernel(struct sbp_probe *p)
{
	struct utsname names;
	bool told = !p->fake && !sbp_kernel(SYS_uname, (long)&names);

	add_version(p, told ? &names : NULL);
	if (told) {
		sbp_add_fact(p, "kernel.machine", "uname(2)", "%s", names.machine);
		sbp_add_fact(p, "kernel.bits", "uname(2)", "%s",
			     kernel_is_64_bit(names.machine) ? "64" : "32");
	}
	sbp_add_fact(p, "process.abi", "compiler", "%s", process_abi());
	sbp_add_fact(p, "process.audit_arch", "compiler", "%s", SBP_AUDIT_ARCH_NAME);
}

void sbp_survey_identity(struct sbp_probe *p)
{
	static const struct {
		const char *name, *source;
		long number;
	} ids[] = {
		{ "process.uid", "getuid(2)", SBP_SYS_getuid },
		{ "process.euid", "geteuid(2)", SBP_SYS_geteuid },
		{ "process.gid", "getgid(2)", SBP_SYS_getgid },
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		long id = sbp_kernel(ids[i].number, 0);

		if (id >= 0 || id < -4095) /* not a filter's errno: ids reach to 2^32 */
			sbp_add_fact(p, ids[i].name, ids[i].source, "%u", (unsigned int)id);
	}
}

void sbp_survey_limits(struct sbp_probe *p)
{
	static const struct {
		int resource;
		const char *name;
	} limits[] = {
		{ RLIMIT_NPROC, "limit.nproc" },
		{ RLIMIT_NOFILE, "limit.nofile" },
		{ RLIMIT_AS, "limit.as" },
		{ RLIMIT_CORE, "limit.core" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		unsigned long limit[2];

		if (sbp_kernel(SBP_SYS_getrlimit, limits[i].resource, (long)limit))
			continue;
		if (limit[0] == ~0UL)
			sbp_add_fact(p, limits[i].name, "getrlimit(2)", "unlimited");
		else
			sbp_add_fact(p, limits[i].name, "getrlimit(2)", "%lu", limit[0]);
	}
}

/* --- User namespace and namespaces of the kernel ------------------------------------------ */

/* The first namespace maps everything; any other is somebody's container or sandbox. */
void sbp_survey_user_namespace(struct sbp_probe *p)
{
	static const char path[] = "/proc/self/uid_map";
	unsigned long inside, outside, count;
	char map[1024], *at;

	if (sbp_read_file(p, path, map, sizeof(map)) < 0)
		return;
	inside = strtoul(map, &at, 10);
	outside = strtoul(at, &at, 10);
	count = strtoul(at, &at, 10);
	if (!count)
		sbp_add_fact(p, "process.user_namespace", path, "nested, nothing mapped");
	else if (!inside && !outside && count == 4294967295UL)
		sbp_add_fact(p, "process.user_namespace", path, "initial");
	else
		sbp_add_fact(p, "process.user_namespace", path, "nested, %lu ids mapped from %lu",
			     count, outside);
}

/*
 * Which namespaces /proc names: user and pid since 3.8, cgroup since 4.6, time since 5.6, each only
 * where it was built in. A link that is missing tells what EPERM never does: the kernel lacks it.
 */
void sbp_survey_namespace_links(struct sbp_probe *p)
{
	static const char *const names[] = { "user", "pid", "net",    "ipc",
					     "uts",  "mnt", "cgroup", "time" };
	char list[80] = "", path[320], relative[40];
	size_t used = 0;

	if (!sbp_fact_value(p, "process.tracer_pid"))
		return; /* no /proc, or one that hides this process: says nothing */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(relative, sizeof(relative), "/proc/self/ns/%s", names[i]);
		if (!sbp_path(p, path, sizeof(path), relative) ||
		    sbp_kernel(SYS_readlinkat, AT_FDCWD, (long)path, (long)path, sizeof(path)) < 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? " " : "",
					 names[i]);
	}
	sbp_add_fact(p, "kernel.namespaces", "/proc/self/ns", "%s", used ? list : "none");
}

/* --- chroot ------------------------------------------------------------------------------- */

/* True when some line's fifth word, the mount point, is "/". */
static bool root_is_mounted(const char *mountinfo)
{
	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n')) {
		const char *word = line += *line == '\n';

		for (int i = 0; word && i < 4; i++) {
			word = strpbrk(word, " \n");
			word = word && *word == ' ' ? word + 1 : NULL;
		}
		if (word && !strncmp(word, "/ ", 2))
			return true;
	}
	return false;
}

/* statx(2) knows since 5.8 and needs no /proc. -1: it can't tell. */
static int root_is_mount_by_statx(const struct sbp_probe *p)
{
	struct {
		uint32_t mask, blksize;
		uint64_t attributes;
		uint32_t links, uid, gid;
		uint16_t mode, spare;
		uint64_t ino, size, blocks, attributes_mask;
		char rest[192];
	} st = { 0 };

	if (*p->root || p->fake || sbp_kernel(SYS_statx, AT_FDCWD, (long)"/", 0, 0, (long)&st) ||
	    !(st.attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return -1;
	return !!(st.attributes & STATX_ATTR_MOUNT_ROOT);
}

/*
 * A root directory on which nothing is mounted is a chroot: containers pivot, and then it is a mount.
 * A chroot to a mount point can't be told apart without rights.
 */
void sbp_survey_chroot(struct sbp_probe *p)
{
	static const char path[] = "/proc/self/mountinfo";
	const char *source = "statx(\"/\")";
	int mounted = root_is_mount_by_statx(p);
	char *text = sbp_scratch(p);

	if (mounted < 0 && sbp_read_file(p, path, text, SBP_STACK_SIZE) > 0) {
		source = path;
		mounted = root_is_mounted(text);
		if (!mounted && strlen(text) == SBP_STACK_SIZE - 1)
			mounted = -1; /* more mounts than fit: the root's may come later */
	}
	if (mounted >= 0)
		sbp_add_fact(p, "process.chroot", source, "%s", mounted ? "no" : "yes");
}

/* --- Containers --------------------------------------------------------------------------- */

/* Files and variables that container managers leave inside; the first that is there counts. */
static const struct {
	const char *container, *path;
} container_files[] = {
	{ "docker", "/.dockerenv" },
	{ "podman", "/run/.containerenv" },
	{ "flatpak", "/.flatpak-info" },
	{ "lxd", "/dev/lxd/sock" },
	{ "systemd-nspawn or other", "/run/systemd/container" },
	{ "OpenVZ", "/proc/user_beancounters" },
};

static const struct {
	const char *container, *variable;
} container_variables[] = {
	{ "snap", "SNAP" },
	{ "kubernetes", "KUBERNETES_SERVICE_HOST" },
	{ "container", "container" },
};

void sbp_survey_container(struct sbp_probe *p)
{
	char path[512];

	for (size_t i = 0; i < sizeof(container_files) / sizeof(*container_files); i++) {
		if (!sbp_path(p, path, sizeof(path), container_files[i].path) ||
		    sbp_kernel(SYS_faccessat, AT_FDCWD, (long)path, F_OK))
			continue;
		sbp_add_fact(p, "process.container", container_files[i].path, "%s",
			     container_files[i].container);
		return;
	}
	for (size_t i = 0; i < sizeof(container_variables) / sizeof(*container_variables); i++) {
		const char *value = getenv(container_variables[i].variable);

		if (!value || !*value || *p->root)
			continue;
		sbp_add_fact(p, "process.container", container_variables[i].variable, "%s (%s)",
			     container_variables[i].container, value);
		return;
	}
}

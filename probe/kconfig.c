// SPDX-License-Identifier: MIT
/*
 * Where the running kernel's configuration can be found, and in which order it is believed. Owns the
 * table of places; kconfig_unpack.c and kconfig_text.c read what stands there, kconfig_module.c asks
 * libkmod.
 *
 * A source is always read to its end. Stopping at the last symbol wanted would save a fifth at best
 * (LANDLOCK stands at 82 % of the text), nothing on kernels that lack one of the symbols, and would
 * miss that the stream is damaged and that a later line replaces an earlier one.
 */
#include "kconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum trust {
	RUNNING,      /* in the memory of the running kernel */
	SAME_RELEASE, /* a file named after its release */
	NO_RELEASE,   /* a file that must say itself which kernel it is for */
	MODULE,	      /* the configs module of its release: written by the same build */
};

/* Best first. Distributions keep it in one of these; after means that the release stands between. */
static const struct place {
	const char *before, *after;
	enum trust trust;
} places[] = {
	{ "/proc/config.gz", NULL, RUNNING },
	{ "/boot/config-", "", SAME_RELEASE },
	{ "/lib/modules/", "/config", SAME_RELEASE }, /* Fedora, CoreOS */
	{ "/usr/lib/modules/", "/config", SAME_RELEASE },
	{ "/usr/lib/ostree-boot/config-", "", SAME_RELEASE },
	{ "/usr/lib/kernel/config-", "", SAME_RELEASE }, /* Clear Linux */
	{ "/lib/modules/", "/kernel/kernel/configs.ko", MODULE },
	{ "/lib/modules/", "/kernel/kernel/configs.ko.gz", MODULE },
	{ "/lib/modules/", "/kernel/kernel/configs.ko.xz", MODULE },
	{ "/lib/modules/", "/kernel/kernel/configs.ko.zst", MODULE },
	{ "/lib/modules/", "/build/.config", SAME_RELEASE }, /* someone's tree: may have moved on */
	{ "/usr/src/linux-headers-", "/.config", SAME_RELEASE },
	{ "/boot/config", NULL, NO_RELEASE },
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static ssize_t fill_from_fd(void *arg, void *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read(*(const int *)arg, buffer, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* Forgets what an earlier source left, but for the reason why it failed. */
static void clear(struct sbp_kconfig_result *result)
{
	result->source[0] = '\0';
	result->version[0] = '\0';
	result->running = false;
	result->lines = 0;
	result->bytes = 0;
}

static void clear_symbols(struct sbp_kconfig_symbol *symbols, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		symbols[i].value = SBP_KCONFIG_UNKNOWN;
}

/* O_NONBLOCK so that a FIFO doesn't hold us, O_NOCTTY so that a terminal doesn't become ours. */
static int open_regular(const char *path, struct sbp_kconfig_result *result)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : sbp_kconfig_fail(result, -errno, "%m");
	if (fstat(fd, &st) != 0)
		err = sbp_kconfig_fail(result, -errno, "%m");
	else if (S_ISDIR(st.st_mode))
		err = sbp_kconfig_fail(result, -EISDIR, "it is a directory");
	else if (!S_ISREG(st.st_mode))
		err = sbp_kconfig_fail(result, -EINVAL, "it is not a regular file");
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* On failure result->why is one sentence without the name of the file. */
static int read_file(const char *path, struct sbp_kconfig_symbol *symbols, size_t n,
		     struct sbp_kconfig_result *result)
{
	__attribute__((cleanup(close_fd))) int fd = -1;

	clear(result);
	clear_symbols(symbols, n);
	fd = open_regular(path, result);
	if (fd < 0)
		return fd;
	return sbp_kconfig_decode(fill_from_fd, &fd, symbols, n, result);
}

/* Is this text's "6.1.76" what the release "6.1.76-gentoo" begins with? */
static bool is_for(const char *version, const char *release)
{
	size_t length = strlen(version);

	return length && strncmp(version, release, length) == 0 &&
	       !(release[length] >= '0' && release[length] <= '9') && release[length] != '.';
}

/* The answers of all sources so far: one that was read, or the error of the first that failed. */
struct search {
	const char *root, *release;
	struct sbp_kconfig_symbol *symbols;
	size_t n;
	struct sbp_kconfig_result *result;
	int error; /* of the best source that failed */
	char why[sizeof(((struct sbp_kconfig_result *)0)->why)];
};

/* True when the search is over. shown is how reports call the file. */
static bool try_file(struct search *s, const char *path, const char *shown, enum trust trust)
{
	struct sbp_kconfig_result *r = s->result;
	int err;

	r->why[0] = '\0';
	err = read_file(path, s->symbols, s->n, r);
	if (!err && trust == NO_RELEASE && !is_for(r->version, s->release))
		err = sbp_kconfig_fail(r, -ENOENT, "it does not say that it is for %s", s->release);
	if (!err) {
		snprintf(r->source, sizeof(r->source), "%s%s",
			 trust == MODULE ? "configs module " : "", shown);
		r->running = trust == RUNNING;
		return true;
	}
	clear(r);
	/* A name that isn't there is no failure, and neither is a place below something else. */
	if (err == -ENOTDIR)
		return false;
	if (r->why[0] && (!s->why[0] || (s->error == -ENOENT && err != -ENOENT))) {
		snprintf(s->why, sizeof(s->why), "%.240s: %.250s", shown, r->why);
		s->error = err;
	}
	return false;
}

/* Can it stand in the name of a file without leading elsewhere? */
static bool is_release(const char *release)
{
	return release && release[0] && !strchr(release, '/') && strcmp(release, ".") != 0 &&
	       strcmp(release, "..") != 0 && strlen(release) < NAME_MAX;
}

static bool try_places(struct search *s)
{
	char path[PATH_MAX];
	size_t i, root = strlen(s->root);
	int length;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];

		if (p->trust != RUNNING && !s->release)
			continue;
		length = snprintf(path, sizeof(path), "%s%s%s%s", s->root, p->before,
				  p->after ? s->release : "", p->after ? p->after : "");
		if (length < 0 || (size_t)length >= sizeof(path)) {
			s->error = -ENAMETOOLONG;
			continue;
		}
		if (try_file(s, path, path + root, p->trust))
			return true;
	}
	return false;
}

/*
 * Where the kernel's own install puts the module, try_places() has looked. libkmod knows the modules
 * that a distribution put elsewhere, and what is built in. Not loaded when there is no tree to look at.
 */
static bool try_libkmod(struct search *s)
{
	static const char *const trees[] = { "/lib/modules/", "/usr/lib/modules/" };
	char directory[PATH_MAX], path[PATH_MAX];
	size_t i, root = strlen(s->root);
	int length;

	for (i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		length = snprintf(path, sizeof(path), "%s%s%s/modules.dep.bin", s->root, trees[i],
				  s->release);
		if (length < 0 || (size_t)length >= sizeof(path) || access(path, R_OK) != 0)
			continue;
		snprintf(directory, sizeof(directory), "%s%s%s", s->root, trees[i], s->release);
		if (sbp_kconfig_find_module(directory, path, sizeof(path),
					    &s->result->ikconfig_builtin) != 0)
			return false;
		/* An absolute name in modules.dep would lead out of the root. */
		return strncmp(path, s->root, root) == 0 && path[root] == '/' &&
		       try_file(s, path, path + root, MODULE);
	}
	return false;
}

int sbp_kconfig_read(const char *root, const char *release, unsigned flags,
		     struct sbp_kconfig_symbol *symbols, size_t n, struct sbp_kconfig_result *result)
{
	struct search s = { .root = root ? root : "", .symbols = symbols, .n = n, .result = result };
	bool found;

	memset(result, 0, sizeof(*result));
	clear_symbols(symbols, n);
	s.release = is_release(release) ? release : NULL;
	found = try_places(&s);
	if (!found && s.release && !(flags & SBP_KCONFIG_NO_MODULES))
		found = try_libkmod(&s);
	memcpy(result->why, s.why, sizeof(result->why));
	if (found)
		return 0;
	clear(result);
	clear_symbols(symbols, n);
	if (result->why[0])
		return s.error;
	if (result->ikconfig_builtin)
		return sbp_kconfig_fail(
			result, -ENOENT,
			"/proc/config.gz: the kernel was built with CONFIG_IKCONFIG (modules.builtin), "
			"so CONFIG_IKCONFIG_PROC is off, or /proc is masked or not mounted");
	return sbp_kconfig_fail(result, s.error ? s.error : -ENOENT,
				"there is neither /proc/config.gz nor a file for %s",
				s.release ? s.release : "an unknown release");
}

int sbp_kconfig_read_file(const char *path, struct sbp_kconfig_symbol *symbols, size_t n,
			  struct sbp_kconfig_result *result)
{
	int err;

	memset(result, 0, sizeof(*result));
	err = read_file(path, symbols, n, result);
	if (err == -ENOENT)
		sbp_kconfig_fail(result, err, "there is no such file");
	if (err) {
		clear(result);
		return err;
	}
	snprintf(result->source, sizeof(result->source), "%s", path);
	return 0;
}

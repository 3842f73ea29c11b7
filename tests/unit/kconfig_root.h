/* SPDX-License-Identifier: MIT */
/*
 * Roots for the tests of probe/kconfig*.c: a directory that each test makes and fills. What is
 * compressed is compressed here; nothing binary lies in the tree.
 */
#ifndef SBP_TESTS_KCONFIG_ROOT_H
#define SBP_TESTS_KCONFIG_ROOT_H

#define _GNU_SOURCE /* memmem() */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "kconfig.h"

#define RELEASE "6.1.0-test"
#define GZIP	1
#define MODULE	2 /* an ELF's beginning, then the kernel's markers around gzip */

static char root[64];

enum { ALPHA, BETA, GAMMA, DELTA, STRING, ABSENT, SHORT, SYMBOLS };
static const struct sbp_kconfig_symbol no_answers[SYMBOLS] = {
	[ALPHA] = { "ALPHA", 0 },   [BETA] = { "BETA", 0 },	[GAMMA] = { "GAMMA", 0 },
	[DELTA] = { "DELTA", 0 },   [STRING] = { "STRING", 0 }, [ABSENT] = { "ABSENT", 0 },
	[SHORT] = { "ALPHA_X", 0 },
};
static const char text[] = "#\n"
			   "# Automatically generated file; DO NOT EDIT.\n"
			   "# Linux/x86 6.1.76 Kernel Configuration\n"
			   "#\n"
			   "CONFIG_ALPHA=y\n"
			   "CONFIG_ALPHA_X=m\n"
			   "# CONFIG_BETA is not set\n"
			   "\n"
			   "CONFIG_GAMMA=m\n"
			   "CONFIG_DELTA=42\n"
			   "CONFIG_STRING=\"CONFIG_ABSENT=y\"\n"
			   "# end of it\n";

static struct sbp_kconfig_symbol symbols[SYMBOLS];
static struct sbp_kconfig_result result;

/* --- roots */

static inline const char *in_root(const char *path)
{
	static char full[4][512];
	static unsigned turn;
	char *to = full[turn++ % 4];

	assert_in_range(snprintf(to, sizeof(full[0]), "%s%s", root, path), 1, sizeof(full[0]) - 1);
	return to;
}

static inline void make_parents(const char *path)
{
	char full[512], *slash;

	assert_in_range(snprintf(full, sizeof(full), "%s%s", root, path), 1, sizeof(full) - 1);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(full, 0755);
	}
}

static inline void put(const char *path, const void *data, size_t size)
{
	int fd;

	make_parents(path);
	fd = open(in_root(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static inline size_t gzip(const void *data, size_t size, unsigned char *to, size_t room)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

/* What kernel/configs.c makes of it, between things that look like it. */
static inline size_t module(const void *data, size_t size, unsigned char *to, size_t room)
{
	static const char before[] = "\177ELF\2\1\1 IKCFG IIKCFG_S\0IKCFG_SIKCFG_ST";
	static const char after[] = "IKCFG_ED and more \0 CONFIG_ALPHA=n\n";
	size_t n = sizeof(before) - 1;

	memcpy(to, before, n);
	n += gzip(data, size, to + n, room - n - sizeof(after));
	memcpy(to + n, after, sizeof(after));
	return n + sizeof(after);
}

/* As GZIP, MODULE, both (the module in gzip) or plain. */
static inline void put_packed(const char *path, const void *data, size_t size, int how)
{
	size_t room = size + 4096;
	unsigned char *a = malloc(room), *b = malloc(room);
	size_t n = size;

	assert_true(a && b);
	memcpy(a, data, size);
	if (how & MODULE) {
		n = module(a, n, b, room);
		memcpy(a, b, n);
	}
	if (how & GZIP) {
		n = gzip(a, n, b, room);
		memcpy(a, b, n);
	}
	put(path, a, n);
	free(a);
	free(b);
}

/* The lowest descriptor that is free: the same after each test, or one was leaked. */
static int free_fd;

static inline int lowest_free_fd(void)
{
	int fd = dup(2);

	close(fd);
	return fd;
}

static inline int set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(root, sizeof(root), "%.40s/sbp-kconfig-XXXXXX", tmp ? tmp : "/tmp");
	free_fd = lowest_free_fd();
	return mkdtemp(root) ? 0 : -1;
}

static inline int tear_down(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", root, root);
	return system(command) || lowest_free_fd() != free_fd;
}

/* --- asking */

/* As a caller would who reuses its array: no answer may be left of the last time. */
static inline void forget(void)
{
	unsigned i;

	memcpy(symbols, no_answers, sizeof(symbols));
	for (i = 0; i < SYMBOLS; i++)
		symbols[i].value = 99;
	memset(&result, 0xa5, sizeof(result));
}

static inline int ask(void)
{
	forget();
	return sbp_kconfig_read(root, RELEASE, 0, symbols, SYMBOLS, &result);
}

static inline int ask_file(const char *path)
{
	forget();
	return sbp_kconfig_read_file(in_root(path), symbols, SYMBOLS, &result);
}

static inline void expect_nothing(void)
{
	unsigned i;

	for (i = 0; i < SYMBOLS; i++)
		assert_int_equal(symbols[i].value, SBP_KCONFIG_UNKNOWN);
	assert_string_equal(result.source, "");
	assert_string_equal(result.version, "");
	assert_false(result.running);
	assert_int_equal(result.lines, 0);
}

static inline void expect_all(const char *source)
{
	assert_string_equal(result.source, source);
	assert_string_equal(result.version, "6.1.76");
	assert_int_equal(symbols[ALPHA].value, SBP_KCONFIG_YES);
	assert_int_equal(symbols[BETA].value, SBP_KCONFIG_NO);
	assert_int_equal(symbols[GAMMA].value, SBP_KCONFIG_MODULE);
	assert_int_equal(symbols[DELTA].value, SBP_KCONFIG_VALUE);
	assert_int_equal(symbols[STRING].value, SBP_KCONFIG_VALUE);
	assert_int_equal(symbols[ABSENT].value, SBP_KCONFIG_UNKNOWN);
	assert_int_equal(symbols[SHORT].value, SBP_KCONFIG_MODULE);
	assert_int_equal(result.lines, 12);
	assert_int_equal(result.bytes, sizeof(text) - 1);
}

#endif

// SPDX-License-Identifier: MIT
/*
 * Fuzzes the reader of depmod's indexes (probe/kconfig_index.c): whatever the file, it ends, and what it finds is a
 * path of the folder or from the root. An input is the file's bytes, or, for seeds that can be read, "#" and
 * their hexadecimal digits.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 16384 };
static char folder[] = "/tmp/fuzz-index-XXXXXX", index_path[64];

static void must(int truth)
{
	if (!truth)
		abort();
}

static void remove_folder(void)
{
	unlink(index_path);
	rmdir(folder);
}

static void make_folder(void)
{
	must(mkdtemp(folder) != NULL);
	snprintf(index_path, sizeof(index_path), "%s/modules.dep.bin", folder);
	must(!atexit(remove_folder));
}

/* The bytes that digits stand for; how many */
static size_t decode(const uint8_t *text, size_t size, uint8_t *bytes)
{
	char digits[3] = "";
	size_t count = 0;
	int have = 0;

	for (size_t i = 0; i < size && count < LIMIT; i++) {
		if (!isxdigit(text[i]))
			continue;
		digits[have++] = (char)text[i];
		if (have == 2) {
			bytes[count++] = (uint8_t)strtoul(digits, NULL, 16);
			have = 0;
		}
	}
	return count;
}

static void write_index(const uint8_t *bytes, size_t size)
{
	int fd = open(index_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[LIMIT];
	char path[PATH_MAX];
	bool builtin;
	int error;

	if (!*index_path)
		make_folder();
	if (size > LIMIT)
		return 0;
	if (size && *data == '#')
		size = decode(data, size, bytes);
	else if (size)
		memcpy(bytes, data, size);
	write_index(bytes, size);
	error = sbp_kconfig_find_in_index(folder, "configs", path, sizeof(path), &builtin);
	must(error <= 0 && !builtin);
	must(error || (memchr(path, '\0', sizeof(path)) && *path == '/'));
	return 0;
}

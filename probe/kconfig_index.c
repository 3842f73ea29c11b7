// SPDX-License-Identifier: MIT
/*
 * Finds a module in the indexes that depmod(8) leaves beside a kernel's modules: what libkmod would find
 * there, for programs that can't load it. The format is depmod's: big-endian, a tree of nodes, the top four bits of
 * a node's offset saying what the node has. Reads what it needs and believes nothing of it.
 */
#define _GNU_SOURCE
#include "kconfig.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAGIC = (int)0xb007f457, MAJOR = 2, STEPS = 256 };
enum { HAS_VALUES = 0x40000000, HAS_CHILDREN = 0x20000000, OFFSET = 0x0fffffff };
#define HAS_PREFIX 0x80000000u

/* A piece of the file and how far it was understood. Reading past its end gives zeros and sets `bad`. */
struct piece {
	unsigned char bytes[3 * PATH_MAX];
	size_t length, at;
	bool bad;
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool read_piece(int fd, off_t offset, struct piece *piece)
{
	ssize_t got;

	do
		got = pread(fd, piece->bytes, sizeof(piece->bytes), offset);
	while (got < 0 && errno == EINTR);
	piece->length = got > 0 ? (size_t)got : 0;
	piece->at = 0;
	piece->bad = false;
	return got > 0;
}

static uint32_t take_number(struct piece *piece)
{
	uint32_t number = 0;

	if (piece->length - piece->at < sizeof(number)) {
		piece->bad = true;
		return 0;
	}
	memcpy(&number, piece->bytes + piece->at, sizeof(number));
	piece->at += sizeof(number);
	return be32toh(number);
}

static unsigned int take_byte(struct piece *piece)
{
	if (piece->at < piece->length)
		return piece->bytes[piece->at++];
	piece->bad = true;
	return 0;
}

/* Whether the key begins with the node's prefix; steps over both. */
static bool take_prefix(struct piece *piece, const char **key)
{
	unsigned int c;

	while ((c = take_byte(piece)) && !piece->bad)
		if ((unsigned char)*(*key)++ != c)
			return false;
	return !piece->bad;
}

/* The child for a character, 0 where there is none; steps over all of them. */
static uint32_t take_child(struct piece *piece, unsigned char c)
{
	unsigned int first = take_byte(piece), last = take_byte(piece);
	uint32_t child = 0;

	for (unsigned int i = first; i <= last && !piece->bad; i++) {
		uint32_t node = take_number(piece);

		if (i == c)
			child = node;
	}
	return child;
}

/* The first value up to a colon: behind that stand other modules. */
static int take_value(struct piece *piece, char *value, size_t size)
{
	uint32_t count = take_number(piece);
	size_t length = 0;
	unsigned int c;

	take_number(piece); /* its priority */
	if (!count || piece->bad)
		return -ENOENT;
	while ((c = take_byte(piece)) && c != ':') {
		if (length + 1 >= size)
			return -ENAMETOOLONG;
		value[length++] = (char)c;
	}
	value[length] = '\0';
	return piece->bad ? -ENOENT : 0;
}

/* What an index says of a key. 0; -ENOENT when that is nothing, or nothing that can be understood. */
static int look_up(const char *index, const char *key, char *value, size_t size)
{
	__attribute__((cleanup(close_fd))) int fd =
		open(index, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct piece piece;
	uint32_t node;

	if (fd < 0 || !read_piece(fd, 0, &piece) || take_number(&piece) != (uint32_t)MAGIC ||
	    take_number(&piece) >> 16 != MAJOR)
		return -ENOENT;
	node = take_number(&piece);
	for (int step = 0; step < STEPS && node & OFFSET; step++) {
		uint32_t child = 0;

		if (!read_piece(fd, node & OFFSET, &piece) ||
		    (node & HAS_PREFIX && !take_prefix(&piece, &key)))
			return -ENOENT;
		if (node & HAS_CHILDREN)
			child = take_child(&piece, (unsigned char)*key);
		if (!*key)
			return node & HAS_VALUES ? take_value(&piece, value, size) : -ENOENT;
		node = child;
		key++;
	}
	return -ENOENT;
}

int sbp_kconfig_find_in_index(const char *directory, const char *name, char *path, size_t size,
			      bool *builtin)
{
	char index[PATH_MAX], value[PATH_MAX];
	int length, err;

	*builtin = false;
	length = snprintf(index, sizeof(index), "%s/modules.dep.bin", directory);
	if (length < 0 || (size_t)length >= sizeof(index))
		return -ENAMETOOLONG;
	err = look_up(index, name, value, sizeof(value));
	if (!err) {
		length = *value == '/' ? snprintf(path, size, "%s", value)
				       : snprintf(path, size, "%s/%s", directory, value);
		return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
	}
	length = snprintf(index, sizeof(index), "%s/modules.builtin.bin", directory);
	*builtin = err == -ENOENT && length > 0 && (size_t)length < sizeof(index) &&
		   !look_up(index, name, value, sizeof(value));
	return err;
}

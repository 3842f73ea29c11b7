// SPDX-License-Identifier: MIT
/*
 * Fuzzes probe/kconfig_*.c: the input is a file, or is packed as kernels do it and cut somewhere. However
 * it arrives in pieces, the answer is the same; it is what a slow and simple reader finds in the text; and
 * what is cut off has no answer. The last two bytes of the input say how, so that seeds are text.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "kconfig.h"

#define ROOM (256u << 10)
enum { SYMBOLS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[SYMBOLS] = { "SECCOMP", "SECCOMP_FILTER", "USER_NS", "NET", "A",
					    "LSM",     "SECCOMP" };

struct answer {
	int err;
	struct sbp_kconfig_symbol symbols[SYMBOLS];
	struct sbp_kconfig_result result;
};

struct input {
	const uint8_t *data;
	size_t size, at, piece;
};

static ssize_t fill(void *arg, void *buffer, size_t size)
{
	struct input *in = arg;
	size_t n = in->size - in->at;

	n = n > in->piece ? in->piece : n;
	n = n > size ? size : n;
	if (n)
		memcpy(buffer, in->data + in->at, n);
	in->at += n;
	return (ssize_t)n;
}

static void must(int truth)
{
	if (!truth)
		abort();
}

static void decode(const uint8_t *data, size_t size, size_t piece, struct answer *a)
{
	struct input in = { data, size, 0, piece };
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < SYMBOLS; i++)
		a->symbols[i] = (struct sbp_kconfig_symbol){ names[i], 77 };
	a->err = sbp_kconfig_decode(fill, &in, a->symbols, SYMBOLS, &a->result);
	must(a->err <= 0);
	must(!a->err == !a->result.why[0]);
	must(memchr(a->result.why, 0, sizeof(a->result.why)) != NULL);
	for (i = 0; i < SYMBOLS; i++)
		must(a->symbols[i].value <= (a->err ? SBP_KCONFIG_UNKNOWN : SBP_KCONFIG_VALUE));
}

static void must_be_same(const struct answer *a, const struct answer *b)
{
	must(a->err == b->err);
	must(memcmp(a->symbols, b->symbols, sizeof(a->symbols)) == 0);
	must(a->err || (a->result.lines == b->result.lines && a->result.bytes == b->result.bytes &&
			strcmp(a->result.version, b->result.version) == 0));
}

/* One line and one symbol, by nothing but comparing whole strings. */
static unsigned char simple_value(const char *line, const char *name)
{
	static const struct {
		const char *format;
		unsigned char value;
	} forms[] = { { "# CONFIG_%s is not set", SBP_KCONFIG_NO },
		      { "CONFIG_%s=n", SBP_KCONFIG_NO },
		      { "CONFIG_%s=m", SBP_KCONFIG_MODULE },
		      { "CONFIG_%s=y", SBP_KCONFIG_YES } };
	char want[64];
	size_t i;
	int n;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(want, sizeof(want), forms[i].format, name);
		if (strcmp(line, want) == 0)
			return forms[i].value;
	}
	n = snprintf(want, sizeof(want), "CONFIG_%s=", name);
	return strncmp(line, want, (size_t)n) == 0 && line[n] && strchr("\"-0123456789", line[n])
		       ? SBP_KCONFIG_VALUE
		       : SBP_KCONFIG_UNKNOWN;
}

static void must_be_simple(const struct answer *a, const uint8_t *data, size_t size)
{
	unsigned char values[SYMBOLS] = { 0 }, value;
	char *text = malloc(size + 1), *line, *next;
	size_t i, length;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		length = strlen(line);
		if (length && line[length - 1] == '\r')
			line[length - 1] = '\0';
		for (i = 0; i < SYMBOLS; i++) {
			value = simple_value(line, names[i]);
			values[i] = value ? value : values[i];
		}
	}
	for (i = 0; i < SYMBOLS; i++)
		must(a->symbols[i].value == values[i]);
	free(text);
}

static size_t gzip(const uint8_t *data, size_t size, uint8_t *to)
{
	z_stream z = { 0 };

	must(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = to;
	z.avail_out = ROOM;
	must(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

/* Bits of how: gzip, then the module's markers around it, then gzip around that. */
static size_t pack(const uint8_t *data, size_t size, unsigned how, uint8_t *to, uint8_t *spare)
{
	static const char before[] = "\177ELF\2\1\1 IKCFG_SIKCFG_ST", after[] = "IKCFG_ED";
	size_t n = gzip(data, size, to);

	if (how & 2) {
		memcpy(spare, before, sizeof(before) - 1);
		memcpy(spare + sizeof(before) - 1, to, n);
		n += sizeof(before) - 1;
		memcpy(spare + n, after, sizeof(after) - 1);
		n += sizeof(after) - 1;
		memcpy(to, spare, n);
	}
	if ((how & 3) == 3) {
		n = gzip(to, n, spare);
		memcpy(to, spare, n);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[ROOM], spare[ROOM];
	struct answer plain, pieces, whole;
	unsigned how, number;
	size_t n;

	if (size < 2 || size > ROOM / 4)
		return 0;
	how = data[size - 1];
	number = data[size - 2];
	size -= 2;
	decode(data, size, SIZE_MAX, &plain);
	decode(data, size, 1 + number, &pieces);
	must_be_same(&plain, &pieces);
	if (!plain.err && !memchr("\x1f\177", data[0], 2))
		must_be_simple(&plain, data, size);
	if (!(how & 3))
		return 0;
	n = pack(data, size, how, packed, spare);
	decode(packed, n, 1 + number, &whole);
	/* Packed once more, three layers become too many. */
	if (!memchr("\x1f\177", size ? data[0] : 0x1f, 2))
		must_be_same(&plain, &whole);
	decode(packed, n * number / 256, SIZE_MAX, &whole);
	must(whole.err != 0);
	return 0;
}

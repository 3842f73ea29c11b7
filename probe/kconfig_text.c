// SPDX-License-Identifier: MIT
/*
 * From the text of a configuration to the values of symbols. Owns what a line of it may look like.
 * Lines are looked at where they lie; of one that is not all there, the beginning is kept.
 */
#include "kconfig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LINE_LIMIT   (64u << 10)
#define SYMBOL_LIMIT 65534

/* One a symbol: chained by the first two letters of its name. */
struct entry {
	uint16_t next; /* index + 1 */
	uint16_t length;
};

struct sbp_kconfig_text {
	struct sbp_kconfig_symbol *symbols;
	struct sbp_kconfig_result *result;
	size_t mentions;
	size_t line_length;
	char line[256]; /* the beginning is enough: a name and y, m, n or the type of a value */
	uint16_t buckets[256];
	struct entry entries[];
};

int sbp_kconfig_fail(struct sbp_kconfig_result *result, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(result->why, sizeof(result->why), format, args);
	va_end(args);
	return err;
}

static unsigned bucket_of(const char *name)
{
	unsigned char second = (unsigned char)name[1];

	/* A name of one letter ends here, by a different character in each of the three places. */
	if (second == '=' || second == ' ')
		second = 0;
	return ((unsigned char)name[0] * 31u + second) % 256;
}

/* What follows '='. Anything that kconfig never writes says nothing. */
static enum sbp_tristate value_of(const char *text, size_t length)
{
	if (length && text[length - 1] == '\r')
		length--;
	if (length == 1 && text[0] == 'y')
		return SBP_KCONFIG_YES;
	if (length == 1 && text[0] == 'm')
		return SBP_KCONFIG_MODULE;
	if (length == 1 && text[0] == 'n')
		return SBP_KCONFIG_NO;
	if (length && (text[0] == '"' || text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		return SBP_KCONFIG_VALUE;
	return SBP_KCONFIG_UNKNOWN;
}

static bool is_not_set(const char *text, size_t length)
{
	static const char words[] = " is not set";

	if (length && text[length - 1] == '\r')
		length--;
	return length == sizeof(words) - 1 && memcmp(text, words, length) == 0;
}

/* name starts after CONFIG_. A later mention replaces an earlier one, as in the kernel's conf. */
static void take_mention(struct sbp_kconfig_text *t, const char *name, size_t length, bool comment)
{
	enum sbp_tristate value;
	unsigned i;

	if (length < 3) /* no room for a name and a value */
		return;
	t->mentions++;
	for (i = t->buckets[bucket_of(name)]; i; i = t->entries[i - 1].next) {
		size_t own = t->entries[i - 1].length;

		if (own >= length || memcmp(name, t->symbols[i - 1].name, own) != 0)
			continue;
		if (comment)
			value = is_not_set(name + own, length - own) ? SBP_KCONFIG_NO
								     : SBP_KCONFIG_UNKNOWN;
		else
			value = name[own] == '=' ? value_of(name + own + 1, length - own - 1)
						 : SBP_KCONFIG_UNKNOWN;
		if (value != SBP_KCONFIG_UNKNOWN)
			t->symbols[i - 1].value = (unsigned char)value;
	}
}

/* "# Linux/x86 6.1.76 Kernel Configuration", before 2.6.36 "# Linux kernel version: 2.6.29.1". */
static void take_version(struct sbp_kconfig_text *t, const char *line, size_t length)
{
	static const char old[] = "# Linux kernel version: ", now[] = "# Linux/";
	const char *end = line + length, *p = NULL;
	size_t n = 0;

	if (length >= sizeof(old) && memcmp(line, old, sizeof(old) - 1) == 0)
		p = line + sizeof(old) - 1;
	else if (length >= sizeof(now) && memcmp(line, now, sizeof(now) - 1) == 0)
		p = memchr(line, ' ', length) ? memchr(line + 2, ' ', length - 2) : NULL;
	if (!p)
		return;
	while (p < end && *p == ' ')
		p++;
	/* What stands here gets into reports: nothing but what a version is made of. */
	for (; p < end && n + 1 < sizeof(t->result->version); p++) {
		if (*p <= ' ' || *p >= 0x7f)
			break;
		t->result->version[n++] = *p;
	}
	t->result->version[n] = '\0';
}

/*
 * The length of "CONFIG_" or "# CONFIG_", 0 for others. Without a branch between the two, which no
 * processor can guess; and the search for the end of the line starts behind it. A SIMD search instead
 * of memchr() gained nothing: what lines cost, a fifth of what inflating them costs, is the guessing.
 */
static size_t prefix_of(const char *line)
{
	unsigned set = memcmp(line, "CONFIG_", 7) == 0;
	unsigned comment = memcmp(line, "# CONFIG_", 9) == 0;

	return set * 7 + comment * 9;
}

static void take_line(struct sbp_kconfig_text *t, const char *line, size_t length, size_t prefix)
{
	t->result->lines++;
	if (prefix)
		take_mention(t, line + prefix, length - prefix, prefix == 9);
	else if (t->result->lines < 8 && t->result->version[0] == '\0')
		take_version(t, line, length);
}

/* Part of a line that began in an earlier piece, or does not end in this one. */
static int keep_line(struct sbp_kconfig_text *t, const unsigned char *data, size_t length)
{
	size_t room;

	if (t->line_length < sizeof(t->line)) {
		room = sizeof(t->line) - t->line_length;
		memcpy(t->line + t->line_length, data, length < room ? length : room);
	}
	t->line_length += length;
	return t->line_length > LINE_LIMIT
		       ? sbp_kconfig_fail(t->result, -EFBIG, "a line is longer than 64 KiB")
		       : 0;
}

static void take_kept_line(struct sbp_kconfig_text *t)
{
	size_t length = t->line_length < sizeof(t->line) ? t->line_length : sizeof(t->line);

	if (length < sizeof(t->line))
		t->line[length] = '\0'; /* of an earlier line */
	t->line_length = 0;
	take_line(t, t->line, length, prefix_of(t->line));
}

int sbp_kconfig_text_feed(struct sbp_kconfig_text *t, const unsigned char *data, size_t length)
{
	const unsigned char *end = data + length, *newline;
	size_t prefix;
	int err;

	t->result->bytes += length;
	/* A crash of the machine leaves blocks of them in files that were just written. */
	if (memchr(data, '\0', length))
		return sbp_kconfig_fail(t->result, -EBADMSG,
					"it is not text: there is a NUL byte in it");
	for (; data < end; data = newline + 1) {
		prefix = end - data > 9 ? prefix_of((const char *)data) : 0;
		newline = memchr(data + prefix, '\n', (size_t)(end - data) - prefix);
		if (newline && !t->line_length) {
			take_line(t, (const char *)data, (size_t)(newline - data), prefix);
			continue;
		}
		err = keep_line(t, data, (size_t)((newline ? newline : end) - data));
		if (err)
			return err;
		if (!newline)
			break;
		take_kept_line(t);
	}
	return 0;
}

int sbp_kconfig_text_finish(struct sbp_kconfig_text *t)
{
	if (t->line_length)
		take_kept_line(t);
	if (!t->mentions)
		return sbp_kconfig_fail(
			t->result, -EBADMSG,
			"it is not a kernel configuration: no line has a CONFIG_ in it");
	return 0;
}

size_t sbp_kconfig_text_size(size_t n)
{
	if (n > SYMBOL_LIMIT)
		n = 0;
	return sizeof(struct sbp_kconfig_text) + n * sizeof(struct entry);
}

int sbp_kconfig_text_init(struct sbp_kconfig_text *t, struct sbp_kconfig_symbol *symbols, size_t n,
			  struct sbp_kconfig_result *result)
{
	size_t i, length;
	unsigned bucket;

	if (n > SYMBOL_LIMIT)
		return sbp_kconfig_fail(result, -EINVAL, "too many symbols were asked for");
	t->symbols = symbols;
	t->result = result;
	for (i = 0; i < n; i++) {
		length = symbols[i].name ? strlen(symbols[i].name) : 0;
		if (!length || length >= sizeof(t->line) / 2)
			return sbp_kconfig_fail(result, -EINVAL,
						"a symbol was asked for by no name or a long one");
		bucket = bucket_of(symbols[i].name);
		t->entries[i].length = (uint16_t)length;
		t->entries[i].next = t->buckets[bucket];
		t->buckets[bucket] = (uint16_t)(i + 1);
	}
	return 0;
}

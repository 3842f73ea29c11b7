// SPDX-License-Identifier: MIT
/*
 * The JSON writer: structure and escapes. Owns no text.
 */
#include "json_writer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* --- Strings ------------------------------------------------------------------------------ */

/* The bytes that the first character takes, 0 where it is no UTF-8 (RFC 3629, so no surrogates). */
static size_t character_length(const unsigned char *c)
{
	static const struct {
		unsigned char first, last;     /* of the first byte */
		unsigned char lowest, highest; /* of the second one */
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (*c < forms[i].first || *c > forms[i].last)
			continue;
		if (forms[i].length > 1 && (c[1] < forms[i].lowest || c[1] > forms[i].highest))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (c[k] < 0x80 || c[k] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* In each byte of a word its highest bit, or any other. */
#define EACH(bits) (~UINT64_C(0) / 0xff * (bits))

/* Whether some of eight bytes is no plain one. May be wrong about bytes above one that isn't. */
static inline bool any_odd(uint64_t word)
{
	uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\'), delete = word ^ EACH(0x7f);

	return ((word - EACH(' ')) | (quote - EACH(1)) | (backslash - EACH(1)) |
		(delete - EACH(1)) | word) &
	       EACH(0x80);
}

/* Copies what needs no escape, which nearly always is all of it. `at` has room for it. */
static const unsigned char *copy_plain(char **at, const unsigned char *c, const unsigned char *end)
{
	static const bool plain[256] = { [' ' ... '!'] = true,
					 ['#' ... '['] = true,
					 [']' ... '~'] = true };
	char *to = *at;
	uint64_t word;

	for (; end - c >= (ptrdiff_t)sizeof(word); c += sizeof(word), to += sizeof(word)) {
		memcpy(&word, c, sizeof(word));
		if (any_odd(word))
			break;
		memcpy(to, &word, sizeof(word));
	}
	while (c < end && plain[*c])
		*to++ = (char)*c++;
	*at = to;
	return c;
}

/* One character that is not plain, or what stands for it; returns how many bytes it had. */
static size_t quote_character(struct output *out, const unsigned char *c)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	size_t length = character_length(c);
	const char *at = strchr(named, *c);

	if (!length)
		out_text(out, "\\ufffd");
	else if (at)
		out_bytes(out, (const char[]){ '\\', names[at - named] }, 2);
	else if (*c < 0x20 || *c == 0x7f)
		out_format(out, "\\u%04x", *c);
	else
		out_bytes(out, (const char *)c, length);
	return length ? length : 1;
}

void json_quote(struct output *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
	char *at = out_room(out, (size_t)(end - c) + 2);

	if (!at)
		return;
	*at++ = '"';
	while ((c = copy_plain(&at, c, end)) < end) {
		out_wrote(out, at);
		c += quote_character(out, c);
		at = out_room(out, (size_t)(end - c) + 2);
		if (!at)
			return;
	}
	*at++ = '"';
	out_wrote(out, at);
}

/* --- Structure ---------------------------------------------------------------------------- */

/* A line feed and the blanks of its depth, after `before` unless that is 0. */
static void begin_line(struct json *json, char before)
{
	static const char blanks[2 * JSON_DEPTH] = { [0 ... 2 * JSON_DEPTH - 1] = ' ' };
	char *at = out_room(json->out, 2 + sizeof(blanks));

	if (!at)
		return;
	if (before)
		*at++ = before;
	*at++ = '\n';
	memcpy(at, blanks, sizeof(blanks)); /* all of them: that takes no call */
	out_wrote(json->out, at + 2 * json->depth);
}

static void begin_value(struct json *json, const char *key)
{
	if (json->depth) {
		begin_line(json, json->filled[json->depth] ? ',' : 0);
		json->filled[json->depth] = true;
	}
	if (key) {
		json_quote(json->out, key);
		out_bytes(json->out, ": ", 2);
	}
}

static void open_value(struct json *json, const char *key, const char *opening, char closing)
{
	begin_value(json, key);
	out_text(json->out, opening);
	if (json->depth + 1 >= JSON_DEPTH) {
		json->out->failed = true;
		return;
	}
	json->depth++;
	json->filled[json->depth] = false;
	json->closing[json->depth] = closing;
}

void json_object(struct json *json, const char *key)
{
	open_value(json, key, "{", '}');
}

void json_array(struct json *json, const char *key)
{
	open_value(json, key, "[", ']');
}

void json_close(struct json *json)
{
	bool filled = json->filled[json->depth];
	char closing = json->closing[json->depth];

	if (!json->depth)
		return;
	json->depth--;
	if (filled)
		begin_line(json, 0);
	out_bytes(json->out, &closing, 1);
	if (!json->depth)
		out_bytes(json->out, "\n", 1);
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value)
		json_quote(json->out, value);
	else
		out_text(json->out, "null");
}

void json_number(struct json *json, const char *key, long long value)
{
	char digits[24], *first = digits + sizeof(digits);
	unsigned long long rest = value < 0 ? -(unsigned long long)value : (unsigned long long)value;

	do
		*--first = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--first = '-';
	begin_value(json, key);
	out_bytes(json->out, first, (size_t)(digits + sizeof(digits) - first));
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	out_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	json_string(json, key, NULL);
}

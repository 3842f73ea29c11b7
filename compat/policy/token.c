/* SPDX-License-Identifier: MIT */
/* The words of a policy's text: names, numbers, signs, the ends of lines. Owns how faults are written. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"

bool sbp_faulty(struct sbp_reader *r, int error, const char *format, ...)
{
	va_list arguments;
	int used;

	r->token = SBP_FAULTY;
	if (r->fault->error)
		return false;
	r->fault->error = error;
	if (!r->fault->size)
		return false;
	used = r->line ? snprintf(r->fault->text, r->fault->size, "%s:%u: ", r->file, r->line)
		       : snprintf(r->fault->text, r->fault->size, "%s: ", r->file);
	if (used < 0 || (size_t)used >= r->fault->size)
		return false;
	va_start(arguments, format);
	vsnprintf(r->fault->text + used, r->fault->size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

/* Doubled at each power of two. */
bool sbp_grow(struct sbp_reader *r, void *array, size_t count, size_t size)
{
	void **old = array, *bigger;

	if (count & (count - 1))
		return true;
	bigger = realloc(*old, (count ? 2 * count : 1) * size);
	if (!bigger)
		return sbp_faulty(r, -ENOMEM, "no memory");
	*old = bigger;
	return true;
}

/* Letters by hand: isalpha() asks the locale. */
static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool starts_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int peek(const struct sbp_reader *r, size_t ahead)
{
	return (size_t)(r->end - r->at) > ahead ? (unsigned char)r->at[ahead] : -1;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A backslash as the last of a line joins the next one to it. */
static bool skip_continuation(struct sbp_reader *r)
{
	size_t i = 1;

	if (peek(r, 0) != '\\')
		return false;
	while (is_space(peek(r, i)))
		i++;
	if (peek(r, i) != '\n')
		return false;
	r->at += i + 1;
	r->line++;
	return true;
}

static void skip_blank(struct sbp_reader *r)
{
	for (;;) {
		if (is_space(peek(r, 0)))
			r->at++;
		else if (!skip_continuation(r))
			break;
	}
	if (peek(r, 0) == '#')
		while (peek(r, 0) != -1 && peek(r, 0) != '\n')
			r->at++;
}

static void read_word(struct sbp_reader *r, enum sbp_token token)
{
	size_t length = 0;

	while (starts_word(peek(r, 0)) || is_digit(peek(r, 0)) || peek(r, 0) == '-') {
		if (length + 1 == sizeof(r->word)) {
			r->word[length] = '\0';
			sbp_faulty(r, -EINVAL, "'%s...' is no word that is known here", r->word);
			return;
		}
		r->word[length++] = *r->at++;
	}
	r->word[length] = '\0';
	r->token = token;
	if (!length)
		sbp_faulty(r, -EINVAL, "a word must follow '@'");
}

static int digit_of(int c, unsigned int base)
{
	int value = is_digit(c)		     ? c - '0'
		    : (c >= 'a' && c <= 'f') ? c - 'a' + 10
		    : (c >= 'A' && c <= 'F') ? c - 'A' + 10
					     : 99;

	return value < (int)base ? value : -1;
}

/* As C writes them: decimal, 0x, and octal behind a 0; a minus before. */
static void read_number(struct sbp_reader *r)
{
	bool negative = peek(r, 0) == '-', any = false;
	unsigned int base = 10;
	uint64_t value = 0;
	int digit;

	r->at += negative;
	if (peek(r, 0) == '0' && (peek(r, 1) | 0x20) == 'x') {
		base = 16;
		r->at += 2;
	} else if (peek(r, 0) == '0') {
		base = 8;
	}
	for (; (digit = digit_of(peek(r, 0), base)) >= 0; r->at++, any = true) {
		if (value > (UINT64_MAX - (unsigned int)digit) / base) {
			sbp_faulty(r, -EINVAL, "a number of more than 64 bits");
			return;
		}
		value = value * base + (unsigned int)digit;
	}
	if (!any || starts_word(peek(r, 0)) || is_digit(peek(r, 0))) {
		sbp_faulty(r, -EINVAL, "not a number, decimal, octal (0) or hexadecimal (0x)");
		return;
	}
	if (negative && value > (uint64_t)1 << 63) {
		sbp_faulty(r, -EINVAL, "a negative number of more than 64 bits");
		return;
	}
	r->number = negative ? -value : value;
	r->token = SBP_NUMBER;
}

static void read_sign(struct sbp_reader *r)
{
	int first = peek(r, 0), second = peek(r, 1);
	bool pair = (second == '=' && strchr("=!<>", first)) ||
		    (second == first && (first == '|' || first == '&'));

	if (!pair && !strchr(":;,{}()[]|~&=<>", first)) {
		if (first > ' ' && first < 0x7f)
			sbp_faulty(r, -EINVAL, "'%c' is not part of the language", first);
		else
			sbp_faulty(r, -EINVAL, "byte 0x%02x is not part of the language", first);
		return;
	}
	r->at += pair ? 2 : 1;
	r->sign = pair ? SBP_PAIR(first, second) : first;
	r->token = SBP_SIGN;
}

void sbp_next(struct sbp_reader *r)
{
	int c;

	if (r->token == SBP_FAULTY)
		return;
	if (r->token == SBP_END_OF_LINE)
		r->line++;
	skip_blank(r);
	c = peek(r, 0);
	if (c == -1) {
		r->token = SBP_END_OF_TEXT;
	} else if (c == '\n') {
		r->at++;
		r->token = SBP_END_OF_LINE;
	} else if (c == '@') {
		r->at++;
		read_word(r, SBP_DIRECTIVE);
	} else if (starts_word(c)) {
		read_word(r, SBP_WORD);
	} else if (is_digit(c) || (c == '-' && is_digit(peek(r, 1)))) {
		read_number(r);
	} else if (c == 0) {
		sbp_faulty(r, -EINVAL, "byte 0x00 is not part of the language");
	} else {
		read_sign(r);
	}
}

bool sbp_rest_of_line(struct sbp_reader *r, char *path, size_t size)
{
	size_t length = 0;

	while (is_space(peek(r, 0)))
		r->at++;
	while (peek(r, length) != -1 && peek(r, length) != '\n' && peek(r, length) != '#' &&
	       peek(r, length) != 0)
		length++;
	if (length + 1 > size)
		return sbp_faulty(r, -EINVAL, "a path that is too long");
	memcpy(path, r->at, length);
	r->at += length;
	while (length && is_space((unsigned char)path[length - 1]))
		length--;
	path[length] = '\0';
	if (path[0] != '/' && strncmp(path, "./", 2) != 0)
		return sbp_faulty(r, -EINVAL, "a path that starts with / or ./ must follow");
	sbp_next(r);
	return r->token != SBP_FAULTY;
}

bool sbp_take(struct sbp_reader *r, int sign)
{
	if (r->token != SBP_SIGN || r->sign != sign)
		return false;
	sbp_next(r);
	return true;
}

const char *sbp_token_text(struct sbp_reader *r)
{
	switch (r->token) {
	case SBP_END_OF_LINE:
	case SBP_END_OF_TEXT: return "the end of the line";
	case SBP_NUMBER: snprintf(r->word, sizeof(r->word), "%lld", (long long)r->number); break;
	case SBP_SIGN:
		snprintf(r->word, sizeof(r->word), "%c%.1s", r->sign > 0xff ? r->sign >> 8 : r->sign,
			 r->sign > 0xff ? (const char[]){ (char)r->sign, 0 } : "");
		break;
	default: break;
	}
	return r->word;
}

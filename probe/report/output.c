// SPDX-License-Identifier: MIT
/*
 * A growing buffer of text, and words wrapped into lines. Owns the memory; whoever collects asks
 * once at the end whether all of it is there.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool out_grow(struct output *out, size_t more)
{
	size_t room = out->room ? out->room : 64 << 10;
	char *text;

	if (out->failed)
		return false;
	while (room - out->used <= more)
		room *= 2;
	text = realloc(out->text, room);
	if (!text) {
		out->failed = true;
		return false;
	}
	out->text = text;
	out->room = room;
	return true;
}

/* Nearly all that is written is shorter than what a call of memcpy(3) costs, musl's above all. */
static inline void copy(char *to, const char *from, size_t length)
{
	const size_t last4 = length - 4, last8 = length - 8;

	if (length > 16) {
		memcpy(to, from, length);
	} else if (length >= 8) {
		memcpy(to, from, 8);
		memcpy(to + last8, from + last8, 8);
	} else if (length >= 4) {
		memcpy(to, from, 4);
		memcpy(to + last4, from + last4, 4);
	} else if (length) {
		to[0] = from[0];
		to[length / 2] = from[length / 2];
		to[length - 1] = from[length - 1];
	}
}

void out_bytes(struct output *out, const char *bytes, size_t length)
{
	if (!out_has(out, length))
		return;
	copy(out->text + out->used, bytes, length);
	out->used += length;
	out->text[out->used] = '\0';
}

void out_text(struct output *out, const char *text)
{
	out_bytes(out, text, strlen(text));
}

void out_format(struct output *out, const char *format, ...)
{
	va_list arguments;
	int length;

	if (!out_has(out, 256))
		return;
	va_start(arguments, format);
	length = vsnprintf(out->text + out->used, out->room - out->used, format, arguments);
	va_end(arguments);
	if (length < 0) {
		out->failed = true;
		return;
	}
	if ((size_t)length >= out->room - out->used) {
		if (!out_has(out, (size_t)length))
			return;
		va_start(arguments, format);
		vsnprintf(out->text + out->used, out->room - out->used, format, arguments);
		va_end(arguments);
	}
	out->used += (size_t)length;
}

void out_free(struct output *out)
{
	free(out->text);
	*out = (struct output){ 0 };
}

void out_wrapped(struct output *out, size_t width, size_t column, size_t indent, const char *text)
{
	bool fresh = true; /* nothing of ours stands on this line yet */

	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t length = strcspn(text, " \n");

		if (column + !fresh + length > width && (!fresh || column > indent)) {
			out_format(out, "\n%*s", (int)indent, "");
			column = indent;
			fresh = true;
		}
		if (!fresh)
			out_text(out, " ");
		out_bytes(out, text, length);
		column += !fresh + length;
		fresh = false;
		text += length;
	}
	out_text(out, "\n");
}

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

static bool grow(struct output *out, size_t more)
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

/* Makes room for `more` bytes and a NUL. */
static inline bool reserve(struct output *out, size_t more)
{
	return out->room - out->used > more ? !out->failed : grow(out, more);
}

char *out_room(struct output *out, size_t most)
{
	return reserve(out, most) ? out->text + out->used : NULL;
}

void out_wrote(struct output *out, char *end)
{
	*end = '\0';
	out->used = (size_t)(end - out->text);
}

void out_bytes(struct output *out, const char *bytes, size_t length)
{
	if (!reserve(out, length))
		return;
	memcpy(out->text + out->used, bytes, length);
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

	if (!reserve(out, 256))
		return;
	va_start(arguments, format);
	length = vsnprintf(out->text + out->used, out->room - out->used, format, arguments);
	va_end(arguments);
	if (length < 0) {
		out->failed = true;
		return;
	}
	if ((size_t)length >= out->room - out->used) {
		if (!reserve(out, (size_t)length))
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

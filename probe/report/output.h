/* SPDX-License-Identifier: MIT */
/*
 * Text that is collected first and written at once: a report reaches its reader whole, by one
 * write(2), or not at all.
 */
#ifndef SBP_REPORT_OUTPUT_H
#define SBP_REPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
	char *text;
	size_t used, room;
	bool failed; /* out of memory: what was collected is not whole */
};

/*
 * For writers of many small pieces: where the next `most` bytes may be written, NULL when there is no room; and
 * where they ended.
 */
static inline char *out_room(struct output *out, size_t most);
static inline void out_wrote(struct output *out, char *end);

void out_bytes(struct output *out, const char *bytes, size_t length);
void out_text(struct output *out, const char *text);
void out_format(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_free(struct output *out);

/*
 * The words of `text` in lines of at most `width` columns. The first line goes on at `column`, the
 * others begin at `indent`. Ends with a line feed. A word that is too long gets a line of its own.
 */
void out_wrapped(struct output *out, size_t width, size_t column, size_t indent, const char *text);

/* --- Inline, for there are thousands of pieces ---------------------------------------------- */

/* Makes room for `more` bytes and a NUL, by a larger buffer. */
bool out_grow(struct output *out, size_t more);

static inline bool out_has(struct output *out, size_t more)
{
	return out->room - out->used > more ? !out->failed : out_grow(out, more);
}

static inline char *out_room(struct output *out, size_t most)
{
	return out_has(out, most) ? out->text + out->used : NULL;
}

static inline void out_wrote(struct output *out, char *end)
{
	*end = '\0';
	out->used = (size_t)(end - out->text);
}

#endif

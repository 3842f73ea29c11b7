/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON: commas, indentation and escapes, and nothing else. Our own, because the static builds
 * for four architectures link no library that the cross compilers don't bring, and json-c is none.
 */
#ifndef SBP_REPORT_JSON_WRITER_H
#define SBP_REPORT_JSON_WRITER_H

#include "output.h"

enum { JSON_DEPTH = 8 };

struct json {
	struct output *out;
	size_t depth;
	bool filled[JSON_DEPTH]; /* something stands at this depth already */
	char closing[JSON_DEPTH];
};

/* `key` is NULL in an array. json_object() and json_array() are ended by json_close(). */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_close(struct json *json);
void json_string(struct json *json, const char *key, const char *value); /* NULL: null */
void json_number(struct json *json, const char *key, long long value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/*
 * The text as a JSON string with its quotes. Any bytes may stand in it: control characters are
 * escaped, and what is no UTF-8 becomes U+FFFD, so that every reader can read the rest.
 */
void json_quote(struct output *out, const char *text);

#endif

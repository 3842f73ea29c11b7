/* SPDX-License-Identifier: MIT */
/* From the text of a policy to its words, and the state of reading that lexer and parser share. */
#ifndef SBP_POLICY_TOKEN_H
#define SBP_POLICY_TOKEN_H

#include "policy.h"

enum sbp_token {
	SBP_END_OF_LINE, /* of a line that has a statement, after its continuations */
	SBP_END_OF_TEXT,
	SBP_WORD,      /* read, O_RDONLY, kill-process */
	SBP_DIRECTIVE, /* @include: word is what follows the @ */
	SBP_NUMBER,
	SBP_SIGN,   /* one of : ; , { } ( ) [ ] | ~ & = < > or two of them: || && == != <= >= */
	SBP_FAULTY, /* the fault is written */
};

enum { SBP_WORD_LIMIT = 64, SBP_INCLUDE_LIMIT = 10 };

struct sbp_reader {
	struct sbp_rules *rules;
	struct sbp_fault *fault;
	const char *file;
	unsigned int line;
	const char *at, *end; /* what is not read yet */
	unsigned int depth;   /* of includes */
	bool *has_default;

	enum sbp_token token;
	char word[SBP_WORD_LIMIT]; /* of SBP_WORD and SBP_DIRECTIVE */
	uint64_t number;
	int sign; /* the character, or SBP_PAIR of two */
};
#define SBP_PAIR(a, b) ((a) << 8 | (b))

/* Goes to the next token. */
void sbp_next(struct sbp_reader *r);

/* The rest of the line as a path, which is then read: false when there is none or it is too long. */
bool sbp_rest_of_line(struct sbp_reader *r, char *path, size_t size);

/* Writes the fault unless there is one, and makes the token SBP_FAULTY. Returns false. */
bool sbp_faulty(struct sbp_reader *r, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Makes room for one more in an array whose length only grows. */
bool sbp_grow(struct sbp_reader *r, void *array, size_t count, size_t size);

/* Is the token this sign, and if so goes on. */
bool sbp_take(struct sbp_reader *r, int sign);

/* What the token looks like, for faults. The text is the reader's. */
const char *sbp_token_text(struct sbp_reader *r);

/* Reads what stands behind the colon, or behind @default (parse_rule.c). */
bool sbp_parse_filter(struct sbp_reader *r);
bool sbp_parse_action(struct sbp_reader *r, uint32_t *action);

#endif

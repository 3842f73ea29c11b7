/* SPDX-License-Identifier: MIT */
/*
 * A no that waits for its reason, and what can be asked about it: the conditions that rows of
 * causes.def name, and the expansion of their texts.
 */
#ifndef SBP_QUESTION_H
#define SBP_QUESTION_H

#include "probe.h"

struct sbp_question {
	struct sbp_probe *p;
	enum sbp_feature feature;
	enum sbp_way way;
	const struct sbp_row *row;
	const struct sbp_finding *finding;
};

/* conditions.c: sbp_if_is_traced() is the condition is_traced of causes.def. */
typedef bool sbp_condition(const struct sbp_question *q);

#define ROW(families, errors, condition, ...) sbp_condition sbp_if_##condition;
#define UNASKED(condition, ...)		      sbp_condition sbp_if_##condition;
#include "causes.def"
#undef UNASKED
#undef ROW

/* The word for a namespace in the names of sysctls and /proc/self/ns. */
const char *sbp_namespace_word(enum sbp_feature feature);

/* A symbol that the feature needs is known to be off; its name is written to `name`. */
bool sbp_symbol_is_off(const struct sbp_question *q, char *name, size_t size);

/* cause_text.c: a text of causes.def with its braces filled in, in the area. */
const char *sbp_expand(const struct sbp_question *q, const char *text);

#endif

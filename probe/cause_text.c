/* SPDX-License-Identifier: MIT */
/*
 * Expands the texts of causes.def. They may name facts in braces, {kernel.yama.ptrace_scope}, and these:
 * {call} and {error} that decided, {signal}, {since}, {symbols} (CONFIG_A=y and CONFIG_B=y), {symbol off}
 * (the one that is not set), {namespace} (the feature's own word in sysctls), and {absent}, the
 * remedy for what a kernel lacks.
 */
#include <string.h>

#include "question.h"

struct text {
	char buffer[700];
	size_t used;
};

static void append(struct text *text, const char *words, size_t length)
{
	if (length >= sizeof(text->buffer) - text->used)
		length = sizeof(text->buffer) - text->used - 1;
	memcpy(text->buffer + text->used, words, length);
	text->used += length;
	text->buffer[text->used] = '\0';
}

static void append_text(struct text *text, const char *words)
{
	append(text, words, strlen(words));
}

static void append_symbols(struct text *text, const char *symbols)
{
	for (const char *at = symbols; *at;) {
		size_t length = strcspn(at, " ");

		append_text(text, at == symbols ? "CONFIG_" : " and CONFIG_");
		append(text, at, length);
		append_text(text, "=y");
		at += length + (at[length] == ' ');
	}
}

/* What to do about a kernel that lacks it: newer, built differently, or both. */
static void append_absent(struct text *text, const struct sbp_question *q)
{
	bool new_enough = sbp_release_at_least(q->p, q->row->since);

	if (new_enough && *q->row->kconfig) {
		append_text(text, "Use a kernel that was built with ");
		append_symbols(text, q->row->kconfig);
	} else {
		append_text(text, "Use Linux ");
		append_text(text, q->row->since);
		append_text(text, " or later");
		if (*q->row->kconfig)
			append_text(text, ", built with ");
		append_symbols(text, q->row->kconfig);
	}
	append_text(text, q->row->way_out);
	append_text(text, ".");
}

static void append_name(struct text *text, const struct sbp_question *q, const char *name)
{
	char symbol[64];
	const char *value;

	if (!strcmp(name, "call"))
		append_text(text, q->finding->call ? q->finding->call : "the call");
	else if (!strcmp(name, "error"))
		append_text(text, sbp_errno_text(q->finding->error));
	else if (!strcmp(name, "signal"))
		append_text(text, sbp_text(q->p, "%d", q->finding->signal));
	else if (!strcmp(name, "since"))
		append_text(text, q->row->since);
	else if (!strcmp(name, "symbols"))
		append_symbols(text, q->row->kconfig);
	else if (!strcmp(name, "namespace"))
		append_text(text, sbp_namespace_word(q->feature));
	else if (!strcmp(name, "absent"))
		append_absent(text, q);
	else if (!strcmp(name, "symbol off"))
		append_text(text, sbp_symbol_is_off(q, symbol, sizeof(symbol)) ? symbol : "");
	else if ((value = sbp_fact_value(q->p, name)))
		append_text(text, value);
	else
		append_text(text, "not known");
}

const char *sbp_expand(const struct sbp_question *q, const char *template)
{
	struct text text;

	text.used = 0;
	text.buffer[0] = '\0';
	while (*template) {
		size_t plain = strcspn(template, "{"), length;
		char name[64];

		append(&text, template, plain);
		template += plain;
		if (!*template)
			break;
		length = strcspn(template + 1, "}");
		if (length < sizeof(name)) {
			memcpy(name, template + 1, length);
			name[length] = '\0';
			append_name(&text, q, name);
		}
		template += length + 2;
	}
	return sbp_text(q->p, "%s", text.buffer);
}

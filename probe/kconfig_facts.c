/* SPDX-License-Identifier: MIT */
/*
 * The running kernel's configuration as facts: every symbol that some feature needs, and those that
 * explain why one is missing. Allocates, so it never runs in a child.
 */
#include <stdio.h>
#include <string.h>

#include "kconfig.h"
#include "probe.h"

/* Symbols that no feature needs and that yet decide: OABI_COMPAT excludes filters on ARM. */
#define EXPLAINING " OABI_COMPAT"

enum { SYMBOL_LIMIT = 48, SYMBOL_LENGTH = 40 };

struct symbols {
	size_t count;
	char names[SYMBOL_LIMIT][SYMBOL_LENGTH];
	struct sbp_kconfig_symbol symbol[SYMBOL_LIMIT];
};

static void add_symbol(struct symbols *symbols, const char *name, size_t length)
{
	for (size_t i = 0; i < symbols->count; i++)
		if (strlen(symbols->names[i]) == length && !strncmp(symbols->names[i], name, length))
			return;
	if (symbols->count == SYMBOL_LIMIT || length >= SYMBOL_LENGTH)
		return;
	memcpy(symbols->names[symbols->count], name, length);
	symbols->names[symbols->count][length] = '\0';
	symbols->symbol[symbols->count].name = symbols->names[symbols->count];
	symbols->count++;
}

static void add_symbols(struct symbols *symbols, const char *list)
{
	while (*list) {
		size_t length;

		list += *list == ' ';
		length = strcspn(list, " ");
		if (length)
			add_symbol(symbols, list, length);
		list += length;
	}
}

static const char *value_text(unsigned char value)
{
	switch (value) {
	case SBP_KCONFIG_YES: return "y";
	case SBP_KCONFIG_MODULE: return "m";
	case SBP_KCONFIG_VALUE: return "set";
	default: return "n"; /* not mentioned in a whole configuration: a dependency is off */
	}
}

/*
 * Only a source that was read to its end is quoted. A symbol that is not mentioned in it is off, or
 * unknown to that kernel, which comes to the same.
 */
void sbp_survey_kconfig(struct sbp_probe *p)
{
	struct symbols symbols = { 0 };
	struct sbp_kconfig_result result;
	const char *source;
	int error;

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		add_symbols(&symbols, sbp_rows[f].kconfig);
	add_symbols(&symbols, EXPLAINING);
	error = sbp_kconfig_read(p->root, p->release, p->filtered ? SBP_KCONFIG_NO_MODULES : 0,
				 symbols.symbol, symbols.count, &result);
	if (error) {
		sbp_add_fact(p, "kernel.configuration", "searched", "not found: %s",
			     *result.why ? result.why : sbp_errno_text(error));
		return;
	}
	source = sbp_text(p, "%s", result.source);
	sbp_add_fact(p, "kernel.configuration", source, "%s",
		     result.running ? "of the running kernel" : "of a file for this release");
	for (size_t i = 0; i < symbols.count; i++)
		sbp_add_fact(p, sbp_text(p, "CONFIG_%s", symbols.names[i]), source, "%s",
			     value_text(symbols.symbol[i].value));
}

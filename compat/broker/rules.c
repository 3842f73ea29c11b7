// SPDX-License-Identifier: MIT
/*
 * Rules about paths: what may be done with one, and what may be known of it. Paths are compared whole
 * component by whole component; links and ".." were settled before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

int sbp_rules_of_paths_add(struct sbp_path_rules *rules, const char *path, size_t length,
			   enum sbp_scope scope, unsigned int may)
{
	struct sbp_rule_of_path *grown, *rule;

	if (rules->count == SBP_BROKER_RULE_LIMIT)
		return -E2BIG;
	grown = realloc(rules->rules, (rules->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rules->rules = grown;
	rule = &grown[rules->count];
	rule->path = malloc(length + 1);
	if (!rule->path)
		return -ENOMEM;
	memcpy(rule->path, path, length);
	rule->path[length] = 0;
	rule->length = length;
	rule->scope = scope;
	rule->may = may;
	rules->count++;
	return 0;
}

void sbp_rules_of_paths_free(struct sbp_path_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->rules[i].path);
	free(rules->rules);
	*rules = (struct sbp_path_rules){ NULL, 0 };
}

/* Is `path` the directory, or below it? */
static bool is_within(const char *path, size_t length, const char *directory, size_t directory_length)
{
	if (directory_length == 1)
		return true;
	return length >= directory_length && memcmp(path, directory, directory_length) == 0 &&
	       (length == directory_length || path[directory_length] == '/');
}

static bool is_same(const struct sbp_rule_of_path *rule, const char *path, size_t length)
{
	return rule->length == length && memcmp(rule->path, path, length) == 0;
}

static bool holds(const struct sbp_rule_of_path *rule, const char *path, size_t length)
{
	if (rule->scope == SBP_EXACT)
		return is_same(rule, path, length);
	return is_within(path, length, rule->path, rule->length);
}

unsigned int sbp_path_may(const struct sbp_path_rules *rules, const char *path, size_t length)
{
	unsigned int may = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (holds(&rules->rules[i], path, length))
			may |= rules->rules[i].may;
	return may;
}

bool sbp_path_is_visible(const struct sbp_path_rules *rules, const char *path, size_t length)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct sbp_rule_of_path *rule = &rules->rules[i];

		if (holds(rule, path, length) || is_within(rule->path, rule->length, path, length))
			return true;
	}
	return false;
}

bool sbp_path_is_named(const struct sbp_path_rules *rules, const char *path, size_t length)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct sbp_rule_of_path *rule = &rules->rules[i];

		if (rule->scope == SBP_EXACT && rule->may && is_same(rule, path, length))
			return true;
	}
	return false;
}

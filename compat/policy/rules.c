/* SPDX-License-Identifier: MIT */
/* The rules of a policy as data: what they say of a call, and their end. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "seccomp_ret.h"

/* x32 on x86-64: this bit in the number. A tracer that skips a call makes its number -1. */
#define X32_BIT 0x40000000U

static bool rule_holds(const struct sbp_rules *rules, const struct sbp_rule *rule,
		       const uint64_t arguments[6])
{
	const struct sbp_clause *clause;
	const struct sbp_atom *atom;
	size_t i, j;

	for (i = 0; i < rule->count; i++) {
		clause = &rules->clauses[rule->first + i];
		for (j = 0; j < clause->count; j++) {
			atom = &rules->atoms[clause->first + j];
			if (!sbp_atom_holds(atom, arguments[atom->argument]))
				break;
		}
		if (j == clause->count)
			return true;
	}
	return rule->count == 0;
}

uint32_t sbp_rules_verdict(const struct sbp_rules *rules, uint32_t audit_arch, uint32_t number,
			   const uint64_t arguments[6])
{
	size_t i, j;

	if (audit_arch != sbp_arch_rows[rules->arch].audit)
		return SECCOMP_RET_KILL_PROCESS;
	if (rules->arch == SBP_X86_64 && number >= X32_BIT && number != UINT32_MAX)
		return SECCOMP_RET_KILL_PROCESS;
	for (i = 0; i < rules->call_count; i++) {
		if (rules->calls[i].number != number)
			continue;
		for (j = 0; j < rules->calls[i].count; j++)
			if (rule_holds(rules, &rules->rules[rules->calls[i].first + j], arguments))
				return rules->rules[rules->calls[i].first + j].action;
	}
	return rules->default_action;
}

void sbp_rules_free(struct sbp_rules *rules)
{
	size_t i;

	for (i = 0; i < rules->file_count; i++)
		free(rules->files[i]);
	free(rules->files);
	free(rules->calls);
	free(rules->rules);
	free(rules->clauses);
	free(rules->atoms);
	memset(rules, 0, sizeof(*rules));
}

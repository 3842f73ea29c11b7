/* SPDX-License-Identifier: MIT */
/*
 * What stands behind the colon of a policy's line: values, comparisons, actions. Owns which rule is
 * refused as contradictory or unreachable within its line.
 */
#include <errno.h>
#include <string.h>

#include "seccomp_ret.h"
#include "token.h"

enum { CLAUSE_LIMIT = 16384, LINE_CLAUSE_LIMIT = 128, ATOM_LIMIT = 16, PARENTHESIS_LIMIT = 10 };

/* --- Values ------------------------------------------------------------------------------- */

static bool parse_value(struct sbp_reader *r, uint64_t *value, unsigned int depth);

static bool parse_constant(struct sbp_reader *r, uint64_t *value, unsigned int depth)
{
	bool complement = sbp_take(r, '~');

	if (sbp_take(r, '(')) {
		if (depth == PARENTHESIS_LIMIT)
			return sbp_faulty(r, -EINVAL, "parentheses too deep");
		if (!parse_value(r, value, depth + 1))
			return false;
		if (!sbp_take(r, ')'))
			return sbp_faulty(r, -EINVAL, "')' is missing before '%s'",
					  sbp_token_text(r));
	} else if (r->token == SBP_NUMBER) {
		*value = r->number;
		sbp_next(r);
	} else if (r->token == SBP_WORD) {
		if (!sbp_constant(r->rules->arch, r->word, value))
			return sbp_faulty(r, -EINVAL, "'%s' is no constant that is known here",
					  r->word);
		sbp_next(r);
	} else {
		return sbp_faulty(r, -EINVAL, "a value must stand before '%s'", sbp_token_text(r));
	}
	if (complement)
		*value = ~*value;
	return r->token != SBP_FAULTY;
}

static bool parse_value(struct sbp_reader *r, uint64_t *value, unsigned int depth)
{
	uint64_t one;

	*value = 0;
	do {
		if (!parse_constant(r, &one, depth))
			return false;
		*value |= one;
	} while (sbp_take(r, '|'));
	return r->token != SBP_FAULTY;
}

/* --- Comparisons -------------------------------------------------------------------------- */

/* Where only 32 bits count, a negative number or a complement loses what it has above them. */
static bool narrow(struct sbp_reader *r, struct sbp_atom *atom)
{
	uint32_t above = atom->value >> 32;

	if (atom->low && above && above != UINT32_MAX)
		return sbp_faulty(r, -EINVAL, "0x%llx has more than the 32 bits that are compared",
				  (unsigned long long)atom->value);
	if (atom->low)
		atom->value = (uint32_t)atom->value;
	return true;
}

static bool parse_operator(struct sbp_reader *r, struct sbp_atom *atom)
{
	static const struct {
		int sign;
		enum sbp_operator op;
	} signs[] = {
		{ SBP_PAIR('=', '='), SBP_EQ },
		{ SBP_PAIR('!', '='), SBP_NE },
		{ '<', SBP_LT },
		{ SBP_PAIR('<', '='), SBP_LE },
		{ '>', SBP_GT },
		{ SBP_PAIR('>', '='), SBP_GE },
		{ '&', SBP_ANY_OF },
	};
	size_t i;

	if (r->token == SBP_WORD && strcmp(r->word, "in") == 0) {
		atom->op = SBP_ONLY;
		sbp_next(r);
		return true;
	}
	for (i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (sbp_take(r, signs[i].sign)) {
			atom->op = signs[i].op;
			return true;
		}
	return sbp_faulty(r, -EINVAL, "one of == != < <= > >= & in must stand before '%s'",
			  sbp_token_text(r));
}

static bool parse_argument(struct sbp_reader *r, struct sbp_atom *atom)
{
	bool low = strncmp(r->word, "int", 3) == 0;

	if (r->token != SBP_WORD || (!low && strncmp(r->word, "arg", 3) != 0))
		return sbp_faulty(r, -EINVAL, "arg0 to arg5, or int0 to int5, must stand before '%s'",
				  sbp_token_text(r));
	if (r->word[3] < '0' || r->word[3] > '5' || r->word[4])
		return sbp_faulty(r, -EINVAL, "'%s': arguments have the numbers 0 to 5", r->word);
	atom->argument = (uint8_t)(r->word[3] - '0');
	atom->low = low || !sbp_arch_rows[r->rules->arch].wide;
	sbp_next(r);
	return true;
}

/* Is it SELF, the pid that nobody knows yet? It stands alone, behind ==. */
static bool parse_self(struct sbp_reader *r, struct sbp_atom *atom, bool *found)
{
	*found = r->token == SBP_WORD && strcmp(r->word, "SELF") == 0;
	if (!*found)
		return true;
	if (atom->op != SBP_EQ)
		return sbp_faulty(r, -EINVAL, "SELF can only be compared by ==");
	atom->value = SBP_SELF;
	sbp_next(r);
	return r->token != SBP_FAULTY;
}

static bool parse_atom(struct sbp_reader *r, struct sbp_atom *atom)
{
	struct sbp_atom always;
	bool self;

	*atom = (struct sbp_atom){ 0 };
	if (!parse_argument(r, atom) || !parse_operator(r, atom) || !parse_self(r, atom, &self))
		return false;
	if (self)
		return true;
	if (!parse_value(r, &atom->value, 0) || !narrow(r, atom))
		return false;
	always = *atom;
	if (sbp_clause_follows(&always, 1, NULL, 0, sbp_arch_rows[r->rules->arch].wide))
		return sbp_faulty(r, -EINVAL, "a comparison that always holds");
	return true;
}

/* --- Rules -------------------------------------------------------------------------------- */

/* Is there a value that gets this far? `first` is the first clause of the line. */
static bool clause_is_reachable(struct sbp_reader *r, const struct sbp_clause *clause, size_t first)
{
	const struct sbp_rules *rules = r->rules;
	const struct sbp_atom *atoms = rules->atoms + clause->first;
	bool wide = sbp_arch_rows[rules->arch].wide;
	const struct sbp_clause *earlier;

	if (!sbp_atoms_can_hold(atoms, clause->count, wide))
		return sbp_faulty(r, -EINVAL, "contradictory: no call has all of this");
	for (; first < rules->clause_count; first++) {
		earlier = &rules->clauses[first];
		if (sbp_clause_follows(rules->atoms + earlier->first, earlier->count, atoms,
				       clause->count, wide))
			return sbp_faulty(
				r, -EINVAL,
				"unreachable: an earlier condition holds wherever this one does");
	}
	return true;
}

static bool parse_clause(struct sbp_reader *r, size_t first_of_line)
{
	struct sbp_rules *rules = r->rules;
	struct sbp_clause clause = { rules->atom_count, 0 };

	do {
		if (clause.count == ATOM_LIMIT)
			return sbp_faulty(r, -EINVAL, "more than %d comparisons joined by &&",
					  ATOM_LIMIT);
		if (!sbp_grow(r, &rules->atoms, rules->atom_count, sizeof(*rules->atoms)) ||
		    !parse_atom(r, &rules->atoms[rules->atom_count]))
			return false;
		rules->atom_count++;
		clause.count++;
	} while (sbp_take(r, SBP_PAIR('&', '&')));
	if (r->token == SBP_FAULTY || !clause_is_reachable(r, &clause, first_of_line))
		return false;
	if (rules->clause_count == first_of_line + LINE_CLAUSE_LIMIT ||
	    rules->clause_count == CLAUSE_LIMIT)
		return sbp_faulty(r, -EINVAL, "more conditions than a filter can hold");
	if (!sbp_grow(r, &rules->clauses, rules->clause_count, sizeof(*rules->clauses)))
		return false;
	rules->clauses[rules->clause_count++] = clause;
	return true;
}

static bool parse_return(struct sbp_reader *r, uint32_t *action)
{
	uint64_t error;

	if (!parse_constant(r, &error, 0))
		return false;
	if (error == 0 || error > 4095)
		return sbp_faulty(r, -EINVAL,
				  "an error is a name such as EPERM or a number from 1 to 4095");
	*action = SECCOMP_RET_ERRNO | (uint32_t)error;
	return true;
}

bool sbp_parse_action(struct sbp_reader *r, uint32_t *action)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "allow", SECCOMP_RET_ALLOW },
		{ "kill", SECCOMP_RET_KILL_PROCESS },
		{ "trap", SECCOMP_RET_TRAP },
		{ "log", SECCOMP_RET_LOG },
		{ "kill-process", SECCOMP_RET_KILL_PROCESS },
		{ "kill-thread", SECCOMP_RET_KILL_THREAD },
		{ "user-notify", SECCOMP_RET_USER_NOTIF },
	};
	size_t i;

	if (r->token == SBP_NUMBER && r->number == 1) {
		*action = SECCOMP_RET_ALLOW;
		sbp_next(r);
		return r->token != SBP_FAULTY;
	}
	if (r->token == SBP_WORD && strcmp(r->word, "return") == 0) {
		sbp_next(r);
		return parse_return(r, action);
	}
	for (i = 0; r->token == SBP_WORD && i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(r->word, actions[i].name) == 0) {
			*action = actions[i].action;
			sbp_next(r);
			return r->token != SBP_FAULTY;
		}
	return sbp_faulty(
		r, -EINVAL,
		"allow (or 1), return ERROR, trap, log, kill, kill-thread or user-notify must stand here, "
		"not '%s'",
		sbp_token_text(r));
}

static bool add_rule(struct sbp_reader *r, size_t first_clause, uint32_t action)
{
	struct sbp_rules *rules = r->rules;

	if (!sbp_grow(r, &rules->rules, rules->rule_count, sizeof(*rules->rules)))
		return false;
	rules->rules[rules->rule_count++] =
		(struct sbp_rule){ first_clause, rules->clause_count - first_clause, action };
	return true;
}

static bool at_condition(const struct sbp_reader *r)
{
	return r->token == SBP_WORD &&
	       (strncmp(r->word, "arg", 3) == 0 || strncmp(r->word, "int", 3) == 0);
}

static bool parse_expression(struct sbp_reader *r, size_t first_of_line)
{
	do {
		if (!parse_clause(r, first_of_line))
			return false;
	} while (sbp_take(r, SBP_PAIR('|', '|')));
	return r->token != SBP_FAULTY;
}

/* "CONDITION", "CONDITION; ACTION" (allow where it holds, otherwise the action) or "ACTION". */
static bool parse_plain(struct sbp_reader *r)
{
	size_t first = r->rules->clause_count;
	uint32_t action;

	if (at_condition(r)) {
		if (!parse_expression(r, first) || !add_rule(r, first, SECCOMP_RET_ALLOW))
			return false;
		if (!sbp_take(r, ';'))
			return r->token != SBP_FAULTY;
		if (!sbp_parse_action(r, &action))
			return false;
		if (action == SECCOMP_RET_ALLOW)
			return sbp_faulty(r, -EINVAL,
					  "contradictory: allowed whether the condition holds or not");
	} else if (!sbp_parse_action(r, &action)) {
		return false;
	}
	return add_rule(r, r->rules->clause_count, action);
}

/* "{ CONDITION; ACTION, CONDITION, ACTION }": the first that holds. */
static bool parse_list(struct sbp_reader *r)
{
	size_t first = r->rules->clause_count, first_rule = r->rules->rule_count, clause;
	const struct sbp_rules *rules = r->rules;
	uint32_t action;

	do {
		if (rules->rule_count > first_rule && !rules->rules[rules->rule_count - 1].count)
			return sbp_faulty(r, -EINVAL,
					  "unreachable: the action before it has no condition");
		clause = rules->clause_count;
		action = SECCOMP_RET_ALLOW;
		if (at_condition(r)) {
			if (!parse_expression(r, first) ||
			    (sbp_take(r, ';') && !sbp_parse_action(r, &action)))
				return false;
		} else if (!sbp_parse_action(r, &action)) {
			return false;
		} else if (rules->rule_count > first_rule &&
			   rules->rules[rules->rule_count - 1].action == action) {
			return sbp_faulty(
				r, -EINVAL,
				"contradictory: the condition before it makes no difference");
		}
		if (!add_rule(r, clause, action))
			return false;
	} while (sbp_take(r, ','));
	if (!sbp_take(r, '}'))
		return sbp_faulty(r, -EINVAL, "',' or '}' must stand before '%s'", sbp_token_text(r));
	return true;
}

bool sbp_parse_filter(struct sbp_reader *r)
{
	return sbp_take(r, '{') ? parse_list(r) : parse_plain(r);
}

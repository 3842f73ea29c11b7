/* SPDX-License-Identifier: MIT */
/*
 * Programs say what the rules say, and what libseccomp's programs say: the shipped policies and random ones,
 * every call number, every architecture, edge arguments, by the engine's interpreter.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programs.h"

enum { RANDOM_POLICIES = 600 };

struct comparison {
	const struct sbp_rules *rules;
	const struct sock_fprog *program;
	const struct reference *reference;
	uint32_t arch, number;
	unsigned long asked, referred;
};

static void compare(void *data, const uint64_t arguments[6])
{
	struct comparison *c = data;
	uint32_t said = program_says(c->program, c->arch, c->number, arguments), other;

	c->asked++;
	other = sbp_rules_verdict(c->rules, c->arch, c->number, arguments);
	if (said != other)
		fail_msg("call %#x of %#x (%#lx, %#lx, %#lx...): the program says %#x, the rules %#x",
			 c->number, c->arch, (long)arguments[0], (long)arguments[1],
			 (long)arguments[2], said, other);
	if (!c->reference || !reference_says(c->reference, c->arch, c->number, arguments, &other))
		return;
	c->referred++;
	if (said != other)
		fail_msg("call %#x of %#x (%#lx, %#lx, %#lx...): the program says %#x, libseccomp's %#x",
			 c->number, c->arch, (long)arguments[0], (long)arguments[1],
			 (long)arguments[2], said, other);
}

static void compare_number(struct comparison *c, uint32_t number)
{
	const struct sbp_call_rules *call = rules_of(c->rules, number);
	static const uint64_t some[][6] = { { 0 },
					    { ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL },
					    { 1, 2, 3, 4, 5, 6 } };

	c->number = number;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		uint64_t arguments[6];

		for (int j = 0; j < 6; j++)
			arguments[j] = sbp_arch_rows[c->rules->arch].wide ? some[i][j]
									  : (uint32_t)some[i][j];
		compare(c, arguments);
	}
	if (call)
		each_edge(c->rules, call, compare, c);
}

/* Every number from 0 to 600, around every boundary, x32's, and those of every other architecture. */
static void compare_all(struct comparison *c)
{
	static const uint32_t others[] = { 0xffff,     0xeffff,	   0xf0000,    0xf0001,
					   0xf0002,    0xf0005,	   0xf0006,    0xf0007,
					   0xfffff,    0x3fffffff, 0x40000000, 0x40000001,
					   0x40000200, 0x7fffffff, 0x80000000, 0xfffffffe,
					   0xffffffff, 0x400000e7 };
	uint32_t here = sbp_arch_rows[c->rules->arch].audit;

	c->arch = here;
	for (uint32_t number = 0; number <= 600; number++)
		compare_number(c, number);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		compare_number(c, others[i]);
	for (int arch = 0; arch <= SBP_ARCHES; arch++) {
		c->arch = arch < SBP_ARCHES ? sbp_arch_rows[arch].audit : 0;
		if (c->arch == here)
			continue;
		for (uint32_t number = 0; number <= 600; number += 7) {
			compare(c, (uint64_t[6]){ 0 });
			assert_int_equal(program_says(c->program, c->arch, number, (uint64_t[6]){ 0 }),
					 0x80000000);
		}
	}
}

static void shipped_policy(const char *path, enum sbp_arch arch)
{
	struct comparison c = { 0 };
	struct sock_fprog program;
	struct reference *reference;
	struct sbp_rules rules;
	size_t newer = 0;

	must_read(path, arch, &rules);
	assert_int_equal(sbp_rules_compile(&rules, &program), 0);
	assert_true(program_is_sound(&program));
	reference = reference_new(&rules);
	assert_non_null(reference);
	for (size_t i = 0; i < rules.call_count; i++)
		if (!reference_says(reference, 0, rules.calls[i].number, (uint64_t[6]){ 0 },
				    &(uint32_t){ 0 }))
			newer++;
	c = (struct comparison){ &rules, &program, reference, 0, 0, 0, 0 };
	compare_all(&c);
	print_message(
		"# %s on %s: %u instructions, libseccomp's %u without conditions; %lu calls compared, %lu with "
		"libseccomp; %zu of %zu calls are newer than this libseccomp or multiplexed\n",
		strrchr(path, '/') + 1, sbp_arch_rows[arch].name, program.len,
		reference_program(reference)->len, c.asked, c.referred, newer, rules.call_count);
	assert_true(c.referred * 10 > c.asked * 8);
	reference_free(reference);
	free(program.filter);
	sbp_rules_free(&rules);
}

static void shipped_policies(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("compat/policy/*.policy", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 3);
	for (size_t i = 0; i < found.gl_pathc; i++)
		for (int arch = 0; arch < SBP_ARCHES; arch++)
			shipped_policy(found.gl_pathv[i], (enum sbp_arch)arch);
	globfree(&found);
}

/* The library holds what compiling the text gives. */
static void the_library_holds_them(void **state)
{
	struct sock_fprog program;
	struct sbp_rules rules;
	char path[256];

	(void)state;
	for (size_t i = 0; i < sbp_shipped_count; i++) {
		snprintf(path, sizeof(path), "compat/policy/%s.policy", sbp_shipped[i].name);
		must_read(path, SBP_ARCH_HERE, &rules);
		assert_int_equal(sbp_rules_compile(&rules, &program), 0);
		assert_int_equal(program.len, sbp_shipped[i].program.len);
		assert_memory_equal(program.filter, sbp_shipped[i].program.filter,
				    program.len * sizeof(*program.filter));
		free(program.filter);
		sbp_rules_free(&rules);
	}
}

/* --- Random policies ----------------------------------------------------------------------- */

static size_t random_value(char *to, size_t size)
{
	static const unsigned long long some[] = { 0, 1, 2, 0xff, 0x7fffffff, 0x80000000, 0xffffffff };

	switch (chance(6)) {
	case 0: return (size_t)snprintf(to, size, "%llu", some[chance(7)]);
	case 1: return (size_t)snprintf(to, size, "0x%llx", (unsigned long long)chance(0));
	case 2: return (size_t)snprintf(to, size, "~%u", (unsigned int)chance(4096));
	case 3: return (size_t)snprintf(to, size, "-%u", (unsigned int)chance(200));
	case 4:
		return (size_t)snprintf(to, size, "0x%llx|%u", 1ULL << chance(64),
					(unsigned int)chance(64));
	default: return (size_t)snprintf(to, size, "%u", (unsigned int)chance(20));
	}
}

static size_t random_expression(char *to, size_t size)
{
	static const char *const operators[] = { "==", "!=", "<", "<=", ">", ">=", "&", "in" };
	size_t used = 0, clauses = 1 + chance(4);

	while (clauses--) {
		for (size_t atoms = 1 + chance(3); atoms--;) {
			used += (size_t)snprintf(to + used, size - used, "%s%u %s ",
						 chance(3) ? "arg" : "int",
						 (unsigned int)chance(chance(3) ? 2 : 6),
						 operators[chance(8)]);
			used += random_value(to + used, size - used);
			used += (size_t)snprintf(to + used, size - used, "%s", atoms ? " && " : "");
		}
		used += (size_t)snprintf(to + used, size - used, "%s", clauses ? " || " : "");
	}
	return used;
}

static size_t random_line(char *to, size_t size, unsigned int number)
{
	static const char *const actions[] = { "allow", "return EPERM", "return 4095", "trap",
					       "log",	"kill",		"kill-thread" };
	size_t used = (size_t)snprintf(to, size, "%u: ", number), rules;

	if (chance(3) == 0)
		return used + (size_t)snprintf(to + used, size - used, "%s", actions[chance(7)]);
	if (chance(2)) {
		used += random_expression(to + used, size - used);
		if (chance(2))
			used += (size_t)snprintf(to + used, size - used, "; %s",
						 actions[1 + chance(6)]);
		return used;
	}
	used += (size_t)snprintf(to + used, size - used, "{");
	for (rules = 1 + chance(3); rules--;) {
		used += random_expression(to + used, size - used);
		used += (size_t)snprintf(to + used, size - used, "; %s%s", actions[chance(7)],
					 rules ? ", " : "}");
	}
	return used;
}

/* Lines that are refused (contradictions come up by chance) are left out. */
static void random_policy(enum sbp_arch arch, struct sbp_rules *rules, char *text, size_t size)
{
	size_t used = 0, length, calls = 1 + chance(chance(8) ? 40 : 400);
	char ignored[16];
	struct sbp_fault fault = { ignored, sizeof(ignored), 0 };

	if (chance(2))
		used = (size_t)snprintf(text, size, "@default %s\n",
					chance(2) ? "trap" : "return ENOSYS");
	for (unsigned int number = 0; calls--;
	     number += 1 + (unsigned int)chance(chance(4) ? 2 : 40)) {
		length = random_line(text + used, size - used, number);
		if (sbp_rules_parse(text + used, length, arch, rules, &fault) == 0) {
			used += length;
			text[used++] = '\n';
		}
		sbp_rules_free(rules);
	}
	text[used] = '\0';
	must_parse(text, arch, rules);
}

static void random_policies(void **state)
{
	static char text[1 << 20];
	unsigned long asked = 0, referred = 0, longest = 0, too_long = 0;

	(void)state;
	for (int i = 0; i < RANDOM_POLICIES; i++) {
		struct comparison c = { 0 };
		struct sock_fprog program;
		struct sbp_rules rules;
		int error;

		random_policy((enum sbp_arch)(i % SBP_ARCHES), &rules, text, sizeof(text));
		error = sbp_rules_compile(&rules, &program);
		if (error == -7) {
			too_long++;
			sbp_rules_free(&rules);
			continue;
		}
		assert_int_equal(error, 0);
		assert_true(program_is_sound(&program));
		c = (struct comparison){ .rules = &rules,
					 .program = &program,
					 .reference = i % 8 < 4 ? reference_new(&rules) : NULL };
		c.arch = sbp_arch_rows[rules.arch].audit;
		for (size_t j = 0; j < rules.call_count; j += 1 + chance(rules.call_count / 8 + 1))
			compare_number(&c, rules.calls[j].number);
		for (uint32_t number = 0; number < 1000; number++) {
			c.number = number;
			compare(&c, (uint64_t[6]){ chance(4), chance(20) });
		}
		asked += c.asked;
		referred += c.referred;
		longest = program.len > longest ? program.len : longest;
		if (c.reference)
			reference_free((struct reference *)c.reference);
		free(program.filter);
		sbp_rules_free(&rules);
	}
	print_message("# %lu calls compared, %lu of them with libseccomp; the longest program has %lu instructions, "
		      "%lu of %d would have been too long\n",
		      asked, referred, longest, too_long, RANDOM_POLICIES);
	assert_true(referred > asked / 50);
	assert_true(longest > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_policies),
		cmocka_unit_test(the_library_holds_them),
		cmocka_unit_test(random_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * libseccomp's programs for the same rules. It knows one action for what matches no rule, so there is one
 * program for each "otherwise" of the policy, each asked about its own calls; together they are the
 * policy. What it can't express is left to the comparison with the rules themselves.
 */
#define _GNU_SOURCE
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "programs.h"

enum { PROGRAM_LIMIT = 16, NUMBER_LIMIT = 1024 };

struct reference {
	enum sbp_arch arch;
	size_t count;
	struct {
		uint32_t otherwise;
		struct sock_fprog program;
	} programs[PROGRAM_LIMIT];
	signed char program_of[NUMBER_LIMIT]; /* -1: can't be asked */
};

static const uint32_t arches[SBP_ARCHES] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_ARM,
					     SCMP_ARCH_AARCH64 };

/* Where a call's program is written down; ARM's own calls, 0xf0000 and more, follow the others. */
static size_t slot_of(uint32_t number)
{
	if (number >= 0xf0000 && number < 0xf0010)
		return NUMBER_LIMIT - 16 + (number & 15);
	return number < NUMBER_LIMIT - 16 ? number : NUMBER_LIMIT;
}

/* What happens to a call that none of the conditions fits. */
static uint32_t otherwise_of(const struct sbp_rules *rules, const struct sbp_call_rules *call)
{
	const struct sbp_rule *last = &rules->rules[call->first + call->count - 1];

	return last->count ? rules->default_action : last->action;
}

static bool is_conditional(const struct sbp_rules *rules, const struct sbp_call_rules *call)
{
	return rules->rules[call->first].count != 0;
}

/* An argument may stand in a rule once: comparisons of bits of one argument become one. */
static bool add_comparison(struct scmp_arg_cmp *all, unsigned int *count, struct scmp_arg_cmp one)
{
	for (unsigned int i = 0; i < *count; i++) {
		if (all[i].arg != one.arg)
			continue;
		if (all[i].op != SCMP_CMP_MASKED_EQ || one.op != SCMP_CMP_MASKED_EQ ||
		    (all[i].datum_a & one.datum_a & (all[i].datum_b ^ one.datum_b)))
			return false;
		all[i].datum_a |= one.datum_a;
		all[i].datum_b |= one.datum_b;
		return true;
	}
	all[(*count)++] = one;
	return true;
}

static bool compare(const struct sbp_atom *atom, bool wide, struct scmp_arg_cmp *to)
{
	static const enum scmp_compare operators[] = {
		[SBP_EQ] = SCMP_CMP_EQ, [SBP_NE] = SCMP_CMP_NE, [SBP_LT] = SCMP_CMP_LT,
		[SBP_LE] = SCMP_CMP_LE, [SBP_GT] = SCMP_CMP_GT, [SBP_GE] = SCMP_CMP_GE,
	};
	uint64_t all = atom->low ? UINT32_MAX : UINT64_MAX;

	switch ((enum sbp_operator)atom->op) {
	case SBP_ANY_OF:
		*to = SCMP_CMP(atom->argument, SCMP_CMP_MASKED_EQ, atom->value, atom->value);
		return !(atom->value & (atom->value - 1));
	case SBP_ONLY:
		*to = SCMP_CMP(atom->argument, SCMP_CMP_MASKED_EQ, ~atom->value & all, 0);
		return true;
	case SBP_EQ:
		if (atom->low && wide)
			*to = SCMP_CMP(atom->argument, SCMP_CMP_MASKED_EQ, all, atom->value);
		else
			*to = SCMP_CMP(atom->argument, SCMP_CMP_EQ, atom->value, 0);
		return true;
	default:
		*to = SCMP_CMP(atom->argument, operators[atom->op], atom->value, 0);
		return !(atom->low && wide);
	}
}

/* libseccomp takes this machine's numbers, or its own for calls that this machine lacks. */
static int number_for_libseccomp(const struct sbp_rules *rules, uint32_t number)
{
	const char *name = sbp_call_name(rules->arch, number);

	return name ? seccomp_syscall_resolve_name(name) : __NR_SCMP_ERROR;
}

static bool add_clause(scmp_filter_ctx context, const struct sbp_rules *rules, int number,
		       const struct sbp_clause *clause, uint32_t action)
{
	struct scmp_arg_cmp all[16], one;
	unsigned int count = 0;

	for (size_t i = 0; i < clause->count; i++)
		if (!compare(&rules->atoms[clause->first + i], sbp_arch_rows[rules->arch].wide, &one) ||
		    !add_comparison(all, &count, one))
			return false;
	return seccomp_rule_add_array(context, action, number, count, all) == 0;
}

/*
 * libseccomp 2.5 loses conditions where several of one call compare one argument in different ways ("arg1 ==
 * 5 || arg1 > 0" is false for 6): it is asked about a single condition, or about a list of values.
 */
static bool is_plain(const struct sbp_rules *rules, const struct sbp_rule *rule)
{
	const struct sbp_clause *clause = &rules->clauses[rule->first];
	const struct sbp_atom *first = &rules->atoms[clause->first], *atom;

	for (size_t i = 0; i < rule->count && rule->count > 1; i++) {
		atom = &rules->atoms[clause[i].first];
		if (clause[i].count > 1 || atom->op != SBP_EQ || atom->argument != first->argument)
			return false;
	}
	return true;
}

/* Only "these conditions allow, everything else is otherwise". */
static bool add_call(scmp_filter_ctx context, const struct sbp_rules *rules,
		     const struct sbp_call_rules *call)
{
	int number = number_for_libseccomp(rules, call->number);
	const struct sbp_rule *rule = &rules->rules[call->first];

	if (number == __NR_SCMP_ERROR)
		return false;
	if (!rule->count)
		return rule->action == rules->default_action ||
		       seccomp_rule_add(context, rule->action, number, 0) == 0;
	if (!is_plain(rules, rule) || call->count > 2 ||
	    (call->count == 2 && rules->rules[call->first + 1].count))
		return false;
	for (size_t i = 0; i < rule->count; i++)
		if (!add_clause(context, rules, number, &rules->clauses[rule->first + i],
				rule->action))
			return false;
	return true;
}

static bool export(scmp_filter_ctx context, struct sock_fprog *program)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	bool done = fd >= 0 && seccomp_export_bpf(context, fd) == 0;
	off_t size = done ? lseek(fd, 0, SEEK_END) : 0;

	program->filter = malloc((size_t)size + 1);
	program->len = (unsigned short)((size_t)size / sizeof(*program->filter));
	done = done && program->filter && pread(fd, program->filter, (size_t)size, 0) == size;
	close(fd);
	return done;
}

/* Is it one of i386's that libseccomp brings together with another number? */
static bool is_multiplexed(const struct sbp_rules *rules, uint32_t number)
{
	return rules->arch == SBP_I386 && (number == 102 || number == 117);
}

static bool make_program(struct reference *r, const struct sbp_rules *rules, size_t index)
{
	uint32_t otherwise = r->programs[index].otherwise;
	scmp_filter_ctx context = seccomp_init(otherwise);
	const struct sbp_call_rules *call;
	bool done;

	if (!context)
		return false;
	seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
	seccomp_arch_add(context, arches[rules->arch]);
	seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < rules->call_count; i++) {
		call = &rules->calls[i];
		if (is_conditional(rules, call) ? otherwise_of(rules, call) != otherwise : index != 0)
			continue;
		if (slot_of(call->number) < NUMBER_LIMIT)
			r->program_of[slot_of(call->number)] =
				!is_multiplexed(rules, call->number) && add_call(context, rules, call)
					? (signed char)index
					: -1;
	}
	done = export(context, &r->programs[index].program);
	seccomp_release(context);
	return done;
}

static void need_program(struct reference *r, uint32_t otherwise)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->programs[i].otherwise == otherwise)
			return;
	if (r->count < PROGRAM_LIMIT)
		r->programs[r->count++].otherwise = otherwise;
}

struct reference *reference_new(const struct sbp_rules *rules)
{
	struct reference *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->arch = rules->arch;
	need_program(r, rules->default_action);
	for (size_t i = 0; i < rules->call_count; i++)
		if (is_conditional(rules, &rules->calls[i]))
			need_program(r, otherwise_of(rules, &rules->calls[i]));
	for (size_t i = 0; i < r->count; i++)
		if (!make_program(r, rules, i)) {
			reference_free(r);
			return NULL;
		}
	/* libseccomp brings i386's socketcall along with each socket call */
	if (rules->arch == SBP_I386)
		r->program_of[102] = r->program_of[117] = -1;
	return r;
}

bool reference_says(const struct reference *r, uint32_t arch, uint32_t number,
		    const uint64_t arguments[6], uint32_t *verdict)
{
	/* far above are numbers that no policy names */
	int index = slot_of(number) < NUMBER_LIMIT ? r->program_of[slot_of(number)]
		    : number < 0x10000		   ? -1
						   : 0;

	if (index < 0)
		return false;
	*verdict = program_says(&r->programs[index].program, arch, number, arguments);
	return true;
}

const struct sock_fprog *reference_program(const struct reference *r)
{
	return &r->programs[0].program;
}

void reference_free(struct reference *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->programs[i].program.filter);
	free(r);
}

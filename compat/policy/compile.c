/* SPDX-License-Identifier: MIT */
/*
 * From rules to a program. The numbers of the calls are cut into ranges that have one fate each, and a
 * tree of comparisons finds the range: as deep as it is rarely asked for. Without libseccomp, so that
 * the library needs none at run time; and its trees have a leaf for each call where these have one for
 * each range. tests/policy proves that both say the same.
 */
#include <errno.h>
#include <stdlib.h>

#include "emit.h"
#include "seccomp_ret.h"

#define X32_BIT 0x40000000U

/* A range of numbers, up to where the next one starts. */
struct range {
	uint32_t from;
	bool by_rules;
	uint32_t action;     /* unless by_rules */
	size_t first, count; /* rules, if by_rules */
	unsigned int weight; /* how often it is asked for, roughly */
};

struct compiler {
	const struct sbp_rules *rules;
	struct range *ranges;
	size_t range_count;
	sbp_place *blocks; /* where the rules of a line start, at the index of their first */
	bool *has_block;
	struct sbp_emitter emitter;
};

/* Weights: what is denied is rare, and since 5.11 the kernel asks no program about what is always allowed. */
enum { DENIED = 1, ALLOWED = 8, HOT = 64, CONDITIONAL = 48 };

static bool is_hot(enum sbp_arch arch, uint32_t number)
{
	static const char *const names[] = {
		"read",		 "write",	 "readv",
		"writev",	 "pread64",	 "pwrite64",
		"recvfrom",	 "sendto",	 "recvmsg",
		"sendmsg",	 "recv",	 "send",
		"futex",	 "poll",	 "ppoll",
		"epoll_wait",	 "epoll_pwait",	 "select",
		"clock_gettime", "gettimeofday", "clock_gettime64",
		"sched_yield",	 "mmap",	 "mmap2",
		"munmap",	 "madvise",	 "close",
		"lseek",	 "_llseek",	 "rt_sigprocmask",
		"getpid",	 "gettid",	 "restart_syscall",
		"rt_sigreturn",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (sbp_call_number(arch, names[i]) == (int)number)
			return true;
	return false;
}

/* --- Ranges ------------------------------------------------------------------------------- */

static bool same_fate(const struct range *a, const struct range *b)
{
	if (a->by_rules != b->by_rules)
		return false;
	return a->by_rules ? a->first == b->first && a->count == b->count : a->action == b->action;
}

/* From this number on; what starts where the last one started replaces it. */
static void add_range(struct compiler *c, struct range range)
{
	struct range *last = c->range_count ? &c->ranges[c->range_count - 1] : NULL;

	if (last && last->from == range.from) {
		c->range_count--;
		last = c->range_count ? last - 1 : NULL;
	}
	if (last && same_fate(last, &range)) {
		last->weight += range.weight;
		return;
	}
	c->ranges[c->range_count++] = range;
}

static void add_default(struct compiler *c, uint32_t from)
{
	add_range(c, (struct range){
			     .from = from, .action = c->rules->default_action, .weight = DENIED });
}

static void add_call(struct compiler *c, const struct sbp_call_rules *call)
{
	const struct sbp_rule *rule = &c->rules->rules[call->first];
	struct range range = { .from = call->number, .first = call->first, .count = call->count };

	range.by_rules = rule->count != 0;
	range.action = rule->action;
	if (range.by_rules)
		range.weight = CONDITIONAL;
	else if (rule->action != SECCOMP_RET_ALLOW)
		range.weight = DENIED;
	else
		range.weight = is_hot(c->rules->arch, call->number) ? HOT : ALLOWED;
	add_range(c, range);
}

static void find_ranges(struct compiler *c)
{
	const struct sbp_rules *rules = c->rules;
	size_t i;

	add_default(c, 0);
	for (i = 0; i < rules->call_count; i++) {
		add_call(c, &rules->calls[i]);
		add_default(c, rules->calls[i].number + 1);
	}
	if (rules->arch == SBP_X86_64) {
		add_range(c, (struct range){ .from = X32_BIT,
					     .action = SECCOMP_RET_KILL_PROCESS,
					     .weight = DENIED });
		/* -1 is no call of x32 but one that a tracer took back */
		add_default(c, UINT32_MAX);
	}
}

/* --- Rules -------------------------------------------------------------------------------- */

/* The rules of a line from its last comparison to its first. */
static sbp_place emit_block(struct compiler *c, size_t first, size_t count)
{
	const struct sbp_rules *rules = c->rules;
	struct sbp_emitter *e = &c->emitter;
	const struct sbp_clause *clause;
	const struct sbp_rule *rule;
	sbp_place next = sbp_emit_return(e, rules->default_action), yes;
	size_t i, j, k;

	for (i = count; i-- > 0;) {
		rule = &rules->rules[first + i];
		if (!rule->count)
			next = sbp_emit_return(e, rule->action);
		for (j = rule->count; j-- > 0;) {
			clause = &rules->clauses[rule->first + j];
			yes = sbp_emit_return(e, rule->action);
			for (k = clause->count; k-- > 0;)
				yes = sbp_emit_atom(e, &rules->atoms[clause->first + k], yes, next);
			next = yes;
		}
	}
	return next;
}

static sbp_place emit_leaf(struct compiler *c, const struct range *range)
{
	if (!range->by_rules)
		return sbp_emit_return(&c->emitter, range->action);
	if (!c->has_block[range->first]) {
		c->blocks[range->first] = emit_block(c, range->first, range->count);
		c->has_block[range->first] = true;
	}
	return c->blocks[range->first];
}

/* --- The tree ----------------------------------------------------------------------------- */

static unsigned int weigh(const struct range *ranges, size_t count)
{
	unsigned int weight = 0;
	size_t i;

	for (i = 0; i < count; i++)
		weight += ranges[i].weight;
	return weight;
}

/* Where to cut so that both sides are asked for alike. */
static size_t find_cut(const struct range *ranges, size_t count)
{
	unsigned int all = weigh(ranges, count), left = ranges[0].weight, best = ~0U, apart;
	size_t i, cut = 1;

	for (i = 1; i < count; left += ranges[i++].weight) {
		apart = 2 * left > all ? 2 * left - all : all - 2 * left;
		if (apart < best) {
			best = apart;
			cut = i;
		}
	}
	return cut;
}

static sbp_place emit_tree(struct compiler *c, const struct range *ranges, size_t count)
{
	sbp_place left, right;
	size_t cut;

	if (count == 1)
		return emit_leaf(c, ranges);
	cut = find_cut(ranges, count);
	/* what is written last is next to the comparison: a jump to the far side may cost one more */
	if (weigh(ranges, cut) > weigh(ranges + cut, count - cut)) {
		right = emit_tree(c, ranges + cut, count - cut);
		left = emit_tree(c, ranges, cut);
	} else {
		left = emit_tree(c, ranges, cut);
		right = emit_tree(c, ranges + cut, count - cut);
	}
	return sbp_emit_branch(&c->emitter, BPF_JGE, ranges[cut].from, SBP_AT_NUMBER, right, left);
}

static void emit_all(struct compiler *c)
{
	struct sbp_emitter *e = &c->emitter;
	sbp_place kill, start;

	start = sbp_emit_load(e, SBP_AT_NUMBER, emit_tree(c, c->ranges, c->range_count));
	kill = sbp_emit_return(e, SECCOMP_RET_KILL_PROCESS);
	sbp_emit_load(e, SBP_AT_ARCH,
		      sbp_emit_branch(e, BPF_JEQ, sbp_arch_rows[c->rules->arch].audit, SBP_AT_ARCH,
				      start, kill));
}

int sbp_rules_compile(const struct sbp_rules *rules, struct sock_fprog *program)
{
	struct compiler *c = calloc(1, sizeof(*c));
	int error = -ENOMEM;

	if (!c)
		return -ENOMEM;
	c->rules = rules;
	c->ranges = calloc(2 * rules->call_count + 4, sizeof(*c->ranges));
	c->blocks = calloc(rules->rule_count + 1, sizeof(*c->blocks));
	c->has_block = calloc(rules->rule_count + 1, sizeof(*c->has_block));
	if (c->ranges && c->blocks && c->has_block) {
		find_ranges(c);
		emit_all(c);
		error = sbp_emit_program(&c->emitter, program);
	}
	free(c->ranges);
	free(c->blocks);
	free(c->has_block);
	free(c);
	return error;
}

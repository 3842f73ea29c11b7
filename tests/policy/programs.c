/* SPDX-License-Identifier: MIT */
/* Owns how programs are run and which arguments are edges. */
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../backports/engine/seccomp_bpf.h"
#include "programs.h"

enum { EDGE_LIMIT = 400 };

bool program_is_sound(const struct sock_fprog *program)
{
	uint16_t scratch[4096];

	return program->len <= 4096 && seccomp_bpf_check(program->filter, program->len, scratch) == 0;
}

uint32_t program_says(const struct sock_fprog *program, uint32_t arch, uint32_t number,
		      const uint64_t arguments[6])
{
	struct seccomp_data data = { .nr = (int)number,
				     .arch = arch,
				     .instruction_pointer = 0x123456789abcULL };

	for (int i = 0; i < 6; i++)
		data.args[i] = arguments[i];
	return seccomp_bpf_run(program->filter, &data);
}

uint64_t chance(uint64_t limit)
{
	static uint64_t state = 0x9e3779b97f4a7c15ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? state % limit : state;
}

const struct sbp_call_rules *rules_of(const struct sbp_rules *rules, uint32_t number)
{
	for (size_t i = 0; i < rules->call_count; i++)
		if (rules->calls[i].number == number)
			return &rules->calls[i];
	return NULL;
}

struct edges {
	size_t count;
	uint64_t values[EDGE_LIMIT];
};

static void add(struct edges *edges, uint64_t value, bool wide)
{
	if (!wide)
		value = (uint32_t)value;
	for (size_t i = 0; i < edges->count; i++)
		if (edges->values[i] == value)
			return;
	if (edges->count < EDGE_LIMIT)
		edges->values[edges->count++] = value;
}

static void add_around(struct edges *edges, uint64_t v, bool wide)
{
	add(edges, v, wide);
	add(edges, v - 1, wide);
	add(edges, v + 1, wide);
	add(edges, v | 1ULL << 32, wide);
	add(edges, v | 0xffffffffULL << 32, wide);
	add(edges, v ^ 1ULL << 63, wide);
	add(edges, (uint32_t)v, wide);
	add(edges, ~v, wide);
	add(edges, v ^ 1ULL << chance(64), wide);
	add(edges, v & chance(0), wide);
}

static void find_edges(const struct sbp_rules *rules, const struct sbp_call_rules *call,
		       struct edges edges[6])
{
	bool wide = sbp_arch_rows[rules->arch].wide;
	const struct sbp_clause *clause;
	const struct sbp_rule *rule;

	memset(edges, 0, 6 * sizeof(*edges));
	for (size_t r = 0; r < call->count; r++) {
		rule = &rules->rules[call->first + r];
		for (size_t c = 0; c < rule->count; c++) {
			clause = &rules->clauses[rule->first + c];
			for (size_t a = 0; a < clause->count; a++) {
				const struct sbp_atom *atom = &rules->atoms[clause->first + a];

				add_around(&edges[atom->argument], atom->value, wide);
			}
		}
	}
	for (int i = 0; i < 6; i++) {
		add(&edges[i], 0, wide);
		if (edges[i].count > 1) {
			add(&edges[i], ~0ULL, wide);
			add(&edges[i], 0xffffffff, wide);
			add(&edges[i], 0x80000000, wide);
			add(&edges[i], 1ULL << 32, wide);
		}
	}
}

void each_edge(const struct sbp_rules *rules, const struct sbp_call_rules *call,
	       void (*each)(void *data, const uint64_t arguments[6]), void *data)
{
	static struct edges edges[6];
	uint64_t arguments[6];

	find_edges(rules, call, edges);
	for (int base = 0; base < 3; base++)
		for (int i = 0; i < 6; i++)
			for (int j = i; j < 6; j++)
				for (size_t a = 0; a < edges[i].count; a++)
					for (size_t b = 0; b < (i == j ? 1 : edges[j].count); b++) {
						for (int k = 0; k < 6; k++)
							arguments[k] =
								edges[k].values[chance(edges[k].count)];
						arguments[j] = edges[j].values[b];
						arguments[i] = edges[i].values[a];
						each(data, arguments);
					}
}

static void must(int error, const char *text)
{
	if (error)
		fail_msg("%s", text);
}

void must_parse(const char *policy, enum sbp_arch arch, struct sbp_rules *rules)
{
	char text[512];
	struct sbp_fault fault = { text, sizeof(text), 0 };

	must(sbp_rules_parse(policy, strlen(policy), arch, rules, &fault), text);
}

void must_read(const char *path, enum sbp_arch arch, struct sbp_rules *rules)
{
	char text[512];
	struct sbp_fault fault = { text, sizeof(text), 0 };

	must(sbp_rules_read(path, arch, rules, &fault), text);
}

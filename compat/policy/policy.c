/* SPDX-License-Identifier: MIT */
/*
 * Policies as the library's users hold them: one that was shipped, or one from a file of theirs. What the
 * functions promise stands in sandbox-probe.h and in ../launch.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../launch.h"
#include "policy.h"

struct sbp_policy {
	int references;
	struct sock_fprog program;
	bool shipped;
	char fault[512];
};

int sbp_policy_program(const char *name, struct sock_fprog *out)
{
	size_t i;

	for (i = 0; i < sbp_shipped_count; i++)
		if (strcmp(sbp_shipped[i].name, name) == 0) {
			*out = sbp_shipped[i].program;
			return 0;
		}
	return -ENOENT;
}

int sbp_policy_compile_file(const char *path, struct sock_fprog *out, char *text, size_t size)
{
	struct sbp_fault fault = { .text = text, .size = size };
	struct sbp_rules rules;
	int error = sbp_rules_read(path, SBP_ARCH_HERE, &rules, &fault);

	if (!error) {
		error = sbp_rules_compile(&rules, out);
		if (error && size)
			snprintf(text, size, "%s: %s", path,
				 error == -E2BIG
					 ? "more than the 4096 instructions that a filter may have"
					 : "no memory");
	}
	sbp_rules_free(&rules);
	return error;
}

const char *sbp_policy_name(size_t i)
{
	return i < sbp_shipped_count ? sbp_shipped[i].name : NULL;
}

static struct sbp_policy *policy_new(void)
{
	struct sbp_policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->references = 1;
	return policy;
}

int sbp_policy_by_name(const char *name, struct sbp_policy **policy)
{
	struct sock_fprog program;
	int error = sbp_policy_program(name, &program);

	*policy = NULL;
	if (error)
		return error;
	*policy = policy_new();
	if (!*policy)
		return -ENOMEM;
	(*policy)->program = program;
	(*policy)->shipped = true;
	return 0;
}

int sbp_policy_from_file(const char *path, struct sbp_policy **policy)
{
	*policy = policy_new();
	if (!*policy)
		return -ENOMEM;
	return sbp_policy_compile_file(path, &(*policy)->program, (*policy)->fault,
				       sizeof((*policy)->fault));
}

struct sbp_policy *sbp_policy_of_program(const struct sock_fprog *program)
{
	struct sbp_policy *policy = policy_new();

	if (policy)
		policy->program = *program;
	return policy;
}

const char *sbp_policy_fault(const struct sbp_policy *policy)
{
	return policy && policy->fault[0] ? policy->fault : NULL;
}

const struct sock_fprog *sbp_policy_filter(const struct sbp_policy *policy)
{
	return policy && policy->program.filter ? &policy->program : NULL;
}

struct sbp_policy *sbp_policy_ref(struct sbp_policy *policy)
{
	__atomic_fetch_add(&policy->references, 1, __ATOMIC_RELAXED);
	return policy;
}

struct sbp_policy *sbp_policy_unref(struct sbp_policy *policy)
{
	if (policy && __atomic_fetch_sub(&policy->references, 1, __ATOMIC_ACQ_REL) == 1) {
		if (!policy->shipped)
			free(policy->program.filter);
		free(policy);
	}
	return NULL;
}

const char *sbp_system_call_name(int number)
{
	return number < 0 ? NULL : sbp_call_name(SBP_ARCH_HERE, (uint32_t)number);
}

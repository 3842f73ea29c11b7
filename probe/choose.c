/* SPDX-License-Identifier: MIT */
/*
 * From a probe to a plan: the first strategy of each layer whose features are all there. Owns the
 * table of strategies and the levels.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "probe.h"

enum layer { ISOLATION, SYSCALLS };

enum { NEEDS_LIMIT = 14 };

static const struct strategy {
	const char *name;
	enum layer layer;
	const char *threads;
	int strength;
	bool built;
	enum sbp_feature needs[NEEDS_LIMIT]; /* end in 0; so do those that do for root, behind them */
} strategies[] = {
#define AS_ROOT(...) 0, __VA_ARGS__
#define SBP_STRATEGY(name, layer, threads, strength, built, ...) \
	{ name, layer, threads, strength, built, { __VA_ARGS__ } },
#include "strategies.def"
#undef SBP_STRATEGY
#undef AS_ROOT
};

enum { STRATEGIES = sizeof(strategies) / sizeof(*strategies) };

struct sbp_plan {
	const struct strategy *taken[2]; /* by layer */
	bool needs_root;
	size_t rejected_count;
	struct sbp_rejected rejected[STRATEGIES];
	enum sbp_feature missing[STRATEGIES][NEEDS_LIMIT];
};

/* The trusted thread rewrites machine code, and only x86-64's is written down. */
static bool fits_machine(const struct strategy *strategy)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	(void)strategy;
	return true;
#else
	return strcmp(strategy->name, "trusted-thread");
#endif
}

static void reject(struct sbp_plan *plan, const struct strategy *strategy, const char *because)
{
	size_t i = plan->rejected_count++;

	plan->rejected[i] = (struct sbp_rejected){ strategy->name, strategy->threads, because,
						   plan->missing[i] };
}

/* Fills the next row of `missing`; true when nothing is. */
static bool has_all(const struct sbp_probe *probe, const struct strategy *strategy,
		    struct sbp_plan *plan)
{
	enum sbp_feature *missing = plan->missing[plan->rejected_count];
	size_t count = 0;

	for (size_t i = 0; i < NEEDS_LIMIT && strategy->needs[i]; i++)
		if (sbp_state(probe, strategy->needs[i]) != SBP_AVAILABLE)
			missing[count++] = strategy->needs[i];
	return !count;
}

/* Namespaces and mounts, the way out of a root that can't be pivoted, the loopback, and giving all this up. */
static bool has_capabilities_of_root(const struct sbp_probe *probe)
{
	static const int used[] = { CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_NET_ADMIN, CAP_SETPCAP };

	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++)
		if (!sbp_has_capability(probe, used[i]))
			return false;
	return sbp_fact_is(probe, "process.euid", "0");
}

/* What root may have by its own rights: to be had through a user namespace is not enough. */
static bool has_all_as_root(const struct sbp_probe *probe, const struct strategy *strategy)
{
	const enum sbp_feature *needs = strategy->needs;

	while (*needs)
		needs++;
	if (!*++needs || probe->area->root_is_no_mount)
		return false;
	for (; *needs; needs++)
		if (sbp_state_directly(probe, *needs) != SBP_AVAILABLE)
			return false;
	return has_capabilities_of_root(probe);
}

static const char *why_not(const struct sbp_probe *probe, const struct strategy *strategy,
			   const struct sbp_plan *plan)
{
	enum sbp_feature first = plan->missing[plan->rejected_count][0];
	const char *cause = first ? sbp_cause(probe, first) : NULL;

	if (!fits_machine(strategy))
		return "It exists for x86-64 only.";
	if (first)
		return cause ? cause : "A feature that it needs is not available.";
	return "A stronger or equal strategy was taken.";
}

static void consider(const struct sbp_probe *probe, const struct strategy *strategy,
		     enum sbp_choice choice, struct sbp_plan *plan)
{
	bool plainly = has_all(probe, strategy, plan);
	bool possible = (plainly || has_all_as_root(probe, strategy)) && fits_machine(strategy);

	if (possible && choice == SBP_BUILT && !strategy->built) {
		reject(plan, strategy, "This version of sandbox-probe can't carry it out yet.");
	} else if (possible && !plan->taken[strategy->layer]) {
		plan->taken[strategy->layer] = strategy;
		plan->needs_root |= !plainly;
	} else {
		reject(plan, strategy, why_not(probe, strategy, plan));
	}
}

int sbp_choose(const struct sbp_probe *probe, enum sbp_choice choice, struct sbp_plan **plan)
{
	*plan = NULL;
	if (choice != SBP_BUILT && choice != SBP_CONCEIVABLE)
		return -EINVAL;
	*plan = calloc(1, sizeof(**plan));
	if (!*plan)
		return -ENOMEM;
	for (size_t i = 0; i < STRATEGIES; i++)
		consider(probe, &strategies[i], choice, *plan);
	return 0;
}

struct sbp_plan *sbp_plan_unref(struct sbp_plan *plan)
{
	free(plan);
	return NULL;
}

int sbp_plan_level(const struct sbp_plan *plan)
{
	const struct strategy *syscalls = plan->taken[SYSCALLS];

	if (!plan->taken[ISOLATION] && !syscalls)
		return SBP_LEVEL_NONE;
	if (!plan->taken[ISOLATION] || !syscalls)
		return SBP_LEVEL_PARTIAL;
	return syscalls->strength == 2 ? SBP_LEVEL_FULL : SBP_LEVEL_LAYERED;
}

const char *sbp_plan_isolation(const struct sbp_plan *plan)
{
	return plan->taken[ISOLATION] ? plan->taken[ISOLATION]->name : "none";
}

bool sbp_plan_needs_root(const struct sbp_plan *plan)
{
	return plan->needs_root;
}

const char *sbp_plan_syscalls(const struct sbp_plan *plan)
{
	return plan->taken[SYSCALLS] ? plan->taken[SYSCALLS]->name : "none";
}

const char *sbp_plan_threads(const struct sbp_plan *plan)
{
	return plan->taken[SYSCALLS] ? plan->taken[SYSCALLS]->threads : NULL;
}

const struct sbp_rejected *sbp_plan_rejected(const struct sbp_plan *plan, size_t i)
{
	return i < plan->rejected_count ? &plan->rejected[i] : NULL;
}

const char *sbp_level_name(int level)
{
	static const char *const names[] = { "none", "partial", "layered", "full" };

	return level >= 0 && level < 4 ? names[level] : NULL;
}

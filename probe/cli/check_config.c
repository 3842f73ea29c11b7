// SPDX-License-Identifier: MIT
/*
 * --check-config: holds a kernel's configuration against what each feature needs. What it prints is
 * a fragment for the kernel's own scripts/kconfig/merge_config.sh, with the reasons as comments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kconfig.h"
#include "cli.h"

/* --- The tables ---------------------------------------------------------------------------- */

/*
 * Which features a kernel of that version can have: those that it came with, and those that the
 * patches in backports/ bring.
 */
struct target {
	const char *name;
	const char *version; /* the release whose features it has; NULL: all */
	feature_set patched;
};

#define BIT(id) FEATURE_BIT(SBP_FEATURE_##id)
#define FILTERS                                                                                \
	(BIT(SECCOMP_FILTER) | BIT(SECCOMP_SYSCALL) | BIT(SECCOMP_TSYNC) | BIT(NO_NEW_PRIVS) | \
	 BIT(ARM_SECCOMP_STRICT) | BIT(ARM_SECCOMP_FILTER))

static const struct target targets[] = {
	{ "2.6.29", "2.6.29", FILTERS },
	{ "3.0", "3.0", FILTERS },
	{ "3.4", "3.4", FILTERS },
	{ "mainline", NULL, 0 },
};

enum { TARGETS = sizeof(targets) / sizeof(*targets), MAINLINE = TARGETS - 1 };

/* What machine types ask for beyond features.def. */
static const struct machine_rule {
	const char *machine; /* when this symbol is y */
	const char *symbol;
	bool wanted;
	feature_set features;
} machine_rules[] = {
	{ "ARM", "AEABI", true,
	  BIT(SECCOMP_FILTER) | BIT(ARM_SECCOMP_FILTER) | BIT(ARM_SECCOMP_STRICT) },
	{ "ARM", "OABI_COMPAT", false, BIT(SECCOMP_FILTER) | BIT(ARM_SECCOMP_FILTER) },
	{ "ARM64", "COMPAT", true, BIT(ARM_SECCOMP_STRICT) | BIT(ARM_SECCOMP_FILTER) },
};

static const feature_set arm_features = BIT(ARM_SECCOMP_STRICT) | BIT(ARM_SECCOMP_FILTER);

const struct target *target_by_name(const char *name)
{
	for (size_t i = 0; i < TARGETS; i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

const char *target_name(size_t i)
{
	return i < TARGETS ? targets[i].name : NULL;
}

/* --- Versions ------------------------------------------------------------------------------ */

/* "3.17" is later than "3.4". */
static int compare_versions(const char *a, const char *b)
{
	while (*a || *b) {
		char *behind_a, *behind_b;
		unsigned long x = strtoul(a, &behind_a, 10), y = strtoul(b, &behind_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (*behind_a != '.' || *behind_b != '.')
			return 0;
		a = behind_a + 1;
		b = behind_b + 1;
	}
	return 0;
}

/* 3.4.113 is of the 3.4 series, and 3.40 is not. */
static bool is_of_series(const char *version, const char *series)
{
	size_t length = strlen(series);

	return !strncmp(version, series, length) && (version[length] < '0' || version[length] > '9');
}

static bool fits(const struct target *target, const char *version)
{
	if (target->version)
		return is_of_series(version, target->version);
	/* Between our oldest and the first with filters a configuration is of no target. */
	return compare_versions(version, "3.5") >= 0;
}

static const struct target *target_for(const char *version)
{
	for (size_t i = 0; i < MAINLINE; i++)
		if (is_of_series(version, targets[i].version))
			return &targets[i];
	return &targets[MAINLINE];
}

/* --- What is needed ------------------------------------------------------------------------ */

enum { NEEDS_LIMIT = 48, NAME_SIZE = 40 };

struct need {
	char name[NAME_SIZE];
	bool wanted;
	feature_set features; /* that need it so */
};

struct check {
	const struct request *request;
	const struct target *target;
	size_t count;
	struct need needs[NEEDS_LIMIT];
	struct sbp_kconfig_symbol symbols[NEEDS_LIMIT];
	struct sbp_kconfig_result result;
};

static void add_need(struct check *check, const char *name, size_t length, bool wanted,
		     feature_set features)
{
	size_t i;

	for (i = 0; i < check->count; i++)
		if (!strncmp(check->needs[i].name, name, length) && !check->needs[i].name[length])
			break;
	if (i == NEEDS_LIMIT || length >= NAME_SIZE)
		return;
	if (i == check->count) {
		check->count++;
		memcpy(check->needs[i].name, name, length);
		check->needs[i].wanted = wanted;
		check->symbols[i].name = check->needs[i].name;
	}
	check->needs[i].features |= features;
}

static bool is_looked_at(const struct check *check, enum sbp_feature feature)
{
	const struct target *target = check->target;

	if (check->request->shown && !(check->request->shown & FEATURE_BIT(feature)))
		return false;
	return !target->version || target->patched & FEATURE_BIT(feature) ||
	       compare_versions(sbp_feature_since(feature), target->version) <= 0;
}

/* The symbols that say which machine it is are asked for as well, and needed by no feature. */
static void add_needs(struct check *check)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		const char *at = sbp_feature_kconfig(f);

		for (size_t length; *at; at += length + (at[length] == ' ')) {
			length = strcspn(at, " ");
			add_need(check, at, length, true, FEATURE_BIT(f));
		}
	}
	for (size_t i = 0; i < sizeof(machine_rules) / sizeof(*machine_rules); i++) {
		const struct machine_rule *rule = &machine_rules[i];

		add_need(check, rule->machine, strlen(rule->machine), true, 0);
		add_need(check, rule->symbol, strlen(rule->symbol), rule->wanted, 0);
	}
}

static bool is_on(const struct check *check, const char *name)
{
	for (size_t i = 0; i < check->count; i++)
		if (!strcmp(check->needs[i].name, name))
			return check->symbols[i].value == SBP_KCONFIG_YES;
	return false;
}

static feature_set looked_at(const struct check *check)
{
	feature_set set = 0;

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (is_looked_at(check, f))
			set |= FEATURE_BIT(f);
	return is_on(check, "ARM") || is_on(check, "ARM64") ? set : set & ~arm_features;
}

/* Once the machine is known: what it asks for, and nothing for features that nobody looks at. */
static feature_set settle_needs(struct check *check)
{
	feature_set set = looked_at(check);

	for (size_t i = 0; i < sizeof(machine_rules) / sizeof(*machine_rules); i++) {
		const struct machine_rule *rule = &machine_rules[i];

		if (is_on(check, rule->machine))
			add_need(check, rule->symbol, strlen(rule->symbol), rule->wanted,
				 rule->features);
	}
	for (size_t i = 0; i < check->count; i++)
		check->needs[i].features &= set;
	return set;
}

static bool is_missing(const struct check *check, size_t i)
{
	return check->needs[i].features &&
	       (check->symbols[i].value == SBP_KCONFIG_YES) != check->needs[i].wanted;
}

/* --- What is printed ------------------------------------------------------------------------ */

static int count_features(feature_set set)
{
	int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

/* A feature that is younger than the kernel can't be had by setting a symbol. */
static void write_missing(struct output *out, const struct check *check, const struct need *need)
{
	const char *separator = "\n# for ", *version = check->result.version;

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		if (!(need->features & FEATURE_BIT(f)))
			continue;
		out_format(out, "%s%s", separator, sbp_feature_name(f));
		if (!check->target->version && *version &&
		    compare_versions(version, sbp_feature_since(f)) < 0)
			out_format(out, " (since Linux %s)", sbp_feature_since(f));
		separator = ", ";
	}
	out_format(out, need->wanted ? "\nCONFIG_%s=y\n" : "\n# CONFIG_%s is not set\n", need->name);
}

static int write_check(struct output *out, struct check *check)
{
	feature_set all = settle_needs(check), lost = 0;
	int missing = 0;

	for (size_t i = 0; i < check->count; i++)
		if (is_missing(check, i)) {
			missing++;
			lost |= check->needs[i].features;
		}
	out_format(out, "# %s (Linux %s) for %s%s: ", check->request->config,
		   *check->result.version ? check->result.version : "of unknown version",
		   check->target->name, check->target->version ? " with our patches" : "");
	if (!missing) {
		out_format(out, "all %d features have what they need\n", count_features(all));
		return EXIT_REPORTED;
	}
	out_format(out, "%d of %d features lack %d symbol%s; to set:\n", count_features(lost),
		   count_features(all), missing, missing == 1 ? "" : "s");
	for (size_t i = 0; i < check->count; i++)
		if (is_missing(check, i))
			write_missing(out, check, &check->needs[i]);
	return EXIT_INCOMPLETE;
}

static void warn_of_version(const struct check *check)
{
	const char *version = check->result.version;

	if (!*version)
		complain("%s does not say of which version it is; checked for %s",
			 check->request->config, check->target->name);
	else if (!fits(check->target, version))
		complain("%s is of Linux %s, which is not %s: some symbols may not exist there",
			 check->request->config, version, check->target->name);
}

int check_config(const struct request *request)
{
	struct check check = { .request = request };
	struct output out = { 0 };
	int status, written;

	add_needs(&check);
	if (sbp_kconfig_read_file(request->config, check.symbols, check.count, &check.result)) {
		complain("can't read the configuration %s: %s", request->config, check.result.why);
		return EXIT_NOT_REPORTED;
	}
	check.target = request->target ? request->target : target_for(check.result.version);
	warn_of_version(&check);
	status = write_check(&out, &check);
	written = write_and_close(request, &out);
	return written ? written : status;
}

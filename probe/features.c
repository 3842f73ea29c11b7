/* SPDX-License-Identifier: MIT */
/*
 * The table of features as the library sees it, and the public questions about the table itself.
 * Owns nothing but constants.
 */
#include <string.h>

#include "probe.h"

const struct sbp_row sbp_rows[SBP_FEATURE_LIMIT] = {
#define SBP_FEATURE(number, id, name_, summary_, since_, kconfig_, family_, place_, asker_, \
		    proof_, way_out_)                                                       \
	[number] = {                                                                        \
		.name = name_,                                                              \
		.summary = summary_,                                                        \
		.since = since_,                                                            \
		.kconfig = kconfig_,                                                        \
		.way_out = way_out_,                                                        \
		.family = SBP_FAMILY_##family_,                                             \
		.place = SBP_##place_,                                                      \
		.asker = asker_,                                                            \
		.proof = proof_,                                                            \
	},
#include "features.def"
#undef SBP_FEATURE
};

/* The order of the reports is the order of the rows, whatever their numbers. */
static const unsigned char order[] = {
#define SBP_FEATURE(number, ...) number,
#include "features.def"
#undef SBP_FEATURE
};

/* By a feature's number, where in the order the next one stands; 0: no feature. */
enum {
#define SBP_FEATURE(number, id, ...) PLACE_OF_##id,
#include "features.def"
#undef SBP_FEATURE
};
static const unsigned char behind[SBP_FEATURE_LIMIT] = {
#define SBP_FEATURE(number, id, ...) [number] = PLACE_OF_##id + 1,
#include "features.def"
#undef SBP_FEATURE
};

static const char *const states[] = {
	[SBP_UNKNOWN] = "unknown", [SBP_AVAILABLE] = "available",	[SBP_BLOCKED] = "blocked",
	[SBP_ABSENT] = "absent",   [SBP_INAPPLICABLE] = "inapplicable",
};

const char *sbp_version(void)
{
	return SBP_VERSION;
}

enum sbp_feature sbp_feature_next(enum sbp_feature feature)
{
	if (!feature)
		return order[0];
	if ((unsigned int)feature >= SBP_FEATURE_LIMIT || !behind[feature])
		return 0;
	return behind[feature] < sizeof(order) ? order[behind[feature]] : 0;
}

static const struct sbp_row *row_of(enum sbp_feature feature)
{
	return feature && (unsigned int)feature < SBP_FEATURE_LIMIT ? &sbp_rows[feature] : NULL;
}

const char *sbp_feature_name(enum sbp_feature feature)
{
	const struct sbp_row *row = row_of(feature);

	return row ? row->name : NULL;
}

const char *sbp_feature_summary(enum sbp_feature feature)
{
	const struct sbp_row *row = row_of(feature);

	return row ? row->summary : NULL;
}

const char *sbp_feature_since(enum sbp_feature feature)
{
	const struct sbp_row *row = row_of(feature);

	return row ? row->since : NULL;
}

const char *sbp_feature_kconfig(enum sbp_feature feature)
{
	const struct sbp_row *row = row_of(feature);

	return row ? row->kconfig : NULL;
}

enum sbp_feature sbp_feature_by_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof(order); i++)
		if (!strcmp(sbp_rows[order[i]].name, name))
			return order[i];
	return 0;
}

const char *sbp_state_name(enum sbp_state state)
{
	return (size_t)state < sizeof(states) / sizeof(*states) ? states[state] : NULL;
}

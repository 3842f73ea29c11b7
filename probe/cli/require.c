// SPDX-License-Identifier: MIT
/*
 * --require: what a script needs, held against what was found. The report says the same, but a
 * script's user reads stderr.
 */
#include <stdio.h>

#include "cli.h"

static void complain_of_feature(const struct sbp_probe *probe, enum sbp_feature feature)
{
	const char *cause = sbp_cause(probe, feature), *remedy = sbp_remedy(probe, feature);

	complain("required %s is %s%s%s%s%s%s", sbp_feature_name(feature),
		 sbp_state_name(sbp_state(probe, feature)),
		 sbp_overridden(probe, feature) ? " (overridden)" : "", cause ? ": " : "",
		 cause ? cause : "", remedy ? " -> " : "", remedy ? remedy : "");
}

static void complain_of_level(const struct request *request, const struct report *report)
{
	const struct sbp_rejected *rejected;
	char words[120];

	report_plan_words(report->allowed, words, sizeof(words));
	complain("required level %d (%s) is not reached: this version can build level %d (%s); "
		 "the kernel would allow %s",
		 request->required_level, sbp_level_name(request->required_level),
		 sbp_plan_level(report->plan), sbp_level_name(sbp_plan_level(report->plan)), words);
	for (size_t i = 0; (rejected = sbp_plan_rejected(report->plan, i)); i++) {
		char strategy[60], missing[200] = "";
		size_t used = 0;

		for (const enum sbp_feature *f = rejected->missing; *f && used < 120; f++)
			used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s%s",
						 used ? ", " : " misses ", sbp_feature_name(*f));
		report_strategy_words(rejected->strategy, rejected->threads, strategy,
				      sizeof(strategy));
		complain("  %s%s: %s", strategy, missing, rejected->because);
	}
}

int check_requirements(const struct request *request, const struct report *report)
{
	int status = EXIT_REPORTED;

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		if (!(request->required & FEATURE_BIT(f)) ||
		    sbp_state(report->probe, f) == SBP_AVAILABLE)
			continue;
		complain_of_feature(report->probe, f);
		status = EXIT_UNMET;
	}
	if (request->required_level && sbp_plan_level(report->plan) < request->required_level) {
		complain_of_level(request, report);
		status = EXIT_UNMET;
	}
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * The probe: walks the table of features and lets each row ask. Owns struct sbp_probe and its area.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "probe.h"

/* --- The handle --------------------------------------------------------------------------- */

static int map_area(struct sbp_area **area)
{
	void *memory = mmap(NULL, sizeof(**area), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	*area = memory;
	return 0;
}

int sbp_probe_new(struct sbp_probe **probe)
{
	struct sbp_probe *p = calloc(1, sizeof(*p));
	const char *assume;
	int error;

	*probe = NULL;
	if (!p)
		return -ENOMEM;
	p->references = 1;
	p->where = "this process";
	error = map_area(&p->area);
	assume = getauxval(AT_SECURE) ? NULL : getenv("SANDBOX_PROBE_ASSUME");
	if (!error && assume)
		error = sbp_probe_set_assume(p, assume);
	if (error) {
		sbp_probe_unref(p);
		return error;
	}
	*probe = p;
	return 0;
}

struct sbp_probe *sbp_probe_ref(struct sbp_probe *p)
{
	__atomic_add_fetch(&p->references, 1, __ATOMIC_RELAXED);
	return p;
}

struct sbp_probe *sbp_probe_unref(struct sbp_probe *p)
{
	if (!p || __atomic_sub_fetch(&p->references, 1, __ATOMIC_ACQ_REL))
		return NULL;
	if (p->area)
		munmap(p->area, sizeof(*p->area));
	free(p);
	return NULL;
}

int sbp_probe_set_root(struct sbp_probe *p, const char *root)
{
	size_t length = strlen(root);

	if (root[0] != '/')
		return -EINVAL;
	while (length && root[length - 1] == '/')
		length--;
	if (length >= sizeof(p->root))
		return -ENAMETOOLONG;
	memcpy(p->root, root, length);
	p->root[length] = '\0';
	return 0;
}

void sbp_probe_set_fake(struct sbp_probe *p, sbp_fake_fn *fake, void *data)
{
	p->fake = fake;
	p->fake_data = data;
}

/* One "NAME=STATE" of `length` bytes; applies it only when `p` is given. */
static int assume_one(struct sbp_probe *p, const char *text, size_t length)
{
	char word[64], *value;
	enum sbp_feature feature;

	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, length);
	word[length] = '\0';
	value = strchr(word, '=');
	if (!value)
		return -EINVAL;
	*value++ = '\0';
	feature = sbp_feature_by_name(word);
	for (int state = 0; feature && sbp_state_name(state); state++) {
		if (strcmp(sbp_state_name(state), value))
			continue;
		if (p) {
			p->assumed[feature] = state;
			p->is_assumed[feature] = true;
		}
		return 0;
	}
	return -EINVAL;
}

static int assume_all(struct sbp_probe *p, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		int error = length ? assume_one(p, text, length) : 0;

		if (error)
			return error;
		text += length + (text[length] == ',');
	}
	return 0;
}

int sbp_probe_set_assume(struct sbp_probe *p, const char *assume)
{
	int error = assume_all(NULL, assume);

	return error ? error : assume_all(p, assume);
}

/* --- Running ------------------------------------------------------------------------------ */

/* What is to be asked, in order: each asker once, with all the rows that share it. */
struct walk {
	size_t count;
	struct visit {
		sbp_asker *ask;
		sbp_set features;
	} visit[2 * SBP_FEATURE_LIMIT];
};

static void add_visit(struct walk *walk, sbp_asker *ask, enum sbp_feature feature)
{
	size_t i;

	for (i = 0; i < walk->count && walk->visit[i].ask != ask; i++)
		;
	if (i == walk->count)
		walk->visit[walk->count++] = (struct visit){ ask, 0 };
	walk->visit[i].features |= UINT64_C(1) << feature;
}

/* The askers of one place among the rows that the run is for. */
static void plan_askers(const struct sbp_probe *p, enum sbp_place place, struct walk *walk)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (sbp_in(p->asked, f) && sbp_rows[f].place == place)
			add_visit(walk, sbp_rows[f].asker, f);
}

/* Whoever ends slowly ends while other things are done, but no other child is started: there may be limits. */
static void ask_last(struct walk *walk, sbp_asker *ask)
{
	for (size_t i = 0; i + 1 < walk->count; i++)
		if (walk->visit[i].ask == ask) {
			struct visit later = walk->visit[i];

			walk->visit[i] = walk->visit[i + 1];
			walk->visit[i + 1] = later;
		}
}

/* The proofs of what was answered with a yes. */
static void plan_proofs(const struct sbp_probe *p, struct walk *walk)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (sbp_in(p->asked, f) && sbp_rows[f].proof &&
		    p->area->answers[f].way[SBP_DIRECTLY].verdict == SBP_YES)
			add_visit(walk, sbp_rows[f].proof, f);
}

static void visit(struct sbp_probe *p, const void *data, size_t i)
{
	const struct walk *walk = data;

	p->way = SBP_DIRECTLY;
	walk->visit[i].ask(p);
}

/* A question whose child died or could not be started: the answer, unless the child gave one. */
static void visit_failed(struct sbp_probe *p, const void *data, size_t i,
			 const struct sbp_child *child)
{
	static const char call[] = "clone(CLONE_VM|CLONE_VFORK)";
	const struct walk *walk = data;

	if (child->error)
		sbp_note(p, walk->visit[i].features, call, -child->error, 0);
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		struct sbp_finding *finding = &p->area->answers[f].way[SBP_DIRECTLY];

		if (!sbp_in(walk->visit[i].features, f))
			continue;
		if (child->signal && child->fatal)
			*finding = (struct sbp_finding){ .verdict = SBP_NO,
							 .call = child->fatal,
							 .signal = child->signal };
		else if (finding->verdict == SBP_NOT_ASKED)
			*finding = (struct sbp_finding){ .verdict = SBP_COULD_NOT_ASK,
							 .call = call,
							 .error = child->error,
							 .signal = child->signal };
	}
}

static void run_walk(struct sbp_probe *p, const struct walk *walk, bool in_child)
{
	sbp_run_steps(p, &(struct sbp_steps){ .count = walk->count,
					      .step = visit,
					      .skipped = visit_failed,
					      .data = walk,
					      .in_child = in_child });
}

static void ask_in_children(struct sbp_probe *p)
{
	struct walk proofs = { 0 }, spawning = { 0 };
	struct sbp_cpus cpus;

	plan_proofs(p, &proofs);
	plan_askers(p, SBP_SPAWNS, &spawning);
	ask_last(&spawning, sbp_ask_namespaces);
	if (!proofs.count && !spawning.count)
		return;
	sbp_stay_on_cpu(p, &cpus);
	run_walk(p, &proofs, true);
	run_walk(p, &spawning, p->filtered);
	sbp_leave_cpu(&cpus);
}

static void ask_all(struct sbp_probe *p)
{
	struct walk in_process = { 0 };

	plan_askers(p, SBP_IN_PROCESS, &in_process);
	run_walk(p, &in_process, p->filtered);
	if (p->depth != SBP_QUICK)
		ask_in_children(p);
}

static void reset(struct sbp_probe *p)
{
	struct sbp_area *area = p->area;

	memset(area->answers, 0, sizeof(area->answers));
	area->fact_count = 0;
	area->text_used = 0;
	area->in_flight.call = NULL;
	area->depth = 0;
	area->without_watchdog = false;
	area->proved_at_once = false;
	area->root_is_no_mount = false;
	p->where = "this process";
}

/* What was assumed is not asked, whatever it would have answered. */
static void apply_assumptions(struct sbp_probe *p)
{
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		struct sbp_answer *answer = &p->area->answers[f];

		if (!p->is_assumed[f])
			continue;
		*answer = (struct sbp_answer){ .state = p->assumed[f], .overridden = true };
		for (int way = 0; way < SBP_WAYS; way++)
			answer->way[way].state = p->assumed[f];
		if (answer->state == SBP_AVAILABLE)
			continue;
		answer->cause = "This answer was not asked but set by SANDBOX_PROBE_ASSUME or by the "
				"program.";
		answer->remedy = "Unset SANDBOX_PROBE_ASSUME to have the kernel asked.";
	}
}

/*
 * Whether a feature waits for an explanation, and whether the kernel's configuration could be that. What
 * could not be asked is explained as well, but for what a quick probe leaves out.
 */
static void look_for_noes(const struct sbp_probe *p, bool *any, bool *configurable)
{
	*any = *configurable = false;
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		const struct sbp_finding *way = p->area->answers[f].way;
		bool unasked = p->depth != SBP_QUICK;

		/* A yes in the other way leaves nothing to explain. */
		if (!sbp_in(p->asked, f) || way[0].verdict == SBP_YES || way[1].verdict == SBP_YES)
			continue;
		for (int i = 0; i < SBP_WAYS; i++) {
			bool open = way[i].verdict == SBP_NO && !way[i].cause;

			*any |= open || way[i].verdict == SBP_COULD_NOT_ASK;
			*configurable |= open && *sbp_rows[f].kconfig;
			unasked &= way[i].verdict == SBP_NOT_ASKED;
		}
		*any |= unasked;
	}
}

/* Whether the process is dumpable decides of others, so it is asked with them. */
static sbp_set with_explaining(sbp_set features)
{
	const unsigned int families = SBP_FAMILY_NAMESPACE | SBP_FAMILY_PTRACE;

	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(features, f) && sbp_rows[f].family & families)
			return features | SBP_BIT(DUMPABLE);
	return features;
}

static int run(struct sbp_probe *p, enum sbp_depth depth, sbp_set features)
{
	bool noes, configurable;
	int saved = errno;

	if (depth != SBP_QUICK && depth != SBP_FULL && depth != SBP_REPORT)
		return -EINVAL;
	reset(p);
	p->depth = depth;
	p->asked = with_explaining(features);
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (p->is_assumed[f])
			p->asked &= ~(UINT64_C(1) << f);
	sbp_read_process(p);
	ask_all(p);
	look_for_noes(p, &noes, &configurable);
	if (depth == SBP_REPORT || noes)
		sbp_survey_environment(p, noes);
	else if (depth == SBP_FULL) /* a plan may be for root alone, where a no is assumed, too */
		sbp_survey_identity(p);
	if (configurable)
		sbp_survey_kconfig(p);
	sbp_wait_for_ending(p);
	sbp_diagnose(p);
	apply_assumptions(p);
	errno = saved;
	return 0;
}

int sbp_probe_run(struct sbp_probe *p, enum sbp_depth depth)
{
	return run(p, depth, ~UINT64_C(1));
}

int sbp_probe_run_some(struct sbp_probe *p, enum sbp_depth depth, const enum sbp_feature *features)
{
	sbp_set set = 0;

	for (; *features; features++) {
		if (!sbp_feature_name(*features))
			return -EINVAL;
		set |= UINT64_C(1) << *features;
	}
	return run(p, depth, set);
}

/* --- Answers ------------------------------------------------------------------------------ */

static const struct sbp_answer *answer_of(const struct sbp_probe *p, enum sbp_feature feature)
{
	return sbp_feature_name(feature) ? &p->area->answers[feature] : &p->area->answers[0];
}

enum sbp_state sbp_state(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->state;
}

enum sbp_state sbp_state_directly(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->way[SBP_DIRECTLY].state;
}

enum sbp_state sbp_state_through_user_ns(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->way[SBP_THROUGH_USER_NS].state;
}

const char *sbp_cause(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->cause;
}

const char *sbp_remedy(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->remedy;
}

bool sbp_overridden(const struct sbp_probe *p, enum sbp_feature feature)
{
	return answer_of(p, feature)->overridden;
}

const struct sbp_evidence *sbp_evidence(const struct sbp_probe *p, enum sbp_feature feature, size_t i)
{
	const struct sbp_answer *answer = answer_of(p, feature);

	return i < answer->evidence_count ? &answer->evidence[i] : NULL;
}

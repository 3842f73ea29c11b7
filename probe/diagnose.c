/* SPDX-License-Identifier: MIT */
/*
 * From what was answered to why, and to what would help. Owns the table of causes: the first row
 * whose family, errno and condition fit is the diagnosis. A row says what it knows and no more; EPERM
 * never becomes "absent" except through evidence of another kind, and a remedy stands only beside
 * the cause that it cures.
 */
#include <errno.h>

#include "question.h"

/* --- The table of causes ------------------------------------------------------------------ */

/* errno values as bits, so that a row can name several. */
static const struct {
	int error;
	unsigned int bit;
} error_bits[] = {
#define PERM	     (1u << 0)
#define ACCES	     (1u << 1)
#define NOSYS	     (1u << 2)
#define INVAL	     (1u << 3)
#define NOSPC	     (1u << 4)
#define AGAIN	     (1u << 5)
#define NOMEM	     (1u << 6)
#define MFILE	     (1u << 7)
#define BUSY	     (1u << 8)
#define NOTSUP	     (1u << 9)
#define NOENT	     (1u << 10)
#define OTHER	     (1u << 11)
#define NONE	     (1u << 12)
#define NOEXEC	     (1u << 13)
#define ANY	     (~0u)
#define DENIED	     (PERM | ACCES)
#define UNKNOWN_CALL (NOSYS | INVAL)
	{ 0, NONE },	   { EPERM, PERM },	   { EACCES, ACCES },	{ ENOSYS, NOSYS },
	{ EINVAL, INVAL }, { ENOSPC, NOSPC },	   { EUSERS, NOSPC },	{ EAGAIN, AGAIN },
	{ ENOMEM, NOMEM }, { EMFILE, MFILE },	   { ENFILE, MFILE },	{ EBUSY, BUSY },
	{ ENOENT, NOENT }, { EOPNOTSUPP, NOTSUP }, { ENOEXEC, NOEXEC },
};

static unsigned int error_bit(int error)
{
	for (size_t i = 0; i < sizeof(error_bits) / sizeof(*error_bits); i++)
		if (error_bits[i].error == error)
			return error_bits[i].bit;
	return OTHER;
}

static const struct cause {
	unsigned int families, errors;
	sbp_condition *holds;
	enum sbp_state state;
	const char *cause, *remedy;
} causes[] = {
#define ROW(families, errors, condition, state, cause, remedy) \
	{ families, errors, sbp_if_##condition, SBP_##state, cause, remedy },
#define UNASKED(condition, cause, remedy)
#include "causes.def"
#undef UNASKED
#undef ROW
};

static const struct {
	sbp_condition *holds;
	const char *cause, *remedy;
} hindrances[] = {
#define ROW(families, errors, condition, state, cause, remedy)
#define UNASKED(condition, cause, remedy) { sbp_if_##condition, cause, remedy },
#include "causes.def"
#undef UNASKED
#undef ROW
};

/* --- Diagnosis ---------------------------------------------------------------------------- */

static void explain_no(const struct sbp_question *q, struct sbp_finding *finding)
{
	unsigned int bit = error_bit(finding->error);

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		const struct cause *cause = &causes[i];

		if (!(cause->families & q->row->family) || !(cause->errors & bit) || !cause->holds(q))
			continue;
		finding->state = cause->state;
		finding->cause = sbp_expand(q, cause->cause);
		finding->remedy = sbp_expand(q, cause->remedy);
		return;
	}
}

static void explain_unasked(const struct sbp_question *q, struct sbp_finding *finding)
{
	size_t i = 0;

	while (!hindrances[i].holds(q)) /* the last row's always does */
		i++;
	finding->state = SBP_UNKNOWN;
	finding->cause = sbp_expand(q, hindrances[i].cause);
	finding->remedy = sbp_expand(q, hindrances[i].remedy);
}

static void explain(struct sbp_probe *p, enum sbp_feature feature, enum sbp_way way)
{
	struct sbp_finding *finding = &p->area->answers[feature].way[way];
	const struct sbp_question q = { p, feature, way, &sbp_rows[feature], finding };

	if (finding->verdict == SBP_YES)
		finding->state = SBP_AVAILABLE;
	else if (finding->verdict != SBP_NO)
		explain_unasked(&q, finding);
	else if (!finding->cause)
		explain_no(&q, finding);
}

/* Through a user namespace everything falls with the user namespace, for its reason. */
static void inherit_from_user_ns(struct sbp_probe *p, enum sbp_feature feature)
{
	const struct sbp_finding *parent =
		&p->area->answers[SBP_FEATURE_USER_NS].way[SBP_THROUGH_USER_NS];
	struct sbp_finding *finding = &p->area->answers[feature].way[SBP_THROUGH_USER_NS];

	if (parent->verdict != SBP_NO || finding->verdict != SBP_NO || finding->call != parent->call)
		return;
	finding->state = parent->state;
	finding->cause = parent->cause;
	finding->remedy = parent->remedy;
}

static bool only_through_user_ns(enum sbp_feature feature)
{
	return feature == SBP_FEATURE_USER_NS || feature == SBP_FEATURE_USER_NS_NESTED_CAPS ||
	       feature == SBP_FEATURE_CHROOT_IN_USER_NS;
}

/*
 * Which of two ways' answers is the feature's: a yes; else that the kernel lacks it, which no other
 * way mends; else the way that may be open to all, unless it is a user namespace that is lacking.
 */
static const struct sbp_finding *better(const struct sbp_answer *answer, enum sbp_feature feature)
{
	const struct sbp_finding *through = &answer->way[SBP_THROUGH_USER_NS];
	const struct sbp_finding *directly = &answer->way[SBP_DIRECTLY];

	if (only_through_user_ns(feature))
		return through;
	if (sbp_rows[feature].family != SBP_FAMILY_NAMESPACE)
		return directly;
	if (through->state == SBP_AVAILABLE)
		return through;
	if (directly->state == SBP_AVAILABLE || directly->state == SBP_ABSENT)
		return directly;
	if (through->state == SBP_ABSENT && directly->state == SBP_BLOCKED)
		return directly;
	return through;
}

void sbp_diagnose(struct sbp_probe *p)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		struct sbp_answer *answer = &p->area->answers[f];
		const struct sbp_finding *finding;

		for (int way = 0; way < SBP_WAYS; way++)
			explain(p, f, way);
		if (sbp_rows[f].family == SBP_FAMILY_NAMESPACE && f != SBP_FEATURE_USER_NS)
			inherit_from_user_ns(p, f);
		finding = better(answer, f);
		answer->state = finding->state;
		answer->cause = finding->cause;
		answer->remedy = finding->remedy;
	}
}

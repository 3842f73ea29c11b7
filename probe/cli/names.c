// SPDX-License-Identifier: MIT
/*
 * Names that nobody knows, and the one that was probably meant.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* --- Distance ------------------------------------------------------------------------------ */

enum { NAME_LIMIT = 63 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, drop, change or swap with their neighbour to make b of a. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_LIMIT + 1], *before = rows[0], *last = rows[1], *now = rows[2];
	size_t length = strlen(b);

	for (size_t k = 0; k <= length; k++)
		last[k] = k;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t k = 1; k <= length; k++) {
			now[k] = least(last[k - 1] + (a[i - 1] != b[k - 1]),
				       least(last[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				now[k] = least(now[k], before[k - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[length];
}

void nearest_begin(struct nearest *nearest, const char *wanted)
{
	*nearest = (struct nearest){ .wanted = wanted, .distance = (size_t)-1 };
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t wanted = strlen(nearest->wanted), length = strlen(candidate), distance;

	if (!wanted || wanted > NAME_LIMIT || length > NAME_LIMIT)
		return;
	/* A name that was only begun is near, however long the rest. */
	if (!strncmp(candidate, nearest->wanted, wanted))
		distance = 1;
	else
		distance = edit_distance(nearest->wanted, candidate);
	if (distance >= nearest->distance || distance > 1 + length / 3)
		return;
	nearest->distance = distance;
	snprintf(nearest->best, sizeof(nearest->best), "%s", candidate);
}

const char *nearest_advice(struct nearest *nearest)
{
	if (nearest->distance != (size_t)-1)
		snprintf(nearest->advice, sizeof(nearest->advice), "; did you mean \"%s\"?",
			 nearest->best);
	return nearest->advice;
}

/* --- Features and states ------------------------------------------------------------------- */

static void offer_features(struct nearest *nearest)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		nearest_offer(nearest, sbp_feature_name(f));
}

static bool is_state(const char *word)
{
	for (int state = 0; sbp_state_name(state); state++)
		if (!strcmp(sbp_state_name(state), word))
			return true;
	return false;
}

enum sbp_feature feature_or_complain(const char *name)
{
	enum sbp_feature feature = sbp_feature_by_name(name);
	struct nearest nearest;

	if (feature)
		return feature;
	nearest_begin(&nearest, name);
	offer_features(&nearest);
	complain("unknown feature \"%s\"%s (--list names all)", name, nearest_advice(&nearest));
	return 0;
}

/* True when it complained of this NAME=STATE. */
static bool complain_of_assumption(char *word)
{
	struct nearest nearest;
	char *state = strchr(word, '=');

	if (state)
		*state++ = '\0';
	if (!sbp_feature_by_name(word)) {
		nearest_begin(&nearest, word);
		offer_features(&nearest);
		complain("SANDBOX_PROBE_ASSUME: unknown feature \"%s\"%s (--list names all)", word,
			 nearest_advice(&nearest));
	} else if (!state) {
		complain("SANDBOX_PROBE_ASSUME: \"%s\" has no state: write %s=available", word, word);
	} else if (!is_state(state)) {
		nearest_begin(&nearest, state);
		for (int i = 0; sbp_state_name(i); i++)
			nearest_offer(&nearest, sbp_state_name(i));
		complain("SANDBOX_PROBE_ASSUME: unknown state \"%s\" for %s%s "
			 "(available, blocked, absent, inapplicable or unknown)",
			 state, word, nearest_advice(&nearest));
	} else {
		return false;
	}
	return true;
}

void complain_of_assumptions(const char *assume)
{
	while (*assume) {
		size_t length = strcspn(assume, ",");
		char word[200];

		snprintf(word, sizeof(word), "%.*s", (int)length, assume);
		if (length && complain_of_assumption(word))
			return;
		assume += length + (assume[length] == ',');
	}
	complain("SANDBOX_PROBE_ASSUME can't be understood");
}

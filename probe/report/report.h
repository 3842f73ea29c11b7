/* SPDX-License-Identifier: MIT */
/*
 * A report: everything that the formats show, found in one walk over the features and kept as data.
 * Each format is one file with one writer over it. Uses the library through its public header only.
 */
#ifndef SBP_REPORT_H
#define SBP_REPORT_H

#include <stdint.h>

#include "output.h"
#include "sandbox-probe.h"

enum {
#define SBP_FEATURE(number, id, ...) +1
	REPORT_FEATURES = 0
#include "features.def"
#undef SBP_FEATURE
};

/* Sets of features, a bit for each number. */
typedef uint64_t feature_set;
#define FEATURE_BIT(feature) (UINT64_C(1) << (feature))

struct report_row {
	enum sbp_feature feature;
	const char *name, *group, *state;
	const char *cause, *remedy; /* NULL where available */
	bool overridden;
	bool two_ways; /* a namespace that can be had directly or through a user namespace: */
	const char *directly, *through_user_ns;
};

enum { REPORT_NOTES = 8 };

struct report {
	const struct sbp_probe *probe;
	struct report_row rows[REPORT_FEATURES];
	size_t row_count;
	/* What this version can carry out, and what the kernel would allow. Both are NULL when only
	 * some features were asked: no plan can be told from a part of the answers. */
	struct sbp_plan *plan, *allowed;
	const char *notes[REPORT_NOTES]; /* sentences that the reader must not miss */
	size_t note_count;
	bool asked_as_root;
};

/* What the writer for terminals wants to know of the place where it writes. */
struct report_style {
	size_t width;
	bool colour;
};

/*
 * Fills a report from a probe that was run: the features in `shown` (0: all), with plans when
 * `asked_all`. 0 or -ENOMEM. The probe must outlive it.
 */
int report_make(struct report *report, const struct sbp_probe *probe, feature_set shown,
		bool asked_all, bool asked_as_root);
void report_free(struct report *report);

typedef void report_writer(struct output *out, const struct report *report,
			   const struct report_style *style);
report_writer report_text, report_json, report_markdown, report_prometheus, report_nfd;

/* The formats by name: the i-th, NULL behind the last. */
struct report_format {
	const char *name;
	report_writer *write;
};
const struct report_format *report_format(size_t i);

/* A fact's value, or what to say where it is not known. */
const char *report_fact(const struct report *report, const char *name, const char *otherwise);

/* Two answers that say different things; one that was not asked says nothing. */
bool report_ways_differ(const struct report_row *row);

/* An earlier row with the same cause and remedy: a reader need not be told twice. */
const struct report_row *report_said_before(const struct report *report,
					    const struct report_row *row);

/* "level 3 of 3, full: isolation clone, system calls bpf (tsync)" */
void report_plan_words(const struct sbp_plan *plan, char *words, size_t size);

/* "bpf (broadcast)", "clone" */
void report_strategy_words(const char *strategy, const char *threads, char *words, size_t size);

/* The evidence as one would read it aloud: "EPERM", "killed by signal 31", "3". */
void report_result_words(const struct sbp_evidence *evidence, char *words, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Asking the kernel: one call, made and written down. Owns the evidence and the verdicts. Everything
 * here may run in a child that shares memory with its parent: it writes to the area only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

void sbp_begin(struct sbp_probe *p, sbp_set features, const char *call)
{
	p->area->in_flight.features = features;
	p->area->in_flight.way = p->way;
	p->area->in_flight.where = p->where;
	__atomic_store_n(&p->area->in_flight.call, call, __ATOMIC_RELEASE);
}

void sbp_finish(struct sbp_probe *p)
{
	__atomic_store_n(&p->area->in_flight.call, NULL, __ATOMIC_RELEASE);
}

static void die_of(long signal)
{
	sbp_let_through_in_child((int)signal);
	sbp_kernel(SYS_kill, sbp_kernel(SYS_getpid, 0), signal);
	for (;;) /* valgrind delivers later */
		sbp_kernel(SYS_ppoll, 0, 0, 0, 0, 0);
}

bool sbp_faked(struct sbp_probe *p, const char *call, long *result)
{
	if (!p->fake)
		return false;
	if (!p->fake(p->fake_data, call, result))
		*result = 0;
	if (*result <= SBP_FAKE_KILL(1))
		die_of(SBP_FAKE_KILL(0) - *result);
	return true;
}

static struct sbp_evidence evidence_of(const struct sbp_probe *p, const char *call, long result,
				       int signal)
{
	return (struct sbp_evidence){
		.call = call,
		.result = result < 0 || signal ? -1 : result,
		.error = result < 0 && !signal ? (int)-result : 0,
		.signal = signal,
		.where = p->where,
	};
}

void sbp_note(struct sbp_probe *p, sbp_set features, const char *call, long result, int signal)
{
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		struct sbp_answer *answer = &p->area->answers[f];

		if (sbp_in(features, f) && answer->evidence_count < SBP_EVIDENCE_LIMIT)
			answer->evidence[answer->evidence_count++] =
				evidence_of(p, call, result, signal);
	}
}

void sbp_amend(struct sbp_probe *p, sbp_set features, const char *call, long result)
{
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		struct sbp_answer *answer = &p->area->answers[f];
		size_t i = answer->evidence_count;

		while (sbp_in(features, f) && i-- > 0) {
			if (answer->evidence[i].call != call)
				continue;
			answer->evidence[i] = evidence_of(p, call, result, 0);
			break;
		}
	}
}

long sbp_kernel_call(long number, const long a[6])
{
	int saved = errno;
	long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (result != -1)
		return result; /* errno was not touched, nor need its page be by a child */
	result = -errno;
	errno = saved;
	return result;
}

long sbp_ask_call(struct sbp_probe *p, sbp_set features, const char *call, long number,
		  const long a[6])
{
	long result;

	sbp_begin(p, features, call);
	if (!sbp_faked(p, call, &result))
		result = sbp_kernel_call(number, a);
	sbp_finish(p);
	sbp_note(p, features, call, result, 0);
	return result;
}

long sbp_ask_write(struct sbp_probe *p, sbp_set features, const char *path, const char *text)
{
	const char *call = sbp_text(p, "write(%s, \"%s\")", path, text);
	long result;
	int fd;

	sbp_begin(p, features, call);
	if (!sbp_faked(p, call, &result)) {
		result = sbp_kernel(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CLOEXEC);
		if (result >= 0) {
			fd = (int)result;
			result = sbp_kernel(SYS_write, fd, (long)text, (long)strlen(text));
			sbp_kernel(SYS_close, fd);
		}
	}
	sbp_finish(p);
	sbp_note(p, features, call, result, 0);
	return result;
}

static void settle(struct sbp_probe *p, sbp_set features, enum sbp_way way,
		   const struct sbp_finding *finding)
{
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(features, f))
			p->area->answers[f].way[way] = *finding;
}

void sbp_yes(struct sbp_probe *p, sbp_set features, enum sbp_way way)
{
	settle(p, features, way, &(struct sbp_finding){ .verdict = SBP_YES });
}

void sbp_no(struct sbp_probe *p, sbp_set features, enum sbp_way way, const char *call, long result)
{
	settle(p, features, way,
	       &(struct sbp_finding){
		       .verdict = SBP_NO, .call = call, .error = result < 0 ? (int)-result : 0 });
}

void sbp_no_because(struct sbp_probe *p, sbp_set features, enum sbp_state state, const char *cause,
		    const char *remedy)
{
	settle(p, features, SBP_DIRECTLY,
	       &(struct sbp_finding){
		       .verdict = SBP_NO, .state = state, .cause = cause, .remedy = remedy });
}

void sbp_could_not_ask(struct sbp_probe *p, sbp_set features, enum sbp_way way, const char *call,
		       long result)
{
	sbp_note(p, features, call, result, 0);
	settle(p, features, way,
	       &(struct sbp_finding){ .verdict = SBP_COULD_NOT_ASK,
				      .call = call,
				      .error = result < 0 ? (int)-result : 0 });
}

bool sbp_settled(const struct sbp_probe *p, enum sbp_feature feature, enum sbp_way way)
{
	return p->area->answers[feature].way[way].verdict != SBP_NOT_ASKED;
}

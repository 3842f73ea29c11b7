/* SPDX-License-Identifier: MIT */
/*
 * Keeps the asking thread on the CPU that it runs on. A child that its parent waits for would else be
 * sent to another CPU, to queue there behind other work while this one idles: on a busy machine
 * that made a probe of one millisecond take ten. Nothing depends on it; what fails is left undone.
 */
#include <string.h>

#include "probe.h"
#include "uapi.h"

void sbp_stay_on_cpu(const struct sbp_probe *p, struct sbp_cpus *before)
{
	const size_t bits = 8 * sizeof(long);
	struct sbp_cpus one = { .bytes = 0 };
	unsigned int cpu = 0;

	before->bytes = 0;
	if (p->filtered || p->fake)
		return;
	if (sbp_kernel(SYS_getcpu, (long)&cpu, 0, 0) || cpu >= 8 * sizeof(one.mask))
		return;
	before->bytes =
		sbp_kernel(SYS_sched_getaffinity, 0, sizeof(before->mask), (long)before->mask);
	one.mask[cpu / bits] = 1UL << cpu % bits;
	if (before->bytes <= 0 ||
	    sbp_kernel(SYS_sched_setaffinity, 0, sizeof(one.mask), (long)one.mask))
		before->bytes = 0;
}

void sbp_leave_cpu(const struct sbp_cpus *before)
{
	if (before->bytes > 0)
		sbp_kernel(SYS_sched_setaffinity, 0, before->bytes, (long)before->mask);
}

/* SPDX-License-Identifier: MIT */
/*
 * Questions about 32-bit ARM (EABI) processes: asked by such a process itself, or by an arm64 one.
 */
#include "probe.h"

void sbp_ask_arm(struct sbp_probe *p)
{
	sbp_no_because(p, SBP_BIT(ARM_SECCOMP_STRICT) | SBP_BIT(ARM_SECCOMP_FILTER), SBP_INAPPLICABLE,
		       "This is no ARM machine.", "Ask on an ARM machine.");
}

// SPDX-License-Identifier: MIT
/*
 * Fuzzes the language of policies (compat/policy): whatever the text, it is refused with a line's number, or
 * becomes a program that the engine takes and that says what the rules say, on every architecture.
 */
#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../backports/engine/seccomp_bpf.h"
#include "../../compat/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void must_agree(const struct sbp_rules *rules, const struct sock_fprog *program,
		       uint32_t number, const uint64_t arguments[6])
{
	struct seccomp_data call = { .nr = (int)number, .arch = sbp_arch_rows[rules->arch].audit };
	uint64_t cut[6];

	for (int i = 0; i < 6; i++)
		call.args[i] = cut[i] = sbp_arch_rows[rules->arch].wide ? arguments[i]
									: (uint32_t)arguments[i];
	must(seccomp_bpf_run(program->filter, &call) ==
	     sbp_rules_verdict(rules, call.arch, number, cut));
	call.arch ^= 1;
	must(seccomp_bpf_run(program->filter, &call) == 0x80000000U);
}

/* Every value that is compared, and its neighbours, in all arguments. */
static void must_agree_on_call(const struct sbp_rules *rules, const struct sock_fprog *program,
			       const struct sbp_call_rules *call)
{
	uint64_t arguments[6] = { 0 };
	size_t limit = rules->atom_count < 64 ? rules->atom_count : 64;

	must_agree(rules, program, call->number, arguments);
	must_agree(rules, program, call->number - 1, arguments);
	must_agree(rules, program, call->number + 1, arguments);
	for (size_t i = 0; i < limit; i++) {
		const struct sbp_atom *atom = &rules->atoms[i];

		for (int around = -1; around <= 1; around++) {
			arguments[atom->argument] = atom->value + (uint64_t)around;
			must_agree(rules, program, call->number, arguments);
			arguments[(atom->argument + 1) % 6] ^= ~atom->value;
			must_agree(rules, program, call->number, arguments);
		}
	}
}

static void compile(const uint8_t *data, size_t size, enum sbp_arch arch)
{
	char text[256];
	struct sbp_fault fault = { text, sizeof(text), 0 };
	struct sock_fprog program;
	uint16_t scratch[4096];
	struct sbp_rules rules;

	if (sbp_rules_parse((const char *)data, size, arch, &rules, &fault) != 0) {
		must(fault.error < 0 && strchr(text, ':'));
	} else if (sbp_rules_compile(&rules, &program) == 0) {
		must(seccomp_bpf_check(program.filter, program.len, scratch) == 0);
		for (size_t i = 0; i < rules.call_count && i < 64; i++)
			must_agree_on_call(&rules, &program, &rules.calls[i]);
		free(program.filter);
	}
	sbp_rules_free(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* files are read by other code; what they would bring is here at once */
	if (memmem(data, size, "@include", 8))
		return 0;
	compile(data, size, size && data[size - 1] & 1 ? SBP_X86_64 : SBP_ARM);
	return 0;
}

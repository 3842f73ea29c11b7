/* SPDX-License-Identifier: MIT */
/*
 * Names and numbers of system calls on the four architectures. Owns the table that syscalls.def makes:
 * no pointers in it, so that nothing has to be relocated when a program starts.
 */
#include <string.h>

#include "policy.h"

const struct sbp_arch_row sbp_arch_rows[SBP_ARCHES] = {
	[SBP_X86_64] = { "x86_64", 0xc000003eU, true },
	[SBP_I386] = { "i386", 0x40000003U, false },
	[SBP_ARM] = { "arm", 0x40000028U, false },
	[SBP_ARM64] = { "arm64", 0xc00000b7U, true },
};

static const struct names {
#define SBP_CALL(name, ...) char call_##name[sizeof(#name)];
#include "syscalls.def"
#undef SBP_CALL
} names = {
#define SBP_CALL(name, ...) #name,
#include "syscalls.def"
#undef SBP_CALL
};

static const struct {
	uint16_t name;
	int32_t number[SBP_ARCHES];
} rows[] = {
#define SBP_CALL(name, ...) { offsetof(struct names, call_##name), { __VA_ARGS__ } },
#include "syscalls.def"
#undef SBP_CALL
};

static const char *name_of(size_t row)
{
	return (const char *)&names + rows[row].name;
}

int sbp_call_number(enum sbp_arch arch, const char *name)
{
	size_t low = 0, high = sizeof(rows) / sizeof(*rows), middle;
	int order;

	while (low < high) {
		middle = (low + high) / 2;
		order = strcmp(name, name_of(middle));
		if (order == 0)
			return rows[middle].number[arch];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -2;
}

const char *sbp_call_name(enum sbp_arch arch, uint32_t number)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].number[arch] >= 0 && (uint32_t)rows[i].number[arch] == number)
			return name_of(i);
	return NULL;
}

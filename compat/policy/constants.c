/* SPDX-License-Identifier: MIT */
/* The constants that a policy may name. Owns the table that constants.def makes. */
#include <string.h>

#include "policy.h"

static const struct names {
#define SBP_CONSTANT(name, ...) char constant_##name[sizeof(#name)];
#include "constants.def"
#undef SBP_CONSTANT
} names = {
#define SBP_CONSTANT(name, ...) #name,
#include "constants.def"
#undef SBP_CONSTANT
};

static const struct {
	uint16_t name;
	int64_t x86, arm;
} rows[] = {
#define SBP_CONSTANT(name, ...) { offsetof(struct names, constant_##name), __VA_ARGS__ },
#include "constants.def"
#undef SBP_CONSTANT
};

bool sbp_constant(enum sbp_arch arch, const char *name, uint64_t *value)
{
	size_t low = 0, high = sizeof(rows) / sizeof(*rows), middle;
	int order;

	while (low < high) {
		middle = (low + high) / 2;
		order = strcmp(name, (const char *)&names + rows[middle].name);
		if (order == 0) {
			*value = (uint64_t)(arch == SBP_X86_64 || arch == SBP_I386
						    ? rows[middle].x86
						    : rows[middle].arm);
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

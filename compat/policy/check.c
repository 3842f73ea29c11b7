/* SPDX-License-Identifier: MIT */
/*
 * What comparisons mean: does one hold, can several hold at once, does one follow from others? Knows a
 * value by its bounds and by the bits that must be clear, which is enough for what people write.
 */
#include "policy.h"

bool sbp_atom_holds(const struct sbp_atom *atom, uint64_t value)
{
	if (atom->low)
		value = (uint32_t)value;
	switch ((enum sbp_operator)atom->op) {
	case SBP_EQ: return value == atom->value;
	case SBP_NE: return value != atom->value;
	case SBP_LT: return value < atom->value;
	case SBP_LE: return value <= atom->value;
	case SBP_GT: return value > atom->value;
	case SBP_GE: return value >= atom->value;
	case SBP_ANY_OF: return value & atom->value;
	case SBP_ONLY: return !(value & ~atom->value);
	}
	return false;
}

/* What is known of a value. */
struct known {
	uint64_t least, most, clear;
	bool never;
};

static void learn(struct known *k, const struct sbp_atom *atom)
{
	uint64_t least = 0, most = UINT64_MAX;

	switch ((enum sbp_operator)atom->op) {
	case SBP_EQ: least = most = atom->value; break;
	case SBP_LT:
		k->never |= atom->value == 0;
		most = atom->value - 1;
		break;
	case SBP_LE: most = atom->value; break;
	case SBP_GT:
		k->never |= atom->value == UINT64_MAX;
		least = atom->value + 1;
		break;
	case SBP_GE: least = atom->value; break;
	case SBP_ONLY: k->clear |= ~atom->value; break;
	case SBP_NE:
	case SBP_ANY_OF: break;
	}
	k->least = least > k->least ? least : k->least;
	k->most = most < k->most ? most : k->most;
}

/* The smallest value that is not under `least` and has none of the `clear` bits; UINT64_MAX for none. */
static uint64_t smallest(uint64_t least, uint64_t clear)
{
	uint64_t wrong, bit;
	unsigned int i;

	wrong = least & clear;
	if (!wrong)
		return least;
	/* carry over the highest wrong bit into the next one that may be set */
	for (i = 63; !(wrong >> i); i--)
		;
	for (i++; i < 64; i++) {
		bit = (uint64_t)1 << i;
		if (!(clear & bit) && !(least & bit))
			return (least & ~(2 * bit - 1)) | bit;
	}
	return UINT64_MAX;
}

static bool applies(const struct sbp_atom *atom, const struct sbp_atom *to)
{
	return atom->argument == to->argument && atom->low == to->low;
}

/* Can all atoms about the value that `about` is about hold? */
static bool value_can_be(const struct sbp_atom *atoms, size_t count, const struct sbp_atom *about,
			 bool wide)
{
	struct known k = { 0, wide && !about->low ? UINT64_MAX : UINT32_MAX, 0, false };
	bool one;
	size_t i;

	for (i = 0; i < count; i++)
		if (applies(&atoms[i], about))
			learn(&k, &atoms[i]);
	k.clear &= wide && !about->low ? UINT64_MAX : UINT32_MAX;
	k.least = smallest(k.least, k.clear);
	if (k.never || k.least > k.most || (k.least & k.clear))
		return false;
	one = k.least == k.most || smallest(k.least + 1, k.clear) > k.most || k.least == UINT64_MAX;
	for (i = 0; i < count; i++) {
		if (!applies(&atoms[i], about))
			continue;
		if (atoms[i].op == SBP_ANY_OF && !(atoms[i].value & ~k.clear))
			return false;
		if (one && !sbp_atom_holds(&atoms[i], k.least))
			return false;
	}
	return true;
}

bool sbp_atoms_can_hold(const struct sbp_atom *atoms, size_t count, bool wide)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!value_can_be(atoms, count, &atoms[i], wide))
			return false;
	return true;
}

static struct sbp_atom opposite(const struct sbp_atom *atom)
{
	static const uint8_t operators[] = {
		[SBP_EQ] = SBP_NE,	 [SBP_NE] = SBP_EQ,	  [SBP_LT] = SBP_GE,
		[SBP_GE] = SBP_LT,	 [SBP_LE] = SBP_GT,	  [SBP_GT] = SBP_LE,
		[SBP_ANY_OF] = SBP_ONLY, [SBP_ONLY] = SBP_ANY_OF,
	};
	struct sbp_atom other = *atom;

	other.op = operators[atom->op];
	if (atom->op == SBP_ANY_OF || atom->op == SBP_ONLY)
		other.value = ~atom->value;
	if (atom->low)
		other.value = (uint32_t)other.value;
	return other;
}

bool sbp_clause_follows(const struct sbp_atom *clause, size_t count, const struct sbp_atom *from,
			size_t from_count, bool wide)
{
	struct sbp_atom both[17];
	size_t i, j, n;

	if (from_count >= sizeof(both) / sizeof(*both))
		return false;
	for (i = 0; i < count; i++) {
		/* it follows when its opposite can't be true together with what it shall follow from */
		for (n = 0, j = 0; j < from_count; j++)
			if (applies(&from[j], &clause[i]))
				both[n++] = from[j];
		both[n++] = opposite(&clause[i]);
		if (sbp_atoms_can_hold(both, n, wide))
			return false;
	}
	return true;
}

// SPDX-License-Identifier: MIT
/*
 * crossed SEED: programs and calls at random, the engine against the slow opinion; for machines that an
 * emulator plays (tests/engine/freestanding builds it, without a library of tests). Ends with 0 when they agree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

enum { PROGRAMS = 20000, ROOM = 48 };

static int agrees(struct random *r, unsigned *accepted)
{
	struct sock_filter insns[ROOM];
	uint16_t scratch[ROOM];
	struct call call = { (int)random_below(r, 500), random_number(r), 0, { 0 } };
	unsigned len = random_program(r, insns, ROOM), i;
	uint32_t value, known;

	if (random_below(r, 2))
		len = mutate_program(r, insns, len, ROOM);
	if ((seccomp_bpf_check(insns, len, scratch) == 0) != slow_check(insns, len))
		return 0;
	if (!slow_check(insns, len))
		return 1;
	++*accepted;
	for (i = 0; i < 4; i++) {
		random_call(r, &call);
		if (slow_run(insns, len, &call, &value) || engine_run(insns, &call) != value)
			return 0;
		if (seccomp_bpf_constant(insns, (uint32_t)call.nr, call.arch, &known) &&
		    known != value)
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct random r = { argc > 1 ? strtoull(argv[1], NULL, 0) : 1 };
	unsigned i, accepted = 0;

	for (i = 0; i < PROGRAMS; i++)
		if (!agrees(&r, &accepted)) {
			printf("program %u\n", i);
			return 1;
		}
	printf("%u programs, %u accepted\n", i, accepted);
	return accepted < PROGRAMS / 2;
}

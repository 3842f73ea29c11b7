// SPDX-License-Identifier: MIT
/*
 * Fuzzes backports/engine/: the input is a program, and calls. What the checker accepts ends with a RET
 * within as many steps as it has instructions, reads nothing outside the call and no cell that was not
 * written, and says what a slow interpreter says; what is known of it beforehand is true of every call.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

enum { CALLS = 4, LONGEST = 4096 };

static void must(int truth)
{
	if (!truth)
		abort();
}

/* In memory of its own size: the sanitizer sees a step too far */
static void *own(const void *from, size_t size)
{
	void *copy = malloc(size);

	must(copy != NULL);
	return memcpy(copy, from, size);
}

static void runs_right(const struct sock_filter *insns, unsigned len, const struct call *call)
{
	struct call *alone = own(call, sizeof(*call));
	const struct seccomp_data *as_data = (const struct seccomp_data *)alone;
	unsigned long calls[2] = { -1ul, -1ul };
	struct seccomp_bpf_program stack[2] = { { insns, len, NULL }, { insns, len, &stack[0] } };
	const struct seccomp_bpf_program *match = NULL;
	uint32_t value, wanted, nr = (uint32_t)call->nr;
	unsigned bits = 2 * SECCOMP_BPF_BITS, bit = nr % bits;
	int allowed;

	must(slow_run(insns, len, alone, &wanted) == 0);
	must(seccomp_bpf_run(insns, as_data) == wanted);
	allowed = seccomp_bpf_constant(insns, nr, call->arch, &value);
	must(!allowed || value == wanted);
	allowed = allowed && (wanted & ACTION_FULL) == ALLOW;
	seccomp_bpf_keep_allowed(insns, call->arch, nr - bit, bits, calls);
	must(seccomp_bpf_always_allowed(calls, nr - bit, bits, nr) == allowed);

	/* twice the same program: the newest is the one that said it */
	value = seccomp_bpf_run_stack(&stack[1], as_data, &match);
	if ((int32_t)(wanted & ACTION_FULL) < ALLOW)
		must(value == wanted && match == &stack[1]);
	else
		must(value == ALLOW && match == NULL);
	free(alone);
}

/* The last 64 bytes are a call, if there are so many, the others instructions */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct random r = { size };
	struct call call = { 0 };
	struct sock_filter *insns;
	uint16_t *scratch;
	unsigned len, i;
	int accepted;

	if (size > sizeof(call)) {
		size -= sizeof(call);
		memcpy(&call, data + size, sizeof(call));
	}
	len = (unsigned)(size / sizeof(*insns));
	insns = own(data, len * sizeof(*insns));
	scratch = malloc(len * sizeof(*scratch));
	must(scratch != NULL);
	accepted = seccomp_bpf_check(insns, len, scratch);
	must(accepted == 0 || accepted < 0);
	must((accepted == 0) == slow_check(insns, len));
	must(memcmp(insns, data, len * sizeof(*insns)) == 0);
	for (i = 0; accepted == 0 && i < CALLS; i++) {
		runs_right(insns, len, &call);
		random_call(&r, &call);
	}
	free(scratch);
	free(insns);
	return 0;
}

/* Changes of instructions, beside those of bytes: few bytes that were drawn at random are a program */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	struct random r = { seed };
	struct sock_filter insns[LONGEST + 1];
	struct call call = { 0 };
	unsigned len = 0, most;

	if (room < 16 * sizeof(*insns) + sizeof(call) || random_below(&r, 4) == 0)
		return LLVMFuzzerMutate(data, size, room);
	most = (unsigned)((room - sizeof(call)) / sizeof(*insns));
	most = most > LONGEST ? LONGEST : most;
	if (size > sizeof(call)) {
		size -= sizeof(call);
		memcpy(&call, data + size, sizeof(call));
		len = (unsigned)(size / sizeof(*insns));
		len = len > most ? most : len;
		memcpy(insns, data, len * sizeof(*insns));
	}
	if (!len || random_below(&r, 20) == 0)
		len = random_program(&r, insns, most);
	else if (random_below(&r, 4))
		len = mutate_program(&r, insns, len, most);
	else
		random_call(&r, &call);
	/* what the program compares with */
	if (random_below(&r, 2))
		call.args[random_below(&r, 6)] = insns[random_below(&r, len)].k;
	if (random_below(&r, 4) == 0)
		call.nr = (int)insns[random_below(&r, len)].k;
	memcpy(data, insns, len * sizeof(*insns));
	memcpy(data + len * sizeof(*insns), &call, sizeof(call));
	return len * sizeof(*insns) + sizeof(call);
}

// SPDX-License-Identifier: MIT
/*
 * Owns how programs are made at random: jumps forward, cells written before they are read as a rule, and
 * at the end what was computed folded into an errno, where a system call can show it.
 */
#include <string.h>

#include "engine.h"

enum { TAIL = 6 }; /* instructions of the longest end */

uint32_t random_number(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z ^ z >> 31);
}

uint32_t random_below(struct random *r, uint32_t limit)
{
	return (uint32_t)((uint64_t)random_number(r) * limit >> 32);
}

static uint32_t one_of(struct random *r, const uint32_t *values, size_t count)
{
	return values[random_below(r, (uint32_t)count)];
}
#define ONE_OF(r, ...) \
	one_of(r, (const uint32_t[]){ __VA_ARGS__ }, COUNT(((const uint32_t[]){ __VA_ARGS__ })))

/* Numbers near which something happens, and any other */
static uint32_t constant(struct random *r)
{
	switch (random_below(r, 4)) {
	case 0: return random_number(r);
	case 1: return random_below(r, 70);
	case 2: return ONE_OF(r, 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0xfff, 0x10000);
	default: return (uint32_t)1 << random_below(r, 32);
	}
}

/* ERRNO tells most, so it comes most often */
static uint32_t verdict(struct random *r)
{
	switch (random_below(r, 16)) {
	case 0: return ALLOW | (random_number(r) & 0xffff);
	case 1: return ALLOW;
	case 2: return TRAP | (random_number(r) & 0xffff);
	case 3: return ONE_OF(r, LOG, TRACE, USER_NOTIF) | (random_number(r) & 0xffff);
	case 4: return random_below(r, 8) ? ERRNO : random_number(r); /* KILL_* are among these */
	case 5: return ERRNO | (random_number(r) & 0xffff);
	default: return ERRNO | random_below(r, 4096);
	}
}

static const uint16_t alu[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
				BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG };
static const uint16_t comparisons[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };

static struct sock_filter statement(unsigned code, uint32_t k)
{
	return (struct sock_filter){ (uint16_t)code, 0, 0, k };
}

static struct sock_filter computation(struct random *r)
{
	unsigned op = alu[random_below(r, COUNT(alu))];
	unsigned source = random_below(r, 2) && op != BPF_NEG ? BPF_X : BPF_K;
	uint32_t k = constant(r);

	if (op == BPF_LSH || op == BPF_RSH)
		k &= 31;
	if (op == BPF_DIV && random_below(r, 4))
		source = BPF_K; /* X is 0 so often that programs would do little else than end by it */
	if (op == BPF_DIV && !k)
		k = 3;
	return statement(BPF_ALU | op | source, k);
}

/* `left` instructions follow; `*cells` are those surely written on every way to here */
static struct sock_filter instruction(struct random *r, unsigned left, uint32_t *cells)
{
	struct sock_filter insn;
	uint32_t k;

	switch (random_below(r, 12)) {
	case 0:
	case 1:
	case 2: return statement(BPF_LD | BPF_W | BPF_ABS, 4 * random_below(r, 16));
	case 3: return statement(ONE_OF(r, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM), constant(r));
	case 4: return statement(ONE_OF(r, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA), constant(r));
	case 5:
		return statement(ONE_OF(r, BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN),
				 constant(r));
	case 6:
		k = random_below(r, BPF_MEMWORDS);
		*cells |= 1u << k;
		return statement(ONE_OF(r, BPF_ST, BPF_STX), k);
	case 7:
		/* now and then one that may not be written */
		for (k = random_below(r, BPF_MEMWORDS); *cells && !(*cells >> k & 1);)
			k = (k + 1) % BPF_MEMWORDS;
		if (!*cells && random_below(r, 50))
			break;
		return statement(ONE_OF(r, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM), k);
	case 8:
	case 9:
		if (left < 2)
			break;
		insn = statement(BPF_JMP | comparisons[random_below(r, COUNT(comparisons))] |
					 (random_below(r, 3) ? BPF_K : BPF_X),
				 constant(r));
		insn.jt = (uint8_t)random_below(r, left < 12 ? left : 12);
		insn.jf = (uint8_t)random_below(r, left < 12 ? left : 12);
		/* what is written from here on may be jumped over: a program may be refused by it, rarely */
		if (random_below(r, 10))
			*cells = 0;
		return insn;
	case 10:
		if (left < 2 || random_below(r, 3))
			break;
		if (random_below(r, 3))
			return statement(BPF_RET | BPF_K, verdict(r));
		return statement(BPF_JMP | BPF_JA, random_below(r, left < 6 ? left : 6));
	default: break;
	}
	return computation(r);
}

/* A RET that shows A: as an errno of 12 bits, or as it is */
static unsigned tail(struct random *r, struct sock_filter *insns)
{
	unsigned n = 0;

	switch (random_below(r, 32)) {
	case 0:
	case 1:
	case 2: insns[n++] = statement(BPF_RET | BPF_K, verdict(r)); break;
	case 3: insns[n++] = statement(BPF_RET | BPF_A, constant(r)); break;
	default:
		if (random_below(r, 2)) {
			insns[n++] = statement(BPF_MISC | BPF_TAX, 0);
			insns[n++] = statement(BPF_ALU | BPF_RSH | BPF_K, 1 + random_below(r, 24));
			insns[n++] = statement(BPF_ALU | BPF_XOR | BPF_X, 0);
		}
		insns[n++] = statement(BPF_ALU | BPF_AND | BPF_K, 0xfff);
		insns[n++] = statement(BPF_ALU | BPF_OR | BPF_K, ERRNO);
		insns[n++] = statement(BPF_RET | BPF_A, 0);
	}
	return n;
}

unsigned random_program(struct random *r, struct sock_filter *insns, unsigned room)
{
	struct sock_filter end[TAIL];
	unsigned length = tail(r, end), body, i;
	uint32_t cells = 0;

	body = random_below(r, random_below(r, 20) ? 24 : room - TAIL + 1);
	if (body > room - TAIL)
		body = room - TAIL;
	for (i = 0; i < body; i++)
		insns[i] = instruction(r, body - i - 1 + length, &cells);
	memcpy(insns + body, end, length * sizeof(*insns));
	return body + length;
}

static uint32_t nearby(struct random *r, uint32_t k)
{
	switch (random_below(r, 5)) {
	case 0: return k + 1;
	case 1: return k - 1;
	case 2: return k ^ (uint32_t)1 << random_below(r, 32);
	case 3: return random_below(r, 70);
	default: return constant(r);
	}
}

static unsigned mutate_once(struct random *r, struct sock_filter *insns, unsigned len, unsigned room)
{
	unsigned at = random_below(r, len);
	struct sock_filter *insn = &insns[at];
	uint32_t cells = 0xffff;

	switch (random_below(r, 10)) {
	case 0: insn->code ^= (uint16_t)(1u << random_below(r, 16)); break;
	case 1: insn->code = (uint16_t)random_below(r, 256); break;
	case 2: insn->jt = (uint8_t)nearby(r, insn->jt); break;
	case 3: insn->jf = (uint8_t)nearby(r, insn->jf); break;
	case 4: insn->jt = (uint8_t)(len - at - 1 + random_below(r, 3) - 1); break;
	case 5: insn->k = len - at - 1 + random_below(r, 3) - 1; break;
	case 6: /* without it */
		if (len == 1)
			break;
		memmove(insn, insn + 1, (len - at - 1) * sizeof(*insn));
		len--;
		break;
	case 7: /* one more */
		if (len == room)
			break;
		memmove(insn + 1, insn, (len - at) * sizeof(*insn));
		*insn = instruction(r, len - at, &cells);
		len++;
		break;
	default: insn->k = nearby(r, insn->k); break;
	}
	return len;
}

unsigned mutate_program(struct random *r, struct sock_filter *insns, unsigned len, unsigned room)
{
	unsigned times = 1 + (random_below(r, 4) == 0) * random_below(r, 4);

	while (times--)
		len = mutate_once(r, insns, len, room);
	return len;
}

void random_call(struct random *r, struct call *call)
{
	unsigned i;

	call->ip = (uint64_t)constant(r) << 32 | constant(r);
	for (i = 0; i < COUNT(call->args); i++)
		call->args[i] = (uint64_t)constant(r) << 32 | constant(r);
}

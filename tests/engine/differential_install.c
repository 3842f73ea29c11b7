// SPDX-License-Identifier: MIT
/*
 * Owns what is asked of the kernel about installing: in a process with room for no more filters an accepted
 * program is ENOMEM and a refused one EINVAL, so that thousands can be asked about without one of them
 * running; and how many programs fit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential.h"

/* What is seen is in memory that survives whoever saw it */
static struct shared {
	unsigned long programs, accepted, differ;
	int kernel, engine;
	struct program program;
} * shared;

int share_memory(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared != MAP_FAILED;
}

/* Until nothing fits any more. Calls stay quick: the kernel has them in its bitmap, or asks a few. */
static void fill_up(void)
{
	static struct program p;
	unsigned len;

	for (len = LONGEST; len; len /= 2)
		do
			fill(&p, len, ALLOW);
		while (install(&p) == 0);
}

/* 1 when both say the same. Only in a process that is filled up. */
static int same_verdict(const struct program *p)
{
	int kernel, engine = engine_accepts(p), times = 0;

	do
		kernel = install(p);
	while (!engine && may_be_short_of_memory(kernel, &times));
	shared->programs++;
	shared->accepted += (unsigned long)engine;
	if ((kernel == -ENOMEM || kernel == -EINVAL) && (kernel == -ENOMEM) == engine)
		return 1;
	shared->differ++;
	shared->kernel = kernel;
	shared->engine = engine;
	shared->program = *p;
	return 0;
}

/* One at a time: every opcode with the numbers that may matter, alone and after a write to each cell */
void every_opcode(void)
{
	static const uint32_t ks[] = { 0,  1,  2,    3,		 4,	     8,	     15,
				       16, 30, 31,   32,	 33,	     60,     61,
				       63, 64, 4095, 0x7fffffff, 0x80000000, -4096u, -1u };
	static struct program p;
	unsigned code, i, cell, jump;

	for (code = 0; code < 0x10000; code++)
		for (i = 0; i < (code < 0x100 ? COUNT(ks) : 1); i++)
			for (jump = 0; jump < (code < 0x100 ? 3 : 1); jump++) {
				fill(&p, 3, ALLOW);
				p.insns[1] = (struct sock_filter)JUMP((uint16_t)code, ks[i],
								      jump & 1, jump >> 1);
				if (!same_verdict(&p))
					return;
			}
	for (cell = 0; cell < 18; cell++)
		for (i = 0; i < 18; i++) {
			fill(&p, 3, ALLOW);
			p.insns[0] = (struct sock_filter)STMT(cell & 1 ? BPF_ST : BPF_STX, cell);
			p.insns[1] =
				(struct sock_filter)STMT((i & 1 ? BPF_LD : BPF_LDX) | BPF_MEM, i);
			if (!same_verdict(&p))
				return;
		}
	for (i = 0; i < 3; i++) { /* lengths, and jumps as long */
		fill(&p, i == 2 ? LONGEST : i, ALLOW);
		if (!same_verdict(&p))
			return;
	}
	for (i = LONGEST - 3; i < LONGEST + 2; i++) {
		fill(&p, LONGEST, ALLOW);
		p.insns[0] = (struct sock_filter)STMT(BPF_JMP | BPF_JA, i);
		if (!same_verdict(&p))
			return;
	}
	fill(&p, LONGEST + 1, ALLOW);
	same_verdict(&p);
}

void random_verdicts(void)
{
	static struct program p;
	unsigned room;

	do {
		room = random_below(&randomness, 200) ? 48 : LONGEST;
		p.len = random_program(&randomness, p.insns, room);
		if (random_below(&randomness, 4))
			p.len = mutate_program(&randomness, p.insns, p.len, room);
		if (!same_verdict(&p))
			return;
	} while (now() < deadline);
}

/* Runs `ask` in a process that is filled up */
int verdicts(const char *what, void (*ask)(void))
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fill_up();
		ask();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (shared->differ) {
		printf("# installing: kernel %d, engine %s\n", shared->kernel,
		       shared->engine ? "accepts" : "refuses");
		print_program(&shared->program);
	}
	if (status)
		printf("# the process that asked ended with status %#x\n", status);
	return result(!shared->differ && !status && shared->programs,
		      "%s: the same verdict on %lu programs, %lu accepted", what, shared->programs,
		      shared->accepted);
}

/* --- how many programs fit */

/* By the engine's count, each of them `len` long */
static unsigned engine_fits(unsigned len)
{
	static struct seccomp_bpf_program programs[8000];
	unsigned n = 0;

	while (n < COUNT(programs) && !seccomp_bpf_fits(n ? &programs[n - 1] : NULL, len)) {
		programs[n] = (struct seccomp_bpf_program){ NULL, len, n ? &programs[n - 1] : NULL };
		n++;
	}
	return n;
}

/* RET K: one instruction, two where it is translated, after three that set A, X and the data up */
int length_of_stack(unsigned len)
{
	static struct program p;
	unsigned count, written = engine_fits(len), translated = engine_fits(3 + 2 * len);
	int times = 0;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fill(&p, len, ALLOW);
		do
			while ((shared->kernel = install(&p)) == 0)
				shared->programs++;
		while (may_be_short_of_memory(shared->kernel, &times));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	count = (unsigned)shared->programs;
	printf("# programs of %u that fit: kernel %u; engine %u by their own length, %u by what they are translated to\n",
	       len, count, written, translated);
	return result(shared->kernel == -ENOMEM && (count == written || count == translated),
		      "length of a stack: as many programs of %u fit", len);
}

// SPDX-License-Identifier: MIT
/*
 * differential SECONDS SEED: does the engine say what the running kernel says? Of installing a program
 * (differential_install.c), of system calls made under it (differential_calls.c), of which action wins
 * (differential_actions.c). Prints TAP. This file owns the order of things and what all of them need.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "differential.h"

#ifndef PR_SET_NO_NEW_PRIVS
#define PR_SET_NO_NEW_PRIVS 38 /* 3.5 */
#endif

enum { MODE_FILTER = 2 };

struct random randomness;
double deadline;
static int number;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int result(int good, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", good ? "ok" : "not ok", ++number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return good;
}

void print_program(const struct program *p)
{
	unsigned i;

	for (i = 0; i < p->len && i < 200; i++)
		printf("# %4u: { 0x%02x, %u, %u, 0x%08x }\n", i, p->insns[i].code, p->insns[i].jt,
		       p->insns[i].jf, p->insns[i].k);
}

int install(const struct program *p)
{
	struct {
		unsigned short len;
		const struct sock_filter *insns;
	} fprog = { (unsigned short)p->len, p->insns };

	return prctl(PR_SET_SECCOMP, MODE_FILTER, &fprog) ? -errno : 0;
}

int may_be_short_of_memory(int error, int *times)
{
	if (error != -ENOMEM || ++*times > 10)
		return 0;
	usleep(50000);
	return 1;
}

int engine_accepts(const struct program *p)
{
	static uint16_t scratch[LONGEST + 1];

	return seccomp_bpf_check(p->insns, p->len, scratch) == 0;
}

void fill(struct program *p, unsigned len, uint32_t value)
{
	p->len = len;
	while (len--)
		p->insns[len] = (struct sock_filter)STMT(BPF_RET | BPF_K, value);
}

/* Why not to start, or NULL */
static const char *why_not(void)
{
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "this kernel has no no_new_privs";
	if (prctl(PR_SET_SECCOMP, MODE_FILTER, NULL) == 0)
		return "filters are not asked of a kernel here";
	error = errno;
	if (error == EFAULT)
		return NULL;
	return error == EINVAL ? "this kernel has no filters" : "filters are forbidden here";
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"every opcode",	     "random programs",
		"length of a stack", "length of a stack, longer programs",
		"order of actions",  "random calls"
	};
	double seconds = argc > 1 ? atof(argv[1]) : 10, start = now(), left;
	const char *why = why_not();
	size_t i;

	randomness.state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	printf("1..%zu\n# seed %llu\n", COUNT(names), (unsigned long long)randomness.state);
	if (why) {
		for (i = 0; i < COUNT(names); i++)
			printf("ok %zu - %s # SKIP %s\n", i + 1, names[i], why);
		return 0;
	}
	prctl(PR_SET_DUMPABLE, 0); /* those that are killed leave no core */
	if (!share_memory()) {
		printf("Bail out! no memory to share\n");
		return 1;
	}
	verdicts("every opcode", every_opcode);
	/* half of what is left for programs, half for calls */
	left = start + seconds - now();
	left = left > seconds / 2 ? left : seconds / 2; /* a slow machine takes longer altogether */
	deadline = now() + left / 2;
	verdicts("random programs", random_verdicts);
	length_of_stack(1);
	length_of_stack(100);
	order_of_actions();
	/* what the child above drew is not known here: other programs for the calls */
	randomness.state ^= 0x5bd1e995;
	deadline = now() + left / 2;
	random_calls();
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Classic BPF over struct seccomp_data: the check that a program passes before
 * it is installed, the interpreter that runs it, and what can be said of it
 * beforehand. Freestanding: this file, seccomp_bpf_alu.h and seccomp_bpf*.c are
 * the same in a kernel and in user space, and call nothing.
 *
 * Programs stay in the form in which they were handed over (struct sock_filter,
 * raw opcodes): what is run is what was installed. Nothing here allocates,
 * sleeps, locks or keeps state.
 */
#ifndef _SECCOMP_BPF_H
#define _SECCOMP_BPF_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/rcupdate.h> /* what linux/filter.h of 2.6.29 forgets */
#endif
#include <linux/filter.h>

struct seccomp_data; /* linux/seccomp.h since 3.5: 64 bytes */

/* One program of a stack. What @insns points to is checked, and stays. */
struct seccomp_bpf_program {
	const struct sock_filter *insns;
	unsigned int len;
	const struct seccomp_bpf_program *prev; /* installed before, or NULL */
};

/*
 * seccomp_bpf_check - may this program be installed?
 * @insns: the program
 * @len: its instructions
 * @scratch: room for @len numbers, which need not be set
 *
 * 0, or -EINVAL by the rules of kernels since 4.5: 1 to BPF_MAXINSNS
 * instructions, no opcode but those for seccomp, 32-bit aligned loads inside
 * the data, no constant division by 0 or shift by more than 31, jumps inside
 * the program, no memory read that could come before its write, RET at the end.
 * A program that passes ends within @len steps whatever it is run on.
 */
int seccomp_bpf_check(const struct sock_filter *insns, unsigned int len,
		      __u16 *scratch);

/*
 * seccomp_bpf_fits - may a checked program be put on this stack?
 * @newest: the stack, or NULL
 * @len: instructions of the program
 *
 * 0, or -ENOMEM when a call would have to pass more than 32768 instructions,
 * each program on the stack counted as four more. Counted as written: kernels
 * since 3.15 count the longer programs that they translate them to.
 */
int seccomp_bpf_fits(const struct seccomp_bpf_program *newest, unsigned int len);

/*
 * seccomp_bpf_run - what does a checked program say of this call?
 *
 * Returns the program's value: the action in the upper 16 bits, its data in the
 * lower. @data is aligned to 4 at least.
 */
__u32 seccomp_bpf_run(const struct sock_filter *insns,
		      const struct seccomp_data *data);

/*
 * seccomp_bpf_run_stack - what do all programs of a stack together say?
 * @newest: the stack; NULL, which should not happen, kills the process
 * @data: the call
 * @match: set to the program whose value it is; left alone when every program
 *         allows. May be NULL
 *
 * The gravest action wins, among equals the newest program's: KILL_PROCESS,
 * KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW; unknown actions at
 * the place of their number, to be treated as KILL_PROCESS when they win.
 */
__u32 seccomp_bpf_run_stack(const struct seccomp_bpf_program *newest,
			    const struct seccomp_data *data,
			    const struct seccomp_bpf_program **match);

/*
 * seccomp_bpf_constant - do number and architecture alone settle a call?
 *
 * Returns 1, with the value in *@value, when a checked program returns the same
 * for every call @nr of @arch, whatever its arguments and from wherever it is
 * made; 0 when that can't be said.
 */
int seccomp_bpf_constant(const struct sock_filter *insns, __u32 nr, __u32 arch,
			 __u32 *value);

#define SECCOMP_BPF_BITS (8 * sizeof(unsigned long))

/*
 * seccomp_bpf_keep_allowed - which calls need not be asked about?
 * @insns: a checked program
 * @arch: AUDIT_ARCH_*
 * @first: the number that bit 0 stands for
 * @count: bits in @calls
 * @calls: cleared where the program does not always allow the call
 *
 * Set all bits, then hand in every program of the stack: what is left is always
 * allowed.
 */
void seccomp_bpf_keep_allowed(const struct sock_filter *insns, __u32 arch,
			      __u32 first, unsigned int count,
			      unsigned long *calls);

/* What seccomp_bpf_keep_allowed() left, looked up for each call */
static inline int seccomp_bpf_always_allowed(const unsigned long *calls,
					     __u32 first, unsigned int count,
					     __u32 nr)
{
	const __u32 bit = nr - first;

	return bit < count &&
	       (calls[bit / SECCOMP_BPF_BITS] >> bit % SECCOMP_BPF_BITS & 1);
}

#endif

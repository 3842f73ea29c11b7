/* SPDX-License-Identifier: MIT */
/*
 * A stopped task's system call, read and changed by its tracer: the number, an argument, the result.
 * Every function returns 0 or a negative errno.
 */
#ifndef TESTS_KERNEL_REGISTERS_H
#define TESTS_KERNEL_REGISTERS_H

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

#if defined(__x86_64__) || defined(__i386__)

typedef struct user_regs_struct registers;

static inline int get_registers(pid_t pid, registers *r)
{
	return ptrace(PTRACE_GETREGS, pid, NULL, r) ? -errno : 0;
}

static inline int set_registers(pid_t pid, const registers *r)
{
	return ptrace(PTRACE_SETREGS, pid, NULL, r) ? -errno : 0;
}

#ifdef __x86_64__
#define REGISTER_NR	orig_rax
#define REGISTER_RESULT rax
#define REGISTER_ARG0	rdi
#define REGISTER_ARG4	r8
#define REGISTER_ARG5	r9
#else
#define REGISTER_NR	orig_eax
#define REGISTER_RESULT eax
#define REGISTER_ARG0	ebx
#define REGISTER_ARG4	edi
#define REGISTER_ARG5	ebp
#endif
#define GET_NR(pid, r)	   ((long)(r)->REGISTER_NR)
#define PUT_NR(pid, r, nr) ((r)->REGISTER_NR = (unsigned long)(nr), 0)
#define PUT_RESULT(r, v)   ((r)->REGISTER_RESULT = (unsigned long)(v))
#define GET_RESULT(r)	   ((long)(r)->REGISTER_RESULT)
#define PUT_ARG0(r, v)	   ((r)->REGISTER_ARG0 = (unsigned long)(v))
#define PUT_ARG4(r, v)	   ((r)->REGISTER_ARG4 = (unsigned long)(v))
#define PUT_ARG5(r, v)	   ((r)->REGISTER_ARG5 = (unsigned long)(v))

#elif defined(__arm__)

#ifndef PTRACE_SET_SYSCALL
#define PTRACE_SET_SYSCALL 23
#endif
typedef struct {
	unsigned long reg[18];
} registers;

static inline int get_registers(pid_t pid, registers *r)
{
	return ptrace(PTRACE_GETREGS, pid, NULL, r) ? -errno : 0;
}

static inline int set_registers(pid_t pid, const registers *r)
{
	return ptrace(PTRACE_SETREGS, pid, NULL, r) ? -errno : 0;
}

#define GET_NR(pid, r) ((long)(r)->reg[7])
#define PUT_NR(pid, r, nr) \
	ptrace((enum __ptrace_request)PTRACE_SET_SYSCALL, pid, NULL, (void *)(long)(nr))
#define PUT_RESULT(r, v) ((r)->reg[0] = (unsigned long)(v))
#define GET_RESULT(r)	 ((long)(r)->reg[0])
#define PUT_ARG0(r, v)	 ((r)->reg[0] = (unsigned long)(v))
#define PUT_ARG4(r, v)	 ((r)->reg[4] = (unsigned long)(v))
#define PUT_ARG5(r, v)	 ((r)->reg[5] = (unsigned long)(v))

#elif defined(__aarch64__)

typedef struct user_regs_struct registers;

static inline int get_registers(pid_t pid, registers *r)
{
	struct iovec io = { r, sizeof(*r) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) ? -errno : 0;
}

static inline int set_registers(pid_t pid, const registers *r)
{
	struct iovec io = { (void *)r, sizeof(*r) };

	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io) ? -errno : 0;
}

static inline long put_nr(pid_t pid, int nr)
{
	struct iovec io = { &nr, sizeof(nr) };

	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

#define GET_NR(pid, r)	   ((long)(r)->regs[8])
#define PUT_NR(pid, r, nr) put_nr(pid, nr)
#define PUT_RESULT(r, v)   ((r)->regs[0] = (unsigned long)(v))
#define GET_RESULT(r)	   ((long)(r)->regs[0])
#define PUT_ARG0(r, v)	   ((r)->regs[0] = (unsigned long)(v))
#define PUT_ARG4(r, v)	   ((r)->regs[4] = (unsigned long)(v))
#define PUT_ARG5(r, v)	   ((r)->regs[5] = (unsigned long)(v))

#endif

static inline long call_number(pid_t pid)
{
	registers r;
	int error = get_registers(pid, &r);

	return error ? error : GET_NR(pid, &r);
}

static inline long call_result(pid_t pid)
{
	registers r;
	int error = get_registers(pid, &r);

	return error ? error : GET_RESULT(&r);
}

static inline int change_number(pid_t pid, long nr)
{
	registers r;
	int error = get_registers(pid, &r);

	if (error)
		return error;
	error = set_registers(pid, &r);
	/* behind the registers: on ARM the number is not among them */
	if (PUT_NR(pid, &r, nr))
		return -errno;
#if defined(__x86_64__) || defined(__i386__)
	error = set_registers(pid, &r);
#endif
	return error;
}

static inline int change_argument(pid_t pid, long value)
{
	registers r;
	int error = get_registers(pid, &r);

	if (error)
		return error;
	PUT_ARG0(&r, value);
	return set_registers(pid, &r);
}

/* No call is made, and this is its result */
static inline int skip_call(pid_t pid, long result)
{
	registers r;
	int error = get_registers(pid, &r);

	if (error)
		return error;
	PUT_RESULT(&r, result);
	error = set_registers(pid, &r);
	return error ? error : change_number(pid, -1);
}

#endif

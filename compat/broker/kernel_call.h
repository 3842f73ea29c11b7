/* SPDX-License-Identifier: MIT */
/*
 * A system call without libc: no errno, no cancellation, no symbol that a program could replace. i386
 * loses a sixth argument, which would stand in ebp: the one call here that has six is made otherwise there.
 */
#ifndef SBP_BROKER_KERNEL_CALL_H
#define SBP_BROKER_KERNEL_CALL_H

#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long kernel_call_in_handler(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__i386__)
static inline long kernel_call_in_handler(long number, long a, long b, long c, long d, long e, long f)
{
	long result;

	(void)f;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long kernel_call_in_handler(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e,
			 x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#elif defined(__arm__)
/* r7 may be the frame pointer of Thumb code, so it is put back by hand. */
static inline long kernel_call_in_handler(long number, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d, r4 __asm__("r4") = e, r5 __asm__("r5") = f;
	long saved;

	__asm__ volatile("mov %[saved], r7\n\tmov r7, %[number]\n\tsvc 0\n\tmov r7, %[saved]"
			 : "+r"(r0), [saved] "=&r"(saved)
			 : [number] "r"(number), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory", "cc");
	return r0;
}
#endif

#define KERNEL_CALL_PICK(n, a, b, c, d, e, f, ...)                                         \
	kernel_call_in_handler((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
			       (long)(f))
#define kernel_call(...) KERNEL_CALL_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

#endif

/* SPDX-License-Identifier: MIT */
/* A program of three instructions, without any libc: what is left is the exec. */
void _start(void);
void _start(void)
{
#if defined(__x86_64__)
	__asm__ volatile("syscall" : : "a"(231 /* exit_group */), "D"(0));
#elif defined(__i386__)
	__asm__ volatile("int $0x80" : : "a"(252), "b"(0));
#elif defined(__aarch64__)
	register long zero __asm__("x0") = 0, number __asm__("x8") = 94;
	__asm__ volatile("svc 0" : : "r"(zero), "r"(number));
#elif defined(__arm__)
	register long zero __asm__("r0") = 0, number __asm__("r7") = 248;
	__asm__ volatile("svc 0" : : "r"(zero), "r"(number));
#endif
	for (;;)
		;
}

/* SPDX-License-Identifier: MIT */
/*
 * What differs from machine to machine in a program without libc: the first instructions, relocations of
 * its own, mapping, and where a signal's frame has the registers of a trapped call.
 */
#ifndef SBP_LOADER_MACHINE_H
#define SBP_LOADER_MACHINE_H

#include <elf.h>
#include <stdint.h>
#include <ucontext.h>

#include "../broker/kernel_call.h"

/*
 * START: calls loader_main(stack) on an aligned stack and jumps to what it returns, with the stack as it came
 * and all other registers zero, as the kernel would have done: ARM's ld.so of glibc 2.36 relies on it.
 * RESTORE: returns from a signal, where that is not the kernel's part.
 */
#if defined(__x86_64__)
#define START                                                                         \
	"_start: xor %ebp, %ebp\n mov %rsp, %rbx\n mov %rsp, %rdi\n and $-16, %rsp\n" \
	"call loader_main\n mov %rbx, %rsp\n mov %rax, %r11\n xor %eax, %eax\n"       \
	"xor %ebx, %ebx\n xor %ecx, %ecx\n xor %edx, %edx\n xor %esi, %esi\n"         \
	"xor %edi, %edi\n xor %r8d, %r8d\n xor %r9d, %r9d\n xor %r10d, %r10d\n"       \
	"xor %r12d, %r12d\n xor %r13d, %r13d\n xor %r14d, %r14d\n xor %r15d, %r15d\n" \
	"jmp *%r11\n"
#define RESTORE	   "restore: mov $15, %eax\n syscall\n"
#define RELATIVE   R_X86_64_RELATIVE
#define HAS_ADDEND 1
#elif defined(__i386__)
#define START                                                                                    \
	"_start: xor %ebp, %ebp\n mov %esp, %ebx\n and $-16, %esp\n sub $12, %esp\n push %ebx\n" \
	"call loader_main\n mov %ebx, %esp\n xor %ebx, %ebx\n xor %ecx, %ecx\n"                  \
	"xor %edx, %edx\n xor %esi, %esi\n xor %edi, %edi\n jmp *%eax\n"
#define RESTORE	   "restore: mov $173, %eax\n int $0x80\n"
#define RELATIVE   R_386_RELATIVE
#define HAS_ADDEND 0
#elif defined(__arm__)
#define START                                                                    \
	".arm\n_start: mov r4, sp\n mov r0, sp\n bic r1, r0, #15\n mov sp, r1\n" \
	"bl loader_main\n mov ip, r0\n mov sp, r4\n mov r0, #0\n mov r1, #0\n"   \
	"mov r2, #0\n mov r3, #0\n mov r4, #0\n mov r5, #0\n mov r6, #0\n"       \
	"mov r7, #0\n mov r8, #0\n mov r9, #0\n mov r10, #0\n mov r11, #0\n"     \
	"mov lr, #0\n bx ip\n"
#define RESTORE	   "restore: mov r7, #173\n svc 0\n"
#define RELATIVE   R_ARM_RELATIVE
#define HAS_ADDEND 0
#elif defined(__aarch64__)
#define START                                                                    \
	"_start: mov x29, #0\n mov x30, #0\n mov x19, sp\n mov x0, sp\n"         \
	"bl loader_main\n mov x16, x0\n mov sp, x19\n mov x0, #0\n mov x1, #0\n" \
	"mov x2, #0\n mov x3, #0\n mov x4, #0\n mov x5, #0\n mov x6, #0\n"       \
	"mov x7, #0\n mov x8, #0\n mov x19, #0\n mov x29, #0\n mov x30, #0\n"    \
	"br x16\n"
#define RESTORE	   "restore: mov x8, #139\n svc 0\n"
#define RELATIVE   R_AARCH64_RELATIVE
#define HAS_ADDEND 1
#endif

#if HAS_ADDEND
typedef Elf64_Rela relocation;
typedef Elf64_Dyn dynamic;
#define KIND(info)	 ELF64_R_TYPE(info)
#define RELOCATIONS	 DT_RELA
#define RELOCATIONS_SIZE DT_RELASZ
#else
typedef Elf32_Rel relocation;
typedef Elf32_Dyn dynamic;
#define KIND(info)	 ELF32_R_TYPE(info)
#define RELOCATIONS	 DT_REL
#define RELOCATIONS_SIZE DT_RELSZ
#endif

/* --- Mapping: six arguments ----------------------------------------------------------------- */

#if defined(__x86_64__)
static inline long map(uintptr_t at, uintptr_t size, int protection, int flags, int fd,
		       uint64_t offset)
{
	register long r10 __asm__("r10") = flags, r8 __asm__("r8") = fd;
	register uint64_t r9 __asm__("r9") = offset;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_mmap), "D"(at), "S"(size), "d"((long)protection), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__i386__)
/* The sixth stands in ebp, which the compiler may have its own use for: two come by a block. */
static inline long map(uintptr_t at, uintptr_t size, int protection, int flags, int fd,
		       uint64_t offset)
{
	const uintptr_t block[2] = { at, (uintptr_t)(offset >> 12) };
	uintptr_t pointer = (uintptr_t)block;
	long result;

	__asm__ volatile("push %%ebp\n\tmov 4(%%ebx), %%ebp\n\tmov (%%ebx), %%ebx\n\t"
			 "int $0x80\n\tpop %%ebp"
			 : "=a"(result), "+b"(pointer)
			 : "a"(SYS_mmap2), "c"(size), "d"(protection), "S"(flags), "D"(fd)
			 : "memory");
	return result;
}
#elif defined(__arm__)
static inline long map(uintptr_t at, uintptr_t size, int protection, int flags, int fd,
		       uint64_t offset)
{
	register long r0 __asm__("r0") = (long)at, r1 __asm__("r1") = (long)size;
	register long r2 __asm__("r2") = protection, r3 __asm__("r3") = flags;
	register long r4 __asm__("r4") = fd, r5 __asm__("r5") = (long)(offset >> 12);
	long saved;

	__asm__ volatile("mov %[saved], r7\n\tmov r7, %[number]\n\tsvc 0\n\tmov r7, %[saved]"
			 : "+r"(r0), [saved] "=&r"(saved)
			 : [number] "r"(SYS_mmap2), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory", "cc");
	return r0;
}
#elif defined(__aarch64__)
static inline long map(uintptr_t at, uintptr_t size, int protection, int flags, int fd,
		       uint64_t offset)
{
	register long x8 __asm__("x8") = SYS_mmap, x0 __asm__("x0") = (long)at;
	register long x1 __asm__("x1") = (long)size, x2 __asm__("x2") = protection;
	register long x3 __asm__("x3") = flags, x4 __asm__("x4") = fd,
			 x5 __asm__("x5") = (long)offset;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#endif

/* --- A trapped call in a signal's frame ------------------------------------------------------ */

/* REPEAT: when the handler returns, the call is made again. */
#if defined(__x86_64__)
static const int argument_registers[6] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9 };
#define ARGUMENT(m, i) ((unsigned long)(m)->gregs[argument_registers[i]])
#define RESULT(m)      ((m)->gregs[REG_RAX])
#define REPEAT(m)      ((m)->gregs[REG_RIP] -= 2)
#elif defined(__i386__)
static const int argument_registers[6] = { REG_EBX, REG_ECX, REG_EDX, REG_ESI, REG_EDI, REG_EBP };
#define ARGUMENT(m, i) ((unsigned long)(m)->gregs[argument_registers[i]])
#define RESULT(m)      ((m)->gregs[REG_EAX])
#define REPEAT(m)      ((m)->gregs[REG_EIP] -= 2)
#elif defined(__arm__)
#define ARGUMENT(m, i) ((&(m)->arm_r0)[i])
#define RESULT(m)      ((m)->arm_r0)
#define REPEAT(m)      ((m)->arm_pc -= (m)->arm_cpsr & 0x20 /* Thumb */ ? 2 : 4)
#elif defined(__aarch64__)
#define ARGUMENT(m, i) ((unsigned long)(m)->regs[i])
#define RESULT(m)      ((m)->regs[0])
#define REPEAT(m)      ((m)->pc -= 4)
#endif

#endif

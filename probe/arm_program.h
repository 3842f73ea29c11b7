/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit ARM (EABI) program in machine code, by which an arm64 process asks its kernel about such
 * processes. Started with one more argument it enters mode 1 and then does what that forbids;
 * without, it installs a filter that denies getppid() and calls it. Exit status: 0 all was denied,
 * 200 it was not, else the errno of what failed.
 */
#ifndef SBP_ARM_PROGRAM_H
#define SBP_ARM_PROGRAM_H

#include <elf.h>
#include <stdint.h>

enum { ARM_PROGRAM_BASE = 0x10000, ARM_PROGRAM_NOT_DENIED = 200 };

/* clang-format off */
static const uint32_t arm_code[] = {
	0xe59d4000, /* ldr r4, [sp]		argc */
	0xe3a070ac, /* mov r7, #172		__NR_prctl */
	0xe3540002, /* cmp r4, #2 */
	0x0a000011, /* beq strict */
	0xe3a00026, /* mov r0, #38		PR_SET_NO_NEW_PRIVS */
	0xe3a01001, /* mov r1, #1 */
	0xe3a02000, /* mov r2, #0 */
	0xe3a03000, /* mov r3, #0 */
	0xe3a04000, /* mov r4, #0 */
	0xef000000, /* svc 0 */
	0xe3a00016, /* mov r0, #22		PR_SET_SECCOMP */
	0xe3a01002, /* mov r1, #2		SECCOMP_MODE_FILTER */
	0xe28f2050, /* adr r2, program */
	0xef000000, /* svc 0 */
	0xe3500000, /* cmp r0, #0 */
	0x1a00000e, /* bne failed */
	0xe3a07040, /* mov r7, #64		__NR_getppid */
	0xef000000, /* svc 0 */
	0xe3700042, /* cmn r0, #66		-EREMOTE? */
	0x03a00000, /* moveq r0, #0 */
	0x13a000c8, /* movne r0, #200 */
	0xea000009, /* b leave */
	0xe3a00016, /* strict: mov r0, #22	PR_SET_SECCOMP */
	0xe3a01001, /* mov r1, #1		SECCOMP_MODE_STRICT */
	0xef000000, /* svc 0 */
	0xe3500000, /* cmp r0, #0 */
	0x1a000003, /* bne failed */
	0xe3a07014, /* mov r7, #20		__NR_getpid */
	0xef000000, /* svc 0			killed here */
	0xe3a000c8, /* mov r0, #200 */
	0xea000000, /* b leave */
	0xe2600000, /* failed: rsb r0, r0, #0 */
	0xe3a07001, /* leave: mov r7, #1	__NR_exit */
	0xef000000, /* svc 0 */
	0x00000004, /* program: struct sock_fprog, 4 instructions at 0x100e4 */
	0x000100e4,
	0x00000020, 0x00000000, /* ld [0]	the call's number */
	0x01000015, 0x00000040, /* jeq #64, 0, 1 */
	0x00000006, 0x00050042, /* ret ERRNO | EREMOTE */
	0x00000006, 0x7fff0000, /* ret ALLOW */
};
/* clang-format on */

static const struct {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
} arm_headers = {
	.header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_ARM,
		.e_version = EV_CURRENT,
		.e_entry = ARM_PROGRAM_BASE + sizeof(arm_headers),
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_flags = 0x05000000, /* EABI version 5 */
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	},
	.segment = {
		.p_type = PT_LOAD,
		.p_vaddr = ARM_PROGRAM_BASE,
		.p_paddr = ARM_PROGRAM_BASE,
		.p_filesz = sizeof(arm_headers) + sizeof(arm_code),
		.p_memsz = sizeof(arm_headers) + sizeof(arm_code),
		.p_flags = PF_R | PF_X,
		.p_align = 0x1000,
	},
};

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Reads an ELF program as far as loading it needs, and believes nothing of it. One file for both who need
 * it: the launcher, which wants to say what is wrong before it starts anything, and the loader, which
 * has no libc. Freestanding.
 */
#ifndef SBP_ELF_H
#define SBP_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define SBP_ELF_MACHINE EM_X86_64
#elif defined(__i386__)
#define SBP_ELF_MACHINE EM_386
#elif defined(__arm__)
#define SBP_ELF_MACHINE EM_ARM
#elif defined(__aarch64__)
#define SBP_ELF_MACHINE EM_AARCH64
#endif

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr sbp_elf_header;
typedef Elf64_Phdr sbp_elf_segment;
#define SBP_ELF_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr sbp_elf_header;
typedef Elf32_Phdr sbp_elf_segment;
#define SBP_ELF_CLASS ELFCLASS32
#endif

/* Programs have about a dozen. */
enum { SBP_ELF_SEGMENT_LIMIT = 64, SBP_ELF_INTERPRETER_LIMIT = 4096 };

/* Addresses are as the file has them: to a program that is no ET_EXEC its place is added. */
struct sbp_elf {
	bool fixed;		   /* ET_EXEC: it is nowhere but where it says */
	bool executable_stack;	   /* PT_GNU_STACK, or what its lack means on this machine */
	unsigned int count;	   /* of all segments */
	uintptr_t low, high;	   /* from its first page to behind its last */
	uintptr_t align;	   /* of its place: a power of two, a page at least */
	uintptr_t entry;	   /* within low and high */
	uintptr_t headers;	   /* where the program headers are mapped; 0: nowhere */
	uint64_t interpreter_at;   /* in the file */
	size_t interpreter_length; /* with its NUL; 0: none */
	sbp_elf_segment segments[SBP_ELF_SEGMENT_LIMIT];
};

/* Reads all `size` bytes of a file at an offset, or is false. */
typedef bool sbp_elf_read_fn(void *from, void *buffer, size_t size, uint64_t offset);

/*
 * Reads and checks; NULL, or what is wrong, a static string. `file_size` is the file's, `page` the size
 * of a page. What is left to the mapping: whether the address space has the room.
 *
 * Checked is what the kernel checks, and some that it leaves to chance: segments lie in the file, ascend and
 * don't overlap, the entry is in one of them that can be executed.
 */
const char *sbp_elf_read(struct sbp_elf *elf, sbp_elf_read_fn *read, void *from, uint64_t file_size,
			 uintptr_t page);

/* Reads the interpreter's path: NULL, or what is wrong. */
const char *sbp_elf_read_interpreter(const struct sbp_elf *elf, sbp_elf_read_fn *read, void *from,
				     char path[SBP_ELF_INTERPRETER_LIMIT]);

#endif

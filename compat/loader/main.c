/* SPDX-License-Identifier: MIT */
/*
 * The loader: does for a program what the kernel's exec does, from descriptors and under a filter that lets
 * nothing be executed any more. What it loads, the dynamic loader first, runs in the sandbox from its first
 * instruction; nothing of it is trusted to lock itself up.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "loader.h"
#include "machine.h"

#define HIDDEN __attribute__((visibility("hidden")))

__asm__(".text\n.globl _start\n.type _start, %function\n" START);

HIDDEN extern const dynamic _DYNAMIC[];
HIDDEN extern const char __ehdr_start[];
uintptr_t loader_main(long *start);

/* Whatever must be told is told before anything of the program runs. */
static _Noreturn void give_up(const char *path, const char *why)
{
	const char *const words[] = { "loader: ", path, ": ", why, "\n" };

	for (unsigned int i = 0; i < sizeof(words) / sizeof(*words); i++)
		kernel_call(SYS_write, STDERR_FILENO, words[i], __builtin_strlen(words[i]));
	kernel_call(SYS_exit_group, LOADER_FAILED);
	for (;;)
		__builtin_trap();
}

/* Tables of pointers need to know where they are. Until then none is used. */
static void relocate(void)
{
	const uintptr_t base = (uintptr_t)__ehdr_start;
	const relocation *at = NULL;
	uintptr_t size = 0;

	for (const dynamic *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == RELOCATIONS)
			at = (const relocation *)(base + entry->d_un.d_ptr);
		else if (entry->d_tag == RELOCATIONS_SIZE)
			size = entry->d_un.d_val;
	}
	for (uintptr_t i = 0; at && i < size / sizeof(*at); i++) {
		uintptr_t *where = (uintptr_t *)(base + at[i].r_offset);

		if (KIND(at[i].r_info) != RELATIVE)
			give_up("itself", "a relocation of an unknown kind");
#if HAS_ADDEND
		*where = base + (uintptr_t)at[i].r_addend;
#else
		*where += base;
#endif
	}
}

/* One that is mapped at `bias`. */
struct image {
	struct sbp_elf elf;
	uintptr_t bias;
};

static const char *load(int fd, uintptr_t page, struct image *image)
{
	long size = kernel_call(SYS_lseek, fd, 0, SEEK_END);
	const char *fault;

	if (size < 0)
		return "its file is not open";
	fault = sbp_elf_read(&image->elf, loader_read, &fd, (uint64_t)size, page);
	if (!fault)
		fault = loader_map(fd, &image->elf, page, &image->bias);
	kernel_call(SYS_close, fd);
	return fault;
}

/* As the kernel sets a program's up that asks for it; threads' stacks are the business of its libc. */
static const char *set_stack(const struct sbp_elf *elf, const long *start, uintptr_t page)
{
	uintptr_t at = (uintptr_t)start & ~(page - 1);

	if (elf->executable_stack &&
	    kernel_call(SYS_mprotect, at, page, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN))
		return "it needs a stack that can be executed, and may not have one";
	return NULL;
}

static void describe(struct loader_stack *stack, const struct image *program, const char *path,
		     uintptr_t interpreter)
{
	const char *name = path;

	loader_set_auxiliary(stack, AT_PHDR,
			     program->elf.headers ? program->bias + program->elf.headers : 0);
	loader_set_auxiliary(stack, AT_PHENT, sizeof(sbp_elf_segment));
	loader_set_auxiliary(stack, AT_PHNUM, program->elf.count);
	loader_set_auxiliary(stack, AT_BASE, interpreter);
	loader_set_auxiliary(stack, AT_ENTRY, program->bias + program->elf.entry);
	loader_set_auxiliary(stack, AT_EXECFN, (unsigned long)path);
	for (const char *at = path; *at; at++)
		if (*at == '/')
			name = at + 1;
	kernel_call(SYS_prctl, PR_SET_NAME, name);
}

/* -1: an empty text. */
static int number(const char *digits)
{
	int value = *digits ? 0 : -1;

	while (*digits)
		value = value * 10 + *digits++ - '0';
	return value;
}

/* What the kernel left on the stack becomes the program's; its first instruction is returned. */
uintptr_t loader_main(long *start)
{
	struct loader_stack stack;
	struct image program, interpreter = { 0 };
	const char *path, *directory, *fault;
	uintptr_t page;
	int broker, command;

	relocate();
	loader_read_stack(start, &stack);
	if (start[0] < SBP_LOADER_ARGUMENTS)
		give_up("itself", "it is sandbox-run's part, and nobody else's");
	path = stack.arguments[SBP_LOADER_PATH];
	directory = stack.arguments[SBP_LOADER_DIRECTORY];
	broker = number(stack.arguments[SBP_LOADER_BROKER]);
	command = number(stack.arguments[SBP_LOADER_COMMAND]);
	loader_drop_arguments(&stack, SBP_LOADER_ARGUMENTS);
	page = loader_auxiliary(&stack, AT_PAGESZ);

	fault = load(SBP_LOADER_PROGRAM_FD, page, &program);
	if (!fault && program.elf.interpreter_length)
		fault = load(SBP_LOADER_INTERPRETER_FD, page, &interpreter);
	if (!fault)
		fault = set_stack(&program.elf, start, page);
	if (!fault && broker >= 0)
		fault = loader_install_handler(broker, command, path, directory);
	if (fault)
		give_up(path, fault);
	describe(&stack, &program, path, interpreter.bias);
	return program.elf.interpreter_length ? interpreter.bias + interpreter.elf.entry
					      : program.bias + program.elf.entry;
}

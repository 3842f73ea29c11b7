/* SPDX-License-Identifier: MIT */
/* Reads ELF programs. Owns what is refused, and the words for it. */
#include "elf.h"

/* Nobody's program has half of the address space. */
#define SPAN_LIMIT  (UINTPTR_MAX / 4)
#define ALIGN_LIMIT ((uintptr_t)1 << 30)

/* What a program without PT_GNU_STACK gets: on the older machines the stack that it was built for. */
#if defined(__i386__) || defined(__arm__)
enum { STACK_WITHOUT_A_WORD = true };
#else
enum { STACK_WITHOUT_A_WORD = false };
#endif

static bool is_magic(const sbp_elf_header *header)
{
	return header->e_ident[EI_MAG0] == ELFMAG0 && header->e_ident[EI_MAG1] == ELFMAG1 &&
	       header->e_ident[EI_MAG2] == ELFMAG2 && header->e_ident[EI_MAG3] == ELFMAG3;
}

static const char *check_header(const sbp_elf_header *header)
{
	if (!is_magic(header))
		return "not an ELF file";
	if (header->e_ident[EI_CLASS] != SBP_ELF_CLASS || header->e_machine != SBP_ELF_MACHINE ||
	    header->e_ident[EI_DATA] !=
		    (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
		return "made for another machine";
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return "neither a program nor a shared object";
	if (header->e_phentsize != sizeof(sbp_elf_segment))
		return "program headers of a wrong size";
	if (!header->e_phnum)
		return "no program headers";
	if (header->e_phnum > SBP_ELF_SEGMENT_LIMIT)
		return "too many program headers";
	return NULL;
}

static bool is_power_of_two(uintptr_t value)
{
	return value && !(value & (value - 1));
}

static const char *take_load(struct sbp_elf *elf, const sbp_elf_segment *segment,
			     uint64_t file_size, uintptr_t page, uintptr_t end_before)
{
	uintptr_t start = segment->p_vaddr, end = start + segment->p_memsz;

	if (segment->p_filesz > segment->p_memsz)
		return "a segment is larger in the file than in memory";
	if (segment->p_offset > file_size || segment->p_filesz > file_size - segment->p_offset)
		return "cut off: a segment lies behind the end of the file";
	if (end < start || end > UINTPTR_MAX - page)
		return "a segment goes beyond the last address";
	if ((start ^ segment->p_offset) & (page - 1))
		return "a segment is not where a page can be mapped";
	if (elf->high && start < end_before)
		return "segments overlap or don't ascend";
	/* as the kernel: a nonsensical alignment is none */
	if (is_power_of_two(segment->p_align) && segment->p_align > elf->align)
		elf->align = segment->p_align;
	if (elf->align > ALIGN_LIMIT)
		return "an alignment of more than 1 GiB";
	if (!elf->high)
		elf->low = start & ~(page - 1);
	elf->high = (end + page - 1) & ~(page - 1);
	if (elf->high - elf->low > SPAN_LIMIT)
		return "segments too far from each other";
	return NULL;
}

static const char *take_interpreter(struct sbp_elf *elf, const sbp_elf_segment *segment,
				    uint64_t file_size)
{
	if (elf->interpreter_length)
		return "two interpreters";
	if (segment->p_filesz < 2 || segment->p_filesz > SBP_ELF_INTERPRETER_LIMIT)
		return "an interpreter without a name";
	if (segment->p_offset > file_size || segment->p_filesz > file_size - segment->p_offset)
		return "cut off: the interpreter's name lies behind the end of the file";
	elf->interpreter_at = segment->p_offset;
	elf->interpreter_length = (size_t)segment->p_filesz;
	return NULL;
}

static const char *take_segments(struct sbp_elf *elf, uint64_t file_size, uintptr_t page)
{
	const char *fault = NULL;
	uintptr_t end = 0;

	for (unsigned int i = 0; !fault && i < elf->count; i++) {
		const sbp_elf_segment *segment = &elf->segments[i];

		if (segment->p_type == PT_LOAD && (segment->p_memsz || segment->p_filesz)) {
			fault = take_load(elf, segment, file_size, page, end);
			end = segment->p_vaddr + segment->p_memsz;
		} else if (segment->p_type == PT_INTERP) {
			fault = take_interpreter(elf, segment, file_size);
		} else if (segment->p_type == PT_GNU_STACK) {
			elf->executable_stack = segment->p_flags & PF_X;
		}
	}
	if (!fault && !elf->high)
		fault = "nothing to load";
	return fault;
}

/* The segment that has an address among what it has in memory. */
static bool is_executable_at(const struct sbp_elf *elf, uintptr_t address)
{
	for (unsigned int i = 0; i < elf->count; i++) {
		const sbp_elf_segment *segment = &elf->segments[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X &&
		    address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/* Found by what is mapped from there, as the kernel does since 5.18: PT_PHDR may say anything. */
static uintptr_t find_headers(const struct sbp_elf *elf, uint64_t offset)
{
	uint64_t size = elf->count * sizeof(sbp_elf_segment);

	for (unsigned int i = 0; i < elf->count; i++) {
		const sbp_elf_segment *segment = &elf->segments[i];

		if (segment->p_type == PT_LOAD && offset >= segment->p_offset &&
		    size <= segment->p_filesz &&
		    offset - segment->p_offset <= segment->p_filesz - size)
			return (uintptr_t)(segment->p_vaddr + (offset - segment->p_offset));
	}
	return 0;
}

const char *sbp_elf_read(struct sbp_elf *elf, sbp_elf_read_fn *read, void *from, uint64_t file_size,
			 uintptr_t page)
{
	sbp_elf_header header;
	const char *fault;

	*elf = (struct sbp_elf){ .align = page, .executable_stack = STACK_WITHOUT_A_WORD };
	if (file_size < sizeof(header) || !read(from, &header, sizeof(header), 0))
		return "not an ELF file";
	fault = check_header(&header);
	if (fault)
		return fault;
	elf->fixed = header.e_type == ET_EXEC;
	elf->count = header.e_phnum;
	elf->entry = header.e_entry;
	if (header.e_phoff > file_size ||
	    elf->count * sizeof(sbp_elf_segment) > file_size - header.e_phoff ||
	    !read(from, elf->segments, elf->count * sizeof(sbp_elf_segment), header.e_phoff))
		return "cut off: program headers lie behind the end of the file";
	fault = take_segments(elf, file_size, page);
	if (!fault && !is_executable_at(elf, elf->entry))
		fault = "an entry where nothing can be executed";
	if (!fault)
		elf->headers = find_headers(elf, header.e_phoff);
	return fault;
}

const char *sbp_elf_read_interpreter(const struct sbp_elf *elf, sbp_elf_read_fn *read, void *from,
				     char path[SBP_ELF_INTERPRETER_LIMIT])
{
	if (!read(from, path, elf->interpreter_length, elf->interpreter_at))
		return "cut off: the interpreter's name can't be read";
	if (path[elf->interpreter_length - 1] || !path[0])
		return "an interpreter without a name";
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * odd IN WHAT OUT: makes an odd copy of an ELF program, by changing what its headers say. The rows are all that
 * can be odd; without arguments their names are printed, with what becomes of them.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr header;
typedef Elf64_Phdr segment;
#else
typedef Elf32_Ehdr header;
typedef Elf32_Phdr segment;
#endif

struct file {
	uint8_t *bytes;
	size_t size;
	header *header;
	segment *first;
};

static segment *find(const struct file *file, uint32_t type, unsigned int which)
{
	for (unsigned int i = 0; i < file->header->e_phnum; i++)
		if (file->first[i].p_type == type && !which--)
			return &file->first[i];
	fprintf(stderr, "no such segment\n");
	exit(1);
}

static segment *last_load(const struct file *file)
{
	segment *last = NULL;

	for (unsigned int i = 0; i < file->header->e_phnum; i++)
		if (file->first[i].p_type == PT_LOAD)
			last = &file->first[i];
	return last;
}

static void break_magic(struct file *file)
{
	file->bytes[1] = 'X';
}

static void cut_in_header(struct file *file)
{
	file->size = sizeof(header) - 1;
}

static void cut_in_segments(struct file *file)
{
	file->size = file->header->e_phoff + sizeof(segment);
}

static void cut_in_data(struct file *file)
{
	file->size = last_load(file)->p_offset + 1;
}

static void other_machine(struct file *file)
{
	file->header->e_machine = EM_SPARC;
}

static void other_class(struct file *file)
{
	file->header->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
}

static void object_file(struct file *file)
{
	file->header->e_type = ET_REL;
}

static void no_segments(struct file *file)
{
	file->header->e_phnum = 0;
}

static void many_segments(struct file *file)
{
	file->header->e_phnum = 60000;
}

static void odd_size(struct file *file)
{
	file->header->e_phentsize++;
}

static void overlap(struct file *file)
{
	find(file, PT_LOAD, 1)->p_vaddr =
		find(file, PT_LOAD, 0)->p_vaddr + (find(file, PT_LOAD, 1)->p_vaddr & 0xfff);
}

static void descend(struct file *file)
{
	segment *a = find(file, PT_LOAD, 0), *b = last_load(file), swap = *a;

	*a = *b;
	*b = swap;
}

static void huge_memory(struct file *file)
{
	last_load(file)->p_memsz = UINTPTR_MAX / 8;
}

static void beyond_memory(struct file *file)
{
	last_load(file)->p_memsz = (uintptr_t)0 - last_load(file)->p_vaddr;
}

static void wrapping_memory(struct file *file)
{
	last_load(file)->p_memsz = UINTPTR_MAX;
}

static void more_file_than_memory(struct file *file)
{
	last_load(file)->p_memsz = last_load(file)->p_filesz - 1;
}

static void not_on_a_page(struct file *file)
{
	last_load(file)->p_offset += 8;
}

static void huge_align(struct file *file)
{
	find(file, PT_LOAD, 0)->p_align = (uintptr_t)1 << 31;
}

static void nonsense_align(struct file *file)
{
	find(file, PT_LOAD, 0)->p_align = 3;
}

static void large_align(struct file *file)
{
	for (unsigned int i = 0; i < file->header->e_phnum; i++)
		if (file->first[i].p_type == PT_LOAD)
			file->first[i].p_align = 1 << 21;
}

static void entry_nowhere(struct file *file)
{
	file->header->e_entry = 8;
}

static void interpreter_unended(struct file *file)
{
	file->bytes[find(file, PT_INTERP, 0)->p_offset + find(file, PT_INTERP, 0)->p_filesz - 1] =
		'x';
}

static void interpreter_empty(struct file *file)
{
	find(file, PT_INTERP, 0)->p_filesz = 0;
}

static void interpreter_outside(struct file *file)
{
	find(file, PT_INTERP, 0)->p_offset = file->size - 1;
}

static void interpreter_missing(struct file *file)
{
	memcpy(file->bytes + find(file, PT_INTERP, 0)->p_offset, "/nowhere/x", 11);
}

static void interpreter_no_elf(struct file *file)
{
	memcpy(file->bytes + find(file, PT_INTERP, 0)->p_offset, "/etc/passwd", 12);
}

static void interpreter_directory(struct file *file)
{
	memcpy(file->bytes + find(file, PT_INTERP, 0)->p_offset, "/etc/../etc", 12);
}

static void two_interpreters(struct file *file)
{
	find(file, PT_NOTE, 0)->p_type = PT_INTERP;
	find(file, PT_INTERP, 1)->p_filesz = find(file, PT_INTERP, 0)->p_filesz;
}

static void stack_executable(struct file *file)
{
	find(file, PT_GNU_STACK, 0)->p_flags |= PF_X;
}

static void stack_unnamed(struct file *file)
{
	find(file, PT_GNU_STACK, 0)->p_type = PT_NULL;
}

/* What becomes of it: words on stderr, or "" where it runs as ever. */
static const struct row {
	const char *name, *words;
	void (*change)(struct file *file);
} rows[] = {
	{ "magic", "not an ELF file", break_magic },
	{ "cut-header", "not an ELF file", cut_in_header },
	{ "cut-segments", "cut off: program headers", cut_in_segments },
	{ "cut-data", "cut off: a segment", cut_in_data },
	{ "machine", "made for another machine", other_machine },
	{ "class", "made for another machine", other_class },
	{ "object", "neither a program", object_file },
	{ "no-segments", "no program headers", no_segments },
	{ "many-segments", "too many program headers", many_segments },
	{ "odd-size", "program headers of a wrong size", odd_size },
	{ "overlap", "segments overlap", overlap },
	{ "descend", "segments overlap or don't ascend", descend },
	{ "huge", "no room for it in the address space", huge_memory },
	{ "beyond", "beyond the last address", beyond_memory },
	{ "wrapping", "beyond the last address", wrapping_memory },
	{ "more-file", "larger in the file than in memory", more_file_than_memory },
	{ "off-page", "not where a page can be mapped", not_on_a_page },
	{ "huge-align", "alignment of more than 1 GiB", huge_align },
	{ "nonsense-align", "", nonsense_align },
	{ "large-align", "", large_align },
	{ "entry", "entry where nothing can be executed", entry_nowhere },
	{ "interp-unended", "an interpreter without a name", interpreter_unended },
	{ "interp-empty", "an interpreter without a name", interpreter_empty },
	{ "interp-outside", "cut off: the interpreter", interpreter_outside },
	{ "interp-missing", "its dynamic loader", interpreter_missing },
	{ "interp-no-elf", "not an ELF file", interpreter_no_elf },
	{ "interp-directory", "its dynamic loader", interpreter_directory },
	{ "interp-two", "two interpreters", two_interpreters },
	{ "stack-exec", "", stack_executable },
	{ "stack-unnamed", "", stack_unnamed },
};

static void change(const char *from, const struct row *row, const char *to)
{
	struct file file = { .bytes = calloc(1, 1 << 24) };
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	if (!file.bytes || !in || !out)
		exit(1);
	file.size = fread(file.bytes, 1, 1 << 24, in);
	file.header = (header *)file.bytes;
	file.first = (segment *)(file.bytes + file.header->e_phoff);
	row->change(&file);
	if (fwrite(file.bytes, 1, file.size, out) != file.size || fclose(out))
		exit(1);
	fclose(in);
	free(file.bytes);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (argc != 4) {
			printf("%s\t%s\n", rows[i].name, rows[i].words);
		} else if (!strcmp(argv[2], rows[i].name)) {
			change(argv[1], &rows[i], argv[3]);
			return 0;
		}
	}
	return argc == 4;
}

// SPDX-License-Identifier: MIT
/*
 * Fuzzes the reader of ELF files (compat/loader/elf.c): whatever the file, it is refused with words, or all that
 * the loader relies on holds. An input is a file's bytes, or, for seeds that can be read, "#" and numbers:
 * type, entry, place of the program headers, size of the file, and seven for each program header.
 */
#include <stdlib.h>
#include <string.h>

#include "../../compat/loader/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAGE = 4096, NUMBERS = 4 + 7 * (SBP_ELF_SEGMENT_LIMIT + 1) };

struct file {
	uint8_t bytes[16384];
	uint64_t size; /* behind the bytes are zeros */
};

static void must(int truth)
{
	if (!truth)
		abort();
}

static bool read_file(void *from, void *buffer, size_t size, uint64_t offset)
{
	const struct file *file = from;

	/* never asked for what is not there */
	must(offset <= file->size && size <= file->size - offset);
	memset(buffer, 0, size);
	if (offset < sizeof(file->bytes))
		memcpy(buffer, file->bytes + offset,
		       size < sizeof(file->bytes) - offset ? size : sizeof(file->bytes) - offset);
	return true;
}

static void write_headers(struct file *file, const uint64_t *number, size_t count)
{
	sbp_elf_header header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, SBP_ELF_CLASS, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = (uint16_t)number[0],
		.e_machine = SBP_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_entry = number[1],
		.e_phoff = number[2],
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(sbp_elf_segment),
		.e_phnum = (uint16_t)(count / 7),
	};

	file->size = number[3];
	memcpy(file->bytes, &header, sizeof(header));
	for (size_t i = 0; i < count / 7; i++) {
		const uint64_t *row = number + 4 + i * 7;
		sbp_elf_segment segment = {
			.p_type = (uint32_t)row[0],
			.p_flags = (uint32_t)row[1],
			.p_offset = row[2],
			.p_vaddr = row[3],
			.p_filesz = row[4],
			.p_memsz = row[5],
			.p_align = row[6],
		};

		if (number[2] <= sizeof(file->bytes) - (i + 1) * sizeof(segment))
			memcpy(file->bytes + number[2] + i * sizeof(segment), &segment,
			       sizeof(segment));
	}
}

static void make_file(const uint8_t *data, size_t size, struct file *file)
{
	char text[8192], *at = text, *end;
	uint64_t number[NUMBERS] = { 0 };
	size_t count = 0;

	memset(file, 0, sizeof(*file));
	if (!size || data[0] != '#' || size > sizeof(text)) {
		file->size = size < sizeof(file->bytes) ? size : sizeof(file->bytes);
		memcpy(file->bytes, data, file->size);
		return;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	for (; count < NUMBERS; at = end) {
		number[count] = strtoull(at, &end, 0);
		if (end == at)
			break;
		count++;
	}
	write_headers(file, number, count > 4 ? count - 4 : 0);
}

static void must_be_loadable(const struct sbp_elf *elf, const struct file *file)
{
	uintptr_t end = elf->low;
	bool entered = false, has_headers = !elf->headers;

	for (unsigned int i = 0; i < elf->count; i++) {
		const sbp_elf_segment *segment = &elf->segments[i];

		if (segment->p_type != PT_LOAD || !segment->p_memsz)
			continue;
		must(segment->p_vaddr >= end && segment->p_vaddr >= elf->low);
		must(segment->p_memsz <= elf->high - segment->p_vaddr);
		must(segment->p_filesz <= segment->p_memsz);
		must(segment->p_offset <= file->size &&
		     segment->p_filesz <= file->size - segment->p_offset);
		must(segment->p_vaddr % PAGE == segment->p_offset % PAGE);
		end = segment->p_vaddr + segment->p_memsz;
		entered = entered || (segment->p_flags & PF_X && elf->entry >= segment->p_vaddr &&
				      elf->entry < end);
		has_headers = has_headers || (elf->headers >= segment->p_vaddr && elf->headers < end);
	}
	must(entered && has_headers);
	must(elf->low % PAGE == 0 && elf->high % PAGE == 0 && elf->high > elf->low &&
	     end <= elf->high);
	must(elf->align >= PAGE && !(elf->align & (elf->align - 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;
	char path[SBP_ELF_INTERPRETER_LIMIT];
	struct sbp_elf elf;
	const char *fault;

	make_file(data, size, &file);
	fault = sbp_elf_read(&elf, read_file, &file, file.size, PAGE);
	if (fault) {
		must(*fault);
		return 0;
	}
	must_be_loadable(&elf, &file);
	if (elf.interpreter_length && !sbp_elf_read_interpreter(&elf, read_file, &file, path))
		must(*path && strlen(path) < elf.interpreter_length);
	return 0;
}

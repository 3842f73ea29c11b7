/* SPDX-License-Identifier: MIT */
/* Maps a program's segments, where there is nothing yet. Owns what lies between and behind them. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"
#include "machine.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* 4.17; before, an address is only a wish */
#endif

enum { LARGEST_ERROR = 4095, ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static bool failed(long result)
{
	return (unsigned long)result > (unsigned long)-LARGEST_ERROR - 1;
}

bool loader_read(void *from, void *buffer, size_t size, uint64_t offset)
{
	const int fd = *(const int *)from;
	char *to = buffer;

	/* pread(2) takes its offset in two pieces on some machines; nobody else moves the place */
	if (offset > INT32_MAX || kernel_call(SYS_lseek, fd, (long)offset, SEEK_SET) != (long)offset)
		return false;
	while (size) {
		long got = kernel_call(SYS_read, fd, to, size);

		if (got <= 0)
			return false;
		to += got;
		size -= (size_t)got;
	}
	return true;
}

/* The whole span at once, so that nothing else gets between; pages that no segment has stay closed. */
static const char *reserve(const struct sbp_elf *elf, uintptr_t page, uintptr_t *bias)
{
	uintptr_t span = elf->high - elf->low, room = elf->fixed ? 0 : elf->align - page, start;
	long got = map(elf->fixed ? elf->low : 0, span + room, PROT_NONE,
		       ANONYMOUS | MAP_NORESERVE | (elf->fixed ? MAP_FIXED_NOREPLACE : 0), -1, 0);

	if (failed(got))
		return "there is no room for it in the address space";
	if (elf->fixed && (uintptr_t)got != elf->low) {
		kernel_call(SYS_munmap, got, span);
		return "something else is where it has to be";
	}
	start = ((uintptr_t)got + room) & ~(elf->align - 1);
	if (elf->fixed)
		start = elf->low;
	else if (room) {
		if (start > (uintptr_t)got)
			kernel_call(SYS_munmap, got, start - (uintptr_t)got);
		if (start + span < (uintptr_t)got + span + room)
			kernel_call(SYS_munmap, start + span, (uintptr_t)got + room - start);
	}
	*bias = start - elf->low;
	return NULL;
}

static int protection(const sbp_elf_segment *segment)
{
	return (segment->p_flags & PF_R ? PROT_READ : 0) |
	       (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	       (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

static bool map_at(uintptr_t from, uintptr_t to, int how, int flags, int fd, uint64_t offset)
{
	return from >= to || !failed(map(from, to - from, how, flags | MAP_FIXED, fd, offset));
}

/* *end: the first page that no segment has yet. */
static const char *map_segment(int fd, const sbp_elf_segment *segment, uintptr_t bias,
			       uintptr_t page, uintptr_t *end)
{
	uintptr_t start = bias + (uintptr_t)segment->p_vaddr, first = start & ~(page - 1);
	uintptr_t file_end = start + (uintptr_t)segment->p_filesz;
	uintptr_t memory_end = (start + (uintptr_t)segment->p_memsz + page - 1) & ~(page - 1);
	int how = protection(segment);

	if (segment->p_filesz) {
		if (!map_at(first, file_end, how, MAP_PRIVATE, fd,
			    segment->p_offset - (start - first)))
			return "a segment can't be mapped (is it on a file system without exec?)";
		*end = (file_end + page - 1) & ~(page - 1);
		/* as the kernel does; what can't be written stays as the file has it */
		if (segment->p_memsz > segment->p_filesz && how & PROT_WRITE)
			__builtin_memset((void *)file_end, 0, *end - file_end);
	} else if (*end < first) {
		*end = first;
	}
	if (!map_at(*end, memory_end, how, ANONYMOUS, -1, 0))
		return "there is no memory for its data";
	if (memory_end > *end)
		*end = memory_end;
	return NULL;
}

const char *loader_map(int fd, const struct sbp_elf *elf, uintptr_t page, uintptr_t *bias)
{
	const char *fault = reserve(elf, page, bias);
	uintptr_t end = 0;

	for (unsigned int i = 0; !fault && i < elf->count; i++)
		if (elf->segments[i].p_type == PT_LOAD && elf->segments[i].p_memsz)
			fault = map_segment(fd, &elf->segments[i], *bias, page, &end);
	return fault;
}

// SPDX-License-Identifier: MIT
/*
 * Listings: what a sandbox holds in place of a directory. They are read by their offset, as directories
 * are, so that copies and rewinding do what they should.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "client_memory.h"
#include "client_message.h"
#include "numbers.h"

/* struct linux_dirent64: ino and off of eight bytes each, then the record's length */
enum { RECORD_LENGTH_AT = 16, RECORD_LEAST = 24 };

#if defined(__i386__) || defined(__arm__)
/* The offset is in two halves, on ARM behind an unused argument that makes them an even pair. */
static long read_at_in_handler(int fd, uintptr_t to, size_t size, uint64_t offset)
{
#if defined(__arm__)
	return kernel_call(SYS_pread64, fd, to, size, 0, (uint32_t)offset, offset >> 32);
#else
	return kernel_call(SYS_pread64, fd, to, size, (uint32_t)offset, offset >> 32);
#endif
}
#else
static long read_at_in_handler(int fd, uintptr_t to, size_t size, uint64_t offset)
{
	return kernel_call(SYS_pread64, fd, to, size, offset);
}
#endif

bool sbp_client_is_listing_in_handler(int fd, const struct sbp_broker_status *status,
				      struct sbp_broker_listing_end *end)
{
	if (status->mode != SBP_BROKER_LISTING_TYPE || status->nlink || status->size < sizeof(*end))
		return false;
	if (read_at_in_handler(fd, (uintptr_t)end, sizeof(*end), status->size - sizeof(*end)) !=
	    (long)sizeof(*end))
		return false;
	return end->magic == SBP_BROKER_MAGIC && end->records <= status->size &&
	       end->records + end->path_length + sizeof(*end) == status->size;
}

static long end_of_in_handler(int fd, struct sbp_broker_listing_end *end)
{
	struct sbp_broker_status status;
	long result = sbp_client_file_status_in_handler(fd, &status);

	if (result)
		return result;
	return sbp_client_is_listing_in_handler(fd, &status, end) ? 0 : -ENOTDIR;
}

long sbp_client_listing_name_in_handler(int fd, char *name, size_t size)
{
	struct sbp_broker_listing_end end;
	long result = end_of_in_handler(fd, &end);

	if (result)
		return result;
	if (end.path_length > size)
		return -ENAMETOOLONG;
	result = read_at_in_handler(fd, (uintptr_t)name, end.path_length, end.records);
	return result == (long)end.path_length || result < 0 ? result : -EIO;
}

/* What was read may end in the middle of a record. */
static size_t whole_records(const char *records, size_t size)
{
	size_t at = 0;

	while (size - at >= RECORD_LEAST) {
		uint16_t length;

		copy_in_handler(&length, records + at + RECORD_LENGTH_AT, sizeof(length));
		if (length < RECORD_LEAST || length > size - at)
			break;
		at += length;
	}
	return at;
}

long sbp_client_getdents_in_handler(int fd, uintptr_t buffer, size_t size)
{
	struct sbp_broker_listing_end end;
	long at, got, result = end_of_in_handler(fd, &end);

	/* a directory that a kept root gave, or none at all: the kernel's to say */
	if (result == -ENOTDIR)
		return kernel_call(SYS_getdents64, fd, buffer, size, 0, SBP_BROKER_OWN_CALL);
	if (result)
		return result;
	at = kernel_call(SYS_lseek, fd, 0, SEEK_CUR);
	if (at < 0 || (uint64_t)at >= end.records)
		return at < 0 ? at : 0;
	if (size > end.records - (uint64_t)at)
		size = (size_t)(end.records - (uint64_t)at);
	got = read_at_in_handler(fd, buffer, size, (uint64_t)at);
	if (got <= 0)
		return got;
	got = (long)whole_records((const char *)buffer, (size_t)got);
	if (!got)
		return -EINVAL;
	kernel_call(SYS_lseek, fd, at + got, SEEK_SET);
	return got;
}

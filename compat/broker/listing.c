// SPDX-License-Identifier: MIT
/*
 * What a directory holds, as a file in memory that nobody can change: protocol.h says how it looks.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../probe/probe.h"
#include "broker.h"
#include "numbers.h"

/* 3.17 and, for the third, 6.3 */
enum { CLOEXEC = 1, SEALING = 2, NO_EXEC = 8 };
enum { ADD_SEALS = 1033, NEVER_AGAIN = 1, SHRINK = 2, GROW = 4, WRITE = 8 };

/* More than any program lists: a directory of a million names has 32 MB. */
enum { BUFFER = 32 << 10, LISTING_LIMIT = 64 << 20 };

/* struct linux_dirent64 */
struct record {
	uint64_t ino, off;
	uint16_t length;
};

/* --- The file ------------------------------------------------------------------------------- */

/* Before 3.17: a file that has no name any more, opened again for reading only. */
static int make_unnamed(int *reader)
{
	char path[] = "/dev/shm/sandbox-listing.XXXXXX", other[] = "/tmp/sandbox-listing.XXXXXX";
	char *name = path;
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		fd = mkostemp(name = other, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*reader = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unlink(name);
	if (*reader < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static int make_file(int *reader)
{
	long fd = sbp_kernel(SYS_memfd_create, (long)"directory", CLOEXEC | SEALING | NO_EXEC);

	*reader = -1;
	if (fd == -EINVAL)
		fd = sbp_kernel(SYS_memfd_create, (long)"directory", CLOEXEC | SEALING);
	return fd == -ENOSYS ? make_unnamed(reader) : (int)fd;
}

/* What is handed on: the sealed file at its start, or the other way to it. */
static int finish(int fd, int reader)
{
	int error = 0;

	if (fchmod(fd, SBP_BROKER_LISTING_MODE))
		error = -errno;
	if (!error && reader < 0 && fcntl(fd, ADD_SEALS, SHRINK | GROW | WRITE | NEVER_AGAIN))
		error = -errno;
	if (!error && reader < 0 && lseek(fd, 0, SEEK_SET))
		error = -errno;
	if (reader >= 0 || error)
		close(fd);
	if (reader >= 0 && error)
		close(reader);
	return error ? error : reader >= 0 ? reader : fd;
}

/* --- What is in it -------------------------------------------------------------------------- */

/* Places are those in the listing: what telldir(3) says can be gone back to. */
static int append(int fd, char *records, long size, uint64_t *total)
{
	for (long at = 0; at < size;) {
		struct record record;

		memcpy(&record, records + at, sizeof(record));
		record.off = *total + (uint64_t)at + record.length;
		memcpy(records + at, &record, sizeof(record));
		at += record.length;
	}
	if (write(fd, records, (size_t)size) != size)
		return errno ? -errno : -ENOSPC;
	*total += (uint64_t)size;
	return *total > LISTING_LIMIT ? -EFBIG : 0;
}

static int copy_records(int directory, int fd, uint64_t *total)
{
	char *buffer = malloc(BUFFER);
	long size = 0;
	int error = buffer ? 0 : -ENOMEM;

	while (!error && (size = sbp_kernel(SYS_getdents64, directory, (long)buffer, BUFFER)) > 0)
		error = append(fd, buffer, size, total);
	free(buffer);
	return error ? error : (int)size;
}

int sbp_broker_list(int directory, const struct sbp_broker_status *status, const char *path,
		    size_t length)
{
	struct sbp_broker_listing_end end = { .path_length = (uint32_t)length,
					      .magic = SBP_BROKER_MAGIC,
					      .status = *status };
	int reader, fd = make_file(&reader), error;

	if (fd < 0)
		return fd;
	error = copy_records(directory, fd, &end.records);
	if (!error && (write(fd, path, length) != (ssize_t)length ||
		       write(fd, &end, sizeof(end)) != sizeof(end)))
		error = -ENOSPC;
	if (!error)
		return finish(fd, reader);
	close(fd);
	if (reader >= 0)
		close(reader);
	return error;
}

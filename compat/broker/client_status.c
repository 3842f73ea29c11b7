// SPDX-License-Identifier: MIT
/*
 * What stat(2) and statx(2) write, as the kernel lays it out: libc's headers have other ideas of it.
 */
#include <asm/stat.h>

#include "client_memory.h"
#include "client_message.h"
#include "numbers.h"

#if defined(__i386__) || defined(__arm__)
typedef struct stat64 kernel_stat;
#else
typedef struct stat kernel_stat;
#endif

/* 4.11 */
struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t unused;
};

struct kernel_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, unused;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t later[14];
};
enum { STATX_BASIC = 0x7ff };

_Static_assert(sizeof(struct kernel_statx) == 256, "as the kernel has it");

/* As the kernel hands device numbers to user space: minor in two pieces (new_encode_dev()). */
static uint32_t major_of(uint64_t dev)
{
	return (uint32_t)(dev >> 8 & 0xfff);
}

static uint32_t minor_of(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xfff00));
}

#define CLEAR(object)                                                            \
	do                                                                       \
		for (size_t clear_at = 0; clear_at < sizeof(object); clear_at++) \
			((volatile char *)&(object))[clear_at] = 0;              \
	while (0)

static size_t shape_statx_in_handler(const struct sbp_broker_status *from, void *out)
{
	struct kernel_statx to;

	CLEAR(to);
	to.mask = STATX_BASIC;
	to.blksize = from->blksize;
	to.nlink = from->nlink;
	to.uid = from->uid;
	to.gid = from->gid;
	to.mode = (uint16_t)from->mode;
	to.ino = from->ino;
	to.size = from->size;
	to.blocks = from->blocks;
	to.atime.seconds = from->atime;
	to.atime.nanoseconds = from->atime_nsec;
	to.mtime.seconds = from->mtime;
	to.mtime.nanoseconds = from->mtime_nsec;
	to.ctime.seconds = from->ctime;
	to.ctime.nanoseconds = from->ctime_nsec;
	to.rdev_major = major_of(from->rdev);
	to.rdev_minor = minor_of(from->rdev);
	to.dev_major = major_of(from->dev);
	to.dev_minor = minor_of(from->dev);
	copy_in_handler(out, &to, sizeof(to));
	return sizeof(to);
}

/* The types of the members differ by architecture. */
#define PUT(member, value) (to.member = (__typeof__(to.member))(value))
#define GET(member, value) (to->member = (__typeof__(to->member))(value))

static size_t shape_stat_in_handler(const struct sbp_broker_status *from, void *out)
{
	kernel_stat to;

	CLEAR(to);
	PUT(st_dev, from->dev);
	PUT(st_ino, from->ino);
#if defined(__i386__) || defined(__arm__)
	PUT(__st_ino, from->ino);
#endif
	PUT(st_rdev, from->rdev);
	PUT(st_mode, from->mode);
	PUT(st_nlink, from->nlink);
	PUT(st_uid, from->uid);
	PUT(st_gid, from->gid);
	PUT(st_size, from->size);
	PUT(st_blksize, from->blksize);
	PUT(st_blocks, from->blocks);
	PUT(st_atime, from->atime);
	PUT(st_mtime, from->mtime);
	PUT(st_ctime, from->ctime);
	PUT(st_atime_nsec, from->atime_nsec);
	PUT(st_mtime_nsec, from->mtime_nsec);
	PUT(st_ctime_nsec, from->ctime_nsec);
	copy_in_handler(out, &to, sizeof(to));
	return sizeof(to);
}

size_t sbp_client_shape_status_in_handler(const struct sbp_broker_status *status,
					  enum sbp_client_form form, void *to)
{
	return form == SBP_CLIENT_STATX ? shape_statx_in_handler(status, to)
					: shape_stat_in_handler(status, to);
}

long sbp_client_put_status_in_handler(const struct sbp_broker_status *status,
				      enum sbp_client_form form, uintptr_t to)
{
	uint64_t shaped[SBP_CLIENT_FORM_SIZE / sizeof(uint64_t)];
	size_t size = sbp_client_shape_status_in_handler(status, form, shaped);

	if (!is_writable_in_handler(to, size))
		return -EFAULT;
	copy_in_handler((void *)to, shaped, size);
	return 0;
}

long sbp_client_file_status_in_handler(int fd, struct sbp_broker_status *to)
{
	kernel_stat from;
	long result;

	CLEAR(from);
	result = kernel_call(RAW_FSTAT, fd, &from, 0, 0, SBP_BROKER_OWN_CALL);
	if (result < 0)
		return result;
	GET(dev, from.st_dev);
	GET(ino, from.st_ino);
	GET(rdev, from.st_rdev);
	GET(mode, from.st_mode);
	GET(nlink, from.st_nlink);
	GET(uid, from.st_uid);
	GET(gid, from.st_gid);
	GET(size, from.st_size);
	GET(blksize, from.st_blksize);
	GET(blocks, from.st_blocks);
	GET(atime, from.st_atime);
	GET(mtime, from.st_mtime);
	GET(ctime, from.st_ctime);
	GET(atime_nsec, from.st_atime_nsec);
	GET(mtime_nsec, from.st_mtime_nsec);
	GET(ctime_nsec, from.st_ctime_nsec);
	return 0;
}

long sbp_client_fstat_in_handler(int fd, struct sbp_broker_status *status)
{
	struct sbp_broker_listing_end end;
	long result = sbp_client_file_status_in_handler(fd, status);

	if (!result && sbp_client_is_listing_in_handler(fd, status, &end))
		copy_in_handler(status, &end.status, sizeof(*status));
	return result;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a sandboxed process and the broker say to each other. Both ends are built from this header, so it
 * has no versions; but the broker believes nothing that stands in a request.
 *
 * The process holds one end of a SOCK_SEQPACKET pair. A request is one message: struct
 * sbp_broker_request and, right behind it, path_length bytes of path without a NUL. Exactly one
 * descriptor comes along by SCM_RIGHTS: one end of a fresh SOCK_SEQPACKET pair, on which the one
 * reply is sent. So threads, signal handlers and forked children can use the same socket at once
 * and never get an answer of another's, and whoever dies in the middle leaves nothing behind.
 *
 * A reply is one message: struct sbp_broker_reply and text_length bytes of text without a NUL, and, when
 * an OPEN succeeded, the file by SCM_RIGHTS, close-on-exec as the receiver asks with MSG_CMSG_CLOEXEC.
 *
 * One message has no reply and brings no descriptor: struct sbp_broker_denied, by which a command that is about to die
 * of a call says which it was. The launcher prints it (SBP_BROKER_DENIED).
 *
 * Directories. A real descriptor of a directory would be a way out of an empty root for whoever finds a hole
 * in the filter (openat(fd, "..")). So none is ever passed: in its place comes a sealed file in memory
 * that holds a listing, struct sbp_broker_listing_end at its end telling where the listing stops and which
 * directory it was. SBP_BROKER_LISTING in the reply, and its status, tell it from files.
 */
#ifndef SBP_BROKER_PROTOCOL_H
#define SBP_BROKER_PROTOCOL_H

#include <stdint.h>

/* "sbpB": a message of somebody else's is refused at once. */
#define SBP_BROKER_MAGIC 0x42706273U

/* A path with its NUL, as the kernel has it (PATH_MAX). */
enum { SBP_BROKER_PATH_LIMIT = 4096 };

enum sbp_broker_operation {
	SBP_BROKER_OPEN = 1, /* flags: O_*, mode: of a file that is made -> a descriptor, status */
	SBP_BROKER_STAT,     /* flags: AT_SYMLINK_NOFOLLOW or 0 -> status */
	SBP_BROKER_ACCESS,   /* flags: AT_SYMLINK_NOFOLLOW or 0, mode: R_OK | W_OK | X_OK -> 0 */
	SBP_BROKER_READLINK, /* -> the link's text */
	SBP_BROKER_CHDIR, /* is it a directory that may be the current one? -> its name without links */
	SBP_BROKER_DENIED, /* struct sbp_broker_denied */
};

/*
 * Paths are absolute: what is relative was put behind the current directory by the client, who keeps
 * it. O_* are those of the architecture that the broker is built for.
 */
struct sbp_broker_request {
	uint32_t magic;
	uint16_t operation;
	uint16_t path_length; /* 1 to SBP_BROKER_PATH_LIMIT - 1 */
	uint32_t flags;
	uint32_t mode;
};

/* Nothing but numbers: what is printed of it are the launcher's own words. Begins as a request does. */
struct sbp_broker_denied {
	uint32_t magic;
	uint16_t operation, path_length; /* 0 */
	int32_t number;
	uint32_t arch;	  /* AUDIT_ARCH_* */
	uint64_t address; /* behind the call */
};

/* What stat(2) and statx(2) tell, in one form for all architectures. Times are seconds and nanoseconds. */
struct sbp_broker_status {
	uint64_t dev, ino, rdev, size, blocks;
	int64_t atime, mtime, ctime;
	uint32_t atime_nsec, mtime_nsec, ctime_nsec;
	uint32_t mode, nlink, uid, gid, blksize;
};

/* In sbp_broker_reply.kind: what came by SCM_RIGHTS. */
enum sbp_broker_kind {
	SBP_BROKER_NOTHING,
	SBP_BROKER_FILE,
	SBP_BROKER_LISTING, /* status is the directory's */
};

struct sbp_broker_reply {
	uint32_t magic;
	int32_t result; /* 0 or a negative errno */
	uint16_t kind;
	uint16_t text_length; /* up to SBP_BROKER_PATH_LIMIT - 1 */
	uint32_t unused;      /* 0 */
	struct sbp_broker_status status;
};

/*
 * A listing is records of getdents64(2), d_off the place of the record that follows, then the name of the
 * directory (no NUL), then this, as the last bytes of the file. No other descriptor that a sandbox
 * can hold has these modes: S_IFREG | SBP_BROKER_LISTING_MODE, no link, and the seals or a read-only open.
 */
enum { SBP_BROKER_LISTING_MODE = 01444, SBP_BROKER_LISTING_TYPE = 0101444 };

struct sbp_broker_listing_end {
	uint64_t records; /* bytes */
	uint32_t path_length;
	uint32_t magic;
	struct sbp_broker_status status; /* of the directory */
};

#endif

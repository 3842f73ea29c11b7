/* SPDX-License-Identifier: MIT */
/*
 * The configuration that the running kernel was built from, as far as it can be found. It is
 * evidence for the why of a missing feature and never for a yes: vendors ship symbols without their
 * code and code without its symbol. Internal header; nothing here is exported.
 *
 * No function here keeps state, prints, or aborts. All may be called from many threads at once, on
 * symbol arrays of their own. With SBP_KCONFIG_NO_MODULES nothing calls malloc() either, and a child
 * that shares its parent's memory may read too: killed there, it leaves one mapping of 180 KiB.
 */
#ifndef SBP_KCONFIG_H
#define SBP_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum sbp_tristate {
	SBP_KCONFIG_UNKNOWN = 0, /* not mentioned: the kernel is older, or a dependency is off */
	SBP_KCONFIG_NO,		 /* "# CONFIG_X is not set", or =n */
	SBP_KCONFIG_MODULE,	 /* =m */
	SBP_KCONFIG_YES,	 /* =y */
	SBP_KCONFIG_VALUE,	 /* a string or a number */
};

struct sbp_kconfig_symbol {
	const char *name;    /* without CONFIG_ */
	unsigned char value; /* enum sbp_tristate */
};

struct sbp_kconfig_result {
	char source[256]; /* where the answer was read, without the root; "" when nowhere */
	char why[512];	  /* what was wrong with the best source that failed; may be set on 0 too */
	char version[64]; /* of the kernel that it configures, from its first lines; or "" */
	bool running; /* it came from the running kernel's own memory, not from a file beside it */
	bool ikconfig_builtin; /* modules.builtin lists configs: /proc/config.gz was to be expected */
	size_t lines;
	size_t bytes; /* of text */
};

/* Don't load libkmod: in a filtered process, or to save its millisecond of start-up. */
#define SBP_KCONFIG_NO_MODULES 1u

/*
 * Fills symbols[].value from the first source that can be read, and result. root is put before
 * every path ("" for this machine; symbolic links under it are followed as the kernel does).
 * release is uname's; NULL or one that can't be a file name leaves only /proc/config.gz.
 *
 * A source counts only when it was read to its end and found whole: whatever stands in a damaged
 * one, all values are SBP_KCONFIG_UNKNOWN when this fails.
 *
 * 0		answered; why is not empty when a better source failed first
 * -ENOENT	no source exists, or none that is for this kernel
 * otherwise the best source that failed, said in why:
 * -EBADMSG	cut off, damaged, or no kernel configuration
 * -ENODATA	empty
 * -EFBIG	over 4 MiB, over 32 MiB unpacked, or a line over 64 KiB
 * -ENOTSUP	compressed in a way that is not read here (xz, zstd, bzip2, lz4)
 * -EISDIR, -EINVAL  a directory; neither file nor directory
 * -ENOMEM	and what open(2) and read(2) say: -EACCES, -EMFILE, -EIO...
 * -EINVAL	also: a symbol without a name or of 128 letters, or 65535 symbols
 */
int sbp_kconfig_read(const char *root, const char *release, unsigned flags,
		     struct sbp_kconfig_symbol *symbols, size_t n, struct sbp_kconfig_result *result);

/* The same for one given file: plain, gzip, or a module with the configuration inside. */
int sbp_kconfig_read_file(const char *path, struct sbp_kconfig_symbol *symbols, size_t n,
			  struct sbp_kconfig_result *result);

/* Between kconfig.c and what it is made of. */

/* As read(2), but a negative errno: where sbp_kconfig_decode() gets its input. */
typedef ssize_t sbp_kconfig_fill(void *arg, void *buffer, size_t size);

/* Decodes what fill gives until it gives 0. Sets values, lines, bytes, version; on failure, why. */
int sbp_kconfig_decode(sbp_kconfig_fill *fill, void *arg, struct sbp_kconfig_symbol *symbols,
		       size_t n, struct sbp_kconfig_result *result);

/*
 * kconfig_text.c: takes text in pieces of any size. It lives in zeroed memory of text_size() bytes and
 * needs no end. Each int is 0 or a negative errno, with why.
 */
struct sbp_kconfig_text;
size_t sbp_kconfig_text_size(size_t n);
int sbp_kconfig_text_init(struct sbp_kconfig_text *t, struct sbp_kconfig_symbol *symbols, size_t n,
			  struct sbp_kconfig_result *result);
int sbp_kconfig_text_feed(struct sbp_kconfig_text *t, const unsigned char *data, size_t length);
int sbp_kconfig_text_finish(struct sbp_kconfig_text *t);

/* Sets why and returns err. */
int sbp_kconfig_fail(struct sbp_kconfig_result *result, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Where the file of the module `configs` is in the tree of modules at directory: libkmod's answer, and where that
 * can't be loaded what its indexes say. 0 and its path; -ENOENT and whether it is built in instead.
 */
int sbp_kconfig_find_module(const char *directory, char *path, size_t size, bool *builtin);

/* The same for any module, by the indexes (kconfig_index.c). */
int sbp_kconfig_find_in_index(const char *directory, const char *name, char *path, size_t size,
			      bool *builtin);

#endif

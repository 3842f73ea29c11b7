// SPDX-License-Identifier: MIT
/*
 * From the bytes of a file to the text of the configuration in it: plain, gzip, and the kernel's own
 * wrapping (IKCFG_ST, gzip, IKCFG_ED) inside an ELF file, nested up to configs.ko.gz. A stream:
 * nothing is held but one buffer a layer, all in one mapping. malloc() is not called, so that this may
 * run in a child that shares our memory, and be killed there.
 */
#include "kconfig.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#define INPUT_SIZE (16u << 10)
/* A whole deflate window: zlib then copies each byte once. 16 KiB costs 1.11 x, this 1.04 x. */
#define OUTPUT_SIZE  (32u << 10)
#define INPUT_LIMIT  (4u << 20)
#define OUTPUT_LIMIT (32u << 20)
#define LAYERS	     3 /* configs.ko.gz: gzip, ELF, text */
/* What two layers that inflate need: buffer, window, and zlib's own 7 KiB, with room to spare. */
#define ARENA_SIZE (2 * (OUTPUT_SIZE + (32u << 10) + (16u << 10)))

/* kernel/configs.c, unchanged since 2.6.0. */
static const char marker_start[] = "IKCFG_ST";
static const char marker_end[] = "IKCFG_ED";
#define MARKER_LENGTH (sizeof(marker_start) - 1)

enum layer_kind { SNIFF, TEXT, GZIP, ELF };
enum elf_state { BEFORE_START, IN_STREAM, BEFORE_END, DONE };

struct layer {
	enum layer_kind kind;
	enum elf_state elf;
	unsigned matched; /* bytes of the marker that is looked for */
	unsigned char head[6];
	unsigned head_length;
	bool ended;
	z_stream z;
	unsigned char *out;
};

struct decoder {
	struct sbp_kconfig_result *result;
	struct sbp_kconfig_text *text;
	struct layer layers[LAYERS];
	size_t unpacked; /* by all layers */
	size_t used;	 /* of the arena */
	unsigned char input[INPUT_SIZE];
	unsigned char arena[ARENA_SIZE] __attribute__((aligned(64)));
	unsigned char text_memory[] __attribute__((aligned(64)));
};

static const struct {
	const char *bytes;
	unsigned char length;
	unsigned char kind;  /* or, when 0, */
	const char *refused; /* the name of the compression */
} magics[] = {
	{ "\x1f\x8b", 2, GZIP, NULL },
	{ "\x7f"
	  "ELF",
	  4, ELF, NULL },
	{ "\xfd"
	  "7zXZ",
	  6, 0, "xz" }, /* the sixth is the string's NUL */
	{ "\x28\xb5\x2f\xfd", 4, 0, "zstd" },
	{ "BZh", 3, 0, "bzip2" },
	{ "\x02!L\x18", 4, 0, "lz4" },
};

static int feed_layer(struct decoder *d, unsigned depth, const unsigned char *data, size_t length);

/* Given back with the arena: no inflateEnd(). */
static void *take_memory(void *decoder, unsigned items, unsigned size)
{
	struct decoder *d = decoder;
	size_t want = ((size_t)items * size + 63) & ~(size_t)63;
	void *memory = d->arena + d->used;

	if (want > ARENA_SIZE - d->used)
		return NULL;
	d->used += want;
	return memory;
}

static void keep_memory(void *decoder, void *memory)
{
	(void)decoder, (void)memory;
}

static int start_inflating(struct decoder *d, struct layer *l)
{
	int rc;

	l->z.zalloc = take_memory;
	l->z.zfree = keep_memory;
	l->z.opaque = d;
	l->out = take_memory(d, 1, OUTPUT_SIZE);
	if (!l->out)
		return sbp_kconfig_fail(d->result, -ENOMEM, "no memory to unpack it");
	rc = inflateInit2(&l->z, 15 + 16); /* the largest window, gzip's header and checksum */
	if (rc != Z_OK)
		return sbp_kconfig_fail(d->result, -ENOMEM, "no memory to unpack it");
	return 0;
}

/* Unpacks into the next layer up to the end of data or of the stream; what is left over in *left. */
static int feed_gzip(struct decoder *d, unsigned depth, const unsigned char *data, size_t length,
		     size_t *left)
{
	struct layer *l = &d->layers[depth];
	size_t produced;
	int rc, err;

	l->z.next_in = (unsigned char *)(uintptr_t)data;
	l->z.avail_in = (uInt)length;
	do {
		l->z.next_out = l->out;
		l->z.avail_out = OUTPUT_SIZE;
		rc = inflate(&l->z, Z_NO_FLUSH);
		if (rc == Z_MEM_ERROR)
			return sbp_kconfig_fail(d->result, -ENOMEM, "no memory to unpack it");
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return sbp_kconfig_fail(d->result, -EBADMSG,
						"its gzip stream is damaged (%s)",
						l->z.msg ? l->z.msg : "no reason given");
		produced = OUTPUT_SIZE - l->z.avail_out;
		d->unpacked += produced;
		if (d->unpacked > OUTPUT_LIMIT)
			return sbp_kconfig_fail(d->result, -EFBIG, "it unpacks to more than 32 MiB");
		err = feed_layer(d, depth + 1, l->out, produced);
		if (err)
			return err;
	} while (rc != Z_STREAM_END && (l->z.avail_in || !l->z.avail_out));
	l->ended = rc == Z_STREAM_END;
	*left = l->z.avail_in;
	return 0;
}

/* gzip(1) allows zeros after the end, which tapes and block devices need. */
static int feed_padding(struct decoder *d, const unsigned char *data, size_t length)
{
	while (length && *data == 0) {
		data++;
		length--;
	}
	return length ? sbp_kconfig_fail(d->result, -EBADMSG,
					 "something follows the end of its gzip stream")
		      : 0;
}

/* Advances l->matched over marker; returns how many bytes were used. 'I' stands only at its start. */
static size_t find_marker(struct layer *l, const unsigned char *data, size_t length)
{
	size_t i = 0;

	while (i < length && l->matched < MARKER_LENGTH) {
		if (!l->matched) {
			const unsigned char *first = memchr(data + i, 'I', length - i);

			if (!first)
				return length;
			i = (size_t)(first - data);
		}
		if (data[i] == (unsigned char)marker_start[l->matched])
			l->matched++, i++;
		else
			l->matched = 0; /* and look at this byte once more: it may be an 'I' */
	}
	return i;
}

static int feed_elf(struct decoder *d, unsigned depth, const unsigned char *data, size_t length)
{
	struct layer *l = &d->layers[depth];
	size_t used, left;
	int err;

	if (l->elf == BEFORE_START) {
		used = find_marker(l, data, length);
		data += used;
		length -= used;
		if (l->matched < MARKER_LENGTH)
			return 0;
		err = start_inflating(d, l);
		if (err)
			return err;
		l->elf = IN_STREAM;
	}
	if (l->elf == IN_STREAM && length) {
		err = feed_gzip(d, depth, data, length, &left);
		if (err || !l->ended)
			return err;
		data += length - left;
		length = left;
		l->elf = BEFORE_END;
		l->matched = 0;
	}
	while (l->elf == BEFORE_END && length--) {
		if (*data++ != (unsigned char)marker_end[l->matched])
			return sbp_kconfig_fail(d->result, -EBADMSG,
						"IKCFG_ED does not follow the gzip stream in it");
		if (++l->matched == MARKER_LENGTH)
			l->elf = DONE;
	}
	return 0;
}

/* Decides what the layer is, by its first bytes; `last` when there won't be more of them. */
static int sniff(struct decoder *d, unsigned depth, bool last)
{
	struct layer *l = &d->layers[depth];
	bool maybe = false;
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		unsigned have = l->head_length < magics[i].length ? l->head_length : magics[i].length;

		if (memcmp(l->head, magics[i].bytes, have) != 0)
			continue;
		if (have < magics[i].length) {
			maybe = true;
			continue;
		}
		if (magics[i].refused)
			return sbp_kconfig_fail(d->result, -ENOTSUP,
						"it is compressed by %s, which is not read here",
						magics[i].refused);
		if (depth + 1 == LAYERS)
			return sbp_kconfig_fail(d->result, -EBADMSG,
						"it is packed into more layers than any kernel's");
		l->kind = magics[i].kind;
		return l->kind == GZIP ? start_inflating(d, l) : 0;
	}
	if (!maybe || last)
		l->kind = TEXT;
	return 0;
}

static int feed_layer(struct decoder *d, unsigned depth, const unsigned char *data, size_t length)
{
	struct layer *l = &d->layers[depth];
	size_t left = length;
	int err;

	while (l->kind == SNIFF && length) {
		l->head[l->head_length++] = *data++;
		length--;
		err = sniff(d, depth, false);
		if (!err && l->kind != SNIFF) /* what was held back goes first */
			err = feed_layer(d, depth, l->head, l->head_length);
		if (err)
			return err;
	}
	if (!length)
		return 0;
	if (l->kind == TEXT)
		return sbp_kconfig_text_feed(d->text, data, length);
	if (l->kind == ELF)
		return feed_elf(d, depth, data, length);
	if (l->ended)
		return feed_padding(d, data, length);
	err = feed_gzip(d, depth, data, length, &left);
	return err ? err : feed_padding(d, data + length - left, left);
}

/* Everything was fed: is it whole? */
static int finish_layer(struct decoder *d, unsigned depth)
{
	struct layer *l = &d->layers[depth];
	int err = 0;

	if (l->kind == SNIFF) {
		if (!l->head_length)
			return sbp_kconfig_fail(d->result, -ENODATA, "it is empty");
		err = sniff(d, depth, true);
		err = err ? err : feed_layer(d, depth, l->head, l->head_length);
		if (err)
			return err;
	}
	if (l->kind == ELF && l->elf == BEFORE_START)
		return sbp_kconfig_fail(d->result, -EBADMSG, "there is no IKCFG_ST in it");
	if (l->kind == ELF && l->elf != DONE)
		return sbp_kconfig_fail(d->result, -EBADMSG,
					"it is cut off inside its configuration");
	if (l->kind == GZIP && !l->ended)
		return sbp_kconfig_fail(d->result, -EBADMSG, "its gzip stream is cut off");
	if (l->kind != TEXT)
		return finish_layer(d, depth + 1);
	return sbp_kconfig_text_finish(d->text);
}

static int decode_all(struct decoder *d, sbp_kconfig_fill *fill, void *arg)
{
	size_t total = 0;
	ssize_t got;
	int err;

	while ((got = fill(arg, d->input, sizeof(d->input))) > 0) {
		total += (size_t)got;
		if (total > INPUT_LIMIT)
			return sbp_kconfig_fail(d->result, -EFBIG, "it is larger than 4 MiB");
		err = feed_layer(d, 0, d->input, (size_t)got);
		if (err)
			return err;
	}
	if (got < 0) {
		errno = (int)-got;
		return sbp_kconfig_fail(d->result, (int)got, "reading it failed: %m");
	}
	return finish_layer(d, 0);
}

int sbp_kconfig_decode(sbp_kconfig_fill *fill, void *arg, struct sbp_kconfig_symbol *symbols,
		       size_t n, struct sbp_kconfig_result *result)
{
	size_t i, size = sizeof(struct decoder) + sbp_kconfig_text_size(n);
	struct decoder *d;
	int err;

	for (i = 0; i < n; i++)
		symbols[i].value = SBP_KCONFIG_UNKNOWN;
	d = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
		 0);
	if (d == MAP_FAILED)
		return sbp_kconfig_fail(result, -ENOMEM, "no memory to read it");
	d->result = result;
	d->text = (struct sbp_kconfig_text *)d->text_memory;
	err = sbp_kconfig_text_init(d->text, symbols, n, result);
	if (!err)
		err = decode_all(d, fill, arg);
	munmap(d, size);
	/* Half an answer of a damaged source would be a wrong one: what is cut off may replace it. */
	for (i = 0; err && i < n; i++)
		symbols[i].value = SBP_KCONFIG_UNKNOWN;
	return err;
}

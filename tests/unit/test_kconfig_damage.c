// SPDX-License-Identifier: MIT
/*
 * probe/kconfig*.c on sources that are cut off, damaged, hostile or out of reach, and in processes that
 * lack descriptors or memory: refused with the reason, never half believed.
 */
#include "kconfig_root.h"
#include "machine.h"

#include <sys/resource.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define PROC "/proc/config.gz"

/* The only source is this one and is refused so, with these words in the reason. */
static void expect_refused(int err, const char *words)
{
	assert_int_equal(ask(), err);
	expect_nothing();
	if (!strstr(result.why, words))
		fail_msg("\"%s\" is not in \"%s\"", words, result.why);
	assert_non_null(strstr(result.why, "/proc/config.gz: "));
}

/* Limits of the process: the sanitizers' shadow is above any, valgrind keeps some for itself. */
static void need_limits(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (SANITIZED || (preload && strstr(preload, "vgpreload"))) {
		print_message("# limits of the process mean nothing under a sanitizer or valgrind\n");
		skip();
	}
}

static size_t packed(int how, unsigned char *to, size_t room)
{
	int fd;
	ssize_t n;

	put_packed("/packed", text, sizeof(text) - 1, how);
	fd = open(in_root("/packed"), O_RDONLY | O_CLOEXEC);
	n = read(fd, to, room);
	close(fd);
	assert_in_range(n, 1, room - 1);
	return (size_t)n;
}

/* --- damage */

static void cut_at_every_byte(void **state)
{
	unsigned char all[2048];
	size_t n, i;
	int how;

	(void)state;
	for (how = GZIP; how <= (GZIP | MODULE); how++) {
		n = packed(how, all, sizeof(all));
		/* Behind the second marker, a module has nothing more for us. */
		if (how == MODULE)
			n = (size_t)((unsigned char *)memmem(all, n, "IKCFG_ED", 8) + 8 - all);
		for (i = 1; i < n; i++) {
			put(PROC, all, i);
			assert_int_equal(ask(), -EBADMSG);
			expect_nothing();
			assert_int_equal(ask_file(PROC), -EBADMSG);
			expect_nothing();
		}
		put(PROC, all, n);
		assert_int_equal(ask(), 0);
		expect_all(PROC);
	}
}

/* Nothing tells where plain text was cut: but then what it says is true, or it says nothing. */
static void plain_text_cut_at_every_byte(void **state)
{
	static const unsigned char truth[SYMBOLS] = {
		[ALPHA] = SBP_KCONFIG_YES,    [BETA] = SBP_KCONFIG_NO,
		[GAMMA] = SBP_KCONFIG_MODULE, [DELTA] = SBP_KCONFIG_VALUE,
		[STRING] = SBP_KCONFIG_VALUE, [SHORT] = SBP_KCONFIG_MODULE,
	};
	size_t n, i;

	(void)state;
	for (n = 1; n < sizeof(text); n++) {
		put(PROC, text, n);
		if (ask() != 0)
			expect_nothing();
		for (i = 0; i < SYMBOLS; i++)
			if (symbols[i].value && symbols[i].value != truth[i])
				fail_msg("%s is %d at %zu", symbols[i].name, symbols[i].value, n);
	}
	expect_all(PROC);
}

static void every_byte_changed(void **state)
{
	unsigned char all[2048];
	unsigned refused = 0;
	size_t n, i;
	int bit;

	(void)state;
	n = packed(GZIP, all, sizeof(all));
	for (i = 0; i < n; i++) {
		for (bit = 0; bit < 8; bit += 3) {
			all[i] ^= 1 << bit;
			put(PROC, all, n);
			/* gzip's header has bytes that mean nothing to us. */
			if (ask() == 0) {
				expect_all(PROC);
			} else {
				expect_nothing();
				refused++;
			}
			all[i] ^= 1 << bit;
		}
	}
	assert_true(refused >= (n - 10) * 3);
}

static void not_a_configuration(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length;
		int err;
		const char *words;
	} rows[] = {
		{ "", 0, -ENODATA, "it is empty" },
		{ "\n", 1, -EBADMSG, "not a kernel configuration" },
		{ "\r\n\r\n", 4, -EBADMSG, "not a kernel configuration" },
		{ "hello, world\n", 13, -EBADMSG, "not a kernel configuration" },
		{ "CONFIG_\n# CONFIG_\n", 18, -EBADMSG, "not a kernel configuration" },
		{ "CONFIG_ALPHA=y\n\0\0", 17, -EBADMSG, "NUL" },
		{ "\0CONFIG_ALPHA=y\n", 16, -EBADMSG, "NUL" },
		{ "\x1f", 1, -EBADMSG, "not a kernel configuration" },
		{ "\x1f\x8b", 2, -EBADMSG, "cut off" },
		{ "\x1f\x8bxxxxxxxxxxxxxxxxxxxx", 22, -EBADMSG, "damaged" },
		{ "\177ELF", 4, -EBADMSG, "no IKCFG_ST" },
		{ "\177ELF IKCFG_S", 12, -EBADMSG, "no IKCFG_ST" },
		{ "\177ELF IKCFG_ST", 13, -EBADMSG, "cut off" },
		{ "\177ELF IKCFG_ST no gzip", 21, -EBADMSG, "damaged" },
		{ "\xfd"
		  "7zXZ\0",
		  6, -ENOTSUP, "xz" },
		{ "\xfd"
		  "7zXZ",
		  5, -EBADMSG, "not a kernel configuration" },
		{ "\x28\xb5\x2f\xfd....", 8, -ENOTSUP, "zstd" },
		{ "BZh9....", 8, -ENOTSUP, "bzip2" },
		{ "\x02!L\x18", 4, -ENOTSUP, "lz4" },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(PROC, rows[i].bytes, rows[i].length);
		expect_refused(rows[i].err, rows[i].words);
	}
}

/* The same noise each time; none of it may be believed, plain, as gzip or inside of gzip. */
static void noise(void **state)
{
	unsigned char all[512];
	unsigned seed = 1, round;
	size_t i;

	(void)state;
	for (round = 0; round < 300; round++) {
		for (i = 0; i < sizeof(all); i++)
			all[i] = (unsigned char)((seed = seed * 1103515245u + 12345u) >> 16);
		if (round % 3 == 1)
			memcpy(all, "\x1f\x8b\x08\0", 4);
		if (round % 3 == 2)
			put_packed(PROC, all, sizeof(all), GZIP);
		else
			put(PROC, all, sizeof(all));
		assert_true(ask() < 0);
		expect_nothing();
	}
}

static void after_the_stream(void **state)
{
	unsigned char all[2048] = { 0 };
	size_t n, ends;

	(void)state;
	n = packed(GZIP, all, sizeof(all));
	put(PROC, all, n + 512); /* zeros */
	assert_int_equal(ask(), 0);
	expect_all(PROC);
	memcpy(all + n, all, n); /* another one: its lines would replace these */
	put(PROC, all, 2 * n);
	expect_refused(-EBADMSG, "something follows");
	all[n] = 0;
	all[n + 1] = 'x';
	put(PROC, all, n + 2);
	expect_refused(-EBADMSG, "something follows");

	n = packed(MODULE, all, sizeof(all));
	ends = (size_t)((unsigned char *)memmem(all, n, "IKCFG_ED", 8) - all);
	all[ends + 7] = 'E';
	put(PROC, all, n);
	expect_refused(-EBADMSG, "IKCFG_ED");
}

static void too_many_layers(void **state)
{
	unsigned char a[4096], b[4096];
	size_t n = packed(GZIP, a, sizeof(a));

	(void)state;
	n = gzip(a, n, b, sizeof(b));
	put(PROC, b, n); /* twice is odd, and readable */
	assert_int_equal(ask(), 0);
	expect_all(PROC);
	n = gzip(b, n, a, sizeof(a));
	put(PROC, a, n);
	expect_refused(-EBADMSG, "layers");
}

/* --- limits */

static void put_large(size_t size, char fill, int how)
{
	char *all = malloc(size);

	assert_non_null(all);
	memset(all, fill, size);
	memcpy(all, "CONFIG_ALPHA=y\n", 15);
	put_packed(PROC, all, size, how);
	free(all);
}

static void limits(void **state)
{
	(void)state;
	put_large(4 << 20, '\n', 0);
	assert_int_equal(ask(), 0);
	assert_int_equal(result.lines, (4 << 20) - 14);
	put_large((4 << 20) + 1, '\n', 0);
	expect_refused(-EFBIG, "4 MiB");
	if (!under_valgrind()) { /* which takes 20 seconds for each */
		put_large(32 << 20, '\n', GZIP);
		assert_int_equal(ask(), 0);
		assert_int_equal(result.bytes, 32 << 20);
		put_large((32 << 20) + 1, '\n', GZIP);
		expect_refused(-EFBIG, "32 MiB");
	}
	put_large(2 << 20, '\0', GZIP);
	expect_refused(-EBADMSG, "NUL");
	put_large(15 + (64 << 10), 'x', 0);
	assert_int_equal(ask(), 0);
	put_large(15 + (64 << 10) + 1, 'x', 0);
	expect_refused(-EFBIG, "64 KiB");
	put_large(2 << 20, 'x', GZIP);
	expect_refused(-EFBIG, "64 KiB");
}

/* A line across the ends of the buffers, wherever it lies. */
static void lines_across_buffers(void **state)
{
	static char all[(64 << 10) + 200];
	const size_t stride = under_valgrind() ? 13 : 1; /* it takes 50 times as long */
	size_t at, n;
	int how;

	(void)state;
	for (how = 0; how <= GZIP; how++) {
		for (at = 16384 * 2 - 40; at < 16384 * 2 + 40; at += stride) {
			memset(all, '\n', sizeof(all));
			n = (size_t)sprintf(all + at, "# CONFIG_BETA is not set\nCONFIG_GAMMA=m");
			all[at + n] = '\n';
			memcpy(all + at / 2, "\nCONFIG_ALPHA=y", 15);
			put_packed(PROC, all, sizeof(all), how);
			assert_int_equal(ask(), 0);
			assert_int_equal(symbols[ALPHA].value, SBP_KCONFIG_YES);
			assert_int_equal(symbols[BETA].value, SBP_KCONFIG_NO);
			assert_int_equal(symbols[GAMMA].value, SBP_KCONFIG_MODULE);
		}
	}
	/* An unfinished last line is not completed by what an earlier one left behind. */
	memset(all, '\n', sizeof(all));
	memcpy(all + 16384 - 5, "CONFIG_DELTA=42\n# CONFIG_DELTA is not set\n", 42);
	for (n = 0; n < 14; n++) {
		memcpy(all + 17000, "CONFIG_DELTA=42", n);
		put(PROC, all, 17000 + n);
		assert_int_equal(ask(), 0);
		assert_int_equal(symbols[DELTA].value, SBP_KCONFIG_NO);
	}
	/* A long line's beginning counts, and it leaves nothing to the one after it. */
	for (at = 200; at < 64000; at += 101 * stride) {
		n = (size_t)sprintf(all, "CONFIG_STRING=\"");
		memset(all + n, 'x', at);
		n += at;
		n += (size_t)sprintf(all + n, "\"\nCONFIG_ALPHA=y\n");
		put(PROC, all, n);
		assert_int_equal(ask(), 0);
		assert_int_equal(symbols[STRING].value, SBP_KCONFIG_VALUE);
		assert_int_equal(symbols[ALPHA].value, SBP_KCONFIG_YES);
		assert_int_equal(result.lines, 2);
	}
}

static long pages(void)
{
	long n = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void leaves_no_memory(void **state)
{
	long before;
	int i;

	(void)state;
	put_packed(PROC, text, sizeof(text) - 1, GZIP | MODULE);
	before = pages();
	for (i = 0; i < 200; i++)
		ask();
	assert_true(pages() < before + 1000);
	put(PROC, "\x1f\x8b", 2);
	for (i = 0; i < 200; i++)
		ask();
	assert_true(pages() < before + 1000);
}

/* --- what is no file, or out of reach */

static void not_a_file(void **state)
{
	(void)state;
	make_parents(PROC "/x");
	expect_refused(-EISDIR, "directory");
	assert_int_equal(rmdir(in_root(PROC)), 0);
	assert_int_equal(mkfifo(in_root(PROC), 0600), 0);
	alarm(60);
	expect_refused(-EINVAL, "regular");
	alarm(0);
	assert_int_equal(unlink(in_root(PROC)), 0);
	assert_int_equal(symlink("/dev/zero", in_root(PROC)), 0);
	expect_refused(-EINVAL, "regular");
	assert_int_equal(unlink(in_root(PROC)), 0);
	assert_int_equal(symlink("config.gz", in_root(PROC)), 0);
	expect_refused(-ELOOP, "symbolic links");
}

/* Runs check in a child; what it returns is its status, 0 when all was right. */
static void in_child(int (*check)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		_exit(check());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int refused(int err)
{
	int i, got = ask();

	for (i = 0; i < SYMBOLS; i++)
		if (symbols[i].value)
			return 2;
	return got == err && result.why[0] ? 0 : 1;
}

static int check_unreadable(void)
{
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 3;
	return refused(-EACCES);
}

static int check_no_descriptors(void)
{
	struct rlimit limit = { (rlim_t)lowest_free_fd(), (rlim_t)lowest_free_fd() };

	return setrlimit(RLIMIT_NOFILE, &limit) != 0 ? 3 : refused(-EMFILE);
}

static int check_one_descriptor(void)
{
	struct rlimit limit = { (rlim_t)lowest_free_fd() + 1, (rlim_t)lowest_free_fd() + 1 };

	return setrlimit(RLIMIT_NOFILE, &limit) != 0 ? 3 : ask();
}

static int check_closed(void)
{
	int i;

	for (i = 0; i < 3; i++)
		close(i);
	if (ask() != 0)
		return 1;
	for (i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) != -1)
			return 2;
	return 0;
}

static int check_little_memory(void)
{
	struct rlimit limit = { 64 << 20, 64 << 20 };

	return setrlimit(RLIMIT_AS, &limit) != 0 ? 3 : ask();
}

static int check_no_memory(void)
{
	struct rlimit limit = { 0, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		return 3;
	if (refused(-ENOMEM))
		return 2;
	limit.rlim_cur = RLIM_INFINITY;
	return setrlimit(RLIMIT_AS, &limit) != 0 ? 3 : ask();
}

static void out_of_reach(void **state)
{
	(void)state;
	put_packed(PROC, text, sizeof(text) - 1, GZIP);
	chmod(in_root(PROC), 0);
	in_child(check_unreadable);
	chmod(in_root(PROC), 0644);
	in_child(check_closed);
}

static void out_of_descriptors(void **state)
{
	(void)state;
	need_limits();
	put_packed(PROC, text, sizeof(text) - 1, GZIP);
	in_child(check_no_descriptors);
	in_child(check_one_descriptor);
}

static void out_of_memory(void **state)
{
	(void)state;
	need_limits();
	put_packed(PROC, text, sizeof(text) - 1, GZIP);
	in_child(check_little_memory);
	in_child(check_no_memory);
}

static void long_names(void **state)
{
	static char long_root[9000];
	char release[300], path[400];

	(void)state;
	memset(long_root, '/', sizeof(long_root) - 1);
	forget();
	assert_int_equal(sbp_kconfig_read(long_root, RELEASE, 0, symbols, SYMBOLS, &result),
			 -ENAMETOOLONG);
	expect_nothing();
	assert_true(result.why[0]);
	memset(release, 'r', sizeof(release) - 1);
	release[sizeof(release) - 1] = '\0';
	forget();
	assert_int_equal(sbp_kconfig_read(root, release, 0, symbols, SYMBOLS, &result), -ENOENT);
	expect_nothing();
	/* As long as a name can be: the report cuts it and nothing runs over. */
	release[230] = '\0';
	assert_in_range(snprintf(path, sizeof(path), "/usr/src/linux-headers-%s/.config", release),
			255, sizeof(path) - 1);
	put(path, "CONFIG_ALPHA=y\n", 15);
	forget();
	assert_int_equal(sbp_kconfig_read(root, release, 0, symbols, SYMBOLS, &result), 0);
	assert_int_equal(strlen(result.source), sizeof(result.source) - 1);
	put(path, "", 0);
	forget();
	assert_int_equal(sbp_kconfig_read(root, release, 0, symbols, SYMBOLS, &result), -ENODATA);
	assert_non_null(strstr(result.why, "it is empty"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(cut_at_every_byte),
		TEST(plain_text_cut_at_every_byte),
		TEST(every_byte_changed),
		TEST(not_a_configuration),
		TEST(noise),
		TEST(after_the_stream),
		TEST(too_many_layers),
		TEST(limits),
		TEST(lines_across_buffers),
		TEST(leaves_no_memory),
		TEST(not_a_file),
		TEST(out_of_reach),
		TEST(out_of_descriptors),
		TEST(out_of_memory),
		TEST(long_names),
	};

	return cmocka_run_group_tests_name("kconfig_damage", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * probe/kconfig*.c: where the configuration is found, which source is believed, what lines mean.
 * Damaged and hostile sources are test_kconfig_damage.c's.
 */
#include "kconfig_root.h"

#include <dlfcn.h>
#include <pthread.h>

#ifndef HAVE_LIBKMOD
#define HAVE_LIBKMOD 0
#endif

/* --- where it is found */

static const struct {
	const char *path, *source;
	int how;
} places[] = {
	/* worst first: each is believed more than those above it */
	{ "/usr/src/linux-headers-" RELEASE "/.config", NULL, 0 },
	{ "/lib/modules/" RELEASE "/build/.config", NULL, 0 },
	{ "/lib/modules/" RELEASE "/kernel/kernel/configs.ko.gz",
	  "configs module /lib/modules/" RELEASE "/kernel/kernel/configs.ko.gz", GZIP | MODULE },
	{ "/lib/modules/" RELEASE "/kernel/kernel/configs.ko",
	  "configs module /lib/modules/" RELEASE "/kernel/kernel/configs.ko", MODULE },
	{ "/usr/lib/kernel/config-" RELEASE, NULL, 0 },
	{ "/usr/lib/ostree-boot/config-" RELEASE, NULL, 0 },
	{ "/usr/lib/modules/" RELEASE "/config", NULL, GZIP },
	{ "/lib/modules/" RELEASE "/config", NULL, 0 },
	{ "/boot/config-" RELEASE, NULL, 0 },
	{ "/proc/config.gz", NULL, GZIP },
};

static void finds_each_place_in_order(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		put_packed(places[i].path, text, sizeof(text) - 1, places[i].how);
		assert_int_equal(ask(), 0);
		expect_all(places[i].source ? places[i].source : places[i].path);
		assert_string_equal(result.why, "");
		assert_int_equal(result.running, strcmp(places[i].path, "/proc/config.gz") == 0);
	}
}

static void nothing_there(void **state)
{
	(void)state;
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
	assert_non_null(strstr(result.why, RELEASE));
	put("/proc", "a file", 6); /* where a directory should be */
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
}

static void goes_on_after_a_failure_and_says_so(void **state)
{
	(void)state;
	put("/proc/config.gz", "\x1f\x8b", 2);
	put("/boot/config-" RELEASE, text, sizeof(text) - 1);
	assert_int_equal(ask(), 0);
	expect_all("/boot/config-" RELEASE);
	assert_string_equal(result.why, "/proc/config.gz: its gzip stream is cut off");
	/* Two failures: the better source's is told. */
	put("/boot/config-" RELEASE, "", 0);
	assert_int_equal(ask(), -EBADMSG);
	expect_nothing();
	assert_string_equal(result.why, "/proc/config.gz: its gzip stream is cut off");
}

static void needs_a_release_that_is_a_name(void **state)
{
	static const char *const bad[] = { NULL, "", ".", "..", "../boot", "a/b" };
	unsigned i;

	(void)state;
	put("/boot/config-", text, sizeof(text) - 1);
	put("/lib/modules/config", text, sizeof(text) - 1);
	put("/lib/modules/a/b/config", text, sizeof(text) - 1);
	put("/lib/config", text, sizeof(text) - 1);
	put("/boot/config", text, sizeof(text) - 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		forget();
		assert_int_equal(sbp_kconfig_read(root, bad[i], 0, symbols, SYMBOLS, &result),
				 -ENOENT);
		expect_nothing();
	}
	put_packed("/proc/config.gz", text, sizeof(text) - 1, GZIP);
	forget();
	assert_int_equal(sbp_kconfig_read(root, NULL, 0, symbols, SYMBOLS, &result), 0);
	expect_all("/proc/config.gz");
}

/* /boot/config may be any kernel's: it counts when it says so itself. */
static void unnamed_file_must_be_for_this_kernel(void **state)
{
	static const struct {
		const char *release;
		int err;
	} rows[] = { { "6.1.76", 0 },	   { "6.1.76-gentoo", 0 }, { "6.1.76+", 0 },
		     { "6.1.7", -ENOENT }, { "6.1.760", -ENOENT }, { "6.1.76.1", -ENOENT },
		     { "5.10.0", -ENOENT } };
	unsigned i;

	(void)state;
	put("/boot/config", text, sizeof(text) - 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forget();
		assert_int_equal(sbp_kconfig_read(root, rows[i].release, 0, symbols, SYMBOLS, &result),
				 rows[i].err);
		if (rows[i].err)
			expect_nothing();
		else
			expect_all("/boot/config");
	}
	put("/boot/config", "CONFIG_ALPHA=y\n", 15); /* says nothing of it */
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
}

static void given_file(void **state)
{
	(void)state;
	put("/a", text, sizeof(text) - 1);
	assert_int_equal(ask_file("/a"), 0);
	expect_all(in_root("/a"));
	put_packed("/a", text, sizeof(text) - 1, GZIP);
	assert_int_equal(ask_file("/a"), 0);
	expect_all(in_root("/a"));
	put_packed("/a", text, sizeof(text) - 1, MODULE);
	assert_int_equal(ask_file("/a"), 0);
	expect_all(in_root("/a"));
	assert_int_equal(ask_file("/b"), -ENOENT);
	expect_nothing();
	assert_string_equal(result.why, "there is no such file");
	assert_int_equal(ask_file("/a/b"), -ENOTDIR);
	expect_nothing();
}

/* --- what is in it */

static const struct {
	const char *text;
	unsigned char alpha;
} mentions[] = {
	{ "CONFIG_ALPHA=y\n", SBP_KCONFIG_YES },
	{ "CONFIG_ALPHA=y", SBP_KCONFIG_YES },
	{ "CONFIG_ALPHA=y\r\n", SBP_KCONFIG_YES },
	{ "CONFIG_ALPHA=m\r", SBP_KCONFIG_MODULE },
	{ "CONFIG_ALPHA=n\n", SBP_KCONFIG_NO },
	{ "# CONFIG_ALPHA is not set", SBP_KCONFIG_NO },
	{ "# CONFIG_ALPHA is not set\r\n", SBP_KCONFIG_NO },
	{ "CONFIG_ALPHA=\"\"\n", SBP_KCONFIG_VALUE },
	{ "CONFIG_ALPHA=\"y\"\n", SBP_KCONFIG_VALUE },
	{ "CONFIG_ALPHA=0x1f\n", SBP_KCONFIG_VALUE },
	{ "CONFIG_ALPHA=-1\n", SBP_KCONFIG_VALUE },
	/* the last mention counts */
	{ "CONFIG_ALPHA=y\n# CONFIG_ALPHA is not set\n", SBP_KCONFIG_NO },
	{ "# CONFIG_ALPHA is not set\nCONFIG_ALPHA=m\nCONFIG_ALPHA=y\n", SBP_KCONFIG_YES },
	/* what kconfig never writes is no mention */
	{ "CONFIG_ALPHA=m\nCONFIG_ALPHA=\n", SBP_KCONFIG_MODULE },
	{ "CONFIG_ALPHA=m\nCONFIG_ALPHA\n", SBP_KCONFIG_MODULE },
	{ "CONFIG_ALPHA=yes\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA=Y\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA= y\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA=y \n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA=y\r\r\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA =y\n", SBP_KCONFIG_UNKNOWN },
	{ " CONFIG_ALPHA=y\n", SBP_KCONFIG_UNKNOWN },
	{ "\xef\xbb\xbf"
	  "CONFIG_ALPHA=y\nCONFIG_Z=y\n",
	  SBP_KCONFIG_UNKNOWN },
	{ "#CONFIG_ALPHA=y\n", SBP_KCONFIG_UNKNOWN },
	{ "# CONFIG_ALPHA=y\n", SBP_KCONFIG_UNKNOWN },
	{ "#\nCONFIG_ALPHA=y\n", SBP_KCONFIG_YES },
	{ "# CONFIG_ALPHA is not se\n", SBP_KCONFIG_UNKNOWN },
	{ "# CONFIG_ALPHA is not sett\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHA is not set\n", SBP_KCONFIG_UNKNOWN },
	{ "# CONFIG_ALPHA\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPH=y\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_ALPHABET=y\n", SBP_KCONFIG_UNKNOWN },
	{ "CONFIG_XALPHA=y\n", SBP_KCONFIG_UNKNOWN },
	{ "config_ALPHA=y\n", SBP_KCONFIG_UNKNOWN },
	{ "X CONFIG_ALPHA=y\n", SBP_KCONFIG_UNKNOWN },
};

static void understands_lines(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(mentions) / sizeof(mentions[0]); i++) {
		char all[256];
		int n = snprintf(all, sizeof(all), "CONFIG_OTHER=y\n%s", mentions[i].text);

		put("/proc/config.gz", all, (size_t)n);
		assert_int_equal(ask(), 0);
		if (symbols[ALPHA].value != mentions[i].alpha)
			fail_msg("%d, not %d, from \"%s\"", symbols[ALPHA].value, mentions[i].alpha,
				 mentions[i].text);
	}
}

static void knows_versions(void **state)
{
	static const struct {
		const char *line, *version;
	} rows[] = {
		{ "# Linux/x86_64 3.4.113 Kernel Configuration", "3.4.113" },
		{ "# Linux kernel version: 2.6.29.1", "2.6.29.1" },
		{ "# Linux/arm 6.18.0-rc1 Kernel Configuration\r", "6.18.0-rc1" },
		{ "# Linux/x86 \033[31m", "" },
		{ "# Linux/x86", "" },
		{ "# Linux/", "" },
		{ "# Linux kernel version: ", "" },
		{ "# Linux/a    ", "" },
		{ "#\n#\n#\n#\n#\n# Linux/x86 6.1.76 too late", "" },
	};
	char all[256];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(all, sizeof(all), "#\n#\n%s\nCONFIG_ALPHA=y\n", rows[i].line);
		put("/proc/config.gz", all, strlen(all));
		assert_int_equal(ask(), 0);
		assert_string_equal(result.version, rows[i].version);
	}
	/* However long: cut to its field. */
	memset(all, '9', sizeof(all));
	memcpy(all, "# Linux/x86 ", 12);
	memcpy(all + 200, "\nCONFIG_A=y", 11);
	put("/proc/config.gz", all, 211);
	assert_int_equal(ask(), 0);
	assert_int_equal(strlen(result.version), sizeof(result.version) - 1);
}

/* A symbol asked for twice, one letter long, the same with more: and other lengths of the array. */
static void any_symbols(void **state)
{
	struct sbp_kconfig_symbol few[] = { { "A", 9 }, { "AB", 9 }, { "A", 9 }, { "B", 9 } };
	static const char lines[] = "CONFIG_A=y\nCONFIG_AB=m\n# CONFIG_B is not set\nCONFIG_C=y\n";
	struct sbp_kconfig_symbol wrong = { NULL, 9 };
	struct sbp_kconfig_symbol *many = calloc(70000, sizeof(*many));
	char name[200];
	size_t i;

	(void)state;
	assert_non_null(many);
	put("/proc/config.gz", lines, sizeof(lines) - 1);
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, few, 4, &result), 0);
	assert_int_equal(few[0].value, SBP_KCONFIG_YES);
	assert_int_equal(few[1].value, SBP_KCONFIG_MODULE);
	assert_int_equal(few[2].value, SBP_KCONFIG_YES);
	assert_int_equal(few[3].value, SBP_KCONFIG_NO);
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, NULL, 0, &result), 0);
	assert_int_equal(result.lines, 4);

	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, &wrong, 1, &result), -EINVAL);
	wrong.name = "";
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, &wrong, 1, &result), -EINVAL);
	memset(name, 'A', sizeof(name));
	name[127] = '\0';
	wrong.name = name;
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, &wrong, 1, &result), 0);
	name[127] = 'A';
	name[128] = '\0';
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, &wrong, 1, &result), -EINVAL);
	for (i = 0; i < 70000; i++)
		many[i].name = i % 2 ? "AB" : "NOT_THERE";
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, many, 65534, &result), 0);
	assert_int_equal(many[65533].value, SBP_KCONFIG_MODULE);
	assert_int_equal(many[65532].value, SBP_KCONFIG_UNKNOWN);
	assert_int_equal(sbp_kconfig_read(root, RELEASE, 0, many, 65535, &result), -EINVAL);
	free(many);
}

/* --- libkmod */

/* An index of depmod's with one key in it. */
static void put_index(const char *path, const char *key, const char *value)
{
	static const unsigned char header[] = { 0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1, 0xc0, 0, 0, 12 };
	static const unsigned char values[] = { 0, 0, 0, 1, 0, 0, 0, 0 };
	unsigned char all[512];
	size_t n = sizeof(header);

	memcpy(all, header, n);
	memcpy(all + n, key, strlen(key) + 1);
	n += strlen(key) + 1;
	memcpy(all + n, values, sizeof(values));
	n += sizeof(values);
	memcpy(all + n, value, strlen(value) + 1);
	put(path, all, n + strlen(value) + 1);
}

static void need_libkmod(void)
{
	void *handle = HAVE_LIBKMOD ? dlopen("libkmod.so.2", RTLD_LAZY | RTLD_LOCAL) : NULL;

	if (!handle) {
		print_message("# no libkmod here, or not built for it\n");
		skip();
	}
	dlclose(handle);
}

#define MODULES "/usr/lib/modules/" RELEASE

static void expect_not_followed(const char *path)
{
	char value[140];

	put("/outside", text, sizeof(text) - 1);
	assert_int_equal(rename(in_root("/outside"), path), 0);
	snprintf(value, sizeof(value), "%s:", path);
	put_index(MODULES "/modules.dep.bin", "configs", value);
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
	assert_int_equal(unlink(path), 0);
}

static void module_that_libkmod_knows(void **state)
{
	char outside[128];

	(void)state;
	put_packed(MODULES "/updates/configs.ko.gz", text, sizeof(text) - 1, MODULE | GZIP);
	put_index(MODULES "/modules.dep.bin", "configs", "updates/configs.ko.gz:");
	assert_int_equal(ask(), 0);
	expect_all("configs module " MODULES "/updates/configs.ko.gz");
	assert_false(result.running);

	forget();
	assert_int_equal(sbp_kconfig_read(root, RELEASE, SBP_KCONFIG_NO_MODULES, symbols, SYMBOLS,
					  &result),
			 -ENOENT);
	expect_nothing();

	put(MODULES "/updates/configs.ko.xz",
	    "\xfd"
	    "7zXZ\0 and so on",
	    16);
	put_index(MODULES "/modules.dep.bin", "configs", "updates/configs.ko.xz:");
	assert_int_equal(ask(), -ENOTSUP);
	expect_nothing();
	assert_non_null(strstr(result.why, "configs.ko.xz: it is compressed by xz"));

	/* A name that leads out of the root is not followed, however like it. */
	snprintf(outside, sizeof(outside), "%s.out", root);
	expect_not_followed(outside);
	snprintf(outside, sizeof(outside), "%s", root);
	outside[strlen(root) - 1] ^= 1;
	assert_int_equal(mkdir(outside, 0700), 0);
	strcat(outside, "/a");
	expect_not_followed(outside);
	*strrchr(outside, '/') = '\0';
	assert_int_equal(rmdir(outside), 0);
	put_index(MODULES "/modules.dep.bin", "configs", "updates/gone.ko:");
	assert_int_equal(ask(), -ENOENT);
	put_index(MODULES "/modules.dep.bin", "other", "other.ko:");
	assert_int_equal(ask(), -ENOENT);
	assert_false(result.ikconfig_builtin);
	put(MODULES "/modules.dep.bin", "garbage", 7);
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
}

static void built_in_list_explains(void **state)
{
	(void)state;
	put_index(MODULES "/modules.dep.bin", "other", "other.ko:");
	put_index(MODULES "/modules.builtin.bin", "configs", "");
	assert_int_equal(ask(), -ENOENT);
	expect_nothing();
	assert_true(result.ikconfig_builtin);
	assert_non_null(strstr(result.why, "CONFIG_IKCONFIG_PROC"));
}

/* --- the same without libkmod */

static unsigned char tree[1024];

static size_t put_be(size_t at, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		tree[at++] = (unsigned char)(number >> shift);
	return at;
}

static size_t put_words(size_t at, const char *words)
{
	memcpy(tree + at, words, strlen(words) + 1);
	return at + strlen(words) + 1;
}

static size_t put_value(size_t at, const char *value)
{
	return put_words(put_be(put_be(at, 1), 0), value);
}

/* As depmod writes "config", "configs" and "dummy": prefixes, children and values all in one tree. */
static size_t make_tree(void)
{
	enum { PREFIX = 1u << 31, VALUES = 1 << 30, CHILDREN = 1 << 29 };
	size_t at = 12, config, configs, dummy;

	memset(tree, 0, sizeof(tree));
	configs = at;
	at = put_value(at, "a/configs.ko.gz: b/config.ko c/dummy.ko");
	dummy = at;
	at = put_value(put_words(at, "ummy"), "/elsewhere/dummy.ko:");
	config = at;
	at = put_words(at, "onfig");
	tree[at++] = 's';
	tree[at++] = 's';
	at = put_value(put_be(at, (uint32_t)configs | VALUES), "b/config.ko:");
	put_be(put_be(put_be(0, 0xb007f457), 2 << 16), (uint32_t)at | CHILDREN);
	tree[at++] = 'c';
	tree[at++] = 'd';
	at = put_be(at, (uint32_t)config | PREFIX | VALUES | CHILDREN);
	return put_be(at, (uint32_t)dummy | PREFIX | VALUES);
}

static void expect_module(const char *name, const char *expected)
{
	char path[512], whole[512];
	bool builtin = true;

	snprintf(whole, sizeof(whole), "%s%s", *expected == '/' ? "" : in_root(MODULES "/"),
		 expected);
	assert_int_equal(
		sbp_kconfig_find_in_index(in_root(MODULES), name, path, sizeof(path), &builtin), 0);
	assert_string_equal(path, whole);
	assert_false(builtin);
}

static void expect_no_module(const char *name, bool expected)
{
	char path[512];
	bool builtin = !expected;

	assert_int_equal(sbp_kconfig_find_in_index(in_root(MODULES), name, path, sizeof(path),
						   &builtin),
			 -ENOENT);
	assert_int_equal(builtin, expected);
}

static void index_is_read_as_libkmod_does(void **state)
{
	char path[512], same[512];
	bool builtin;
	int known;

	(void)state;
	put(MODULES "/modules.dep.bin", tree, make_tree());
	put_index(MODULES "/modules.builtin.bin", "built", "");
	expect_module("configs", "a/configs.ko.gz");
	expect_module("config", "b/config.ko");
	expect_module("dummy", "/elsewhere/dummy.ko");
	expect_no_module("conf", false);
	expect_no_module("configsx", false);
	expect_no_module("", false);
	expect_no_module("e", false);
	expect_no_module("built", true);
	assert_int_equal(sbp_kconfig_find_in_index(in_root(MODULES), "configs", path, 20, &builtin),
			 -ENAMETOOLONG);

	need_libkmod();
	known = sbp_kconfig_find_module(in_root(MODULES), same, sizeof(same), &builtin);
	assert_int_equal(known, 0);
	assert_int_equal(sbp_kconfig_find_in_index(in_root(MODULES), "configs", path, sizeof(path),
						   &builtin),
			 0);
	assert_string_equal(path, same);
}

/* Cut off anywhere, or with any byte replaced: an answer in time, and never what lies behind the file. */
static void damaged_index_is_no_answer(void **state)
{
	size_t length = make_tree();
	char path[512];
	bool builtin;

	(void)state;
	for (size_t cut = 0; cut < length; cut++) {
		put(MODULES "/modules.dep.bin", tree, cut);
		expect_no_module("dummy", false);
	}
	for (size_t at = 0; at < length; at++)
		for (unsigned int value = 0; value < 256; value += 17) {
			make_tree();
			tree[at] = (unsigned char)value;
			put(MODULES "/modules.dep.bin", tree, length);
			sbp_kconfig_find_in_index(in_root(MODULES), "configs", path, sizeof(path),
						  &builtin);
		}
	/* A child that is its own parent. */
	memset(tree, 'c', sizeof(tree));
	put_be(put_be(put_be(0, 0xb007f457), 2 << 16), 1u << 29 | 14);
	put_be(16, 1u << 29 | 14);
	put(MODULES "/modules.dep.bin", tree, sizeof(tree));
	expect_no_module("cccccccccccccccccccccccccccccccc", false);
}

/* --- all at once */

static void *ask_often(void *from)
{
	static const char *const releases[] = { "a", "b" };
	struct sbp_kconfig_symbol own[SYMBOLS];
	struct sbp_kconfig_result r;
	size_t which = (size_t)(uintptr_t)from % 2, i;

	for (i = 0; i < 200; i++) {
		memcpy(own, no_answers, sizeof(own));
		if (sbp_kconfig_read(root, releases[which], 0, own, SYMBOLS, &r) != 0 ||
		    own[ALPHA].value != (which ? SBP_KCONFIG_NO : SBP_KCONFIG_YES))
			return "wrong";
	}
	return NULL;
}

static void many_threads(void **state)
{
	pthread_t threads[8];
	void *failed = NULL, *one;
	size_t i;

	(void)state;
	put_packed("/boot/config-a", text, sizeof(text) - 1, GZIP);
	put("/boot/config-b", "# CONFIG_ALPHA is not set\n", 26);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, (void *)i), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &one);
		failed = one ? one : failed;
	}
	assert_null(failed);
}

/* Whatever this machine has: found whole or said why. */
static void this_machine(void **state)
{
	int err;

	(void)state;
	forget();
	err = sbp_kconfig_read("", "no-such-release", 0, symbols, SYMBOLS, &result);
	if (err)
		assert_true(result.why[0] && !result.source[0]);
	else
		assert_true(result.running && result.lines > 100 && result.version[0]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(finds_each_place_in_order),
		TEST(nothing_there),
		TEST(goes_on_after_a_failure_and_says_so),
		TEST(needs_a_release_that_is_a_name),
		TEST(unnamed_file_must_be_for_this_kernel),
		TEST(given_file),
		TEST(understands_lines),
		TEST(knows_versions),
		TEST(any_symbols),
		TEST(module_that_libkmod_knows),
		TEST(index_is_read_as_libkmod_does),
		TEST(damaged_index_is_no_answer),
		TEST(built_in_list_explains),
		TEST(many_threads),
		TEST(this_machine),
	};

	return cmocka_run_group_tests_name("kconfig", tests, NULL, NULL);
}

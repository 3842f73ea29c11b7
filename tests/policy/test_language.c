/* SPDX-License-Identifier: MIT */
/* The language of policies: what each form means, which fault is found in which line, and includes. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <sandbox-probe.h>

#include "../../compat/launch.h"
#include "programs.h"

#define ALLOW	 0x7fff0000U
#define KILL	 0x80000000U
#define TRAP	 0x00030000U
#define LOG	 0x7ffc0000U
#define NOTIFY	 0x7fc00000U
#define ERRNO(e) (0x00050000U | (e))

/* --- What forms mean ----------------------------------------------------------------------- */

/* Number 16 is ioctl on x86-64, 0 read, 1 write, 2 open. Arguments 0 to 2; the others are 0. */
static const struct meaning {
	const char *text;
	uint32_t number, verdict;
	uint64_t arguments[3];
} meanings[] = {
	{ "read: 1", 0, ALLOW, { 0 } },
	{ "read: 1", 1, KILL, { 0 } },
	{ "read: allow", 0, ALLOW, { 0 } },
	{ "0: 1", 0, ALLOW, { 0 } },
	{ "0x10: 1", 16, ALLOW, { 0 } },
	{ "020: 1", 16, ALLOW, { 0 } },
	{ "open: return ENOENT", 2, ERRNO(2), { 0 } },
	{ "open: return 13", 2, ERRNO(13), { 0 } },
	{ "open: trap", 2, TRAP, { 0 } },
	{ "open: log", 2, LOG, { 0 } },
	{ "open: kill", 2, KILL, { 0 } },
	{ "open: kill-process", 2, KILL, { 0 } },
	{ "open: kill-thread", 2, 0, { 0 } },
	{ "open: user-notify", 2, NOTIFY, { 0 } },
	{ "@default trap\nread: 1", 1, TRAP, { 0 } },
	{ "read: 1\n@default return EPERM", 1, ERRNO(1), { 0 } },
	{ "@frequency ./x\nread: 1", 0, ALLOW, { 0 } },
	{ "# nothing\n\n  \t\nread: 1 # all of it", 0, ALLOW, { 0 } },
	{ "read:\\\n 1", 0, ALLOW, { 0 } },
	{ "read: 1\r\nwrite: 1\r\n", 1, ALLOW, { 0 } },
	{ "ioctl: arg1 == TCGETS || arg1 == TIOCGWINSZ", 16, ALLOW, { 0, 0x5413 } },
	{ "ioctl: arg1 == TCGETS || arg1 == TIOCGWINSZ", 16, ALLOW, { 0, 0x5401 } },
	{ "ioctl: arg1 == TCGETS || arg1 == TIOCGWINSZ", 16, KILL, { 0, 0x5412 } },
	{ "ioctl: arg1 == TCGETS; return EPERM", 16, ERRNO(1), { 0, 1 } },
	{ "ioctl: arg1 == TCGETS; return EPERM", 16, ALLOW, { 0, 0x5401 } },
	/* an argument has 64 bits, an int the lower 32 */
	{ "ioctl: arg1 == TCGETS", 16, KILL, { 0, 0x100005401ULL } },
	{ "ioctl: int1 == TCGETS", 16, ALLOW, { 0, 0x100005401ULL } },
	{ "{read, write}: arg0 == 3", 1, ALLOW, { 3 } },
	{ "{read, write}: arg0 == 3", 0, KILL, { 4 } },
	{ "read: arg0 == 1 && arg2 < 16", 0, ALLOW, { 1, 0, 15 } },
	{ "read: arg0 == 1 && arg2 < 16", 0, KILL, { 1, 0, 16 } },
	{ "read: arg2 <= 16", 0, ALLOW, { 1, 0, 16 } },
	{ "read: arg2 > 16", 0, KILL, { 1, 0, 16 } },
	{ "read: arg2 >= 16", 0, ALLOW, { 1, 0, 16 } },
	{ "read: arg2 > 0xffffffff", 0, ALLOW, { 1, 0, 0x100000000ULL } },
	{ "read: arg2 != 16", 0, KILL, { 1, 0, 16 } },
	{ "open: arg1 & O_WRONLY|O_RDWR", 2, ALLOW, { 0, 0x8002 } },
	{ "open: arg1 & O_WRONLY|O_RDWR", 2, KILL, { 0, 0x8000 } },
	{ "open: arg1 in O_RDONLY|O_CLOEXEC", 2, ALLOW, { 0, 0x80000 } },
	{ "open: arg1 in O_RDONLY|O_CLOEXEC", 2, KILL, { 0, 0x80001 } },
	{ "open: arg1 in ~(O_CREAT|O_TRUNC)", 2, KILL, { 0, 0x40 } },
	{ "open: arg1 in ~(O_CREAT|O_TRUNC)", 2, ALLOW, { 0, 0x400 } },
	{ "openat: int0 == AT_FDCWD", 257, ALLOW, { 0xffffff9c } },
	{ "openat: int0 == -100", 257, ALLOW, { 0xffffffffffffff9cULL } },
	{ "openat: arg0 == AT_FDCWD", 257, KILL, { 0xffffff9c } },
	{ "read: { arg0 == 1; return EPERM, arg0 == 2, trap }", 0, ERRNO(1), { 1 } },
	{ "read: { arg0 == 1; return EPERM, arg0 == 2, trap }", 0, ALLOW, { 2 } },
	{ "read: { arg0 == 1; return EPERM, arg0 == 2, trap }", 0, TRAP, { 3 } },
	{ "read: { arg0 > 1; trap, arg0 == 1; log }", 0, KILL, { 0 } },
	{ "kill: int0 == SELF", 62, ALLOW, { SBP_SELF } },
	/* of another architecture, or not of this one */
	{ "mmap2: 1\nread: 1", 192, KILL, { 0 } },
	{ "read[arch=x86_64]: 1", 0, ALLOW, { 0 } },
	{ "read[arch=arm,i386]: 1", 0, KILL, { 0 } },
	{ "{read[arch=arm], write[arch=x86_64]}: 1", 1, ALLOW, { 0 } },
	{ "", 0, KILL, { 0 } },
};

static void forms_mean(void **state)
{
	struct sock_fprog program;
	struct sbp_rules rules;
	uint64_t arguments[6];
	uint32_t verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		const struct meaning *m = &meanings[i];

		memset(arguments, 0, sizeof(arguments));
		memcpy(arguments, m->arguments, sizeof(m->arguments));
		must_parse(m->text, SBP_X86_64, &rules);
		assert_int_equal(sbp_rules_compile(&rules, &program), 0);
		verdict = program_says(&program, 0xc000003eU, m->number, arguments);
		if (verdict != m->verdict)
			fail_msg("row %zu, \"%s\": %#x", i, m->text, verdict);
		free(program.filter);
		sbp_rules_free(&rules);
	}
}

/* What the README shows is the language, on every architecture. */
static void the_readme_is_right(void **state)
{
	FILE *file = fopen("compat/policy/README.md", "re");
	char line[512], text[4096] = "";
	struct sbp_rules rules;
	bool inside = false;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "```", 3) == 0)
			inside = !inside;
		else if (inside && strncmp(line, "@include", 8) != 0)
			strcat(text, line);
	}
	fclose(file);
	assert_true(strlen(text) > 400);
	for (int arch = 0; arch < SBP_ARCHES; arch++) {
		must_parse(text, (enum sbp_arch)arch, &rules);
		assert_true(rules.call_count >= 5);
		sbp_rules_free(&rules);
	}
}

/* --- Faults -------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	unsigned int line;
	const char *words;
} faults[] = {
	{ "read: 1\nreed: 1", 2, "'reed' is no system call" },
	{ "read: 1\n\n# x\nread: 1", 4, "contradictory: read (0) is decided in policy:1" },
	{ "read: 1\n0: return EPERM", 2, "contradictory: read (0) is decided in policy:1" },
	{ "{read, read}: 1", 1, "contradictory" },
	{ "@default trap\n@default kill", 2, "contradictory: there is an @default" },
	{ "@default allow", 1, "@default must not allow" },
	{ "@default log", 1, "@default must not allow" },
	{ "@default", 1, "must stand here, not 'the end of the line'" },
	{ "@defualt kill", 1, "'@defualt' is not" },
	{ "@include", 1, "a path that starts with / or ./" },
	{ "@include x", 1, "a path that starts with / or ./" },
	{ "@include /no/such/file", 1, "can't read /no/such/file" },
	{ "@ default kill", 1, "a word must follow '@'" },
	{ "read", 1, "':' must stand before 'the end of the line'" },
	{ "read 1", 1, "':' must stand before '1'" },
	{ "read:", 1, "not 'the end of the line'" },
	{ "read: 2", 1, "not '2'" },
	{ "read: maybe", 1, "not 'maybe'" },
	{ "read: 1 1", 1, "the line must end before '1'" },
	{ "read: 1;", 1, "the line must end before ';'" },
	{ "read: return", 1, "a value must stand before" },
	{ "read: return 0", 1, "an error is a name such as EPERM or a number from 1 to 4095" },
	{ "read: return 4096", 1, "an error is a name" },
	{ "read: return EWHAT", 1, "'EWHAT' is no constant" },
	{ "read: arg6 == 1", 1, "'arg6': arguments have the numbers 0 to 5" },
	{ "read: arg == 1", 1, "arguments have the numbers" },
	{ "read: arg01 == 1", 1, "arguments have the numbers" },
	{ "read: arg0", 1, "one of == != < <= > >= & in" },
	{ "read: arg0 = 1", 1, "one of == != < <= > >= & in" },
	{ "read: arg0 ==", 1, "a value must stand before 'the end of the line'" },
	{ "read: arg0 == O_WHAT", 1, "'O_WHAT' is no constant" },
	{ "read: arg0 == 1 &&", 1, "arg0 to arg5, or int0 to int5" },
	{ "read: arg0 == 1 || || arg0 == 2", 1, "arg0 to arg5" },
	{ "read: arg0 == 1|", 1, "a value must stand before" },
	{ "read: arg0 == (1", 1, "')' is missing" },
	{ "read: arg0 == 18446744073709551616", 1, "a number of more than 64 bits" },
	{ "read: arg0 == 0x", 1, "not a number" },
	{ "read: arg0 == 08", 1, "not a number" },
	{ "read: arg0 == 12ab", 1, "not a number" },
	{ "read: int0 == 0x100000000", 1, "more than the 32 bits" },
	{ "read: arg0 == 1; ", 1, "must stand here" },
	{ "read: arg0 == 1; allow", 1, "contradictory: allowed whether" },
	{ "read: {arg0 == 1; trap, trap}", 1,
	  "contradictory: the condition before it makes no difference" },
	{ "read: {trap, allow}", 1, "unreachable: the action before it has no condition" },
	{ "read: {arg0 == 1", 1, "',' or '}'" },
	{ "{read: 1", 1, "',' or '}'" },
	{ "read: arg0 == 1 && arg0 == 2", 1, "contradictory: no call has all of this" },
	{ "read: arg0 < 4 && arg0 > 5", 1, "contradictory" },
	{ "read: arg0 < 0", 1, "contradictory" },
	{ "read: arg0 & 0", 1, "contradictory" },
	{ "read: arg0 & 4 && arg0 in 3", 1, "contradictory" },
	{ "read: arg0 > 0xffffffffffffffff", 1, "contradictory" },
	{ "read: int0 > 0xffffffff", 1, "contradictory" },
	{ "read: arg0 > 3 && arg0 < 5 && arg0 != 4", 1, "contradictory" },
	{ "read: arg0 > 8 && arg0 < 16 && arg0 in 0x17", 1, "contradictory" },
	{ "read: arg0 >= 0", 1, "a comparison that always holds" },
	{ "read: arg0 in ~0", 1, "a comparison that always holds" },
	{ "read: arg0 != 1 || arg0 == 1 || arg0 == 2", 1, "unreachable" },
	{ "read: arg0 == 1 || arg0 == 1", 1, "unreachable" },
	{ "read: arg0 < 10 || arg0 == 3", 1, "unreachable" },
	{ "read: arg0 == 1 || arg0 == 1 && arg1 == 2", 1, "unreachable" },
	{ "read: {arg0 & 3; trap, arg0 & 1}", 1, "unreachable" },
	{ "read: arg0 != SELF", 1, "SELF can only be compared by ==" },
	{ "read: arg0 == SELF|1", 1, "the line must end before '|'" },
	{ "0x40000000: 1", 1, "unreachable: call numbers end" },
	{ "-1: 1", 1, "unreachable" },
	{ "read[cpu=arm]: 1", 1, "'[arch=NAME]' is the only thing" },
	{ "read[arch=vax]: 1", 1, "'vax' is no architecture" },
	{ "read[arch=arm: 1", 1, "']' must stand before" },
	{ "read: 1\nwrite: \"x\"", 2, "'\"' is not part of the language" },
	{ "read: 1\\\n\\\n x", 3, "the line must end before 'x'" },
	{ "read: 1 \\ x", 1, "'\\' is not part of the language" },
	{ "\xc3\xa9: 1", 1, "byte 0xc3" },
	{ "read: trap!", 1, "'!' is not part of the language" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1", 1,
	  "is no word that is known" },
	{ "read: arg0 == ((((((((((((1))))))))))))", 1, "parentheses too deep" },
};

static void faults_are_found(void **state)
{
	char text[512], start[32];
	struct sbp_fault fault = { text, sizeof(text), 0 };
	struct sbp_rules rules;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		if (sbp_rules_parse(faults[i].text, strlen(faults[i].text), SBP_X86_64, &rules,
				    &fault) == 0)
			fail_msg("row %zu, \"%s\": no fault found", i, faults[i].text);
		snprintf(start, sizeof(start), "policy:%u: ", faults[i].line);
		if (strncmp(text, start, strlen(start)) != 0 || !strstr(text, faults[i].words))
			fail_msg("row %zu, \"%s\": \"%s\"", i, faults[i].text, text);
		sbp_rules_free(&rules);
	}
}

/* A fault fits into any room that there is for it. */
static void faults_are_cut(void **state)
{
	static const char policy[] = "reed: 1";
	struct sbp_rules rules;
	char text[64];

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++) {
		struct sbp_fault fault = { text, size, 0 };

		memset(text, 'x', sizeof(text));
		assert_int_equal(sbp_rules_parse(policy, strlen(policy), SBP_X86_64, &rules, &fault),
				 -EINVAL);
		assert_int_equal(text[size], 'x');
		if (size)
			assert_non_null(memchr(text, 0, size));
		sbp_rules_free(&rules);
	}
}

/* What is a fault on one machine may be sense on another. */
static void thirty_two_bits_are_fewer(void **state)
{
	static const char policy[] = "read: arg0 == 0x100000000";
	char text[256];
	struct sbp_fault fault = { text, sizeof(text), 0 };
	struct sbp_rules rules;

	(void)state;
	assert_int_equal(sbp_rules_parse(policy, strlen(policy), SBP_ARM64, &rules, &fault), 0);
	sbp_rules_free(&rules);
	assert_int_equal(sbp_rules_parse(policy, strlen(policy), SBP_ARM, &rules, &fault), -EINVAL);
	sbp_rules_free(&rules);
}

/* --- Files --------------------------------------------------------------------------------- */

static char folder[] = "/tmp/policy-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void files_include_files(void **state)
{
	struct sbp_policy *policy;
	const struct sock_fprog *program;
	char wanted[300];

	(void)state;
	write_file("inner", "write: 1\n");
	assert_int_equal(sbp_policy_from_file(
				 write_file("outer", "read: 1\n@include ./inner # here\n"), &policy),
			 0);
	assert_null(sbp_policy_fault(policy));
	program = sbp_policy_filter(policy);
	assert_non_null(program);
	assert_true(program_is_sound(program));
	assert_ptr_equal(sbp_policy_ref(policy), policy);
	assert_null(sbp_policy_unref(policy));
	assert_null(sbp_policy_unref(policy));

	/* the fault is in the file that has it, and names the other */
	write_file("inner", "\n\nread: 1\n");
	assert_int_equal(sbp_policy_from_file(write_file("outer", "read: 1\n@include ./inner\n"),
					      &policy),
			 -EINVAL);
	assert_null(sbp_policy_filter(policy));
	snprintf(wanted, sizeof(wanted),
		 "%s/inner:3: contradictory: read (%d) is decided in %s/outer:1", folder,
		 sbp_call_number(SBP_ARCH_HERE, "read"), folder);
	assert_string_equal(sbp_policy_fault(policy), wanted);
	sbp_policy_unref(policy);

	assert_int_equal(sbp_policy_from_file(write_file("itself", "@include ./itself\n"), &policy),
			 -EINVAL);
	assert_non_null(strstr(sbp_policy_fault(policy), "include one another"));
	sbp_policy_unref(policy);
}

static void files_that_cannot_be_read(void **state)
{
	struct sbp_policy *policy;
	char fault[8];
	struct sock_fprog program;

	(void)state;
	assert_int_equal(sbp_policy_from_file("/no/such/policy", &policy), -ENOENT);
	assert_string_equal(sbp_policy_fault(policy),
			    "/no/such/policy: can't be read: No such file or directory");
	sbp_policy_unref(policy);
	assert_int_equal(sbp_policy_from_file(folder, &policy), -EISDIR);
	sbp_policy_unref(policy);
	assert_int_equal(sbp_policy_compile_file("/dev/zero", &program, fault, sizeof(fault)),
			 -EFBIG);
	assert_int_equal(strlen(fault), sizeof(fault) - 1);
}

static void too_long_for_a_filter(void **state)
{
	struct sbp_policy *policy;
	FILE *file;

	(void)state;
	file = fopen(write_file("long", ""), "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "%d: arg0 == %d && arg1 == %d && arg2 == %d\n", i, i, i, i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(sbp_policy_from_file(write_file("long2", "@include ./long\n"), &policy),
			 -E2BIG);
	assert_non_null(strstr(sbp_policy_fault(policy), "4096 instructions"));
	sbp_policy_unref(policy);
}

static void shipped_names(void **state)
{
	struct sbp_policy *policy;
	size_t i;

	(void)state;
	for (i = 0; sbp_policy_name(i); i++) {
		assert_int_equal(sbp_policy_by_name(sbp_policy_name(i), &policy), 0);
		assert_true(program_is_sound(sbp_policy_filter(policy)));
		sbp_policy_unref(policy);
	}
	assert_true(i >= 3);
	assert_int_equal(sbp_policy_by_name("everything", &policy), -ENOENT);
	assert_null(policy);
	assert_string_equal(sbp_system_call_name(sbp_call_number(SBP_ARCH_HERE, "openat")), "openat");
	assert_null(sbp_system_call_name(-1));
	assert_null(sbp_system_call_name(100000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_mean),
		cmocka_unit_test(the_readme_is_right),
		cmocka_unit_test(faults_are_found),
		cmocka_unit_test(faults_are_cut),
		cmocka_unit_test(thirty_two_bits_are_fewer),
		cmocka_unit_test(files_include_files),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(too_long_for_a_filter),
		cmocka_unit_test(shipped_names),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

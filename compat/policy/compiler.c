/* SPDX-License-Identifier: MIT */
/*
 * Runs while the project is built: compiles the shipped policies for every architecture into C, which the
 * library holds, so that a launch compiles nothing. On the building machine; its own architecture does
 * not matter.
 *
 *	policy-compiler FILE.policy... > shipped.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

static const char *const macros[SBP_ARCHES] = {
	[SBP_X86_64] = "__x86_64__",
	[SBP_I386] = "__i386__",
	[SBP_ARM] = "__arm__",
	[SBP_ARM64] = "__aarch64__",
};

/* "folder/files-read.policy" -> "files-read", or "files_read" for C. */
static void name_of(const char *path, int dash, char name[64])
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	snprintf(name, 64, "%.*s", (int)strcspn(base, "."), base);
	for (char *at = name; (at = strchr(at, '-')); at++)
		*at = (char)dash;
}

static void print_program(const char *path, const struct sock_fprog *program)
{
	char name[64];

	name_of(path, '_', name);
	printf("static const struct sock_filter %s[] = {\n", name);
	for (unsigned int i = 0; i < program->len; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", program->filter[i].code,
		       program->filter[i].jt, program->filter[i].jf, program->filter[i].k);
	printf("};\n");
}

static int compile(const char *path, enum sbp_arch arch)
{
	struct sbp_rules rules;
	struct sock_fprog program;
	char text[512];
	struct sbp_fault fault = { .text = text, .size = sizeof(text) };
	int error = sbp_rules_read(path, arch, &rules, &fault);

	if (error) {
		fprintf(stderr, "%s\n", text);
	} else if ((error = sbp_rules_compile(&rules, &program)) == 0) {
		print_program(path, &program);
		free(program.filter);
	} else {
		fprintf(stderr, "%s: %s\n", path, strerror(-error));
	}
	sbp_rules_free(&rules);
	return error;
}

int main(int argc, char **argv)
{
	char name[64], symbol[64];

	printf("/* Made by policy-compiler. */\n#include \"policy/policy.h\"\n\n");
	for (int arch = 0; arch < SBP_ARCHES; arch++) {
		printf("%s defined(%s)\n", arch ? "#elif" : "#if", macros[arch]);
		for (int i = 1; i < argc; i++)
			if (compile(argv[i], (enum sbp_arch)arch))
				return 1;
	}
	printf("#endif\n\n#define PROGRAM(code) { sizeof(code) / sizeof(*code), (struct sock_filter *)code }\n"
	       "const struct sbp_shipped sbp_shipped[] = {\n");
	for (int i = 1; i < argc; i++) {
		name_of(argv[i], '-', name);
		name_of(argv[i], '_', symbol);
		printf("\t{ \"%s\", PROGRAM(%s) },\n", name, symbol);
	}
	printf("};\nconst size_t sbp_shipped_count = sizeof(sbp_shipped) / sizeof(*sbp_shipped);\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

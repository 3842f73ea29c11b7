/* SPDX-License-Identifier: MIT */
/*
 * The grammar of a policy: lines with calls and their rules, and three directives. Owns which line is
 * refused because another decided already.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp_ret.h"
#include "token.h"

enum { CALL_LIMIT = 4096, LINE_CALL_LIMIT = 128 };

/* x32's numbers on x86-64; the kernel's own calls never get there. */
#define NUMBER_LIMIT 0x40000000U

/* --- Lines -------------------------------------------------------------------------------- */

/* "[arch=x86_64,arm]" behind a name: is this architecture one of them? */
static bool parse_arches(struct sbp_reader *r, bool *here)
{
	size_t arch;

	*here = false;
	if (r->token != SBP_WORD || strcmp(r->word, "arch") != 0)
		return sbp_faulty(r, -EINVAL,
				  "'[arch=NAME]' is the only thing that may stand in brackets");
	sbp_next(r);
	if (!sbp_take(r, '='))
		return sbp_faulty(r, -EINVAL, "'=' must stand before '%s'", sbp_token_text(r));
	do {
		for (arch = 0; arch < SBP_ARCHES; arch++)
			if (r->token == SBP_WORD && strcmp(r->word, sbp_arch_rows[arch].name) == 0)
				break;
		if (arch == SBP_ARCHES)
			return sbp_faulty(r, -EINVAL,
					  "'%s' is no architecture: x86_64, i386, arm, arm64",
					  sbp_token_text(r));
		*here |= arch == r->rules->arch;
		sbp_next(r);
	} while (sbp_take(r, ','));
	return sbp_take(r, ']') ||
	       sbp_faulty(r, -EINVAL, "']' must stand before '%s'", sbp_token_text(r));
}

/* One call; *number is -1 where this architecture has none of that name. */
static bool parse_call(struct sbp_reader *r, int *number)
{
	bool here = true;

	if (r->token == SBP_NUMBER) {
		if (r->number >= NUMBER_LIMIT)
			return sbp_faulty(r, -EINVAL, "unreachable: call numbers end before 0x%x",
					  NUMBER_LIMIT);
		*number = (int)r->number;
	} else if (r->token == SBP_WORD) {
		*number = sbp_call_number(r->rules->arch, r->word);
		if (*number == -2)
			return sbp_faulty(r, -EINVAL, "'%s' is no system call that is known here",
					  r->word);
	} else {
		return sbp_faulty(r, -EINVAL, "a system call must stand before '%s'",
				  sbp_token_text(r));
	}
	sbp_next(r);
	if (sbp_take(r, '[') && !parse_arches(r, &here))
		return false;
	if (!here)
		*number = -1;
	return r->token != SBP_FAULTY;
}

static bool parse_calls(struct sbp_reader *r, int *numbers, size_t *count)
{
	bool list = sbp_take(r, '{');

	*count = 0;
	do {
		if (*count == LINE_CALL_LIMIT)
			return sbp_faulty(r, -EINVAL, "more than %d system calls in a line",
					  LINE_CALL_LIMIT);
		if (!parse_call(r, &numbers[*count]))
			return false;
		(*count)++;
	} while (list && sbp_take(r, ','));
	if (list && !sbp_take(r, '}'))
		return sbp_faulty(r, -EINVAL, "',' or '}' must stand before '%s'", sbp_token_text(r));
	return sbp_take(r, ':') ||
	       sbp_faulty(r, -EINVAL, "':' must stand before '%s'", sbp_token_text(r));
}

static bool add_call(struct sbp_reader *r, const struct sbp_call_rules *call)
{
	struct sbp_rules *rules = r->rules;
	size_t low = 0, high = rules->call_count, middle;
	const struct sbp_call_rules *other;
	const char *name;

	while (low < high) {
		middle = (low + high) / 2;
		other = &rules->calls[middle];
		if (other->number == call->number) {
			name = sbp_call_name(rules->arch, call->number);
			return sbp_faulty(r, -EINVAL, "contradictory: %s (%u) is decided in %s:%u",
					  name ? name : "the call", call->number, other->file,
					  other->line);
		}
		if (other->number < call->number)
			low = middle + 1;
		else
			high = middle;
	}
	if (rules->call_count == CALL_LIMIT)
		return sbp_faulty(r, -EINVAL, "more than %d system calls", CALL_LIMIT);
	if (!sbp_grow(r, &rules->calls, rules->call_count, sizeof(*rules->calls)))
		return false;
	memmove(&rules->calls[low + 1], &rules->calls[low],
		(rules->call_count - low) * sizeof(*rules->calls));
	rules->calls[low] = *call;
	rules->call_count++;
	return true;
}

static bool parse_statement(struct sbp_reader *r)
{
	struct sbp_call_rules call = { 0, r->rules->rule_count, 0, r->file, r->line };
	int numbers[LINE_CALL_LIMIT];
	size_t count, i;

	if (!parse_calls(r, numbers, &count))
		return false;
	if (!sbp_parse_filter(r))
		return false;
	call.count = r->rules->rule_count - call.first;
	for (i = 0; i < count; i++) {
		call.number = (uint32_t)numbers[i];
		if (numbers[i] >= 0 && !add_call(r, &call))
			return false;
	}
	return true;
}

static bool parse_default(struct sbp_reader *r)
{
	if (*r->has_default)
		return sbp_faulty(r, -EINVAL, "contradictory: there is an @default already");
	*r->has_default = true;
	sbp_next(r);
	if (!sbp_parse_action(r, &r->rules->default_action))
		return false;
	if (r->rules->default_action == SECCOMP_RET_ALLOW ||
	    r->rules->default_action == SECCOMP_RET_LOG)
		return sbp_faulty(r, -EINVAL,
				  "@default must not allow: a policy names what is allowed");
	return true;
}

static bool read_included(struct sbp_reader *r, const char *path);

static bool parse_directive(struct sbp_reader *r)
{
	char path[4096];

	if (strcmp(r->word, "default") == 0)
		return parse_default(r);
	if (strcmp(r->word, "include") == 0)
		return sbp_rest_of_line(r, path, sizeof(path)) && read_included(r, path);
	/* how often each call is made: the order of comparisons is settled without */
	if (strcmp(r->word, "frequency") == 0)
		return sbp_rest_of_line(r, path, sizeof(path));
	return sbp_faulty(r, -EINVAL, "'@%s' is not @include, @default or @frequency", r->word);
}

static void parse_lines(struct sbp_reader *r)
{
	for (sbp_next(r); r->token != SBP_END_OF_TEXT && r->token != SBP_FAULTY; sbp_next(r)) {
		if (r->token == SBP_END_OF_LINE)
			continue;
		if (!(r->token == SBP_DIRECTIVE ? parse_directive(r) : parse_statement(r)))
			break;
		if (r->token == SBP_END_OF_TEXT)
			break;
		if (r->token != SBP_END_OF_LINE) {
			sbp_faulty(r, -EINVAL, "the line must end before '%s'", sbp_token_text(r));
			break;
		}
	}
}

/* --- Files -------------------------------------------------------------------------------- */

enum { TEXT_LIMIT = 1 << 20 };

/* Reads a whole file; free(*text). */
static int read_text(const char *path, char **text, size_t *length)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return -errno;
	*text = malloc(TEXT_LIMIT);
	*length = *text ? fread(*text, 1, TEXT_LIMIT, file) : 0;
	if (!*text)
		error = -ENOMEM;
	else if (ferror(file))
		error = -errno;
	else if (*length == TEXT_LIMIT)
		error = -EFBIG;
	fclose(file);
	if (error)
		free(*text);
	return error;
}

/* Keeps a copy of a file's name for as long as the rules live. */
static const char *keep_name(struct sbp_reader *r, const char *name)
{
	char *copy = strdup(name);

	if (!copy || !sbp_grow(r, &r->rules->files, r->rules->file_count, sizeof(*r->rules->files))) {
		free(copy);
		sbp_faulty(r, -ENOMEM, "no memory");
		return NULL;
	}
	r->rules->files[r->rules->file_count++] = copy;
	return copy;
}

static void parse_file(struct sbp_reader *r, const char *path)
{
	size_t length = 0;
	char *text = NULL;
	int error;

	error = read_text(path, &text, &length);
	if (error) {
		if (r->line)
			sbp_faulty(r, error, "can't read %s: %s", path, strerror(-error));
		else
			sbp_faulty(r, error, "can't be read: %s", strerror(-error));
		return;
	}
	r->file = keep_name(r, path);
	r->line = 1;
	r->at = text;
	r->end = text + length;
	if (r->file)
		parse_lines(r);
	free(text);
}

/* "./" is the folder of the file that includes. */
static bool read_included(struct sbp_reader *r, const char *path)
{
	struct sbp_reader inner = *r;
	const char *slash = strrchr(r->file, '/');
	char whole[8192];

	if (r->depth == SBP_INCLUDE_LIMIT)
		return sbp_faulty(r, -EINVAL, "more than %d files include one another",
				  SBP_INCLUDE_LIMIT);
	if (path[0] == '/')
		snprintf(whole, sizeof(whole), "%s", path);
	else if (snprintf(whole, sizeof(whole), "%.*s%s", slash ? (int)(slash + 1 - r->file) : 0,
			  r->file, path + 2) >= (int)sizeof(whole))
		return sbp_faulty(r, -ENAMETOOLONG, "a path that is too long");
	inner.token = SBP_END_OF_TEXT;
	inner.depth++;
	parse_file(&inner, whole);
	if (r->fault->error)
		r->token = SBP_FAULTY;
	return !r->fault->error;
}

static void start(struct sbp_reader *r, enum sbp_arch arch)
{
	memset(r->rules, 0, sizeof(*r->rules));
	r->rules->arch = arch;
	r->rules->default_action = SECCOMP_RET_KILL_PROCESS;
	r->fault->error = 0;
	if (r->fault->size)
		r->fault->text[0] = '\0';
	r->token = SBP_END_OF_TEXT;
}

int sbp_rules_read(const char *path, enum sbp_arch arch, struct sbp_rules *rules,
		   struct sbp_fault *fault)
{
	bool has_default = false;
	struct sbp_reader r = {
		.rules = rules, .fault = fault, .file = path, .has_default = &has_default
	};

	start(&r, arch);
	parse_file(&r, path);
	return fault->error;
}

int sbp_rules_parse(const char *text, size_t length, enum sbp_arch arch, struct sbp_rules *rules,
		    struct sbp_fault *fault)
{
	bool has_default = false;
	struct sbp_reader r = { .rules = rules,
				.fault = fault,
				.file = "policy",
				.line = 1,
				.at = text,
				.end = text + length,
				.has_default = &has_default };

	start(&r, arch);
	r.file = keep_name(&r, "policy");
	if (r.file)
		parse_lines(&r);
	return fault->error;
}

/* SPDX-License-Identifier: MIT */
/*
 * The judge of a guest's serial line: see console.h; the format is wire.h's.
 *
 * The verdicts, worst reason first:
 *   interrupted  the run was broken off here, nothing is known
 *   qemu         QEMU itself refused
 *   silent       not one word: the image is broken or the machine is wrong
 *   panic oops   as the kernel says
 *   hang         time was up
 *   truncated    the machine went away before the last line
 *   forged       a last line that only an impostor could have printed
 *   corrupt      lines are missing, or are not PID 1's
 *   missing      PID 1 told of fewer results than it had tests
 *   warn         all results are here, and so is a kernel warning
 *   complete     all results are here
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "wire.h"

static const struct {
	const char *sign;
	size_t where;
} signs[] = {
#define SIGN(text, member)                             \
	{                                              \
		text, offsetof(struct console, member) \
	}
	SIGN("Kernel panic", panic),
	SIGN(" -- System halted", panic), /* the decompressor gave up */
	SIGN("Oops: ", oops),
	SIGN("Oops - ", oops),
	SIGN("Internal error: ", oops),
	SIGN("kernel BUG at ", oops),
	SIGN("BUG: ", oops),
	SIGN("Unable to handle kernel", oops),
	SIGN("general protection fault: ", oops),
	SIGN("double fault: ", oops),
	SIGN("WARNING: at ", warn),
	SIGN("WARNING: CPU: ", warn),
	SIGN("WARNING: possible", warn),
	SIGN("INFO: possible", warn),
	SIGN("INFO: rcu", warn),
	SIGN("INFO: task ", warn),
	SIGN("INFO: suspicious", warn),
	SIGN("qemu: ", qemu),
	SIGN("qemu-system-", qemu),
};

static void keep(char *where, size_t size, const char *text)
{
	if (!*where)
		snprintf(where, size, "%.*s", (int)size - 1, text);
}

void console_start(struct console *c, const char *nonce)
{
	memset(c, 0, sizeof(*c));
	c->nonce = nonce;
	c->sum = WIRE_SUM_START;
}

static struct console_test *test_called(struct console *c, const char *name)
{
	for (int i = 0; i < c->count; i++)
		if (!strcmp(c->tests[i].name, name))
			return &c->tests[i];
	if (c->count == CONSOLE_TESTS)
		return NULL;
	snprintf(c->tests[c->count].name, CONSOLE_NAME, "%s", name);
	return &c->tests[c->count++];
}

/* A name becomes a file name: no more than what /tests may say. */
static int read_name(const char *text, char *name)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (!n || n >= CONSOLE_NAME || (text[n] && text[n] != ' '))
		return 0;
	memcpy(name, text, n);
	name[n] = '\0';
	return 1;
}

static void take_result(struct console *c, const char *text, const char *result)
{
	struct console_test *test;
	char name[CONSOLE_NAME], *end;

	strtol(text, &end, 10);
	if (*end != ' ' || !read_name(end + 1, name))
		return;
	if (strstr(end, " # SKIP"))
		result = "skip";
	test = test_called(c, name);
	/* A second answer to the same question is not PID 1's. */
	if (test && !test->result)
		test->result = result;
	c->current[0] = '\0';
}

static void take_begin(struct console *c, const char *text)
{
	char name[CONSOLE_NAME];

	if (!read_name(text, name))
		return;
	memcpy(c->current, name, sizeof(name));
	test_called(c, name);
}

static void take_end(struct console *c, const char *text)
{
	char name[CONSOLE_NAME];
	struct console_test *test = read_name(text, name) ? test_called(c, name) : NULL;

	if (test)
		snprintf(test->how, sizeof(test->how), "%.*s", CONSOLE_NAME - 1,
			 text + strlen(name) + 1);
}

/* A mark at a line's end says that the guest cut it: the next one goes on. */
static void take_output(struct console *c, const char *text)
{
	struct console_test *test = c->current[0] ? test_called(c, c->current) : NULL;
	size_t n = strlen(text);
	int cut = n && text[n - 1] == '\\';
	char *grown;

	if (!test)
		return;
	grown = realloc(test->output, test->length + n + 2);
	if (!grown)
		return;
	test->output = grown;
	memcpy(grown + test->length, text, n - (size_t)cut);
	test->length += n - (size_t)cut;
	if (!cut)
		grown[test->length++] = '\n';
}

static void take_done(struct console *c, const char *text)
{
	char nonce[64] = "";
	unsigned int lines = 0, sum = 0;

	if (sscanf(text, "%63s %u %x", nonce, &lines, &sum) != 3 || strcmp(nonce, c->nonce)) {
		c->done_wrong = 1;
		return;
	}
	c->done = 1;
	c->done_lines = lines;
	c->done_sum = sum;
}

/* As a word of its own: "ODEBUG: 0 of 0 active objects" is no bug. */
static int has_sign(const char *line, const char *sign)
{
	const char *at = line;

	while ((at = strstr(at, sign))) {
		if (at == line || !isalnum((unsigned char)at[-1]) || !isalpha((unsigned char)*sign))
			return 1;
		at++;
	}
	return 0;
}

static void take_sign(struct console *c, const char *line)
{
	if (c->expected_warning && strstr(line, c->expected_warning))
		return;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (has_sign(line, signs[i].sign))
			keep((char *)c + signs[i].where, sizeof(c->panic), line);
}

static void take_ours(struct console *c, const char *line)
{
	if (wire_starts_with(line, WIRE_DONE)) {
		take_done(c, line + strlen(WIRE_DONE));
		return;
	}
	if (c->done) /* nothing of PID 1's comes after its last line */
		c->done_wrong = 1;
	c->sum = wire_sum(c->sum, line);
	c->lines++;
	if (wire_starts_with(line, WIRE_START))
		c->started = 1;
	else if (wire_starts_with(line, WIRE_PLAN))
		c->plan = atoi(line + strlen(WIRE_PLAN));
	else if (wire_starts_with(line, WIRE_OK))
		take_result(c, line + strlen(WIRE_OK), "pass");
	else if (wire_starts_with(line, WIRE_NOT_OK))
		take_result(c, line + strlen(WIRE_NOT_OK), "fail");
	else if (wire_starts_with(line, WIRE_BEGIN))
		take_begin(c, line + strlen(WIRE_BEGIN));
	else if (wire_starts_with(line, WIRE_NOTE "end "))
		take_end(c, line + strlen(WIRE_NOTE "end "));
	else if (wire_starts_with(line, WIRE_NOTE "kernel "))
		take_sign(c, line + strlen(WIRE_NOTE "kernel "));
	else if (wire_starts_with(line, WIRE_OUTPUT))
		take_output(c, line + strlen(WIRE_OUTPUT));
}

/* What has no end is not PID 1's word, but may be the kernel's last. */
static void take_line(struct console *c, int ended)
{
	char *line = c->line;

	line[c->used] = '\0';
	c->used = 0;
	if (!*line)
		return;
	if (ended && wire_is_ours(line)) {
		take_ours(c, line);
		return;
	}
	if (strstr(line, "Linux version ") || *line == '[')
		c->kernel_spoke = 1;
	snprintf(c->last, sizeof(c->last), "%.*s", (int)sizeof(c->last) - 1, line);
	take_sign(c, line);
}

void console_feed(struct console *c, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char b = (unsigned char)bytes[i];

		if (b == '\n') {
			take_line(c, 1);
		} else if (b >= ' ' && b < 127) {
			if (c->used + 1 < sizeof(c->line))
				c->line[c->used++] = (char)b;
		} else if (b == '\t' && c->used + 1 < sizeof(c->line)) {
			c->line[c->used++] = '\t';
		}
	}
}

static void judge(struct console *c, const char *verdict, const char *what, const char *detail)
{
	if (c->verdict)
		return;
	c->verdict = verdict;
	snprintf(c->sentence, sizeof(c->sentence), "%s%s%s", what, detail && *detail ? ": " : "",
		 detail ? detail : "");
}

static const char *while_running(const struct console *c)
{
	return c->current[0] ? c->current : c->started ? "between tests" : "before PID 1";
}

static void judge_end_of_line(struct console *c, enum ending ending, long limit_seconds)
{
	char what[128];

	if (ending == ENDED_BY_TIME) {
		snprintf(what, sizeof(what), "nothing more within %ld s, at", limit_seconds);
		judge(c, "hang", what, while_running(c));
	}
	if (!c->done)
		judge(c, "truncated", "the machine ended before its last line, at", while_running(c));
}

static void judge_results(struct console *c)
{
	int missing = c->plan != c->count;
	char what[128];

	if (c->lines != c->done_lines || c->sum != c->done_sum) {
		snprintf(what, sizeof(what), "%u lines came, %u were sent, or some were changed",
			 c->lines, c->done_lines);
		judge(c, "corrupt", what, NULL);
	}
	for (int i = 0; i < c->count; i++)
		if (!c->tests[i].result) {
			missing = 1;
			judge(c, "missing", "no result of", c->tests[i].name);
		}
	if (missing || !c->plan) {
		snprintf(what, sizeof(what), "%d tests planned, %d heard of", c->plan, c->count);
		judge(c, "missing", what, NULL);
	}
}

void console_end(struct console *c, enum ending ending, long limit_seconds)
{
	take_line(c, 0);
	if (ending == ENDED_BY_INTERRUPT)
		judge(c, "interrupted", "broken off", NULL);
	if (c->panic[0])
		judge(c, "panic", while_running(c), c->panic);
	if (c->oops[0])
		judge(c, "oops", while_running(c), c->oops);
	if (c->qemu[0] && !c->kernel_spoke && !c->started)
		judge(c, "qemu", "QEMU refused", c->qemu);
	if (c->done_wrong)
		judge(c, "forged", "a last line without the nonce, or something after it", NULL);
	if (!c->kernel_spoke && !c->started)
		judge(c, "silent", "the kernel never spoke", c->last);
	judge_end_of_line(c, ending, limit_seconds);
	judge_results(c);
	if (c->warn[0])
		judge(c, "warn", "kernel warning", c->warn);
	judge(c, "complete", "", NULL);
}

static FILE *open_in(const char *dir, const char *name, const char *suffix)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	return fopen(path, "we");
}

static int close_written(FILE *f)
{
	int bad = ferror(f);

	return fclose(f) || bad ? -1 : 0;
}

static int write_outputs(const struct console *c, const char *dir)
{
	for (int i = 0; i < c->count; i++) {
		FILE *f = open_in(dir, c->tests[i].name, ".out");

		if (!f)
			return -1;
		if (c->tests[i].length)
			fwrite(c->tests[i].output, 1, c->tests[i].length, f);
		if (close_written(f))
			return -1;
	}
	return 0;
}

int console_write(const struct console *c, const char *dir)
{
	int sound = !strcmp(c->verdict, "complete") || !strcmp(c->verdict, "warn");
	FILE *f = open_in(dir, "results", "");

	if (!f)
		return -1;
	for (int i = 0; sound && i < c->count; i++)
		fprintf(f, "%s\t%s\t%s\n", c->tests[i].name, c->tests[i].result, c->tests[i].how);
	if (close_written(f) || write_outputs(c, dir))
		return -1;
	f = open_in(dir, "verdict", "");
	if (!f)
		return -1;
	fprintf(f, "%s\t%s\n", c->verdict, c->sentence);
	return close_written(f);
}

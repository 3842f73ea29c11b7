/* SPDX-License-Identifier: MIT */
/*
 * Does the judge of the serial line (console.c) tell apart what it must? Fed
 * with what guests print, sound and broken in every way; prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "wire.h"

#define NONCE "0123456789abcdef"

struct lines {
	char text[16384];
	size_t used;
	unsigned int count;
	uint32_t sum;
};

static int failures, number;

/* As PID 1 prints them: "\r\n", counted and summed up. */
static void ours(struct lines *l, const char *line)
{
	l->used += (size_t)sprintf(l->text + l->used, "%s\r\n", line);
	l->sum = wire_sum(l->sum, line);
	l->count++;
}

static void alien(struct lines *l, const char *line)
{
	l->used += (size_t)sprintf(l->text + l->used, "%s\r\n", line);
}

static void done(struct lines *l, const char *nonce)
{
	l->used += (size_t)sprintf(l->text + l->used, WIRE_DONE "%s %u %08x\r\n", nonce, l->count,
				   (unsigned int)l->sum);
}

static void begin(struct lines *l)
{
	*l = (struct lines){ .sum = WIRE_SUM_START };
	alien(l, "\xff[    0.000000] Linux version 6.1");
	ours(l, WIRE_START);
	ours(l, WIRE_PLAN "2");
	ours(l, WIRE_BEGIN "one uid 0");
	ours(l, WIRE_OUTPUT "half a \\");
	alien(l, "[    1.000000] a message of the kernel's");
	ours(l, WIRE_OUTPUT "line");
	ours(l, WIRE_NOTE "end one exit 0, 3 ms");
	ours(l, WIRE_OK "1 one");
	ours(l, WIRE_BEGIN "two uid 1000");
}

static void end_two(struct lines *l)
{
	ours(l, WIRE_NOTE "end two exit 1, 3 ms");
	ours(l, WIRE_NOT_OK "2 two");
}

static void check(const char *what, int good, const struct console *c)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good) {
		printf("# verdict %s: %s\n", c->verdict, c->sentence);
		failures++;
	}
}

/* In pieces of every size, for the line does not come in lines. */
static struct console *judge_with(const struct lines *l, enum ending ending, const char *warning)
{
	static struct console c;
	size_t step = 1;

	for (int i = 0; i < c.count; i++)
		free(c.tests[i].output);
	console_start(&c, NONCE);
	c.expected_warning = warning;
	for (size_t at = 0; at < l->used; at += step, step = step % 7 + 1) {
		size_t rest = l->used - at;

		console_feed(&c, l->text + at, rest < step ? rest : step);
	}
	console_end(&c, ending, 10);
	return &c;
}

static struct console *judge(const struct lines *l, enum ending ending)
{
	return judge_with(l, ending, NULL);
}

static void expect(const char *what, const struct lines *l, enum ending ending, const char *verdict)
{
	const struct console *c = judge(l, ending);

	check(what, !strcmp(c->verdict, verdict), c);
}

static void sound(void)
{
	struct lines l;
	const struct console *c;

	begin(&l);
	alien(&l, "<7>[    0.000000] ODEBUG: 0 of 0 active objects replaced");
	end_two(&l);
	done(&l, NONCE);
	alien(&l, "[    2.000000] reboot: Power down");
	c = judge(&l, ENDED_BY_QEMU);
	check("a sound run is complete", !strcmp(c->verdict, "complete"), c);
	check("its results are those of the guest",
	      c->count == 2 && !strcmp(c->tests[0].result, "pass") &&
		      !strcmp(c->tests[1].result, "fail"),
	      c);
	check("a cut line of output is put together",
	      c->tests[0].length == 12 && !memcmp(c->tests[0].output, "half a line\n", 12), c);
}

static void broken_off(void)
{
	const struct console *c;
	struct lines l;

	begin(&l);
	expect("a machine that goes away is truncated", &l, ENDED_BY_QEMU, "truncated");
	expect("one that stays and says nothing is a hang", &l, ENDED_BY_TIME, "hang");
	expect("an interrupted run says nothing of the guest", &l, ENDED_BY_INTERRUPT, "interrupted");
	begin(&l);
	alien(&l, "[    1.5] Kernel panic - not syncing: Attempted to kill init!");
	expect("a panic is a panic", &l, ENDED_BY_QEMU, "panic");
	begin(&l);
	alien(&l, "[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000008");
	end_two(&l);
	done(&l, NONCE);
	expect("an oops is an oops, though the run completes", &l, ENDED_BY_QEMU, "oops");
	begin(&l);
	alien(&l, "[    1.5] WARNING: CPU: 0 PID: 1 at kernel/seccomp.c:1 x+0x1/0x2");
	end_two(&l);
	done(&l, NONCE);
	expect("a warning is a warning", &l, ENDED_BY_QEMU, "warn");
	c = judge_with(&l, ENDED_BY_QEMU, "kernel/seccomp.c:1 ");
	check("but not the one that is expected", !strcmp(c->verdict, "complete"), c);
	begin(&l);
	end_two(&l);
	ours(&l, WIRE_NOTE "kernel [    1.5] WARNING: at kernel/seccomp.c:1 x()");
	done(&l, NONCE);
	expect("so is one that only the kernel's log has", &l, ENDED_BY_QEMU, "warn");
}

static void forged(void)
{
	struct lines l;

	begin(&l);
	end_two(&l);
	done(&l, "ffffffffffffffff");
	expect("a last line with another nonce is forged", &l, ENDED_BY_QEMU, "forged");
	begin(&l);
	done(&l, "ffffffffffffffff");
	end_two(&l);
	done(&l, NONCE);
	expect("also when a true one follows", &l, ENDED_BY_QEMU, "forged");
	begin(&l);
	end_two(&l);
	done(&l, NONCE);
	alien(&l, "ok 2 two");
	expect("nothing comes after the last line", &l, ENDED_BY_QEMU, "forged");
	begin(&l);
	alien(&l, "ok 2 two");
	end_two(&l);
	done(&l, NONCE);
	expect("a result that PID 1 did not print is found", &l, ENDED_BY_QEMU, "corrupt");
}

static void damaged(void)
{
	struct lines l;
	char *at;

	begin(&l);
	end_two(&l);
	done(&l, NONCE);
	at = strstr(l.text, "half a");
	at[0] = 'H';
	expect("a changed byte is found", &l, ENDED_BY_QEMU, "corrupt");
	begin(&l);
	done(&l, NONCE);
	expect("a test without a result is missing", &l, ENDED_BY_QEMU, "missing");
	l = (struct lines){ .sum = WIRE_SUM_START };
	ours(&l, WIRE_START);
	ours(&l, WIRE_PLAN "0");
	done(&l, NONCE);
	expect("no test at all is no success", &l, ENDED_BY_QEMU, "missing");
	begin(&l);
	end_two(&l);
	l.used += (size_t)sprintf(l.text + l.used, WIRE_DONE NONCE " 11");
	expect("half a last line is none", &l, ENDED_BY_QEMU, "truncated");
}

static void never_started(void)
{
	struct lines l = { .sum = WIRE_SUM_START };

	expect("not a word is silent", &l, ENDED_BY_TIME, "silent");
	alien(&l, "qemu-system-x86_64: could not load kernel 'x': No such file or directory");
	expect("QEMU's own refusal is QEMU's", &l, ENDED_BY_QEMU, "qemu");
	l = (struct lines){ .sum = WIRE_SUM_START };
	alien(&l, "XZ-compressed data is corrupt");
	alien(&l, " -- System halted");
	expect("a decompressor that gives up is a panic", &l, ENDED_BY_TIME, "panic");
}

int main(void)
{
	sound();
	broken_off();
	forged();
	damaged();
	never_started();
	printf("1..%d\n", number);
	return failures > 0;
}

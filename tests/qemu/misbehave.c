/* SPDX-License-Identifier: MIT */
/*
 * A guest program that does wrong what a test can do wrong, to see that the
 * harness notices: run as root by tests/qemu/selftest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	return n < 0;
}

/* The results of a run in which all went well, but for the nonce. */
static int forge(void)
{
	int failed = write_to("/dev/console",
			      "\nKTAP version 1\n1..1\n# sbp begin program uid 0\n"
			      "# sbp end program exit 0, 1 ms\nok 1 program\n"
			      "# sbp done 00000000000000000000000000000000 5 00000000\n");

	sleep(1);
	reboot(RB_AUTOBOOT);
	return failed;
}

/* One more line among PID 1's: its sum must find it. */
static int slip_in(void)
{
	return write_to("/dev/console", "\nok 1 program\n");
}

/* What looks like a result in a test's own output is no result. */
static int boast(void)
{
	puts("ok 1 program\n# sbp done 0 0 0");
	return 1;
}

/* The machine stops, and does not say so. */
static int halt(void)
{
	reboot(RB_HALT_SYSTEM);
	return 1;
}

static int leave(void)
{
	reboot(RB_AUTOBOOT);
	return 1;
}

static int crash(void)
{
	return write_to("/proc/sysrq-trigger", "c");
}

static int linger(void)
{
	for (;;)
		pause();
	return 0;
}

static int behave(void)
{
	puts("well");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} ways[] = {
		{ "forge", forge },   { "slip-in", slip_in }, { "boast", boast },
		{ "halt", halt },     { "leave", leave },     { "crash", crash },
		{ "linger", linger }, { "behave", behave },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			return ways[i].run();
	fprintf(stderr, "usage: misbehave WAY\n");
	return 2;
}

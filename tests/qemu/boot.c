/* SPDX-License-Identifier: MIT */
/*
 * Starts one guest, watches its serial line, and says what became of it.
 *
 *   boot -d DIR -n NONCE [-t SECONDS] [-l LABEL] [-w WARNING] -- QEMU ARGUMENT...
 *
 * QEMU's standard output is the guest's serial line.  Left in DIR:
 *   console.log   all that came over the line
 *   results       a line a test: NAME pass|fail|skip (only of a sound run)
 *   NAME.out      the output of each test
 *   verdict       one word, a tab, one sentence
 * Exits 0 when a verdict was reached, whatever it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console.h"

#define GRACE_MS 5000 /* from the last word to the end of QEMU */

static struct {
	const char *dir, *label;
	const char *nonce, *expected_warning;
	long limit_ms;
	pid_t qemu;
} run = { .limit_ms = 300000, .label = "guest" };

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
	interrupted = signal_number;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static FILE *create(const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", run.dir, name);
	f = fopen(path, "we");
	if (!f) {
		fprintf(stderr, "boot: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

/* The guest must not outlive us, whatever ends us: even SIGKILL. */
static pid_t start_qemu(char **argv, int *line)
{
	pid_t parent = getpid(), child;
	int fds[2], null;

	if (pipe(fds)) {
		perror("boot: pipe");
		exit(1);
	}
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
		null = open("/dev/null", O_RDONLY);
		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		execvp(argv[0], argv);
		dprintf(2, "qemu: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	*line = fds[0];
	return child;
}

static void stop_qemu(void)
{
	kill(run.qemu, SIGKILL);
	while (waitpid(run.qemu, NULL, 0) < 0 && errno == EINTR)
		;
}

static void show_progress(const struct console *c, long start)
{
	static long shown;
	long now = now_ms();

	if (!isatty(2) || now - shown < 500)
		return;
	shown = now;
	fprintf(stderr, "\r\033[K%s: %ld s, %s", run.label, (now - start) / 1000,
		c->current[0] ? c->current : "booting");
	fflush(stderr);
}

/* Until QEMU closes the line, time is up, or the guest has said its last word
 * and does not go. */
static enum ending watch(struct console *c, int line, FILE *log)
{
	long start = now_ms(), limit = start + run.limit_ms;
	struct pollfd p = { .fd = line, .events = POLLIN };
	char buffer[65536];
	int last_word = 0;

	for (;;) {
		ssize_t n;

		show_progress(c, start);
		if (interrupted)
			return ENDED_BY_INTERRUPT;
		if (now_ms() >= limit)
			return last_word ? ENDED_BY_QEMU : ENDED_BY_TIME;
		if (poll(&p, 1, 200) <= 0)
			continue;
		n = read(line, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ENDED_BY_QEMU;
		fwrite(buffer, 1, (size_t)n, log);
		fflush(log);
		console_feed(c, buffer, (size_t)n);
		/* Done or panicked: what follows are its last seconds. */
		if (!last_word && (c->done || c->panic[0])) {
			last_word = 1;
			if (limit > now_ms() + GRACE_MS)
				limit = now_ms() + GRACE_MS;
		}
	}
}

static void parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+d:n:t:l:w:")) != -1) {
		if (option == 'd')
			run.dir = optarg;
		else if (option == 'n')
			run.nonce = optarg;
		else if (option == 't')
			run.limit_ms = atol(optarg) * 1000;
		else if (option == 'l')
			run.label = optarg;
		else if (option == 'w')
			run.expected_warning = optarg;
		else
			exit(2);
	}
	if (!run.dir || !run.nonce || optind >= argc) {
		fprintf(stderr,
			"usage: boot -d DIR -n NONCE [-t SECONDS] [-l LABEL] [-w WARNING] -- QEMU ARGUMENT...\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct console console;
	struct sigaction action = { .sa_handler = on_signal };
	enum ending ending;
	FILE *log;
	int line;

	parse_options(argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* Nor do we outlive the script that started us. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	log = create("console.log");
	console_start(&console, run.nonce);
	console.expected_warning = run.expected_warning;
	run.qemu = start_qemu(argv + optind, &line);
	if (run.qemu < 0) {
		perror("boot: fork");
		return 1;
	}
	ending = watch(&console, line, log);
	stop_qemu();
	console_end(&console, ending, run.limit_ms / 1000);
	if (isatty(2))
		fprintf(stderr, "\r\033[K");
	fclose(log);
	if (console_write(&console, run.dir)) {
		fprintf(stderr, "boot: cannot write to %s: %s\n", run.dir, strerror(errno));
		return 1;
	}
	return interrupted ? 128 + interrupted : 0;
}

// SPDX-License-Identifier: MIT
/*
 * stdin, stdout and stderr, in whatever state they were inherited. No stdio: the report is one
 * write, and a full disk or a closed pipe is seen where it happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

enum { DEFAULT_WIDTH = 80, LEAST_WIDTH = 64, MOST_WIDTH = 140 };

/*
 * A file that is opened later would get the number of a closed stream, and a message would be
 * written into it. Without /dev/null the root directory keeps the number.
 */
bool open_standard_streams(void)
{
	bool stdout_was_closed = false;

	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		stdout_was_closed |= fd == STDOUT_FILENO;
		if (open("/dev/null", O_RDWR) < 0)
			(void)!open("/", O_RDONLY);
	}
	return stdout_was_closed;
}

static int write_all(const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

int write_and_close(const struct request *request, struct output *out)
{
	int error = request->stdout_was_closed ? EBADF : out->failed ? ENOMEM : 0;

	if (!error)
		error = write_all(out->text, out->used);
	/* A disk over a network may say only now that it is full. */
	if (!error && close(STDOUT_FILENO) && errno != EINTR)
		error = errno;
	out_free(out);
	if (!error)
		return EXIT_REPORTED;
	/* Whoever reads from the pipe has seen enough: SIGPIPE says the same in silence. */
	if (error != EPIPE)
		complain("can't write to stdout: %s", strerror(error));
	return EXIT_NOT_REPORTED;
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO);
}

struct report_style style_of_stdout(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width <= 0 && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		width = size.ws_col;
	if (width <= 0)
		width = DEFAULT_WIDTH;
	if (width < LEAST_WIDTH)
		width = LEAST_WIDTH;
	if (width > MOST_WIDTH)
		width = MOST_WIDTH;
	return (struct report_style){ .width = (size_t)width, .colour = wants_colour() };
}

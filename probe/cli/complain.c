/* SPDX-License-Identifier: MIT */
/* Lines on stderr, one write each: lines of several processes do not mix. No stdio streams. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"

void complain(const char *format, ...)
{
	char line[1500];
	size_t used = (size_t)snprintf(line, sizeof(line) / 2, "%s: ", program_name);
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	used = strlen(line);
	line[used++] = '\n';
	(void)!write(STDERR_FILENO, line, used);
}

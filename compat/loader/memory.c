/* SPDX-License-Identifier: MIT */
/* The functions that compilers call without being asked to. */
#include <stddef.h>

size_t strlen(const char *text);
void *memset(void *to, int byte, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

void *memset(void *to, int byte, size_t size)
{
	char *at = to;

	while (size--)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	char *at = to;
	const char *source = from;

	while (size--)
		*at++ = *source++;
	return to;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

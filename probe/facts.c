/* SPDX-License-Identifier: MIT */
/*
 * Facts and the texts behind them. Owns the part of the area that holds text, and the reading of
 * small files below the probe's root. All of it may run in a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "uapi.h"

static const char *keep_format(struct sbp_probe *p, const char *format, va_list arguments)
{
	size_t room = SBP_TEXT_LIMIT - p->area->text_used;
	char *text = p->area->text + p->area->text_used;
	int length = vsnprintf(text, room, format, arguments);

	if (length < 0 || (size_t)length >= room)
		return "";
	p->area->text_used += (size_t)length + 1;
	return text;
}

/* Nearly every text is one that is there already, and a format takes ten times as long as a copy. */
static const char *keep_copy(struct sbp_probe *p, const char *words, size_t length)
{
	char *text = p->area->text + p->area->text_used;

	if (length >= SBP_TEXT_LIMIT - p->area->text_used)
		return "";
	p->area->text_used += length + 1;
	memcpy(text, words, length);
	text[length] = '\0';
	return text;
}

static const char *keep_text(struct sbp_probe *p, const char *format, va_list arguments)
{
	const char *words;

	if (!strcmp(format, "%s")) {
		words = va_arg(arguments, const char *);
		return keep_copy(p, words, strlen(words));
	}
	if (!strcmp(format, "%.*s")) {
		int most = va_arg(arguments, int);

		words = va_arg(arguments, const char *);
		return keep_copy(p, words, strnlen(words, (size_t)most));
	}
	return keep_format(p, format, arguments);
}

const char *sbp_text(struct sbp_probe *p, const char *format, ...)
{
	const char *text;
	va_list arguments;

	va_start(arguments, format);
	text = keep_text(p, format, arguments);
	va_end(arguments);
	return text;
}

const char *sbp_sentence(struct sbp_probe *p, const char *words)
{
	char *sentence = (char *)sbp_text(p, "%s.", words);

	if (*sentence >= 'a' && *sentence <= 'z')
		*sentence = (char)(*sentence - 'a' + 'A');
	return sentence;
}

const char *sbp_errno_text(long error)
{
	const char *name = sbp_errno_name((int)(error < 0 ? -error : error));

	return name ? name : "0";
}

bool sbp_path(const struct sbp_probe *p, char *buffer, size_t size, const char *path)
{
	size_t root = strlen(p->root), length = strlen(path);

	if (root + length >= size)
		return false;
	memcpy(buffer, p->root, root);
	memcpy(buffer + root, path, length + 1);
	return true;
}

ssize_t sbp_read_file(const struct sbp_probe *p, const char *path, char *buffer, size_t size)
{
	char full[512];
	size_t used = 0;
	long fd, got;

	buffer[0] = '\0';
	if (!sbp_path(p, full, sizeof(full), path))
		return -ENAMETOOLONG;
	fd = sbp_kernel(SYS_openat, AT_FDCWD, (long)full,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	do {
		got = sbp_kernel(SYS_read, fd, (long)(buffer + used), (long)(size - 1 - used));
		if (got > 0)
			used += (size_t)got;
	} while ((got > 0 && used + 1 < size) || got == -EINTR);
	sbp_kernel(SYS_close, fd);
	buffer[used] = '\0';
	return got < 0 ? got : (ssize_t)used;
}

/* A value is one line of printable text, whatever the file held. */
static void clean(char *value)
{
	size_t length = strcspn(value, "\n");

	while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	if (length > 240)
		length = 240;
	value[length] = '\0';
	for (char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			*c = *c == '\t' ? ' ' : '?';
}

void sbp_add_fact(struct sbp_probe *p, const char *name, const char *source, const char *format, ...)
{
	char *value;
	va_list arguments;

	if (p->area->fact_count == SBP_FACT_LIMIT)
		return;
	va_start(arguments, format);
	value = (char *)keep_text(p, format, arguments);
	va_end(arguments);
	if (*value)
		clean(value);
	p->area->facts[p->area->fact_count++] = (struct sbp_fact){ name, value, source };
}

const struct sbp_fact *sbp_fact(const struct sbp_probe *p, size_t i)
{
	return p->area && i < p->area->fact_count ? &p->area->facts[i] : NULL;
}

const char *sbp_fact_value(const struct sbp_probe *p, const char *name)
{
	const struct sbp_fact *fact;

	for (size_t i = 0; (fact = sbp_fact(p, i)); i++)
		if (!strcmp(fact->name, name))
			return fact->value;
	return NULL;
}

bool sbp_fact_is(const struct sbp_probe *p, const char *name, const char *value)
{
	const char *found = sbp_fact_value(p, name);

	return found && !strcmp(found, value);
}

bool sbp_fact_number(const struct sbp_probe *p, const char *name, long *number)
{
	const char *value = sbp_fact_value(p, name);
	char *end;

	if (!value || !*value)
		return false;
	errno = 0;
	*number = strtol(value, &end, 10);
	return !errno && end != value && !*end;
}

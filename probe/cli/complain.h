/* SPDX-License-Identifier: MIT */
/* How a program says that something is wrong. */
#ifndef COMPLAIN_H
#define COMPLAIN_H

/* Each program's own, defined beside its main(). */
extern const char program_name[];

/* One line on stderr, "program: ...", by one write. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

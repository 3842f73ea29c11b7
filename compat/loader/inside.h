/* SPDX-License-Identifier: MIT */
/*
 * What the launcher and the loader agree on. The loader is the one program that the filter lets be
 * executed; the program that it loads and this one's dynamic loader it finds open, for the root is empty.
 */
#ifndef SBP_LOADER_INSIDE_H
#define SBP_LOADER_INSIDE_H

/* Numbers of descriptors, above all that a launcher can pass. They are closed before the program starts. */
enum { SBP_LOADER_PROGRAM_FD = 128, SBP_LOADER_INTERPRETER_FD = 129 };

/*
 * The loader's arguments before the program's own: the program's path and the current directory, both
 * absolute, for what is asked of the broker; the number of the broker's socket, empty without a broker; the
 * number that the command has as a process, by which it is told from its children, empty where nobody wants to
 * know what it is denied.
 */
enum {
	SBP_LOADER_PATH,
	SBP_LOADER_DIRECTORY,
	SBP_LOADER_BROKER,
	SBP_LOADER_COMMAND,
	SBP_LOADER_ARGUMENTS
};

/* Where it can't do its work: as env(1) for a command that can't be run. */
enum { LOADER_FAILED = 126 };

#endif

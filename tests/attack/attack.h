/* SPDX-License-Identifier: MIT */
/*
 * The table of attacks: what a sandboxed process might try, each as one function that runs the same
 * inside and outside. A denial counts only where the same attack worked outside.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <sys/types.h>

/* What the layer by itself must stop: namespaces with an empty root, the filter "compute". */
enum { BY_ISOLATION = 1 << 0, BY_FILTER = 1 << 1 };

/* What an attack finds prepared: targets outside, made by the runner. */
struct target {
	pid_t victim;	    /* a process of the same user */
	int port;	    /* a TCP socket listens there, on 127.0.0.1 */
	const char *socket; /* and one of AF_UNIX, by this abstract name */
	const char *file;   /* a file that only its user may read and write */
	int directory;	    /* a descriptor of "/" that was open in the launcher */
	unsigned long word; /* an address in the victim that can be read and written */
	int key;	    /* in the session keyring of the launcher */
	int shared_memory;  /* the key of a System V segment */
};

struct attack {
	const char *name;
	int (*run)(const struct target *target); /* 0: it worked; else a negative errno */
	int stopped_by;
};

extern const struct attack attacks[];
extern const int attack_count;

/* How an attack's process ends. */
enum { ATTACK_WORKED = 40, ATTACK_DENIED = 41, ATTACK_UNKNOWN = 42 };

#endif

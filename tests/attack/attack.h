/* SPDX-License-Identifier: MIT */
/*
 * The table of attacks: what a sandboxed process might try, each as one function that runs the same
 * inside and outside. A denial counts only where the same attack worked outside.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What must stop an attack by itself. */
enum {
	BY_ISOLATION = 1 << 0, /* namespaces with an empty root */
	BY_COMPUTE = 1 << 1,   /* the policies */
	BY_FILES_READ = 1 << 2,
	BY_NETWORK = 1 << 3,
	BY_LAUNCH = 1 << 4, /* any launch: what it closes and gives up */
	BY_LIMITS = 1 << 5, /* the limits that it is given */

	BY_FILTER = BY_COMPUTE | BY_FILES_READ | BY_NETWORK,
	BOTH = BY_ISOLATION | BY_FILTER,
	BUT_READING = BY_ISOLATION | BY_COMPUTE | BY_NETWORK, /* what files-read is for */
	BUT_NETWORK = BY_ISOLATION | BY_COMPUTE | BY_FILES_READ,
};

/* What an attack finds prepared: targets outside, made by the runner. */
struct target {
	pid_t victim;		   /* a process of the same user */
	unsigned long word;	   /* an address in the victim that can be read and written */
	int port, udp_port;	   /* sockets on 127.0.0.1 */
	char socket[64];	   /* one of AF_UNIX listens, by this abstract name */
	char socket_path[256];	   /* and another by this path */
	char file[256];		   /* a file that only its user may read and write */
	char set_id[256];	   /* a program that makes its caller root; "": there is none */
	int directory;		   /* a descriptor of "/" that was open in the launcher */
	int open_file;		   /* one of a file */
	int inherited_socket;	   /* one whose other end has sent a descriptor of "/" */
	int key;		   /* in the session keyring of the launcher */
	int users_key;		   /* another, for its user to read */
	int shared_memory;	   /* the key of a System V segment */
	unsigned char handle[128]; /* of /etc/passwd or the file, by its file system */
	unsigned int handle_size;  /* 0: there is none */
	int handle_type;
	bool named_command; /* a kernel that runs no file without a name (before 3.19): it has one in an empty root */
};

struct attack {
	const char *name;
	int (*run)(const struct target *target); /* 0: it worked; else a negative errno */
	int stopped_by;
	const char *not_for_root; /* why root's processes are not stopped, or NULL */
};

/* A group each, ended by a row without a name. */
extern const struct attack files_attacks[], processes_attacks[], network_attacks[],
	rights_attacks[], surface_attacks[], limits_attacks[];

/* The attack of that number, over all groups, or NULL behind the last. */
const struct attack *attack_at(int number);

/* How an attack's process ends. Outside, a denial says its errno. */
enum {
	ATTACK_WORKED = 40,
	ATTACK_DENIED = 41,
	ATTACK_UNKNOWN = 42,
	ATTACK_SWAPPED = 43, /* the program that ran is not the one that was judged */
	ATTACK_ERRNO = 50,
};

/* targets.c */
void need(bool done, const char *what); /* or ends the run */
void make_targets(struct target *target, const char *set_id);
void remove_targets(const struct target *target);

/* The limits that launches are given where an attack is stopped by them. */
enum { MEMORY_LIMIT = 64 << 20, DESCRIPTOR_LIMIT = 32, FILE_LIMIT = 64 << 10, PROCESS_LIMIT = 2 };

/* Where an attack is made. */
struct place {
	const char *name;
	const char *isolation; /* NULL: no launch at all, the program confines itself */
	const char *policy;    /* NULL: no filter */
	bool init;
	bool broadcast; /* the program confines itself, by signal to the thread that attacks */
	int stops;	/* what is there to stop it */
	int spare;	/* attacks that one of these stops were made elsewhere */
};

/* launches.c: the exit status as above; 128 + the signal. */
int attack_outside(int number, const struct target *target);
int attack_inside(int number, const struct target *target, const struct place *place);
/* Starts it only: 0 or a negative errno, and the step that failed. Descriptor 0 is the caller's. */
int start_inside(const char *path, char *const argv[], const struct place *place, bool limited,
		 pid_t *pid, const char **step);
int end_of(pid_t pid);

/* endure.c: what takes more than one process. */
int outlive_launcher(const struct place *place); /* NULL: outside. As an attack's end */
int race_launch(const struct place *place, int launches);
_Noreturn void survive(void);
_Noreturn void tell_confinement(void);

static inline int answer(long result)
{
	return result < 0 ? -errno : 0;
}

/* Reads a byte of a file: 0 or a negative errno (attacks.c). */
int read_at(int directory, const char *path);

#define UNUSED (void)target

#endif

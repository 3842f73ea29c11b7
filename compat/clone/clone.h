/* SPDX-License-Identifier: MIT */
/*
 * The way from a clone to a confined command. The launcher makes a struct sbp_setup ready; the child
 * walks a table of steps over it. Until its exec the child shares the launcher's memory: it only makes
 * system calls, and writes nothing but what the setup has for it to write. All functions named
 * _in_child return 0 (or what they say) or a negative errno.
 */
#ifndef SBP_CLONE_H
#define SBP_CLONE_H

#include "../launch.h"

/* AddressSanitizer takes a function that never returns as a reason to clean the stack, the wrong one here. */
#define SBP_NEVER_RETURNS_IN_CHILD __attribute__((no_sanitize_address))

enum {
	SBP_FD_LIMIT = 32,
	SBP_FD_NUMBER_LIMIT = 128,
	SBP_RLIMIT_LIMIT = 16,
	SBP_PASSWORD_WORDS = 3
};
enum { SBP_LOADER_FD_LIMIT = 3 /* what the loader is handed beside what the caller passes */ };
enum { SBP_ALL_FD_LIMIT = SBP_FD_LIMIT + SBP_LOADER_FD_LIMIT + 1 /* and the line to the helper */ };

struct sbp_setup {
	/* What is asked for. */
	bool isolated; /* new namespaces, and with them a root */
	bool filtered; /* by policy, or by the child itself where that is empty */
	bool copy;     /* the child runs on in a copy of the launcher, and makes no exec */
	bool later;    /* the root is entered on the child's request */
	bool share_net, init, die_with_parent;
	bool wants_report; /* of what the policy traps */
	enum sbp_root root;
	const char *directory; /* SBP_ROOT_DIRECTORY */
	const char *command;
	int loader_fd; /* runs in the command's place; -1: none */
	const char *loader_file; /* where it is executed by name, for what is mounted must be of the child's own namespace */
	char *const *argv, *const *envp;
	size_t fd_count, limit_count;
	struct sbp_passed_fd {
		int from, as;
	} fds[SBP_ALL_FD_LIMIT];
	struct sbp_limit {
		int resource;
		uint64_t value;
	} limits[SBP_RLIMIT_LIMIT];
	int line_as;		  /* the number of the line to the helper */
	struct sock_fprog policy; /* with room before it (prologue.c); len 0: none */

	/* What the launcher knows and the child can't ask any more. */
	struct sock_fprog program;   /* the policy with the one exec let through; len 0: none */
	bool own_users;		     /* it has a user namespace of its own */
	bool own_memory;	     /* the child shares none with the launcher, but for this */
	bool by_root;		     /* the plan has none for it */
	bool no_execveat;	     /* an older kernel: exec is by name */
	bool by_password;	     /* and the filter knows it by this one */
	bool must_listen;	     /* for a broker: no start without (../broker/launching.h) */
	struct sock_fprog listening; /* the program with a listener, to be taken first; len 0: none */
	unsigned long password[SBP_PASSWORD_WORDS];
	char uid_map[32], gid_map[32];
	uint32_t uid, gid;
	int first_free_fd; /* above all that are passed */
	int exec_fd;	   /* the only number that the filter lets exec use; -1: none */
	uint64_t nofile;   /* the limit that puts it out of reach afterwards */
	uint64_t mask;	   /* signals that were blocked before */
	int alive[2];	   /* a pipe whose writing end is the launcher's: it ends with it */
	int started[2];	   /* a pipe on which an init, or a copy, says that all went well */
	int report[2];	   /* sockets over which the listener comes */
	void *inner_stack; /* for the command of an init */

	int listener; /* that came; -1: none */

	/* What the child writes. */
	int command_fd;
	int line[2];	  /* the helper's end of its line, and the child's */
	bool arrived;	  /* at its exec; a copy: in its sandbox */
	const char *step; /* under way; after a failure: the one that failed */
	enum sbp_feature feature;
	int error; /* 0, or the errno of that step */
};

/* Makes a setup ready: 0, or a negative errno with step and feature set. */
int sbp_prepare(struct sbp_setup *setup);
/* Records what failed, for the launcher's side; returns `error`. */
int sbp_fail(struct sbp_setup *setup, const char *step, enum sbp_feature feature, long error);

/*
 * Starts a command: 0 with the child's pid, or a negative errno with step and feature set; then nothing of
 * the child is left. `stack` is the top of the child's.
 */
int sbp_clone_start(struct sbp_setup *setup, void *stack, pid_t *pid);
/* Starts a copy, and returns twice: in the copy *pid is 0. */
int sbp_clone_copy(struct sbp_setup *setup, pid_t *pid);

/* What the launcher holds of a start; the setup's own numbers are the child's to change. */
struct sbp_ends {
	int alive[2], started[2], report[2];
};

/* start.c: what both ways of starting share. */
int sbp_open_ends(struct sbp_setup *setup, struct sbp_ends *ends);
void sbp_close_ends(struct sbp_ends *ends);
/* Blocks every signal, and keeps the mask that was. */
int sbp_block_signals(struct sbp_setup *setup);
int sbp_clone_flags(const struct sbp_setup *setup);
/* True where a clone that failed so is worth another without a user namespace. */
bool sbp_can_do_without_users(struct sbp_setup *setup, long error);
/* After the clone: waits for what the child has to say, and leaves nothing of one that failed. */
int sbp_settle(struct sbp_setup *setup, struct sbp_ends *ends, pid_t pid);

/* Walks the steps and never returns; the entry of the cloned child. */
int sbp_child_main(void *setup);
/* Walks a part of the steps; returns at the first that fails, with step and error set. */
enum sbp_part { SBP_PART_SETUP, SBP_PART_COMMAND };
int sbp_walk_steps_in_child(struct sbp_setup *setup, enum sbp_part part);
/* The end of a child that failed, whatever a filter makes of exit. */
_Noreturn void sbp_give_up_in_child(int status);
/* The first process of a namespace: starts the command beside itself and waits for all. */
_Noreturn void sbp_init_in_child(struct sbp_setup *setup);

/* identity.c */
long sbp_write_maps_in_child(struct sbp_setup *setup);
long sbp_set_ids_in_child(struct sbp_setup *setup);
long sbp_die_with_parent_in_child(struct sbp_setup *setup);
long sbp_new_session_in_child(struct sbp_setup *setup);
long sbp_new_keyring_in_child(struct sbp_setup *setup);
long sbp_reset_signals_in_child(struct sbp_setup *setup);
long sbp_restore_mask_in_child(struct sbp_setup *setup);

/* namespaces.c */
long sbp_leave_cgroups_in_child(struct sbp_setup *setup);
long sbp_forbid_namespaces_in_child(struct sbp_setup *setup);
long sbp_name_host_in_child(struct sbp_setup *setup);
long sbp_bring_loopback_up_in_child(struct sbp_setup *setup);

/* descriptors.c */
long sbp_pass_fds_in_child(struct sbp_setup *setup);
long sbp_close_other_fds_in_child(struct sbp_setup *setup);

/* root.c */
long sbp_privatise_mounts_in_child(struct sbp_setup *setup);
long sbp_enter_root_in_child(struct sbp_setup *setup);
long sbp_leave_files_in_child(const struct sbp_setup *setup);

/* later.c */
long sbp_start_helper_in_child(struct sbp_setup *setup);

/* privileges.c */
long sbp_limit_in_child(struct sbp_setup *setup);
long sbp_drop_capabilities_in_child(struct sbp_setup *setup);
long sbp_no_new_privs_in_child(struct sbp_setup *setup);

/* command.c */
long sbp_open_command_in_child(struct sbp_setup *setup);
long sbp_open_command_inside_in_child(struct sbp_setup *setup);
long sbp_reserve_exec_in_child(struct sbp_setup *setup);
long sbp_install_filter_in_child(struct sbp_setup *setup);
long sbp_exec_in_child(struct sbp_setup *setup);
/* May a file be run at all? 0 or a negative errno; *step is what it is where it has privileges. */
long sbp_judge_privileges(int fd, const char **step);
/* Where a command lies in an empty root, on kernels that can't run a file without a name. */
#define SBP_COMMAND_INSIDE "/command"

/* prologue.c: keeps a policy with room before it, malloc'ed: free(kept->filter). */
int sbp_keep_policy(const struct sock_fprog *policy, struct sock_fprog *kept);
/* What is kept as a program that lets one exec pass, or none. The program is part of what is kept. */
struct sock_fprog sbp_allow_exec_of_fd(const struct sock_fprog *kept, int fd);
struct sock_fprog sbp_allow_exec_by_password(const struct sock_fprog *kept,
					     const unsigned long password[SBP_PASSWORD_WORDS]);
struct sock_fprog sbp_without_prologue(const struct sock_fprog *kept);
void sbp_forget_password(struct sbp_setup *setup);

/* Writes a number and its terminating 0, as decimal digits: at most 11 bytes. */
void sbp_write_number_in_child(char *text, unsigned int number);
/* Writes a file of /proc: 0 or a negative errno. */
long sbp_write_file_in_child(const char *path, const char *text);

#endif

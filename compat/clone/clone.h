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

enum { SBP_FD_LIMIT = 32, SBP_FD_NUMBER_LIMIT = 128, SBP_RLIMIT_LIMIT = 16 };
enum { SBP_LOADER_FD_LIMIT = 3 /* what the loader is handed beside what the caller passes */ };

struct sbp_setup {
	/* What is asked for. */
	bool isolated; /* new namespaces, and with them a root */
	bool share_net, init, die_with_parent;
	enum sbp_root root;
	const char *directory; /* SBP_ROOT_DIRECTORY */
	const char *command;
	int loader_fd; /* runs in the command's place; -1: none */
	char *const *argv, *const *envp;
	size_t fd_count, limit_count;
	struct sbp_passed_fd {
		int from, as;
	} fds[SBP_FD_LIMIT + SBP_LOADER_FD_LIMIT];
	struct sbp_limit {
		int resource;
		uint64_t value;
	} limits[SBP_RLIMIT_LIMIT];
	struct sock_fprog program; /* with the one exec let through; len 0: none */

	/* What the launcher knows and the child can't ask any more. */
	char uid_map[32], gid_map[32];
	uint32_t uid, gid;
	int first_free_fd; /* above all that are passed */
	int exec_fd;	   /* the only number that the filter lets exec use */
	uint64_t nofile;   /* the limit that puts it out of reach afterwards */
	uint64_t mask;	   /* signals that were blocked before */
	int alive[2];	   /* a pipe whose writing end is the launcher's: it ends with it */
	int started[2];	   /* a pipe on which an init says that its command runs */
	void *inner_stack; /* for the command of an init */

	/* What the child writes. */
	int command_fd;
	bool reached_exec;
	const char *step; /* under way; after a failure: the one that failed */
	enum sbp_feature feature;
	int error; /* 0, or the errno of that step */
};

/* Starts it: 0 with the child's pid, or a negative errno with step and feature set; then nothing of
 * the child is left. `stack` is the top of the child's. */
int sbp_clone_start(struct sbp_setup *setup, void *stack, pid_t *pid);

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
long sbp_close_fds_on_exec_in_child(struct sbp_setup *setup);
void sbp_close_fds_in_child(void);

/* root.c */
long sbp_privatise_mounts_in_child(struct sbp_setup *setup);
long sbp_enter_root_in_child(struct sbp_setup *setup);

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
/* Puts the instructions that allow the one exec before a policy; malloc'ed, free(out->filter). */
int sbp_allow_one_exec(const struct sock_fprog *policy, struct sock_fprog *out);
void sbp_set_exec_fd(struct sock_fprog *program, int fd);

/* Writes a file of /proc: 0 or a negative errno. */
long sbp_write_file_in_child(const char *path, const char *text);

#endif

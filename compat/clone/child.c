/* SPDX-License-Identifier: MIT */
/*
 * What a child does between the clone and its command, or its own code, in order. Owns the table of steps, and how a failed step
 * gets back to the launcher.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "clone.h"
#include "uapi.h"

/* When a step is taken: only where all of this holds. */
enum when {
	ALWAYS = 0,
	ISOLATED = 1 << 0,
	USERS = 1 << 1, /* a user namespace of its own */
	EXEC = 1 << 2,	/* there is a command */
	LATER = 1 << 3,
};

/*
 * The order matters. The maps come first, for without them nothing in the namespace has an owner;
 * what needs /proc or the old files comes before the root; capabilities go when nothing needs them any
 * more; the filter is last, so that it need allow nothing of this but one exec.
 */
static const struct step {
	const char *name;
	enum sbp_feature feature; /* that is missing when the step fails; 0: none */
	enum sbp_part part;
	unsigned int when;
	long (*take)(struct sbp_setup *setup);
} steps[] = {
	{ "id maps", SBP_FEATURE_USER_NS, SBP_PART_SETUP, USERS, sbp_write_maps_in_child },
	{ "ids", SBP_FEATURE_USER_NS, SBP_PART_SETUP, USERS, sbp_set_ids_in_child },
	{ "parent death signal", 0, SBP_PART_SETUP, ALWAYS, sbp_die_with_parent_in_child },
	{ "cgroup namespace", SBP_FEATURE_CGROUP_NS, SBP_PART_SETUP, ISOLATED,
	  sbp_leave_cgroups_in_child },
	{ "limit of namespaces", SBP_FEATURE_USER_NS, SBP_PART_SETUP, USERS,
	  sbp_forbid_namespaces_in_child },
	{ "host name", SBP_FEATURE_UTS_NS, SBP_PART_SETUP, ISOLATED, sbp_name_host_in_child },
	{ "loopback", SBP_FEATURE_NET_NS, SBP_PART_SETUP, ISOLATED, sbp_bring_loopback_up_in_child },
	{ "session", 0, SBP_PART_SETUP, ALWAYS, sbp_new_session_in_child },
	{ "keyring", 0, SBP_PART_SETUP, ALWAYS, sbp_new_keyring_in_child },
	{ "passed descriptors", 0, SBP_PART_SETUP, ALWAYS, sbp_pass_fds_in_child },
	{ "other descriptors", 0, SBP_PART_SETUP, ALWAYS, sbp_close_other_fds_in_child },
	{ "private mounts", SBP_FEATURE_MOUNT_NS, SBP_PART_SETUP, ISOLATED,
	  sbp_privatise_mounts_in_child },
	{ "command", 0, SBP_PART_SETUP, EXEC, sbp_open_command_in_child },
	{ "root", SBP_FEATURE_MOUNT_NS, SBP_PART_SETUP, ISOLATED, sbp_enter_root_in_child },
	{ "command", 0, SBP_PART_SETUP, EXEC | ISOLATED, sbp_open_command_inside_in_child },
	{ "helper", 0, SBP_PART_SETUP, LATER, sbp_start_helper_in_child },
	{ "descriptor of the command", 0, SBP_PART_SETUP, EXEC, sbp_reserve_exec_in_child },
	{ "resource limits", 0, SBP_PART_SETUP, ALWAYS, sbp_limit_in_child },
	{ "capabilities", SBP_FEATURE_USER_NS_NESTED_CAPS, SBP_PART_SETUP, ALWAYS,
	  sbp_drop_capabilities_in_child },
	{ "no_new_privs", SBP_FEATURE_NO_NEW_PRIVS, SBP_PART_SETUP, ALWAYS,
	  sbp_no_new_privs_in_child },
	{ "signal actions", 0, SBP_PART_SETUP, ALWAYS, sbp_reset_signals_in_child },
	{ "signal mask", 0, SBP_PART_COMMAND, ALWAYS, sbp_restore_mask_in_child },
	{ "filter", SBP_FEATURE_SECCOMP_FILTER, SBP_PART_COMMAND, ALWAYS,
	  sbp_install_filter_in_child },
	{ "exec", 0, SBP_PART_COMMAND, EXEC, sbp_exec_in_child },
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

static unsigned int what_holds(const struct sbp_setup *setup)
{
	return (setup->isolated ? ISOLATED : 0U) | (setup->own_users ? USERS : 0U) |
	       (setup->copy ? 0U : EXEC) | (setup->later ? LATER : 0U);
}

/* Whoever is killed in a step leaves its name behind, so it is written before the step is taken. */
int sbp_walk_steps_in_child(struct sbp_setup *setup, enum sbp_part part)
{
	unsigned int holds = what_holds(setup);

	for (size_t i = 0; i < STEPS; i++) {
		const struct step *step = &steps[i];
		long result;

		if (step->part != part || (step->when & ~holds))
			continue;
		setup->feature = step->feature;
		__atomic_store_n(&setup->step, step->name, __ATOMIC_RELEASE);
		result = step->take(setup);
		if (result < 0) {
			__atomic_store_n(&setup->error, (int)-result, __ATOMIC_RELEASE);
			return (int)result;
		}
	}
	return 0;
}

/* exit(2) may be what a filter forbids: then the processor ends it. The first process of a namespace
 * dies of nothing that it sends itself, but of a fault it does. */
_Noreturn void sbp_give_up_in_child(int status)
{
	sbp_kernel(SYS_exit_group, status);
	sbp_kernel(SYS_exit, status);
	for (;;)
		__builtin_trap();
}

SBP_NEVER_RETURNS_IN_CHILD int sbp_child_main(void *data)
{
	struct sbp_setup *setup = data;

	if (sbp_walk_steps_in_child(setup, SBP_PART_SETUP))
		sbp_give_up_in_child(125);
	if (setup->init)
		sbp_init_in_child(setup);
	sbp_walk_steps_in_child(setup, SBP_PART_COMMAND);
	sbp_give_up_in_child(125);
}

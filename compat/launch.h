/* SPDX-License-Identifier: MIT */
/*
 * Inside of the launcher: what launching, policies and filters agree on. The public side stands in
 * sandbox-probe.h, "Launching".
 */
#ifndef SBP_LAUNCH_H
#define SBP_LAUNCH_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "probe.h"

/* --- Policies (policy/) ------------------------------------------------------------------- */

/*
 * Finds a policy that was built in, for the architecture that this is compiled for. The program is
 * static and lives for ever. 0, or -ENOENT: none of that name.
 */
int sbp_policy_program(const char *name, struct sock_fprog *out);

/*
 * Compiles a file of the user's. The program is malloc'ed: free(out->filter). Faults go into `fault` as
 * "FILE:LINE: words", cut where that is too small. 0 or a negative errno: -EINVAL with a fault, the
 * errno of reading the file, -ENOSYS where the compiler is not built in.
 */
int sbp_policy_compile_file(const char *path, struct sock_fprog *out, char *fault, size_t size);

/* A policy that owns a malloc'ed program; NULL: no memory. */
struct sbp_policy *sbp_policy_of_program(const struct sock_fprog *program);

/* --- Filters (bpf/) ----------------------------------------------------------------------- */

/*
 * Installs a filter in the calling thread, which has set no_new_privs: by seccomp(2), by prctl(2) on
 * kernels without. Called between clone and exec, with every signal blocked, possibly sharing memory
 * with the launcher: async-signal-safe, allocates nothing, leaves errno alone. The program comes
 * before it in this order: the launcher's few instructions that let its one exec through, then the
 * policy's own, so that a policy need not allow exec. 0 or a negative errno.
 */
long sbp_bpf_install_in_child(const struct sock_fprog *program);

/* The same for a filter with user notifications (5.0): returns the listener, close-on-exec. -EBUSY: there is
 * one above already. */
long sbp_bpf_install_with_listener_in_child(const struct sock_fprog *program);

/* --- The broker (broker/) ----------------------------------------------------------------- */

/*
 * Installs a filter that sbp_broker_filter() made for notification, and sends its listener over `fd`, the number
 * that the filter lets through. Then nothing of it is left but the filter. 0 or a negative errno. The other end takes
 * it by sbp_receive_passed_fd().
 */
long sbp_broker_install_in_child(const struct sock_fprog *program, int fd);

#endif

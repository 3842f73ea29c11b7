/* SPDX-License-Identifier: MIT */
/*
 * Inside of filters: how a program gets into the kernel, for one thread or for all of them. The public
 * side stands in sandbox-probe.h, "Policies"; what the launcher calls in ../launch.h.
 */
#ifndef SBP_BPF_H
#define SBP_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

/* As sbp_bpf_install_in_child(), in the calling thread, and the pid of the process is `self`. */
long sbp_bpf_install(const struct sock_fprog *program, pid_t self);

/* The same, and makes its listener (5.0): the new descriptor, which exec closes, or a negative errno. */
long sbp_bpf_install_listener(const struct sock_fprog *program);

/* Does a program wait for the pid of its process (SELF in a policy's text)? */
bool sbp_bpf_needs_self(const struct sock_fprog *program);

/* Copies a program to `to`, with that pid in it. Async-signal-safe. */
void sbp_bpf_copy(struct sock_filter *to, const struct sock_fprog *program, pid_t self);

/*
 * Installs in all threads at once, by the kernel (3.17): 0, a negative errno, or the id of a thread that
 * has a filter of its own.
 */
long sbp_bpf_install_tsync(const struct sock_fprog *program);

/* What stopped a broadcast: the thread, or 0. */
struct sbp_broadcast_end {
	pid_t tid;
	int error; /* of that thread, negative; 0 when it did not answer */
};

/*
 * Installs in all threads of the process, by a signal to each, where the kernel can't: in the calling
 * one last. no_new_privs is set in each.
 *
 * The signal is the one by which libc itself reaches all threads (glibc's for setuid(), 33; musl's, 34):
 * libc's functions can't block it, so no code that is already running can have made itself deaf, and
 * libc's own use of it is passed on. Handlers are of the process: one broadcast at a time (-EBUSY). A call
 * that is waiting is started again, but those that end with EINTR on any signal do so (nanosleep, poll,
 * epoll_wait). The program must allow rt_sigreturn, or the threads die of their answer.
 *
 * -ETIMEDOUT: a thread did not answer within `ms` (it blocks signals by bare system calls, is stopped, or
 * waits for a child of vfork; one that is runnable has half a minute more), or threads without the filter
 * kept appearing. What the kernel says where
 * a thread could not install. Threads that answered have the filter whatever is returned, the calling
 * one only on success: a process that can't be confined whole should end.
 */
int sbp_bpf_broadcast(const struct sock_fprog *program, unsigned int ms,
		      struct sbp_broadcast_end *end);

#endif

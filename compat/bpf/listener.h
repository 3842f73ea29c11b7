/* SPDX-License-Identifier: MIT */
/*
 * How a launcher learns what a command was denied, which has no handler of its own: what the policy traps
 * becomes a question to a listener (5.0), and whoever listens ends the command, as the trap would have.
 * The child makes the listener together with its filter and sends it to the launcher over a socket, so the
 * filter lets that one sendmsg(2) through: by a random password in the arguments that the call does not take,
 * which nobody holds any more once the exec was made. The command itself never holds the listener.
 */
#ifndef SBP_LISTENER_H
#define SBP_LISTENER_H

#include <linux/filter.h>
#include <stdbool.h>

enum { SBP_REPORT_PASSWORD_WORDS = 3 };

/*
 * The program with its traps turned into questions, and with sendmsg(2) let through for who knows the password:
 * malloc'ed, free(out->filter). 0; -ENOTSUP: this kernel has no listeners, the program traps nothing, or it
 * asks a listener already; -E2BIG, -ENOMEM.
 */
int sbp_listening_program(const struct sock_fprog *program, const unsigned long *password,
			  struct sock_fprog *out);

/* The same for a program that asks its listener already: only sendmsg(2) is let through. */
int sbp_handing_program(const struct sock_fprog *program, const unsigned long *password,
			struct sock_fprog *out);

/*
 * Installs such a program in the calling thread, as sbp_bpf_install_in_child() does, and sends its listener:
 * 0 or a negative errno, and *installed says whether the filter is there, after an error too.
 */
long sbp_bpf_listen_in_child(const struct sock_fprog *program, int socket,
			     const unsigned long *password, bool *installed);

/* The second half of it. */
long sbp_send_listener_in_child(int fd, int socket, const unsigned long *password);

/* Takes the listener out of the socket: a descriptor that exec closes, or -1: none came. */
int sbp_receive_listener(int socket);

#endif

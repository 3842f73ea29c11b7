/* SPDX-License-Identifier: MIT */
/*
 * How a launcher learns what a command was denied, which has no handler of its own: what the policy traps
 * becomes a question to a listener (5.0), and whoever listens ends the command, as the trap would have.
 * The child makes the listener together with its filter and sends it to the launcher over a socket, so the
 * filter lets that one sendmsg(2) through; the socket's number is out of reach afterwards, as the one of
 * the command's exec is (clone/command.c). The command itself never holds the listener.
 */
#ifndef SBP_LISTENER_H
#define SBP_LISTENER_H

#include <linux/filter.h>
#include <stdbool.h>

/*
 * The program with its traps turned into questions, and with sendmsg(2) on `socket` let through:
 * malloc'ed, free(out->filter). 0; -ENOTSUP: this kernel has no listeners, the program traps nothing, or it
 * asks a listener already; -E2BIG, -ENOMEM.
 */
int sbp_listening_program(const struct sock_fprog *program, int socket, struct sock_fprog *out);

/*
 * Installs such a program in the calling thread, as sbp_bpf_install_in_child() does, and sends its listener:
 * 0 or a negative errno, and *installed says whether the filter is there, after an error too.
 */
long sbp_bpf_listen_in_child(const struct sock_fprog *program, int socket, bool *installed);

/* Takes the listener out of the socket: a descriptor that exec closes, or -1: none came. */
int sbp_receive_listener(int socket);

#endif

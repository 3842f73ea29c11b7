/* SPDX-License-Identifier: MIT */
/*
 * What a filter must say of the broker's calls, as instructions that stand before any policy's: the calls
 * of calls.def go to the handler in the process (SIGSYS) or to the launcher (user notification), whatever
 * the policy says of them, and the few calls that the client itself makes are let through.
 *
 * Which of the two. Notification takes half the time (`make bench`), needs nothing in the process, and a
 * program that replaces or blocks its SIGSYS handler changes nothing; but it needs Linux 5.9, and 5.19 for a
 * call that a signal interrupts not to be made twice, and no other listener above. SIGSYS works on every
 * kernel with a filter, but needs the handler in the process. So notification is taken where a command sees
 * files, and SIGSYS in an empty root, where the loader brings the handler along in any case, and
 * gives the command its own directory and name.
 */
#ifndef SBP_BROKER_FILTER_H
#define SBP_BROKER_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

enum sbp_broker_transport { SBP_BROKER_BY_SIGNAL, SBP_BROKER_BY_NOTIFICATION };

/*
 * Puts the instructions before a policy; malloc'ed, free(out->filter). `fd` is, by signal, the client's
 * socket: sendmsg(2) is let through on it, and on no other. By notification it is the socket on which
 * the child hands its listener over. Either should be at or above RLIMIT_NOFILE, where no dup2(2) of the
 * sandbox's can put another descriptor, and the second close-on-exec: then sendmsg is let through once.
 * -1: none, sendmsg is the policy's. -E2BIG: too long with the policy. -EINVAL: an empty policy. -ENOMEM: no memory.
 */
int sbp_broker_filter(const struct sock_fprog *policy, enum sbp_broker_transport transport, int fd,
		      struct sock_fprog *out);

#endif

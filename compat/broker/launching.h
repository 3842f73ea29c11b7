/* SPDX-License-Identifier: MIT */
/* Inside of launches: commands whose calls a broker answers by user notification. */
#ifndef SBP_BROKER_LAUNCHING_H
#define SBP_BROKER_LAUNCHING_H

#include <linux/filter.h>
#include <sys/types.h>

struct sbp_broker;

/*
 * The program with the broker's calls turned into questions to a listener, which goes to the launcher by the
 * password (../bpf/listener.h): malloc'ed, free(out->filter). -ENOTSUP: this kernel has no listeners; -E2BIG,
 * -ENOMEM.
 */
int sbp_ask_broker(const struct sock_fprog *program, const unsigned long *password,
		   struct sock_fprog *out);

/* Installs it and sends the listener. -EBUSY: there is one above. */
long sbp_listen_for_broker_in_child(const struct sock_fprog *program, int socket,
				    const unsigned long *password);

/* Lets the broker serve a child that was started, or ends it: 0 or a negative errno. Takes the listener. */
int sbp_serve_started(struct sbp_broker *broker, int listener, pid_t pid);

#endif

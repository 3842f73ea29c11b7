/* SPDX-License-Identifier: MIT */
/* The launcher's side of the handler: what a filter says of it. */
#ifndef SBP_LOADER_FILTER_H
#define SBP_LOADER_FILTER_H

#include <linux/filter.h>

/*
 * Puts instructions before a program; malloc'ed, free(out->filter). `socket` is the broker's, as the loaded
 * program has it. -E2BIG: too long with the program. -ENOMEM: no memory.
 */
int sbp_loading_filter(const struct sock_fprog *program, int socket, struct sock_fprog *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Inside of user notifications: what is remembered of a listener's processes. */
#ifndef SBP_BROKER_NOTIFIED_H
#define SBP_BROKER_NOTIFIED_H

#include <sys/types.h>

#include "protocol.h"

/* Where a process went by chdir(2): to the kernel it is still in its empty root. */
struct sbp_process_directory {
	struct sbp_process_directory *next;
	pid_t process;
	char path[SBP_BROKER_PATH_LIMIT];
};

enum { SBP_PROCESS_LIMIT = 256 };

struct sbp_notified {
	struct sbp_process_directory *processes; /* those that were in use last come first */
};

#endif

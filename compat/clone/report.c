/* SPDX-License-Identifier: MIT */
/* The child's side of a report (bpf/listener.h). Owns the number that the listener is sent by. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "../bpf/listener.h"
#include "clone.h"
#include "uapi.h"

/*
 * Like exec's number, and beside it, this one lies at or above the limit that is set before the filter. Where
 * there is no room above, both move down.
 */
static bool choose_number(struct sbp_setup *setup, uint64_t limit)
{
	if ((uint64_t)setup->exec_fd + 1 >= limit) {
		if (setup->exec_fd <= setup->first_free_fd)
			return false;
		setup->exec_fd--;
		if (setup->nofile > (uint64_t)setup->exec_fd)
			setup->nofile = (uint64_t)setup->exec_fd;
		sbp_set_exec_fd(&setup->program, setup->exec_fd);
	}
	setup->report_fd = setup->exec_fd + 1;
	return true;
}

void sbp_prepare_report(struct sbp_setup *setup, uint64_t limit)
{
	struct sock_fprog listening = { 0 };

	if (choose_number(setup, limit) &&
	    !sbp_listening_program(&setup->program, setup->report_fd, &listening))
		setup->listening = listening;
}

long sbp_reserve_report_in_child(struct sbp_setup *setup)
{
	long result;

	if (!setup->listening.len || setup->report[1] == setup->report_fd)
		return 0;
	if (setup->init && setup->started[1] == setup->report_fd)
		return -EMFILE;
	result = sbp_kernel(SYS_dup3, setup->report[1], setup->report_fd, O_CLOEXEC);
	return result < 0 ? result : 0;
}

// SPDX-License-Identifier: MIT
/* Whether answers were taken is asked of the kernel, when there are more to be given and now and then. */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "passed_fd.h"
#include "unread.h"

bool sbp_has_unread_answer(int end)
{
	int bytes = 0;

	return !ioctl(end, SIOCOUTQ, &bytes) && bytes > 0;
}

void sbp_unread_keep(struct sbp_unread *unread, int end)
{
	unread->ends[unread->count++] = end;
}

unsigned int sbp_unread_sweep(struct sbp_unread *unread)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < unread->count; i++) {
		int end = unread->ends[i];

		if (sbp_has_unread_answer(end))
			unread->ends[left++] = end;
		else
			sbp_close_passed_fd(end);
	}
	unread->count = left;
	return left;
}

bool sbp_unread_is_full(struct sbp_unread *unread)
{
	return unread->count == SBP_UNREAD_LIMIT && sbp_unread_sweep(unread) == SBP_UNREAD_LIMIT;
}

void sbp_unread_end(struct sbp_unread *unread)
{
	while (unread->count)
		sbp_close_passed_fd(unread->ends[--unread->count]);
}

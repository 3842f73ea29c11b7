// SPDX-License-Identifier: MIT
/*
 * The sandboxed side for programs that confine themselves: the policy and the client as sandbox-probe.h has them.
 */
#include <errno.h>
#include <stdlib.h>

#include "../../probe/sandbox-probe.h"
#include "../launch.h"
#include "client.h"
#include "filter.h"

int sbp_policy_for_broker(const struct sbp_policy *policy, int fd, struct sbp_policy **with_broker)
{
	const struct sock_fprog *program = sbp_policy_filter(policy);
	struct sock_fprog prefixed;
	int error;

	*with_broker = NULL;
	if (!program || fd < 0)
		return -EINVAL;
	error = sbp_broker_filter(program, SBP_BROKER_BY_SIGNAL, fd, &prefixed);
	if (error)
		return error;
	*with_broker = sbp_policy_of_program(&prefixed);
	if (!*with_broker)
		free(prefixed.filter);
	return *with_broker ? 0 : -ENOMEM;
}

int sbp_broker_client_new(int fd, struct sbp_broker_client **client)
{
	*client = NULL;
	if (fd < 0)
		return -EBADF;
	*client = malloc(sizeof(**client));
	if (!*client)
		return -ENOMEM;
	sbp_broker_client_init_in_handler(*client, fd);
	return 0;
}

long sbp_broker_answer(void *client, const struct sbp_denied *call)
{
	unsigned long arguments[6];
	long result;

	for (int i = 0; i < 6; i++)
		arguments[i] = (unsigned long)call->arguments[i];
	if (sbp_broker_client_answer_in_handler(client, call->number, arguments, &result))
		return result;
	return -EPERM;
}

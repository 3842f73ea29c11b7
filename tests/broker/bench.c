// SPDX-License-Identifier: MIT
/*
 * What a file costs by way of the broker: open and close, beside the bare calls. Each round opens the same
 * file by all of them in turn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../compat/broker/broker.h"
#include "../../compat/broker/client.h"
#include "../../compat/broker/filter.h"
#include "../../compat/broker/numbers.h"
#include "../../compat/broker/passed_fd.h"
#include "../../compat/launch.h"
#include "../bench/clock.h"

enum { REPEAT = 50 };

static char file[256];
static struct sbp_broker *brokers[2]; /* with openat2, and without */

static void fail(const char *what, long error)
{
	fprintf(stderr, "%s: %s\n", what, strerror((int)-error));
	exit(1);
}

static void close_opened(long fd)
{
	if (fd < 0)
		fail("open", fd);
	close((int)fd);
}

/* --- Without a process in between ------------------------------------------------------------ */

static void open_bare(const struct step *step)
{
	(void)step;
	close_opened(sbp_kernel(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_CLOEXEC));
}

static void open_bare_openat2(const struct step *step)
{
	uint64_t how[3] = { O_RDONLY | O_CLOEXEC, 0, 0x08 | 0x04 | 0x02 };
	const struct sbp_broker *broker = brokers[0];

	(void)step;
	close_opened(sbp_kernel(SYS_openat2, broker->root, (long)(file + 1), (long)how, sizeof(how)));
}

static void open_by_rules(const struct step *step)
{
	struct sbp_broker_request request = { SBP_BROKER_MAGIC, SBP_BROKER_OPEN,
					      (uint16_t)strlen(file), O_RDONLY | O_CLOEXEC, 0 };
	static struct sbp_answer_of_broker answer;

	sbp_broker_answer_request(*(struct sbp_broker *const *)step->data, &request, file, &answer);
	close_opened(answer.reply.result ? answer.reply.result : answer.fd);
}

/* --- By the socket ---------------------------------------------------------------------------- */

static struct sbp_broker_client clients[2];

static void open_by_socket(const struct step *step)
{
	unsigned long arguments[6] = { (unsigned long)AT_FDCWD, (unsigned long)file,
				       O_RDONLY | O_CLOEXEC };
	long result = -ENOSYS;

	sbp_broker_client_answer_in_handler((void *)step->data, SYS_openat, arguments, &result);
	close_opened(result);
}

/* --- In a confined process ------------------------------------------------------------------- */

/* Who is confined runs the rounds when he is told to, and leaves how long they took. */
struct confined {
	enum sbp_broker_transport transport;
	int go[2], done[2], handover[2];
};

static void confine(struct confined *confined, int fd)
{
	struct sbp_policy *policy, *with_broker;
	struct sbp_broker_client *client;
	struct sock_fprog program, allowed;
	int error = sbp_policy_program("compute", &allowed);

	if (confined->transport == SBP_BROKER_BY_NOTIFICATION) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!error)
			error = sbp_broker_filter(&allowed, confined->transport,
						  confined->handover[1], &program);
		if (!error)
			error = (int)sbp_broker_install_in_child(&program, confined->handover[1]);
	} else {
		error = sbp_policy_by_name("compute", &policy);
		if (!error)
			error = sbp_policy_for_broker(policy, fd, &with_broker);
		if (!error)
			error = sbp_broker_client_new(fd, &client);
		if (!error)
			error = sbp_watch_denied(-1, sbp_broker_answer, client);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!error)
			error = (int)sbp_bpf_install_in_child(sbp_policy_filter(with_broker));
	}
	if (error)
		fail("confining", error);
}

static void serve_rounds(struct confined *confined, int fd)
{
	char byte;

	close(confined->go[1]);
	close(confined->done[0]);
	confine(confined, fd);
	while (read(confined->go[0], &byte, 1) == 1) {
		for (int i = 0; i < REPEAT; i++)
			open_bare(NULL);
		if (write(confined->done[1], &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void start_confined(struct confined *confined)
{
	int fd, listener;
	pid_t pid;

	if (pipe2(confined->go, O_CLOEXEC) || pipe2(confined->done, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, confined->handover) ||
	    sbp_broker_connect(brokers[0], &fd))
		fail("pipes", -errno);
	pid = fork();
	if (pid == 0)
		serve_rounds(confined, fd);
	close(confined->go[0]);
	close(confined->done[1]);
	if (confined->transport == SBP_BROKER_BY_NOTIFICATION) {
		struct pollfd wait = { confined->handover[0], POLLIN, 0 };

		poll(&wait, 1, 10000);
		listener = sbp_receive_passed_fd(confined->handover[0]);
		if (listener < 0 || sbp_broker_add_listener(brokers[0], listener))
			fail("listener", listener);
	}
}

/* All of them in one, so that the pipes' part in it is small. */
static void open_confined(const struct step *step)
{
	const struct confined *confined = step->data;
	char byte = 0;

	if (write(confined->go[1], &byte, 1) != 1 || read(confined->done[0], &byte, 1) != 1)
		fail("confined process", -errno);
}

/* --- All ------------------------------------------------------------------------------------- */

static void set_up(void)
{
	for (int i = 0; i < 2; i++) {
		int fd = -1, error = sbp_broker_new(&brokers[i]);

		if (i)
			brokers[i]->has_openat2 = false;
		if (!error)
			error = sbp_broker_allow(brokers[i], "/usr", SBP_BELOW, SBP_MAY_READ);
		if (!error)
			error = sbp_broker_connect(brokers[i], &fd);
		if (!error)
			error = sbp_broker_start(brokers[i]);
		if (error)
			fail("broker", error);
		sbp_broker_client_init_in_handler(&clients[i], fd);
	}
}

int main(int argc, char **argv)
{
	static struct confined by_signal = { .transport = SBP_BROKER_BY_SIGNAL },
			       by_notification = { .transport = SBP_BROKER_BY_NOTIFICATION };
	static struct step steps[] = {
		{ "openat", open_bare, NULL, REPEAT, { 0 }, 0, 0 },
		{ "openat2, nothing but below", open_bare_openat2, NULL, REPEAT, { 0 }, 0, 0 },
		{ "the broker's part, by openat2", open_by_rules, &brokers[0], REPEAT, { 0 }, 0, 0 },
		{ "the broker's part, step by step", open_by_rules, &brokers[1], REPEAT, { 0 }, 0, 0 },
		{ "a request to a thread, by openat2", open_by_socket, &clients[0], REPEAT, { 0 }, 0, 0 },
		{ "a request to a thread, step by step", open_by_socket, &clients[1], REPEAT, { 0 }, 0, 0 },
		{ "a confined process, SIGSYS", open_confined, &by_signal, 1, { 0 }, 0, 0 },
		{ "a confined process, notification", open_confined, &by_notification, 1, { 0 }, 0, 0 },
	};
	enum { COUNT = sizeof(steps) / sizeof(*steps) };

	snprintf(file, sizeof(file), "%s", argc > 1 ? argv[1] : "/usr/share/common-licenses/GPL-2");
	set_up();
	start_confined(&by_signal);
	start_confined(&by_notification);
	run_rounds(steps, COUNT, 201);
	print_head("The broker: open and close", "openat");
	for (int i = 0; i < COUNT; i++) {
		if (steps[i].repeat == 1) {
			steps[i].minimum /= REPEAT;
			steps[i].median /= REPEAT;
		}
		print_step(&steps[i], &steps[0]);
	}
	return 0;
}

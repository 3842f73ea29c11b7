// SPDX-License-Identifier: MIT
/* Ways to the network, and to whoever listens on this machine. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

/*
 * What policies tell by the family of a socket. On i386 it stands in memory, behind socketcall(2): there
 * "network" lets all families pass, and only the namespace keeps abstract names apart.
 */
#ifdef __i386__
#define BY_FAMILY (BY_COMPUTE | BY_FILES_READ)
#else
#define BY_FAMILY BY_FILTER
#endif

static int connect_to(int family, const void *address, size_t size)
{
	int fd = socket(family, SOCK_STREAM, 0);

	return fd < 0 ? -errno : answer(connect(fd, address, (socklen_t)size));
}

static int connect_tcp(const struct target *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((unsigned short)target->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect_to(AF_INET, &address, sizeof(address));
}

static int connect_abstract(const struct target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(target->socket);

	memcpy(address.sun_path + 1, target->socket, length);
	return connect_to(AF_UNIX, &address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static int new_socket(int family, int type, int protocol)
{
	return answer(socket(family, type, protocol));
}

static int packet_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_PACKET, SOCK_RAW, 0);
}

static int netlink_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int unix_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int inet6_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int crypto_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int vm_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int send_udp(const struct target *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((unsigned short)target->udp_port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (void *)&address, sizeof(address)))
		return -errno;
	/* nobody there is told by the next call */
	if (send(fd, "x", 1, 0) < 0)
		return -errno;
	return answer(send(fd, "x", 1, 0));
}

static int connect_path(const struct target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(target->socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, target->socket_path, strlen(target->socket_path));
	return connect_to(AF_UNIX, &address, sizeof(address));
}

/* Somebody has sent a descriptor of "/" there; it is only looked at, so that the next one finds it too. */
static int receive_inherited(const struct target *target)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	return answer(recvmsg(target->inherited_socket, &message, MSG_PEEK | MSG_DONTWAIT));
}

static int send_inherited(const struct target *target)
{
	return answer(send(target->inherited_socket, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int raw_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_INET, SOCK_RAW, 1 /* ICMP */);
}

/* Whatever this kernel has beside those that have a row of their own. */
static int other_socket(const struct target *target)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
	int result = -EAFNOSUPPORT;

	UNUSED;
	for (int family = 1; family < 64; family++) {
		if (family == AF_INET || family == AF_INET6 || family == AF_UNIX ||
		    family == AF_NETLINK || family == AF_PACKET || family == AF_ALG ||
		    family == AF_VSOCK)
			continue;
		for (int i = 0; i < 4 && result; i++)
			result = new_socket(family, types[i], 0);
	}
	return result;
}

const struct attack network_attacks[] = {
	{ "connect by TCP", connect_tcp, BUT_NETWORK, NULL },
	{ "send by UDP", send_udp, BUT_NETWORK, NULL },
	{ "connect by an abstract name", connect_abstract, BY_ISOLATION | BY_FAMILY, NULL },
	{ "connect by a path", connect_path, BY_ISOLATION | BY_FAMILY, NULL },
	{ "receive a descriptor by an inherited socket", receive_inherited, BY_LAUNCH, NULL },
	{ "send by an inherited socket", send_inherited, BY_LAUNCH, NULL },
	{ "open a raw socket", raw_socket, BY_ISOLATION | BY_FAMILY, NULL },
	{ "open a packet socket", packet_socket, BY_ISOLATION | BY_FAMILY, NULL },
	{ "open a netlink socket", netlink_socket, BY_FAMILY, NULL },
	{ "open a unix socket", unix_socket, BY_FAMILY, NULL },
	{ "open an IPv6 socket", inet6_socket, BY_COMPUTE | BY_FILES_READ, NULL },
	{ "open a crypto socket", crypto_socket, BY_FAMILY, NULL },
	{ "open a VM socket", vm_socket, BY_FAMILY, NULL },
	{ "open a socket of any other family", other_socket, BY_FAMILY, NULL },
	{ 0 },
};

// SPDX-License-Identifier: MIT
/* The kernel's less used doors. */
#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <sys/io.h>
#endif

#include "attack.h"

static int read_key(const struct target *target)
{
	char secret[16];

	return answer(syscall(SYS_keyctl, KEYCTL_READ, target->key, secret, sizeof(secret)));
}

/* Whoever has the uid may read this one, in the keyring or not: it takes a filter. */
static int read_users_key(const struct target *target)
{
	char secret[16];

	return answer(syscall(SYS_keyctl, KEYCTL_READ, target->users_key, secret, sizeof(secret)));
}

static int add_key(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_add_key, "user", "attack", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

static int load_bpf(const struct target *target)
{
	struct {
		unsigned int type, key, value, entries;
		unsigned char rest[112];
	} map = { 2 /* array */, 4, 4, 1, { 0 } };

	UNUSED;
	return answer(syscall(SYS_bpf, 0, &map, 72));
}

static int open_perf(const struct target *target)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
					      .size = sizeof(attributes),
					      .config = PERF_COUNT_SW_CPU_CLOCK,
					      .exclude_kernel = 1 };

	UNUSED;
	return answer(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static int set_up_io_uring(const struct target *target)
{
	char parameters[120] = { 0 };

	UNUSED;
	return answer(syscall(425 /* io_uring_setup */, 1, parameters));
}

static int fault_by_user(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

static int type_into_terminal(const struct target *target)
{
	UNUSED;
	return answer(ioctl(0, TIOCSTI, ""));
}

static int read_kernel_log(const struct target *target)
{
	char text[64];

	UNUSED;
	return answer(syscall(SYS_syslog, 3, text, sizeof(text)));
}

static int change_personality(const struct target *target)
{
	UNUSED;
	return answer(personality(ADDR_NO_RANDOMIZE));
}

static int read_clock_settings(const struct target *target)
{
	struct timex timex = { 0 };

	UNUSED;
	return answer(syscall(SYS_adjtimex, &timex));
}

static int enter_as_32_bit(const struct target *target)
{
	UNUSED;
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20 /* getpid */) : "memory");
	return result < 0 ? (int)result : 0;
#else
	return -ENOSYS;
#endif
}

static int join_keyring(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
}

static int set_up_aio(const struct target *target)
{
	unsigned long context = 0;

	UNUSED;
	return answer(syscall(SYS_io_setup, 1, &context));
}

/* On a virtual console only; what shift keys are held, no more. */
static int paste_into_terminal(const struct target *target)
{
	char request = 6;

	UNUSED;
	return answer(ioctl(0, TIOCLINUX, &request));
}

static int change_discipline(const struct target *target)
{
	int discipline = 0;

	UNUSED;
	return answer(ioctl(0, TIOCSETD, &discipline));
}

static int take_terminal(const struct target *target)
{
	UNUSED;
	return answer(ioctl(0, TIOCEXCL)) ? -errno : answer(ioctl(0, TIOCNXCL));
}

/* Where it is allowed, the next check is of the descriptor. */
static int got_past(long result, int error)
{
	return result < 0 && errno == error ? 0 : answer(result);
}

static int load_module(const struct target *target)
{
	UNUSED;
	return got_past(syscall(SYS_finit_module, -1, "", 0), EBADF);
}

/*
 * Of one segment that begins within a page, which is found out last. A 32-bit program must name the machine, or
 * is refused before anybody asks for its rights.
 */
static int load_kernel(const struct target *target)
{
	UNUSED;
#ifdef SYS_kexec_load
	static const unsigned long machines[] = { 0, 3UL << 16 /* i386 */, 62UL << 16 /* x86-64 */ };
	unsigned long segment[4] = { 0, 0, 1, 1 };
	int result = -ENOSYS;

	for (size_t i = 0; result && i < sizeof(machines) / sizeof(*machines); i++)
		result = got_past(syscall(SYS_kexec_load, 0, 1, segment, machines[i]), EADDRNOTAVAIL);
	return result;
#else
	return -ENOSYS;
#endif
}

static int swap_on(const struct target *target)
{
	UNUSED;
	return got_past(syscall(SYS_swapon, "/nowhere", 0), ENOENT);
}

static int account(const struct target *target)
{
	UNUSED;
	return got_past(syscall(SYS_acct, "/nowhere"), ENOENT);
}

static int reach_ports(const struct target *target)
{
	UNUSED;
#if defined(__x86_64__) || defined(__i386__)
	return answer(ioperm(0x80, 1, 1));
#else
	return -ENOSYS;
#endif
}

static int change_segments(const struct target *target)
{
	UNUSED;
#if defined(__x86_64__) || defined(__i386__)
	char buffer[64];

	return answer(syscall(SYS_modify_ldt, 0, buffer, sizeof(buffer)));
#else
	return -ENOSYS;
#endif
}

static int enter_as_x32(const struct target *target)
{
	UNUSED;
#ifdef __x86_64__
	return answer(syscall(0x40000000 | SYS_getpid));
#else
	return -ENOSYS;
#endif
}

/* Outside: there is no such call, and so no harm. Inside it must not even get that far. */
static int call_unknown(const struct target *target)
{
	UNUSED;
	return syscall(0xf123) < 0 && errno == ENOSYS ? 0 : -errno;
}

const struct attack surface_attacks[] = {
	{ "read a key of the session", read_key, BOTH, NULL },
	{ "read a key of one's user", read_users_key, BY_FILTER, NULL },
	{ "add a key", add_key, BY_FILTER, NULL },
	{ "join a keyring", join_keyring, BY_FILTER, NULL },
	{ "make a BPF map", load_bpf, BY_FILTER, NULL },
	{ "open a performance counter", open_perf, BY_FILTER, NULL },
	{ "set up io_uring", set_up_io_uring, BY_FILTER, NULL },
	{ "handle page faults", fault_by_user, BY_FILTER, NULL },
	{ "set up asynchronous I/O", set_up_aio, BY_FILTER, NULL },
	{ "type into the terminal", type_into_terminal, BOTH, NULL },
	{ "paste into the terminal", paste_into_terminal, BOTH, NULL },
	{ "change the terminal's discipline", change_discipline, BY_FILTER, NULL },
	{ "take the terminal", take_terminal, BY_FILTER, NULL },
	{ "read the kernel's log", read_kernel_log, BY_FILTER, NULL },
	{ "change the personality", change_personality, BY_FILTER, NULL },
	{ "read the clock's settings", read_clock_settings, BY_FILTER, NULL },
	{ "load a module", load_module, BOTH, NULL },
	{ "load a kernel", load_kernel, BOTH, NULL },
	{ "swap to a file", swap_on, BOTH, NULL },
	{ "count processes to a file", account, BOTH, NULL },
	{ "reach the ports", reach_ports, BOTH, NULL },
	{ "change the segments", change_segments, BY_FILTER, NULL },
	{ "enter the kernel as 32-bit code", enter_as_32_bit, BY_FILTER, NULL },
	{ "enter the kernel as x32 code", enter_as_x32, BY_FILTER, NULL },
	{ "call what does not exist yet", call_unknown, BY_FILTER, NULL },
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * Answers the calls that the filter traps, for as long as the program runs. Files are the broker's part
 * (../broker/client.h); here are the calls by which a program would take SIGSYS away from us, most often
 * without knowing it: blocking every signal is common, and a trap while SIGSYS is blocked is the end.
 *
 * None of this keeps anything in: that is the filter's part and the broker's. A program that goes out of its
 * way to be rid of the handler gets calls that nobody answers, and dies of the first.
 *
 * Small frames, for it runs on whatever stack the thread has; every signal is blocked meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "../broker/client.h"
#include "../broker/client_memory.h"
#include "../broker/client_message.h"
#include "../broker/numbers.h"
#include "loader.h"
#include "machine.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code, 3.5 */
#endif
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

enum { SIGNAL_LIMIT = 64, SET_SIZE = 8 };
#define SIGSYS_BIT (UINT64_C(1) << (SIGSYS - 1))

/* The kernel's own forms. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint32_t mask[2]; /* not one of 64 bits: i386 has no gap before it, ARM would have */
};
struct trapped {
	int signal, error, code;
	void *address __attribute__((aligned(sizeof(void *))));
	int number;
	unsigned int arch;
};

static struct {
	struct sbp_broker_client client;
	const char *program;
	int command; /* the process of whose calls the launcher tells; -1: none */
	/* what the program believes to have set for SIGSYS */
	int lock;
	struct kernel_action wanted;
} resident;

__attribute__((visibility("hidden"))) void restore(void);
__asm__(".text\n.type restore, %function\n" RESTORE);

/* Every signal is blocked in a handler: whoever holds the lock is on his way to give it back. */
static void lock_in_handler(void)
{
	while (__atomic_exchange_n(&resident.lock, 1, __ATOMIC_ACQUIRE))
		kernel_call(SYS_sched_yield, 0);
}

static void unlock_in_handler(void)
{
	__atomic_store_n(&resident.lock, 0, __ATOMIC_RELEASE);
}

static bool can_read_in_handler(uintptr_t address, size_t size)
{
	return is_readable_in_handler(address) && is_readable_in_handler(address + size - 1);
}

/* --- rt_sigaction ------------------------------------------------------------------------------ */

static long exchange_wanted_in_handler(uintptr_t new, uintptr_t old)
{
	struct kernel_action before;

	lock_in_handler();
	before = resident.wanted;
	if (new)
		copy_in_handler(&resident.wanted, (const void *)new, sizeof(before));
	unlock_in_handler();
	if (!old)
		return 0;
	if (!is_writable_in_handler(old, sizeof(before)))
		return -EFAULT;
	copy_in_handler((void *)old, &before, sizeof(before));
	return 0;
}

/* No handler of the program's runs with SIGSYS blocked, and none of its own gets it from the kernel. */
static long act_in_handler(const unsigned long arguments[6])
{
	struct kernel_action action;

	if (arguments[3] != SET_SIZE)
		return -EINVAL;
	if (arguments[1] && !can_read_in_handler(arguments[1], sizeof(action)))
		return -EFAULT;
	if ((int)arguments[0] == SIGSYS)
		return exchange_wanted_in_handler(arguments[1], arguments[2]);
	if (arguments[1]) {
		copy_in_handler(&action, (const void *)arguments[1], sizeof(action));
		action.mask[0] &= (uint32_t)~SIGSYS_BIT;
	}
	return kernel_call(SYS_rt_sigaction, arguments[0], arguments[1] ? &action : 0, arguments[2],
			   SET_SIZE, SBP_BROKER_OWN_CALL);
}

/* --- rt_sigprocmask ---------------------------------------------------------------------------- */

/* What is in the frame comes into force when the handler returns. */
static long mask_in_handler(const unsigned long arguments[6], uint32_t mask[2])
{
	uint32_t before[2] = { mask[0], mask[1] }, set[2];
	const int how = (int)arguments[0];

	if (arguments[3] != SET_SIZE)
		return -EINVAL;
	if (arguments[1]) {
		if (!can_read_in_handler(arguments[1], SET_SIZE))
			return -EFAULT;
		copy_in_handler(set, (const void *)arguments[1], SET_SIZE);
		if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
			return -EINVAL;
		for (int i = 0; i < 2; i++)
			mask[i] = how == SIG_SETMASK ? set[i]
				  : how == SIG_BLOCK ? before[i] | set[i]
						     : before[i] & ~set[i];
		mask[0] &= (uint32_t)~SIGSYS_BIT;
	}
	if (!arguments[2])
		return 0;
	if (!is_writable_in_handler(arguments[2], SET_SIZE))
		return -EFAULT;
	copy_in_handler((void *)arguments[2], before, SET_SIZE);
	return 0;
}

/* --- close_range ------------------------------------------------------------------------------- */

static long close_range_in_handler(const unsigned long arguments[6])
{
	const unsigned int first = (unsigned int)arguments[0], last = (unsigned int)arguments[1];
	const unsigned int socket = (unsigned int)resident.client.fd;
	long result = 0;

	if (first > last)
		return -EINVAL;
	if (first < socket)
		result = kernel_call(SYS_close_range, first, socket - 1, arguments[2], 0,
				     SBP_BROKER_OWN_CALL);
	if (!result && last > socket)
		result = kernel_call(SYS_close_range, socket + 1, last, arguments[2], 0,
				     SBP_BROKER_OWN_CALL);
	return result;
}

/* --- /proc/self/exe ----------------------------------------------------------------------------- */

/* By it programs find what was installed beside them; ld.so does ($ORIGIN). There is no /proc to ask. */
static bool is_own_link_in_handler(uintptr_t path)
{
	static const char own[] = "/proc/self/exe";

	if (length_in_handler(path, sizeof(own)) != sizeof(own) - 1)
		return false;
	for (size_t i = 0; i < sizeof(own); i++)
		if (((const volatile char *)path)[i] != own[i])
			return false;
	return true;
}

static bool read_own_link_in_handler(long number, const unsigned long arguments[6], long *result)
{
	unsigned int at = number == SYS_readlinkat;
	size_t length = __builtin_strlen(resident.program), size;

	if ((number != SYS_readlinkat && number != NUMBER_readlink) ||
	    !is_own_link_in_handler(arguments[at]))
		return false;
	size = arguments[at + 2] < length ? arguments[at + 2] : length;
	*result = (long)size;
	if ((int)arguments[at + 2] <= 0)
		*result = -EINVAL;
	else if (size < SET_SIZE || !is_writable_in_handler(arguments[at + 1], size))
		*result = -EFAULT; /* nobody's buffer is so small */
	else
		copy_in_handler((void *)arguments[at + 1], resident.program, size);
	return true;
}

/* --- What nobody answers ------------------------------------------------------------------------- */

/* The launcher, which hears of no call that a handler was asked about, has names for them. It tells when the command
 * ends: a child's calls are not its. */
static bool launcher_tells_in_handler(const struct trapped *info)
{
	return resident.command > 0 &&
	       kernel_call(SYS_getpid, 0, 0, 0, 0, SBP_BROKER_OWN_CALL) == resident.command &&
	       !sbp_client_say_denied_in_handler(&resident.client, info->number, info->arch,
						 (uintptr_t)info->address);
}

/* For all others. By subtraction: some processors' divisions are calls into a library. */
static void tell_in_handler(const struct trapped *info)
{
	static const char words[] = ": denied: system call ";
	static const unsigned int places[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };
	unsigned int left = (unsigned int)info->number, length = 0;
	char number[sizeof(places) / sizeof(*places) + 1];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char digit = '0';

		for (; left >= places[i] && digit < '9'; left -= places[i])
			digit++;
		if (digit != '0' || length || places[i] == 1)
			number[length++] = digit;
	}
	number[length++] = '\n';
	kernel_call(SYS_write, 2, resident.program, __builtin_strlen(resident.program));
	kernel_call(SYS_write, 2, words, sizeof(words) - 1);
	kernel_call(SYS_write, 2, number, length);
}

/* The program's own handler, if it has one. Otherwise the kernel's end for it, with the call's number in
 * the core: the call is made again, and nobody handles its signal any more. */
static void pass_on_in_handler(int number, struct trapped *info, ucontext_t *context)
{
	const struct kernel_action by_default = { 0 };
	struct kernel_action wanted;

	lock_in_handler();
	wanted = resident.wanted;
	unlock_in_handler();
	if (wanted.handler == (uintptr_t)SIG_IGN && info->code != SYS_SECCOMP)
		return;
	if (wanted.handler != (uintptr_t)SIG_DFL && wanted.handler != (uintptr_t)SIG_IGN) {
		((void (*)(int, void *, void *))wanted.handler)(number, info, context);
		return;
	}
	if (info->code == SYS_SECCOMP && !launcher_tells_in_handler(info))
		tell_in_handler(info);
	kernel_call(SYS_rt_sigaction, SIGSYS, &by_default, 0, SET_SIZE, SBP_BROKER_OWN_CALL);
	if (info->code == SYS_SECCOMP)
		REPEAT(&context->uc_mcontext);
	else /* somebody sent it; it is delivered when the handler returns */
		kernel_call(SYS_tgkill, kernel_call(SYS_getpid, 0), kernel_call(SYS_gettid, 0),
			    SIGSYS);
}

static bool answer_in_handler(const struct trapped *info, ucontext_t *context, long *result)
{
	unsigned long arguments[6];

	for (int i = 0; i < 6; i++)
		arguments[i] = (unsigned long)ARGUMENT(&context->uc_mcontext, i);
	if (info->number == SYS_rt_sigaction)
		*result = act_in_handler(arguments);
	else if (info->number == SYS_rt_sigprocmask)
		*result = mask_in_handler(arguments, (uint32_t *)&context->uc_sigmask);
	else if (info->number == SYS_close_range)
		*result = close_range_in_handler(arguments);
	else if (!read_own_link_in_handler(info->number, arguments, result))
		return sbp_broker_client_answer_in_handler(&resident.client, info->number,
							   arguments, result);
	return true;
}

static void on_trap_in_handler(int number, struct trapped *info, ucontext_t *context)
{
	long result;

	if (info->code == SYS_SECCOMP && answer_in_handler(info, context, &result))
		RESULT(&context->uc_mcontext) = (unsigned long)result;
	else
		pass_on_in_handler(number, info, context);
}

/* Without asking whether it may be the current one: a single file in it may be allowed. */
static bool enter(const char *directory)
{
	size_t length = __builtin_strlen(directory);
	struct sbp_broker_directory *name = sbp_client_name_in_handler(&resident.client, length);

	if (!name)
		return false;
	copy_in_handler(name->text, directory, length);
	sbp_client_enter_in_handler(&resident.client, name);
	return true;
}

const char *loader_install_handler(int broker, int command, const char *program, const char *directory)
{
	struct kernel_action action = {
		.handler = (uintptr_t)on_trap_in_handler,
		.flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK,
		.mask = { ~0U, ~0U },
	};
	const uint32_t mask[2] = { (uint32_t)SIGSYS_BIT };

#if defined(__x86_64__) || defined(__i386__)
	action.flags |= SA_RESTORER;
	action.restorer = (uintptr_t)restore;
#endif
	resident.program = program;
	resident.command = command;
	sbp_broker_client_init_in_handler(&resident.client, broker);
	if (!enter(directory))
		return "there is no memory for the current directory's name";
	if (kernel_call(SYS_rt_sigaction, SIGSYS, &action, 0, SET_SIZE, SBP_BROKER_OWN_CALL) ||
	    kernel_call(SYS_rt_sigprocmask, SIG_UNBLOCK, mask, 0, SET_SIZE, SBP_BROKER_OWN_CALL))
		return "the filter does not let it answer trapped calls";
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * A filter for every thread, by signal: bpf.h says what for. Owns the proof that no thread was missed.
 *
 * Rounds: look at all threads, ask those that were not asked, wait for all answers. A thread that has the
 * filter hands it on to those that it starts, so one without it was started by one without it. When a
 * round, which saw all threads there were, met none that had to be asked, there is none left. Where
 * threads come and go all the time every round meets new ones: then the kernel itself is asked whether
 * they have the filter, which it tells (3.8) where none had a filter before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "../launch.h"
#include "bpf.h"
#include "broadcast.h"
#include "uapi.h"

#ifdef __GLIBC__
#define BROADCAST_SIGNAL 33 /* SIGSETXID */
#else
#define BROADCAST_SIGNAL 34 /* SIGSYNCCALL */
#endif

enum { ROUNDS = 100 /* at least, before new threads are too many */, STARVED_US = 30000000 };

/* The kernel's own structure: libc's functions refuse this signal. The same on all four architectures. */
struct kernel_action {
	void *handler; /* void (*)(int, siginfo_t *, void *), or SIG_IGN */
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define KERNEL_SA_RESTORER 0x04000000UL

#ifdef __x86_64__
/* This kernel returns from a handler to where the program says, and nowhere else. */
void sbp_return_from_handler(void);
__asm__(".text\n.type sbp_return_from_handler, @function\n.hidden sbp_return_from_handler\n"
	".globl sbp_return_from_handler\n"
	"sbp_return_from_handler:\n\tmov $15, %eax\n\tsyscall\n"
	".size sbp_return_from_handler, . - sbp_return_from_handler\n");
#define RESTORER KERNEL_SA_RESTORER, sbp_return_from_handler
#else
#define RESTORER 0, NULL
#endif

/* Handlers are of the process, so there is one of each for all its threads. */
static struct sbp_broadcast *current;
static struct kernel_action previous;

/* --- In the threads that are asked --------------------------------------------------------- */

static bool is_slot(const struct sbp_broadcast *b, uintptr_t address)
{
	uintptr_t start = (uintptr_t)b->slots;

	return address >= start && address < start + sizeof(b->slots) &&
	       (address - start) % sizeof(*b->slots) == 0;
}

static void answer_in_handler(struct sbp_broadcast *b, struct sbp_slot *slot)
{
	int state = SBP_SENT;
	long result;

	if (!__atomic_compare_exchange_n(&slot->state, &state, SBP_ANSWERING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	if (sbp_kernel(SYS_prctl, PR_GET_SECCOMP) > 0)
		__atomic_store_n(&b->filtered_before, 1, __ATOMIC_RELAXED);
	result = sbp_kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	if (!result)
		result = sbp_bpf_install(b->program, b->process);
	slot->error = (int)result;
	/* the last access: whoever asked may take the memory away now */
	__atomic_store_n(&slot->state, result ? SBP_FAILED : SBP_CONFINED, __ATOMIC_RELEASE);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct sbp_broadcast *b = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
	uintptr_t address = (uintptr_t)info->si_ptr;

	if (b && info->si_code == SI_QUEUE && is_slot(b, address))
		answer_in_handler(b, (struct sbp_slot *)address);
	else if (info->si_code != SI_QUEUE && (previous.flags & SA_SIGINFO))
		((void (*)(int, siginfo_t *, void *))previous.handler)(number, info, context);
}

static long set_action(const struct kernel_action *action, struct kernel_action *old)
{
	return sbp_kernel(SYS_rt_sigaction, BROADCAST_SIGNAL, (long)action, (long)old,
			  sizeof(action->mask));
}

/* --- In the thread that asks --------------------------------------------------------------- */

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int state_of(struct sbp_slot *slot)
{
	return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
}

/* Takes a question back, unless it was answered. False when it is being answered just now. */
static bool cancel(struct sbp_broadcast *b, struct sbp_slot *slot)
{
	int state = SBP_SENT, then = sbp_thread_lives(b, slot->tid) ? SBP_CANCELLED : SBP_GONE;

	if (__atomic_compare_exchange_n(&slot->state, &state, then, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE) &&
	    then == SBP_CANCELLED)
		b->cancelled = true;
	return state != SBP_ANSWERING;
}

/* Asks a thread; -EAGAIN while the queue of signals is full. */
static long ask(struct sbp_broadcast *b, struct sbp_slot *slot)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = BROADCAST_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = b->process;
	info.si_uid = getuid();
	info.si_ptr = slot;
	return sbp_kernel(SYS_rt_tgsigqueueinfo, b->process, slot->tid, BROADCAST_SIGNAL,
			  (long)&info);
}

static long ask_new(struct sbp_broadcast *b, struct sbp_slot *slot, long deadline)
{
	const struct timespec pause = { 0, 100000 };
	long result;

	while ((result = ask(b, slot)) == -EAGAIN && now_us() < deadline)
		nanosleep(&pause, NULL);
	if (!result)
		return 0;
	/* no signal went out */
	slot->state = SBP_GONE;
	return result == -ESRCH ? 0 : result;
}

static struct sbp_slot *slot_for(struct sbp_broadcast *b, pid_t tid)
{
	struct sbp_slot *slot = &b->slots[b->slot_count++];

	slot->tid = tid;
	return slot;
}

/*
 * Has a thread the filter though nobody asked it? Said only where a thread's mode can come from nowhere
 * else. The first round asks everybody, and learns on the way whether that is so.
 */
static bool is_confined(struct sbp_broadcast *b, pid_t tid, bool first)
{
	return !first && b->telling && !__atomic_load_n(&b->filtered_before, __ATOMIC_RELAXED) &&
	       sbp_thread_seccomp(b, tid) == 2;
}

/* Asks the threads that were found and are not known; *asked says how many. The others are known no more. */
static int ask_found(struct sbp_broadcast *b, bool first, long deadline, size_t *asked)
{
	size_t i, old = 0, count = 0;
	long error = 0;

	*asked = 0;
	for (i = 0; i < b->found_count && !error; i++) {
		while (old < b->known_count && b->known[old]->tid < b->found[i])
			old++;
		if (old < b->known_count && b->known[old]->tid == b->found[i]) {
			b->next[count++] = b->known[old++];
		} else if (b->found[i] != b->caller && !is_confined(b, b->found[i], first)) {
			if (b->slot_count == SBP_SLOT_LIMIT)
				return -ETIMEDOUT;
			b->next[count] = slot_for(b, b->found[i]);
			error = ask_new(b, b->next[count++], deadline);
			(*asked)++;
		}
	}
	memcpy(b->known, b->next, count * sizeof(*b->known));
	b->known_count = count;
	return (int)error;
}

/* Looks once whether all have answered; `patient` means long enough to ask whether one has died. */
static int look(struct sbp_broadcast *b, bool patient, struct sbp_slot **waiting,
		struct sbp_broadcast_end *end)
{
	struct sbp_slot *slot;
	int state;
	size_t i;

	*waiting = NULL;
	for (i = 0; i < b->known_count; i++) {
		slot = b->known[i];
		state = state_of(slot);
		if (state == SBP_FAILED) {
			*end = (struct sbp_broadcast_end){ slot->tid, slot->error };
			return slot->error;
		}
		if (state != SBP_SENT && state != SBP_ANSWERING)
			continue;
		if (patient && !sbp_thread_lives(b, slot->tid) && cancel(b, slot))
			continue; /* if it started others, the next round meets them */
		*waiting = slot;
	}
	return 0;
}

/* Who is deaf, stopped or waits is late by his own fault; who has no processor is not, for a while. */
static bool may_wait_longer(struct sbp_broadcast *b, struct sbp_slot *slot, long late)
{
	return late < STARVED_US && (state_of(slot) == SBP_ANSWERING ||
				     sbp_thread_lacks_processor(b, slot->tid, BROADCAST_SIGNAL));
}

static int wait_for_answers(struct sbp_broadcast *b, long deadline, struct sbp_broadcast_end *end)
{
	const struct timespec pause = { 0, 200000 };
	struct sbp_slot *waiting;
	long start = now_us(), now;
	int error;

	for (;;) {
		now = now_us();
		error = look(b, now - start > 2000, &waiting, end);
		if (error || !waiting)
			return error;
		if (now > deadline && !may_wait_longer(b, waiting, now - deadline)) {
			end->tid = waiting->tid;
			return -ETIMEDOUT;
		}
		/* while they answer they need the processors more than they need to be watched */
		if (now - start < 20000)
			sbp_kernel(SYS_sched_yield, 0);
		else
			nanosleep(&pause, NULL);
	}
}

static int reach_all(struct sbp_broadcast *b, long deadline, struct sbp_broadcast_end *end)
{
	size_t asked = 1;
	bool whole = false, first = true;
	int error = 0, rounds = 0;

	for (; !error && (asked || !whole); first = false) {
		/* where processors are short, time alone says little */
		if (rounds++ > ROUNDS && now_us() > deadline)
			return -ETIMEDOUT;
		error = sbp_list_threads(b, &whole);
		if (!error)
			error = ask_found(b, first, deadline, &asked);
		if (!error)
			error = wait_for_answers(b, deadline, end);
	}
	return error;
}

/* Nobody is left who could answer later: what is pending is thrown away, libc gets its handler back. */
static void withdraw(struct sbp_broadcast *b)
{
	const struct kernel_action ignore = { .handler = (void *)SIG_IGN };
	size_t i;

	for (i = 0; i < b->slot_count; i++)
		while (!cancel(b, &b->slots[i]))
			sbp_kernel(SYS_sched_yield, 0);
	if (b->cancelled)
		set_action(&ignore, NULL);
	set_action(&previous, NULL);
}

static struct sbp_broadcast *broadcast_new(const struct sock_fprog *program)
{
	struct sbp_broadcast *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->program = program;
	b->process = (pid_t)sbp_kernel(SYS_getpid, 0);
	b->caller = (pid_t)sbp_kernel(SYS_gettid, 0);
	b->telling = sbp_kernel(SYS_prctl, PR_GET_SECCOMP) == 0;
	return b;
}

int sbp_bpf_broadcast(const struct sock_fprog *program, unsigned int ms, struct sbp_broadcast_end *end)
{
	const struct kernel_action action = { (void *)on_signal,
					      SA_SIGINFO | SA_RESTART | SA_ONSTACK | RESTORER, 0 };
	struct sbp_broadcast *b = broadcast_new(program), *none = NULL;
	long result;

	*end = (struct sbp_broadcast_end){ 0, 0 };
	if (!b)
		return -ENOMEM;
	if (!__atomic_compare_exchange_n(&current, &none, b, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		munmap(b, sizeof(*b));
		return -EBUSY;
	}
	/* in two steps: libc's signal may come as soon as the handler is ours */
	set_action(NULL, &previous);
	result = set_action(&action, NULL);
	if (!result) {
		result = reach_all(b, now_us() + (long)ms * 1000, end);
		withdraw(b);
	}
	__atomic_store_n(&current, NULL, __ATOMIC_RELEASE);
	/* the memory stays where a signal might still be on its way to it */
	if (!b->cancelled)
		munmap(b, sizeof(*b));
	if (!result)
		result = sbp_kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	return (int)(result ? result : sbp_bpf_install_in_child(program));
}

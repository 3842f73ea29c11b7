// SPDX-License-Identifier: MIT
/*
 * A tracer that writes into a call what stands there already: the call is the same, and so must be what a filter
 * is shown of it; an interrupted one still begins again. What makes it worth a test is a 32-bit tracer of a
 * 64-bit call: Linux before 4.20 then took it for a 32-bit one (mainline: 609c19a385c8), so that whoever may
 * trace chose the architecture that is filtered. Our 32-bit program makes 64-bit calls by a far call to the
 * 64-bit code segment.
 */
#include <sys/utsname.h>

#include "tracee.h"

/* --- ways in */

typedef long (*entry)(long nr, long a, long b, long c);

static long native(long nr, long a, long b, long c)
{
	return call(nr, a, b, c);
}

#if defined(__x86_64__) || defined(__i386__)
static long int80(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "cc"
#ifdef __x86_64__
			   ,
			   "r8", "r9", "r10", "r11"
#endif
	);
	return (int)result;
}
#endif

#ifdef __i386__
/* The bytes are 64-bit code: mov %eax,%eax (no upper half), syscall, and the far return */
static long long_mode(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("lcall $0x33, $1f\n\t"
			 "jmp 2f\n"
			 "1:\t.byte 0x89, 0xc0, 0x0f, 0x05, 0xcb\n"
			 "2:"
			 : "=a"(result)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "memory", "cc", "ecx");
	return result;
}
#endif

/* How the tracer writes the number, and where it can the result, over themselves */

static int writes_nothing(pid_t pid)
{
	return 0;
}

static int sets_registers(pid_t pid)
{
	long nr = call_number(pid);

	return change_number(pid, nr);
}

#if defined(__x86_64__) || defined(__i386__)
#define PLACE_OF(name) ((void *)offsetof(struct user, regs.name))

static int pokes_number(pid_t pid)
{
	return ptrace(PTRACE_POKEUSER, pid, PLACE_OF(REGISTER_NR), (void *)call_number(pid)) ? -errno
											     : 0;
}

static int pokes_result_and_number(pid_t pid)
{
	if (ptrace(PTRACE_POKEUSER, pid, PLACE_OF(REGISTER_RESULT), (void *)call_result(pid)))
		return -errno;
	return pokes_number(pid);
}

static int pokes_some_number(pid_t pid)
{
	return ptrace(PTRACE_POKEUSER, pid, PLACE_OF(REGISTER_NR), (void *)0L) ? -errno : 0;
}
#endif

static const struct {
	const char *name;
	int (*write)(pid_t pid);
} writers[] = {
	{ "nothing", writes_nothing }, /* the control */
	{ "all registers", sets_registers },
#if defined(__x86_64__) || defined(__i386__)
	{ "the number", pokes_number },
	{ "the result, the number", pokes_result_and_number },
#endif
};

FIXTURE(way)
{
	int missing;
};
FIXTURE_VARIANT(way)
{
	entry enter;
	uint32_t arch;
	long getppid, read;
};
FIXTURE_VARIANT_ADD(way, native){
	.enter = native,
	.arch = OUR_ARCH,
	.getppid = __NR_getppid,
	.read = __NR_read,
};
#if defined(__x86_64__) || defined(__i386__)
FIXTURE_VARIANT_ADD(way, int80){
	.enter = int80,
	.arch = AUDIT_ARCH_I386,
	.getppid = 64,
	.read = 3,
};
#endif
#ifdef __i386__
FIXTURE_VARIANT_ADD(way, long_mode){
	.enter = long_mode,
	.arch = AUDIT_ARCH_X86_64,
	.getppid = 110,
	.read = 0,
};
#endif

/* What the child does is told to it here: it runs under the tracer, who must not pass it anything then. */
static const FIXTURE_VARIANT(way) * our_way;

FIXTURE_SETUP(way)
{
	our_way = variant;
#ifdef __i386__
	struct utsname name;

	self->missing = variant->enter == long_mode &&
			(uname(&name) || strcmp(name.machine, "x86_64"));
#endif
}

FIXTURE_TEARDOWN(way)
{
}

/* A fixture's setup can't skip what comes behind it. */
#define NEEDS_WAY()        \
	if (self->missing) \
	SKIP(return, "64-bit calls need a 64-bit kernel")

static void tell_writer(size_t i)
{
	fprintf(stderr, "# the tracer writes %s\n", writers[i].name);
}

/* --- the verdict */

/* `ours` for getppid by our way, ERRNO 88 for that number by any other, all else allowed */
static int verdict_by_arch(uint32_t ours)
{
	return INSTALL(LOAD(nr), IF((uint32_t)our_way->getppid, 0, 3), LOAD(arch),
		       IF(our_way->arch, 0, 2), RETURN(ours), RETURN(SECCOMP_RET_ALLOW),
		       RETURN(SECCOMP_RET_ERRNO | 88));
}

static int is_refused(void)
{
	long result;

	if (verdict_by_arch(SECCOMP_RET_ERRNO | 77))
		return 100;
	result = our_way->enter(our_way->getppid, 0, 0, 0);
	return result == -77 ? 7 : result == -88 ? 8 : 9;
}

TEST_F(way, at_the_entry)
{
	NEEDS_WAY();
	for (size_t i = 0; i < COUNT(writers); i++) {
		pid_t pid = traced_child(is_refused, 0);

		tell_writer(i);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(is_syscall_stop(go_to_call(pid, our_way->getppid)));
		ASSERT_EQ(0, writers[i].write(pid));
		EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
	}
}

/* Traced by our way, it is made when it is still that behind the stop. */
static int is_traced(void)
{
	long result, wanted = getppid();

	if (verdict_by_arch(SECCOMP_RET_TRACE))
		return 100;
	result = our_way->enter(our_way->getppid, 0, 0, 0);
	return result == wanted ? 7 : result == -88 ? 8 : 9;
}

TEST_F(way, at_the_filters_event)
{
	NEEDS_WAY();
	for (size_t i = 0; i < COUNT(writers); i++) {
		pid_t pid = traced_child(is_traced, PTRACE_O_TRACESECCOMP);

		tell_writer(i);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
		ASSERT_EQ(0, writers[i].write(pid));
		EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
	}
}

/* What was written at one call says nothing about the next. */
static int is_refused_next(void)
{
	if (verdict_by_arch(SECCOMP_RET_ERRNO | 77))
		return 100;
	call(__NR_getpid, 0, 0, 0);
	return our_way->enter(our_way->getppid, 0, 0, 0) == -77 ? 7 : 8;
}

TEST_F(way, at_the_exit_of_the_last_call)
{
	NEEDS_WAY();
	for (size_t i = 0; i < COUNT(writers); i++) {
		pid_t pid = traced_child(is_refused_next, 0);

		tell_writer(i);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getpid)));
		ASSERT_TRUE(is_syscall_stop(go_on(pid, PTRACE_SYSCALL)));
		ASSERT_EQ(0, writers[i].write(pid));
		EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
	}
}

#if defined(__x86_64__) || defined(__i386__)

/* Stopped by a signal while it makes no call at all: there is no way out of a call that would forget it. */
static volatile int *stage;

static int turns_and_is_refused(void)
{
	if (verdict_by_arch(SECCOMP_RET_ERRNO | 77))
		return 100;
	__atomic_store_n(stage, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(stage, __ATOMIC_SEQ_CST) != 2)
		;
	return our_way->enter(our_way->getppid, 0, 0, 0) == -77 ? 7 : 8;
}

TEST_F(way, between_calls)
{
	pid_t pid;
	int status;

	NEEDS_WAY();
	stage = shared_page();
	ASSERT_TRUE(stage != NULL);
	pid = traced_child(turns_and_is_refused, 0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	wait_for(stage, 1);
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	ASSERT_EQ(0, pokes_some_number(pid));
	__atomic_store_n(stage, 2, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

#endif

/* --- an interrupted call, of which the tracer saved and wrote back the registers, as debuggers do */

static int pipe_ends[2];
/* where a 32-bit call of a 64-bit program reaches it, which the stack is not */
static char letter;
static volatile int handled;

static void on_signal(int signal)
{
	handled++;
}

static int reads_a_letter(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	long result;

	sigaction(SIGUSR1, &act, NULL);
	result = our_way->enter(our_way->read, pipe_ends[0], (long)&letter, 1);
	return result == 1 && letter == 'a' ? 7 + handled : 20;
}

/* Interrupted by SIGUSR1, and led on with `signal`: its handler's, or none */
static int interrupted_and_led_on(size_t writer, int signal)
{
	pid_t pid = traced_child(reads_a_letter, 0);
	int status;

	tell_writer(writer);
	if (pid < 0 || ptrace(PTRACE_CONT, pid, NULL, NULL))
		return -1;
	wait_for_state(pid, 'S');
	if (kill(pid, SIGUSR1) || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGUSR1)
		return -1;
	if (writers[writer].write(pid) || write(pipe_ends[1], "a", 1) != 1 ||
	    ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal))
		return -1;
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

TEST_F(way, an_interrupted_call_begins_again)
{
	NEEDS_WAY();
	for (size_t i = 0; i < COUNT(writers); i++) {
		ASSERT_EQ(0, pipe(pipe_ends));
		EXPECT_TRUE(exited_with(interrupted_and_led_on(i, 0), 7));
		close(pipe_ends[0]);
		close(pipe_ends[1]);
	}
}

TEST_F(way, an_interrupted_call_begins_again_behind_the_handler)
{
	NEEDS_WAY();
	for (size_t i = 0; i < COUNT(writers); i++) {
		ASSERT_EQ(0, pipe(pipe_ends));
		EXPECT_TRUE(exited_with(interrupted_and_led_on(i, SIGUSR1), 8));
		close(pipe_ends[0]);
		close(pipe_ends[1]);
	}
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: MIT
/*
 * Every way into the kernel on x86: what a filter sees of a call (architecture, number, arguments, address), and
 * that each answer is obeyed. A 64-bit program enters by SYSCALL, by int $0x80 as a 32-bit one, with x32
 * numbers, and by the vsyscall page; a 32-bit one by int $0x80 and by what its vdso takes: SYSENTER or
 * SYSCALL, as the processor has it. Elsewhere there is one way in, and `native` goes it.
 */
#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/ucontext.h>

#include "filters.h"

#define X32_BIT 0x40000000L

/* --- ways in */

typedef long (*entry)(long nr, long a, long b);

static long native(long nr, long a, long b)
{
	return call(nr, a, b, 0);
}

#if defined(__x86_64__) || defined(__i386__)
static long int80(long nr, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(0L), "S"(0L), "D"(0L)
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
static unsigned long vdso_entry;

/* The code that the kernel gives: SYSENTER or SYSCALL. It keeps %ebp itself. */
static long by_vdso(long nr, long a, long b)
{
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result)
			 : "0"(nr), "b"(a), "c"(b), "d"(0L), "S"(0L), "D"(0L), [entry] "m"(vdso_entry)
			 : "memory", "cc");
	return result;
}
#endif

#ifdef __x86_64__
static long x32(long nr, long a, long b)
{
	return call(nr | X32_BIT, a, b, 0);
}
#endif

/* --- what is to be seen through each */

FIXTURE(entry)
{
	int unusable;
};
FIXTURE_VARIANT(entry)
{
	entry enter;
	uint32_t arch;
	long getppid, getpid, bit;
};
FIXTURE_VARIANT_ADD(entry, native){
	.enter = native,
	.arch = OUR_ARCH,
	.getppid = __NR_getppid,
	.getpid = __NR_getpid,
};
#if defined(__x86_64__) || defined(__i386__)
FIXTURE_VARIANT_ADD(entry, int80){
	.enter = int80,
	.arch = AUDIT_ARCH_I386,
	.getppid = 64,
	.getpid = 20,
};
#endif
#ifdef __i386__
FIXTURE_VARIANT_ADD(entry, vdso){
	.enter = by_vdso,
	.arch = AUDIT_ARCH_I386,
	.getppid = 64,
	.getpid = 20,
};
#endif
#ifdef __x86_64__
FIXTURE_VARIANT_ADD(entry, x32){
	.enter = x32,
	.arch = AUDIT_ARCH_X86_64,
	.getppid = __NR_getppid,
	.getpid = __NR_getpid,
	.bit = X32_BIT,
};
#endif

FIXTURE_SETUP(entry)
{
#ifdef __i386__
	vdso_entry = getauxval(AT_SYSINFO);
	self->unusable = variant->enter == by_vdso && !vdso_entry;
#endif
}

FIXTURE_TEARDOWN(entry)
{
}

#define NEEDS_ENTRY()       \
	if (self->unusable) \
	SKIP(return, "the kernel gives no vdso to 32-bit programs")

/* ERRNO 11 for getppid by this way, 22 for that number of any other architecture */
static int answer_by_arch(uint32_t arch, uint32_t nr)
{
	return INSTALL(LOAD(nr), IF(nr, 0, 3), LOAD(arch), IF(arch, 0, 2),
		       RETURN(SECCOMP_RET_ERRNO | 11), RETURN(SECCOMP_RET_ALLOW),
		       RETURN(SECCOMP_RET_ERRNO | 22));
}

TEST_F(entry, control)
{
	NEEDS_ENTRY();
	/* x32 need not be built in: then nobody is at home */
	if (variant->bit && variant->enter(variant->getpid, 0, 0) == -ENOSYS)
		SKIP(return, "no x32 in this kernel");
	EXPECT_EQ(getpid(), variant->enter(variant->getpid, 0, 0));
	EXPECT_EQ(getppid(), variant->enter(variant->getppid, 0, 0));
}

TEST_F(entry, architecture_and_number)
{
	NEEDS_ENTRY();
	ASSERT_EQ(0, answer_by_arch(variant->arch, (uint32_t)(variant->getppid | variant->bit)));
	EXPECT_EQ(-11, variant->enter(variant->getppid, 0, 0));
}

/* The numbers of one architecture mean something else in another: who doesn't look is fooled. */
TEST_F(entry, the_wrong_architecture)
{
	uint32_t wrong = variant->arch == AUDIT_ARCH_I386 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_I386;

	NEEDS_ENTRY();
	ASSERT_EQ(0, answer_by_arch(wrong, (uint32_t)(variant->getppid | variant->bit)));
	EXPECT_EQ(-22, variant->enter(variant->getppid, 0, 0));
}

TEST_F(entry, arguments)
{
	struct sock_filter code[] = {
		LOAD(nr),
		IF((uint32_t)(variant->getppid | variant->bit), 0, 5),
		LOAD_ARG(0),
		IF(0x11223344, 0, 3),
		LOAD_ARG(1),
		IF(0x55667788, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | 33),
		RETURN(SECCOMP_RET_ALLOW),
	};

	NEEDS_ENTRY();
	ASSERT_EQ(0, install(code, COUNT(code)));
	EXPECT_EQ(-33, variant->enter(variant->getppid, 0x11223344, 0x55667788));
	EXPECT_NE(-33, variant->enter(variant->getppid, 0x11223344, 0x55667789));
	EXPECT_NE(-33, variant->enter(variant->getppid, 0x11223345, 0x55667788));
}

/* Of a 64-bit program's registers all is seen; a 32-bit program's arguments have no upper halves. */
TEST_F(entry, upper_halves)
{
	int narrow = sizeof(long) == 4;
	struct sock_filter code[] = {
		LOAD(nr),
		IF((uint32_t)(variant->getppid | variant->bit), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 4),
		IF(0, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | 44),
		RETURN(SECCOMP_RET_ALLOW),
	};

	NEEDS_ENTRY();
	ASSERT_EQ(0, install(code, COUNT(code)));
	EXPECT_EQ(!narrow, variant->enter(variant->getppid, (long)0xffffffff80000000ULL, 0) == -44);
}

static volatile struct {
	int count, nr, code, error;
	unsigned arch;
	unsigned long address, ip;
} trapped;

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)signal;
	trapped.count++;
	trapped.nr = info->si_syscall;
	trapped.arch = info->si_arch;
	trapped.address = (unsigned long)info->si_call_addr;
	trapped.code = info->si_code;
	trapped.error = info->si_errno;
#if defined(__x86_64__)
	trapped.ip = (unsigned long)c->uc_mcontext.gregs[REG_RIP];
	c->uc_mcontext.gregs[REG_RAX] = 1234;
#elif defined(__i386__)
	trapped.ip = (unsigned long)c->uc_mcontext.gregs[REG_EIP];
	c->uc_mcontext.gregs[REG_EAX] = 1234;
#elif defined(__arm__)
	trapped.ip = c->uc_mcontext.arm_pc;
	c->uc_mcontext.arm_r0 = 1234;
#elif defined(__aarch64__)
	trapped.ip = c->uc_mcontext.pc;
	c->uc_mcontext.regs[0] = 1234;
#endif
}

static void catch_sigsys(void)
{
	struct sigaction act = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &act, NULL);
}

TEST_F(entry, trap_tells_all_and_can_answer)
{
	uint32_t nr = (uint32_t)(variant->getppid | variant->bit);

	NEEDS_ENTRY();
	catch_sigsys();
	ASSERT_EQ(0, INSTALL(FOR_CALL(nr, SECCOMP_RET_TRAP | 55)));
	EXPECT_EQ(1234, variant->enter(variant->getppid, 0, 0));
	EXPECT_EQ(1, trapped.count);
	EXPECT_EQ((int)nr, trapped.nr);
	EXPECT_EQ(variant->arch, trapped.arch);
	EXPECT_EQ(SYS_SECCOMP, trapped.code);
	EXPECT_EQ(55, trapped.error);
	EXPECT_EQ(trapped.ip, trapped.address);
}

struct kill_job {
	entry enter;
	long nr, bit;
	uint32_t answer;
};

static int is_killed(void *job)
{
	struct kill_job *k = job;

	if (INSTALL(FOR_CALL(k->nr | k->bit, k->answer)))
		return 100;
	k->enter(k->nr, 0, 0);
	return 8;
}

TEST_F(entry, killing)
{
	struct kill_job job = { variant->enter, variant->getppid, variant->bit,
				SECCOMP_RET_KILL_PROCESS };

	NEEDS_ENTRY();
	EXPECT_TRUE(killed_by(in_child(is_killed, &job), SIGSYS));
	job.answer = SECCOMP_RET_KILL_THREAD;
	EXPECT_TRUE(killed_by(in_child(is_killed, &job), SIGSYS));
	job.answer = SECCOMP_RET_ALLOW;
	EXPECT_TRUE(exited_with(in_child(is_killed, &job), 8));
}

TEST_F(entry, tracing_without_a_tracer)
{
	NEEDS_ENTRY();
	ASSERT_EQ(0, INSTALL(FOR_CALL(variant->getppid | variant->bit, SECCOMP_RET_TRACE)));
	EXPECT_EQ(-ENOSYS, variant->enter(variant->getppid, 0, 0));
}

/* Set for the last call must not be set for the next: CVE-2015-2830 and its kin */
TEST_F(entry, the_way_of_the_last_call_does_not_stick)
{
	NEEDS_ENTRY();
	ASSERT_EQ(0, answer_by_arch(OUR_ARCH, __NR_getppid));
	for (int i = 0; i < 100; i++) {
		variant->enter(variant->getpid, 0, 0);
		EXPECT_EQ(-11, native(__NR_getppid, 0, 0));
	}
}

#ifdef __x86_64__

/*
 * CVE-2015-2830: a child of a 32-bit fork, made by a 64-bit program, entered 64-bit calls with the mark of a
 * 32-bit one, so that a filter saw the wrong architecture.
 */
static int forked_by_int80(void *unused)
{
	long pid;
	int status;

	if (answer_by_arch(AUDIT_ARCH_X86_64, __NR_getppid))
		return 100;
	pid = int80(2, 0, 0);
	if (!pid)
		_exit(native(__NR_getppid, 0, 0) == -11 ? 7 : 8);
	return waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									   : 101;
}

TEST(a_child_of_a_32_bit_fork_is_no_32_bit_process)
{
	for (int i = 0; i < 20; i++)
		EXPECT_TRUE(exited_with(in_child(forked_by_int80, NULL), 7));
}

/* seccomp(2) itself as 32-bit programs call it: pointers of 32 bits in the program's head */
TEST(installing_by_int80)
{
	struct {
		uint16_t count;
		uint32_t code;
		struct sock_filter program[4];
	} *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		      -1, 0);
	struct sock_filter program[] = { FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 66) };

	ASSERT_NE(MAP_FAILED, (void *)low);
	memcpy(low->program, program, sizeof(program));
	low->count = COUNT(program);
	low->code = (uint32_t)(uintptr_t)low->program;
	ASSERT_EQ(0, int80(172, PR_SET_NO_NEW_PRIVS, 1));
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(354L), "b"((long)SECCOMP_SET_MODE_FILTER), "c"(0L), "d"(low)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	ASSERT_EQ(0, (int)result);
	EXPECT_EQ(-66, native(__NR_getppid, 0, 0));
}

/* --- the vsyscall page: three calls at fixed addresses */

typedef time_t (*vsyscall_time)(time_t *);
#define VSYSCALL_TIME 0xffffffffff600400UL

static int has_vsyscalls(void)
{
	char line[512];
	int found = 0;
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "[vsyscall]") != NULL;
	if (f)
		fclose(f);
	return found;
}

FIXTURE(vsyscall)
{
	vsyscall_time time;
	int missing;
};

FIXTURE_SETUP(vsyscall)
{
	self->time = (vsyscall_time)VSYSCALL_TIME;
	self->missing = !has_vsyscalls();
}

FIXTURE_TEARDOWN(vsyscall)
{
}

/* A fixture's setup can't skip what comes behind it. */
#define NEEDS_VSYSCALLS()  \
	if (self->missing) \
	SKIP(return, "no vsyscall page")

TEST_F(vsyscall, control)
{
	NEEDS_VSYSCALLS();
	EXPECT_LE(time(NULL) - 1, self->time(NULL));
}

TEST_F(vsyscall, allowed)
{
	NEEDS_VSYSCALLS();
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_KILL_PROCESS)));
	EXPECT_LE(time(NULL) - 1, self->time(NULL));
}

TEST_F(vsyscall, refused)
{
	NEEDS_VSYSCALLS();
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_time, SECCOMP_RET_ERRNO | 77)));
	EXPECT_EQ(-77, self->time(NULL));
	/* the next one is judged anew */
	EXPECT_EQ(-77, self->time(NULL));
}

TEST_F(vsyscall, trapped)
{
	NEEDS_VSYSCALLS();
	catch_sigsys();
	ASSERT_EQ(0, INSTALL(FOR_CALL(__NR_time, SECCOMP_RET_TRAP | 5)));
	EXPECT_EQ(1234, self->time(NULL));
	EXPECT_EQ(1, trapped.count);
	EXPECT_EQ(__NR_time, trapped.nr);
	EXPECT_EQ(AUDIT_ARCH_X86_64, trapped.arch);
}

static int killed_by_vsyscall(void *answer)
{
	if (INSTALL(FOR_CALL(__NR_time, (uint32_t)(uintptr_t)answer)))
		return 100;
	((vsyscall_time)VSYSCALL_TIME)(NULL);
	return 8;
}

TEST_F(vsyscall, killing)
{
	NEEDS_VSYSCALLS();
	EXPECT_TRUE(killed_by(
		in_child(killed_by_vsyscall, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS), SIGSYS));
	EXPECT_TRUE(killed_by(in_child(killed_by_vsyscall, (void *)SECCOMP_RET_KILL_THREAD), SIGSYS));
	EXPECT_TRUE(exited_with(in_child(killed_by_vsyscall, (void *)SECCOMP_RET_LOG), 8));
}

/* 512 to 516 mean "begin again" within a kernel: with a signal there it must not do so for ever. */
static volatile int alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

TEST_F(vsyscall, an_answer_that_restarts_a_call_ends)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	NEEDS_VSYSCALLS();
	for (long answer = 511; answer <= 517; answer++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			sigaction(SIGALRM, &act, NULL);
			if (INSTALL(FOR_CALL(__NR_time, SECCOMP_RET_ERRNO | answer)))
				_exit(100);
			setitimer(ITIMER_REAL, &often, NULL);
			while (alarms < 50)
				if (self->time(NULL) != -answer)
					_exit(8);
			_exit(7);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(exited_with(status, 7));
	}
}

#endif

TEST_HARNESS_MAIN

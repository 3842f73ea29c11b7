// SPDX-License-Identifier: MIT
/*
 * Who has a filter: children, threads, what is executed; and that its memory is given back, however it goes:
 * by exit, exec, a kill, a clone that failed, an installation that failed. Rounds: 150, or "rounds=N" on the
 * kernel's command line (100000 in the long form).
 */
#include <pthread.h>
#include <sys/time.h>

#include "filters.h"

static const char *self_path;

#define EPERM_ON_GETPPID FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | EPERM)

static int is_filtered(void *unused)
{
	return call(__NR_getppid, 0, 0, 0) == -EPERM ? 7 : 8;
}

/* --- who has it */

TEST(control_nobody_has_it)
{
	EXPECT_TRUE(exited_with(in_child(is_filtered, NULL), 8));
	EXPECT_EQ(0, prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

TEST(children_inherit)
{
	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	EXPECT_TRUE(exited_with(in_child(is_filtered, NULL), 7));
	EXPECT_EQ(2, prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

static int grandchild(void *unused)
{
	return WEXITSTATUS(in_child(is_filtered, NULL));
}

TEST(grandchildren_inherit)
{
	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	EXPECT_TRUE(exited_with(in_child(grandchild, NULL), 7));
}

static int executes(void *role)
{
	execl(self_path, self_path, (char *)role, NULL);
	return 99;
}

TEST(exec_keeps_it)
{
	EXPECT_TRUE(exited_with(in_child(executes, "role:is-filtered"), 8));
	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	EXPECT_TRUE(exited_with(in_child(executes, "role:is-filtered"), 7));
}

static int install_then(void *what)
{
	if (INSTALL(EPERM_ON_GETPPID))
		return 100;
	return what ? executes(what) : 0;
}

TEST(a_child_does_not_give_it_to_its_parent)
{
	EXPECT_TRUE(exited_with(in_child(install_then, NULL), 0));
	EXPECT_EQ(0, prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	EXPECT_LT(0, call(__NR_getppid, 0, 0, 0));
}

static void *thread_looks(void *result)
{
	*(int *)result = is_filtered(NULL);
	return NULL;
}

static void *thread_installs(void *result)
{
	*(int *)result = INSTALL(EPERM_ON_GETPPID) ? 100 : is_filtered(NULL);
	return NULL;
}

TEST(threads_inherit)
{
	pthread_t thread;
	int result = 0;

	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_looks, &result));
	pthread_join(thread, NULL);
	EXPECT_EQ(7, result);
}

TEST(a_thread_does_not_give_it_to_the_others)
{
	pthread_t thread;
	int result = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_installs, &result));
	pthread_join(thread, NULL);
	EXPECT_EQ(7, result);
	EXPECT_EQ(8, is_filtered(NULL));
}

/* The thread that executes becomes the process, with its own filter and not the leader's. */
static void *thread_executes(void *role)
{
	executes(role);
	return NULL;
}

static void *thread_installs_and_executes(void *role)
{
	install_then(role);
	return NULL;
}

static int other_thread_executes(void *body)
{
	pthread_t thread;

	pthread_create(&thread, NULL, (void *(*)(void *))body, "role:is-filtered");
	pause();
	return 98;
}

TEST(a_thread_that_executes_takes_its_own)
{
	EXPECT_TRUE(exited_with(in_child(other_thread_executes, (void *)thread_executes), 8));
	EXPECT_TRUE(exited_with(
		in_child(other_thread_executes, (void *)thread_installs_and_executes), 7));
}

TEST(the_count_is_inherited)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	ASSERT_EQ(0, INSTALL(EPERM_ON_GETPPID));
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	EXPECT_EQ(2, status_of(pid, "Seccomp_filters"));
	EXPECT_EQ(2, status_of(pid, "Seccomp"));
	EXPECT_EQ(1, status_of(pid, "NoNewPrivs"));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* --- memory */

/* Filters of 4000 instructions: what is lost shows: 32 KB a round, and an object at least */
static struct sock_filter big[4000];

static void fill_big(void)
{
	for (size_t i = 0; i < COUNT(big); i++)
		big[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
}

/* KB that nobody uses, or could be used at once */
static long free_memory(void)
{
	return number_in("/proc/meminfo", "MemFree") + number_in("/proc/meminfo", "Buffers") +
	       number_in("/proc/meminfo", "Cached") + number_in("/proc/meminfo", "SReclaimable");
}

/*
 * Objects of the general caches in use; -1 where the kernel does not count them. A slab that a processor holds
 * counts as full: of objects below 64 bytes that is more than what a leak makes, and nothing of a filter is so small.
 */
static long kmalloc_objects(void)
{
	char line[512], name[64];
	long active, size, sum = 0;
	FILE *f = fopen("/proc/slabinfo", "re");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld %*d %ld", name, &active, &size) == 3 && size >= 64 &&
		    (!strncmp(name, "kmalloc-", 8) || !strncmp(name, "size-", 5)))
			sum += active;
	fclose(f);
	return sum;
}

static int big_then_exit(void *unused)
{
	return install(big, COUNT(big)) ? 100 : 0;
}

static int big_then_exec(void *unused)
{
	return install(big, COUNT(big)) ? 100 : executes("role:nothing");
}

static int big_then_killed(void *unused)
{
	if (install(big, COUNT(big)) || INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_KILL_PROCESS)))
		return 100;
	call(__NR_getppid, 0, 0, 0);
	return 101;
}

static void *thread_big(void *unused)
{
	return (void *)(long)install(big, COUNT(big));
}

static int big_in_thread(void *unused)
{
	pthread_t thread;
	void *result = NULL;

	if (pthread_create(&thread, NULL, thread_big, NULL))
		return 101;
	pthread_join(thread, &result);
	return result ? 100 : 0;
}

static void *thread_waits(void *unused)
{
	pause();
	return NULL;
}

static int big_by_tsync(void *unused)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_waits, NULL))
		return 101;
	return install_flags(SECCOMP_FILTER_FLAG_TSYNC, big, COUNT(big)) ? 100 : 0;
}

/* The last instruction is what is wrong: found after everything was allocated */
static int big_refused(void *unused)
{
	struct sock_filter last = big[COUNT(big) - 1];
	int error;

	big[COUNT(big) - 1] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	error = install(big, COUNT(big));
	big[COUNT(big) - 1] = last;
	return error == -EINVAL ? 0 : 100;
}

/* Filters on a path until it is full: each is given back by its own hand */
static int big_path(void *unused)
{
	int error;

	while (!(error = install(big, COUNT(big))))
		;
	return error == -ENOMEM ? 0 : 100;
}

static int big_listener(void *unused)
{
	int fd = install_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER, big, COUNT(big));

	/* a second one in the same path is refused */
	if (fd < 0 || install_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER, big, COUNT(big)) != -EBUSY)
		return 100;
	return 0;
}

/* No descriptor left for the listener */
static int big_listener_refused(void *unused)
{
	struct rlimit none = { 3, 3 };
	int error;

	if (setrlimit(RLIMIT_NOFILE, &none))
		return 101;
	error = install_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER, big, COUNT(big));
	return error == -EMFILE && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 0 : 100;
}

/* clone() that fails: no process may be made */
static int big_clone_fails(void *unused)
{
	struct rlimit one = { 1, 1 };

	if (install(big, COUNT(big)) || setrlimit(RLIMIT_NPROC, &one) || setresuid(1000, 1000, 1000))
		return 100;
	for (int i = 0; i < 4; i++)
		if (fork() >= 0 || errno != EAGAIN)
			return 101;
	return 0;
}

/* clone() that begins again and again, since signals wait: it fails where it is nearly done */
static void handler(int signal)
{
	(void)signal;
}

static int big_clone_interrupted(void *unused)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = handler };

	sigaction(SIGALRM, &act, NULL);
	if (install(big, COUNT(big)))
		return 100;
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(0);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return 0;
}

FIXTURE(memory)
{
	long rounds;
};
FIXTURE_VARIANT(memory)
{
	int (*body)(void *);
	int signal;
};
#define MEMORY(name, how)                            \
	FIXTURE_VARIANT_ADD(memory, name)            \
	{                                            \
		.body = big_##name, .signal = (how), \
	}
MEMORY(then_exit, 0);
MEMORY(then_exec, 0);
MEMORY(then_killed, SIGSYS);
MEMORY(in_thread, 0);
MEMORY(by_tsync, 0);
MEMORY(refused, 0);
MEMORY(path, 0);
MEMORY(listener, 0);
MEMORY(listener_refused, 0);
MEMORY(clone_fails, 0);
MEMORY(clone_interrupted, 0);

FIXTURE_SETUP(memory)
{
	self->rounds = asked_for("rounds", 150);
	fill_big();
}

FIXTURE_TEARDOWN(memory)
{
}

static int rounds(int (*body)(void *), int signal, long n)
{
	int bad = 0;

	while (n--) {
		int status = in_child(body, NULL);

		bad += signal ? !killed_by(status, signal) : !exited_with(status, 0);
		if (bad > 5)
			break;
	}
	return bad;
}

/* Kernels free behind our back: given time until it is free again, else the harness' limit ends it. */
TEST_F_TIMEOUT(memory, is_given_back, 3600)
{
	long free_before, objects_before, tries;

	/* what the first rounds allocate for good */
	ASSERT_EQ(0, rounds(variant->body, variant->signal, 20));
	free_before = free_memory();
	objects_before = kmalloc_objects();
	ASSERT_EQ(0, rounds(variant->body, variant->signal, self->rounds));
	for (tries = 0; tries < 300; tries++) {
		if (free_before - free_memory() < self->rounds * 16 / 2 + 1024 &&
		    (objects_before < 0 ||
		     kmalloc_objects() - objects_before < self->rounds * 3 / 4 + 100))
			break;
		usleep(100000);
	}
	TH_LOG("%ld rounds: %ld KB and %ld objects of kmalloc more in use", self->rounds,
	       free_before - free_memory(), kmalloc_objects() - objects_before);
	EXPECT_GT(300, tries);
}

int main(int argc, char **argv)
{
	self_path = argv[0];
	if (argc == 2 && !strcmp(argv[1], "role:is-filtered"))
		return is_filtered(NULL);
	if (argc == 2 && !strcmp(argv[1], "role:nothing"))
		return 0;
	return test_harness_run(argc, argv);
}

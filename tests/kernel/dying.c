// SPDX-License-Identifier: MIT
/*
 * Ends in the middle of a call that a tracer has a look at: the task is killed there, and makes no call; the
 * tracer dies, and leaves the filter.
 */
#include <pthread.h>

#include "tracee.h"

/* --- the task */

static int written[2];

static int writes(void)
{
	call(__NR_write, written[1], (long)"x", 1);
	return 9;
}

static int writes_traced(void)
{
	return INSTALL(FOR_CALL(__NR_write, SECCOMP_RET_TRACE)) ? 100 : writes();
}

static int bytes_written(void)
{
	char byte;

	return read(written[0], &byte, 1) == 1;
}

/* Of the thread that is traced; its process is one of two threads then. */
static volatile pid_t *traced_thread;

static void *is_traced_alone(void *body)
{
	pid_t self = (pid_t)syscall(__NR_gettid);

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	*traced_thread = self;
	syscall(__NR_tgkill, getpid(), self, SIGSTOP);
	_exit(((int (*)(void))body)());
}

static pid_t child_with_traced_thread(int (*body)(void), long options)
{
	pid_t pid = fork();
	pthread_t thread;
	int status;

	if (!pid) {
		pthread_create(&thread, NULL, is_traced_alone, (void *)body);
		pthread_join(thread, NULL);
		_exit(101);
	}
	while (!*traced_thread)
		sched_yield();
	if (waitpid(*traced_thread, &status, __WALL) != *traced_thread || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, *traced_thread, NULL, (void *)(options | PTRACE_O_TRACESYSGOOD)))
		return -1;
	return pid;
}

/*
 * How it ended. Old kernels show a task that is killed on its way through the stop at the exit for a moment as one
 * that stands there.
 */
static int end_of(pid_t pid)
{
	int status;

	do
		if (waitpid(pid, &status, __WALL) != pid)
			return -1;
	while (WIFSTOPPED(status));
	return status;
}

FIXTURE(dying)
{
	pid_t pid, traced;
};
FIXTURE_VARIANT(dying)
{
	int at_event, in_thread;
};
FIXTURE_VARIANT_ADD(dying, event){ .at_event = 1 };
FIXTURE_VARIANT_ADD(dying, entry){ .at_event = 0 };
FIXTURE_VARIANT_ADD(dying, event_of_a_thread){ .at_event = 1, .in_thread = 1 };
FIXTURE_VARIANT_ADD(dying, entry_of_a_thread){ .at_event = 0, .in_thread = 1 };

FIXTURE_SETUP(dying)
{
	int (*body)(void) = variant->at_event ? writes_traced : writes;
	int status;

	ASSERT_EQ(0, pipe2(written, O_NONBLOCK));
	traced_thread = shared_page();
	self->pid = variant->in_thread ? child_with_traced_thread(body, PTRACE_O_TRACESECCOMP)
				       : traced_child(body, PTRACE_O_TRACESECCOMP);
	ASSERT_LT(0, self->pid);
	self->traced = variant->in_thread ? *traced_thread : self->pid;
	if (variant->at_event) {
		ASSERT_TRUE(is_seccomp_event(go_on(self->traced, PTRACE_CONT)));
	} else {
		status = go_to_call(self->traced, __NR_write);
		ASSERT_TRUE(is_syscall_stop(status));
	}
}

FIXTURE_TEARDOWN(dying)
{
	if (self->pid > 0)
		kill(self->pid, SIGKILL);
	close(written[0]);
	close(written[1]);
}

TEST_F(dying, control)
{
	ASSERT_EQ(0, ptrace(PTRACE_CONT, self->traced, NULL, NULL));
	if (variant->in_thread)
		EXPECT_TRUE(exited_with(end_of(self->traced), 9));
	EXPECT_TRUE(exited_with(end_of(self->pid), 9));
	EXPECT_EQ(1, bytes_written());
}

/* Killed while the tracer had the word: what it would have said is not known */
TEST_F(dying, a_killed_task_makes_no_call)
{
	ASSERT_EQ(0, kill(self->pid, SIGKILL));
	if (variant->in_thread)
		EXPECT_TRUE(killed_by(end_of(self->traced), SIGKILL));
	EXPECT_TRUE(killed_by(end_of(self->pid), SIGKILL));
	EXPECT_EQ(0, bytes_written());
}

/* --- the tracer */

/* The tracer is a child of ours here; the one that it traces outlives it. */
static int outlives_its_tracer(void)
{
	long first, second;

	if (INSTALL(TRACE_GETPID_REFUSE_GETPPID))
		return 100;
	first = call(__NR_getpid, 0, 0, 0);
	second = call(__NR_getpid, 0, 0, 0);
	/* the first was in its hands when it died: made or not, as kernels like; the second has no tracer */
	first = (first > 0 || first == -ENOSYS) && second == -ENOSYS &&
		call(__NR_getppid, 0, 0, 0) == -EPERM;
	return write(written[1], first ? "y" : "n", 1) == 1 ? 0 : 1;
}

TEST(a_tracer_that_dies_leaves_the_filter)
{
	int status;
	char answer = 0;
	pid_t tracer;

	ASSERT_EQ(0, pipe(written));
	tracer = fork();
	if (!tracer) {
		pid_t pid = traced_child(outlives_its_tracer, PTRACE_O_TRACESECCOMP);

		_exit(is_seccomp_event(go_on(pid, PTRACE_CONT)) ? 0 : 1);
	}
	ASSERT_EQ(tracer, waitpid(tracer, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(1, read(written[0], &answer, 1));
	EXPECT_EQ('y', answer);
}

TEST_HARNESS_MAIN

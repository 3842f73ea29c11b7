// SPDX-License-Identifier: MIT
/*
 * Filters and tracers: which of the two speaks last, what is judged again after a tracer changed it, what a
 * tracer is told, and what happens when it is not there or may not. dying.c has what happens when one of them dies.
 */
#include <pthread.h>
#include <sys/stat.h>

#include "tracee.h"

enum { DATA = 0x1234 };

/* --- RET_TRACE and nobody, or somebody, who looks */

static int refused_getppid_trace(void)
{
	return INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_TRACE | DATA)) ? 100
	       : call(__NR_getppid, 0, 0, 0) == -ENOSYS			 ? 7
									 : 8;
}

static int trace_alone(void *unused)
{
	return refused_getppid_trace();
}

TEST(without_a_tracer_there_is_no_call)
{
	EXPECT_TRUE(exited_with(in_child(trace_alone, NULL), 7));
}

TEST(a_tracer_that_did_not_ask_is_none)
{
	pid_t pid = traced_child(refused_getppid_trace, 0);

	ASSERT_LT(0, pid);
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST(a_tracer_is_told)
{
	pid_t pid = traced_child(refused_getppid_trace, PTRACE_O_TRACESECCOMP);
	unsigned long message = 0;
	int status;

	ASSERT_LT(0, pid);
	status = go_on(pid, PTRACE_CONT);
	ASSERT_TRUE(is_seccomp_event(status));
	EXPECT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message));
	EXPECT_EQ(DATA, message);
	EXPECT_EQ(__NR_getppid, call_number(pid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 8));
}

/* --- a call that the tracer changes behind the filter's back */

static int calls_getpid_traced(void)
{
	long result;

	if (INSTALL(TRACE_GETPID_REFUSE_GETPPID))
		return 100;
	result = call(__NR_getpid, 0, 0, 0);
	return result == -EPERM ? 7 : result == getppid() ? 8 : result > 0 ? 9 : 10;
}

TEST(what_a_tracer_made_of_it_is_judged_again)
{
	pid_t pid = traced_child(calls_getpid_traced, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	ASSERT_EQ(0, change_number(pid, __NR_getppid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST(what_a_tracer_made_of_it_is_made)
{
	pid_t pid = traced_child(calls_getpid_traced, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	/* 0 for root, as no getpid would be */
	ASSERT_EQ(0, change_number(pid, __NR_getuid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 10));
}

TEST(what_a_tracer_left_is_made)
{
	pid_t pid = traced_child(calls_getpid_traced, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 9));
}

static int refuses_getppid(void)
{
	return INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | EPERM)) ? 100
	       : call(__NR_getpid, 0, 0, 0) == -EPERM			  ? 7
									  : 8;
}

/* The filter comes behind the tracer's stop at entry. */
TEST(the_filter_comes_last)
{
	pid_t pid = traced_child(refuses_getppid, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getpid)));
	ASSERT_EQ(0, change_number(pid, __NR_getppid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

static int refuses_getpid(void)
{
	long result;

	if (INSTALL(FOR_CALL(__NR_getpid, SECCOMP_RET_ERRNO | EPERM)))
		return 100;
	result = call(__NR_getpid, 0, 0, 0);
	return result == -EPERM ? 7 : 8;
}

TEST(a_refused_call_that_became_an_allowed_one_is_made)
{
	pid_t pid = traced_child(refuses_getpid, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getpid)));
	ASSERT_EQ(0, change_number(pid, __NR_getppid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 8));
}

/* Only descriptor -2 may be closed; the tracer makes it another one. */
static int closes_an_allowed_one(void)
{
	struct sock_filter code[] = {
		LOAD(nr),
		IF(__NR_close, 0, 3),
		LOAD_ARG(0),
		IF((uint32_t)-2, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (install(code, COUNT(code)))
		return 100;
	return call(__NR_close, -2, 0, 0) == -EPERM && fcntl(1, F_GETFD) >= 0 ? 7 : 8;
}

TEST(arguments_are_read_behind_the_tracer)
{
	pid_t pid = traced_child(closes_an_allowed_one, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_close)));
	ASSERT_EQ(0, change_argument(pid, 1));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

static int closes_traced(void)
{
	struct sock_filter code[] = {
		LOAD(nr),
		IF(__NR_close, 0, 4),
		LOAD_ARG(0),
		IF((uint32_t)-2, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_TRACE),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (install(code, COUNT(code)))
		return 100;
	return call(__NR_close, -2, 0, 0) == -EPERM && fcntl(1, F_GETFD) >= 0 ? 7 : 8;
}

TEST(arguments_that_the_event_changed_are_judged_again)
{
	pid_t pid = traced_child(closes_traced, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	ASSERT_EQ(0, change_argument(pid, 1));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

/* --- calls that are not made */

static int calls_getpid(void)
{
	return call(__NR_getpid, 0, 0, 0) == 77 ? 7 : 8;
}

TEST(a_skipped_call_has_the_tracers_result)
{
	pid_t pid = traced_child(calls_getpid, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getpid)));
	ASSERT_EQ(0, skip_call(pid, 77));
	/* its exit is told all the same; whoever skips on ARM must say the result there */
	ASSERT_TRUE(is_syscall_stop(go_on(pid, PTRACE_SYSCALL)));
	EXPECT_EQ(77, call_result(pid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

static int skipped_by_event(void)
{
	return INSTALL(FOR_CALL(__NR_getpid, SECCOMP_RET_TRACE)) ? 100
	       : call(__NR_getpid, 0, 0, 0) == 77		 ? 7
								 : 8;
}

TEST(an_event_can_skip)
{
	pid_t pid = traced_child(skipped_by_event, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	ASSERT_EQ(0, skip_call(pid, 77));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST(the_exit_of_a_refused_call_is_told)
{
	pid_t pid = traced_child(refuses_getpid, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_syscall_stop(go_to_call(pid, __NR_getpid)));
	ASSERT_TRUE(is_syscall_stop(go_on(pid, PTRACE_SYSCALL)));
	EXPECT_EQ(-EPERM, call_result(pid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST(the_exit_of_an_events_call_is_told)
{
	pid_t pid = traced_child(calls_getpid_traced, PTRACE_O_TRACESECCOMP);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(is_seccomp_event(go_on(pid, PTRACE_CONT)));
	ASSERT_TRUE(is_syscall_stop(go_on(pid, PTRACE_SYSCALL)));
	EXPECT_EQ(pid, call_result(pid));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 9));
}

/* --- CVE-2026-89603: what flags a thread has is read again when it comes out of a tracer's stop */

static volatile int *stage;

static void *installs_for_all(void *unused)
{
	struct sock_filter code[] = { FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | EPERM) };

	wait_for(stage, 1);
	__atomic_store_n(stage, install_flags(SECCOMP_FILTER_FLAG_TSYNC, code, COUNT(code)) ? 3 : 2,
			 __ATOMIC_SEQ_CST);
	return NULL;
}

static int calls_while_another_installs(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, installs_for_all, NULL))
		return 100;
	return call(__NR_getppid, 0, 0, 0) == -EPERM ? 7 : 8;
}

TEST(a_filter_that_came_during_the_stop_judges)
{
	pid_t pid;
	int status;

	stage = shared_page();
	ASSERT_TRUE(stage != NULL);
	pid = traced_child(calls_while_another_installs, 0);
	ASSERT_LT(0, pid);
	status = go_to_call(pid, __NR_getppid);
	ASSERT_TRUE(is_syscall_stop(status));
	__atomic_store_n(stage, 1, __ATOMIC_SEQ_CST);
	wait_for(stage, 2);
	ASSERT_EQ(2, *stage);
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

/* --- suspending: CVE-2022-30594 */

static int as_user_suspends(void *how)
{
	pid_t pid = fork();
	int status, suspended;

	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 100;
	if (!pid) {
		/* dumpable again, or uid 1000 could not trace it whatever it asked for */
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000) ||
		    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
			_exit(100);
		for (;;)
			pause();
	}
	while (status_of(pid, "Uid") != 1000)
		sched_yield();
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	wait_for_state(pid, 'S');
	if (how)
		suspended =
			ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)PTRACE_O_SUSPEND_SECCOMP) == 0;
	else if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
		return 101;
	else
		suspended = ptrace(PTRACE_SETOPTIONS, pid, NULL,
				   (void *)(long)PTRACE_O_SUSPEND_SECCOMP) == 0;
	status = suspended ? 8 : errno == EPERM ? 7 : errno == EINVAL ? 9 : 102;
	/* the control: without that option it may */
	if (how && status != 8 && ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		status = 103;
	kill(pid, SIGKILL);
	return status;
}

TEST(nobody_suspends_without_the_capability)
{
	int by_seize = WEXITSTATUS(in_child(as_user_suspends, "")),
	    by_options = WEXITSTATUS(in_child(as_user_suspends, NULL));

	EXPECT_EQ(by_options, by_seize);
	if (by_seize == 9)
		SKIP(return, "no suspending here (CONFIG_CHECKPOINT_RESTORE)");
	EXPECT_EQ(7, by_seize);
}

static int stops_then_calls(void)
{
	if (INSTALL(FOR_CALL(__NR_getppid, SECCOMP_RET_ERRNO | EPERM)))
		return 100;
	raise(SIGSTOP);
	return call(__NR_getppid, 0, 0, 0) == -EPERM ? 7 : 8;
}

TEST(root_suspends_and_it_comes_back)
{
	pid_t pid = traced_child(stops_then_calls, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(WIFSTOPPED(go_on(pid, PTRACE_CONT)));
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(long)(PTRACE_O_SUSPEND_SECCOMP | PTRACE_O_TRACESYSGOOD))) {
		ASSERT_EQ(EINVAL, errno);
		kill(pid, SIGKILL);
		SKIP(return, "no suspending here (CONFIG_CHECKPOINT_RESTORE)");
	}
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 8));

	pid = traced_child(stops_then_calls, 0);
	ASSERT_TRUE(WIFSTOPPED(go_on(pid, PTRACE_CONT)));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)PTRACE_O_SUSPEND_SECCOMP));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)PTRACE_O_TRACESYSGOOD));
	EXPECT_TRUE(exited_with(go_on(pid, PTRACE_CONT), 7));
}

TEST_HARNESS_MAIN

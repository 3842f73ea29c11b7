// SPDX-License-Identifier: MIT
/*
 * In a guest: the probe under somebody else's filter that kills. Before Linux 5.16 the core dump of a
 * killed child takes every process with it that shares its memory; the report must be made all the
 * same, name the call, and call nothing absent that the kernel has.
 *
 * Runs /bin/probe, or /bin/probe32 where its own name ends in 32.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

static const char *probe_path = "/bin/probe";

/* Kills whoever makes the call; allows everything else. */
static int kill_on(unsigned int call, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* The probe's exit status and what it wrote. */
static int run_probe(unsigned int call, unsigned int action, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		if (kill_on(call, action))
			_exit(90);
		execl(probe_path, probe_path, "--format", "prometheus", NULL);
		_exit(91);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + used, size - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return status;
}

FIXTURE(filter)
{
	char text[32768];
};
FIXTURE_VARIANT(filter)
{
	unsigned int call, action;
	const char *blocked; /* a feature that every kernel of the matrix with filters has */
};
FIXTURE_VARIANT_ADD(filter, kills_process_on_seccomp){
	.call = __NR_seccomp,
	.action = SECCOMP_RET_KILL_PROCESS,
	.blocked = "seccomp-tsync",
};
FIXTURE_VARIANT_ADD(filter, kills_thread_on_seccomp){
	.call = __NR_seccomp,
	.action = SECCOMP_RET_KILL_THREAD,
	.blocked = "seccomp-tsync",
};
FIXTURE_VARIANT_ADD(filter, traps_on_seccomp){
	.call = __NR_seccomp,
	.action = SECCOMP_RET_TRAP,
	.blocked = "seccomp-tsync",
};
FIXTURE_VARIANT_ADD(filter, kills_process_on_unshare){
	.call = __NR_unshare,
	.action = SECCOMP_RET_KILL_PROCESS,
	.blocked = "cgroup-ns",
};
FIXTURE_VARIANT_ADD(filter, kills_process_on_ptrace){
	.call = __NR_ptrace,
	.action = SECCOMP_RET_KILL_PROCESS,
	.blocked = "ptrace-child",
};

FIXTURE_SETUP(filter)
{
}

FIXTURE_TEARDOWN(filter)
{
}

/* Without the filter's kill the feature is there: else its being blocked would say nothing. */
TEST_F(filter, control)
{
	char line[128];

	ASSERT_EQ(run_probe(variant->call, SECCOMP_RET_ALLOW, self->text, sizeof(self->text)), 0);
	snprintf(line, sizeof(line), "feature=\"%s\",state=\"available\"} 1", variant->blocked);
	EXPECT_TRUE(strstr(self->text, line) != NULL);
}

TEST_F(filter, report_is_made)
{
	char line[128];

	ASSERT_EQ(run_probe(variant->call, variant->action, self->text, sizeof(self->text)), 0);
	snprintf(line, sizeof(line), "feature=\"%s\",state=\"blocked\"} 1", variant->blocked);
	EXPECT_TRUE(strstr(self->text, line) != NULL);
	EXPECT_TRUE(strstr(self->text, "feature=\"seccomp-filter\",state=\"absent\"} 1") == NULL);
}

int main(int argc, char **argv)
{
	size_t length = strlen(argv[0]);

	if (length > 2 && !strcmp(argv[0] + length - 2, "32"))
		probe_path = "/bin/probe32";
	return test_harness_run(argc, argv);
}

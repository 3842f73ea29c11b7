/* SPDX-License-Identifier: MIT */
/*
 * What the shipped policies promise, said once more by hand: each row is a call and what becomes of it, on all
 * four architectures, by the program that the text compiles to and the engine's interpreter.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programs.h"

enum { ALLOWED = 0x7fff0000, TRAPPED = 0x30000 };
#define E(name)	 (0x50000 | (name))
#define KILLED	 0x80000000U
#define SELF_PID 0x5e1f5e1f /* not finished: the number that stands for the process's own pid */
#define AT_CWD	 (uint32_t) - 100
#define ALL(x)	 x, x, x

/* The numbers of constants are the kernel's, not this compiler's. */
static const struct promise {
	const char *call;
	uint64_t arguments[4];
	uint32_t compute, files_read, network;
} promises[] = {
	{ "read", { 0 }, ALL(ALLOWED) },
	{ "write", { 1 }, ALL(ALLOWED) },
	{ "close", { 3 }, ALL(ALLOWED) },
	{ "exit_group", { 0 }, ALL(ALLOWED) },
	{ "rt_sigreturn", { 0 }, ALL(ALLOWED) },
	{ "futex", { 0 }, ALL(ALLOWED) },
	{ "mmap2", { 0 }, ALL(ALLOWED) },
	{ "munmap", { 0 }, ALL(ALLOWED) },
	{ "clock_gettime64", { 1 }, ALL(ALLOWED) },
	{ "getrandom", { 0 }, ALL(ALLOWED) },
	{ "memfd_create", { 0 }, ALL(ALLOWED) },
	/* files */
	{ "openat", { AT_CWD, 0, 0 /* O_RDONLY */ }, E(EACCES), ALLOWED, E(EACCES) },
	{ "openat", { AT_CWD, 0, 02000000 /* O_CLOEXEC */ }, E(EACCES), ALLOWED, E(EACCES) },
	{ "openat", { AT_CWD, 0, 1 /* O_WRONLY */ }, ALL(E(EACCES)) },
	{ "openat", { AT_CWD, 0, 2 /* O_RDWR */ }, ALL(E(EACCES)) },
	{ "openat", { AT_CWD, 0, 0100 /* O_CREAT */ }, ALL(E(EACCES)) },
	{ "openat", { AT_CWD, 0, 01000 /* O_TRUNC */ }, ALL(E(EACCES)) },
	{ "openat", { AT_CWD, 0, 02000 /* O_APPEND */ }, ALL(E(EACCES)) },
	{ "open", { 0, 0 }, E(EACCES), ALLOWED, E(EACCES) },
	{ "open", { 0, 1 }, ALL(E(EACCES)) },
	{ "creat", { 0 }, ALL(E(EACCES)) },
	{ "openat2", { AT_CWD }, E(EACCES), E(ENOSYS), E(EACCES) },
	{ "unlinkat", { AT_CWD }, ALL(E(EACCES)) },
	{ "renameat2", { AT_CWD }, ALL(E(EACCES)) },
	{ "mkdirat", { AT_CWD }, ALL(E(EACCES)) },
	{ "fchmodat", { AT_CWD }, ALL(E(EACCES)) },
	{ "truncate", { 0 }, ALL(E(EACCES)) },
	{ "readlinkat", { AT_CWD }, E(EACCES), ALLOWED, E(EACCES) },
	/* the network */
	{ "socket", { 2 /* AF_INET */ }, E(EACCES), E(EACCES), ALLOWED },
	{ "socket", { 10 /* AF_INET6 */ }, E(EACCES), E(EACCES), ALLOWED },
	{ "socket", { 1 /* AF_UNIX */ }, E(EACCES), E(EACCES), E(EAFNOSUPPORT) },
	{ "socket", { 16 /* AF_NETLINK */ }, E(EACCES), E(EACCES), E(EAFNOSUPPORT) },
	{ "socket", { 17 /* AF_PACKET */ }, E(EACCES), E(EACCES), E(EAFNOSUPPORT) },
	{ "socketpair", { 1 }, E(EACCES), E(EACCES), ALLOWED },
	{ "connect", { 3 }, E(EACCES), E(EACCES), ALLOWED },
	{ "sendmsg", { 3 }, E(EACCES), E(EACCES), ALLOWED },
	{ "recvmsg", { 3 }, ALL(ALLOWED) },
	/* threads and nothing but threads */
	{ "clone", { 0x3d0f00 /* as libc does */ }, ALL(ALLOWED) },
	{ "clone", { 0x3d0f00 & ~0x400U /* without CLONE_FILES */ }, ALL(E(EPERM)) },
	{ "clone", { 17 /* SIGCHLD: fork */ }, ALL(E(EPERM)) },
	{ "clone", { 0x3d0f00 | 0x10000000 /* CLONE_NEWUSER */ }, ALL(E(EPERM)) },
	{ "clone3", { 0 }, ALL(E(ENOSYS)) },
	{ "fork", { 0 }, ALL(E(EPERM)) },
	{ "vfork", { 0 }, ALL(E(EPERM)) },
	{ "execve", { 0 }, ALL(E(EACCES)) },
	{ "execveat", { 3 }, ALL(E(EACCES)) },
	{ "prctl", { 15 /* PR_SET_NAME */ }, ALL(ALLOWED) },
	{ "prctl", { 1 /* PR_SET_PDEATHSIG */ }, ALL(E(EPERM)) },
	{ "prctl", { 22 /* PR_SET_SECCOMP */ }, ALL(E(EPERM)) },
	/* other processes */
	{ "kill", { 1, 9 }, ALL(E(EPERM)) },
	{ "kill", { SELF_PID, 9 }, ALL(ALLOWED) },
	{ "tgkill", { 1, 1, 9 }, ALL(E(EPERM)) },
	{ "tkill", { 1, 9 }, ALL(E(EPERM)) },
	{ "ptrace", { 16 }, ALL(TRAPPED) },
	{ "process_vm_readv", { 1 }, ALL(TRAPPED) },
	{ "pidfd_open", { 1 }, ALL(TRAPPED) },
	{ "pidfd_getfd", { 3 }, ALL(TRAPPED) },
	{ "prlimit64", { 0, 7, 0 }, ALL(ALLOWED) },
	{ "prlimit64", { 0, 7, 1 }, ALL(E(EPERM)) },
	{ "prlimit64", { 1, 7, 0 }, ALL(E(EPERM)) },
	/* rights */
	{ "unshare", { 0x10000000 }, ALL(TRAPPED) },
	{ "setns", { 3 }, ALL(TRAPPED) },
	{ "mount", { 0 }, ALL(TRAPPED) },
	{ "pivot_root", { 0 }, ALL(TRAPPED) },
	{ "chroot", { 0 }, ALL(TRAPPED) },
	{ "setuid", { 0 }, ALL(TRAPPED) },
	{ "capset", { 0 }, ALL(TRAPPED) },
	{ "seccomp", { 1 }, ALL(E(EPERM)) },
	/* the kernel's surface */
	{ "ioctl", { 0, 0x5401 /* TCGETS */ }, ALL(ALLOWED) },
	{ "ioctl", { 0, 0x5412 /* TIOCSTI */ }, ALL(E(ENOTTY)) },
	{ "ioctl", { 0, 0x541c /* TIOCLINUX */ }, ALL(E(ENOTTY)) },
	{ "fcntl", { 0, 3 /* F_GETFL */ }, ALL(ALLOWED) },
	{ "fcntl", { 0, 8 /* F_SETOWN */ }, ALL(E(EINVAL)) },
	{ "bpf", { 0 }, ALL(TRAPPED) },
	{ "perf_event_open", { 0 }, ALL(TRAPPED) },
	{ "io_uring_setup", { 1 }, ALL(TRAPPED) },
	{ "userfaultfd", { 0 }, ALL(TRAPPED) },
	{ "keyctl", { 0 }, ALL(TRAPPED) },
	{ "add_key", { 0 }, ALL(TRAPPED) },
	{ "name_to_handle_at", { 0 }, ALL(TRAPPED) },
	{ "open_by_handle_at", { 0 }, ALL(TRAPPED) },
	{ "init_module", { 0 }, ALL(TRAPPED) },
	{ "personality", { 0 }, ALL(TRAPPED) },
};

static const char *const policies[] = { "compute", "files-read", "network" };

static void compile(const char *name, enum sbp_arch arch, struct sock_fprog *program)
{
	struct sbp_rules rules;
	char path[256];

	snprintf(path, sizeof(path), "compat/policy/%s.policy", name);
	must_read(path, arch, &rules);
	assert_int_equal(sbp_rules_compile(&rules, program), 0);
	sbp_rules_free(&rules);
}

static uint32_t promised(const struct promise *p, int policy)
{
	return policy == 0 ? p->compute : policy == 1 ? p->files_read : p->network;
}

static void each_promise_is_kept(void **state)
{
	unsigned int asked[SBP_ARCHES] = { 0 };

	(void)state;
	for (int arch = 0; arch < SBP_ARCHES; arch++)
		for (int policy = 0; policy < 3; policy++) {
			struct sock_fprog program;

			compile(policies[policy], (enum sbp_arch)arch, &program);
			for (size_t i = 0; i < sizeof(promises) / sizeof(*promises); i++) {
				const struct promise *p = &promises[i];
				int number = sbp_call_number((enum sbp_arch)arch, p->call);
				uint64_t arguments[6] = { 0 };
				uint32_t said;

				if (number == -2)
					fail_msg("no system call \"%s\"", p->call);
				if (number < 0)
					continue;
				memcpy(arguments, p->arguments, sizeof(p->arguments));
				said = program_says(&program, sbp_arch_rows[arch].audit,
						    (uint32_t)number, arguments);
				if (said != promised(p, policy))
					fail_msg("%s of %s on %s (row %zu): %#x, not %#x", p->call,
						 policies[policy], sbp_arch_rows[arch].name, i,
						 said, promised(p, policy));
				asked[arch]++;
			}
			free(program.filter);
		}
	for (int arch = 0; arch < SBP_ARCHES; arch++) {
		print_message("# %s: %u questions\n", sbp_arch_rows[arch].name, asked[arch]);
		assert_true(asked[arch] > 2 * sizeof(promises) / sizeof(*promises));
	}
}

/* Whatever the number: another architecture's calls and x32's kill. */
static void foreign_calls_kill(void **state)
{
	const uint64_t none[6] = { 0 };

	(void)state;
	for (int arch = 0; arch < SBP_ARCHES; arch++)
		for (int policy = 0; policy < 3; policy++) {
			struct sock_fprog program;

			compile(policies[policy], (enum sbp_arch)arch, &program);
			for (int other = 0; other < SBP_ARCHES; other++)
				for (uint32_t number = 0; other != arch && number < 500; number++)
					assert_int_equal(program_says(&program,
								      sbp_arch_rows[other].audit,
								      number, none),
							 KILLED);
			for (uint32_t number = 0; arch == SBP_X86_64 && number < 600; number++)
				assert_int_equal(program_says(&program, sbp_arch_rows[arch].audit,
							      0x40000000 | number, none),
						 KILLED);
			free(program.filter);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_promise_is_kept),
		cmocka_unit_test(foreign_calls_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

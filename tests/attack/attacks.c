// SPDX-License-Identifier: MIT
/*
 * The attacks. Each does one thing and takes it back or harms nobody where it works.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_alg.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define UNUSED (void)target

static int answer(long result)
{
	return result < 0 ? -errno : 0;
}

/* --- Files ---------------------------------------------------------------------------------- */

static int read_at(int directory, const char *path)
{
	char byte;
	int fd = openat(directory, path, O_RDONLY);

	return fd < 0 ? -errno : answer(read(fd, &byte, 1));
}

static int read_file(const struct target *target)
{
	return read_at(AT_FDCWD, target->file);
}

static int write_file(const struct target *target)
{
	int fd = open(target->file, O_WRONLY);

	return fd < 0 ? -errno : answer(write(fd, "x", 1));
}

static int read_passwd(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/etc/passwd");
}

static int climb_out(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "../../../../../../../../../../etc/passwd");
}

static int create_file(const struct target *target)
{
	char path[5000];
	int fd;

	snprintf(path, sizeof(path), "%s.new", target->file);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd < 0) /* or anywhere */
		fd = open("/new", O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return -errno;
	unlink(path);
	unlink("/new");
	return 0;
}

static int stat_file(const struct target *target)
{
	struct stat status;

	return answer(stat(target->file, &status));
}

static int list_root(const struct target *target)
{
	char buffer[4096];
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	long bytes = fd < 0 ? -1 : syscall(SYS_getdents64, fd, buffer, sizeof(buffer));

	UNUSED;
	if (bytes < 0)
		return -errno;
	return bytes > 48 ? 0 : -ENOENT; /* "." and ".." have 24 bytes each */
}

static int inherited_directory(const struct target *target)
{
	return read_at(target->directory, "etc/passwd");
}

static int enter_inherited_directory(const struct target *target)
{
	return fchdir(target->directory) ? -errno : read_at(AT_FDCWD, "etc/passwd");
}

static int any_descriptor(const struct target *target)
{
	UNUSED;
	for (int fd = 3; fd < 5000; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return 0;
	return -EBADF;
}

static int proc_1(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/proc/1/status");
}

static int proc_self_root(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/proc/self/root/etc/passwd");
}

static int victims_memory_file(const struct target *target)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", target->victim);
	fd = open(path, O_RDWR);
	return fd < 0 ? -errno : 0;
}

static int device(const struct target *target)
{
	UNUSED;
	return read_at(AT_FDCWD, "/dev/zero");
}

static int file_handle(const struct target *target)
{
	struct {
		struct file_handle head;
		char room[128];
	} handle = { .head = { .handle_bytes = 128 } };
	int mount;

	UNUSED;
	return answer(name_to_handle_at(AT_FDCWD, "/etc", &handle.head, &mount, 0));
}

static int watch_files(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_inotify_init1, 0));
}

static int watch_all_files(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_fanotify_init, 0, O_RDONLY));
}

static int new_filesystem(const struct target *target)
{
	UNUSED;
	return answer(syscall(430 /* fsopen */, "tmpfs", 0));
}

static int change_root(const struct target *target)
{
	UNUSED;
	return answer(chroot("/"));
}

/* --- Other processes ------------------------------------------------------------------------ */

static int signal_victim(const struct target *target)
{
	return answer(kill(target->victim, 0));
}

static int signal_everybody(const struct target *target)
{
	UNUSED;
	return answer(kill(-1, 0));
}

static int open_victim(const struct target *target)
{
	return answer(syscall(434 /* pidfd_open */, target->victim, 0));
}

static int trace_victim(const struct target *target)
{
	return answer(ptrace(PTRACE_SEIZE, target->victim, 0, 0));
}

static int move_words(const struct target *target, long call)
{
	long word = 0;
	struct iovec here = { &word, sizeof(word) }, there = { (void *)target->word, sizeof(word) };

	return answer(syscall(call, target->victim, &here, 1, &there, 1, 0));
}

static int read_victim(const struct target *target)
{
	return move_words(target, SYS_process_vm_readv);
}

static int write_victim(const struct target *target)
{
	return move_words(target, SYS_process_vm_writev);
}

static int victims_limits(const struct target *target)
{
	struct rlimit limit;

	return answer(prlimit(target->victim, RLIMIT_CORE, NULL, &limit));
}

static int victims_priority(const struct target *target)
{
	return answer(setpriority(PRIO_PROCESS, (id_t)target->victim, 19));
}

static int victims_scheduler(const struct target *target)
{
	return answer(syscall(SYS_sched_getscheduler, target->victim));
}

static int shared_memory(const struct target *target)
{
	return answer(shmget(target->shared_memory, 0, 0));
}

static int new_process(const struct target *target)
{
	pid_t pid = fork();

	UNUSED;
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

/* --- The network ---------------------------------------------------------------------------- */

static int connect_to(int family, const void *address, size_t size)
{
	int fd = socket(family, SOCK_STREAM, 0);

	return fd < 0 ? -errno : answer(connect(fd, address, (socklen_t)size));
}

static int connect_tcp(const struct target *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((unsigned short)target->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect_to(AF_INET, &address, sizeof(address));
}

static int connect_abstract(const struct target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(target->socket);

	memcpy(address.sun_path + 1, target->socket, length);
	return connect_to(AF_UNIX, &address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static int new_socket(int family, int type, int protocol)
{
	return answer(socket(family, type, protocol));
}

static int packet_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_PACKET, SOCK_RAW, 0);
}

static int netlink_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int unix_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int inet6_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int crypto_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int vm_socket(const struct target *target)
{
	UNUSED;
	return new_socket(AF_VSOCK, SOCK_STREAM, 0);
}

/* --- Rights --------------------------------------------------------------------------------- */

static int new_user_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWUSER));
}

static int clone_user_namespace(const struct target *target)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	UNUSED;
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : 0;
}

static int new_mount_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWNS));
}

static int new_net_namespace(const struct target *target)
{
	UNUSED;
	return answer(unshare(CLONE_NEWNET));
}

static int change_user(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_setuid, getuid() + 1));
}

static int leave_groups(const struct target *target)
{
	UNUSED;
	return answer(syscall(SYS_setgroups, 0, NULL));
}

static int take_capabilities(const struct target *target)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 1 << CAP_SYS_ADMIN, 1 << CAP_SYS_ADMIN, 0 } };

	UNUSED;
	return answer(syscall(SYS_capset, &header, data));
}

static int raise_limit(const struct target *target)
{
	struct rlimit low = { 0, 0 }, high = { 1, 1 };

	UNUSED;
	return setrlimit(RLIMIT_CORE, &low) ? -errno : answer(setrlimit(RLIMIT_CORE, &high));
}

static int name_host(const struct target *target)
{
	char name[65];

	UNUSED;
	return gethostname(name, sizeof(name)) ? -errno : answer(sethostname(name, strlen(name)));
}

static int run_shell(const struct target *target)
{
	char *argv[] = { "sh", "-c", "exit 40", NULL }, *envp[] = { NULL };

	UNUSED;
	return answer(execve("/bin/sh", argv, envp));
}

/* exit(ATTACK_WORKED), as a whole program. */
static int program_in_memory(void)
{
#ifdef __x86_64__
	static const unsigned char program[] =
		"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0\170\0\100\0\0\0\0\0\100\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\100\0\70\0\1\0\0\0\0\0\0\0"
		"\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0"
		"\204\0\0\0\0\0\0\0\204\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0"
		"\277\50\0\0\0\270\74\0\0\0\17\5";
	int fd = (int)syscall(SYS_memfd_create, "", 0);

	if (fd >= 0 && write(fd, program, sizeof(program) - 1) < 0)
		return -1;
	return fd;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static int run_descriptor(int fd)
{
	char *argv[] = { "memory", NULL }, *envp[] = { NULL };

	return answer(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

static int run_memory(const struct target *target)
{
	int fd = program_in_memory();

	UNUSED;
	return fd < 0 ? -errno : run_descriptor(fd);
}

/* The launch's own exec went by a number just at the limit: is it to be had again? */
static int run_again(const struct target *target)
{
	int fd = program_in_memory(), result = -EBADF;
	struct rlimit limit;

	UNUSED;
	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	for (int number = 900; number <= 1100; number++)
		if (dup2(fd, number) == number || (rlim_t)number == limit.rlim_cur)
			result = run_descriptor(number);
	return result;
}

/* --- The kernel's surface ------------------------------------------------------------------- */

static int read_key(const struct target *target)
{
	char secret[16];

	return answer(syscall(SYS_keyctl, KEYCTL_READ, target->key, secret, sizeof(secret)));
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

const struct attack attacks[] = {
#define BOTH (BY_ISOLATION | BY_FILTER)
	{ "read a file", read_file, BOTH },
	{ "write a file", write_file, BOTH },
	{ "read /etc/passwd", read_passwd, BOTH },
	{ "climb out by ..", climb_out, BOTH },
	{ "create a file", create_file, BOTH },
	{ "see a file", stat_file, BOTH },
	{ "list the root", list_root, BOTH },
	{ "read below an inherited directory", inherited_directory, BOTH },
	{ "enter an inherited directory", enter_inherited_directory, BOTH },
	{ "have any inherited descriptor", any_descriptor, BOTH },
	{ "read /proc/1", proc_1, BOTH },
	{ "read by /proc/self/root", proc_self_root, BOTH },
	{ "open the memory of a process", victims_memory_file, BOTH },
	{ "open a device", device, BOTH },
	{ "make a file handle", file_handle, BY_FILTER },
	{ "watch files", watch_files, BY_FILTER },
	{ "watch all files", watch_all_files, BY_FILTER },
	{ "make a file system", new_filesystem, BOTH },
	{ "change the root", change_root, BOTH },
	{ "signal a process", signal_victim, BOTH },
	{ "signal every process", signal_everybody, BOTH },
	{ "open a process", open_victim, BOTH },
	{ "trace a process", trace_victim, BOTH },
	{ "read a process's memory", read_victim, BOTH },
	{ "write a process's memory", write_victim, BOTH },
	{ "read a process's limits", victims_limits, BOTH },
	{ "set a process's priority", victims_priority, BOTH },
	{ "see a process's scheduler", victims_scheduler, BY_ISOLATION },
	{ "find shared memory", shared_memory, BOTH },
	{ "make a process", new_process, BY_FILTER },
	{ "connect by TCP", connect_tcp, BOTH },
	{ "connect by an abstract name", connect_abstract, BOTH },
	{ "open a packet socket", packet_socket, BOTH },
	{ "open a netlink socket", netlink_socket, BY_FILTER },
	{ "open a unix socket", unix_socket, BY_FILTER },
	{ "open an IPv6 socket", inet6_socket, BY_FILTER },
	{ "open a crypto socket", crypto_socket, BY_FILTER },
	{ "open a VM socket", vm_socket, BY_FILTER },
	{ "unshare a user namespace", new_user_namespace, BOTH },
	{ "clone a user namespace", clone_user_namespace, BOTH },
	{ "unshare a mount namespace", new_mount_namespace, BOTH },
	{ "unshare a network namespace", new_net_namespace, BOTH },
	{ "change the user", change_user, BOTH },
	{ "leave the groups", leave_groups, BOTH },
	{ "take capabilities", take_capabilities, BOTH },
	{ "raise a limit", raise_limit, BOTH },
	{ "name the host", name_host, BOTH },
	{ "run a shell", run_shell, BOTH },
	{ "run a program in memory", run_memory, BY_FILTER },
	{ "run it as the launch did", run_again, BY_FILTER },
	{ "read a key of the session", read_key, BOTH },
	{ "add a key", add_key, BY_FILTER },
	{ "make a BPF map", load_bpf, BY_FILTER },
	{ "open a performance counter", open_perf, BY_FILTER },
	{ "set up io_uring", set_up_io_uring, BY_FILTER },
	{ "handle page faults", fault_by_user, BY_FILTER },
	{ "type into the terminal", type_into_terminal, BOTH },
	{ "read the kernel's log", read_kernel_log, BY_FILTER },
	{ "change the personality", change_personality, BY_FILTER },
	{ "read the clock's settings", read_clock_settings, BY_FILTER },
	{ "enter the kernel as 32-bit code", enter_as_32_bit, BY_FILTER },
};

const int attack_count = sizeof(attacks) / sizeof(*attacks);

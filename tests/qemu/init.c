/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of a test guest: mounts what the kernel has, runs what /tests lists,
 * tells the results over the serial line (wire.h), turns the machine off.
 *
 * It runs on everything from 2.6.29 on, so it asks for nothing newer, and goes
 * on without whatever an old kernel lacks.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "leave_rootfs.h"
#include "wire.h"

#define MAX_TESTS  64
#define MAX_ARGS   32
#define MAX_OUTPUT (1 << 20)
#define KSFT_SKIP  4 /* the exit status by which a kselftest says "skip" */
#define USER_ID	   1000

enum { KLOG_READ_ALL = 3, KLOG_CONSOLE_LEVEL = 8 };

struct test {
	char *name; /* NULL: no test, a file to make before the next one */
	mode_t mode;
	int uid;
	int seconds;
	char *argv[MAX_ARGS + 1];
};

struct outcome {
	int status; /* as waitpid() gave it */
	int timed_out;
	long milliseconds;
	size_t length;
	char *output; /* MAX_OUTPUT bytes, room for a terminating 0 */
};

static struct {
	uint32_t sum;
	unsigned int lines;
} wire = { .sum = WIRE_SUM_START };

static char nonce[64];
static enum { POWER_OFF, RESET, STAY } ending;
static int with_shell;

/* The console's own messages are held back while results are printed, or the
 * two would meet within a line.  They stay in the kernel's log. */
static void quiet_kernel(int quiet)
{
	klogctl(KLOG_CONSOLE_LEVEL, NULL, quiet ? 1 : 7);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	static char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	wire.sum = wire_sum(wire.sum, line);
	wire.lines++;
	printf("%s\n", line);
}

static void make_device(const char *path, mode_t mode, int major, int minor)
{
	mknod(path, S_IFCHR | mode, makedev(major, minor));
	chmod(path, mode);
}

/* Where devtmpfs is missing (2.6.29). */
static void make_devices(void)
{
	make_device("/dev/console", 0600, 5, 1);
	make_device("/dev/tty", 0666, 5, 0);
	make_device("/dev/ptmx", 0666, 5, 2);
	make_device("/dev/null", 0666, 1, 3);
	make_device("/dev/zero", 0666, 1, 5);
	make_device("/dev/full", 0666, 1, 7);
	make_device("/dev/random", 0666, 1, 8);
	make_device("/dev/urandom", 0666, 1, 9);
	make_device("/dev/kmsg", 0644, 1, 11);
}

/* Until it is up there is no 127.0.0.1 to bind to. */
static void bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request))
		say(WIRE_NOTE "cannot bring lo up: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void mount_everything(void)
{
	static const struct {
		const char *type, *where, *options;
		mode_t mode;
	} mounts[] = {
		{ "proc", "/proc", NULL, 0555 },
		{ "sysfs", "/sys", NULL, 0555 },
		{ "devtmpfs", "/dev", NULL, 0755 },
		{ "devpts", "/dev/pts", "ptmxmode=0666", 0755 },
		{ "tmpfs", "/dev/shm", "mode=1777", 0777 },
		{ "tmpfs", "/tmp", "mode=1777", 0777 },
		{ "tmpfs", "/run", "mode=0755", 0755 },
		{ "securityfs", "/sys/kernel/security", NULL, 0755 },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].where, mounts[i].mode);
		mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, mounts[i].options);
	}
	make_devices();
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 65536);

	if (f && text && !fread(text, 1, 65535, f))
		*text = '\0';
	if (f)
		fclose(f);
	return text;
}

/*
 * One line of /tests; returns whether there is something to do in its turn.
 *   NAME UID SECONDS COMMAND ARG...
 *   file MODE PATH		from here on there is such a file, empty, root's
 *   end off|reset|stay	(stay: of boards that can neither; the host ends QEMU)
 *   shell
 */
static int parse_line(char *line, struct test *test)
{
	char *words[MAX_ARGS + 3], *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \t", &rest); w && n < MAX_ARGS + 3;
	     w = strtok_r(NULL, " \t", &rest))
		words[n++] = w;
	if (n == 1 && !strcmp(words[0], "shell"))
		with_shell = 1;
	if (n == 2 && !strcmp(words[0], "end"))
		ending = !strcmp(words[1], "reset")  ? RESET
			 : !strcmp(words[1], "stay") ? STAY
						     : POWER_OFF;
	if (n == 3 && !strcmp(words[0], "file")) {
		*test = (struct test){ .mode = (mode_t)strtoul(words[1], NULL, 8),
				       .argv = { words[2] } };
		return 1;
	}
	if (n < 4)
		return 0;
	*test = (struct test){ .name = words[0], .uid = atoi(words[1]), .seconds = atoi(words[2]) };
	memcpy(test->argv, words + 3, (size_t)(n - 3) * sizeof(*words));
	return 1;
}

static int read_tests(struct test *tests)
{
	char *text = read_file("/tests"), *rest = NULL;
	int n = 0;

	if (!text)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line && n < MAX_TESTS;
	     line = strtok_r(NULL, "\n", &rest))
		n += parse_line(line, &tests[n]);
	return n;
}

static void make_file(char *path, mode_t mode)
{
	int fd;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || fchmod(fd, mode))
		say(WIRE_NOTE "cannot make %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void take_nonce(void)
{
	char *text = read_file("/nonce");

	if (text)
		snprintf(nonce, sizeof(nonce), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	unlink("/nonce");
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

__attribute__((noreturn)) static void exec_in_child(const struct test *test, int out)
{
	static char *const environment[] = { "PATH=/bin", "HOME=/tmp", "TERM=dumb", "USER=test",
					     NULL };
	gid_t group = (gid_t)test->uid;
	int null = open("/dev/null", O_RDWR);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (chdir("/tmp") ||
	    (test->uid && (setgroups(1, &group) || setgid(group) || setuid((uid_t)test->uid)))) {
		dprintf(2, "cannot become uid %d: %s\n", test->uid, strerror(errno));
		_exit(126);
	}
	execve(test->argv[0], test->argv, environment);
	dprintf(2, "%s: %s\n", test->argv[0], strerror(errno));
	_exit(127);
}

/* Returns 0 at the end of the output. What does not fit is read and dropped. */
static int read_some(int fd, struct outcome *o)
{
	char spill[4096];
	size_t room = MAX_OUTPUT - o->length;
	ssize_t n = room ? read(fd, o->output + o->length, room) : read(fd, spill, sizeof(spill));

	if (n > 0 && room)
		o->length += (size_t)n;
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* PID 1 may: everything that a test left behind goes with it. */
static void kill_everybody(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Waits for the test itself; orphans that end meanwhile are reaped with it. */
static int has_ended(pid_t child, int *status)
{
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*status = s;
		return 1;
	}
	return 0;
}

static void watch(pid_t child, int fd, int seconds, struct outcome *o)
{
	long start = now_ms(), limit = start + seconds * 1000L;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!has_ended(child, &o->status)) {
		if (now_ms() > limit) {
			o->timed_out = 1;
			break;
		}
		if (p.fd >= 0 && poll(&p, 1, 20) > 0 && !read_some(fd, o))
			p.fd = -1;
		else if (p.fd < 0)
			usleep(20000);
	}
	o->milliseconds = now_ms() - start;
	kill_everybody();
	/* With every writer gone the pipe ends; a process that cannot die even
	 * now must not keep us. */
	limit = now_ms() + 5000;
	while (p.fd >= 0 && now_ms() < limit && poll(&p, 1, 1000) > 0 && read_some(fd, o))
		;
	kill_everybody();
}

static int run_test(const struct test *test, struct outcome *o)
{
	int fds[2];
	pid_t child;

	o->length = 0;
	o->timed_out = 0;
	o->status = -1;
	if (pipe(fds))
		return -errno;
	child = fork();
	if (child == 0)
		exec_in_child(test, fds[1]);
	close(fds[1]);
	if (child > 0)
		watch(child, fds[0], test->seconds, o);
	close(fds[0]);
	return child < 0 ? -errno : 0;
}

/* The test's own output, line by line behind a mark that keeps it from being
 * taken for ours; what is not printable is written \xNN. */
static void tell_output(struct outcome *o)
{
	static char line[3 * 1024];
	size_t used = 0;

	o->output[o->length] = '\0';
	for (size_t i = 0; i < o->length; i++) {
		unsigned char c = (unsigned char)o->output[i];
		int end = c == '\n';

		if (!end && ((c >= ' ' && c < 127) || c == '\t'))
			line[used++] = (char)c;
		else if (!end)
			used += (size_t)sprintf(line + used, "\\x%02x", c);
		/* A line that is cut ends in a mark: the host puts it together. */
		/* A mark that was the test's own is spelled out. */
		if (end && used && line[used - 1] == '\\')
			used += (size_t)sprintf(line + used - 1, "\\x5c") - 1;
		if (!end && used >= 1000)
			line[used++] = '\\', end = 1;
		else if (i + 1 == o->length)
			end = 1;
		if (end) {
			line[used] = '\0';
			say(WIRE_OUTPUT "%s", line);
			used = 0;
		}
	}
	if (o->length == MAX_OUTPUT)
		say(WIRE_NOTE "output cut at %d bytes", MAX_OUTPUT);
}

static void tell_result(int number, const struct test *test, const struct outcome *o)
{
	if (o->timed_out) {
		say(WIRE_NOTE "end %s timeout after %d s", test->name, test->seconds);
		say(WIRE_NOT_OK "%d %s", number, test->name);
	} else if (WIFSIGNALED(o->status)) {
		say(WIRE_NOTE "end %s signal %d, %ld ms", test->name, WTERMSIG(o->status),
		    o->milliseconds);
		say(WIRE_NOT_OK "%d %s", number, test->name);
	} else {
		int code = WEXITSTATUS(o->status);

		say(WIRE_NOTE "end %s exit %d, %ld ms", test->name, code, o->milliseconds);
		if (code == KSFT_SKIP)
			say(WIRE_OK "%d %s # SKIP", number, test->name);
		else
			say("%s%d %s", code ? WIRE_NOT_OK : WIRE_OK, number, test->name);
	}
}

static void run_and_tell(int number, const struct test *test, struct outcome *o)
{
	int error;

	quiet_kernel(1);
	printf("\n");
	say(WIRE_BEGIN "%s uid %d", test->name, test->uid);
	fflush(stdout);
	quiet_kernel(0);
	error = run_test(test, o);
	quiet_kernel(1);
	/* A message of the kernel's may have left its line open. */
	printf("\n");
	if (error) {
		say(WIRE_NOTE "end %s could not start: %s", test->name, strerror(-error));
		say(WIRE_NOT_OK "%d %s", number, test->name);
	} else {
		tell_output(o);
		tell_result(number, test, o);
	}
	fflush(stdout);
	quiet_kernel(0);
}

/* What the kernel said while it was kept quiet may be the very thing: say
 * again whatever in its log is a sign of trouble. */
static void tell_kernel_trouble(void)
{
	static const char *const signs[] = {
		"WARNING: ", "BUG: ",	   "Oops",	    "INFO: possible",
		"INFO: rcu", "INFO: task", "kernel BUG at",
	};
	static char log[1 << 18];
	int n = klogctl(KLOG_READ_ALL, log, sizeof(log) - 1);
	char *rest = NULL;

	log[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
			if (strstr(line, signs[i])) {
				say(WIRE_NOTE "kernel %.900s", line);
				break;
			}
}

__attribute__((noreturn)) static void turn_off(void)
{
	fflush(stdout);
	/* The serial line is slower than we are. */
	sync();
	usleep(200000);
	/* Where power can't be turned off, the attempt ends PID 1: a panic. */
	if (ending == POWER_OFF)
		reboot(RB_POWER_OFF);
	if (ending != STAY)
		reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* For a developer: no time limit, no results. */
static void run_shell(void)
{
	pid_t child = fork();

	if (child == 0) {
		setsid();
		setenv("PATH", "/bin", 1);
		execl("/bin/busybox", "sh", "-c",
		      "/bin/busybox --install -s /bin; echo; "
		      "echo 'What the tests run (C-d ends, C-a x kills the machine):'; "
		      "cat /tests; exec setsid cttyhack sh -l || exec sh -l",
		      (char *)NULL);
		perror("/bin/busybox");
		_exit(127);
	}
	while (child > 0 && waitpid(-1, NULL, 0) != child)
		;
}

int main(void)
{
	static struct test tests[MAX_TESTS];
	struct outcome outcome = { .output = malloc(MAX_OUTPUT + 1) };
	int count, planned = 0, number = 0;

	const char *stayed = leave_rootfs();

	if (stayed)
		say(WIRE_NOTE "cannot leave rootfs, %s: %s", stayed, strerror(errno));
	mount_everything();
	open_console();
	bring_loopback_up();
	/* Lines must leave whole. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	signal(SIGPIPE, SIG_IGN);
	take_nonce();
	count = outcome.output ? read_tests(tests) : 0;
	if (with_shell) {
		run_shell();
		turn_off();
	}

	quiet_kernel(1);
	printf("\n");
	say(WIRE_START);
	for (int i = 0; i < count; i++)
		planned += tests[i].name != NULL;
	say(WIRE_PLAN "%d", planned);
	fflush(stdout);
	for (int i = 0; i < count; i++)
		if (tests[i].name)
			run_and_tell(++number, &tests[i], &outcome);
		else
			make_file(tests[i].argv[0], tests[i].mode);
	quiet_kernel(1);
	printf("\n");
	tell_kernel_trouble();
	printf(WIRE_DONE "%s %u %08x\n", nonce, wire.lines, (unsigned int)wire.sum);
	turn_off();
}

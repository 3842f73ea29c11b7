// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

/* A stage that takes longer hangs: no probe has a reason to, on whatever machine. */
enum { DEADLINE_SECONDS = 120, DESCRIPTORS = 256, SENTINEL = 4095, SKIPPED = 77 };

static struct answers *shared;

struct answers *stage_answers(void)
{
	return shared;
}

bool stage_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(shared->skip, sizeof(shared->skip), format, arguments);
	va_end(arguments);
	return false;
}

/* --- In the new process ------------------------------------------------------------------- */

static volatile sig_atomic_t sigchld;

static void count_sigchld(int signal)
{
	(void)signal;
	sigchld++;
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Private pages of this process, or 0 where that can't be read. */
static long private_kib(void)
{
	static char text[4096];
	long sum = 0;
	ssize_t got;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);

	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	for (const char *at = text; (at = strstr(at, "\nPrivate_")); at++)
		sum += strtol(strchr(at, ':') + 1, NULL, 10);
	return sum;
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void keep_evidence(const struct sbp_probe *p, enum sbp_feature f)
{
	const struct sbp_evidence *e;

	for (size_t i = 0; (e = sbp_evidence(p, f, i)); i++) {
		size_t at = shared->evidence_count++;

		shared->evidence[at].feature = (int)f;
		shared->evidence[at].error = e->error;
		shared->evidence[at].signal = e->signal;
		copy(shared->evidence[at].call, sizeof(shared->evidence[at].call), e->call);
	}
}

static void keep_answers(const struct sbp_probe *p)
{
	const struct sbp_fact *fact;

	shared->evidence_count = 0;
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		struct told *told = &shared->told[f];

		told->state = sbp_state(p, f);
		told->directly = sbp_state_directly(p, f);
		told->through = sbp_state_through_user_ns(p, f);
		copy(told->cause, sizeof(told->cause), sbp_cause(p, f));
		copy(told->remedy, sizeof(told->remedy), sbp_remedy(p, f));
		keep_evidence(p, f);
	}
	for (size_t i = 0; (fact = sbp_fact(p, i)); i++) {
		copy(shared->facts[i].name, sizeof(shared->facts[i].name), fact->name);
		copy(shared->facts[i].value, sizeof(shared->facts[i].value), fact->value);
		copy(shared->facts[i].source, sizeof(shared->facts[i].source), fact->source);
		shared->fact_count = i + 1;
	}
}

static int probe_once(const struct stage *stage)
{
	struct sbp_probe *p;
	int error = sbp_probe_new(&p);

	if (error)
		return error;
	if (stage->root)
		error = sbp_probe_set_root(p, stage->root);
	if (!error)
		error = sbp_probe_run(p, stage->quick ? SBP_QUICK : SBP_REPORT);
	keep_answers(p);
	sbp_probe_unref(p);
	return error;
}

/* Of several probes in a row, the first whose answers are others than before is kept. */
static bool changed(void)
{
	static enum sbp_state before[SBP_FEATURE_LIMIT];
	static bool again;
	bool differs = false;

	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		differs |= again && shared->told[f].state != before[f];
		before[f] = shared->told[f].state;
	}
	again = shared->evidence_count;
	return differs;
}

static void probe(const struct stage *stage)
{
	int before = count_descriptors(), times = stage->times ? stage->times : 1;
	long memory = private_kib();
	sigset_t mask_before = { 0 }, mask_after = { 0 };
	cpu_set_t cpus_before, cpus_after;

	sigprocmask(SIG_SETMASK, NULL, &mask_before);
	sched_getaffinity(0, sizeof(cpus_before), &cpus_before);
	errno = SENTINEL;
	while (times-- && !shared->error && !changed())
		shared->error = probe_once(stage);
	shared->errno_changed = errno != SENTINEL;
	shared->private_kib = private_kib() - memory;
	sched_getaffinity(0, sizeof(cpus_after), &cpus_after);
	sigprocmask(SIG_SETMASK, NULL, &mask_after);
	shared->mask_changed = memcmp(&mask_before, &mask_after, sizeof(mask_before)) != 0;
	shared->cpus_changed = !CPU_EQUAL(&cpus_before, &cpus_after);
	shared->descriptors_more = count_descriptors() - before;
	shared->has_children = waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD;
	shared->sigchld = sigchld;
}

static void play(const struct stage *stage)
{
	struct sigaction counting = { .sa_handler = count_sigchld };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	if (stage->watch)
		raise(SIGSTOP);
	sigaction(SIGCHLD, &counting, NULL);
	if (stage->enter && !stage->enter(stage))
		_exit(SKIPPED);
	probe(stage);
	if (stage->leave)
		stage->leave(stage, shared);
	shared->done = true;
	_exit(0);
}

/* --- In the test -------------------------------------------------------------------------- */

static void prepare(void)
{
	if (!shared) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		assert_true(shared != MAP_FAILED);
		assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	}
	memset(shared, 0, sizeof(*shared));
}

/* Waits for the stage; what stops for its tracer, us, goes on. */
static int wait_for_end(pid_t pid)
{
	time_t start = time(NULL);
	int status;

	while (time(NULL) - start < DEADLINE_SECONDS) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		assert_true(got >= 0 || errno == EINTR);
		usleep(500);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	fail_msg("the probe hangs");
	return -1;
}

/* Orphans are one test's fault, and not that of those behind it. */
static void end_orphans(char *said, size_t size)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	char path[64], state[80] = "";
	FILE *status;
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		status = fopen(path, "re");
		if (status && fgets(state, sizeof(state), status))
			snprintf(said, size, "%s", state);
		if (status)
			fclose(status);
		kill(pid, SIGKILL);
	}
	if (file)
		fclose(file);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* Orphans come to us, a subreaper. What a probe starts has ended when it returns. */
static void expect_no_orphans(void)
{
	pid_t orphan = waitpid(-1, NULL, __WALL | WNOHANG);
	char said[80] = "it ended since";

	if (orphan == -1)
		return;
	end_orphans(said, sizeof(said));
	fail_msg("a child outlived the probe: %s", said);
}

/*
 * Under a filter children end as those of posix_spawn() do; where /proc does not tell of filters, the
 * one that asks does, in case.
 */
static int sigchld_allowed(const struct answers *answers)
{
	for (size_t i = 0; i < answers->fact_count; i++) {
		if (strcmp(answers->facts[i].name, "process.seccomp_mode"))
			continue;
		if (strcmp(answers->facts[i].value, "0"))
			return 1000;
		return strncmp(answers->facts[i].source, "/proc", 5) ? 1 : 0;
	}
	return 0;
}

static void expect_clean(const struct answers *answers)
{
	if (answers->descriptors_more)
		fail_msg("%d descriptors more than before", answers->descriptors_more);
	assert_false(answers->mask_changed);
	assert_false(answers->errno_changed);
	assert_false(answers->cpus_changed);
	assert_false(answers->has_children);
	if (answers->sigchld > sigchld_allowed(answers))
		fail_msg("%d times SIGCHLD", answers->sigchld);
}

const struct answers *stage_run(const struct stage *stage)
{
	static bool asked_as_is;
	int status;
	pid_t pid;

	if (!asked_as_is) { /* first of all: later it would overwrite what this stage answered */
		asked_as_is = true;
		stage_as_is();
	}
	prepare();
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		play(stage);
	if (stage->watch) {
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		stage->watch(pid);
	}
	status = stage->watch ? 0 : wait_for_end(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		printf("# %s\n", shared->skip);
		skip();
	}
	if (status)
		fail_msg("the process that asks ended with status %x", (unsigned int)status);
	assert_true(shared->done);
	assert_int_equal(shared->error, 0);
	expect_no_orphans();
	expect_clean(shared);
	return shared;
}

const struct answers *stage_as_is(void)
{
	static struct answers as_is;

	if (!as_is.done) {
		const struct stage nothing = { .enter = NULL };

		as_is = *stage_run(&nothing);
	}
	return &as_is;
}

/* --- Expectations ------------------------------------------------------------------------- */

const char *stage_fact(const struct answers *answers, const char *name)
{
	for (size_t i = 0; i < answers->fact_count; i++)
		if (!strcmp(answers->facts[i].name, name))
			return answers->facts[i].value;
	return NULL;
}

void expect_state(const struct answers *answers, sbp_set features, enum sbp_state state,
		  const char *cause, const char *remedy)
{
	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f)) {
		const struct told *told = &answers->told[f];

		if (!sbp_in(features, f))
			continue;
		if (told->state != state)
			fail_msg("%s is %s and not %s: %s", sbp_feature_name(f),
				 sbp_state_name(told->state), sbp_state_name(state), told->cause);
		if (cause && !strstr(told->cause, cause))
			fail_msg("%s: no \"%s\" in: %s", sbp_feature_name(f), cause, told->cause);
		if (remedy && !strstr(told->remedy, remedy))
			fail_msg("%s: no \"%s\" in: %s", sbp_feature_name(f), remedy, told->remedy);
	}
}

void expect_as_is(const struct answers *answers, sbp_set features)
{
	const struct answers *as_is = stage_as_is();

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (sbp_in(features, f) && answers->told[f].state != as_is->told[f].state)
			fail_msg("%s is %s and not %s: %s", sbp_feature_name(f),
				 sbp_state_name(answers->told[f].state),
				 sbp_state_name(as_is->told[f].state), answers->told[f].cause);
}

void expect_nothing_absent(const struct answers *answers)
{
	const struct answers *as_is = stage_as_is();

	for (enum sbp_feature f = sbp_feature_next(0); f; f = sbp_feature_next(f))
		if (as_is->told[f].state != SBP_ABSENT && answers->told[f].state == SBP_ABSENT)
			fail_msg("%s is said to be absent: %s", sbp_feature_name(f),
				 answers->told[f].cause);
}

/* --- Ways --------------------------------------------------------------------------------- */

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

bool enter_user_namespace(void)
{
	char uid[40], gid[40];

	snprintf(uid, sizeof(uid), "0 %u 1", geteuid());
	snprintf(gid, sizeof(gid), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER))
		return stage_skip("no user namespace: %s", strerror(errno));
	write_file("/proc/self/setgroups", "deny");
	if (!write_file("/proc/self/uid_map", uid) || !write_file("/proc/self/gid_map", gid))
		return stage_skip("no maps for a user namespace: %s", strerror(errno));
	return true;
}

bool become_root_with_mounts(void)
{
	if (geteuid() && !enter_user_namespace())
		return false;
	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL))
		return stage_skip("no mounts of its own: %s", strerror(errno));
	return true;
}

bool become_somebody(void)
{
	if (geteuid())
		return true;
	if (setgroups(0, NULL) || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) ||
	    setresuid(SOMEBODY, SOMEBODY, SOMEBODY))
		return stage_skip("can't become uid %d: %s", SOMEBODY, strerror(errno));
	/* a change of ids takes it away, and with it the files below /proc/self */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return true;
}

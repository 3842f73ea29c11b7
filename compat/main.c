// SPDX-License-Identifier: MIT
/*
 * sandbox-run(1), the reference launcher: from a command line to a launch, and from its end to an exit
 * code.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launch.h"
#include "run/run.h"
#include "uapi.h"

extern char **environ;

/* What is asked of the kernel, as far as it had to be. */
struct knowledge {
	struct sbp_probe *probe;
	struct sbp_plan *plan;
	struct sbp_broker *broker;
};

const char program_name[] = "sandbox-run";

static int no_sandbox(const char *why)
{
	complain("no sandbox: %s", why);
	return EXIT_NO_SANDBOX;
}

/* --- The plan ------------------------------------------------------------------------------- */

static int learn(struct knowledge *known)
{
	int error = 0;

	if (!known->probe)
		error = sbp_probe_new(&known->probe);
	if (!error)
		error = sbp_probe_run(known->probe, SBP_FULL);
	if (!error)
		error = sbp_choose(known->probe, SBP_BUILT, &known->plan);
	return error ? no_sandbox(error == -EINVAL ? "SANDBOX_PROBE_ASSUME can't be understood"
						   : strerror(-error))
		     : 0;
}

/* The features whose lack is the reason, with the first one's cause. */
static int refuse_for(struct knowledge *known, enum sbp_feature missing, const char *what)
{
	const char *cause = known->probe ? sbp_cause(known->probe, missing) : NULL;
	const char *remedy = known->probe ? sbp_remedy(known->probe, missing) : NULL;

	complain("no sandbox: %s: %s is missing%s%s%s%s", what, sbp_feature_name(missing),
		 cause ? ": " : "", cause ? cause : "", remedy ? " " : "", remedy ? remedy : "");
	return EXIT_NO_SANDBOX;
}

/* A strategy that was asked for by name, and is not the plan's, has a reason not to be. */
static int refuse_strategy(struct knowledge *known, const char *name)
{
	const struct sbp_rejected *rejected;

	for (size_t i = 0; (rejected = sbp_plan_rejected(known->plan, i)); i++) {
		if (strcmp(rejected->strategy, name) != 0)
			continue;
		if (rejected->missing[0])
			return refuse_for(known, rejected->missing[0], name);
		complain("no sandbox: %s: %s", name, rejected->because);
		return EXIT_NO_SANDBOX;
	}
	return no_sandbox(name);
}

static int set_plan(const struct request *request, struct knowledge *known, struct sbp_launch *launch)
{
	const char *isolation = request->isolation, *syscalls = request->syscalls;

	if (isolation && strcmp(isolation, "none") != 0 &&
	    strcmp(isolation, sbp_plan_isolation(known->plan)) != 0)
		return refuse_strategy(known, isolation);
	if (syscalls && strcmp(syscalls, "none") != 0 &&
	    strcmp(syscalls, sbp_plan_syscalls(known->plan)) != 0)
		return refuse_strategy(known, syscalls);
	if (sbp_launch_set_plan(launch, known->plan) ||
	    sbp_launch_set_strategies(launch, isolation, syscalls))
		return no_sandbox(sbp_launch_failed_step(launch));
	return 0;
}

static void print_plan(const struct request *request, const struct knowledge *known,
		       const struct sbp_launch *launch)
{
	const struct sbp_plan *plan = known->plan;
	const char *isolation = request->isolation ? request->isolation : sbp_plan_isolation(plan);
	const char *syscalls = request->syscalls ? request->syscalls : sbp_plan_syscalls(plan);
	bool isolated = strcmp(isolation, "none"), filtered = strcmp(syscalls, "none");
	const struct sbp_rejected *rejected;
	int level = sbp_launch_level(launch);

	complain("level %d (%s): isolation %s, system calls %s%s%s, policy %s, root %s, network %s",
		 level, sbp_level_name(level), isolation, syscalls, filtered ? " by " : "",
		 filtered ? sbp_plan_threads(plan) : "",
		 !filtered	   ? "none"
		 : request->policy ? request->policy
				   : "compute",
		 request->keep_root || !isolated ? "kept"
		 : request->directory		 ? request->directory
						 : "empty",
		 request->share_net || !isolated ? "shared" : "none");
	for (size_t i = 0; (rejected = sbp_plan_rejected(plan, i)); i++)
		complain("not %s%s%s: %s", rejected->strategy, rejected->threads ? " by " : "",
			 rejected->threads ? rejected->threads : "", rejected->because);
}

/* --- Setting up ----------------------------------------------------------------------------- */

static int set_policy(const struct request *request, struct sbp_launch *launch)
{
	const char *name = request->policy ? request->policy : "compute";
	struct sock_fprog program;
	char fault[1000] = "";
	int error = sbp_launch_set_policy(launch, name);

	if (error != -ENOENT && error)
		complain("policy %s: %s", name, strerror(-error));
	if (error != -ENOENT)
		return error ? EXIT_NO_SANDBOX : 0;
	error = sbp_policy_compile_file(name, &program, fault, sizeof(fault));
	if (!error) {
		error = sbp_launch_set_filter(launch, &program);
		free(program.filter);
	}
	if (error && *fault)
		complain("%s", fault);
	else if (error)
		complain("policy %s: %s", name, strerror(-error));
	return error ? EXIT_NO_SANDBOX : 0;
}

/* A descriptor that is opened later shall not become the command's stdin. */
static int pass_standard_streams(struct sbp_launch *launch)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
			return no_sandbox("standard streams are closed, and there is no /dev/null");
		if (sbp_launch_pass_fd(launch, fd, fd))
			return no_sandbox("standard streams");
	}
	return 0;
}

/* Without a word about it, no command runs without any sandbox. */
static int least_level(const struct request *request)
{
	bool none = request->isolation && !strcmp(request->isolation, "none") &&
		    request->syscalls && !strcmp(request->syscalls, "none");

	return request->min_level >= 0 ? request->min_level
	       : none		       ? SBP_LEVEL_NONE
				       : SBP_LEVEL_PARTIAL;
}

static int set_up(const struct request *request, struct sbp_launch *launch)
{
	int error = sbp_launch_set_command(launch, request->path, request->command, environ);

	if (!error && request->directory)
		error = sbp_launch_set_root(launch, SBP_ROOT_DIRECTORY, request->directory);
	if (!error && request->keep_root)
		error = sbp_launch_set_root(launch, SBP_ROOT_KEPT, NULL);
	if (!error)
		error = sbp_launch_set_min_level(launch, least_level(request));
	if (error)
		return no_sandbox(strerror(-error));
	sbp_launch_set_share_net(launch, request->share_net);
	sbp_launch_set_init(launch, true);
	if (!request->policy && request->syscalls && !strcmp(request->syscalls, "none"))
		return 0;
	return set_policy(request, launch);
}

/* --- Running -------------------------------------------------------------------------------- */

/* The steps that are about the command itself have env(1)'s codes. */
static int refuse(const struct request *request, struct knowledge *known,
		  const struct sbp_launch *launch, int error)
{
	const char *step = sbp_launch_failed_step(launch), *name = request->command[0];
	enum sbp_feature missing = sbp_launch_missing(launch);

	if (!strcmp(step, "command") || !strcmp(step, "exec")) {
		complain("%s: %s", name, strerror(-error));
		return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
	}
	if (!strcmp(step, "its dynamic loader (PT_INTERP)")) {
		complain("%s: %s: %s", name, step, strerror(-error));
		return EXIT_NOT_RUNNABLE;
	}
	if (error == -ELIBBAD || (error == -ENOEXEC && strcmp(step, "script under a filter") != 0)) {
		complain("%s: %s%s", name, error == -ELIBBAD ? "its dynamic loader: " : "", step);
		return EXIT_NOT_RUNNABLE;
	}
	if (error == -ELIBACC)
		complain("%s: not a static executable, and an empty root has no files to load it with; "
			 "without a filter nobody can be asked for them: "
			 "--chroot DIR or --no-chroot leaves it some",
			 name);
	else if (!strcmp(step, "set-id command") || !strcmp(step, "command with capabilities"))
		complain("%s: %s refused: it would not get the rights that it was made for", name,
			 step);
	else if (!strcmp(step, "script under a filter"))
		complain("%s: a script can't be run under a filter: run its interpreter, with the script as argument",
			 name);
	else if (missing)
		return refuse_for(known, missing, step);
	else
		complain("no sandbox: %s: %s", step, strerror(-error));
	return EXIT_NO_SANDBOX;
}

/* One call, as the probe makes it: a filter at no address is refused by who would install it. Under an outer
 * filter, which could kill for it, the probe knows how to ask. */
static bool has_tsync(struct knowledge *known)
{
	static const enum sbp_feature tsync[] = { SBP_FEATURE_SECCOMP_TSYNC, 0 };

	if (sbp_kernel(SYS_prctl, PR_GET_SECCOMP) == 0)
		return sbp_kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				  0) == -EFAULT;
	return !sbp_probe_new(&known->probe) && !sbp_probe_run_some(known->probe, SBP_QUICK, tsync) &&
	       sbp_state(known->probe, SBP_FEATURE_SECCOMP_TSYNC) == SBP_AVAILABLE;
}

/*
 * The launch itself asks whether namespaces can be had, and a full probe costs as much as it does: where
 * the filter's part is known, the strongest plan is tried, and only its failure is looked into.
 */
static bool try_strongest(const struct request *request, struct knowledge *known,
			  struct sbp_launch *launch, pid_t *pid, int *error, int *status)
{
	if (request->verbose || getenv("SANDBOX_PROBE_ASSUME") || !has_tsync(known))
		return false;
	if (sbp_launch_set_strategies(launch, request->isolation ? request->isolation : "clone",
				      request->syscalls ? request->syscalls : "bpf"))
		return false;
	*status = serve_files(request, launch, &known->broker);
	if (!*status)
		*error = sbp_launch_start(launch, pid);
	return *status || !*error || !sbp_launch_missing(launch);
}

/* Without an empty root there is nothing that a broker could add to. */
static int serve_files_by_plan(const struct request *request, struct knowledge *known,
			       struct sbp_launch *launch)
{
	const char *isolation = request->isolation ? request->isolation
						   : sbp_plan_isolation(known->plan);

	if (strcmp(isolation, "none") != 0)
		return serve_files(request, launch, &known->broker);
	if (request->allow_count)
		return refuse_strategy(known, "clone");
	return sbp_launch_set_broker(launch, NULL);
}

static int run(const struct request *request, struct knowledge *known, struct sbp_launch *launch)
{
	int error = 0, status = 0, report = -1;
	pid_t pid;

	sbp_launch_set_report(launch, &report);
	if (!try_strongest(request, known, launch, &pid, &error, &status)) {
		status = learn(known);
		if (!status)
			status = set_plan(request, known, launch);
		if (!status)
			status = serve_files_by_plan(request, known, launch);
		if (status)
			return status;
		/* a loaded command says it to the broker */
		if (!known->broker &&
		    sbp_state(known->probe, SBP_FEATURE_SECCOMP_USER_NOTIF) != SBP_AVAILABLE)
			sbp_launch_set_report(launch, NULL);
		if (request->verbose)
			print_plan(request, known, launch);
		error = sbp_launch_start(launch, &pid);
		if (!error && sbp_plan_level(known->plan) < SBP_LEVEL_LAYERED && !request->verbose)
			complain("level %d only: %s", sbp_launch_level(launch),
				 sbp_plan_rejected(known->plan, 0)->because);
	}
	if (status)
		return status;
	return error ? refuse(request, known, launch, error) : wait_for(request, pid, report);
}

int main(int argc, char **argv)
{
	struct knowledge known = { 0 };
	struct sbp_launch *launch = NULL;
	struct request request;
	char found[4096];
	int status = parse_command_line(&request, argc, argv);

	if (status || request.answered)
		return status;
	request.path = find_command(&request, found, sizeof(found));
	if (!request.path) {
		complain("%s: not found", request.command[0]);
		return EXIT_NOT_FOUND;
	}
	if (sbp_launch_new(&launch))
		return no_sandbox("no memory");
	status = pass_standard_streams(launch);
	if (!status)
		status = set_up(&request, launch);
	if (!status)
		status = run(&request, &known, launch);
	sbp_launch_unref(launch);
	sbp_broker_unref(known.broker);
	sbp_plan_unref(known.plan);
	sbp_probe_unref(known.probe);
	return status;
}

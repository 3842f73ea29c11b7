// SPDX-License-Identifier: MIT
/*
 * Makes every attack outside first, where it must work, and then in each place whose protection must stop
 * it. What did not work outside can't be tested here and says so. Prints TAP.
 *
 *	attack [SET-ID-PROGRAM]
 *
 * The same program, started again by itself, is the one that attacks: one static file, so that an empty
 * root and a guest can have it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sandbox-probe.h>

#include "attack.h"

#define REST_OF(policy) (BOTH & ~(policy))

/* The level is that of the two layers together. */
static const struct place places[] = {
	{ "level 1, isolation", "clone", NULL, false, false, BY_ISOLATION | BY_LAUNCH | BY_LIMITS, 0 },
	{ "level 1, compute", "none", "compute", false, false, BY_COMPUTE | BY_LAUNCH | BY_LIMITS, 0 },
	{ "level 1, files-read", "none", "files-read", false, false, BY_FILES_READ | BY_LAUNCH, 0 },
	{ "level 1, network", "none", "network", false, false, BY_NETWORK | BY_LAUNCH, 0 },
	{ "level 1, compute by broadcast", NULL, "compute", false, true, BY_COMPUTE, 0 },
	{ "level 2, compute by broadcast", "clone", "compute", false, true, BY_COMPUTE | BY_LAUNCH,
	  0 },
	{ "level 3, compute", "clone", "compute", false, false,
	  BY_ISOLATION | BY_COMPUTE | BY_LAUNCH | BY_LIMITS, 0 },
	{ "level 3, compute, with an init", "clone", "compute", true, false,
	  BY_ISOLATION | BY_COMPUTE | BY_LAUNCH, 0 },
	{ "level 3, files-read", "clone", "files-read", true, false,
	  BY_ISOLATION | BY_FILES_READ | BY_LAUNCH, BY_FILES_READ },
	{ "level 3, network", "clone", "network", true, false,
	  BY_ISOLATION | BY_NETWORK | BY_LAUNCH, BY_NETWORK },
};

enum { PLACES = sizeof(places) / sizeof(*places) };

/* --- The one that attacks --------------------------------------------------------------------- */

struct job {
	const struct attack *attack;
	struct target target;
	bool outside, go;
};

_Noreturn static void attack_now(const struct job *job)
{
	int result;

	if (!job->attack)
		tell_confinement();
	result = job->attack->run(&job->target);
	if (!result)
		_exit(ATTACK_WORKED);
	_exit(job->outside && result > -100 ? ATTACK_ERRNO - result : ATTACK_DENIED);
}

static void *attack_when_confined(void *data)
{
	struct job *job = data;

	while (!__atomic_load_n(&job->go, __ATOMIC_ACQUIRE))
		usleep(1000);
	attack_now(job);
}

/* Confined by a signal to a thread that is waiting already, which then attacks. */
static int attack_by_thread(struct job *job, const char *name)
{
	struct sbp_policy *policy;
	struct sbp_probe *probe;
	struct sbp_locked end;
	pthread_t thread;
	int error = sbp_probe_new(&probe);

	if (!error)
		error = sbp_probe_set_assume(probe, "seccomp-tsync=absent");
	if (!error)
		error = sbp_probe_run(probe, SBP_QUICK);
	if (!error)
		error = sbp_policy_by_name(name, &policy);
	if (!error)
		error = -pthread_create(&thread, NULL, attack_when_confined, job);
	if (!error)
		error = sbp_lock(probe, policy, &end);
	if (error || strcmp(end.threads, "broadcast") != 0)
		return ATTACK_UNKNOWN;
	__atomic_store_n(&job->go, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	return ATTACK_UNKNOWN;
}

/* inside NUMBER HOW TARGET */
static int attack(char **words)
{
	struct job job = { .attack = attack_at(atoi(words[0])) };
	unsigned char *bytes = (void *)&job.target;
	char digits[3] = "";

	if (strlen(words[2]) != 2 * sizeof(job.target))
		return ATTACK_UNKNOWN;
	for (size_t i = 0; i < sizeof(job.target); i++) {
		memcpy(digits, words[2] + 2 * i, 2);
		bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	job.outside = strcmp(words[1], "outside") == 0;
	if (!job.outside && strcmp(words[1], "plain") != 0)
		return attack_by_thread(&job, words[1]);
	attack_now(&job);
}

/* --- The run ------------------------------------------------------------------------------------ */

static int number, failed, denied;
static bool usable[PLACES];

static void tell(bool good, const char *attack, const char *place, int outside, int inside)
{
	printf("%s %d - %s: %s\n", good ? "ok" : "not ok", ++number, attack, place);
	if (!good)
		printf("# outside %d, inside %d (40 worked, 41 denied)\n", outside, inside);
	failed += !good;
	denied += good;
}

static void tell_skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++number, what, why);
}

/* Behind the last attack comes the question whether there is a filter and no_new_privs. */
static void find_places(const struct target *target, int last)
{
	for (int p = 0; p < PLACES; p++) {
		int end = attack_inside(last, target, &places[p]);

		usable[p] = end == ATTACK_DENIED || (end == ATTACK_WORKED && !places[p].policy);
		if (end == ATTACK_UNKNOWN)
			tell_skip(places[p].name, "it can't be had here, see above");
		else
			tell(usable[p], "to be confined", places[p].name, 0, end);
	}
}

static bool is_for(const struct attack *attack, const struct place *place)
{
	return attack->stopped_by & place->stops && !(attack->stopped_by & place->spare);
}

static void make_attack(int a, const struct target *target)
{
	const struct attack *attack = attack_at(a);
	int outside = attack_outside(a, target), inside;

	if (attack->not_for_root && geteuid() == 0) {
		tell_skip(attack->name, attack->not_for_root);
		return;
	}
	if (outside == ATTACK_DENIED || outside > ATTACK_ERRNO) {
		printf("ok %d - %s # SKIP it does not work outside either: %s\n", ++number,
		       attack->name,
		       outside > ATTACK_ERRNO ? strerror(outside - ATTACK_ERRNO) : "denied");
		return;
	}
	for (int p = 0; p < PLACES; p++) {
		if (!usable[p] || !is_for(attack, &places[p]))
			continue;
		inside = attack_inside(a, target, &places[p]);
		tell(outside == ATTACK_WORKED && inside == ATTACK_DENIED, attack->name,
		     places[p].name, outside, inside);
	}
}

/* Namespaces by themselves do not keep their first process from clearing what ends it. */
static void endure(void)
{
	int outside = outlive_launcher(NULL), inside;

	for (int p = 0; p < PLACES; p++) {
		/* a survivor is watched for long: one is enough */
		if (!usable[p] || !places[p].policy || places[p].broadcast || failed)
			continue;
		inside = outlive_launcher(&places[p]);
		tell(outside == ATTACK_WORKED && inside == ATTACK_DENIED, "outlive the launcher",
		     places[p].name, outside, inside);
	}
	outside = race_launch(NULL, 10);
	for (int p = 0; p < PLACES; p++) {
		if (!usable[p] || !places[p].policy || places[p].broadcast ||
		    strcmp(places[p].policy, "compute") != 0)
			continue;
		inside = race_launch(&places[p], 20);
		tell(outside == ATTACK_WORKED && inside == ATTACK_DENIED,
		     "swap the command while it is launched", places[p].name, outside, inside);
	}
}

static int run(const char *set_id)
{
	struct target target;
	int last = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	alarm(850); /* guests give it 900 */
	while (attack_at(last))
		last++;
	make_targets(&target, set_id);
	find_places(&target, last);
	for (int a = 0; a < last; a++)
		make_attack(a, &target);
	endure();
	remove_targets(&target);
	printf("# %d attacks, %d denials seen\n1..%d\n", last + 2, denied, number);
	return failed || !denied;
}

int main(int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "set-id") == 0)
		return getuid() && !geteuid() ? ATTACK_WORKED : ATTACK_DENIED;
	if (argc == 5 && strcmp(argv[1], "inside") == 0)
		return attack(argv + 2);
	if (argc == 2 && strcmp(argv[1], "survive") == 0)
		survive();
	if (argc == 2 && strcmp(argv[1], "confined") == 0)
		tell_confinement();
	return argc <= 2 ? run(argv[1]) : 2;
}

/* SPDX-License-Identifier: MIT */
/*
 * Questions about namespaces. Each is asked in two ways: as the process is, and through a user
 * namespace, which is how a process without rights gets the others.
 *
 * Making a user namespace proves little: on some systems clone(2) succeeds and then the maps can't be
 * written, or the capabilities inside do nothing. So the child writes its maps and uses its rights:
 * it brings a loopback up, names its host, mounts an empty root, and makes a second user namespace
 * after it gave its capabilities up. One clone with all namespaces answers for all when it succeeds;
 * only a failure is taken apart. At most one network namespace is made, being the dearest by far.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

/* How a namespace is made: by clone(2) for those that came before 4.6. Older kernels take the later
 * flags for something else (CLONE_STOPPED) or ignore them; unshare(2) refuses what it doesn't know. */
struct kind {
	enum sbp_feature feature;
	unsigned long flag;
	bool by_clone;
	const char *unshare, *clone, *clone_in_user_ns;
};

#define BY_CLONE(id, flag)                                                              \
	{                                                                               \
		SBP_FEATURE_##id, flag, true, "unshare(" #flag ")", "clone(" #flag ")", \
			"clone(CLONE_NEWUSER|" #flag ")"                                \
	}
#define BY_UNSHARE(id, flag)                                                    \
	{                                                                       \
		SBP_FEATURE_##id, flag, false, "unshare(" #flag ")", NULL, NULL \
	}

static const struct kind kinds[] = {
	BY_CLONE(PID_NS, CLONE_NEWPID),	    BY_CLONE(NET_NS, CLONE_NEWNET),
	BY_CLONE(IPC_NS, CLONE_NEWIPC),	    BY_CLONE(UTS_NS, CLONE_NEWUTS),
	BY_CLONE(MOUNT_NS, CLONE_NEWNS),    BY_UNSHARE(CGROUP_NS, CLONE_NEWCGROUP),
	BY_UNSHARE(TIME_NS, CLONE_NEWTIME),
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* What stands or falls with the user namespace alone. */
#define USER_NS_ALONE (SBP_BIT(USER_NS) | SBP_BIT(USER_NS_NESTED_CAPS) | SBP_BIT(CHROOT_IN_USER_NS))

static sbp_set bit(enum sbp_feature feature)
{
	return UINT64_C(1) << feature;
}

/* Settles by a call that returns 0 when all is well. */
static bool settle_by(struct sbp_probe *p, sbp_set features, const char *call, long result)
{
	if (result)
		sbp_no(p, features, p->way, call, result);
	else
		sbp_yes(p, features, p->way);
	return !result;
}

/* --- Both ways ---------------------------------------------------------------------------- */

/* Mounted over "/", which is always there. Last of all: it makes this process look chrooted. */
static long mount_in_child(struct sbp_probe *p, const char **call)
{
	static const char private[] = "mount(\"none\", \"/\", \"none\", MS_REC|MS_PRIVATE, NULL)";
	static const char empty[] = "mount(\"empty\", \"/\", \"tmpfs\", 0, \"size=4k\")";
	const sbp_set self = SBP_BIT(MOUNT_NS);
	const long none = (long)"none"; /* nobody reads it; valgrind reports a NULL */
	long result =
		sbp_ask(p, self, private, SYS_mount, none, (long)"/", none, MS_REC | MS_PRIVATE, 0);

	*call = result ? private : empty;
	if (!result)
		result = sbp_ask(p, self, empty, SYS_mount, (long)"empty", (long)"/", (long)"tmpfs",
				 0, (long)"size=4k");
	return result;
}

static bool ask_mounts_in_child(struct sbp_probe *p)
{
	const char *call;
	long result = mount_in_child(p, &call);

	return settle_by(p, SBP_BIT(MOUNT_NS), call, result);
}

/* --- As the process is -------------------------------------------------------------------- */

static void nothing_in_child(struct sbp_probe *p, void *data)
{
	(void)p;
	(void)data;
}

/*
 * A mount namespace in which nothing can be mounted, as some security modules have it, is of no use. In a chroot
 * whose root is no mount (EINVAL) it is none the worse, but no launch can make such a root its own.
 */
static void ask_one_directly_in_child(struct sbp_probe *p, const struct kind *kind)
{
	const char *call = kind->unshare;
	long result = sbp_ask(p, bit(kind->feature), call, SYS_unshare, (long)kind->flag);

	if (!result && kind->feature == SBP_FEATURE_MOUNT_NS) {
		result = mount_in_child(p, &call);
		p->area->root_is_no_mount = result == -EINVAL;
		result = result == -EINVAL ? 0 : result;
	}
	settle_by(p, bit(kind->feature), call, result);
}

static void ask_directly_in_child(struct sbp_probe *p, void *data)
{
	(void)data;
	p->where = "child";
	p->way = SBP_DIRECTLY;
	for (int i = 0; i < KINDS; i++) {
		const struct kind *kind = &kinds[i];
		const struct sbp_answer *answer = &p->area->answers[kind->feature];

		if (!sbp_in(p->asked, kind->feature) || kind->feature == SBP_FEATURE_PID_NS ||
		    sbp_settled(p, kind->feature, SBP_DIRECTLY))
			continue;
		/* the dearest; where no user namespace is to be assumed, this is the way that counts */
		if (kind->feature == SBP_FEATURE_NET_NS &&
		    answer->way[SBP_THROUGH_USER_NS].verdict == SBP_YES &&
		    !p->is_assumed[SBP_FEATURE_USER_NS])
			continue;
		ask_one_directly_in_child(p, kind);
	}
}

/*
 * unshare(CLONE_NEWPID) came in 3.8 and till 4.2 refuses a process that shares its memory, so that one
 * is asked by a clone, in whose child the others are asked; or in a plain one, where it failed.
 */
static void ask_directly(struct sbp_probe *p)
{
	struct sbp_child pid = { .flags = CLONE_NEWPID,
				 .call = "clone(CLONE_NEWPID)",
				 .features = SBP_BIT(PID_NS),
				 .run = ask_directly_in_child,
				 .last = true };
	struct sbp_child plain = { .run = ask_directly_in_child, .last = true };
	bool done = false;
	int error = 0;

	p->way = SBP_DIRECTLY;
	if (sbp_in(p->asked, SBP_FEATURE_PID_NS)) {
		error = sbp_run_child(p, &pid);
		settle_by(p, pid.features, pid.call, error);
		done = !error && !pid.signal;
	}
	/* A call that kills settles its own feature, so that each new child comes further. */
	while (!done) {
		error = sbp_run_child(p, &plain);
		done = error || !plain.signal || !plain.fatal;
	}
	for (int i = 0; error && i < KINDS; i++)
		if (sbp_in(p->asked, kinds[i].feature) &&
		    !sbp_settled(p, kinds[i].feature, SBP_DIRECTLY))
			sbp_could_not_ask(p, bit(kinds[i].feature), SBP_DIRECTLY,
					  "clone(CLONE_VM|CLONE_VFORK)", error);
}

/* --- Through a user namespace ------------------------------------------------------------- */

struct inside {
	sbp_set features; /* which are to be settled in this child */
	long uid, gid;	  /* who we are outside */
};

/* Maps the caller's ids to root's: without setgroups(2) anybody may map his own. */
static bool write_maps_in_child(struct sbp_probe *p, const struct inside *inside)
{
	const char *path = "/proc/self/uid_map";
	long result;

	sbp_ask_write(p, SBP_BIT(USER_NS), "/proc/self/setgroups", "deny");
	result = sbp_ask_write(p, SBP_BIT(USER_NS), path, sbp_text(p, "0 %ld 1", inside->uid));
	if (result >= 0) {
		path = "/proc/self/gid_map";
		result = sbp_ask_write(p, SBP_BIT(USER_NS), path,
				       sbp_text(p, "0 %ld 1", inside->gid));
	}
	if (result < 0)
		sbp_no(p, inside->features, p->way, path, result);
	return result >= 0;
}

static long bring_loopback_up_in_child(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long result;

	if (fd < 0)
		return -errno;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	result = ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
	sbp_kernel(SYS_close, fd);
	return result;
}

static bool ask_loopback_in_child(struct sbp_probe *p)
{
	static const char call[] = "ioctl(SIOCSIFFLAGS, \"lo\", IFF_UP)";
	long result;

	sbp_begin(p, SBP_BIT(NET_NS), call);
	if (!sbp_faked(p, call, &result))
		result = bring_loopback_up_in_child();
	sbp_finish(p);
	sbp_note(p, SBP_BIT(NET_NS), call, result, 0);
	return settle_by(p, SBP_BIT(NET_NS), call, result);
}

static bool ask_host_name_in_child(struct sbp_probe *p)
{
	static const char call[] = "sethostname(\"sandbox\", 7)";

	return settle_by(p, SBP_BIT(UTS_NS), call,
			 sbp_ask(p, SBP_BIT(UTS_NS), call, SYS_sethostname, (long)"sandbox", 7));
}

static bool ask_chroot_in_child(struct sbp_probe *p)
{
	static const char call[] = "chroot(\"/\")";
	const sbp_set both = SBP_BIT(CHROOT_IN_USER_NS) | SBP_BIT(USER_NS);

	return settle_by(p, SBP_BIT(CHROOT_IN_USER_NS), call,
			 sbp_ask(p, both, call, SYS_chroot, (long)"/"));
}

/* The first process of a new PID namespace is number 1, or there is no such namespace. */
static bool ask_pid_in_child(struct sbp_probe *p)
{
	static const char call[] = "getpid()";
	long pid = sbp_ask(p, SBP_BIT(PID_NS), call, SYS_getpid, 0);

	return settle_by(p, SBP_BIT(PID_NS), call, pid < 0 ? pid : pid != 1);
}

static void ask_unshare_in_child(struct sbp_probe *p, sbp_set features)
{
	for (int i = 0; i < KINDS; i++) {
		const struct kind *kind = &kinds[i];

		if (kind->by_clone || !sbp_in(features, kind->feature))
			continue;
		settle_by(p, bit(kind->feature), kind->unshare,
			  sbp_ask(p, bit(kind->feature), kind->unshare, SYS_unshare,
				  (long)kind->flag));
	}
}

/*
 * The first process of a PID namespace that took a capability to make: without any it must still get a user
 * namespace of its own.
 */
static void leave_capabilities_in_child(struct sbp_probe *p, void *data)
{
	static const char drop[] = "capset(no capabilities)";
	const struct {
		unsigned int version;
		int pid;
	} header = { _LINUX_CAPABILITY_VERSION_3 /* 2.6.26 */, 0 };
	const unsigned int none[6] = { 0 };
	const sbp_set self = SBP_BIT(USER_NS_NESTED_CAPS);
	struct sbp_child child = { .flags = CLONE_NEWUSER,
				   .call = "clone(CLONE_NEWUSER)",
				   .features = self,
				   .run = nothing_in_child };
	long result = sbp_ask(p, self, drop, SYS_capset, (long)&header, (long)none);

	(void)data;
	if (result)
		sbp_no(p, self, p->way, drop, result);
	else
		settle_by(p, self, child.call, sbp_run_child(p, &child));
}

static bool ask_nested_in_child(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(USER_NS_NESTED_CAPS);
	struct sbp_child pid = { .flags = CLONE_NEWPID,
				 .call = "clone(CLONE_NEWPID)",
				 .features = self,
				 .run = leave_capabilities_in_child };
	int error = sbp_run_child(p, &pid);

	if (error)
		sbp_no(p, self, p->way, pid.call, error);
	return !error;
}

/*
 * The user namespace itself is a yes when a capability in it worked, whichever: each of them may be
 * somebody else's to forbid for reasons of its own.
 */
static void ask_inside_in_child(struct sbp_probe *p, void *data)
{
	static const struct {
		enum sbp_feature feature;
		bool (*ask)(struct sbp_probe *p);
	} uses[] = {
		{ SBP_FEATURE_USER_NS_NESTED_CAPS, ask_nested_in_child },
		{ SBP_FEATURE_CHROOT_IN_USER_NS, ask_chroot_in_child },
		{ SBP_FEATURE_NET_NS, ask_loopback_in_child },
		{ SBP_FEATURE_UTS_NS, ask_host_name_in_child },
		{ SBP_FEATURE_MOUNT_NS, ask_mounts_in_child },
	};
	const struct inside *inside = data;

	p->where = "user namespace";
	p->way = SBP_THROUGH_USER_NS;
	if (!write_maps_in_child(p, inside))
		return;
	if (sbp_in(inside->features, SBP_FEATURE_PID_NS))
		ask_pid_in_child(p);
	sbp_yes(p, inside->features & SBP_BIT(IPC_NS), p->way);
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (sbp_in(inside->features, uses[i].feature) && uses[i].ask(p))
			sbp_yes(p, SBP_BIT(USER_NS), p->way);
	/* Behind the clones: after unshare(CLONE_NEWTIME) 5.6 to 5.10 refuse any that share memory. */
	ask_unshare_in_child(p, inside->features);
}

/* A uid or a gid; negative where somebody's filter refuses to tell. */
static long ask_id(struct sbp_probe *p, sbp_set features, const char *call, long number)
{
	long id;

	sbp_begin(p, features, call);
	id = sbp_kernel(number, 0);
	sbp_finish(p);
	if (id >= -4095 && id < 0)
		sbp_could_not_ask(p, features, p->way, call, id);
	else
		id &= 0xffffffff;
	return id;
}

/* Asks for some features in a child of its own; a failed clone is their answer. */
static int ask_in_user_ns(struct sbp_probe *p, sbp_set features, unsigned long flags, const char *call)
{
	struct inside inside = { .features = features };
	struct sbp_child child = { .flags = CLONE_NEWUSER | flags,
				   .call = call,
				   .features = features,
				   .run = ask_inside_in_child,
				   .data = &inside };
	int error;

	p->way = SBP_THROUGH_USER_NS;
	inside.uid = ask_id(p, features, "geteuid()", SBP_SYS_geteuid);
	inside.gid = ask_id(p, features, "getegid()", SBP_SYS_getegid);
	if (inside.uid < 0 || inside.gid < 0)
		return 0;
	error = sbp_run_child(p, &child);
	p->way = SBP_THROUGH_USER_NS;
	if (error)
		sbp_no(p, features, p->way, call, error);
	return error;
}

/* What a child that was killed could not come to is asked again, each in a child of its own. */
static void ask_what_was_cut_off(struct sbp_probe *p, sbp_set features)
{
	struct sbp_answer *answers = p->area->answers;
	const struct sbp_finding *user_ns = &answers[SBP_FEATURE_USER_NS].way[SBP_THROUGH_USER_NS];

	for (int f = 1; f < SBP_FEATURE_LIMIT; f++) {
		const struct kind *kind = NULL;

		if (!sbp_in(features, f) || sbp_rows[f].family != SBP_FAMILY_NAMESPACE ||
		    f == SBP_FEATURE_USER_NS || sbp_settled(p, f, SBP_THROUGH_USER_NS))
			continue;
		for (int i = 0; i < KINDS; i++)
			if (kinds[i].feature == (enum sbp_feature)f && kinds[i].by_clone)
				kind = &kinds[i];
		if (user_ns->verdict == SBP_NO)
			answers[f].way[SBP_THROUGH_USER_NS] = *user_ns;
		else
			ask_in_user_ns(p, bit(f), kind ? kind->flag : 0,
				       kind ? kind->clone_in_user_ns : "clone(CLONE_NEWUSER)");
	}
	/* No capability worked: chroot(2) is the one that needs nothing else. */
	if (!sbp_settled(p, SBP_FEATURE_USER_NS, SBP_THROUGH_USER_NS))
		answers[SBP_FEATURE_USER_NS].way[SBP_THROUGH_USER_NS] =
			answers[SBP_FEATURE_CHROOT_IN_USER_NS].way[SBP_THROUGH_USER_NS];
}

static void ask_one_by_one(struct sbp_probe *p, sbp_set wanted, sbp_set later)
{
	const char *call = "clone(CLONE_NEWUSER)";
	int error = ask_in_user_ns(p, USER_NS_ALONE | later, 0, call);

	for (int i = 0; i < KINDS; i++) {
		const struct kind *kind = &kinds[i];

		if (!kind->by_clone || !sbp_in(wanted, kind->feature))
			continue;
		if (error)
			sbp_no(p, bit(kind->feature), p->way, call, error);
		else
			ask_in_user_ns(p, bit(kind->feature), kind->flag, kind->clone_in_user_ns);
	}
	ask_what_was_cut_off(p, USER_NS_ALONE | later | wanted);
}

static void ask_through_user_ns(struct sbp_probe *p)
{
	sbp_set wanted = p->asked, later = 0, now = USER_NS_ALONE;
	unsigned long flags = 0;

	for (int i = 0; i < KINDS; i++) {
		if (!sbp_in(wanted, kinds[i].feature))
			continue;
		if (kinds[i].by_clone) {
			flags |= kinds[i].flag;
			now |= bit(kinds[i].feature);
		} else {
			later |= bit(kinds[i].feature);
		}
	}
	if (flags) {
		const char *call = sbp_text(p, "clone(CLONE_NEWUSER%s%s%s%s%s)",
					    flags & CLONE_NEWPID ? "|CLONE_NEWPID" : "",
					    flags & CLONE_NEWNET ? "|CLONE_NEWNET" : "",
					    flags & CLONE_NEWIPC ? "|CLONE_NEWIPC" : "",
					    flags & CLONE_NEWUTS ? "|CLONE_NEWUTS" : "",
					    flags & CLONE_NEWNS ? "|CLONE_NEWNS" : "");

		if (!ask_in_user_ns(p, now | later, flags, call)) {
			ask_what_was_cut_off(p, now | later);
			return;
		}
	}
	ask_one_by_one(p, wanted, later);
}

void sbp_ask_namespaces(struct sbp_probe *p)
{
	sbp_set through = USER_NS_ALONE, namespaces = 0;

	for (int i = 0; i < KINDS; i++)
		namespaces |= bit(kinds[i].feature);
	if (p->asked & (through | namespaces))
		ask_through_user_ns(p);
	if (p->asked & namespaces)
		ask_directly(p);
}

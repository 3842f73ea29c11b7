/* SPDX-License-Identifier: MIT */
/*
 * Questions about seccomp. Most need no filter: a NULL program is refused with EFAULT only after the
 * kernel has accepted operation and flags, and with EINVAL before. Every flag is asked in a
 * combination that is valid on kernels that have it. The proofs install real filters, in a child.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <linux/filter.h>
#include <sys/prctl.h>

#include "probe.h"
#include "uapi.h"

/* On ARM the answers for this process are those for 32-bit ARM processes, too: two rows, one question. */
#if defined(__arm__)
#define STRICT (SBP_BIT(SECCOMP_STRICT) | SBP_BIT(ARM_SECCOMP_STRICT))
#define FILTER (SBP_BIT(SECCOMP_FILTER) | SBP_BIT(ARM_SECCOMP_FILTER))
#else
#define STRICT SBP_BIT(SECCOMP_STRICT)
#define FILTER SBP_BIT(SECCOMP_FILTER)
#endif

/* Settles a question that the kernel answers with EFAULT when it has what was asked for. */
static bool expect_fault(struct sbp_probe *p, sbp_set features, const char *call, long result)
{
	if (result == -EFAULT)
		return true;
	sbp_no(p, features, p->way, call, result);
	return false;
}

static bool has_flags(struct sbp_probe *p, sbp_set self, const char *call, unsigned long flags)
{
	return expect_fault(p, self, call,
			    sbp_ask(p, self, call, SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				    (long)flags, 0));
}

static bool has_action(struct sbp_probe *p, sbp_set self, const char *call, unsigned int action)
{
	long result = sbp_ask(p, self, call, SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, (long)&action);

	if (result)
		sbp_no(p, self, p->way, call, result);
	return !result;
}

/* The same with the evidence written from the code: HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_LOG). */
#define HAS_FLAGS(p, self, flags) \
	has_flags(p, self, "seccomp(SECCOMP_SET_MODE_FILTER, " #flags ", NULL)", flags)
#define HAS_ACTION(p, self, action) \
	has_action(p, self, "seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &" #action ")", action)

/* --- Mode 1 ------------------------------------------------------------------------------- */

static const char forbidden[] = "getpid()";

/*
 * Enters mode 1 and then does what it forbids: the kernel must kill. PR_GET_SECCOMP would prove
 * nothing (gVisor answers it and has no mode 1), and calling it inside kills as well.
 */
static void enter_strict_in_child(struct sbp_probe *p, void *data)
{
	static const char enter[] = "prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)";
	long result;

	(void)data;
	p->where = "child";
	result = sbp_ask(p, STRICT, enter, SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	if (result) {
		sbp_no(p, STRICT, SBP_DIRECTLY, enter, result);
		return;
	}
	p->where = "mode 1";
	sbp_ask(p, STRICT, forbidden, SYS_getpid, 0);
}

void sbp_ask_seccomp_strict(struct sbp_probe *p)
{
	struct sbp_child child = { .run = enter_strict_in_child };

	if (sbp_run_child(p, &child))
		sbp_could_not_ask(p, STRICT, SBP_DIRECTLY, "clone(CLONE_VM|CLONE_VFORK)",
				  -child.error);
	else if (child.fatal == forbidden && child.signal == SIGKILL)
		sbp_yes(p, STRICT, SBP_DIRECTLY);
	else if (!sbp_settled(p, SBP_FEATURE_SECCOMP_STRICT, SBP_DIRECTLY))
		sbp_no(p, STRICT, SBP_DIRECTLY, forbidden, 0);
}

/* --- Mode 2 ------------------------------------------------------------------------------- */

void sbp_ask_seccomp_filter(struct sbp_probe *p)
{
	static const char call[] = "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL)";
	const sbp_set filter = FILTER;

	if (expect_fault(p, filter, call,
			 sbp_ask(p, filter, call, SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0,
				 0, 0)))
		sbp_yes(p, filter, p->way);
}

/*
 * Some vendor kernels have another call on seccomp's number that takes anything. An operation that
 * does not exist and a flag that mode 1 does not have must both be refused with EINVAL.
 */
void sbp_ask_seccomp_syscall(struct sbp_probe *p)
{
	static const char unknown[] = "seccomp(0xffffffff, 0, NULL)";
	static const char flagged[] = "seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL)";
	static const char filter[] = "seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL)";
	const sbp_set self = SBP_BIT(SECCOMP_SYSCALL);
	long result = sbp_ask(p, self, unknown, SYS_seccomp, 0xffffffffL, 0, 0);

	if (result != -EINVAL) {
		sbp_no(p, self, p->way, unknown, result);
		return;
	}
	result = sbp_ask(p, self, flagged, SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, 0);
	if (result != -EINVAL) {
		sbp_no(p, self, p->way, flagged, result);
		return;
	}
	result = sbp_ask(p, self, filter, SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0);
	if (result == -EFAULT || result == -EINVAL) /* EINVAL: the call without the filter */
		sbp_yes(p, self, p->way);
	else
		sbp_no(p, self, p->way, filter, result);
}

void sbp_ask_seccomp_tsync(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_TSYNC);

	if (HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_TSYNC))
		sbp_yes(p, self, p->way);
}

void sbp_ask_seccomp_tsync_esrch(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_TSYNC_ESRCH);

	if (HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
		sbp_yes(p, self, p->way);
}

void sbp_ask_seccomp_log(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_LOG);

	if (HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_LOG) && HAS_ACTION(p, self, SECCOMP_RET_LOG))
		sbp_yes(p, self, p->way);
}

/*
 * A yes is a 0, and so is what another call on seccomp's number may answer: ask for nonsense first. And
 * kernels without the filter know its actions all the same.
 */
void sbp_ask_seccomp_kill_process(struct sbp_probe *p)
{
	static const char unknown[] = "seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &0x12345678)";
	const sbp_set self = SBP_BIT(SECCOMP_KILL_PROCESS);
	const uint32_t no_action = 0x12345678;
	long result = sbp_ask(p, self, unknown, SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
			      (long)&no_action);

	if (result != -EOPNOTSUPP)
		sbp_no(p, self, p->way, unknown, result);
	else if (HAS_FLAGS(p, self, 0) && HAS_ACTION(p, self, SECCOMP_RET_KILL_PROCESS))
		sbp_yes(p, self, p->way);
}

void sbp_ask_seccomp_spec_allow(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_SPEC_ALLOW);

	if (HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		sbp_yes(p, self, p->way);
}

void sbp_ask_seccomp_user_notif(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_USER_NOTIF);

	if (HAS_FLAGS(p, self, SECCOMP_FILTER_FLAG_NEW_LISTENER) &&
	    HAS_ACTION(p, self, SECCOMP_RET_USER_NOTIF))
		sbp_yes(p, self, p->way);
}

/* Alone this flag is refused with EINVAL by kernels that have it. */
void sbp_ask_seccomp_wait_killable(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_WAIT_KILLABLE);

	if (HAS_FLAGS(p, self,
		      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
		sbp_yes(p, self, p->way);
}

/* --- Proofs, in a child ------------------------------------------------------------------- */

/* Filters need it where the process has no CAP_SYS_ADMIN; kernels without it need the capability. */
static void give_up_new_privileges(struct sbp_probe *p, sbp_set features)
{
	sbp_ask(p, features, "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)", SYS_prctl,
		PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * Installs a filter that denies getppid() with the given errno and allows everything else, by
 * seccomp(2), or by prctl(2) where flags is negative. One child makes all the proofs; where it takes several
 * filters these pile up and the newest decides: an errno of its own tells each from the others.
 */
static long try_install(struct sbp_probe *p, sbp_set self, const char *call, long flags, int denial)
{
	struct sock_filter deny_getppid[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* struct seccomp_data starts with nr */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)denial),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = 4, .filter = deny_getppid };

	give_up_new_privileges(p, self);
	if (flags < 0)
		return sbp_ask(p, self, call, SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
			       (long)&program, 0, 0);
	return sbp_ask(p, self, call, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, (long)&program);
}

/* The same, and a failure is the answer. */
static long install(struct sbp_probe *p, sbp_set self, const char *call, long flags, int denial)
{
	long result = try_install(p, self, call, flags, denial);

	if (result < 0)
		sbp_no(p, self, SBP_DIRECTLY, call, result);
	return result;
}

/* What the filter forbids must be denied: an installation that succeeds proves nothing. */
static void expect_denial(struct sbp_probe *p, sbp_set self, int denial)
{
	static const char denied[] = "getppid()";

	if (sbp_ask(p, self, denied, SYS_getppid, 0) != -denial)
		sbp_no(p, self, SBP_DIRECTLY, denied, 0);
}

static sbp_set answered_yes(const struct sbp_probe *p, sbp_set features)
{
	for (int f = 1; f < SBP_FEATURE_LIMIT; f++)
		if (sbp_in(features, f) && p->area->answers[f].way[SBP_DIRECTLY].verdict != SBP_YES)
			features &= ~(UINT64_C(1) << f);
	return features;
}

/*
 * A healthy kernel takes all flags in one call, of which the listener's and TSYNC's go together since 5.7 only.
 * Where it does not, each flag is proved alone, to tell which it was; and so where there is a filter already,
 * which may answer to one flag and not to another.
 */
static bool prove_at_once(struct sbp_probe *p)
{
#define FLAGS_SINCE_5_7 \
	SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_NEW_LISTENER
#define INSTALL(flags) "seccomp(SECCOMP_SET_MODE_FILTER, " flags ", &deny_getppid)"
#define WORDS_SINCE_5_7                                              \
	"SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_TSYNC_ESRCH|" \
	"SECCOMP_FILTER_FLAG_NEW_LISTENER"
	static const char since_5_7[] = INSTALL(WORDS_SINCE_5_7);
	static const char since_5_19[] =
		INSTALL(WORDS_SINCE_5_7 "|SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	const sbp_set all = FILTER | SBP_BIT(SECCOMP_TSYNC) | SBP_BIT(SECCOMP_TSYNC_ESRCH) |
			    SBP_BIT(SECCOMP_USER_NOTIF);
	const sbp_set killable = answered_yes(p, SBP_BIT(SECCOMP_WAIT_KILLABLE));
	long fd;

	if (p->filtered || answered_yes(p, all) != all)
		return false;
	fd = try_install(p, all | killable, killable ? since_5_19 : since_5_7,
			 (FLAGS_SINCE_5_7) | (killable ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0),
			 EREMOTE);
	if (fd < 0)
		return false;
	if (!p->fake)
		sbp_kernel(SYS_close, fd);
	expect_denial(p, all | killable, EREMOTE);
	return true;
#undef FLAGS_SINCE_5_7
#undef WORDS_SINCE_5_7
#undef INSTALL
}

void sbp_prove_seccomp_filter(struct sbp_probe *p)
{
	const sbp_set self = FILTER;

	p->area->proved_at_once = prove_at_once(p);
	if (p->area->proved_at_once)
		return;
	if (!install(p, self, "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &deny_getppid)", -1,
		     EREMOTE))
		expect_denial(p, self, EREMOTE);
}

void sbp_prove_seccomp_tsync(struct sbp_probe *p)
{
	const sbp_set self = SBP_BIT(SECCOMP_TSYNC);

	if (p->area->proved_at_once)
		return;
	if (!install(p, self,
		     "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &deny_getppid)",
		     SECCOMP_FILTER_FLAG_TSYNC, EUSERS))
		expect_denial(p, self, EUSERS);
}

/*
 * EBUSY here means that a listener of somebody's exists already, as in every process of WSL2. How a listener
 * waits stands or falls with it.
 */
void sbp_prove_seccomp_user_notif(struct sbp_probe *p)
{
	const sbp_set self =
		answered_yes(p, SBP_BIT(SECCOMP_USER_NOTIF) | SBP_BIT(SECCOMP_WAIT_KILLABLE));
	long fd;

	if (p->area->proved_at_once)
		return;
	fd = install(p, self,
		     "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, "
		     "&deny_getppid)",
		     SECCOMP_FILTER_FLAG_NEW_LISTENER, ESTALE);
	if (fd >= 0 && !p->fake)
		sbp_kernel(SYS_close, fd);
}

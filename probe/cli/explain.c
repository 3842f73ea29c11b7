// SPDX-License-Identifier: MIT
/*
 * --explain: one feature for somebody who meets its name for the first time. Owns the sentences on
 * why a launcher wants each.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char *const purposes[] = {
#define WHY(id, text) [SBP_FEATURE_##id] = text
	WHY(SECCOMP_STRICT, "The trusted thread stands on it where the kernel has no filters: a "
			    "thread that can only read and write asks another one for the rest."),
	WHY(SECCOMP_FILTER, "It takes system calls away that a sandboxed program has no use for, "
			    "and with them most of the kernel's attack surface."),
	WHY(SECCOMP_SYSCALL,
	    "It installs filters with flags, such as TSYNC and LOG; prctl(2) knows none."),
	WHY(SECCOMP_TSYNC, "A program that has threads already gets its filter on all of them at "
			   "once: no thread is left outside for a moment. Level 3 needs it."),
	WHY(SECCOMP_TSYNC_ESRCH,
	    "A launcher that also wants a notification descriptor can use both in one call."),
	WHY(SECCOMP_LOG, "A new policy is tried out: what it would deny is written to the audit log "
			 "and allowed."),
	WHY(SECCOMP_KILL_PROCESS, "A denied call ends the whole program, where killing one thread "
				  "would leave the others running in an odd state."),
	WHY(SECCOMP_SPEC_ALLOW, "A launcher that trusts its child in this respect spares it the "
				"slowdown of the mitigations."),
	WHY(SECCOMP_USER_NOTIF, "A broker opens files for the sandboxed program, which notices "
				"nothing and needs no code for it."),
	WHY(SECCOMP_WAIT_KILLABLE, "A broker's work is not begun again and again when the "
				   "sandboxed program gets many signals."),
	WHY(NO_NEW_PRIVS, "Without rights of its own a program may install a filter only after it "
			  "gave up gaining any."),
	WHY(USER_NS, "The door to all other namespaces without root: everything that a sandbox "
		     "isolates starts here."),
	WHY(USER_NS_NESTED_CAPS, "Some systems hand out user namespaces in which nothing may be "
				 "done; only capabilities that really work isolate."),
	WHY(PID_NS, "A sandboxed program can't see, trace or signal what runs outside."),
	WHY(NET_NS,
	    "A sandboxed program can't reach the network, nor abstract sockets on the machine."),
	WHY(IPC_NS, "Shared memory and message queues of other programs are out of reach."),
	WHY(UTS_NS, "The host's name neither tells anything nor can be changed."),
	WHY(MOUNT_NS, "The program gets a tree of files of its own, or an empty one."),
	WHY(CGROUP_NS,
	    "The path of the cgroup tells a sandboxed program about the machine's other services."),
	WHY(TIME_NS, "A restored or measured program can be given clocks that fit it."),
	WHY(CHROOT_IN_USER_NS, "An empty root directory leaves no file to open, without any "
			       "privilege on the machine."),
	WHY(SUID_HELPER, "Where user namespaces are missing or forbidden, a small program that "
			 "starts as root makes the namespaces and drops everything."),
	WHY(PTRACE_CHILD, "A crash of a sandboxed child can be dumped from outside, without giving "
			  "the child any right for it."),
	WHY(PTRACE_ANY, "If it is available, a process of the user that escapes can control all "
			"the others: a launcher may want it not to be."),
	WHY(DUMPABLE, "A process that can't be read through /proc can't have its user namespace's "
		      "maps written either."),
	WHY(PIDFD, "A launcher signals and waits for exactly the child that it started, even after "
		   "the number was given to another."),
	WHY(CLONE3, "A child is started in a cgroup, with a pidfd and all namespaces in one call."),
	WHY(LANDLOCK,
	    "File access is restricted by rules without any namespace, even in a container."),
	WHY(ARM_SECCOMP_STRICT,
	    "The same as seccomp-strict, for 32-bit programs, also on a 64-bit kernel."),
	WHY(ARM_SECCOMP_FILTER,
	    "The same as seccomp-filter, for 32-bit programs, also on a 64-bit kernel."),
#undef WHY
};

/* How it is asked, and what helps where the kernel lacks it: columns of the table of features. */
#define IN_PROCESS "by calls that change nothing, in the process itself"
#define SPAWNS	   "by trying it in short-lived children"
static const struct {
	const char *how, *proof, *way_out;
} columns[] = {
#define SBP_FEATURE(number, id, name, summary, since, kconfig, family, place, asker, proof, out) \
	[number] = { place, #proof, out },
#include "features.def"
#undef SBP_FEATURE
};

static const char *purpose_of(enum sbp_feature feature)
{
	bool known = (size_t)feature < sizeof(purposes) / sizeof(*purposes) && purposes[feature];

	return known ? purposes[feature] : "";
}

enum { LABEL_COLUMN = 16 };

static void write_line(struct output *out, const char *label, const char *text)
{
	struct report_style style = style_of_stdout();

	if (!text || !*text)
		return;
	out_format(out, "%-*s", LABEL_COLUMN, label);
	out_wrapped(out, style.width, LABEL_COLUMN, LABEL_COLUMN, text);
}

/* "CONFIG_A=y CONFIG_B=y" */
static void symbol_words(const char *symbols, char *words, size_t size)
{
	size_t used = 0;

	*words = '\0';
	for (size_t length; *symbols && used < size; symbols += length + (symbols[length] == ' ')) {
		length = strcspn(symbols, " ");
		used += (size_t)snprintf(words + used, size - used, "%sCONFIG_%.*s=y",
					 used ? " " : "", (int)length, symbols);
	}
}

/* What every kernel has that we run on can only be forbidden, and then the cause knows more. */
static void write_way_out(struct output *out, enum sbp_feature feature, const char *symbols)
{
	char text[500];

	if (!*symbols && !strcmp(sbp_feature_since(feature), "2.6.29"))
		return;
	snprintf(text, sizeof(text), "Use Linux %s or later%s%s%s.", sbp_feature_since(feature),
		 *symbols ? ", built with " : "", symbols, columns[feature].way_out);
	write_line(out, "When missing", text);
}

static void write_how(struct output *out, enum sbp_feature feature)
{
	char text[200];

	snprintf(text, sizeof(text), "%s%s", columns[feature].how,
		 strcmp(columns[feature].proof, "NULL") ? "; a yes is proved in a child" : "");
	write_line(out, "Asked", text);
}

static void write_evidence(struct output *out, const struct report *report, enum sbp_feature feature)
{
	const struct sbp_evidence *evidence;

	for (size_t i = 0; (evidence = sbp_evidence(report->probe, feature, i)); i++) {
		char words[40];

		report_result_words(evidence, words, sizeof(words));
		out_format(out, "%-*s%s = %s%s%s%s\n", LABEL_COLUMN, i ? "" : "Evidence",
			   evidence->call, words, evidence->where ? " (" : "",
			   evidence->where ? evidence->where : "", evidence->where ? ")" : "");
	}
}

void explain_feature(struct output *out, const struct report *report)
{
	const struct report_row *row = &report->rows[0];
	char since[40], symbols[200];

	out_format(out, "%s: %s\n\n", row->name, sbp_feature_summary(row->feature));
	write_line(out, "What for", purpose_of(row->feature));
	snprintf(since, sizeof(since), "Linux %s", sbp_feature_since(row->feature));
	write_line(out, "Since", since);
	symbol_words(sbp_feature_kconfig(row->feature), symbols, sizeof(symbols));
	write_line(out, "Kconfig", symbols);
	write_how(out, row->feature);
	write_way_out(out, row->feature, symbols);
	out_text(out, "\n");
	for (size_t i = 0; i < report->note_count; i++)
		write_line(out, "Note", report->notes[i]);
	write_line(out, "Here", row->state);
	if (row->overridden)
		write_line(out, "", "overridden by SANDBOX_PROBE_ASSUME");
	if (report_ways_differ(row)) {
		write_line(out, "  directly", row->directly);
		write_line(out, "  by user-ns", row->through_user_ns);
	}
	write_line(out, "Cause", row->cause);
	write_line(out, "Remedy", row->remedy);
	write_evidence(out, report, row->feature);
}

/* SPDX-License-Identifier: MIT */
/*
 * Inside of policies: a text becomes rules (parse.c, check.c), rules become a program (compile.c).
 * The same code makes the shipped policies when the project is built, for every architecture, and
 * compiles a user's file when a program is launched, for its own. README.md describes the language.
 */
#ifndef SBP_POLICY_H
#define SBP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

/* --- Architectures, system calls, constants (syscalls.c, constants.c) ---------------------- */

enum sbp_arch { SBP_X86_64, SBP_I386, SBP_ARM, SBP_ARM64, SBP_ARCHES };

#if defined(__x86_64__)
#define SBP_ARCH_HERE SBP_X86_64
#elif defined(__i386__)
#define SBP_ARCH_HERE SBP_I386
#elif defined(__arm__)
#define SBP_ARCH_HERE SBP_ARM
#else
#define SBP_ARCH_HERE SBP_ARM64
#endif

struct sbp_arch_row {
	const char *name; /* as in [arch=NAME] */
	uint32_t audit;	  /* AUDIT_ARCH_* */
	bool wide;	  /* arguments have 64 bits */
};
extern const struct sbp_arch_row sbp_arch_rows[SBP_ARCHES];

/* The number of a call, -1 where the architecture has none of that name, -2 where none of the four has. */
int sbp_call_number(enum sbp_arch arch, const char *name);

/* The name of a number, or NULL. Async-signal-safe. */
const char *sbp_call_name(enum sbp_arch arch, uint32_t number);

/* The value of a name such as O_RDONLY. */
bool sbp_constant(enum sbp_arch arch, const char *name, uint64_t *value);

/*
 * What stands in a program for the process's own pid, SELF in the text: above every pid there can be
 * (2^22), so that a program that nobody finished denies what it should allow, and never the reverse.
 */
#define SBP_SELF 0x5e1f5e1fU

/* --- Rules -------------------------------------------------------------------------------- */

enum sbp_operator { SBP_EQ, SBP_NE, SBP_LT, SBP_LE, SBP_GT, SBP_GE, SBP_ANY_OF, SBP_ONLY };

/* One comparison. SBP_ANY_OF: a bit of value is set ("&"); SBP_ONLY: no other bit is ("in"). */
struct sbp_atom {
	uint8_t argument; /* 0 to 5 */
	uint8_t op;
	bool low; /* the lower 32 bits count, all others are ignored */
	uint64_t value;
};

/* Atoms that must all hold. */
struct sbp_clause {
	size_t first, count; /* in atoms */
};

/* The first rule one of whose clauses holds decides; one without clauses always does. */
struct sbp_rule {
	size_t first, count; /* in clauses */
	uint32_t action;     /* SECCOMP_RET_* with its data */
};

/* What becomes of one call; the last rule has no clauses, or the default action follows. */
struct sbp_call_rules {
	uint32_t number;
	size_t first, count; /* in rules; calls of one line share theirs */
	const char *file;
	unsigned int line;
};

struct sbp_rules {
	enum sbp_arch arch;
	uint32_t default_action;
	struct sbp_call_rules *calls; /* sorted by number, each number once */
	struct sbp_rule *rules;
	struct sbp_clause *clauses;
	struct sbp_atom *atoms;
	size_t call_count, rule_count, clause_count, atom_count;
	char **files; /* the names that calls point to */
	size_t file_count;
};

/* Where a fault goes: "FILE:LINE: words", cut to fit. The first one counts. */
struct sbp_fault {
	char *text;
	size_t size;
	int error; /* negative errno, 0 while all is well */
};

/* Reads a file (parse) with all that it includes, or a text. 0 or a negative errno; rules to be freed. */
int sbp_rules_read(const char *path, enum sbp_arch arch, struct sbp_rules *rules,
		   struct sbp_fault *fault);
int sbp_rules_parse(const char *text, size_t length, enum sbp_arch arch, struct sbp_rules *rules,
		    struct sbp_fault *fault);
void sbp_rules_free(struct sbp_rules *rules);

/* What the rules say of a call, by going through them one by one: for tests, and for questions. */
uint32_t sbp_rules_verdict(const struct sbp_rules *rules, uint32_t audit_arch, uint32_t number,
			   const uint64_t arguments[6]);
bool sbp_atom_holds(const struct sbp_atom *atom, uint64_t value);

/* --- Faults that need thought (check.c) ---------------------------------------------------- */

/* Can all of these hold at once? A yes may be wrong, a no is right. */
bool sbp_atoms_can_hold(const struct sbp_atom *atoms, size_t count, bool wide);

/* Does the clause hold wherever the other does? A no may be wrong, a yes is right. */
bool sbp_clause_follows(const struct sbp_atom *clause, size_t count, const struct sbp_atom *from,
			size_t from_count, bool wide);

/* --- The program (compile.c, emit.c) ------------------------------------------------------- */

/* Compiles; the program is malloc'ed. 0, -ENOMEM, or -E2BIG: more than the kernel takes. */
int sbp_rules_compile(const struct sbp_rules *rules, struct sock_fprog *program);

/* --- The shipped ones (generated) ---------------------------------------------------------- */

struct sbp_shipped {
	const char *name;
	struct sock_fprog program;
};
extern const struct sbp_shipped sbp_shipped[];
extern const size_t sbp_shipped_count;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Inside of the broker: rules, walking by them, answering, and who is connected. The public side stands in
 * sandbox-probe.h, "The broker".
 */
#ifndef SBP_BROKER_H
#define SBP_BROKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../../probe/sandbox-probe.h"
#include "protocol.h"
#include "unread.h"

/* --- Rules (rules.c) ----------------------------------------------------------------------- */

struct sbp_rule_of_path {
	char *path; /* absolute, without links, "." and ".." */
	size_t length;
	enum sbp_scope scope;
	unsigned int may; /* 0: only a link on the way to a rule */
};

struct sbp_path_rules {
	struct sbp_rule_of_path *rules;
	size_t count;
};

enum { SBP_BROKER_RULE_LIMIT = 1024 };

int sbp_rules_of_paths_add(struct sbp_path_rules *rules, const char *path, size_t length,
			   enum sbp_scope scope, unsigned int may);
void sbp_rules_of_paths_free(struct sbp_path_rules *rules);

/* What may be done with a path: a set of enum sbp_may. */
unsigned int sbp_path_may(const struct sbp_path_rules *rules, const char *path, size_t length);
/* May it be looked at: does a rule hold for it, or is it on the way to one? */
bool sbp_path_is_visible(const struct sbp_path_rules *rules, const char *path, size_t length);
/* Has it a rule to itself? */
bool sbp_path_is_named(const struct sbp_path_rules *rules, const char *path, size_t length);

/* --- Walking (walk.c) ---------------------------------------------------------------------- */

struct sbp_broker;

enum { SBP_WALK_DEPTH = 128, SBP_NAME_LIMIT = 256 };

/* Where a path led: a directory that is held, and a name in it; "": the directory itself. */
struct sbp_walked {
	int directory;
	char name[SBP_NAME_LIMIT];
	char path[SBP_BROKER_PATH_LIMIT]; /* without links, with the name */
	size_t length;
	/* the directories from the root to this one; [0] is the broker's */
	int held[SBP_WALK_DEPTH];
	size_t ends[SBP_WALK_DEPTH]; /* length of the path at each */
	size_t depth;
};

/*
 * Walks an absolute path; `length` is without the NUL that must follow. With `follow`, the last component's
 * links too. 0 or a negative errno; the place is to be released either way.
 */
int sbp_walk(const struct sbp_broker *broker, const char *path, size_t length, bool follow,
	     struct sbp_walked *place);
void sbp_walk_release(struct sbp_walked *place);

/* For a new rule: every link is followed, and those on the way are added to the rules. The name
 * need not be there. */
int sbp_walk_for_rule(struct sbp_broker *broker, const char *path, size_t length,
		      struct sbp_walked *place);

/* Is the path free of what only a walk can settle ("..", "//", a name that /proc may make magic)? */
bool sbp_path_is_plain(const char *path, size_t length);
/* openat2(2) of such a path, from the root, no link followed. -EAGAIN: walk. */
int sbp_open_plain(const struct sbp_broker *broker, const char *path, int flags, unsigned int mode);

/* --- Answering (answer.c, open.c, listing.c) ---------------------------------------------- */

/* A reply and what comes with it. */
struct sbp_answer_of_broker {
	struct sbp_broker_reply reply;
	int fd; /* -1: none; the receiver's to close */
	char text[SBP_BROKER_PATH_LIMIT];
};

/* The path ends with a NUL. */
void sbp_broker_answer_request(const struct sbp_broker *broker,
			       const struct sbp_broker_request *request, const char *path,
			       struct sbp_answer_of_broker *answer);

/* As the steps of it: 0 or a negative errno. */
int sbp_broker_open_file(const struct sbp_broker *broker, const struct sbp_broker_request *request,
			 const char *path, struct sbp_answer_of_broker *answer);
void sbp_broker_put_status(const struct stat *from, struct sbp_broker_status *to);

/* A listing of an open directory, which is at its start. A descriptor or a negative errno. */
int sbp_broker_list(int directory, const struct sbp_broker_status *status, const char *path,
		    size_t length);

/* --- Requests (request.c) ------------------------------------------------------------------ */

/* A message, as it came. Room for one byte more than the largest: what is larger is none. */
struct sbp_broker_message {
	struct sbp_broker_request request;
	char path[SBP_BROKER_PATH_LIMIT + 1];
};

/* Is this a request? Ends the path with a NUL. 0 or a negative errno. */
int sbp_broker_check_message(struct sbp_broker_message *message, size_t size);

/*
 * Takes one request from a connection and answers it. 0: did; -EAGAIN: there is none; -EPIPE: the other side is gone.
 * Its unread answers are not full. The first struct sbp_broker_denied goes to its report as a struct sbp_denied, and closes that.
 */
struct sbp_connection;
int sbp_broker_serve(const struct sbp_broker *broker, struct sbp_connection *connection);

/* --- Notifications (notify.c) -------------------------------------------------------------- */

struct sbp_notified; /* what a listener's processes are known by */

int sbp_notified_new(int listener, struct sbp_notified **notified);
void sbp_notified_free(struct sbp_notified *notified);
/* As sbp_broker_serve(). */
int sbp_broker_serve_notification(const struct sbp_broker *broker, int listener,
				  struct sbp_notified *notified);

/* --- Who is connected (broker.c, serve.c) --------------------------------------------------- */

struct sbp_connection {
	struct sbp_connection *next;
	int fd;
	int report; /* where its side says what it is denied; -1: nowhere, or it has */
	struct sbp_notified *notified; /* NULL: a socket */
	struct sbp_unread unread;
	bool held; /* until some of those are read */
};

/*
 * sbp_broker_connect() for who wants to know what the other side is denied: the other end of *report becomes readable
 * when it says so, and is at its end afterwards, or when the connection has ended and everything is read.
 */
int sbp_broker_connect_reporting(struct sbp_broker *broker, int *fd, int *report);

struct sbp_broker {
	int references;
	struct sbp_path_rules rules; /* read-only once something is connected */
	int root;
	bool has_openat2, busy;
	int epoll, stop, timer, sweeper;
	unsigned int per_second, burst;
	/* of whoever serves */
	double allowance;
	uint64_t allowed_at; /* nanoseconds */
	bool paused, sweeping;
	/* of everybody */
	pthread_mutex_t lock;
	struct sbp_connection *connections;
	bool has_thread;
	pthread_t thread;
};

#endif

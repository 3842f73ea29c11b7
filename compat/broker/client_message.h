/* SPDX-License-Identifier: MIT */
/* Inside of the client: one request and its reply, directories' names, the forms of a status. */
#ifndef SBP_BROKER_CLIENT_MESSAGE_H
#define SBP_BROKER_CLIENT_MESSAGE_H

#include <stddef.h>

#include "client.h"

/* Where a path begins: nowhere (it is absolute), in the current directory, or in a listing's. */
struct sbp_client_path {
	const char *base;
	size_t base_length;
	uintptr_t path; /* the caller's */
	size_t length;
};

/* What is asked, and where what comes back beside the reply is to go. */
struct sbp_client_question {
	enum sbp_broker_operation operation;
	uint32_t flags, mode;
	struct sbp_client_path path;
	uintptr_t text; /* the caller's, or 0 */
	size_t text_size;
	bool close_on_exec, wants_text_kept; /* as the current directory */
};

/* Asks. 0 or a negative errno; *fd is the descriptor that came along, or -1. */
long sbp_client_ask_in_handler(struct sbp_broker_client *client,
			       const struct sbp_client_question *question,
			       struct sbp_broker_reply *reply, int *fd);

/* Sends a descriptor, with one byte. 0 or a negative errno. */
long sbp_client_send_fd_in_handler(int socket, int fd);

/* Says what the process is about to die of: 0 once that is on its way, or a negative errno. */
long sbp_client_say_denied_in_handler(const struct sbp_broker_client *client, int number,
				      unsigned int arch, uintptr_t address);

/* Makes a pair of sockets; 0 or a negative errno. */
long sbp_client_pair_in_handler(int ends[2]);

/* client_names.c: directories' names are never overwritten, so that a reader needs no lock. */
struct sbp_broker_directory {
	uint32_t length;
	char text[];
};

/* Room for one name, or NULL: no memory. */
struct sbp_broker_directory *sbp_client_name_in_handler(struct sbp_broker_client *client,
							size_t length);
void sbp_client_enter_in_handler(struct sbp_broker_client *client,
				 const struct sbp_broker_directory *directory);
const struct sbp_broker_directory *
sbp_client_directory_in_handler(const struct sbp_broker_client *client);

/* client_status.c: the kernel's structures, in the caller's memory. */
enum sbp_client_form { SBP_CLIENT_STAT, SBP_CLIENT_STATX };
enum { SBP_CLIENT_FORM_SIZE = 256 }; /* of the larger */

/* Returns how large it is. */
size_t sbp_client_shape_status_in_handler(const struct sbp_broker_status *status,
					  enum sbp_client_form form, void *to);
long sbp_client_put_status_in_handler(const struct sbp_broker_status *status,
				      enum sbp_client_form form, uintptr_t to);
/* Of an open file as the kernel has it, and where it is a listing, its directory's. */
long sbp_client_file_status_in_handler(int fd, struct sbp_broker_status *status);
long sbp_client_fstat_in_handler(int fd, struct sbp_broker_status *status);

/* client_listing.c */
/* By the file's status: is it a listing? Then *end holds what stands at its end. */
bool sbp_client_is_listing_in_handler(int fd, const struct sbp_broker_status *status,
				      struct sbp_broker_listing_end *end);
/* As above, of any descriptor; and the name of its directory. -ENOTDIR: it has none. */
long sbp_client_listing_name_in_handler(int fd, char *name, size_t size);
long sbp_client_getdents_in_handler(int fd, uintptr_t buffer, size_t size);

#endif

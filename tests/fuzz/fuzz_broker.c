// SPDX-License-Identifier: MIT
/*
 * Fuzzes the broker's requests (compat/broker): whatever the message, it is refused or answered, and what is opened
 * lies where the rules say, which the kernel is asked about, and not the broker. The first byte says how it walks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../compat/broker/broker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char folder[] = "/tmp/fuzz-broker.XXXXXX";
static struct sbp_broker *broker;

static void must(int truth)
{
	if (!truth)
		abort();
}

static void make_file(int root, const char *path)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	must(fd >= 0);
	close(fd);
}

static void remove_folder(void)
{
	static const char *const names[] = { "a/b/f", "a/b/up",	  "a/b",    "a/f", "a/l",
					     "a/out", "a/abs",	  "a/loop", "a",   "ab/f",
					     "ab",    "secret/f", "secret", "l",   "e" };
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (unlinkat(root, names[i], 0))
			unlinkat(root, names[i], AT_REMOVEDIR);
	close(root);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int root;

	(void)argc;
	(void)argv;
	must(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	must(!mkdirat(root, "a", 0755) && !mkdirat(root, "a/b", 0755) &&
	     !mkdirat(root, "ab", 0755) && !mkdirat(root, "secret", 0755));
	make_file(root, "a/f");
	make_file(root, "a/b/f");
	make_file(root, "ab/f");
	make_file(root, "secret/f");
	make_file(root, "e");
	must(!symlinkat("b", root, "a/l") && !symlinkat("../secret/f", root, "a/out") &&
	     !symlinkat("/secret", root, "a/abs") && !symlinkat("loop", root, "a/loop") &&
	     !symlinkat("../../a/f", root, "a/b/up") && !symlinkat("a", root, "l"));
	close(root);
	must(!sbp_broker_new(&broker) && !sbp_broker_set_root(broker, folder));
	must(!sbp_broker_allow(broker, "/a", SBP_BELOW, SBP_MAY_READ));
	must(!sbp_broker_allow(broker, "/e", SBP_EXACT, SBP_MAY_READ));
	return 0;
}

/* Below a, or e: by the name that the kernel has for it. */
static void must_be_allowed(int fd)
{
	char link[64], path[256];
	ssize_t length;
	size_t base = strlen(folder);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	must(length > 0);
	path[length] = 0;
	must(!strncmp(path, folder, base));
	must(!strncmp(path + base, "/a/", 3) || !strcmp(path + base, "/e"));
	must((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
}

static void must_be_a_listing(int fd, const struct sbp_broker_reply *reply)
{
	struct sbp_broker_listing_end end;
	char path[64];
	struct stat status;

	must(!fstat(fd, &status) && S_ISREG(status.st_mode) && S_ISDIR(reply->status.mode));
	must(pread(fd, &end, sizeof(end), status.st_size - (off_t)sizeof(end)) == sizeof(end));
	must(end.path_length < sizeof(path));
	must(pread(fd, path, end.path_length, (off_t)end.records) == (ssize_t)end.path_length);
	must(end.path_length >= 2 && !memcmp(path, "/a", 2) &&
	     (end.path_length == 2 || path[2] == '/'));
}

static void must_be_a_place(const struct sbp_answer_of_broker *answer)
{
	size_t length = answer->reply.text_length;

	must(length >= 1 && length < SBP_BROKER_PATH_LIMIT && answer->text[0] == '/');
	must(!memmem(answer->text, length, "/../", 4) && !memmem(answer->text, length, "//", 2));
	must(length == 1 || (answer->text[1] == 'a' && (length == 2 || answer->text[2] == '/')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbp_broker_message message;
	struct sbp_answer_of_broker answer;

	if (size < 1 || size - 1 > sizeof(message))
		return 0;
	broker->has_openat2 = data[0] & 1;
	memset(&message, 0x5a, sizeof(message));
	memcpy(&message, data + 1, size - 1);
	/* the fuzzer need not find the number */
	if (size - 1 >= sizeof(message.request) && data[0] & 2) {
		message.request.magic = SBP_BROKER_MAGIC;
		message.request.path_length = (uint16_t)(size - 1 - sizeof(message.request));
	}
	if (sbp_broker_check_message(&message, size - 1))
		return 0;
	must(strlen(message.path) == message.request.path_length);
	sbp_broker_answer_request(broker, &message.request, message.path, &answer);
	must(answer.reply.result <= 0 && answer.reply.result > -4096);
	must(answer.fd < 0 || !answer.reply.result);
	if (answer.fd >= 0 && answer.reply.kind == SBP_BROKER_FILE)
		must_be_allowed(answer.fd);
	else if (answer.fd >= 0)
		must_be_a_listing(answer.fd, &answer.reply);
	else if (!answer.reply.result && message.request.operation == SBP_BROKER_CHDIR)
		must_be_a_place(&answer);
	if (answer.fd >= 0)
		close(answer.fd);
	return 0;
}

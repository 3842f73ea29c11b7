// SPDX-License-Identifier: MIT
/*
 * What exec may give, and what it must not: set-user-ID, set-group-ID and file capabilities, each on a file
 * system with and without nosuid, by a process with and without no_new_privs. Two public backports joined the
 * two tests with AND, so that neither nosuid nor no_new_privs did anything alone.
 *
 * The program is its own victim: named with "tell" it writes who it is to the descriptor that is named.
 */
#include <grp.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "filters.h"

/* Ours, for libcap need not be there (linux/capability.h) */
struct capabilities {
	uint32_t effective, permitted, inheritable, effective1, permitted1, inheritable1;
};
struct told {
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	struct capabilities caps;
	long no_new_privs, secure;
};
enum { USER = 1000, SETGROUP = 50, CAP_CHOWN_BIT = 1 << 0, CAP_NET_RAW_BIT = 1 << 13 };

static void get_capabilities(struct capabilities *caps)
{
	uint32_t header[2] = { 0x20080522, 0 };

	syscall(__NR_capget, header, caps);
}

static int tell(int fd)
{
	struct told t;

	memset(&t, 0, sizeof(t));
	getresuid(&t.ruid, &t.euid, &t.suid);
	getresgid(&t.rgid, &t.egid, &t.sgid);
	get_capabilities(&t.caps);
	t.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	t.secure = prctl(PR_GET_DUMPABLE) != 1;
	return write(fd, &t, sizeof(t)) == sizeof(t) ? 0 : 1;
}

/* --- file systems and files */

FIXTURE(exec)
{
	char folder[32], file[64];
};
FIXTURE_VARIANT(exec)
{
	int nosuid, no_new_privs;
};
FIXTURE_VARIANT_ADD(exec, plain){
	.nosuid = 0,
	.no_new_privs = 0,
};
FIXTURE_VARIANT_ADD(exec, nosuid){
	.nosuid = 1,
	.no_new_privs = 0,
};
FIXTURE_VARIANT_ADD(exec, no_new_privs){
	.nosuid = 0,
	.no_new_privs = 1,
};
FIXTURE_VARIANT_ADD(exec, both){
	.nosuid = 1,
	.no_new_privs = 1,
};

static int copy_self(const char *path)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out;
	struct stat st;
	off_t at = 0;

	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in < 0 || out < 0 || fstat(in, &st))
		return -errno;
	while (at < st.st_size)
		if (sendfile(out, in, &at, (size_t)(st.st_size - at)) <= 0)
			return -errno;
	close(in);
	close(out);
	return chmod(path, 0755) ? -errno : 0;
}

FIXTURE_SETUP(exec)
{
	snprintf(self->folder, sizeof(self->folder), "/tmp/exec.XXXXXX");
	ASSERT_TRUE(mkdtemp(self->folder) != NULL);
	ASSERT_EQ(0, mount("tmpfs", self->folder, "tmpfs", variant->nosuid ? MS_NOSUID : 0,
			   "mode=0755"));
	snprintf(self->file, sizeof(self->file), "%s/tell", self->folder);
	ASSERT_EQ(0, copy_self(self->file));
}

FIXTURE_TEARDOWN(exec)
{
	umount2(self->folder, MNT_DETACH);
	rmdir(self->folder);
}

/* What the file says of itself, executed by uid 1000. */
static int ask(const char *file, int no_new_privs, struct told *t)
{
	int ends[2], status;
	char number[16];
	pid_t pid;

	if (pipe(ends))
		return -errno;
	pid = fork();
	if (!pid) {
		snprintf(number, sizeof(number), "%d", ends[1]);
		if (setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
			_exit(91);
		if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(92);
		execl(file, file, "tell", number, NULL);
		_exit(93);
	}
	close(ends[1]);
	memset(t, 0xee, sizeof(*t));
	if (read(ends[0], t, sizeof(*t)) != sizeof(*t))
		t->ruid = (uid_t)-1;
	close(ends[0]);
	waitpid(pid, &status, 0);
	return status;
}

TEST_F(exec, control)
{
	struct told t;

	ASSERT_EQ(0, ask(self->file, variant->no_new_privs, &t));
	EXPECT_EQ(USER, t.ruid);
	EXPECT_EQ(USER, t.euid);
	EXPECT_EQ(USER, t.egid);
	EXPECT_EQ(0, t.caps.permitted);
	EXPECT_EQ(variant->no_new_privs, t.no_new_privs);
}

TEST_F(exec, set_user_id)
{
	uid_t wanted = variant->nosuid || variant->no_new_privs ? USER : 0;
	struct told t;

	ASSERT_EQ(0, chown(self->file, 0, 0));
	ASSERT_EQ(0, chmod(self->file, 04755));
	ASSERT_EQ(0, ask(self->file, variant->no_new_privs, &t));
	EXPECT_EQ(USER, t.ruid);
	EXPECT_EQ(wanted, t.euid);
	EXPECT_EQ(wanted, t.suid);
	EXPECT_EQ(wanted == 0, (t.caps.effective & CAP_CHOWN_BIT) != 0);
	EXPECT_EQ(wanted == 0, t.secure);
}

TEST_F(exec, set_user_id_of_another_user)
{
	uid_t wanted = variant->nosuid || variant->no_new_privs ? USER : 2000;
	struct told t;

	ASSERT_EQ(0, chown(self->file, 2000, 0));
	ASSERT_EQ(0, chmod(self->file, 04755));
	ASSERT_EQ(0, ask(self->file, variant->no_new_privs, &t));
	EXPECT_EQ(wanted, t.euid);
	EXPECT_EQ(0, t.caps.permitted);
}

TEST_F(exec, set_group_id)
{
	gid_t wanted = variant->nosuid || variant->no_new_privs ? USER : SETGROUP;
	struct told t;

	ASSERT_EQ(0, chown(self->file, 0, SETGROUP));
	ASSERT_EQ(0, chmod(self->file, 02755));
	ASSERT_EQ(0, ask(self->file, variant->no_new_privs, &t));
	EXPECT_EQ(USER, t.rgid);
	EXPECT_EQ(wanted, t.egid);
	EXPECT_EQ(wanted, t.sgid);
	EXPECT_EQ(USER, t.euid);
}

TEST_F(exec, file_capabilities)
{
	/* struct vfs_cap_data: revision 2, effective; CAP_NET_RAW permitted */
	const uint32_t attribute[5] = { 0x02000001, CAP_NET_RAW_BIT, 0, 0, 0 };
	uint32_t wanted = variant->nosuid || variant->no_new_privs ? 0 : CAP_NET_RAW_BIT;
	struct told t;

	if (setxattr(self->file, "security.capability", attribute, sizeof(attribute), 0)) {
		ASSERT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "tmpfs without extended attributes (CONFIG_TMPFS_XATTR)");
	}
	ASSERT_EQ(0, ask(self->file, variant->no_new_privs, &t));
	EXPECT_EQ(wanted, t.caps.permitted);
	EXPECT_EQ(wanted, t.caps.effective);
	EXPECT_EQ(USER, t.euid);
}

/* Root that executes: what it has it keeps, and the file's user is the file's matter. */
TEST_F(exec, root_keeps_its_own)
{
	struct told t;
	int ends[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	if (!pid) {
		char number[16];

		snprintf(number, sizeof(number), "%d", ends[1]);
		if (variant->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(92);
		execl(self->file, self->file, "tell", number, NULL);
		_exit(93);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ((ssize_t)sizeof(t), read(ends[0], &t, sizeof(t)));
	EXPECT_EQ(0, t.euid);
	EXPECT_EQ(CAP_CHOWN_BIT, (int)(t.caps.effective & CAP_CHOWN_BIT));
}

/* --- who has it: children, threads, after exec */

static int has_it(void *unused)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && status_of(getpid(), "NoNewPrivs") == 1
		       ? 7
		       : 8;
}

TEST(children_inherit)
{
	EXPECT_TRUE(exited_with(in_child(has_it, NULL), 8));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_TRUE(exited_with(in_child(has_it, NULL), 7));
}

static int nnp_of_thread;

static int look_in_thread(void *unused)
{
	nnp_of_thread = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return 0;
}

TEST(what_shares_its_memory_inherits)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	pid_t pid;
	int status;

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	pid = clone(look_in_thread, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(1, nnp_of_thread);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "tell"))
		return tell(atoi(argv[2]));
	return test_harness_run(argc, argv);
}

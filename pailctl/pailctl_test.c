/*
 * What pailctl does to bytes: the users' file, mailbox names, and a
 * delivery against a scripted server.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/json_write.h"
#include "common/test.h"
#include "pailctl/ctl.h"
#include "pailctl/deliver.h"
#include "pailctl/out.h"
#include "pailctl/users_file.h"

static void
test_users_edit(void)
{
	static const struct {
		const char		*text;
		enum users_change	 what;
		const char		*name;
		const char		*result;	/* NULL: refused */
	} t[] = {
		{ "", USERS_ADD, "ann", "ann:H\n" },
		{ "bob:x\n", USERS_ADD, "ann", "bob:x\nann:H\n" },
		{ "bob:x", USERS_ADD, "ann", "bob:x\nann:H\n" },
		{ "ann:x\n", USERS_ADD, "ann", NULL },
		{ "Ann:x\n", USERS_ADD, "ann", NULL },
		{ "#ann:x\n", USERS_ADD, "ann", "#ann:x\nann:H\n" },
		{ "annika:x\n", USERS_ADD, "ann", "annika:x\nann:H\n" },
		{ "ann\n", USERS_ADD, "ann", "ann\nann:H\n" },
		{ "ann:x\nbob:y\n", USERS_PASSWD, "ann", "ann:H\nbob:y\n" },
		{ "ann:x\nann:y\n", USERS_PASSWD, "ann", "ann:H\n" },
		{ "bob:y\n", USERS_PASSWD, "ann", NULL },
		/* aliases and quota stay, whatever they say */
		{ "ann:x aliases=a@x quota=1G\r\nbob:y\n", USERS_PASSWD, "ann",
		    "ann:H aliases=a@x quota=1G\nbob:y\n" },
		{ "ann:x  quota=7", USERS_PASSWD, "ann", "ann:H  quota=7\n" },
		{ "ann:x zip=1\nbob:y aliases=ann\n", USERS_PASSWD, "ann",
		    "ann:H zip=1\nbob:y aliases=ann\n" },
		/* a lock is a ! before the hash, and all else stays */
		{ "bob:y\nann:x quota=1\n", USERS_LOCK, "ann",
		    "bob:y\nann:!x quota=1\n" },
		{ "ann:!x\n", USERS_LOCK, "ann", "ann:!x\n" },
		{ "bob:y\n", USERS_LOCK, "ann", NULL },
		{ "ann:!x quota=1\nbob:!y\n", USERS_UNLOCK, "ann",
		    "ann:x quota=1\nbob:!y\n" },
		{ "ann:x\n", USERS_UNLOCK, "ann", "ann:x\n" },
		{ "ann:!\n", USERS_UNLOCK, "ann", NULL },
		{ "ann:!!\n", USERS_UNLOCK, "ann", NULL },
		{ "bob:y\n", USERS_UNLOCK, "ann", NULL },
		{ "ann:!x quota=1\n", USERS_PASSWD, "ann",
		    "ann:!H quota=1\n" },
		{ "ann:!\n", USERS_PASSWD, "ann", "ann:H\n" },
		{ "bob:y quota=1\nann:x quota=2\n", USERS_DEL, "ann",
		    "bob:y quota=1\n" },
		{ "# c\n\nann:x\nbob:y\n", USERS_DEL, "ann",
		    "# c\n\nbob:y\n" },
		{ "ann:x", USERS_DEL, "ann", "" },
		{ "ann:x\nANN:z\n", USERS_DEL, "ann", "" },
		{ "bob:y\n", USERS_DEL, "ann", NULL },
	};
	struct buf	 out;
	char		 why[256];
	size_t		 i;
	int		 r;

	for (i = 0; i < nitems(t); i++) {
		buf_init(&out, 0);
		r = users_edit(t[i].text, strlen(t[i].text), t[i].what,
		    t[i].name, "H", NULL, &out, why, sizeof(why));
		CHECK_ROW((r == 0) == (t[i].result != NULL), "row %zu", i);
		if (t[i].result != NULL)
			CHECK_ROW(out.len == strlen(t[i].result) &&
			    (out.len == 0 || memcmp(out.data, t[i].result,
			    out.len) == 0), "row %zu: %.*s", i, (int)out.len,
			    out.data != NULL ? (char *)out.data : "");
		buf_free(&out);
	}
}

static void
test_users_change(void)
{
	char		 dir[] = "/tmp/pail-test.XXXXXX", path[64], why[512];
	struct stat	 st;
	struct buf	 names;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/users", dir);
	CHECK(users_change(path, USERS_DEL, "ann", "", NULL, "no-group", why,
	    sizeof(why)) == -1);
	CHECK(users_change(path, USERS_ADD, "ann", "x", NULL, "no-group", why,
	    sizeof(why)) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0007) == 0);
	CHECK(chmod(path, 0604) == 0);
	CHECK(users_change(path, USERS_ADD, "bob", "y", NULL, "no-group", why,
	    sizeof(why)) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0604);
	CHECK(users_change(path, USERS_ADD, "bob", "y", NULL, "no-group", why,
	    sizeof(why)) == -1);
	CHECK(strcmp(why, "bob already exists") == 0);
	buf_init(&names, 0);
	CHECK(users_list(path, &names, why, sizeof(why)) == 0);
	CHECK(names.len == 8 && memcmp(names.data, "ann\nbob\n", 8) == 0);
	buf_free(&names);
	CHECK(unlink(path) == 0);
	CHECK(rmdir(dir) == 0);		/* nothing else is left in it */
}

/* Whether uid, in a directory of his own, can change the file. */
static int
change_as(const char *path, uid_t uid)
{
	char	 why[512];
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		if (setgroups(0, NULL) == -1 || setgid(uid) == -1 ||
		    setuid(uid) == -1)
			_exit(99);
		_exit(users_change(path, USERS_PASSWD, "ann", "new",
		    NULL, "no-group", why, sizeof(why)) == 0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid ||
	    !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * The file stays its owner's.  Who may only write into its directory does
 * not become it, though he could put a file of his own there; who owns it
 * changes it, though he cannot give it the group that it had.
 */
static void
test_users_owner(void)
{
	static const struct { uid_t uid; gid_t gid; int done; } rows[] = {
		{ 0, 0, 0 }, { 1, 65534, 0 }, { 65534, 65534, 1 },
		{ 65534, 0, 1 }
	};
	char		 dir[] = "/tmp/pail-test.XXXXXX", path[64];
	struct stat	 st;
	FILE		*f;
	size_t		 i;

	if (geteuid() != 0)
		return;		/* nothing can be given away */
	CHECK(mkdtemp(dir) != NULL && chown(dir, 65534, 65534) == 0);
	snprintf(path, sizeof(path), "%s/users", dir);
	for (i = 0; i < nitems(rows); i++) {
		f = fopen(path, "w");
		CHECK(f != NULL && fputs("ann:old\n", f) >= 0 &&
		    fclose(f) == 0);
		CHECK(chown(path, rows[i].uid, rows[i].gid) == 0 &&
		    chmod(path, 0644) == 0);
		CHECK_ROW(change_as(path, 65534) == rows[i].done, "row %zu",
		    i);
		CHECK_ROW(stat(path, &st) == 0 && st.st_uid == rows[i].uid,
		    "row %zu", i);
		CHECK(unlink(path) == 0);
	}
	CHECK(rmdir(dir) == 0);		/* no copy is left in it */
}

static void
test_mailbox(void)
{
	static const struct { const char *name, *quoted; } t[] = {
		{ "INBOX", "\"INBOX\"" },
		{ "a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"" },
		{ "a&b", "\"a&-b\"" },
		{ "Entw\xc3\xbcrfe", "\"Entw&APw-rfe\"" },
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c"
		    "\xac\xe8\xaa\x9e", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"" },
		{ "\xf0\x9f\x98\x80", "\"&2D3eAA-\"" },
		{ "\xc3", NULL },
		{ "a\nb", NULL },
		{ "\xc0\xaf", NULL },
		{ "\xed\xa0\x80", NULL },
	};
	struct buf	out;
	size_t		i;
	int		r;

	for (i = 0; i < nitems(t); i++) {
		buf_init(&out, 0);
		r = deliver_mailbox(t[i].name, &out);
		CHECK_ROW((r == 0) == (t[i].quoted != NULL), "row %zu", i);
		if (r == 0 && t[i].quoted != NULL)
			CHECK_ROW(out.len == strlen(t[i].quoted) &&
			    memcmp(out.data, t[i].quoted, out.len) == 0,
			    "row %zu: %.*s", i, (int)out.len, out.data);
		buf_free(&out);
	}
}

/* The server's lines are there before they are asked for: it never reads,
 * and what deliver_run says is compared afterwards. */
static void
test_deliver(void)
{
	static const char	 said[] = "a APPEND \"Junk\" {7}\r\n"
				    "A: b\r\n\n" "\r\nb LOGOUT\r\n";
	static const struct { const char *script; int status; } t[] = {
		{ "* PREAUTH hi\r\n+ go\r\n* 1 EXISTS\r\na OK done\r\n",
		    DELIVER_DONE },
		{ "* PREAUTH hi\r\na NO [TRYCREATE] no\r\n",
		    DELIVER_REFUSED },
		{ "* PREAUTH hi\r\na NO [UNAVAILABLE] no\r\n",
		    DELIVER_LATER },
		{ "* PREAUTH hi\r\na BAD what\r\n", DELIVER_REFUSED },
		{ "* PREAUTH hi\r\n* BYE [UNAVAILABLE] x\r\n",
		    DELIVER_LATER },
		{ "* BYE no\r\n", DELIVER_LATER },
		{ "* PREAUTH hi\r\n+ go\r\na NO [LIMIT] no\r\n",
		    DELIVER_LATER },
		{ "* PREAUTH hi\r\n+ go\r\na NO too big\r\n",
		    DELIVER_REFUSED },
		{ "* PREAUTH hi\r\n+ go\r\n", DELIVER_LATER },
		{ "", DELIVER_LATER },
	};
	char	 got[256], why[8192];
	FILE	*f = tmpfile();
	size_t	 i;
	ssize_t	 n;
	int	 pair[2];

	fputs("A: b\r\n\n", f);
	for (i = 0; i < nitems(t); i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		CHECK(ctl_write(pair[1], t[i].script,
		    strlen(t[i].script)) == 0);
		shutdown(pair[1], SHUT_WR);
		CHECK_ROW(deliver_run(pair[0], "Junk", f, 7, why,
		    sizeof(why)) == t[i].status, "row %zu: %s", i, why);
		shutdown(pair[0], SHUT_WR);
		n = read(pair[1], got, sizeof(got) - 1);
		got[n > 0 ? n : 0] = '\0';
		if (t[i].status == DELIVER_DONE)
			CHECK_ROW(strcmp(got, said) == 0, "%s", got);
		close(pair[0]);
		close(pair[1]);
	}
	fclose(f);
}

/* What paild says is one whole object, or it is not believed. */
static void
test_document(void)
{
	static const struct { const char *said, *why; } t[] = {
		{ "{\"a\":1}\n", NULL },
		{ "", "lost the connection to paild" },
		{ "{\"a\":", "invalid response from paild" },
		{ "[]", "invalid response from paild" },
		{ "{}{}", "invalid response from paild" },
		{ "error: x\n", "invalid response from paild" },
	};
	struct buf	 b;
	char		 why[128];
	size_t		 i;
	int		 pair[2], r;

	for (i = 0; i < nitems(t); i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		CHECK(ctl_write(pair[1], t[i].said, strlen(t[i].said)) == 0);
		close(pair[1]);
		buf_init(&b, 0);
		why[0] = '\0';
		r = ctl_document(pair[0], &b, why, sizeof(why));
		CHECK_ROW(t[i].why == NULL ? r == 0 : r == -1 &&
		    strcmp(why, t[i].why) == 0, "row %zu: %s", i, why);
		buf_free(&b);
		close(pair[0]);
	}
}

/* The document at the end, whatever came before. */
static void
check_out(int status, int want, const char *text)
{
	char	 got[512];
	FILE	*f = tmpfile(), *was = stdout;
	size_t	 n;

	stdout = f;
	CHECK(out_end(status) == want);
	stdout = was;
	rewind(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	CHECK_ROW(strcmp(got, text) == 0, "%s", got);
}

static void
test_out(void)
{
	out_begin(true);
	CHECK(out_document(STR("{\"a\":1}")) == 0);
	check_out(0, 0, "{\"a\":1}\n");
	out_begin(true);
	check_out(75, 75, "{\"error\":\"the command failed; standard error "
	    "says why\"}\n");
	/* an array is open; the first reason counts */
	out_begin(true);
	json_add_array(out_members(), "x");
	CHECK(out_fail("a \"%s\"", "b") == 1 && out_fail("c") == 1);
	json_end_array(out_members());
	check_out(1, 1, "{\"x\":[],\"error\":\"a \\\"b\\\"\"}\n");
	/* never two members of that name */
	out_begin(true);
	CHECK(out_document(STR("{\"error\":\"d\"}")) == -1);
	CHECK(out_document(STR("{\"error\":\"e\",\"f\":1}")) == -1);
	CHECK(out_fail("g") == 1);
	check_out(1, 1, "{\"error\":\"d\"}\n");
	out_begin(true);
	out_members()->failed = true;
	check_out(0, 1, "{\"error\":\"the document is too long\"}\n");
	out_begin(false);
	check_out(75, 75, "");
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_users_edit();
	test_users_change();
	test_users_owner();
	test_mailbox();
	test_deliver();
	test_document();
	test_out();
	return TEST_END();
}

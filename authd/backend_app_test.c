/* App passwords as a worker verifies them: which are right, and whose sessions
 * end when one goes. */
#include "common/compat.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "authd/backend.h"
#include "common/appline.h"
#include "common/test.h"
#include "common/test/slice_make.h"

#define ONE	"aaaabbbbccccddddeeeeffff22"
#define TWO	"aaaabbbbccccddddeeeeffff33"

static char	path[64];

static void
line(FILE *f, const char *user, const char *id, const char *name,
    const char *secret, int64_t expires)
{
	struct app_password	p = { .scopes = strcmp(user, "boss") == 0 ?
				    APP_SCOPE_admin : APP_SCOPE_imap,
				    .created = 1,
				    .expires = expires };
	struct buf		b = BUF_INIT;

	strlcpy(p.user, user, sizeof(p.user));
	strlcpy(p.id, id, sizeof(p.id));
	strlcpy(p.name, name, sizeof(p.name));
	memset(p.salt, user[0], sizeof(p.salt));
	app_hash(p.salt, secret, p.hash);
	app_line_print(&p, &b);
	CHECK(fwrite(b.data, 1, b.len, f) == b.len);
	buf_free(&b);
}

/* An age of some seconds, which makes a file certain. */
static void
settle(int64_t age)
{
	struct timespec	t[2] = { { time(NULL) - age, 0 },
			    { time(NULL) - age, 0 } };

	CHECK(utimensat(AT_FDCWD, path, t, 0) == 0);
}

static FILE *
begin(void)
{
	FILE	*f = fopen(path, "w");

	CHECK(f != NULL);
	return f;
}

static struct backend_answer
ask(struct backend *b, const char *user, const char *password)
{
	struct backend_answer	a;

	backend_check(b, WORK_PASSWORD, str_from(user), str_from(password),
	    STR(""), &a);
	return a;
}

/* One of scope admin opens the admin page and no mail, and the others the other
 * way round. */
static void
check_scopes(struct backend *b)
{
	struct backend_answer	a;

	backend_check(b, WORK_ADMIN, STR("boss"), STR(TWO), STR(""), &a);
	CHECK(a.code == WORK_YES && strcmp(a.user, "boss") == 0);
	CHECK(ask(b, "boss", TWO).code == WORK_NO);
	backend_check(b, WORK_ADMIN, STR("ann"), STR(ONE), STR(""), &a);
	CHECK(a.code == WORK_NO);
	CHECK(ask(b, "ann", ONE).code == WORK_YES);
}

static void
check_answers(struct backend *b)
{
	static const struct {
		const char		*user, *password;
		enum work_result_code	 want;
		const char		*data;
	} t[] = {
		{ "ann", ONE, WORK_YES, "00000001 my phone" },
		{ "ANN", "AAAA-bbbb-cccc-dddd-eeee-ffff-22", WORK_YES,
		  "00000001 my phone" },
		{ "ann", "aaaa bbbb cccc dddd eeee ffff 33", WORK_YES,
		  "00000002 pad" },
		{ "ann", "aaaabbbbccccddddeeeeffff44", WORK_NO, "" },
		{ "ann", "wrong", WORK_UNKNOWN, "" },
		{ "ann", "", WORK_UNKNOWN, "" },
		{ "bob", TWO, WORK_NO, "" },		/* expired */
		{ "bob", ONE, WORK_NO, "" },		/* ann's */
		{ "zoe", ONE, WORK_YES, "00000005 later" },
		{ "an", ONE, WORK_UNKNOWN, "" },
		{ "nobody", ONE, WORK_UNKNOWN, "" },
		{ "bad\x01", ONE, WORK_UNKNOWN, "" },
	};
	struct backend_answer	a;
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		a = ask(b, t[i].user, t[i].password);
		CHECK_ROW(a.code == t[i].want, "row %zu: %d", i, a.code);
		CHECK_ROW(a.len == strlen(t[i].data) && memcmp(a.data,
		    t[i].data, a.len) == 0, "row %zu", i);
	}
	CHECK(strcmp(ask(b, "ANN", ONE).user, "ann") == 0);
	/* SCRAM asks in vain, and an empty name for the generation */
	backend_check(b, WORK_SALT, STR("ann"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.len == 0);
	backend_check(b, WORK_PROOF, STR("ann"), STR(ONE), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.len == 0);
	a = ask(b, "", "");
	CHECK(a.code == WORK_UNKNOWN && a.why[0] != '\0');
}

/* All who are gone, in one string. */
static const char *
gone(struct backend *b)
{
	static char	 all[200];
	const char	*user;
	int64_t		 changed;

	all[0] = '\0';
	while ((user = backend_gone(b, &changed)) != NULL) {
		strlcat(all, user, sizeof(all));
		strlcat(all, " ", sizeof(all));
	}
	return all;
}

int
main(void)
{
	char		dir[] = "/tmp/backend_app_test.XXXXXX", why[128];
	char		before[128];
	const char	*who = "";
	struct backend	*b;
	struct slice	*s;
	int64_t		 now = (int64_t)time(NULL);
	int		 i;
	FILE		*f;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/app", dir);
	s = slice_make(NULL, "app-passwords-file", path, NULL);
	b = backend_open_app(s, why, sizeof(why));
	CHECK(b != NULL);
	/* no file: nobody has any */
	CHECK(ask(b, "ann", ONE).code == WORK_UNKNOWN);
	CHECK(strcmp(gone(b), "") == 0);
	f = begin();
	fprintf(f, "\xef\xbb\xbf# a comment\n");
	line(f, "ann", "00000001", "my phone", ONE, 0);
	line(f, "zoe", "00000005", "later", ONE, now + 3600);
	line(f, "boss", "00000009", "page", TWO, 0);
	fprintf(f, "not a line\n");
	line(f, "ann", "00000002", "pad", TWO, 0);
	line(f, "ann", "00000002", "again", "zzzzbbbbccccddddeeeeffff33", 0);
	line(f, "bob", "00000003", "old", TWO, now - 10);
	CHECK(fclose(f) == 0);
	check_answers(b);
	check_scopes(b);
	CHECK(strcmp(gone(b), "") == 0);	/* the first reading */
	/* one of ann's goes; one that comes ends no session */
	f = begin();
	line(f, "ann", "00000001", "my phone", ONE, 0);
	line(f, "zoe", "00000005", "later", ONE, now + 3600);
	line(f, "boss", "00000009", "page", TWO, 0);
	line(f, "zoe", "00000006", "soon", TWO, now + 6);
	CHECK(fclose(f) == 0);
	settle(10);
	CHECK(ask(b, "ann", TWO).code == WORK_NO);
	CHECK(ask(b, "zoe", TWO).code == WORK_YES);
	strlcpy(before, ask(b, "", "").why, sizeof(before));
	/* by the time of the change, which utimensat(2) does not set */
	for (i = 0; i < 200 && *(who = gone(b)) == '\0'; i++)
		usleep(100000);
	CHECK_ROW(strcmp(who, "ann ") == 0, "%s", who);
	/* and one expires */
	for (i = 0; i < 200 && ask(b, "zoe", TWO).code == WORK_YES; i++)
		usleep(100000);
	CHECK(strcmp(ask(b, "", "").why, before) != 0);
	for (i = 0; i < 200 && *(who = gone(b)) == '\0'; i++)
		usleep(100000);
	CHECK_ROW(strcmp(who, "zoe ") == 0, "%s", who);
	CHECK(ask(b, "zoe", ONE).code == WORK_YES);
	CHECK(strcmp(gone(b), "") == 0);
	/* away: nobody is refused, nobody is gone */
	CHECK(unlink(path) == 0);
	CHECK(ask(b, "ann", ONE).code == WORK_UNAVAILABLE);
	CHECK(strcmp(gone(b), "") == 0);
	backend_close(b);
	slice_free(s);
	rmdir(dir);
	return TEST_END();
}

/* Changes of the file of app passwords: what is touched, and what is not. */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/app_file.h"
#include "paild/conf_file.h"

static char	dir[] = "/tmp/app_file_test.XXXXXX", path[64], why[512];

static struct app_password
one(const char *user, const char *id, const char *name)
{
	struct app_password	p = { .scopes = APP_SCOPE_imap, .created =
				    1795928400 };

	strlcpy(p.user, user, sizeof(p.user));
	strlcpy(p.id, id, sizeof(p.id));
	strlcpy(p.name, name, sizeof(p.name));
	return p;
}

static int
add(const char *user, const char *id, const char *name)
{
	struct app_password	p = one(user, id, name);

	return app_file_add(path, &p, "nogroup", why, sizeof(why));
}

static void
row(const struct app_password *p, void *arg)
{
	char	*all = arg, used[24];

	app_time_print(p->used, APP_TIME_DAY, used, sizeof(used));
	snprintf(all + strlen(all), 1000 - strlen(all), "%s/%s/%s ", p->user,
	    p->name, used);
}

static const char *
list(const char *user)
{
	static char	all[1000];

	all[0] = '\0';
	CHECK(app_file_list(path, user, row, all, why, sizeof(why)) == 0);
	return all;
}

static void
check_used(void)
{
	struct app_use	uses[] = {
		{ "00000003", "ann", 1795928400 },	/* not ann's */
		{ "00000002", "ann", 1795928400 - 86400 },
		{ "0000ffff", "ann", 1795928400 },	/* gone */
		{ "00000002", "ann", 1795928400 }
	};
	struct stat	st, later;
	int		fd;

	CHECK(app_file_used(path, uses, nitems(uses), why, sizeof(why)) == 0);
	CHECK_ROW(strcmp(list(NULL),
	    "ann/pad/2026-11-29 bob/phone/- ") == 0, "%s", list(NULL));
	/* the same day again: the file stays as it is */
	CHECK(stat(path, &st) == 0);
	uses[0].when += 3600;
	CHECK(app_file_used(path, uses, nitems(uses), why, sizeof(why)) == 0);
	CHECK(stat(path, &later) == 0 && st.st_ino == later.st_ino);
	uses[0].when -= 86400;
	CHECK(app_file_used(path, uses, 1, why, sizeof(why)) == 0);
	CHECK(stat(path, &later) == 0 && st.st_ino == later.st_ino);
	/* somebody else is at it: no waiting */
	CHECK((fd = open(dir, O_RDONLY | O_DIRECTORY)) != -1);
	CHECK(flock(fd, LOCK_EX) == 0);
	CHECK(app_file_used(path, uses, 1, why, sizeof(why)) == 1);
	close(fd);
}

/* The bucket's: not over others, with the last uses of this node. */
static void
check_copy(void)
{
	struct app_use		use = { "00000008", "eve", 1798700000 };
	struct app_password	p = one("eve", "00000008", "key");
	struct buf		b = BUF_INIT;

	app_line_print(&p, &b);
	p = one("ann", "00000009", "new");
	CHECK(app_file_serial(path) == 0);
	CHECK(app_file_copy(path, 7, (struct str){ (char *)b.data, b.len },
	    NULL, why, sizeof(why)) == -1 && strstr(why, "import") != NULL);
	CHECK(strcmp(list(NULL), "bob/phone/- zoe/new/- ") == 0);
	CHECK(unlink(path) == 0);
	CHECK(app_file_copy(path, 7, (struct str){ (char *)b.data, b.len },
	    "nogroup", why, sizeof(why)) == 0);
	CHECK(app_file_serial(path) == 7);
	CHECK(app_file_used(path, &use, 1, why, sizeof(why)) == 0);
	CHECK_ROW(strcmp(list(NULL), "eve/key/2026-12-31 ") == 0, "%s",
	    list(NULL));
	app_line_print(&p, &b);
	CHECK(app_file_copy(path, 8, (struct str){ (char *)b.data, b.len },
	    "nogroup", why, sizeof(why)) == 0 && app_file_serial(path) == 8);
	CHECK_ROW(strcmp(list(NULL), "eve/key/2026-12-31 ann/new/- ") == 0,
	    "%s", list(NULL));
	CHECK(app_file_copy(path, 9, (struct str){ NULL, 0 }, "nogroup", why,
	    sizeof(why)) == 0 && app_file_serial(path) == 9);
	CHECK(strcmp(list(NULL), "") == 0);
	buf_free(&b);
}

int
main(void)
{
	char		id[APP_ID + 1], name[16];
	struct buf	b = BUF_INIT;
	struct stat	st;
	int		i;
	FILE		*f;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/app", dir);
	CHECK(app_file_revoke(path, "ann", NULL, why, sizeof(why)) == -1);
	CHECK(strstr(why, "No such file") != NULL);
	CHECK(app_file_used(path, NULL, 0, why, sizeof(why)) == -1);
	CHECK(add("ann", "00000001", "phone") == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0027) == 0);
	CHECK(add("ann", "00000002", "pad") == 0);
	CHECK(add("ann", "00000004", "phone") == -1);
	CHECK(strcmp(why, "ann already has an app password with the name "
	    "\"phone\"") == 0);
	CHECK(add("bob", "00000003", "phone") == 0);
	CHECK_ROW(strcmp(list(NULL), "ann/phone/- ann/pad/- bob/phone/- ") ==
	    0, "%s", list(NULL));
	CHECK(strcmp(list("bob"), "bob/phone/- ") == 0);
	CHECK(strcmp(list("bo"), "") == 0);
	CHECK(app_file_revoke(path, "bob", "00000001", why,
	    sizeof(why)) == -1);
	CHECK(strcmp(why, "bob has no app password with the name or id "
	    "\"00000001\"") == 0);
	CHECK(app_file_revoke(path, "ann", "00000001", why,
	    sizeof(why)) == 1);
	check_used();
	/* what it does not understand stays; a last line without an end */
	CHECK((f = fopen(path, "a")) != NULL);
	fprintf(f, "# mine\nann:broken\n\xff\xfe\nzoe:x");
	fclose(f);
	CHECK(add("zoe", "00000005", "new") == 0);
	CHECK(app_file_revoke(path, "ann", NULL, why, sizeof(why)) == 1);
	CHECK(app_file_revoke(path, "ann", NULL, why, sizeof(why)) == 0);
	CHECK(conf_file_read(path, 65536, &b, why, sizeof(why)) == 0);
	CHECK(memmem(b.data, b.len, "# mine\nann:broken\n\xff\xfe\nzoe:x\n"
	    "zoe:00000005:new:", 42) != NULL);
	CHECK(strcmp(list(NULL), "bob/phone/- zoe/new/- ") == 0);
	for (i = 0; i < APP_PER_USER; i++) {
		snprintf(id, sizeof(id), "%08x", 0x1000 + (unsigned)i);
		snprintf(name, sizeof(name), "n%d", i);
		CHECK(add("max", id, name) == 0);
	}
	CHECK(add("max", "00002000", "more") == -1);
	CHECK(strcmp(why, "max already has 100 app passwords") == 0);
	CHECK(app_file_revoke(path, "max", NULL, why, sizeof(why)) == 100);
	check_copy();
	buf_free(&b);
	unlink(path);
	rmdir(dir);
	return TEST_END();
}

/* The accounts of the host that the test runs on: root, and no others. */
#include "common/compat.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/stamp.h"
#include "common/test.h"
#include "common/test/slice_make.h"

static void
check_accounts(void)
{
	static const struct {
		const char	*minimum, *name;
		enum work_result_code code;
	} rows[] = {
		{ "0", "root", WORK_YES }, { "1", "root", WORK_UNKNOWN },
		{ "1000", "root", WORK_UNKNOWN },
		{ "0", "no-such-account", WORK_UNKNOWN },
		{ "0", "roo", WORK_UNKNOWN }, { "0", "root:", WORK_UNKNOWN },
		{ "0", "", WORK_UNKNOWN }, { "0", "*", WORK_UNKNOWN },
		{ "0", "/root", WORK_UNKNOWN }, { "0", "0", WORK_UNKNOWN }
	};
	struct backend_answer	 a;
	struct backend		*b;
	struct slice		*s;
	char			 why[128], long_name[300];
	size_t			 i;

	memset(long_name, 'r', sizeof(long_name));
	for (i = 0; i < nitems(rows); i++) {
		s = slice_make(NULL, "auth.0.type", "pam", "auth.0.lookup",
		    "system", "auth.0.minimum-uid", rows[i].minimum, NULL);
		b = backend_open_lookup(s, 0, why, sizeof(why));
		CHECK(b != NULL);
		backend_check(b, WORK_NAME, str_from(rows[i].name), STR(""),
		    STR(""), &a);
		CHECK_ROW(a.code == rows[i].code, "%s, %s: %d",
		    rows[i].minimum, rows[i].name, a.code);
		if (a.code == WORK_YES)
			CHECK(strcmp(a.user, "root") == 0);
		CHECK_ROW(strlen(a.why) == STAMP_LEN, "%s", a.why);
		/* neither a name that is cut off nor one with a NUL */
		backend_check(b, WORK_NAME, (struct str){ long_name,
		    sizeof(long_name) }, STR(""), STR(""), &a);
		CHECK(a.code == WORK_UNKNOWN);
		backend_check(b, WORK_NAME, (struct str){ "root\0x", 6 },
		    STR(""), STR(""), &a);
		CHECK(a.code == WORK_UNKNOWN);
		/* it has no passwords */
		backend_check(b, WORK_PASSWORD, STR("root"), STR("x"),
		    STR(""), &a);
		CHECK(a.code != WORK_YES);
		backend_close(b);
		slice_free(s);
	}
	s = slice_make(NULL, "auth.0.type", "system", "auth.0.minimum-uid",
	    "0", NULL);
	CHECK(backend_open(s, 0, why, sizeof(why)) == NULL);
	slice_free(s);
}

static void
check_stamp(void)
{
	char		 path[] = "/tmp/lookup_system_test.XXXXXX";
	const char	*paths[] = { "/nowhere", path };
	char		 one[STAMP_LEN + 1], two[STAMP_LEN + 1];
	int		 fd;

	CHECK((fd = mkstemp(path)) != -1);
	stamp_files(paths, 2, one, sizeof(one));
	stamp_files(paths, 2, two, sizeof(two));
	CHECK(strlen(one) == STAMP_LEN && strcmp(one, two) == 0);
	stamp_files(paths, 1, two, sizeof(two));
	CHECK(strcmp(one, two) != 0);
	CHECK(write(fd, "x", 1) == 1);
	stamp_files(paths, 2, two, sizeof(two));
	CHECK(strcmp(one, two) != 0);
	close(fd);
	unlink(path);
	stamp_files(paths, 2, one, sizeof(one));
	CHECK(strlen(one) == STAMP_LEN && strcmp(one, two) != 0);
}

int
main(void)
{
	check_accounts();
	check_stamp();
	return TEST_END();
}

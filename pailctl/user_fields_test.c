/* What pailctl user add and set make of a users' file: aliases and quotas. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/test.h"
#include "pailctl/user_fields.h"
#include "pailctl/users_file.h"

/* Of ann; options: "--alias a --quota 1G". */
static const struct {
	const char		*text;
	enum users_change	 what;
	const char		*options;
	const char		*result;	/* "!": refused: why */
} rows[] = {
	{ "", USERS_ADD, "--quota 10G --alias Ann@Example.org --alias a@x",
	    "ann:H aliases=ann@example.org,a@x quota=10G\n" },
	{ "bob:x\n", USERS_ADD, "", "bob:x\nann:H\n" },
	{ "ann:x\n", USERS_SET, "--quota 10G:5", "ann:x quota=10G:5\n" },
	{ "ann:x quota=1\n", USERS_SET, "--quota 0", "ann:x quota=0\n" },
	{ "ann:x  aliases=b  quota=1\r\n", USERS_SET, "--quota default",
	    "ann:x aliases=b\n" },
	{ "ann:x\n", USERS_SET, "--quota default", "ann:x\n" },
	{ "ann:x\n", USERS_SET, "--alias b", "ann:x aliases=b\n" },
	{ "ann:x quota=1 aliases=b,c\nbob:y quota=2", USERS_SET,
	    "--alias d --no-alias b",
	    "ann:x aliases=c,d quota=1\nbob:y quota=2\n" },
	{ "ann:x aliases=b quota=1\n", USERS_SET, "--no-alias B",
	    "ann:x quota=1\n" },
	{ "ann:x aliases=b,c\n", USERS_SET, "--alias c", "ann:x aliases=b,c\n" },
	{ "ann:x\n", USERS_SET, "--alias b --alias B --alias c",
	    "ann:x aliases=b,c\n" },
	/* what means nothing stays, and a line that counts for nothing goes */
	{ "ann:x zip=1 aliases=b\nann:y\n", USERS_SET, "--quota 3",
	    "ann:x aliases=b zip=1 quota=3\n" },
	/* refused */
	{ "ann:x\n", USERS_SET, "--quota ten", "!quota ten: expected "
	    "BYTES[:MESSAGES], such as 10G or 10G:100000, or \"default\"" },
	{ "ann:x\n", USERS_SET, "--quota -1", "!quota -1: expected" },
	{ "ann:x\n", USERS_SET, "--alias a,b", "!a,b: an alias cannot have a "
	    "space or a comma" },
	{ "ann:x\n", USERS_SET, "--alias a\001b", "!a\001b: not a name" },
	{ "ann:x\n", USERS_SET, "--alias ANN", "!ann is the user's name, not "
	    "an alias" },
	{ "ann:x\n", USERS_SET, "--no-alias b", "!ann has no alias b" },
	{ "ann:x\nbob:y\n", USERS_SET, "--alias Bob", "!bob is a name of "
	    "bob" },
	{ "bob:y aliases=b@x,B@y\nann:x\n", USERS_SET, "--alias b@y",
	    "!b@y is a name of bob" },
	{ "bob:y aliases=b@x\n", USERS_ADD, "--alias b@x", "!b@x is a name of "
	    "bob" },
	{ "bob:y\n", USERS_SET, "--quota 1", "!ann does not exist" },
	{ "ann:y\n", USERS_ADD, "--quota 1", "!ann already exists" },
};

static int
read_options(struct user_fields *f, char *options, char *why, size_t size)
{
	char	*option, *value;

	while ((option = strsep(&options, " ")) != NULL && *option != '\0') {
		if ((value = strsep(&options, " ")) == NULL)
			return 1;
		if (user_fields_option(f, option, value, why, size) != 0)
			return -1;
	}
	return 0;
}

static void
test_row(size_t i)
{
	struct user_fields	 f = { 0 };
	const char		*want = rows[i].result;
	struct buf		 out;
	char			 why[256] = "", options[128];
	int			 r;

	buf_init(&out, 0);
	strlcpy(options, rows[i].options, sizeof(options));
	r = read_options(&f, options, why, sizeof(why));
	if (r == 0)
		r = users_edit(rows[i].text, strlen(rows[i].text),
		    rows[i].what, "ann", "H", &f, &out, why, sizeof(why));
	if (*want == '!')
		CHECK_ROW(r == -1 && strncmp(why, want + 1,
		    strlen(want + 1)) == 0, "row %zu: %s", i, why);
	else
		CHECK_ROW(r == 0 && out.len == strlen(want) &&
		    memcmp(out.data, want, out.len) == 0, "row %zu: %s %.*s",
		    i, why, (int)out.len, (char *)out.data);
	buf_free(&out);
	user_fields_free(&f);
}

int
main(void)
{
	struct user_fields	 f = { 0 };
	char			 why[256];
	size_t			 i;

	for (i = 0; i < nitems(rows); i++)
		test_row(i);
	CHECK(user_fields_option(&f, "--other", "x", why, sizeof(why)) == 1);
	for (i = 0; i < USER_ALIASES_MAX; i++)
		CHECK(user_fields_option(&f, "--alias", "x", why,
		    sizeof(why)) == 0);
	CHECK(user_fields_option(&f, "--alias", "x", why, sizeof(why)) == -1);
	user_fields_free(&f);
	return TEST_END();
}

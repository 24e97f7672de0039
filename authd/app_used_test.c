/* An app password's use is told once a day. */
#include "common/compat.h"

#include "authd/app_used.h"
#include "common/test.h"

#define DAY	86400

static char	said[200];

static void
told(const char *user, const char *id)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s/%s ", user,
	    id);
}

int
main(void)
{
	struct app_used	*u = app_used_new();
	int64_t		 now = 20000 * (int64_t)DAY + 5;

	CHECK(u != NULL);
	app_used_note(u, "ann", STR("0123abcd"), now, told);
	app_used_note(u, "ann", STR("0123abcd"), now + DAY - 10, told);
	app_used_note(u, "bob", STR("0123abcd"), now, told);
	app_used_note(u, "ann", STR("0123abce"), now, told);
	app_used_note(u, "ann", STR("0123abc"), now, told);
	app_used_note(u, "ann", STR(""), now, told);
	CHECK_ROW(strcmp(said, "ann/0123abcd bob/0123abcd ann/0123abce ") == 0,
	    "%s", said);
	said[0] = '\0';
	app_used_note(u, "ann", STR("0123abcd"), now + DAY - 5, told);
	CHECK_ROW(strcmp(said, "ann/0123abcd ") == 0, "%s", said);
	app_used_free(u);
	app_used_free(NULL);
	return TEST_END();
}

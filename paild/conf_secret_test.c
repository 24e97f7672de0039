/* Secrets are forgotten and read again (conf.h), and libyaml's memory. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/test.h"
#include "paild/conf.h"
#include "paild/test/conf_files.h"

#define FILE_NAME	"paild/test/forget.yaml"

static void
write_file(const char *path, const char *text)
{
	FILE	*f = fopen(path, "w");

	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static bool
is(const struct conf *c, const char *path, const char *value)
{
	const char	*s = conf_str(c, path);

	return s != NULL && strcmp(s, value) == 0;
}

#define LONG	"store.credentials."

static void
test_forget(void)
{
	static const char *const texts[] = {
		L S3 "  secret-key: sesame\n" A,
		L C "  credentials: {access-key: k, secret-key: sesame}\n" A
	};
	struct conf	*c;
	char		 why[512];
	size_t		 i;

	for (i = 0; i < nitems(texts); i++) {
		write_file(FILE_NAME, texts[i]);
		c = conf_load(FILE_NAME, false);
		CHECK_ROW(conf_ok(c), "%zu", i);
		conf_forget(c, PROC_IMAPD);		/* they are not its */
		CHECK(is(c, LONG "secret-key", "sesame"));
		conf_forget(c, PROC_CREDD);
		CHECK(is(c, LONG "secret-key", "") &&
		    is(c, LONG "access-key", "k"));
		CHECK(conf_str(c, "store.secret-key") == NULL ||
		    is(c, "store.secret-key", ""));
		CHECK(conf_recall(c, PROC_IMAPD, why, sizeof(why)) == 0);
		CHECK(is(c, LONG "secret-key", ""));
		CHECK(conf_recall(c, PROC_CREDD, why, sizeof(why)) == 0);
		CHECK(is(c, LONG "secret-key", "sesame"));
		conf_free(c);
	}
}

/* What the file says by then counts, if it can be read. */
static void
test_changed(void)
{
	struct conf	*c;
	char		 why[512] = "";

	write_file(FILE_NAME, L S3 "  secret-key: sesame\n" A);
	c = conf_load(FILE_NAME, false);
	conf_forget(c, PROC_CREDD);
	write_file(FILE_NAME, L C "  access-key: k2\n  secret-key: open\n" A);
	CHECK(conf_recall(c, PROC_CREDD, why, sizeof(why)) == 0);
	CHECK(is(c, LONG "secret-key", "open") &&
	    is(c, LONG "access-key", "k2"));
	conf_forget(c, PROC_CREDD);
	write_file(FILE_NAME, L S3 "  secret-key: {x: y}\n" A);
	CHECK(conf_recall(c, PROC_CREDD, why, sizeof(why)) == -1);
	CHECK_ROW(strstr(why, FILE_NAME ":7:16: unknown source") != NULL,
	    "%s", why);
	write_file(FILE_NAME, GOOD);
	CHECK(conf_recall(c, PROC_CREDD, why, sizeof(why)) == -1);
	CHECK_ROW(strstr(why, "reload") != NULL, "%s", why);
	CHECK(is(c, LONG "secret-key", ""));
	conf_free(c);
}

int
main(void)
{
	conf_files_copy();
	test_forget();
	test_changed();
	conf_files_remove();
	return TEST_END();
}

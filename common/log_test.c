/* Log lines: one line an event, nothing forged, levels, errno. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/compat.h"
#include "common/test.h"
#include "common/test/capture.h"

static void
test_lines(void)
{
	const char	*s;
	char		 big[5000];

	log_init("logtest");
	capture();
	log_info("session=%s why=\"%s\"", "81f3", "a\r\nforged\x7f\x1b[0m");
	s = captured();
	CHECK(strstr(s, " logtest[") != NULL && strstr(s, "] info: ") != NULL);
	CHECK(strstr(s, "session=81f3 why=\"a\\x0d\\x0aforged\\x7f\\x1b[0m\"\n")
	    != NULL);
	CHECK(strchr(s, '\n') == s + strlen(s) - 1);
	capture();
	log_info("user=%s", "\xc2\x9b" "2J\xe2\x80\xae" "nna\xff");
	CHECK(strstr(captured(), "user=\\xc2\\x9b2J\\xe2\\x80\\xaenna\\xff\n")
	    != NULL);
	capture();
	errno = ENOENT;
	log_warn("open");
	CHECK(errno == ENOENT);
	log_warnx("plain");
	s = captured();
	CHECK(strstr(s, "warn: open: No such file") != NULL);
	CHECK(strstr(s, "warn: plain\n") != NULL);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	capture();
	log_info("%s", big);
	s = captured();
	CHECK(strlen(s) < 2300 && s[strlen(s) - 1] == '\n');
	capture();
	memset(big, '\n', sizeof(big) - 1);
	log_info("%s", big);
	s = captured();
	CHECK(strlen(s) < 2300 && strchr(s, '\n') == s + strlen(s) - 1);
}

static void
test_levels(void)
{
	const char	*out;

	enum log_level level = LOG_LEVEL_INFO;

	CHECK(log_level_parse("debug", &level) == 0);
	CHECK(level == LOG_LEVEL_DEBUG);
	CHECK(log_level_parse("loud", &level) == -1);
	CHECK(!log_is_debug());
	capture();
	log_debug("unseen");
	log_set_level(LOG_LEVEL_DEBUG);
	CHECK(log_is_debug());
	log_debug("seen");
	log_set_level(LOG_LEVEL_ERROR);
	log_warnx("hidden");
	out = captured();
	CHECK(strstr(out, "debug: seen\n") != NULL);
	CHECK(strstr(out, "unseen") == NULL && strstr(out, "hidden") == NULL);
}

static void
test_quote(void)
{
	char b[16];

	CHECK(strcmp(log_quote(b, sizeof(b), "a\"b\\c\n", 6),
	    "a\\\"b\\\\c\\x0a") == 0);
	CHECK(strcmp(log_quote(b, 4, "abcdef", 6), "abc") == 0);
	CHECK(strcmp(log_quote(b, 4, "\n", 1), "") == 0);
	CHECK(strcmp(log_quote(b, sizeof(b), "x\0y", 3), "x\\x00y") == 0);
}

static void
test_word(void)
{
	static const struct {
		const char	*in, *word;
	} t[] = {
		{ "ann", "ann" },
		{ "ann.b+c@x-y_z:1", "ann.b+c@x-y_z:1" },
		{ "", "\"\"" },
		{ "ann result=ok", "\"ann result=ok\"" },
		{ "ann\" result=\"ok", "\"ann\\\" result=\\\"ok\"" },
		{ "a\\", "\"a\\\\\"" },
		{ "a\nb\r\x1b", "\"a\\x0ab\\x0d\\x1b\"" },
		{ "j\xc3\xb6rg", "\"j\xc3\xb6rg\"" },
		{ "a=b", "\"a=b\"" },
	};
	char	 b[64], *d;
	size_t	 i, size;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(strcmp(log_word(b, sizeof(b), t[i].in),
		    t[i].word) == 0, "row %zu: %s", i, b);
		CHECK((d = log_word_dup(t[i].in)) != NULL);
		CHECK_ROW(strcmp(d, t[i].word) == 0, "row %zu: %s", i, d);
		free(d);
		/* cut, it is still within its quotes */
		for (size = 3; size < sizeof(b); size++) {
			memset(b, 'x', sizeof(b));
			log_word(b, size, t[i].in);
			CHECK_ROW(strlen(b) < size && (b[0] == '"') ==
			    (b[strlen(b) - 1] == '"') && (b[0] == '"' ||
			    strcmp(b, t[i].in) == 0), "row %zu size %zu", i,
			    size);
		}
	}
}

int
main(void)
{
	test_lines();
	test_word();
	test_levels();
	test_quote();
	return TEST_END();
}

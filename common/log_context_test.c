/* Whose work it is: in lines that do not say so, and only while it is. */
#include <string.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/test.h"
#include "common/test/capture.h"

static const char *
line(const char *text)
{
	capture();
	log_info("%s", text);
	return strstr(captured(), " info: ") + 7;
}

static void
test_session(void)
{
	struct log_context	one = { .session = 0x81f3 }, old, older;
	char			big[LOG_LINE_MAX];

	CHECK(strcmp(line("x"), "x\n") == 0);
	log_context_swap(&one, &older);
	CHECK(strcmp(line("x"), "x session=00000000000081f3\n") == 0);
	CHECK(strcmp(line("session=1 x"), "session=1 x\n") == 0);
	CHECK(strcmp(line("x session=1"), "x session=1\n") == 0);
	CHECK(strcmp(line("x nosession=1"),
	    "x nosession=1 session=00000000000081f3\n") == 0);
	/* What a stranger calls himself. */
	CHECK(strcmp(line("user=\"x session=1\" y"),
	    "user=\"x session=1\" y session=00000000000081f3\n") == 0);
	log_context_swap(NULL, &old);
	CHECK(old.session == 0x81f3 && strcmp(line("x"), "x\n") == 0);
	log_context_swap(&old, NULL);
	/* A line that is cut still says whose it is. */
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK(strstr(line(big), "xxx session=00000000000081f3\n") != NULL);
	memcpy(big + sizeof(big) - 20, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 18);
	CHECK(strstr(line(big), " session=00000000000081f3\n") != NULL);
	log_context_swap(&older, NULL);
	CHECK(strcmp(line("x"), "x\n") == 0);
}

/* Of 64 bits; nobody can tell the next from the last. */
static void
test_id(void)
{
	struct log_context	c = { .session = UINT64_MAX - 1 }, old;
	uint64_t		a, b, any = 0, all = UINT64_MAX;
	int			i;

	log_context_swap(&c, &old);
	CHECK(strcmp(line("x"), "x session=fffffffffffffffe\n") == 0);
	log_context_swap(&old, NULL);
	for (i = 0; i < 200; i++) {
		a = log_context_session();
		b = log_context_session();
		any |= a;
		all &= a;
		CHECK(a != 0 && a != b && b - a > 0xffff && a - b > 0xffff);
	}
	CHECK(any == UINT64_MAX && all == 0);
}

/* At level debug only. */
static void
test_trace(void)
{
	struct log_context	c = { .session = 1 }, d = { .session = 1 }, old;
	const char		*s;

	log_context_trace(&c);
	log_context_trace(&d);
	CHECK(c.traced && memcmp(c.trace, d.trace, sizeof(c.trace)) != 0 &&
	    c.span != d.span);
	memcpy(c.trace, "\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76"
	    "\x54\x32\x10", 16);
	c.span = 0xabc;
	log_context_swap(&c, &old);
	CHECK(strcmp(line("x"), "x session=0000000000000001\n") == 0);
	log_set_level(LOG_LEVEL_DEBUG);
	s = line("x");
	CHECK_ROW(strcmp(s, "x session=0000000000000001 trace="
	    "00-0123456789abcdeffedcba9876543210-0000000000000abc-01\n") == 0,
	    "%s", s);
	c.others = 7;
	log_context_swap(&c, NULL);
	CHECK(strstr(line("session=2"), "session=2 trace=00-") != NULL &&
	    strstr(line("x"), "abc-01 others=7\n") != NULL);
	log_set_level(LOG_LEVEL_INFO);
	log_context_swap(&old, NULL);
}

int
main(void)
{
	log_init("test");
	test_session();
	test_id();
	test_trace();
	return TEST_END();
}

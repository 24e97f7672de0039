/* Answers are one line of printable ASCII that RFC 5321's 512 octets hold. */
#include "common/compat.h"

#include "common/test.h"
#include "lmtpd/verdict.h"

int
main(void)
{
	static char	 longer[1000];
	struct verdict	 v;

	verdict_set(&v, 550, "5.1.1", "<%s>: no such user", "a\r\n250 b\x80");
	CHECK(strcmp(v.text, "<a??250 b?>: no such user") == 0);
	CHECK(v.code == 550 && strcmp(v.enhanced, "5.1.1") == 0);
	CHECK(!verdict_ok(&v));
	memset(longer, 'x', sizeof(longer) - 1);
	verdict_set(&v, 250, "2.1.5", "%s", longer);
	CHECK(strlen(v.text) == VERDICT_TEXT - 1 && verdict_ok(&v));
	CHECK(strlen(v.text) + strlen("250-2.1.5 \r\n") <= 512);
	verdict_set(&v, 354, "", "go on");
	CHECK(!verdict_ok(&v));
	return TEST_END();
}

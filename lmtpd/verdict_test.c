/* Answers are one line of printable ASCII that RFC 5321's 512 octets hold. */
#include "common/compat.h"

#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/test.h"
#include "lmtpd/verdict.h"

/* Only what is the recipient's own is for good. */
static void
test_map(void)
{
	struct verdict	 v;
	int		 i;

	for (i = 0; i < 256; i++) {
		verdict_mbox(&v, (uint8_t)i, STR("why"));
		CHECK_ROW(v.code == (i == MBOX_OVERQUOTA ||
		    i == MBOX_TOOBIG ? 552 : 451) && strcmp(v.text, "why") == 0,
		    "%d", i);
		verdict_rcpt(&v, (uint8_t)i, STR(""));
		CHECK_ROW(v.code == (i == RCPT_UNKNOWN || i == RCPT_REFUSED ?
		    550 : 451) && v.text[0] != '\0', "%d", i);
	}
	verdict_mbox(&v, MBOX_OVERQUOTA, STR(""));
	CHECK(strcmp(v.enhanced, "5.2.2") == 0 && v.text[0] != '\0');
	verdict_mbox(&v, MBOX_TOOBIG, STR("x"));
	CHECK(strcmp(v.enhanced, "5.3.4") == 0);
	verdict_mbox(&v, MBOX_SERVERBUG, STR(""));
	CHECK(strcmp(v.enhanced, "4.3.0") == 0 && v.text[0] != '\0');
}

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
	test_map();
	return TEST_END();
}

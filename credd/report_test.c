/* What an operator reads of the credentials, and what never. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/test.h"
#include "common/json_write.h"
#include "credd/report.h"

#define NOW	((int64_t)1800000000)	/* 2027-01-15T08:00:00Z */

int
main(void)
{
	struct cred_secret	s = { "ASIAX", "hush", "hushhush", "eu-1", "",
				    NOW + 3000 };
	struct refresh_status	st = { .source = "imds", .secret = &s,
				    .next = NOW + 2600 };
	char			text[4096];
	struct buf		b = BUF_INIT;

	report_text(NULL, NOW, text, sizeof(text));
	CHECK(strcmp(text, "The store needs no credentials.\n") == 0);
	report_text(&st, NOW, text, sizeof(text));
	CHECK_ROW(strcmp(text,
	    "source         imds\n"
	    "access key     ASIAX\n"
	    "expires        2027-01-15T08:50:00Z (in 3000s)\n"
	    "next renewal   2027-01-15T08:43:20Z (in 2600s)\n") == 0, "%s",
	    text);
	strlcpy(s.identity, "arn:aws:sts::1:assumed-role/mail\x1b[2J",
	    sizeof(s.identity));
	st.asking = true;
	st.failed_at = NOW - 5;
	st.failed_why = "imds: status 500";
	report_text(&st, NOW, text, sizeof(text));
	CHECK_ROW(strstr(text, "identity       arn:aws:sts::1:assumed-role/"
	    "mail\\x1b[2J\n") != NULL, "%s", text);
	CHECK_ROW(strstr(text, "next renewal   under way\n"
	    "failed         2027-01-15T07:59:55Z (5s ago)\n"
	    "reason         imds: status 500\n") != NULL, "%s", text);
	CHECK(strstr(text, "hush") == NULL);
	json_add_object(&b, NULL);
	report_json(&st, &b);
	json_end_object(&b);
	CHECK_ROW(str_eq((struct str){ (char *)b.data, b.len }, str_from(
	    "{\"source\":\"imds\",\"access_key\":\"ASIAX\",\"identity\":"
	    "\"arn:aws:sts::1:assumed-role/mail\\u001b[2J\",\"expires\":"
	    "\"2027-01-15T08:50:00Z\",\"renewing\":true,\"next_renewal\":"
	    "null,\"failed\":\"2027-01-15T07:59:55Z\",\"reason\":"
	    "\"imds: status 500\"}")), "%.*s", (int)b.len, (char *)b.data);
	buf_free(&b);
	/* nothing yet; keys for ever; a buffer that is too small */
	st = (struct refresh_status){ .next = NOW + 1, .failed_at = NOW,
	    .failed_why = "x" };
	report_text(&st, NOW, text, sizeof(text));
	CHECK_ROW(strncmp(text, "source         none has provided credentials "
	    "yet\naccess key     none is valid\n", 70) == 0, "%s", text);
	s.expires = 0;
	st = (struct refresh_status){ .source = "static", .secret = &s };
	report_text(&st, NOW, text, sizeof(text));
	CHECK_ROW(strstr(text, "expires        never\n"
	    "next renewal   never\n") != NULL, "%s", text);
	report_text(&st, NOW, text, 20);
	CHECK(strlen(text) == 19);
	return TEST_END();
}

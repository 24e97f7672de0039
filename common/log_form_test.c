/*
 * Lines as JSON and for the journal: what a peer wrote is one value, whatever
 * it was, and what is cut is still whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/json.h"
#include "common/log.h"
#include "common/log_field.h"
#include "common/log_form.h"
#include "common/test.h"
#include "common/test/capture.h"

static const struct log_source	from = { "warn", 4, "imapd/0", 77 };

static const char *
json(const char *text, char *dst, size_t size)
{
	static const struct timespec	when = { 1700000000, 7 * 1000000 };

	dst[log_form_json(dst, size, &when, &from, text)] = '\0';
	return dst;
}

static void
test_json(void)
{
#define HEAD	"{\"time\":\"2023-11-14T22:13:20.007Z\",\"level\":\"warn\"," \
		"\"process\":\"imapd/0\",\"pid\":77,\"message\":"
	static const struct { const char *text, *tail; } rows[] = {
		{ "", "\"\"}" },
		{ "lost the connection", "\"lost the connection\"}" },
		{ "session=81f3 user=ann cmd=\"UID FETCH\" ms=3",
		  "\"\",\"session\":\"81f3\",\"user\":\"ann\","
		  "\"cmd\":\"UID FETCH\",\"ms\":\"3\"}" },
		{ "s3: method=PUT  and key=a/b=c more", "\"s3: and more\","
		  "\"method\":\"PUT\",\"key\":\"a/b=c\"}" },
		{ "why=\"a \\\"b\\\" c=d \\\\ e\" x-amz-id-2=\"\"",
		  "\"\",\"why\":\"a \\\"b\\\" c=d \\\\ e\","
		  "\"x-amz-id-2\":\"\"}" },
		{ "message='it is n't' pid=5 a=1 a=2 a=3", "\"\","
		  "\"message_\":\"it is n't\",\"pid_\":\"5\",\"a\":\"1\","
		  "\"a_\":\"2\"}" },
		{ "why=\"open end=x", "\"\",\"why\":\"open end=x\"}" },
		{ "user=\"x\\\\x0ay\" j\xc3\xb6rg A=b 1=2", "\"j\xc3\xb6rg A=b "
		  "1=2\",\"user\":\"x\\\\x0ay\"}" },
		{ "a=", "\"\",\"a\":\"\"}" },
	};
	char	dst[4096], want[4096];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(want, sizeof(want), "%s%s", HEAD, rows[i].tail);
		CHECK_ROW(strcmp(json(rows[i].text, dst, sizeof(dst)),
		    want) == 0, "%zu: %s", i, dst);
	}
}

/* Of every size, of anything: an object, and no more than there is room. */
static void
test_cut(void)
{
	static const char text[] = "w\xc3\xb6rds key=\"\\\"\\\"\\\"\xe2\x82\xac"
	    "\\\\\\\\\\\\\" other='quoted \"it\"' b=\xf0\x9f\x90\x8c "
	    "k=v kk=vv end why=\"";
	char	long_text[LOG_LINE_MAX], dst[4096];
	size_t	i, n;

	for (n = 0; n + sizeof(text) < sizeof(long_text);
	    n += sizeof(text) - 1)
		memcpy(long_text + n, text, sizeof(text));
	long_text[n] = '\0';
	for (i = 512; i < 1050; i++) {
		memset(dst, 'X', sizeof(dst));
		n = log_form_json(dst, i, &(struct timespec){ 0, 0 }, &from,
		    long_text);
		CHECK_ROW(n <= i && dst[i] == 'X', "%zu of %zu", n, i);
		CHECK_ROW(json_check(dst, n) == 0, "%zu: %.*s", i, (int)n,
		    dst);
		CHECK(strstr(dst, "\"truncated\":true}") != NULL);
	}
}

static void
test_journal(void)
{
	char	dst[400];
	size_t	n;

	n = log_form_journal(dst, sizeof(dst), &from,
	    "s3: x-y=\"a \\\"b\\\"\" z=1");
	CHECK_ROW(n > 0 && strncmp(dst, "PRIORITY=4\nSYSLOG_FACILITY=2\n"
	    "SYSLOG_IDENTIFIER=imapd/0\nSYSLOG_PID=77\n"
	    "MESSAGE=s3: x-y=\"a \\\"b\\\"\" z=1\nPAIL_X_Y=a \"b\"\n"
	    "PAIL_Z=1\n", n) == 0, "%.*s", (int)n, dst);
	/* Room for the line, and for its last key only. */
	n = log_form_journal(dst, 120, &from,
	    "a=0123456789012345678901234 b=2");
	CHECK_ROW(n <= 120 && memmem(dst, n, "MESSAGE=a=0123", 14) != NULL &&
	    memmem(dst, n, "PAIL_A", 6) == NULL && dst[n - 1] == '\n',
	    "%.*s", (int)n, dst);
}

/* To standard error, as paild -d does. */
static void
test_stderr(void)
{
	const char	*s;
	enum log_format	 format;

	CHECK(log_format_parse("xml", &format) == -1);
	CHECK(log_format_parse("json", &format) == 0 &&
	    format == LOG_FORMAT_JSON);
	log_init("test");
	log_set_format(format);
	capture();
	log_info("user=\"a\n\xff\" b");
	s = captured();
	CHECK_ROW(strncmp(s, "{\"time\":\"20", 11) == 0 && strstr(s,
	    "\"message\":\"b\",\"user\":\"a\\\\x0a\\\\xff\"}\n") != NULL &&
	    strchr(s, '\n') == s + strlen(s) - 1, "%s", s);
	log_set_format(LOG_FORMAT_TEXT);
}

int
main(void)
{
	test_json();
	test_cut();
	test_journal();
	test_stderr();
	return TEST_END();
}

/*
 * Notifications as the services write them (the examples of their manuals are
 * the corpus of the fuzz target), and what is none.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_notice.h"
#include "storaged/format/key.h"

/* "bucket/key ... from SENDER to RECIPIENTS", or the reason. */
static const char *
told(struct str text)
{
	static char		 line[8192];
	struct ingest_notice	*n;
	char			 why[INGEST_NOTICE_WHY];
	size_t			 i;

	if ((n = ingest_notice_read(text, why)) == NULL) {
		snprintf(line, sizeof(line), "no: %s", why);
		return line;
	}
	line[0] = '\0';
	for (i = 0; i < n->n; i++) {
		strlcat(line, n->v[i].bucket, sizeof(line));
		strlcat(line, "/", sizeof(line));
		strlcat(line, n->v[i].key, sizeof(line));
		strlcat(line, " ", sizeof(line));
	}
	if (n->recipients != NULL) {
		strlcat(line, "from ", sizeof(line));
		strlcat(line, n->sender, sizeof(line));
		strlcat(line, " to ", sizeof(line));
		strlcat(line, n->recipients, sizeof(line));
	}
	ingest_notice_free(n);
	return line;
}

static char *
slurp(const char *name, size_t *len)
{
	char	 path[200], *text = malloc(65536);
	FILE	*f;

	snprintf(path, sizeof(path), "regress/corpus/ingest_notice/%s", name);
	f = fopen(path, "r");
	CHECK_ROW(f != NULL, "%s", path);
	*len = f != NULL ? fread(text, 1, 65536, f) : 0;
	if (f != NULL)
		fclose(f);
	return text;
}

#define SES	"my-S3-bucket/in/o3vrnil0e2ic28tr from 0000014fbe1c09cf-"	\
		"7cb9f704-7531-4e53-89a1-5fa9744f5eb6-000000@amazonses.com "	\
		"to ann@example.com,bob@example.com"

/* Each whole, and each cut: a part is none. */
static void
test_services(void)
{
	static const struct { const char *name, *want; } rows[] = {
		{ "s3", "amzn-s3-demo-bucket/in/red flower+\xc3\xa9.jpg " },
		{ "minio", "drop/in/one " },
		{ "test", "" },
		{ "eventbridge", "amzn-s3-demo-bucket1/in/example+key " },
		{ "ses", SES },
		{ "sns", SES },
	};
	char	*text;
	size_t	 i, k, len;

	for (i = 0; i < nitems(rows); i++) {
		text = slurp(rows[i].name, &len);
		CHECK_ROW(strcmp(told((struct str){ text, len }),
		    rows[i].want) == 0, "%s: %s", rows[i].name,
		    told((struct str){ text, len }));
		for (k = 0; k < len; k++) {
			char	*part = malloc(k + 1);

			memcpy(part + 1, text, k);
			CHECK_ROW(strncmp(told((struct str){ part + 1, k }),
			    "no: ", 4) == 0, "%s: %zu bytes", rows[i].name, k);
			free(part);
		}
		free(text);
	}
}

#define REC(name, key)	"{\"eventName\":\"" name "\",\"s3\":{\"bucket\":{"	\
			"\"name\":\"b\"},\"object\":{\"key\":\"" key "\"}}}"
#define ACTION(type)	"\"action\":{\"type\":\"" type "\",\"bucketName\":"	\
			"\"b\",\"objectKey\":\"k\"}"

static void
test_rows(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "", "no: it is not a JSON object" },
		{ "hello", "no: it is not a JSON object" },
		{ "[]", "no: it is not a JSON object" },
		{ "{}", "no: it is neither S3's nor SES's" },
		{ "{\"Records\":1}", "no: it has no records" },
		{ "{\"Records\":[]}", "no: it has no records" },
		{ "{\"Records\":[{}]}", "no: a record is not S3's" },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "a") "," REC(
		  "ObjectRemoved:Delete", "b") "," REC("ObjectCreated:Copy",
		  "c") "]}", "b/a b/c " },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "") "]}",
		  "no: the object's key is missing, not encoded or too long" },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "%0") "]}",
		  "no: the object's key is missing, not encoded or too long" },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "%00") "]}",
		  "no: the object's key is missing, not encoded or too long" },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "%zz") "]}",
		  "no: the object's key is missing, not encoded or too long" },
		{ "{\"Records\":[" REC("ObjectCreated:Put", "a\\u0000b") "]}",
		  "no: the object's key is missing, not encoded or too long" },
		/* Two readers would see two objects. */
		{ "{\"Records\":[" REC("ObjectCreated:Put", "a") "],"
		  "\"Records\":[" REC("ObjectCreated:Put", "b") "]}",
		  "no: it is not a JSON object" },
		{ "{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"{}\"}",
		  "no: a message of SNS that is no notification: is its "
		  "subscription confirmed?" },
		{ "{\"Type\":\"Notification\",\"Message\":{}}",
		  "no: a notification of SNS without a message" },
		{ "{\"Type\":\"Notification\",\"Message\":\"Successfully "
		  "validated SNS topic for Amazon SES event publishing.\"}",
		  "" },
		/* An envelope in an envelope. */
		{ "{\"Type\":\"Notification\",\"Message\":\"{\\\"Type\\\":"
		  "\\\"Notification\\\",\\\"Message\\\":\\\"{}\\\"}\"}",
		  "no: it is neither S3's nor SES's" },
		{ "{\"notificationType\":\"Bounce\"}", "no: a notification of "
		  "SES that is not about a mail that has come" },
		{ "{\"notificationType\":\"Received\",\"mail\":{},\"receipt\":{"
		  ACTION("SNS") "}}",
		  "no: SES has not put this mail in a bucket" },
		{ "{\"notificationType\":\"Received\",\"mail\":{},\"receipt\":{"
		  ACTION("S3") "}}", "no: a notification without recipients" },
		{ "{\"notificationType\":\"Received\",\"mail\":{\"source\":\"s\","
		  "\"destination\":[\"a@x\",\"b,c@x\",1,\"d\\n@x\",\"e@x\"]},"
		  "\"receipt\":{" ACTION("S3") "}}", "b/k from s to a@x,e@x" },
		{ "{\"detail-type\":\"Object Deleted\",\"source\":\"aws.s3\"}",
		  "" },
		{ "{\"detail-type\":\"Object Created\",\"source\":\"my.app\"}",
		  "no: an event that is not S3's" },
		{ "{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\","
		  "\"detail\":{}}", "no: an event that names no object" },
	};
	size_t	 i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(strcmp(told(str_from(rows[i].text)), rows[i].want) ==
		    0, "%s: %s", rows[i].text, told(str_from(rows[i].text)));
}

/* What a peer can make grow. */
static void
test_limits(void)
{
	struct buf	 b;
	int		 i;

	buf_init(&b, 0);
	buf_puts(&b, "{\"Records\":[");
	for (i = 0; i <= INGEST_NOTICE_OBJECTS; i++)
		buf_printf(&b, "%s" REC("ObjectCreated:Put", "k%d"), i > 0 ?
		    "," : "", i);
	buf_puts(&b, "]}");
	CHECK_ROW(strcmp(told((struct str){ (char *)b.data, b.len }),
	    "no: it names more than 100 objects") == 0, "%s",
	    told((struct str){ (char *)b.data, b.len }));
	buf_reset(&b);
	buf_puts(&b, "{\"Records\":[" REC("ObjectCreated:Put", ""));
	b.len -= 4;			/* in the key */
	for (i = 0; i < KEY_MAX; i++)
		buf_put_u8(&b, 'k');
	buf_puts(&b, "\"}}}]}");
	CHECK(strstr(told((struct str){ (char *)b.data, b.len }),
	    "too long") != NULL);
	buf_reset(&b);
	buf_puts(&b, "{\"notificationType\":\"Received\",\"mail\":{"
	    "\"destination\":[\"a@x\"");
	for (i = 0; i < 7000; i++)
		buf_printf(&b, ",\"user%d@x\"", i);
	buf_puts(&b, "]},\"receipt\":{" ACTION("S3") "}}");
	CHECK_ROW(strcmp(told((struct str){ (char *)b.data, b.len }),
	    "no: it has more than 65536 bytes of recipients") == 0, "%s",
	    told((struct str){ (char *)b.data, b.len }));
	buf_reset(&b);
	buf_puts(&b, "{\"Records\":[],\"x\":\"");
	while (b.len < INGEST_NOTICE_MAX)
		buf_put_u8(&b, 'x');
	buf_puts(&b, "\"}");
	CHECK(strstr(told((struct str){ (char *)b.data, b.len }),
	    "it has more than") != NULL);
	buf_free(&b);
}

int
main(void)
{
	test_services();
	test_rows();
	test_limits();
	return TEST_END();
}

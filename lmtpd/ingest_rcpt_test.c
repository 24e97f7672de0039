/* Recipients of mails that lie in a bucket, by metadata and header. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "common/test/slice_make.h"
#include "lmtpd/ingest_rcpt.h"

static struct slice *conf;

/* As one text, with commas. */
static const char *
text(const struct ingest_rcpts *r)
{
	static char	 all[4096];
	size_t		 i;

	all[0] = '\0';
	for (i = 0; i < r->n; i++) {
		strlcat(all, i > 0 ? "," : "", sizeof(all));
		strlcat(all, r->v[i], sizeof(all));
	}
	return all;
}

static void
test_lists(void)
{
	static const struct {
		const char *list, *want;
		size_t foreign;
	} rows[] = {
		{ "", "", 0 },
		{ "ann@example.org", "ann@example.org", 0 },
		{ "ann@example.org, bob@Example.ORG", "ann@example.org,"
		    "bob@Example.ORG", 0 },
		{ " Ann <ann@example.org> ,,", "ann@example.org", 0 },
		{ "\"x, y\" <ann@example.org>, bob", "ann@example.org,bob", 0 },
		{ "ann@example.org,ANN@example.org", "ann@example.org", 0 },
		{ "x@other.example, ann", "ann", 1 },
		{ "x@example.org.other", "", 1 },
		{ "@example.org, ann@", "", 2 },
		{ "a b@example.org, <>, <a, \"", "", 0 },
		{ "a@b@example.org", "a@b@example.org", 0 },
		{ "ann@sub.example.org", "", 1 },
		{ "\"\\", "", 0 },
	};
	struct ingest_rcpts	 r = { .n = 0 };
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		ingest_rcpts_add(&r, str_from(rows[i].list), conf, true);
		CHECK_ROW(strcmp(text(&r), rows[i].want) == 0, "%s: %s",
		    rows[i].list, text(&r));
		CHECK_ROW(r.foreign == rows[i].foreign, "%s", rows[i].list);
		ingest_rcpts_free(&r);
	}
}

static void
test_bounds(void)
{
	struct ingest_rcpts	 r = { .n = 0 };
	struct buf		 b;
	char			*name = malloc(INGEST_ADDRESS_MAX + 2);
	int			 i;

	buf_init(&b, 0);
	for (i = 0; i < INGEST_RECIPIENTS + 5; i++)
		buf_printf(&b, "user%d,", i);
	ingest_rcpts_add(&r, (struct str){ (char *)b.data, b.len }, conf,
	    true);
	CHECK(r.n == INGEST_RECIPIENTS && r.too_many);
	ingest_rcpts_free(&r);
	buf_free(&b);
	memset(name, 'a', INGEST_ADDRESS_MAX + 1);
	ingest_rcpts_add(&r, (struct str){ name, INGEST_ADDRESS_MAX + 1 },
	    conf, true);
	CHECK(r.n == 0);
	ingest_rcpts_add(&r, (struct str){ name, INGEST_ADDRESS_MAX }, conf,
	    true);
	CHECK(r.n == 1);
	ingest_rcpts_free(&r);
	free(name);
}

#define MAIL	"Received: from x\r\n\tfor <z@example.org>; now\r\n"	\
	"X-Original-To: ann@example.org,\r\n bob@example.org\r\n"	\
	"x-original-to: mallory@example.org\r\n"			\
	"Delivered-To : carl@example.org\r\n"				\
	"Subject: a\r\n\r\n"						\
	"Envelope-To: dora@example.org\r\n"

static void
test_fields(void)
{
	static const struct {
		const char *name, *value;
		bool there;
	} rows[] = {
		{ "X-Original-To", " ann@example.org, bob@example.org", true },
		{ "delivered-to", " carl@example.org", true },
		{ "Subject", " a", true },
		{ "Envelope-To", "", false },
		{ "X-Original", "", false },
		{ "Received", " from x\tfor <z@example.org>; now", true },
	};
	static const char lf[] = "A: 1\nB: 2\n 3\n\nC: 4\n";
	char	 value[100], *copy;
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(ingest_field(MAIL, strlen(MAIL), rows[i].name, value,
		    sizeof(value)) == rows[i].there, "%s", rows[i].name);
		CHECK_ROW(strcmp(value, rows[i].value) == 0, "%s: \"%s\"",
		    rows[i].name, value);
	}
	CHECK(ingest_field(lf, strlen(lf), "B", value, sizeof(value)) &&
	    strcmp(value, " 2 3") == 0);
	CHECK(!ingest_field(lf, strlen(lf), "C", value, sizeof(value)));
	CHECK(ingest_field(lf, strlen(lf), "B", value, 3) && value[0] == '\0');
	CHECK(ingest_field("A: \0x\n", 6, "A", value, sizeof(value)) &&
	    value[0] == '\0');
	CHECK(ingest_head_whole(lf, strlen(lf)) && ingest_head_whole("\n", 1));
	/* Every prefix, in a block of its size. */
	for (i = 0; i < strlen(MAIL); i++) {
		copy = malloc(i + 1);
		memcpy(copy, MAIL, i);
		(void)ingest_field(copy, i, "Delivered-To", value,
		    sizeof(value));
		CHECK_ROW(ingest_head_whole(copy, i) == (i >= strlen(MAIL) -
		    strlen("Envelope-To: dora@example.org\r\n")), "%zu", i);
		free(copy);
	}
}

/* Issue 14: metadata, else X-Original-To, Delivered-To, Envelope-To, in the
 * configured order, with rules for domains and a catch-all. */
static void
test_order(void)
{
	static const struct {
		unsigned place;
		const char *metadata, *head, *want, *envelope;
	} rows[] = {
		{ 0, "meta@example.org", MAIL, "meta@example.org", NULL },
		{ 0, "", MAIL, "ann@example.org,bob@example.org", NULL },
		{ 0, "meta@other.example", MAIL,
		    "ann@example.org,bob@example.org", NULL },
		{ 0, "", "X-Original-To: a@other.example\n"
		    "Delivered-To: b@example.org\n\n", "b@example.org", NULL },
		{ 0, "", "Envelope-To: b@example.org, c@example.org\n",
		    "b@example.org,c@example.org", NULL },
		/* Only metadata may name users without a domain. */
		{ 0, "", "Delivered-To: root\n\n", "", NULL },
		{ 0, "root", "", "root", NULL },
		{ 0, "", "", "", NULL },
		{ 1, "meta@example.org", MAIL,
		    "ann@example.org,bob@example.org", NULL },
		{ 1, "meta@example.org", "\n", "meta@example.org", NULL },
		{ 1, "", "\n", "lost@example.org", NULL },
		{ 2, "meta@example.org", MAIL, "meta@example.org", NULL },
		{ 2, "", MAIL, "", NULL },
		{ 0, "meta@example.org", MAIL, "env@example.org,"
		    "two@example.org", "env@example.org,x@other.example,"
		    "two@example.org" },
		{ 0, "meta@example.org", MAIL, "meta@example.org",
		    "x@other.example" },
		{ 2, "meta@example.org", MAIL, "meta@example.org",
		    "env@example.org" },
		{ 3, "meta@example.org", MAIL, "carl@example.org", "" },
		{ 3, "", "\n", "env@example.org", "env@example.org" },
		{ 3, "meta@example.org", "\n", "meta@example.org", NULL },
	};
	struct ingest_rcpts	 r = { .n = 0 };
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		const struct ingest_known k = { str_from(rows[i].envelope),
		    str_from(rows[i].metadata), rows[i].head,
		    strlen(rows[i].head) };

		ingest_rcpts_find(&r, conf, rows[i].place, &k);
		CHECK_ROW(strcmp(text(&r), rows[i].want) == 0, "row %zu: %s",
		    i, text(&r));
		ingest_rcpts_free(&r);
	}
}

int
main(void)
{
	conf = slice_make(NULL, "domains.0", "example.org",
	    "ingest.0.catch-all", "", "ingest.1.recipients.0", "headers",
	    "ingest.1.recipients.1", "metadata", "ingest.1.catch-all",
	    "lost@example.org", "ingest.2.recipients.0", "metadata",
	    "ingest.2.catch-all", "", "ingest.3.recipients.0", "Delivered-To",
	    "ingest.3.recipients.1", "envelope", "ingest.3.recipients.2",
	    "metadata", "ingest.3.catch-all", "", NULL);
	test_lists();
	test_bounds();
	test_fields();
	test_order();
	slice_free(conf);
	return TEST_END();
}

/* Names of ingestion: which objects are mails, and where they go. */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_name.h"

static void
test_kinds(void)
{
	static const struct {
		const char *name;
		enum ingest_kind kind;
		const char *skip;
	} rows[] = {
		{ "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1", INGEST_MAIL, "" },
		{ "2026/11/29/mail.eml", INGEST_MAIL, "" },
		{ "done", INGEST_MAIL, "" },
		{ "claims-of-ours/x", INGEST_MAIL, "" },
		{ "claims/0123", INGEST_OURS, "claims/~" },
		{ "done/0123/x", INGEST_OURS, "done/~" },
		{ "failed/0123/mail", INGEST_OURS, "failed/~" },
		{ "failed/x", INGEST_OURS, "failed/~" },
		{ "AMAZON_SES_SETUP_NOTIFICATION", INGEST_OTHER, "" },
		{ "a/AMAZON_SES_SETUP_NOTIFICATION", INGEST_OTHER, "" },
		{ "folder/", INGEST_OTHER, "" },
		{ "", INGEST_OTHER, "" },
		{ "a//b", INGEST_ODD, "" },
		{ "a/../b", INGEST_ODD, "" },
		{ "./b", INGEST_ODD, "" },
		{ "a\nb", INGEST_ODD, "" },
		{ "a\177", INGEST_ODD, "" },
		{ "a..b/.c", INGEST_MAIL, "" },
	};
	char	 skip[KEY_MAX];
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		skip[0] = '\0';
		CHECK_ROW(ingest_kind(rows[i].name, skip) == rows[i].kind,
		    "%s", rows[i].name);
		CHECK_ROW(strcmp(skip, rows[i].skip) == 0, "%s",
		    rows[i].name);
	}
}

/* The same for whoever asks, however its server writes an ETag; another for
 * whatever differs. */
static void
test_ids(void)
{
	static const char *const others[][4] = {
		{ "b2", "in/", "x", "\"e\"" },
		{ "b", "in/", "y", "\"e\"" },
		{ "b", "in/", "x", "\"f\"" },
		{ "b", "", "x", "\"e\"" },
		{ "b", "in/x", "", "\"e\"" },	/* this one is the same */
	};
	struct ingest_id a, b;
	size_t	 i;

	ingest_id(&a, "b", "in/", "x", "\"e\"");
	ingest_id(&b, "b", "in/", "x", "e");
	CHECK(strcmp(a.hex, b.hex) == 0);
	ingest_id(&b, "b", "in/", "x", "W/\"e\"");
	CHECK(strcmp(a.hex, b.hex) == 0 && ingest_id_valid(a.hex));
	for (i = 0; i < nitems(others); i++) {
		ingest_id(&b, others[i][0], others[i][1], others[i][2],
		    others[i][3]);
		CHECK_ROW((strcmp(a.hex, b.hex) == 0) == (i == 4), "row %zu",
		    i);
	}
}

static void
test_names(void)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	static const char *const bad[] = { "failed/", "failed/x/reason.json",
	    "failed/0123456789abcdef0123456789abcdeF/reason.json",
	    "failed/0123456789abcdef0123456789abcdef/mail",
	    "failed/0123456789abcdef0123456789abcdef/reason.json/x",
	    "done/0123456789abcdef0123456789abcdef/reason.json",
	    "failed/0123456789abcdef0123456789abcdef" };
	struct ingest_id a, b;
	char	 name[KEY_MAX], dst[KEY_MAX];
	size_t	 i;

	strlcpy(a.hex, id, sizeof(a.hex));
	ingest_failed_name(&a, true, dst);
	CHECK(ingest_failed_id(dst, &b) && strcmp(a.hex, b.hex) == 0);
	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(!ingest_failed_id(bad[i], &b), "%s", bad[i]);
	ingest_done_name(&a, "in/", "x/y/z.eml", dst);
	CHECK(strcmp(dst, "done/0123456789abcdef0123456789abcdef/z.eml") == 0);
	memset(name, 'n', sizeof(name));
	name[KEY_MAX - 40] = '\0';
	ingest_done_name(&a, "in/", name, dst);
	CHECK(strcmp(dst, "done/0123456789abcdef0123456789abcdef/mail") == 0);
}

int
main(void)
{
	test_kinds();
	test_ids();
	test_names();
	return TEST_END();
}

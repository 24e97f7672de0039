/* Lines of a users' file: what they say, and the octet that is named. */
#include "common/userline.h"

#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/user.h"

#define L(s)	s, sizeof(s) - 1

static const struct {
	const char	*line;
	size_t		 len;
	enum userline	 want;
	const char	*id;	/* or the reason's text */
	const char	*hash;
} t[] = {
	{ L("ann:$y$x"), USERLINE_USER, "ann", "$y$x" },
	{ L("ann:$y$x\r"), USERLINE_USER, "ann", "$y$x" },
	{ L("ANN@Example.org:h"), USERLINE_USER, "ann@example.org", "h" },
	{ L("Ann Bee:h"), USERLINE_USER, "ann bee", "h" },
	{ L("j\xc3\xb6rg:h"), USERLINE_USER, "j\xc3\xb6rg", "h" },
	{ L("jo\xcc\x88rg:h"), USERLINE_USER, "j\xc3\xb6rg", "h" },
	{ L("ann:"), USERLINE_USER, "ann", "" },
	{ L("a:b:c"), USERLINE_USER, "a", "b:c" },
	{ L(""), USERLINE_NOTHING, "", "" },
	{ L("\r"), USERLINE_NOTHING, "", "" },
	{ L("  \t "), USERLINE_NOTHING, "", "" },
	{ L("# ann:h"), USERLINE_NOTHING, "", "" },
	{ L("  # ann:h"), USERLINE_NOTHING, "", "" },
	{ L("ann"), USERLINE_BAD, "no colon", "" },
	{ L(":h"), USERLINE_BAD, "invalid name", "" },
	{ L(" ann:h"), USERLINE_BAD,
	    "byte 0x20 in column 1: white space before the name", "" },
	{ L("\tann:h"), USERLINE_BAD,
	    "byte 0x09 in column 1: white space before the name", "" },
	{ L("ann :h"), USERLINE_BAD,
	    "byte 0x20 in column 4: white space after the name", "" },
	{ L("ann: h"), USERLINE_BAD,
	    "byte 0x20 in column 5: not allowed in a hash", "" },
	{ L("ann:h "), USERLINE_BAD,
	    "byte 0x20 in column 6: not allowed in a hash", "" },
	{ L("ann:h\t\r"), USERLINE_BAD,
	    "byte 0x09 in column 6: not allowed in a hash", "" },
	{ L("ann:h\xc3\xa9"), USERLINE_BAD,
	    "byte 0xc3 in column 6: not allowed in a hash", "" },
	{ L("ann:h\0i"), USERLINE_BAD,
	    "byte 0x00 in column 6: a NUL byte", "" },
	{ L("a\0nn:h"), USERLINE_BAD,
	    "byte 0x00 in column 2: a NUL byte", "" },
	{ L("\xef\xbb\xbf" "ann:h"), USERLINE_BAD,
	    "byte 0xef in column 1: invisible white space", "" },
	{ L("ann\xc2\xa0:h"), USERLINE_BAD,
	    "byte 0xc2 in column 4: invisible white space", "" },
	{ L("ann\xe2\x80\x8b:h"), USERLINE_BAD,
	    "byte 0xe2 in column 4: invisible white space", "" },
	{ L("a\x7fnn:h"), USERLINE_BAD,
	    "byte 0x7f in column 2: a control character", "" },
	{ L("a\x1bnn:h"), USERLINE_BAD,
	    "byte 0x1b in column 2: a control character", "" },
	{ L("ann\xe9:h"), USERLINE_BAD,
	    "byte 0xe9 in column 4: not UTF-8", "" },
	{ L("\xff\xfe" "a"), USERLINE_BAD,
	    "byte 0xff in column 1: not UTF-8", "" },
};

/* What follows the hash: aliases with a space between them, the quota, and what
 * is wrong with one of them. */
static void
check_more(void)
{
	static const struct {
		const char	*line;
		size_t		 len;
		const char	*aliases;
		const char	*quota;		/* bytes:messages; "": none */
		const char	*why;		/* of a field, or of the line */
		enum userline	 want;
	} rows[] = {
		{ L("ann:h"), "", "", "", USERLINE_USER },
		{ L("ann:h aliases=a@x"), "a@x", "", "", USERLINE_USER },
		{ L("ann:h aliases=a@x,B@x,,j\xc3\xb6rg@x\r"),
		    "a@x B@x j\xc3\xb6rg@x", "", "", USERLINE_USER },
		{ L("ann:h quota=10K:5   aliases=a"), "a", "10240:5", "",
		    USERLINE_USER },
		{ L("ann:h quota= aliases="), "", "0:0", "", USERLINE_USER },
		{ L("ann:h quota=:7 "), "", "0:7", "", USERLINE_USER },
		{ L("ann:SCRAM-SHA-256$4096:c2FsdA==:x=:y= aliases=a"), "a", "",
		    "", USERLINE_USER },
		/* that field counts for nothing */
		{ L("ann:h quota=big aliases=a"), "a", "", "quota: \"big\": "
		    "expected BYTES[:MESSAGES], such as 10G or 10G:100000",
		    USERLINE_USER },
		{ L("ann:h aliases=a,\xc2\xadx"), "", "",
		    "byte 0xc2 in column 17: invisible white space",
		    USERLINE_BAD },
		{ L("ann:h alias=a"), "", "",
		    "\"alias\" is neither \"aliases\" nor \"quota\"",
		    USERLINE_USER },
		{ L("ann:h nologin"), "", "",
		    "\"nologin\" is neither \"aliases\" nor \"quota\"",
		    USERLINE_USER },
		/* as without them */
		{ L("ann: aliases=a"), "", "",
		    "byte 0x20 in column 5: not allowed in a hash",
		    USERLINE_BAD },
		{ L("ann:h "), "", "",
		    "byte 0x20 in column 6: not allowed in a hash",
		    USERLINE_BAD },
		{ L("ann:h\taliases=a"), "", "",
		    "byte 0x09 in column 6: not allowed in a hash",
		    USERLINE_BAD },
		{ L("ann:h $y$z"), "", "",
		    "byte 0x20 in column 6: not allowed in a hash",
		    USERLINE_BAD },
		{ L("ann:h aliases=a\tb"), "", "",
		    "byte 0x09 in column 16: a control character",
		    USERLINE_BAD },
		{ L("ann:h aliases=a\xff"), "", "",
		    "byte 0xff in column 16: not UTF-8", USERLINE_BAD },
	};
	struct userline_more	 m;
	struct str		 hash, one;
	enum userline		 got;
	char			 id[USER_ID_MAX + 1], why[128], text[128],
				 quota[64];
	size_t			 i, n;

	for (i = 0; i < nitems(rows); i++) {
		*why = *text = *quota = '\0';
		got = userline_read(rows[i].line, rows[i].len, id, sizeof(id),
		    &hash, &m, why, sizeof(why));
		CHECK_ROW(got == rows[i].want && strcmp(got == USERLINE_BAD ?
		    why : m.why, rows[i].why) == 0, "row %zu: %s%s", i, why,
		    m.why);
		if (got != USERLINE_USER)
			continue;
		while (userline_alias(&m.aliases, &one)) {
			strlcat(text, *text != '\0' ? " " : "", sizeof(text));
			snprintf(text + strlen(text), sizeof(text) -
			    strlen(text), "%.*s", (int)one.len, one.p);
		}
		if (m.has_quota)
			snprintf(quota, sizeof(quota), "%llu:%llu",
			    (unsigned long long)m.bytes,
			    (unsigned long long)m.messages);
		CHECK_ROW(strcmp(text, rows[i].aliases) == 0 &&
		    strcmp(quota, rows[i].quota) == 0, "row %zu: %s, %s", i,
		    text, quota);
		for (n = 0; n < rows[i].len; n++)
			(void)userline_read(rows[i].line, n, id, sizeof(id),
			    &hash, &m, why, sizeof(why));
	}
}

int
main(void)
{
	struct str	 hash;
	enum userline	 got;
	char		 id[USER_ID_MAX + 1], why[128];
	size_t		 i, n;

	for (i = 0; i < nitems(t); i++) {
		*id = *why = '\0';
		hash = (struct str){ "", 0 };
		got = userline_parse(t[i].line, t[i].len, id, sizeof(id),
		    &hash, why, sizeof(why));
		CHECK_ROW(got == t[i].want && strcmp(got == USERLINE_BAD ?
		    why : id, t[i].id) == 0 && hash.len ==
		    strlen(t[i].hash) && memcmp(hash.p, t[i].hash,
		    hash.len) == 0, "row %zu: %d, %s, %s", i, got, id, why);
		/* Every prefix ends somewhere. */
		for (n = 0; n < t[i].len; n++)
			(void)userline_parse(t[i].line, n, id, sizeof(id),
			    &hash, why, sizeof(why));
	}
	check_more();
	CHECK(userline_bom("\xef\xbb\xbf", 3) == 3);
	CHECK(userline_bom("\xef\xbb\xbfx", 4) == 3);
	CHECK(userline_bom("\xef\xbb", 2) == 0);
	CHECK(userline_bom("ann", 3) == 0);
	return TEST_END();
}

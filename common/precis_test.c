/* Names as RFC 8265 has them; its own examples are among them. */
#include "common/compat.h"

#include <stdio.h>

#include "common/precis.h"
#include "common/test.h"
#include "common/user.h"

#define WIDE_A	"\xef\xbc\xa1"

static const struct {
	const char	*name, *want;	/* NULL: refused */
} rows[] = {
	/* RFC 8265, section 3.5 */
	{ "juliet@example.com", "juliet@example.com" },
	{ "fussball", "fussball" },
	{ "fu\xc3\x9f" "ball", "fu\xc3\x9f" "ball" },
	{ "\xcf\x80", "\xcf\x80" },			/* PI, small */
	{ "\xce\xa3", "\xcf\x83" },			/* SIGMA becomes small */
	{ "\xcf\x83", "\xcf\x83" }, { "\xcf\x82", "\xcf\x82" },
	{ "foo bar", NULL }, { "", NULL },
	{ "henry\xe2\x85\xa3", NULL },			/* ROMAN NUMERAL FOUR */
	{ "\xe2\x88\x9e", NULL },			/* INFINITY */
	/* case, width, composition */
	{ "Ann.O'Hara+x!", "ann.o'hara+x!" },
	{ "\xc3\x84rger", "\xc3\xa4rger" },		/* A WITH DIAERESIS */
	{ "A\xcc\x88rger", "\xc3\xa4rger" },		/* the same, in two */
	{ WIDE_A "nn", "ann" },
	{ "\xd0\x96", "\xd0\xb6" },			/* CYRILLIC ZHE */
	{ "\xe3\x80\x80", NULL },			/* IDEOGRAPHIC SPACE */
	{ "a\xc2\xa0" "b", NULL }, { "a\xe2\x80\x8b" "b", NULL },
	{ "a\xc2\xad" "b", NULL },			/* SOFT HYPHEN */
	{ "a\x01", NULL }, { "a\x7f", NULL }, { "a\xc2\x85", NULL },
	{ "\xff", NULL }, { "a\xc3", NULL }, { "\xed\xa0\x80", NULL },
	{ "\xf0\x9f\x98\x80", NULL },			/* an emoji */
	{ "\xcd\xb8", NULL },				/* not assigned */
	{ "\xef\xac\x81", NULL },			/* LIGATURE FI */
	{ "\xc2\xbd", NULL }, { "\xe2\x84\xab", NULL },
	{ "\xe1\x84\x80", NULL },			/* a Jamo */
	{ "\xea\xb0\x80", "\xea\xb0\x80" },		/* a Hangul syllable */
	{ "\xd9\x80", NULL },				/* TATWEEL */
	{ "\xe3\x80\x87", "\xe3\x80\x87" },
	/* context */
	{ "l\xc2\xb7l", "l\xc2\xb7l" }, { "l\xc2\xb7", NULL },
	{ "L\xc2\xb7L", "l\xc2\xb7l" },
	{ "a\xc2\xb7l", NULL },
	{ "a\xe3\x83\xbb", NULL },			/* KATAKANA MIDDLE DOT */
	{ "\xe3\x82\xa2\xe3\x83\xbb", "\xe3\x82\xa2\xe3\x83\xbb" },
	{ "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d",	/* KA, virama, ZWJ */
	  "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d" },
	{ "a\xe2\x80\x8d", NULL }, { "\xe2\x80\x8c", NULL },
	/* direction: Hebrew ALEF, BET */
	{ "\xd7\x90\xd7\x91", "\xd7\x90\xd7\x91" },
	{ "\xd7\x90" "1", "\xd7\x90" "1" }, { "1\xd7\x90", NULL },
	{ "a\xd7\x90", NULL }, { "\xd7\x90" "a", NULL },
	{ "\xd7\x90" "a" "\xd7\x90", NULL },
	{ "a" "\xd7\x90" "a", NULL },
	{ "\xd7\x90.", NULL },
	{ "\xd7\x90@example.org", "\xd7\x90@example.org" },
	{ "\xd9\xa1", NULL },				/* only a digit */
	{ "\xd8\xa7\xd9\xa1", "\xd8\xa7\xd9\xa1" },
	{ "\xd8\xa7\xd9\xa1\xdb\xb1", NULL },		/* two kinds of them */
	/* domains */
	{ "a@B@C", "a@b@c" }, { "@b", NULL }, { "a@", NULL }, { "@", NULL },
};

int
main(void)
{
	char	got[USER_ID_MAX + 1], id[USER_ID_MAX + 1], text[8192];
	size_t	i, n;
	int	r;

	for (i = 0; i < nitems(rows); i++) {
		r = precis_username(str_from(rows[i].name), got, sizeof(got));
		CHECK_ROW((r == 0) == (rows[i].want != NULL), "row %zu: %s",
		    i, rows[i].name);
		if (r == -1 || rows[i].want == NULL)
			continue;
		CHECK_ROW(strcmp(got, rows[i].want) == 0, "row %zu: %s", i,
		    got);
		/* it is its own, and a user id as it is */
		CHECK(user_normalize(str_from(got), id, sizeof(id)) == 0 &&
		    strcmp(id, got) == 0);
		CHECK(precis_username(str_from(got), id, sizeof(id)) == 0 &&
		    strcmp(id, got) == 0);
		for (n = 1; n <= strlen(got); n++)
			CHECK(precis_username(str_from(rows[i].name), text,
			    n) == -1);
	}
	CHECK(precis_username((struct str){ "a\0b", 3 }, got,
	    sizeof(got)) == -1);
	memset(text, 'a', sizeof(text));
	CHECK(precis_username((struct str){ text, sizeof(text) }, text,
	    sizeof(text)) == -1);
	CHECK(precis_username((struct str){ text, 200 }, got,
	    sizeof(got)) == 0);
	return TEST_END();
}

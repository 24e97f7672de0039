/* The published examples of AWS's documentation. */
#include "common/compat.h"

#include <stdio.h>

#include "common/hex.h"
#include "common/test.h"
#include "credd/sigkey.h"

#define SECRET	"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const struct {
	const char	*secret, *date, *region, *service, *hex;
} rows[] = {
	{ SECRET, "20150830", "us-east-1", "iam",
	  "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9" },
	{ SECRET, "20120215", "us-east-1", "iam",
	  "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d" }
};

static const struct { int64_t t; const char *date; } dates[] = {
	{ 0, "19700101" }, { 86399, "19700101" }, { 86400, "19700102" },
	{ 951782400, "20000229" }, { 1798761599, "20261231" },
	{ 1798761600, "20270101" }
};

int
main(void)
{
	uint8_t	key[SIGKEY_LEN], other[SIGKEY_LEN];
	char	hex[2 * SIGKEY_LEN + 1], date[9], secret[1026];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK(sigkey_derive(key, rows[i].secret, rows[i].date,
		    rows[i].region, rows[i].service) == 0);
		hex_print(key, SIGKEY_LEN, hex);
		CHECK_ROW(strcmp(hex, rows[i].hex) == 0, "row %zu: %s", i,
		    hex);
	}
	for (i = 0; i < nitems(dates); i++) {
		sigkey_date(date, dates[i].t);
		CHECK_ROW(strcmp(date, dates[i].date) == 0, "row %zu: %s", i,
		    date);
	}
	/* all that goes in counts */
	CHECK(sigkey_derive(key, "a", "20260101", "r", "s3") == 0);
	CHECK(sigkey_derive(other, "b", "20260101", "r", "s3") == 0);
	CHECK(memcmp(key, other, SIGKEY_LEN) != 0);
	CHECK(sigkey_derive(other, "a", "20260101", "q", "s3") == 0);
	CHECK(memcmp(key, other, SIGKEY_LEN) != 0);
	memset(secret, 's', sizeof(secret));
	secret[1025] = '\0';
	CHECK(sigkey_derive(key, secret, "20260101", "r", "s3") == -1);
	secret[1024] = '\0';
	CHECK(sigkey_derive(key, secret, "20260101", "r", "s3") == 0);
	return TEST_END();
}

/* An access key's ID for people (keyid.h). */
#include "common/compat.h"

#include <string.h>

#include "common/keyid.h"
#include "common/log.h"
#include "common/test.h"

int
main(void)
{
	static const struct { const char *id, *want; } rows[] = {
		{ "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE" },
		{ "regress", "regress" },
		{ "", "" },
		{ "a\nb", "a\\x0ab" },
		{ "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL },
		{ "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY", NULL },
		{ "short/one", NULL }, { "short+one", NULL },
		/* Google's have 61 characters, R2's 32 */
		{ "GOOG1EQT4YBXWXRXWS4BFCYXVZKHFUQZRXYZ2B2JAZ5EXAMPLEIDEXAMPLEID",
		    "GOOG1EQT4YBXWXRXWS4BFCYXVZKHFUQZRXYZ2B2JAZ5EXAMPLEIDEXAMPLEID" },
	};
	char dst[120];
	size_t i;

	log_init("keyid_test");
	for (i = 0; i < nitems(rows); i++) {
		keyid_print(dst, sizeof(dst), rows[i].id);
		CHECK_ROW(keyid_is_secret(rows[i].id) ==
		    (rows[i].want == NULL), "%zu", i);
		if (rows[i].want != NULL)
			CHECK_ROW(strcmp(dst, rows[i].want) == 0, "%s", dst);
		else
			CHECK_ROW(strstr(dst, rows[i].id) == NULL &&
			    strstr(dst, "not shown") != NULL, "%s", dst);
	}
	keyid_print(dst, 5, "AKIAIOSFODNN7EXAMPLE");
	CHECK(strlen(dst) <= 4);
	return TEST_END();
}

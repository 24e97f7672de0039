/* Argon2id in PHC's form: hashes of the reference program, and what is not
 * one, or would take too much. */
#include "common/compat.h"

#include <stdio.h>

#include "common/argon2id.h"
#include "common/test.h"

/* echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 (of the reference
 * implementation's own tests). */
#define GOOD	"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"			\
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

static void
check_good(void)
{
	static const struct { const char *password, *hash; int same; }
	    rows[] = {
		{ "password", GOOD, 1 }, { "Password", GOOD, 0 },
		{ "", GOOD, 0 },
		{ "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
		    "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", 1 },
		{ "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$"
		    "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", 1 },
		{ "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$"
		    "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDd", 0 },
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(argon2id_acceptable(str_from(rows[i].hash)) ==
		    (i < 5), "row %zu", i);
		CHECK_ROW(argon2id_check(str_from(rows[i].password),
		    rows[i].hash) == (i < 5 ? rows[i].same : -1), "row %zu",
		    i);
	}
	CHECK(argon2id_setting(GOOD) == strlen("$argon2id$v=19$m=65536,t=2,"
	    "p=1$"));
	for (i = 0; i + 22 < strlen(GOOD); i++)
		CHECK_ROW(!argon2id_acceptable((struct str){ GOOD, i }),
		    "%zu octets", i);
}

/* The most that may be asked of a worker: none of it is computed. */
static void
check_most(void)
{
	static const char *const fields[] = {
		"v=19$m=1048576,t=8,p=16", "v=19$m=83886,t=100,p=1"
	};
	char	text[512];
	size_t	i;

	for (i = 0; i < nitems(fields); i++) {
		snprintf(text, sizeof(text), "$argon2id$%s$c29tZXNhbHQ$"
		    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", fields[i]);
		CHECK_ROW(argon2id_acceptable(str_from(text)), "%s", text);
	}
}

static void
check_bad(void)
{
	static const char *const fields[] = {
		"v=16$m=65536,t=2,p=1", "v=019$m=65536,t=2,p=1",
		"m=65536,t=2,p=1", "v=19$m=65536,t=2", "v=19$t=2,m=65536,p=1",
		"v=19$m=7,t=2,p=1", "v=19$m=1048577,t=2,p=1",
		"v=19$m=65536,t=0,p=1", "v=19$m=65536,t=101,p=1",
		"v=19$m=1048576,t=9,p=1", "v=19$m=83887,t=100,p=1",
		"v=19$m=65536,t=2,p=0", "v=19$m=65536,t=2,p=17",
		"v=19$m=15,t=2,p=2", "v=19$m=-1,t=2,p=1",
		"v=19$m=18446744073709551624,t=2,p=1",
		"v=19$m=65536,t=2,p=1,data=QUFB", "v=19$m=+65536,t=2,p=1",
		"v=19$m=65536,t=02,p=1", "v=19$m=65536, t=2,p=1"
	};
	static const char *const tails[] = {
		"", "c29tZXNhbHQ", "c29tZXNhbHQ$", "$c29tZXNhbHQ",
		"c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"c29tZXNhbHQ$CTFh", "c29tZXNhbHQ=$CTFhFdXPJO1aFaMaO6Mm5w",
		"c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5w$",
	};
	char	text[512];
	size_t	i;

	for (i = 0; i < nitems(fields); i++) {
		snprintf(text, sizeof(text), "$argon2id$%s$c29tZXNhbHQ$"
		    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", fields[i]);
		CHECK_ROW(!argon2id_acceptable(str_from(text)), "%s", text);
	}
	for (i = 0; i < nitems(tails); i++) {
		snprintf(text, sizeof(text), "$argon2id$v=19$m=65536,t=2,p=1$%s",
		    tails[i]);
		CHECK_ROW(!argon2id_acceptable(str_from(text)), "%s", text);
	}
	CHECK(!argon2id_acceptable(STR("$argon2i$v=19$m=65536,t=2,p=1$"
	    "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")));
}

int
main(void)
{
	char	text[ARGON2ID_TEXT_MAX], other[ARGON2ID_TEXT_MAX];

	check_good();
	check_bad();
	check_most();
	CHECK(argon2id_make(STR("secret"), text, sizeof(text)) == 0);
	CHECK(argon2id_make(STR("secret"), other, sizeof(other)) == 0);
	CHECK(strcmp(text, other) != 0 && argon2id_acceptable(str_from(text)));
	CHECK(argon2id_check(STR("secret"), text) == 1);
	CHECK(argon2id_check(STR("Secret"), text) == 0);
	CHECK(argon2id_make(STR("secret"), text, strlen(text)) == -1);
	return TEST_END();
}

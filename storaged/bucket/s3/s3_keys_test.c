/* Sets of signing keys that follow each other (s3_keys.h). */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "storaged/bucket/s3/s3_keys.h"

#define NOW	1700000000

static struct s3_keys keys;

static void
add(const char *access_key, const char *day, int64_t expires)
{
	struct sigv4_key	k = { .expires = expires };

	strlcpy(k.access_key, access_key, sizeof(k.access_key));
	strlcpy(k.date, day, sizeof(k.date));
	s3_keys_add(&keys, &k);
}

static bool
found(const char *date, const char *access_key)
{
	const struct sigv4_key	*k = s3_keys_find(&keys, date, NOW);

	return k == NULL ? *access_key == '\0' :
	    strcmp(k->access_key, access_key) == 0;
}

static void
test_days(void)
{
	CHECK(found("20231114T000000Z", "") && *s3_keys_newest(&keys) == '\0');
	add("A", "20231113", 0);
	add("A", "20231114", 0);
	add("A", "20231115", 0);
	CHECK(found("20231113T000000Z", "A") && found("20231114T", "A") &&
	    found("20231115T000000Z", "A") && found("20231116T", ""));
	add("A", "20231116", 0);
	CHECK(found("20231116T000000Z", "A") && found("20231113T", ""));
	add("B", "20231116", NOW);		/* is over */
	CHECK(found("20231116T", "") && strcmp(s3_keys_newest(&keys), "B") ==
	    0);
	s3_keys_clear(&keys);
	CHECK(found("20231116T", ""));
}

static void
test_doubt(void)
{
	add("A", "20231114", NOW + 60);
	/* Nothing has ever worked: whatever is wrong is not that set. */
	CHECK(!s3_keys_doubtful(&keys, "A"));
	add("B", "20231114", NOW + 60);
	CHECK(!s3_keys_doubtful(&keys, "B"));
	s3_keys_back(&keys, NOW);
	CHECK(found("20231114T", "B"));
	s3_keys_worked(&keys, "A");		/* of long ago */
	add("C", "20231114", NOW + 60);
	s3_keys_worked(&keys, "C");
	CHECK(!s3_keys_doubtful(&keys, "C"));
	add("D", "20231114", NOW + 90);
	add("D", "20231115", NOW + 90);
	CHECK(s3_keys_doubtful(&keys, "D") && !s3_keys_doubtful(&keys, "C"));
	CHECK(found("20231114T", "D"));
	s3_keys_back(&keys, NOW);
	CHECK(found("20231114T", "C") && !s3_keys_doubtful(&keys, "C"));
	/* One after the other that has no rights */
	add("E", "20231114", NOW + 90);
	add("F", "20231114", NOW + 90);
	CHECK(s3_keys_doubtful(&keys, "F"));
	s3_keys_back(&keys, NOW);
	CHECK(found("20231114T", "C"));
	/* until the last that had is over. */
	add("G", "20231114", NOW + 90);
	s3_keys_back(&keys, NOW + 60);
	CHECK(found("20231114T", "G") && s3_keys_doubtful(&keys, "G"));
	s3_keys_worked(&keys, "G");
	CHECK(!s3_keys_doubtful(&keys, "G"));
	s3_keys_back(&keys, NOW);		/* there is none any more */
	CHECK(found("20231114T", "G"));
}

int
main(void)
{
	test_days();
	test_doubt();
	return TEST_END();
}

/* Any bytes as a JSON text: what is strict is whole, and its members are within
 * it. */
#include "common/compat.h"

#include "common/fuzz.h"
#include "common/json.h"

/* What is in a value, to the depth of the text. */
static void
fuzz_value(struct str outer, struct str v)
{
	static const char *const names[] = { "a", "keys", "", "\xc3\xa9" };
	struct str	one, rest = v;
	char		text[64];
	int64_t		n;
	size_t		i;

	FUZZ_CHECK(v.p >= outer.p && v.len <= outer.len);
	FUZZ_CHECK(v.p + v.len <= outer.p + outer.len && v.len > 0);
	if (json_text(v, text, sizeof(text)) >= 0)
		FUZZ_CHECK(v.p[0] == '"' && json_is_text(v, text));
	if (json_int(v, &n))
		FUZZ_CHECK(v.p[0] == '-' || (v.p[0] >= '0' && v.p[0] <= '9'));
	while (json_element(&rest, &one))
		fuzz_value(v, one);
	for (i = 0; i < nitems(names); i++)
		if (json_member(v, names[i], &one))
			fuzz_value(v, one);
}

static void
fuzz_json(const uint8_t *in, size_t len)
{
	struct str	text = { (const char *)in, len };

	if (json_strict(text)) {
		FUZZ_CHECK(json_check(in, len) == 0);
		fuzz_value(text, text);
	} else {
		struct str	v;

		(void)json_member(text, "a", &v);
		while (json_element(&text, &v))
			continue;
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_json);
}

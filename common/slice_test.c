/* Slices: lookups, fallbacks, and payloads that are refused. */
#include <string.h>

#include "common/compat.h"
#include "common/msg_setup.h"
#include "common/slice.h"
#include "common/test.h"

static struct setup_pair pairs[] = {
	{ STR("store.type"), STR("s3") },
	{ STR("auth.1.path"), STR("/b") },
	{ STR("auth.0.path"), STR("/a") },
	{ STR("num"), STR("18446744073709551615") },
	{ STR("big"), STR("18446744073709551616") },
	{ STR("neg"), STR("-1") },
	{ STR("junk"), STR("12x") },
	{ STR("yes"), STR("true") },
	{ STR("no"), STR("false") },
	{ STR("empty"), STR("") },
	{ STR("words.0"), STR("a") },
	{ STR("words.1"), STR("bc") },
	{ STR("pem"), STR("-----BEGIN\nx\n-----END\n") }
};

static struct slice *
make(size_t n, struct buf *b)
{
	struct setup_conf conf = { { pairs, n } };

	buf_reset(b);
	CHECK(wire_encode(&setup_conf_wire, &conf, b) == 0);
	return slice_new(b->data, b->len);
}

int
main(void)
{
	struct buf	 b = BUF_INIT;
	struct slice	*s = make(nitems(pairs), &b);
	size_t		 i, len = b.len;
	char		 text[32];

	CHECK(s != NULL);
	if (s == NULL)
		return TEST_END();
	explicit_bzero(b.data, b.len);		/* it has its own copy */
	CHECK(strcmp(slice_str(s, "store.type", ""), "s3") == 0);
	CHECK(slice_str(s, "store", NULL) == NULL);
	CHECK(strcmp(slice_str(s, "none", "x"), "x") == 0);
	CHECK(strcmp(slice_str(s, "empty", "x"), "") == 0);
	CHECK(strcmp(slice_str(s, "pem", ""), "-----BEGIN\nx\n-----END\n")
	    == 0);
	CHECK(slice_num(s, "num", 5) == UINT64_MAX);
	CHECK(slice_num(s, "big", 5) == 5 && slice_num(s, "neg", 5) == 5);
	CHECK(slice_num(s, "junk", 5) == 5 && slice_num(s, "none", 6) == 6);
	CHECK(slice_num(s, "empty", 7) == 7);
	CHECK(slice_bool(s, "yes", false) && !slice_bool(s, "no", true));
	CHECK(slice_bool(s, "junk", true) && !slice_bool(s, "none", false));
	CHECK(strcmp(slice_at(s, "auth.%u.path", 0), "/a") == 0);
	CHECK(strcmp(slice_at(s, "auth.%u.path", 1), "/b") == 0);
	CHECK(slice_at(s, "auth.%u.path", 2) == NULL);
	CHECK(slice_at(s, "%0300d", 1) == NULL);
	CHECK(slice_words(s, "words", "x", text, sizeof(text)) == 0);
	CHECK(strcmp(text, "a bc") == 0);
	CHECK(slice_words(s, "words", "x", text, 5) == 0);
	CHECK(slice_words(s, "words", "x", text, 4) == -1);
	CHECK(slice_words(s, "none", "x y", text, sizeof(text)) == 0);
	CHECK(strcmp(text, "x y") == 0);
	CHECK(slice_words(s, "none", "x y", text, 3) == -1);
	slice_free(s);
	slice_free(NULL);

	s = make(nitems(pairs), &b);
	CHECK(s != NULL && b.len == len);
	slice_free(s);
	for (i = 0; i < len; i++)
		CHECK_ROW(slice_new(b.data, i) == NULL, "prefix %zu", i);
	s = make(0, &b);
	CHECK(s != NULL && slice_str(s, "x", NULL) == NULL);
	slice_free(s);
	pairs[3].key = STR("store.type");	/* the same key twice */
	CHECK(make(nitems(pairs), &b) == NULL);
	buf_free(&b);
	return TEST_END();
}

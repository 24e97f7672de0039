/* Slices: lookups, what is not there, and payloads that are refused. */
#include <sys/wait.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

enum ask { ASK_STR, ASK_NUM, ASK_BOOL };

/* Does a process that asks for this go on? */
static bool
survives(const struct slice *s, enum ask ask, const char *key)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		close(STDERR_FILENO);
		if (ask == ASK_STR)
			(void)slice_str(s, key);
		else if (ask == ASK_NUM)
			(void)slice_num(s, key);
		else
			(void)slice_bool(s, key);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

/* No key, or none of that type: paild has a fault. */
static void
test_faults(const struct slice *s)
{
	static const struct {
		enum ask	 ask;
		const char	*key;
		bool		 fine;
	} t[] = {
		{ ASK_STR, "store.type", true }, { ASK_STR, "empty", true },
		{ ASK_STR, "store", false }, { ASK_STR, "none", false },
		{ ASK_NUM, "num", true }, { ASK_NUM, "big", false },
		{ ASK_NUM, "neg", false }, { ASK_NUM, "junk", false },
		{ ASK_NUM, "empty", false }, { ASK_NUM, "none", false },
		{ ASK_BOOL, "yes", true }, { ASK_BOOL, "no", true },
		{ ASK_BOOL, "junk", false }, { ASK_BOOL, "num", false },
		{ ASK_BOOL, "empty", false }, { ASK_BOOL, "none", false },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(survives(s, t[i].ask, t[i].key) == t[i].fine,
		    "row %zu: %s", i, t[i].key);
}

int
main(void)
{
	struct buf	 b = BUF_INIT;
	struct slice	*s = make(nitems(pairs), &b);
	size_t		 i, len = b.len;
	char		 text[32];
	const char	*pem;

	CHECK(s != NULL);
	if (s == NULL)
		return TEST_END();
	explicit_bzero(b.data, b.len);		/* it has its own copy */
	CHECK(strcmp(slice_str(s, "store.type"), "s3") == 0);
	CHECK(strcmp(slice_str(s, "empty"), "") == 0);
	CHECK(strcmp(slice_str(s, "pem"), "-----BEGIN\nx\n-----END\n") == 0);
	CHECK(slice_num(s, "num") == UINT64_MAX);
	CHECK(slice_bool(s, "yes") && !slice_bool(s, "no"));
	test_faults(s);
	CHECK(strcmp(slice_at(s, "auth.%u.path", 0), "/a") == 0);
	CHECK(strcmp(slice_at(s, "auth.%u.path", 1), "/b") == 0);
	CHECK(slice_at(s, "auth.%u.path", 2) == NULL);
	CHECK(slice_at(s, "%0300d", 1) == NULL);
	CHECK(slice_words(s, "words", text, sizeof(text)) == 0);
	CHECK(strcmp(text, "a bc") == 0);
	CHECK(slice_words(s, "words", text, 5) == 0);
	CHECK(slice_words(s, "words", text, 4) == -1);
	CHECK(slice_words(s, "none", text, sizeof(text)) == 0);
	CHECK(strcmp(text, "") == 0);
	CHECK(slice_words(s, "store", text, sizeof(text)) == 0);
	CHECK(strcmp(text, "") == 0);
	/* All of a secret goes, and nothing but it. */
	pem = slice_str(s, "pem");
	slice_forget(s, "pem");
	CHECK(memcmp(pem, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22)
	    == 0 && slice_str(s, "pem") == pem);
	slice_forget(s, "empty");
	CHECK(strcmp(slice_str(s, "store.type"), "s3") == 0 &&
	    strcmp(slice_at(s, "auth.%u.path", 0), "/a") == 0);
	slice_free(s);
	slice_free(NULL);

	s = make(nitems(pairs), &b);
	CHECK(s != NULL && b.len == len);
	slice_free(s);
	for (i = 0; i < len; i++)
		CHECK_ROW(slice_new(b.data, i) == NULL, "prefix %zu", i);
	s = make(0, &b);
	CHECK(s != NULL && slice_at(s, "x") == NULL);
	slice_free(s);
	pairs[3].key = STR("store.type");	/* the same key twice */
	CHECK(make(nitems(pairs), &b) == NULL);
	buf_free(&b);
	return TEST_END();
}

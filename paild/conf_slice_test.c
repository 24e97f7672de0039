/*
 * Each daemon's slice: what is in it, what never is, and that nothing is left
 * for the daemon to make up; and that the table of keys holds together.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/slice.h"
#include "common/test.h"
#include "paild/conf.h"
#include "paild/conf_key.h"
#include "paild/conf_slice.h"
#include "paild/test/conf_files.h"

/* An element of a list has all keys of its table row, too: s is kind's slice,
 * "mailboxes.1" the element. */
static void
check_element(const struct slice *s, int kind, const char *list, unsigned n)
{
	const struct conf_key	*key;
	const char		*v;
	char			 map[64];
	size_t			 i, keys = 0;

	snprintf(map, sizeof(map), "%s.*", list);
	for (i = 0; i < conf_keys_n; i++) {
		key = &conf_keys[i];
		if (!conf_key_below(key->path, map) || key->type == CONF_MAP ||
		    key->type == CONF_LIST)
			continue;
		keys++;
		v = slice_at(s, "%s.%u.%s", list, n, conf_key_leaf(key->path));
		CHECK_ROW((v != NULL) == ((key->to & CONF_TO(kind)) != 0),
		    "%d %s.%u.%s", kind, list, n, conf_key_leaf(key->path));
		if (v != NULL && key->def != NULL &&
		    conf_key_goes_with(key, "file"))
			CHECK_ROW(*v != '\0', "%s.%u.%s", list, n,
			    conf_key_leaf(key->path));
	}
	CHECK(keys > 1);
}

static void
test_slices_elements(void)
{
	static const char	 text[] = L S "auth:\n"
	    "  - {type: file, path: users}\n  - {type: file, path: zeros}\n"
	    "mailboxes: [{name: Sent, use: sent}, {name: Other}]\n";
	struct conf		*c;
	struct slice		*s;
	struct buf		 b;
	unsigned		 n;
	int			 kind;

	c = conf_load_text("paild/test/t.yaml", text, strlen(text), false);
	CHECK(conf_ok(c));
	for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++) {
		buf_init(&b, 1024 * 1024);
		CHECK(conf_slice(c, (enum proc_kind)kind, NULL, 0, &b) == 0);
		CHECK((s = slice_new(b.data, b.len)) != NULL);
		for (n = 0; n < 2; n++) {
			check_element(s, kind, "auth", n);
			check_element(s, kind, "mailboxes", n);
		}
		CHECK(slice_at(s, "mailboxes.2.use") == NULL);
		CHECK(slice_at(s, "auth.2.path") == NULL);
		if (kind == PROC_STORAGED)
			CHECK(strcmp(slice_at(s, "mailboxes.0.use"),
			    "sent") == 0 && strcmp(slice_at(s,
			    "mailboxes.1.use"), "") == 0);
		slice_free(s);
		buf_free(&b);
	}
	conf_free(c);
}

/* The two ways to write the keys are one to credd. */
static void
test_slices_credentials(void)
{
	static const char *const texts[] = {
		L C "  access-key: k\n  secret-key: {file: secret}\n" A,
		L C "  credentials: {source: static, access-key: k, "
		    "secret-key: {file: secret}}\n" A,
		L C "  access-key: k\n"
		    "  credentials: {secret-key: {file: secret}}\n" A };
	struct conf	*c;
	struct slice	*s;
	struct buf	 b;
	size_t		 i;

	for (i = 0; i < nitems(texts); i++) {
		c = conf_load_text("paild/test/t.yaml", texts[i],
		    strlen(texts[i]), false);
		CHECK_ROW(conf_ok(c), "row %zu", i);
		buf_init(&b, 1024 * 1024);
		CHECK(conf_slice(c, PROC_CREDD, NULL, 0, &b) == 0);
		CHECK((s = slice_new(b.data, b.len)) != NULL);
		CHECK_ROW(strcmp(slice_str(s, "store.credentials.source"),
		    "static") == 0 && strcmp(slice_str(s,
		    "store.credentials.access-key"), "k") == 0 &&
		    strcmp(slice_str(s, "store.credentials.secret-key"),
		    "sesame") == 0, "row %zu", i);
		slice_free(s);
		buf_free(&b);
		conf_free(c);
	}
}

/* What the table says of kinds holds together. */
static void
test_kinds(void)
{
	const struct conf_key	*key, *selector, *other;
	char			 map[CONF_PATH_MAX], word[32];
	const char		*p, *end;
	size_t			 i, n = 0;

	for (i = 0; i < conf_keys_n; i++) {
		key = &conf_keys[i];
		if (key->alias != NULL) {
			other = conf_key_find(key->alias);
			CHECK_ROW(other != NULL && other->type == key->type &&
			    key->to == 0 && other->alias == NULL &&
			    strchr(key->path, '*') == NULL, "%s", key->path);
		}
		if (key->when == NULL)
			continue;
		n++;
		snprintf(map, sizeof(map), "%.*s", (int)(conf_key_leaf(
		    key->path) - key->path - 1), key->path);
		selector = conf_key_selector(map);
		p = strchr(key->when, '=');
		CHECK_ROW(selector != NULL && selector->type == CONF_WORD &&
		    selector->when == NULL && p != NULL &&
		    strncmp(key->when, conf_key_leaf(selector->path),
		    (size_t)(p - key->when)) == 0, "%s", key->path);
		for (; p != NULL && *p != '\0'; p = end) {
			p++;
			end = p + strcspn(p, " ");
			snprintf(word, sizeof(word), "%.*s", (int)(end - p),
			    p);
			CHECK_ROW((conf_word_in(word, selector->words) ||
			    conf_word_in(word, conf_key_find(
			    "auth.*.lookup")->words)) && conf_key_goes_with(key, word), "%s %s", key->path,
			    word);
		}
		CHECK(!conf_key_goes_with(key, "none") &&
		    !conf_key_goes_with(key, "") &&
		    conf_key_goes_with(key, NULL));
	}
	CHECK(n > 8);
}

/* Every key that the table gives a process is in its slice, whatever the file
 * leaves out, and no other is: so daemons have no defaults of their own. */
static void
test_slices_whole(void)
{
	static const char *const texts[] = { GOOD,
	    L S3 "  secret-key: {file: secret}\n" A };
	static const char		 none[] = GOOD "mailboxes: []\n";
	struct conf			*c;
	const struct conf_list_default	*d;
	const char			*star, *v;
	struct slice			*s;
	struct buf			 b;
	char				 path[128];
	size_t				 i, k;
	int				 kind;

	for (i = 0; i < nitems(texts); i++) {
		c = conf_load_text("paild/test/t.yaml", texts[i],
		    strlen(texts[i]), false);
		CHECK(conf_ok(c));
		for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++) {
			buf_init(&b, 1024 * 1024);
			CHECK(conf_slice(c, (enum proc_kind)kind, NULL, 0,
			    &b) == 0);
			CHECK((s = slice_new(b.data, b.len)) != NULL);
			for (k = 0; k < conf_keys_n; k++)
				if (strchr(conf_keys[k].path, '*') == NULL)
					CHECK_ROW((slice_at(s, "%s",
					    conf_keys[k].path) != NULL) ==
					    ((conf_keys[k].to &
					    CONF_TO(kind)) != 0), "%s %s",
					    proc_kind_name((enum proc_kind)
					    kind), conf_keys[k].path);
			for (k = 0; k < conf_list_defaults_n; k++) {
				d = &conf_list_defaults[k];
				star = strchr(d->path, '*');
				snprintf(path, sizeof(path), "%.*s%u%s",
				    (int)(star - d->path), d->path, d->index,
				    star + 1);
				v = slice_at(s, "%s", path);
				CHECK_ROW((conf_key_find(d->path)->to &
				    CONF_TO(kind)) ? v != NULL &&
				    strcmp(v, d->value) == 0 : v == NULL,
				    "%s %s", proc_kind_name((enum proc_kind)
				    kind), path);
			}
			slice_free(s);
			buf_free(&b);
		}
		conf_free(c);
	}
	/* An empty list is none, and has no defaults. */
	c = conf_load_text("paild/test/t.yaml", none, strlen(none), false);
	CHECK(conf_ok(c) && conf_str(c, "mailboxes.0.name") == NULL);
	CHECK(conf_str(c, "sasl-mechanisms.1") != NULL);
	conf_free(c);
}

static void
test_slices(void)
{
	static const char text[] = L S3 "  secret-key: {file: secret}\n" A TLS;
	static const struct {
		enum proc_kind	 kind;
		const char	*key;
		bool		 has;
	} t[] = {
		{ PROC_IMAPD, "tls.0.private-key", false },
		{ PROC_IMAPD, "tls.0.certificate", false },
		{ PROC_IMAPD, "plaintext-login", true },
		{ PROC_IMAPD, "listen.0", true },
		{ PROC_IMAPD, "store.access-key", false },
		{ PROC_IMAPD, "store.secret-key", false },
		{ PROC_IMAPD, "auth.0.path", false },
		{ PROC_STORAGED, "store.bucket", true },
		{ PROC_STORAGED, "cache.path", true },
		{ PROC_STORAGED, "mailboxes.0.name", true },
		{ PROC_STORAGED, "store.access-key", false },
		{ PROC_STORAGED, "store.secret-key", false },
		{ PROC_STORAGED, "tls.0.private-key", false },
		{ PROC_STORAGED, "auth.0.path", false },
		{ PROC_CREDD, "store.credentials.secret-key", true },
		{ PROC_CREDD, "store.credentials.access-key", true },
		{ PROC_CREDD, "store.credentials.source", true },
		{ PROC_CREDD, "store.secret-key", false },
		{ PROC_STORAGED, "store.credentials.access-key", false },
		{ PROC_STORAGED, "store.credentials.secret-key", false },
		{ PROC_IMAPD, "store.credentials.secret-key", false },
		{ PROC_CREDD, "store.region", true },
		{ PROC_CREDD, "auth.0.path", false },
		{ PROC_CREDD, "tls.0.private-key", true },
		{ PROC_CREDD, "tls.0.ocsp-response", true },
		{ PROC_AUTHD, "auth.0.type", true },
		{ PROC_AUTHD, "store.secret-key", false },
		{ PROC_AUTHWORKER, "auth.0.path", true },
		{ PROC_AUTHWORKER, "auth.0.lookup", true },
		{ PROC_AUTHD, "auth.0.lookup", true },
		{ PROC_AUTHD, "auth.0.minimum-uid", false },
		{ PROC_AUTHWORKER, "tls.0.private-key", false },
		{ PROC_STORAGED, "index", true },
		{ PROC_IMAPD, "index", true },
	};
	static const struct conf_extra	 extra[] = { { "index", "7" } };
	struct conf			*c;
	struct slice			*s;
	struct buf			 b;
	size_t				 i;

	c = conf_load_text("paild/test/t.yaml", text, strlen(text), false);
	CHECK(conf_ok(c));
	for (i = 0; i < nitems(t); i++) {
		buf_init(&b, 1024 * 1024);
		CHECK(conf_slice(c, t[i].kind, extra, 1, &b) == 0);
		s = slice_new(b.data, b.len);
		CHECK(s != NULL);
		CHECK_ROW(s != NULL && (slice_at(s, "%s", t[i].key) !=
		    NULL) == t[i].has, "%s %s", proc_kind_name(t[i].kind),
		    t[i].key);
		slice_free(s);
		buf_free(&b);
	}
	conf_free(c);
}

int
main(void)
{
	conf_files_copy();
	test_slices();
	test_slices_whole();
	test_slices_elements();
	test_slices_credentials();
	test_kinds();
	conf_files_remove();
	return TEST_END();
}

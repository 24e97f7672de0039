/*
 * See conf_ingest.h.  Whatever is below a place's prefix is taken for a mail,
 * and deleted: the store's objects must never be.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "paild/conf_ingest.h"

static const struct conf_item *
element(const struct conf *c, unsigned i, const char *key)
{
	char	path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), "ingest.%u.%s", i, key);
	return conf_item(c, path);
}

static const char *
bucket_of(const struct conf *c, unsigned i)
{
	const struct conf_item	*it = element(c, i, "bucket");

	return it != NULL && !it->bad ? it->value : conf_str(c,
	    "store.bucket");
}

static const char *
prefix_of(const struct conf *c, unsigned i)
{
	const struct conf_item	*it = element(c, i, "prefix");

	return it != NULL && !it->bad ? it->value : "";
}

/* Is one of them the other, or a directory of it?  "mail" is none of
 * "mailbox". */
static bool
overlap(const char *a, const char *b)
{
	size_t	n = strlen(a), m = strlen(b);

	while (n > 0 && a[n - 1] == '/')
		n--;
	while (m > 0 && b[m - 1] == '/')
		m--;
	if (n > m) {
		const char	*t = a;
		size_t		 k = n;

		a = b;
		n = m;
		b = t;
		m = k;
	}
	return n == 0 || (strncmp(a, b, n) == 0 && (n == m || b[n] == '/'));
}

/* Where the element is written. */
static struct tree_mark
mark(const struct conf *c, unsigned i)
{
	static const char *const keys[] = { "prefix", "bucket", "poll",
	    "after", "claim-time", "recipients.0", "catch-all" };
	const struct conf_item	*it;
	struct tree_mark	 at = { 1, 1 };
	size_t			 k;

	for (k = 0; k < nitems(keys); k++)
		if ((it = element(c, i, keys[k])) != NULL && it->at.line != 0)
			return it->at;
	return at;
}

static void
check_place(struct conf *c, unsigned i)
{
	const char	*bucket = bucket_of(c, i), *prefix = prefix_of(c, i);
	const char	*store = conf_str(c, "store.bucket"), *key_prefix;
	unsigned	 k;

	if (bucket == NULL || store == NULL)
		return;
	if ((key_prefix = conf_str(c, "store.key-prefix")) == NULL)
		key_prefix = "";
	if (strcmp(bucket, store) == 0 && overlap(prefix, key_prefix))
		conf_error(c, mark(c, i), "ingest.%u is in the store, or the "
		    "store in it: what is dropped there is deleted when it "
		    "is delivered (use another bucket, or prefixes apart: "
		    "\"prefix\" here, \"key-prefix\" in store)", i);
	for (k = 0; k < i; k++)
		if (strcmp(bucket, bucket_of(c, k)) == 0 &&
		    overlap(prefix, prefix_of(c, k)))
			conf_error(c, mark(c, i), "ingest.%u and ingest.%u are "
			    "the same place, or one is in the other", k, i);
}

void
conf_ingest(struct conf *c)
{
	const char	*type = conf_str(c, "store.type");
	unsigned	 i;

	if (element(c, 0, "poll") == NULL || type == NULL)
		return;
	if (strcmp(type, "s3") != 0) {
		conf_error(c, mark(c, 0), "ingest needs \"type: s3\" in "
		    "store: its endpoint and keys are used");
		return;
	}
	for (i = 0; element(c, i, "poll") != NULL; i++)
		check_place(c, i);
}

/*
 * See conf_ingest.h.  Whatever is below a place's prefix is taken for a mail,
 * and deleted: the store's objects must never be.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/sqs_url.h"
#include "paild/conf_ingest.h"

#define ROLES_MAX	5U	/* as credd/roles.h has it */

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
	    "after", "claim-time", "recipients.0", "catch-all", "region",
	    "endpoint", "credentials.source" };
	const struct conf_item	*it;
	struct tree_mark	 at = { 1, 1 };
	size_t			 k;

	for (k = 0; k < nitems(keys); k++)
		if ((it = element(c, i, keys[k])) != NULL && it->at.line != 0)
			return it->at;
	return at;
}

/* Whatever the endpoints: one server may have two names. */
static void
check_place(struct conf *c, unsigned i)
{
	const char	*bucket = bucket_of(c, i), *prefix = prefix_of(c, i);
	const char	*store = conf_str(c, "store.bucket"), *key_prefix;
	unsigned	 k;

	if (bucket == NULL)
		return;
	if ((key_prefix = conf_str(c, "store.key-prefix")) == NULL)
		key_prefix = "";
	if (store != NULL && strcmp(bucket, store) == 0 &&
	    overlap(prefix, key_prefix))
		conf_error(c, mark(c, i), "ingest.%u is in the store, or the "
		    "store in it: what is dropped there is deleted when it "
		    "is delivered (use another bucket, or prefixes apart: "
		    "\"prefix\" here, \"key-prefix\" in store)", i);
	for (k = 0; k < i; k++)
		if (bucket_of(c, k) != NULL &&
		    strcmp(bucket, bucket_of(c, k)) == 0 &&
		    overlap(prefix, prefix_of(c, k)))
			conf_error(c, mark(c, i), "ingest.%u and ingest.%u are "
			    "the same place, or one is in the other", k, i);
}

static void
check_queue(struct conf *c, unsigned i)
{
	const struct conf_item	*queue = element(c, i, "queue");
	const struct conf_item	*after = element(c, i, "list-after");
	unsigned		 k;

	if (queue == NULL) {
		if (after != NULL && after->at.line != 0)
			conf_error(c, after->name_at, "%s belongs to "
			    "\"queue\"", after->path);
		return;
	}
	if (queue->bad)
		return;
	if (!sqs_url_valid(queue->value))
		conf_error(c, queue->at, "%s: must be the URL of a queue, such "
		    "as https://sqs.eu-west-1.amazonaws.com/123456789012/mail",
		    queue->path);
	/* A message would be lost for one of them. */
	for (k = 0; k < i; k++)
		if (element(c, k, "queue") != NULL &&
		    strcmp(element(c, k, "queue")->value, queue->value) == 0)
			conf_error(c, queue->at, "%s: the same queue as "
			    "ingest.%u's: each place needs its own",
			    queue->path, k);
}

/* Keys of its own need both. */
static void
check_keys(struct conf *c, unsigned i)
{
	static const char *const	 keys[] = { "access-key",
					    "secret-key" };
	const struct conf_item		*source = element(c, i,
					    "credentials.source");
	char				 key[64];
	size_t				 k;

	if (source == NULL || source->bad ||
	    strcmp(source->value, "static") != 0)
		return;
	for (k = 0; k < nitems(keys); k++) {
		snprintf(key, sizeof(key), "credentials.%s", keys[k]);
		if (element(c, i, key) == NULL)
			conf_error(c, source->at, "ingest.%u.credentials needs "
			    "\"%s\" with \"source: static\"", i, keys[k]);
	}
}

/* Beside a store that is a directory, a place needs all that a bucket needs. */
static void
check_alone(struct conf *c, unsigned i)
{
	const struct conf_item	*source = element(c, i, "credentials.source");

	if (element(c, i, "bucket") == NULL)
		conf_error(c, mark(c, i), "ingest.%u needs \"bucket\": the "
		    "store has none", i);
	if (element(c, i, "region") == NULL)
		conf_error(c, mark(c, i), "ingest.%u needs \"region\": the "
		    "store has none", i);
	if (source != NULL && !source->bad &&
	    strcmp(source->value, "store") == 0)
		conf_error(c, mark(c, i), "ingest.%u needs \"credentials\" "
		    "with a source: the store has none", i);
}

static void
check_server(struct conf *c, unsigned i)
{
	const struct conf_item	*ca = element(c, i, "tls-ca-file");
	const struct conf_item	*endpoint = element(c, i, "endpoint");

	if (ca != NULL && endpoint == NULL && element(c, i, "region") == NULL)
		conf_error(c, ca->name_at, "%s belongs to \"endpoint\" or "
		    "\"region\": the server is the store's", ca->path);
	else if (ca != NULL && endpoint != NULL && !endpoint->bad &&
	    strncmp(endpoint->value, "http:", 5) == 0)
		conf_error(c, ca->name_at, "%s cannot be used: the endpoint "
		    "does not use TLS (did you mean \"https://\"?)", ca->path);
}

/* The roles are one chain with the store's. */
static void
check_roles(struct conf *c, unsigned i)
{
	const char	*source = conf_at(c, "ingest.%u.credentials.source", i);
	unsigned	 n = 0, own = 0;

	while (conf_at(c, "ingest.%u.credentials.assume-role.%u.role-arn", i,
	    own) != NULL)
		own++;
	if (own == 0 || source == NULL || strcmp(source, "store") != 0)
		return;
	while (conf_at(c, "store.credentials.assume-role.%u.role-arn", n) !=
	    NULL)
		n++;
	if (n + own > ROLES_MAX)
		conf_error(c, mark(c, i), "ingest.%u.credentials.assume-role: "
		    "with the store's these are %u roles, at most %u can be "
		    "assumed one after the other", i, n + own, ROLES_MAX);
}

void
conf_ingest(struct conf *c)
{
	const char	*type = conf_str(c, "store.type");
	unsigned	 i;

	if (type == NULL)
		return;
	for (i = 0; element(c, i, "poll") != NULL; i++) {
		check_keys(c, i);
		check_queue(c, i);
		check_server(c, i);
		check_roles(c, i);
		if (strcmp(type, "s3") != 0)
			check_alone(c, i);
		check_place(c, i);
	}
}

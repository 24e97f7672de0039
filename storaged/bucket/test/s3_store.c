/* See s3_store.h. */
#include "common/compat.h"

#include <stdio.h>

#include "common/slice.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"
#include "storaged/test/store_slice.h"

struct blob_store *
s3_store_open(struct event_base *base, struct s3_fake *fake,
    const struct s3_store_conf *c)
{
	char endpoint[64], why[256] = "";
	struct blob_store *s;
	struct slice *conf;

	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d",
	    s3_fake_port(fake));
	conf = store_slice("store.type", "s3", "store.endpoint", endpoint,
	    "store.bucket", "bucket", "store.region", "eu-west-1",
	    "store.timeout", c->timeout, "store.max-retries", c->retries,
	    "store.verify-after-write", c->verify != NULL ? c->verify :
	    "false", "store.key-prefix", c->prefix != NULL ? c->prefix : "",
	    NULL);
	s = blob_open(base, conf, why, sizeof(why));
	CHECK_ROW(s != NULL, "%s", why);
	slice_free(conf);
	if (s != NULL && !c->keyless)
		suite_day_key(s, "AKID", "secret", "eu-west-1");
	return s;
}

void
s3_refusals_count(const char *access_key, const char *why, void *refusals)
{
	struct s3_refusals *r = refusals;

	r->n++;
	snprintf(r->last, sizeof(r->last), "%s %.40s", access_key, why);
}

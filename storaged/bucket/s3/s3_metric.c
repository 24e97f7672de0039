/*
 * Labels are AWS's names of operations, from the table below, and HTTP's
 * status, or the kind of failure; nothing else of an answer.
 *
 * Costs are summed up as requests end, in picodollars, so that another price
 * counts from then on and the sum never falls.  Answers with 5xx are not
 * charged, nor what never reached the server.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/metric.h"
#include "storaged/bucket/s3/s3_metric.h"

#define NANO_PER_BYTE	1000000000ULL	/* a price for a GB, for a byte */
#define PICO_PER_NANO	1000
#define PICO_PER_MICRO	1000000

static struct metric_family requests = METRIC_COUNTER("s3_requests_total",
    "HTTP requests to S3 by AWS's name of the operation, and by status or "
    "kind of failure", "operation", "code");
static struct metric_family duration = METRIC_HISTOGRAM(
    "s3_request_duration_seconds",
    "Phases of HTTP requests to S3; lookup, connect and tls of new "
    "connections only", METRIC_MICRO, metric_latency, "operation", "phase");
static struct metric_family bytes = METRIC_COUNTER("s3_bytes_total",
    "Bytes exchanged with S3, HTTP headers included", "direction");
static struct metric_family retries = METRIC_COUNTER("s3_retries_total",
    "HTTP requests to S3 that repeat another", NULL);
static struct metric_family cost = {
	.kind = COUNTER_COUNTER, .metric = "s3_cost_dollars_total",
	.help = "What S3 charges for requests and traffic, by metrics.prices",
	.scale = METRIC_MICRO
};

enum price { PRICE_PUT, PRICE_GET, PRICE_LIST, PRICE_OUT, PRICES, PRICE_NONE };

static const char *const price_keys[PRICES] = { "metrics.prices.put",
    "metrics.prices.get", "metrics.prices.list", "metrics.prices.out" };
static uint64_t	prices[PRICES];	/* nanodollars for 1,000 requests, for a GB */
static uint64_t	pico;		/* of dollars, so far */

/* The first row that fits; param: of the query ("": anything). */
static const struct {
	const char	*method;
	bool		 bucket;
	const char	*param;
	const char	*name;
	enum price	 price;
} operations[] = {
	{ "GET", false, "", "GetObject", PRICE_GET },
	{ "PUT", false, "partNumber", "UploadPart", PRICE_PUT },
	{ "PUT", false, "tagging", "PutObjectTagging", PRICE_PUT },
	{ "PUT", false, "", "PutObject", PRICE_PUT },
	{ "HEAD", false, "", "HeadObject", PRICE_GET },
	{ "GET", true, "list-type", "ListObjectsV2", PRICE_LIST },
	{ "POST", true, "delete", "DeleteObjects", PRICE_NONE },
	{ "DELETE", false, "uploadId", "AbortMultipartUpload", PRICE_NONE },
	{ "DELETE", false, "", "DeleteObject", PRICE_NONE },
	{ "POST", false, "uploads", "CreateMultipartUpload", PRICE_PUT },
	{ "POST", false, "uploadId", "CompleteMultipartUpload", PRICE_PUT },
	{ "GET", true, "uploads", "ListMultipartUploads", PRICE_LIST },
	{ "GET", true, "lifecycle", "GetBucketLifecycleConfiguration",
	    PRICE_GET },
	{ "GET", true, "versioning", "GetBucketVersioning", PRICE_GET },
	{ "GET", true, "location", "GetBucketLocation", PRICE_GET },
	{ "HEAD", true, "", "HeadBucket", PRICE_GET },
	/* Without a signature: does anybody answer (s3_away.c)? */
	{ "GET", true, "", "ListBuckets", PRICE_LIST },
};

/* Has the query ("a=b&c=d") a parameter of that name? */
static bool
has(const char *query, const char *param)
{
	size_t	n = strlen(param);

	if (n == 0)
		return true;
	for (;;) {
		if (strncmp(query, param, n) == 0 && (query[n] == '=' ||
		    query[n] == '&' || query[n] == '\0'))
			return true;
		query += strcspn(query, "&");
		if (*query++ == '\0')
			return false;
	}
}

static size_t
find(const struct s3_asked *a)
{
	size_t	i;

	for (i = 0; i < nitems(operations); i++)
		if (strcmp(a->method, operations[i].method) == 0 &&
		    a->bucket == operations[i].bucket &&
		    has(a->query, operations[i].param))
			break;
	return i;
}

const char *
s3_metric_operation(const struct s3_asked *a)
{
	size_t	i = find(a);

	if (i == nitems(operations))
		return "other";
	if (a->copy && operations[i].price == PRICE_PUT)
		return *operations[i].param == '\0' ? "CopyObject" :
		    "UploadPartCopy";
	return operations[i].name;
}

void
s3_metric_prices(const struct slice *conf)
{
	size_t	i;

	for (i = 0; i < PRICES; i++)
		prices[i] = slice_num(conf, price_keys[i]);
}

/* A thousand requests cost as many nanodollars as one costs picodollars. */
static void
charge(const struct s3_asked *a, const struct http_result *r)
{
	size_t	i = find(a);

	if (r->status == 0 || r->status >= 500)
		return;
	if (i < nitems(operations) && operations[i].price < PRICES)
		pico += prices[operations[i].price];
	pico += r->times.in * prices[PRICE_OUT] /
	    (NANO_PER_BYTE / PICO_PER_NANO);
}

static void
phases(const char *op, const struct http_times *t, uint64_t queued_us)
{
	METRIC_OBSERVE(&duration, queued_us, op, "queue");
	if (!t->kept) {
		METRIC_OBSERVE(&duration, t->name, op, "lookup");
		METRIC_OBSERVE(&duration, t->connect, op, "connect");
		if (t->tls != 0)
			METRIC_OBSERVE(&duration, t->tls, op, "tls");
	}
	METRIC_OBSERVE(&duration, t->first, op, "first-byte");
	METRIC_OBSERVE(&duration, t->all, op, "total");
}

void
s3_metric_done(const struct s3_asked *a, const struct http_result *r,
    uint64_t queued_us)
{
	static const char *const failures[] = { [HTTP_OK] = "other",
	    [HTTP_CONNECT] = "connect", [HTTP_TIMEOUT] = "timeout",
	    [HTTP_BROKEN] = "broken", [HTTP_TOO_LONG] = "too-long",
	    [HTTP_LOCAL] = "local" };
	const char	*op = s3_metric_operation(a);
	char		 code[12];

	snprintf(code, sizeof(code), "%d", r->status);
	METRIC_ADD(&requests, 1, op, r->status > 0 ? code :
	    failures[r->error]);
	if (r->status > 0)
		phases(op, &r->times, queued_us);
	METRIC_ADD(&bytes, r->times.out, "out");
	METRIC_ADD(&bytes, r->times.in, "in");
	charge(a, r);
}

void
s3_metric_ended(const struct s3_asked *a, const char *why)
{
	METRIC_ADD(&requests, 1, s3_metric_operation(a), why);
}

void
s3_metric_retry(void)
{
	metric_add(&retries, 1, NULL);
}

void
s3_metric_tell(void (*tell)(const struct metric_family *))
{
	if (requests.nseries == 0)
		return;
	metric_add(&retries, 0, NULL);		/* 0 is a figure, too */
	metric_set(&cost, pico / PICO_PER_MICRO, NULL);
	tell(&requests);
	tell(&duration);
	tell(&bytes);
	tell(&retries);
	tell(&cost);
}

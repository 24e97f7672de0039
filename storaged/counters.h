/* What storaged counts (common/counter.h); values: counts() in main.c. */
#ifndef STORAGED_COUNTERS_H
#define STORAGED_COUNTERS_H

#define STORAGED_COUNTERS(X)						\
	X("sessions", GAUGE, "storage_sessions", "", "Sessions",	\
	    session_count())						\
	X("users-open", GAUGE, "storage_users_open", "",		\
	    "Users whose index is open", user_count())

/* Only with a cache of objects. */
#define STORAGED_CACHE_COUNTERS(X)					\
	X("cache-hits", COUNTER, "cache_hits_total", "",		\
	    "Reads of objects that were in the cache", cache->hits)	\
	X("cache-misses", COUNTER, "cache_misses_total", "",		\
	    "Reads of objects that were not in the cache", cache->misses) \
	X("cache-bytes", GAUGE, "cache_bytes", "",			\
	    "Size of the cached objects on disk", cache->bytes)

#define STORAGED_STORE_COUNTERS(X)					\
	X("store-put", COUNTER, "store_requests_total", "method=put",	\
	    "Requests to the store", c->put)				\
	X("store-get", COUNTER, "store_requests_total", "method=get",	\
	    "Requests to the store", c->get)				\
	X("store-head", COUNTER, "store_requests_total", "method=head",	\
	    "Requests to the store", c->head)				\
	X("store-delete", COUNTER, "store_requests_total",		\
	    "method=delete", "Requests to the store", c->del)		\
	X("store-list", COUNTER, "store_requests_total", "method=list",	\
	    "Requests to the store", c->list)				\
	X("store-errors", COUNTER, "store_errors_total", "",		\
	    "Requests to the store that failed", c->errors)		\
	/* s3_retries_total, s3_bytes_total: bucket/s3/s3_metric.c */	\
	X("store-retries", COUNTER, "", "",				\
	    "Requests to the store that were retried", c->retries)	\
	X("store-bytes-in", COUNTER, "", "",				\
	    "Bytes read from the store", c->bytes_in)			\
	X("store-bytes-out", COUNTER, "", "",				\
	    "Bytes written to the store", c->bytes_out)			\
	X("clock-ahead", GAUGE, "", "",					\
	    "Seconds that this host's clock is ahead of the store's",	\
	    c->clock_offset < 0 ? -c->clock_offset : 0)			\
	X("clock-behind", GAUGE, "", "",				\
	    "Seconds that this host's clock is behind the store's",	\
	    c->clock_offset > 0 ? c->clock_offset : 0)			\
	X("", SIGNED, "clock_offset_seconds", "",			\
	    "This host's clock minus the store's", -c->clock_offset)

/* Only with "ingest" in the configuration, and only of the first storaged. */
#define STORAGED_INGEST_COUNTERS(X)					\
	X("ingested", COUNTER, "ingest_objects_total", "result=ok",	\
	    "Mails taken from buckets", ingest_counts()->delivered)	\
	X("ingest-failed", COUNTER, "ingest_objects_total",		\
	    "result=failed", "Mails taken from buckets",		\
	    ingest_counts()->failed)					\
	X("ingest-later", COUNTER, "ingest_objects_total",		\
	    "result=later", "Mails taken from buckets",			\
	    ingest_counts()->later)					\
	X("ingest-refused", COUNTER, "ingest_messages_refused_total", "", \
	    "Messages of queues that were refused", ingest_counts()->refused)

#endif

/* What admind counts (common/counter.h); values: admind_counts() in main.c. */
#ifndef ADMIND_COUNTERS_H
#define ADMIND_COUNTERS_H

#define ADMIND_COUNTERS(X)						\
	X("connections", GAUGE, "http_connections", "",			\
	    "Connections of scrapers and probes", nconns)		\
	X("requests", COUNTER, "http_requests_total", "",		\
	    "Requests by HTTP, of any kind", conn_requests)

#endif

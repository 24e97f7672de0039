/* Moments of expiry: of what there is, and of nothing else. */
#include "common/test.h"
#include "common/test/metric_told.h"
#include "credd/metrics.h"

int
main(void)
{
	metrics_credential("store", 0);
	metric_told_ask(metrics_tell);
	CHECK(!metric_is_told("credential_expiry_timestamp_seconds{"
	    "of=store}"));
	CHECK(metric_told_sum("certificate") == 0);
	metrics_credential("store", 1700000000);
	metrics_credential("ingest.0", 1600000000);
	metrics_certificate("imap.example.org", 1900000000);
	metrics_certificate("*.example.com", 1800000000);
	metrics_request("sts");
	metric_told_ask(metrics_tell);
	CHECK(metric_told("credential_expiry_timestamp_seconds{"
	    "of=store}") ==
	    1700000000);
	CHECK(metric_told("credential_expiry_timestamp_seconds{"
	    "of=ingest.0}") == 1600000000);
	CHECK(metric_told("certificate_expiry_timestamp_seconds{"
	    "name=imap.example.org}") == 1900000000);
	CHECK(metric_told("certificate_expiry_timestamp_seconds{"
	    "name=*.example.com}") == 1800000000);
	CHECK(metric_told("credential_requests_total{service=sts}") == 1);
	/* Keys that are for ever, and a certificate that is gone. */
	metrics_credential("store", 0);
	metrics_certificate("imap.example.org", 1900000000);
	metric_told_ask(metrics_tell);
	CHECK(!metric_is_told("credential_expiry_timestamp_seconds{"
	    "of=store}"));
	CHECK(!metric_is_told("certificate_expiry_timestamp_seconds{"
	    "name=*.example.com}"));
	CHECK(metric_told_sum("certificate") == 1900000000);
	return TEST_END();
}

/* The store: facts, credentials, certificates, and the check. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define SET	"{\"of\":\"store\",\"source\":\"imds\"," \
	"\"access_key\":\"AKIA...\",\"identity\":null," \
	"\"expires\":\"2026-11-29T12:30:00Z\",\"renewing\":true," \
	"\"next_renewal\":null,\"failed\":\"2026-11-29T12:00:00Z\"," \
	"\"reason\":\"AccessDenied: <no>\"}"

static void
state(uint64_t clock)
{
	static char	 certs[40][40];
	uint64_t	 now = (uint64_t)time(NULL);
	size_t		 i;

	page_row(COUNTER_COUNTER, "cache_hits_total", "", 3000, 1);
	page_row(COUNTER_COUNTER, "cache_misses_total", "", 1000, 1);
	page_row(COUNTER_GAUGE, "cache_bytes", "", 3 << 20, 1);
	page_row(COUNTER_SIGNED, "clock_offset_seconds", "", clock, 1);
	page_row(COUNTER_GAUGE, "store_proved_timestamp_seconds", "", now - 20,
	    1);
	page_proc(PROC_STORAGED, 0);
	page_row(COUNTER_COUNTER, "cache_hits_total", "", 1000, 1);
	page_row(COUNTER_SIGNED, "clock_offset_seconds", "", 1, 1);
	page_proc(PROC_STORAGED, 1);
	page_row(COUNTER_GAUGE, "certificate_expiry_timestamp_seconds",
	    "name=<i>.example.org", now + 40 * 86400 + 10, 1);
	page_row(COUNTER_GAUGE, "certificate_expiry_timestamp_seconds",
	    "name=soon.example.org", now + 5 * 86400 + 10, 1);
	page_row(COUNTER_GAUGE, "certificate_expiry_timestamp_seconds",
	    "name=old.example.org", now - 7200, 1);
	for (i = 0; i < 33; i++) {
		snprintf(certs[i], sizeof(certs[i]), "name=%zu", i);
		page_row(COUNTER_GAUGE,
		    "certificate_expiry_timestamp_seconds", certs[i],
		    now + 100 * 86400, 1);
	}
	page_proc(PROC_CREDD, 0);
	page_state(true);
}

static void
test_facts(void)
{
	state((uint64_t)-5);
	page_get(&page_store, "");
	CHECK(page_asks() == 1 && page_asked(0, "credentials"));
	page_ok(0, "{\"credentials\":[" SET "]}");
	page_show();
	CHECK(page_has("3.0 MiB; of 5,000 reads, 4,000 were in it (80 %)"));
	CHECK(page_has("<dd>5 s behind the store"));
	CHECK(page_has("UTC</time> (20 s ago)") || page_has("(21 s ago)"));
	CHECK(page_has("<h3>Of the store</h3>"));
	CHECK(page_has("<dt>Next renewal</dt><dd>under way</dd>"));
	CHECK(page_has("<span class=\"bad\">AccessDenied: &lt;no&gt;</span>"));
	CHECK(page_has("&lt;i&gt;.example.org</th><td><span class=\"ok\">valid"
	    "</span></td>"));
	CHECK(page_has("(in 40 d 0 h)"));
	CHECK(page_has("soon.example.org</th><td><span class=\"warn\">expires "
	    "soon</span>"));
	CHECK(page_has("old.example.org</th><td><span class=\"bad\">expired"
	    "</span>"));
	CHECK(page_has("(2 h 0 min ago)"));
	CHECK(page_has("4 more are not shown."));
	/* The worst one counts, whichever way. */
	state(7);
	page_get(&page_store, "");
	page_ok(0, "{\"credentials\":[]}");
	page_show();
	CHECK(page_has("7 s ahead of the store"));
	CHECK(page_has("The store needs none."));
}

static void
test_nothing_known(void)
{
	page_state(false);
	page_get(&page_store, "");
	page_no(0, DESK_ERROR, "the store has no credentials");
	page_show();
	CHECK(page_has("the store has no credentials"));
	CHECK(page_has("<dt>Last written and read</dt><dd>not yet</dd>"));
	CHECK(page_has("<dd>unknown, or none</dd>"));
	CHECK(page_has("There are no certificates."));
	state_free();
	page_get(&page_store, "");
	page_no(0, DESK_AWAY, "");
	page_show();
}

static void
test_probe(void)
{
	CHECK(page_post(&page_store, "action=probe") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "store-check"));
	page_ok(0, "{\"steps\":[{\"result\":\"ok\",\"step\":\"clock\","
	    "\"text\":\"clock: 0 s\"},{\"result\":\"warn\",\"step\":null,"
	    "\"text\":\"w\"},{\"result\":\"FAIL\",\"step\":\"region\","
	    "\"text\":\"region: " PAGE_EVIL "\"},{\"result\":\"" PAGE_EVIL
	    "\"}],\"verdict\":\"refused\",\"summary\":\"probe=refused x\"}");
	page_show_done();
	CHECK(page_has("<span class=\"ok\">ok</span></td><td>clock: 0 s</td>"));
	CHECK(page_has("<span class=\"warn\">warn</span>"));
	CHECK(page_has("<span class=\"bad\">FAIL</span></td><td>region: "
	    "&lt;script&gt;"));
	CHECK(page_has("<span class=\"bad\">Pail must not use this store."));
	CHECK(page_has("probe=refused x"));
	CHECK(page_post(&page_store, "action=probe") == NULL);
	page_ok(0, "{\"steps\":[],\"verdict\":\"good\",\"summary\":\"\"}");
	page_show_done();
	CHECK(page_has("<span class=\"ok\">The store can be used.</span>"));
	/* What says nothing is not good. */
	CHECK(page_post(&page_store, "action=probe") == NULL);
	page_ok(0, "{}");
	page_show_done();
	CHECK(page_has("The store cannot be used at the moment."));
	CHECK(page_post(&page_store, "action=probe") == NULL);
	page_no(0, DESK_ERROR, "storaged 0 is gone");
	page_show_done();
	CHECK(page_has("storaged 0 is gone") && page_count("can be used") ==
	    0);
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "[",
					    "{\"credentials\":[{},3,[]]}",
					    "{\"credentials\":{\"a\":1}}" };
	size_t				 i;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_store, "");
		page_ok(0, answers[i]);
		page_show();
	}
	page_get(&page_store, "");
	page_ok(0, "{\"credentials\":[{\"of\":\"" PAGE_EVIL "\",\"source\":\""
	    PAGE_EVIL "\",\"access_key\":\"" PAGE_EVIL "\",\"identity\":\""
	    PAGE_EVIL "\",\"expires\":\"" PAGE_EVIL "\",\"failed\":\""
	    "2026-11-29T12:00:00Z\",\"reason\":\"" PAGE_EVIL "\"}]}");
	page_show();
	CHECK(page_has("never, or unknown"));
	CHECK(page_count("&lt;script&gt;") == 5);
}

int
main(void)
{
	test_facts();
	test_nothing_known();
	test_probe();
	test_hostile();
	page_end();
	return TEST_END();
}

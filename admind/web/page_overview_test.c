/* The overview: health with its reasons, figures, processes; and what is shown
 * when nobody answers. */
#include "common/compat.h"

#include <event2/event.h>
#include <time.h>

#include "admind/web/test/page_rig.h"
#include "admind/web/watch.h"
#include "common/test.h"

#define STATUS	"{\"version\":\"7.1\",\"pid\":1,\"up_seconds\":93784,"	\
	"\"state\":\"serving\",\"configuration\":\"/etc/pail.yaml\","	\
	"\"processes\":[{\"name\":\"credd\",\"pid\":2,\"state\":\"ready\"," \
	"\"up_seconds\":93780,\"restarts\":1,\"doing\":null,\"counts\":{}}]," \
	"\"channels_down\":[],\"silent\":0}"
#define SILENT	"{\"state\":\"serving\",\"processes\":[{\"name\":\"imapd 0\"," \
	"\"pid\":null,\"state\":\"starting\",\"up_seconds\":0,"		\
	"\"restarts\":12},{\"name\":\"imapd 1\",\"state\":\"ready\","	\
	"\"doing\":\"LIST <b>\",\"doing_seconds\":70}],"		\
	"\"channels_down\":[{\"between\":\"imapd 0 and authd\","	\
	"\"seconds\":4000}]}"
#define FAILING	"{\"credentials\":[{\"of\":\"store\",\"reason\":null},"	\
	"{\"of\":\"in<box\",\"reason\":\"AccessDenied\","			\
	"\"expires\":\"2001-01-01T00:00:00Z\"}]}"

static uint64_t	 now;

static void
state(uint64_t proved_ago, uint64_t clock, uint64_t credential,
    uint64_t certificate)
{
	page_row(COUNTER_GAUGE, "imap_sessions", "", 1234, 1);
	page_row(COUNTER_GAUGE, "imap_sessions_idle", "", 1000, 1);
	page_row(COUNTER_GAUGE, "imap_connections", "", 1300, 1);
	page_proc(PROC_IMAPD, 0);
	page_row(COUNTER_GAUGE, "store_proved_timestamp_seconds", "",
	    now - proved_ago, 1);
	page_row(COUNTER_SIGNED, "clock_offset_seconds", "", clock, 1);
	page_proc(PROC_STORAGED, 0);
	page_row(COUNTER_GAUGE, "credential_expiry_timestamp_seconds", "of=store",
	    credential, 1);
	page_row(COUNTER_GAUGE, "certificate_expiry_timestamp_seconds",
	    "name=<b>.example.org", certificate, 1);
	/* Not the store's. */
	page_row(COUNTER_GAUGE, "credential_expiry_timestamp_seconds",
	    "of=ingest.0", now + 5, 1);
	page_proc(PROC_CREDD, 0);
	page_state(true);
}

static void
show(const char *status, const char *credentials)
{
	page_get(&page_overview, "");
	CHECK(page_asks() == 2 && page_asked(0, "status") &&
	    page_asked(1, "credentials"));
	if (status != NULL)
		page_ok(0, status);
	else
		page_no(0, DESK_AWAY, "");
	if (credentials != NULL)
		page_ok(1, credentials);
	else
		page_no(1, DESK_ERROR, "the store has no credentials");
	page_show();
}

static void
test_well(void)
{
	state(5, 9, now + 3600, now + 90 * 86400);
	show(STATUS, NULL);
	CHECK(page_has("<span class=\"ok\">Ready</span> Clients can be "
	    "served"));
	CHECK(page_count("class=\"warnings\"") == 0);
	CHECK(page_has("<dt>Version</dt><dd>7.1</dd>"));
	CHECK(page_has("<dt>Running for</dt><dd>1 d 2 h</dd>"));
	CHECK(page_has("/etc/pail.yaml") && page_has("<dd>serving</dd>"));
	CHECK(page_has("1,234</a>, of which 1,000 in IDLE; 1,300 connections"));
	CHECK(page_has("<th scope=\"row\">credd</th><td><span class=\"ok\">"
	    "ready</span></td><td class=\"num\">2</td><td class=\"num\">1 d "
	    "2 h</td><td class=\"num\">1</td>"));
}

static void
test_warnings(void)
{
	state(500, (uint64_t)-70, now + 200, now + 13 * 86400 + 9);
	show(SILENT, FAILING);
	CHECK(page_has("Not ready:</span> the store was last written and read "
	    "50"));
	CHECK(page_has("Not ready:</span> this host&#39;s clock is 70 s "
	    "behind the store&#39;s"));
	CHECK(page_has("imapd 0 is starting") && page_has("imapd 1 does not "
	    "respond; for 1 min it has been busy with LIST &lt;b&gt;"));
	CHECK(page_has("imapd 0 and authd has been down for 1 h 6 min"));
	CHECK(page_has("&lt;b&gt;.example.org expires <time"));
	CHECK(page_has("(in 13 d 0 h)"));
	CHECK(page_has("of the store: expire <time") &&
	    page_has("(in 3 min)"));
	CHECK(page_has("in&lt;box: the last renewal failed: AccessDenied"));
	CHECK(page_has("in&lt;box: expired <time"));
	CHECK(page_count("<li>") == 10);
	CHECK(page_has("<td><span class=\"bad\">does not respond</span>"));
	/* Expired. */
	state(5, 0, now - 50, now - 10);
	show(STATUS, NULL);
	CHECK(page_has("credentials expired 5") &&
	    page_has("&lt;b&gt;.example.org expired <time"));
	CHECK(page_count("<li>") == 2 && page_count("class=\"bad\"") == 2);
}

static void
test_silence(void)
{
	state(5, 0, 0, now + 90 * 86400);
	show(NULL, NULL);
	CHECK(page_has("is not responding") && page_count("<table") == 0);
	CHECK(page_has("1,234</a>"));
	/* paild has not told anything; then nothing is claimed. */
	state_free();
	show(NULL, NULL);
	CHECK(page_has("Unknown:</span>") && page_count(">Ready<") == 0);
	CHECK(page_has("<dt>Sessions</dt><dd>unknown</dd>"));
	page_state(false);
	show(STATUS, NULL);
	CHECK(page_has("Not ready:</span> Pail is starting"));
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "", "[1]",
	    "{\"processes\":3,\"channels_down\":{},\"credentials\":7}",
	    "{\"processes\":[{},[],null],\"channels_down\":[{},1],"
	    "\"credentials\":[{},2],\"up_seconds\":-5}",
	    "{\"processes\":[{\"name\":\"" PAGE_EVIL "\",\"state\":\""
	    PAGE_EVIL_PLAIN "\",\"pid\":\"" PAGE_EVIL "\"},{\"name\":\""
	    PAGE_EVIL "\",\"state\":\"ready\",\"doing_seconds\":3,"
	    "\"doing\":\"" PAGE_EVIL_PLAIN "\"}],\"channels_down\":["
	    "{\"between\":\"" PAGE_EVIL "\"}],\"version\":\"" PAGE_EVIL
	    "\",\"state\":\"" PAGE_EVIL "\",\"configuration\":\"" PAGE_EVIL
	    "\",\"credentials\":[{\"of\":\"" PAGE_EVIL "\",\"reason\":\""
	    PAGE_EVIL_PLAIN "\"}]}" };
	size_t				 i;

	state(5, 0, 0, now + 90 * 86400);
	for (i = 0; i < nitems(answers); i++)
		show(answers[i], answers[i]);
	CHECK(page_has("&lt;script&gt;alert(1)"));
}

/* The first look is at the start; what it finds is a beginning, not a point. */
static void
test_watch(void)
{
	struct event_base	*base = event_base_new();

	watch_init(base);
	watch_conf(false, 60);
	CHECK(watch_history() == NULL && watch_ready_within() == 60);
	state(5, 0, 0, now + 90 * 86400);
	watch_conf(true, 61);
	CHECK(watch_history() != NULL && watch_ready_within() == 61);
	CHECK(history_points(watch_history()) == 0);
	watch_conf(true, 62);
	show(STATUS, NULL);
	CHECK(page_has("<dt>Logins in the last hour</dt><dd>0, 0 failed</dd>"));
	CHECK(page_has("<dt>Cost this month</dt><dd>not known yet"));
	CHECK(page_has("no figures yet"));
	watch_conf(false, 62);
	CHECK(watch_history() == NULL);
	/* A cost: what storaged has counted since the month began. */
	page_row(COUNTER_COUNTER, "s3_cost_dollars_total", "", 12345678,
	    1000000);
	page_proc(PROC_STORAGED, 0);
	page_procs_start(now - 1);
	page_state(true);
	watch_conf(true, 60);
	show(STATUS, NULL);
	CHECK(page_has("<dd>$12.34 for requests and traffic of this node, "
	    "since <time"));
	watch_conf(false, 60);
	page_row(COUNTER_COUNTER, "s3_cost_dollars_total", "", 1234, 1000000);
	page_proc(PROC_STORAGED, 0);
	page_procs_start(now - 1);
	page_state(true);
	watch_conf(true, 60);
	show(STATUS, NULL);
	CHECK(page_has("<dd>$0.0012 for requests"));
	watch_free();
	watch_free();
	event_base_free(base);
}

int
main(void)
{
	now = (uint64_t)time(NULL);
	test_watch();
	watch_conf(false, 60);
	test_well();
	test_warnings();
	test_silence();
	test_hostile();
	page_end();
	return TEST_END();
}

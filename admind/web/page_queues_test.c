/* Ingestion: what has failed, what waits; trying again. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/part.h"
#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define FAILED	"{\"state\":\"failed\",\"id\":\"0a1b\",\"bucket\":\"inbox\"," \
	"\"key\":\"in/a <b>.eml\",\"reason\":\"no recipient\"," \
	"\"at\":\"2026-11-29T12:30:00Z\"}"
#define WAITING	"{\"state\":\"waiting\",\"id\":null,\"bucket\":\"inbox\"," \
	"\"key\":\"in/b\",\"reason\":null,\"tries\":3,\"next_seconds\":70}"
#define LOST	"{\"state\":\"unreadable\",\"id\":\"77\",\"bucket\":\"inbox\"," \
	"\"key\":null,\"reason\":\"reason.json makes no sense\"}"

static void
test_rows(void)
{
	page_row(COUNTER_COUNTER, "ingest_objects_total", "result=ok", 12345,
	    1);
	page_row(COUNTER_COUNTER, "ingest_objects_total", "result=failed", 2,
	    1);
	page_row(COUNTER_COUNTER, "ingest_objects_total", "result=later", 3,
	    1);
	page_proc(PROC_STORAGED, 0);
	page_state(true);
	page_get(&page_queues, "");
	CHECK(page_asks() == 1 && page_asked(0, "ingest-list"));
	page_ok(0, "{\"mails\":[" WAITING "," FAILED "," LOST "]}");
	page_show();
	CHECK(page_has("<dt>Delivered since the start</dt><dd>12,345</dd>"));
	/* Those that have failed come first. */
	CHECK(page_has("<tbody>\n<tr><td><span class=\"bad\">failed</span>"
	    "</td><td>inbox</td><td>in/a &lt;b&gt;.eml</td><td>no recipient"
	    "</td><td><time datetime=\"2026-11-29T12:30:00Z\">"));
	CHECK(page_has("name=\"id\" value=\"0a1b\" aria-label=\"Retry mail "
	    "0a1b\">Retry</button>"));
	CHECK(page_has("<span class=\"warn\">waiting</span>"));
	CHECK(page_has("<td>3 tries, next in 1 min</td><td></td>"));
	CHECK(page_has("unreadable") && page_count("value=\"77\"") == 1);
	CHECK(page_has("Retry all that have failed"));
	page_get(&page_queues, "");
	page_ok(0, "{\"mails\":[]}");
	page_show();
	CHECK(page_has("Nothing is waiting on this node") &&
	    page_count("Retry") == 0);
	/* Only what waits: it is tried again by itself. */
	page_get(&page_queues, "");
	page_ok(0, "{\"mails\":[" WAITING "]}");
	page_show();
	CHECK(page_count("Retry") == 0);
}

static void
test_retry(void)
{
	CHECK(page_post(&page_queues, "action=retry&id=0a1b") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "ingest-retry 0a1b"));
	CHECK(page_post(&page_queues, "action=retry") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "ingest-retry"));
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "",
					    "{\"mails\":\"" PAGE_EVIL "\"}",
					    "{\"mails\":[[],{},null]}" };
	static char			 many[60000];
	size_t				 i, n;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_queues, "");
		page_ok(0, answers[i]);
		page_show();
	}
	page_get(&page_queues, "");
	page_ok(0, "{\"mails\":[{\"state\":\"" PAGE_EVIL_PLAIN "\",\"id\":\""
	    PAGE_EVIL_PLAIN "\",\"bucket\":\"" PAGE_EVIL "\",\"key\":\""
	    PAGE_EVIL "\",\"reason\":\"" PAGE_EVIL "\",\"at\":\"" PAGE_EVIL
	    "\"},{\"state\":\"waiting\",\"tries\":-1,\"next_seconds\":\""
	    PAGE_EVIL "\"}]}");
	page_show();
	CHECK(page_has("&lt;script&gt;alert(1)"));
	CHECK(page_has("0 tries, next in 0 s"));
	n = (size_t)snprintf(many, sizeof(many), "{\"mails\":[{}");
	for (i = 0; i < PART_ROWS + 6; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, ",%s",
		    i % 2 ? FAILED : WAITING);
	snprintf(many + n, sizeof(many) - n, "]}");
	page_get(&page_queues, "");
	page_ok(0, many);
	page_show();
	CHECK(page_count("<tr><td>") == PART_ROWS);
	CHECK(page_has("7 more are not shown."));
	/* There is no "ingest" in the configuration; nobody tells anything. */
	page_state(true);
	page_get(&page_queues, "");
	page_no(0, DESK_ERROR, "there is no \"ingest\"");
	page_show();
	CHECK(page_has("there is no &quot;ingest&quot;"));
	CHECK(page_count("<dt>") == 0);
}

int
main(void)
{
	test_rows();
	test_retry();
	test_hostile();
	page_end();
	return TEST_END();
}

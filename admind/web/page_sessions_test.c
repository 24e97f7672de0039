/* Sessions: each row, the filter, ending one; hostile names and answers. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/part.h"
#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define ANN	"{\"id\":\"81f3\",\"user\":\"ann\",\"remote\":\"192.0.2.1\"," \
	"\"service\":\"imap\",\"tls\":true,\"mechanism\":\"PLAIN\",\"backend\":\"file\"," \
	"\"app\":null,\"since\":\"2026-11-29T12:30:00Z\"}"
#define BOB	"{\"id\":7,\"user\":\"bob\",\"remote\":\"::1\"," \
	"\"service\":\"imap\",\"mechanism\":\"SCRAM\",\"backend\":\"app\"," \
	"\"app\":\"12ab\",\"since\":\"2026-11-29T12:31:00Z\"}"

static void
test_rows(void)
{
	page_get(&page_sessions, "");
	CHECK(page_asks() == 1 && page_asked(0, "sessions"));
	page_ok(0, "{\"sessions\":[" ANN "," BOB "]}");
	page_show();
	CHECK(page_has("href=\"/admin/user?name=ann\">ann</a></th><td>imap, "
	    "TLS</td><td>192.0.2.1</td><td>PLAIN, file</td><td><time datetime="
	    "\"2026-11-29T12:30:00Z\">2026-11-29 12:30:00 UTC</time>"));
	CHECK(page_has("SCRAM, app, app password 12ab"));
	CHECK(page_has("name=\"id\" value=\"81f3\" aria-label=\"End the session "
	    "of ann\">End</button>"));
	CHECK(page_has("name=\"id\" value=\"7\""));
	/* The filter is kept when one is ended. */
	page_get(&page_sessions, "name=bob");
	CHECK(page_asks() == 1 && page_asked(0, "sessions bob"));
	page_ok(0, "{\"sessions\":[" BOB "],\"total\":1}");
	page_show();
	CHECK(page_count("value=\"7\"") == 1 &&
	    page_count("not shown") == 0);
	CHECK(page_has("<input type=\"hidden\" name=\"name\" value=\"bob\">"));
	page_get(&page_sessions, "name=carl");
	page_ok(0, "{\"sessions\":[],\"total\":0}");
	page_show();
	CHECK(page_count("<table") == 0 && page_has("This user has no sessions on this node."));
}

static void
test_end(void)
{
	CHECK(page_post(&page_sessions, "action=end&name=&id=81f3") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "session-end 81f3"));
	CHECK(page_post(&page_sessions, "action=end") != NULL);
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "[]", "null", "",
					    "{\"sessions\":{}}",
					    "{\"sessions\":[1,null,[],{}]}",
					    "{\"sessions\":[{\"user\":",
					    "{\"sessions\":\"" PAGE_EVIL "\"}",
					    "{\"sessions\":[{\"id\":-1}]}" };
	static char			 many[20000];
	size_t				 i, n = 0;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_sessions, "");
		page_ok(0, answers[i]);
		page_show();
	}
	page_get(&page_sessions, "name=%3Cscript%3E%22%27%26");
	page_ok(0, "{\"sessions\":[{\"id\":\"" PAGE_EVIL_PLAIN "\",\"user\":\""
	    PAGE_EVIL_PLAIN "\",\"remote\":\"" PAGE_EVIL "\",\"service\":\""
	    PAGE_EVIL "\",\"mechanism\":\"" PAGE_EVIL "\",\"backend\":\""
	    PAGE_EVIL "\",\"app\":\"" PAGE_EVIL_PLAIN "\",\"since\":\""
	    PAGE_EVIL "\"}]}");
	page_show();
	page_get(&page_sessions, "");
	page_ok(0, "{\"sessions\":[{\"id\":\"" PAGE_EVIL_PLAIN "\",\"user\":\""
	    PAGE_EVIL_PLAIN "\",\"remote\":\"" PAGE_EVIL "\",\"service\":\""
	    PAGE_EVIL "\",\"mechanism\":\"" PAGE_EVIL "\",\"backend\":\""
	    PAGE_EVIL "\",\"app\":\"" PAGE_EVIL_PLAIN "\",\"since\":\""
	    PAGE_EVIL "\"},{\"user\":\"" PAGE_EVIL "\"}]}");
	page_show();
	CHECK(page_has("&lt;b&gt;&quot;&#39;&amp;\\u{202e}"));
	CHECK(page_has("&lt;script&gt;"));
	/* More than a page. */
	n += (size_t)snprintf(many, sizeof(many), "{\"sessions\":[{}");
	for (i = 0; i < PART_ROWS + 6; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n,
		    ",{\"id\":\"%zu\",\"user\":\"u\"}", i);
	snprintf(many + n, sizeof(many) - n, "],\"total\":1207}");
	page_get(&page_sessions, "");
	page_ok(0, many);
	page_show();
	CHECK(page_count("<tr><th scope=\"row\">") == PART_ROWS);
	CHECK(page_has("1,007 more are not shown."));
}

/* Why there is nothing to see. */
static void
test_errors(void)
{
	page_get(&page_sessions, "");
	page_no(0, DESK_ERROR, "authd <is> gone");
	page_show();
	CHECK(page_has("authd &lt;is&gt; gone") && page_count("<table") == 0);
	page_get(&page_sessions, "");
	page_no(0, DESK_AWAY, "");
	page_show();
	CHECK(page_has("is not responding") && page_count("<table") == 0);
}

int
main(void)
{
	test_rows();
	test_end();
	test_hostile();
	test_errors();
	page_end();
	return TEST_END();
}

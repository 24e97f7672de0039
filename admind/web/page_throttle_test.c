/* Failed logins: what is delayed, and forgetting it. */
#include "common/compat.h"

#include "admind/web/part.h"
#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define ROW(kind, user, address)					\
	"{\"kind\":\"" kind "\",\"user\":" user ",\"address\":" address	\
	",\"failures\":1234,\"paused_until\":null,"			\
	"\"forgotten\":\"2026-11-29T13:00:00Z\"}"

static void
test_rows(void)
{
	page_get(&page_throttle, "");
	CHECK(page_asks() == 1 && page_asked(0, "throttle-list"));
	page_ok(0, "{\"throttled\":["
	    ROW("user", "\"ann\"", "null") ","
	    ROW("address", "null", "\"192.0.2.1\"") ","
	    ROW("network", "null", "\"192.0.2.0/24\"") ","
	    ROW("user-from-address", "\"bob\"", "\"2001:db8::1\"")
	    "],\"more\":3}");
	page_show();
	CHECK(page_has("<tr><td>user</td><td>ann</td><td>\xe2\x80\x93</td>"
	    "<td class=\"num\">1,234</td><td>\xe2\x80\x93</td><td><time"));
	CHECK(page_count("name=\"what\" value=\"ann\"") == 1);
	CHECK(page_count("name=\"what\" value=\"192.0.2.1\"") == 1);
	CHECK(page_count("name=\"what\" value=\"bob\"") == 1);
	/* A network has no button: the command knows none. */
	CHECK(page_count("value=\"192.0.2.0/24\"") == 0);
	CHECK(page_has("3 more are not shown."));
	CHECK(page_has("Forget all failures"));
	page_get(&page_throttle, "");
	page_ok(0, "{\"throttled\":[],\"more\":0}");
	page_show();
	CHECK(page_has("No logins have failed recently.") &&
	    page_count("Forget all") == 0);
}

static void
test_clear(void)
{
	CHECK(page_post(&page_throttle, "action=clear&what=a%20b") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "throttle-clear a b"));
	CHECK(page_post(&page_throttle, "action=clear") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "throttle-clear"));
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "[]", "",
					    "{\"throttled\":3,\"more\":-5}",
					    "{\"throttled\":[0,{}],\"more\":\""
					    PAGE_EVIL "\"}" };
	size_t				 i;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_throttle, "");
		page_ok(0, answers[i]);
		page_show();
	}
	page_get(&page_throttle, "");
	page_ok(0, "{\"throttled\":[" ROW(PAGE_EVIL, "\"" PAGE_EVIL_PLAIN
	    "\"", "\"" PAGE_EVIL "\"") "," ROW("address", "null", "\""
	    PAGE_EVIL_PLAIN "\"") "]}");
	page_show();
	CHECK(page_has("value=\"&lt;b&gt;&quot;&#39;&amp;"));
	page_get(&page_throttle, "");
	page_no(0, DESK_ERROR, "<b>no</b>");
	page_show();
	CHECK(page_has("&lt;b&gt;no") && page_count("<table") == 0);
}

int
main(void)
{
	test_rows();
	test_clear();
	test_hostile();
	page_end();
	return TEST_END();
}

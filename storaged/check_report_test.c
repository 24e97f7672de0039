/* The report of "store check" as a document, whatever a server said. */
#include "common/compat.h"

#include <string.h>

#include "common/json.h"
#include "common/test.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/check_report.h"

static void
check(const struct buf *report, const char *want)
{
	struct buf	b = BUF_INIT;

	check_report_json((struct str){ (char *)report->data, report->len },
	    &b);
	CHECK(json_check(b.data, b.len) == 0);
	CHECK_ROW(str_eq((struct str){ (char *)b.data, b.len },
	    str_from(want)), "%.*s", (int)b.len, (char *)b.data);
	buf_free(&b);
}

int
main(void)
{
	struct buf	r = BUF_INIT;

	check(&r, "{\"steps\":[],\"verdict\":null,\"summary\":\"\"}\n");
	probe_say(&r, "ok", "name: %s has address %s", "s3", "::1");
	probe_say(&r, "warn", "address %s: %s", "\"\\", "x");
	probe_say(&r, "note", "names: no step");
	probe_say(&r, "FAIL", "TLS: %s", "refused\nok    name: me\nprobe=good");
	buf_puts(&r, "probe=refused why=\"\xff\"\n");
	check(&r, "{\"steps\":["
	    "{\"result\":\"ok\",\"step\":\"name\",\"text\":"
	    "\"name: s3 has address ::1\"},"
	    "{\"result\":\"warn\",\"step\":null,\"text\":"
	    "\"address \\\"\\\\: x\"},"
	    "{\"result\":\"note\",\"step\":null,\"text\":"
	    "\"names: no step\"},"
	    "{\"result\":\"FAIL\",\"step\":\"TLS\",\"text\":"
	    "\"TLS: refused ok    name: me probe=good\"}],"
	    "\"verdict\":\"refused\","
	    "\"summary\":\"probe=refused why=\\\"\xef\xbf\xbd\\\"\"}\n");
	buf_free(&r);
	return TEST_END();
}

/* See check_report.h. */
#include "common/compat.h"

#include <string.h>

#include "common/json_write.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/check_report.h"

#define VERDICT	"probe="

/* The words that begin a step's text, as pailctl(8) lists them; what else does
 * is a property, which has no name. */
static const char *const names[] = {
	"credentials", "name", "connection", "TLS", "clock", "bucket",
	"region", "addressing", "rights", "encryption", "multipart", "rate"
};

static const char *
step_name(struct str text)
{
	size_t	i, n;

	for (i = 0; i < nitems(names); i++) {
		n = strlen(names[i]);
		if (text.len > n && memcmp(text.p, names[i], n) == 0 &&
		    text.p[n] == ':')
			return names[i];
	}
	return NULL;
}

static void
add_step(struct str line, struct buf *out)
{
	const char	*blank = memchr(line.p, ' ', line.len);
	struct str	 text = { line.p + PROBE_MARK + 1,
			    line.len - PROBE_MARK - 1 };

	json_add_object(out, NULL);
	json_add_str(out, "result", (struct str){ line.p,
	    (size_t)(blank - line.p) });
	json_add_text(out, "step", step_name(text));
	json_add_str(out, "text", text);
	json_end_object(out);
}

void
check_report_json(struct str report, struct buf *out)
{
	const char	*p, *nl, *end = report.p + report.len;
	struct str	 line, last = STR("");
	size_t		 n = strlen(VERDICT);

	json_add_object(out, NULL);
	json_add_array(out, "steps");
	for (p = report.p; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		line = (struct str){ p, (size_t)(nl - p) };
		if (line.len >= n && memcmp(p, VERDICT, n) == 0)
			last = line;
		else if (line.len > PROBE_MARK &&
		    memchr(p, ' ', PROBE_MARK + 1) != NULL)
			add_step(line, out);
	}
	json_end_array(out);
	if (last.len == 0)
		json_add_null(out, "verdict");
	else
		json_add_str(out, "verdict", (struct str){ last.p + n,
		    strcspn(last.p + n, " \n") });
	json_add_str(out, "summary", last);
	json_end_object(out);
	buf_puts(out, "\n");
}

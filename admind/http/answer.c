/*
 * RFC 9112, section 4.  What a client said comes into a header only by
 * answer_field(), which lets nothing through that could end a line.
 */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "admind/http/answer.h"

#define TEXT	"text/plain; charset=utf-8"

static const struct {
	int		 status;
	const char	*reason;
} reasons[] = {
	{ 200, "OK" }, { 303, "See Other" }, { 400, "Bad Request" },
	{ 401, "Unauthorized" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 408, "Request Timeout" }, { 411, "Length Required" },
	{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" }
};

void
answer_init(struct answer *a)
{
	*a = (struct answer){ .status = 200, .type = TEXT, .extra = "" };
	buf_init_secret(&a->fields, ANSWER_FIELDS);
	buf_init_secret(&a->body, ANSWER_MAX);
}

void
answer_free(struct answer *a)
{
	buf_freezero(&a->fields);
	buf_freezero(&a->body);
}

void
answer_text(struct answer *a, int status, const char *text)
{
	buf_reset(&a->body);
	a->status = status;
	a->type = TEXT;
	buf_puts(&a->body, text);
	buf_puts(&a->body, "\n");
}

int
answer_field(struct answer *a, const char *name, struct str value)
{
	size_t	 i;

	for (i = 0; i < value.len; i++)
		if (value.p[i] < ' ' || value.p[i] > '~')
			a->fields.failed = true;
	buf_puts(&a->fields, name);
	buf_puts(&a->fields, ": ");
	buf_put(&a->fields, value.p, value.len);
	return buf_puts(&a->fields, "\r\n");
}

static const char *
reason_of(int status)
{
	size_t	 i;

	for (i = 0; i < nitems(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

int
answer_put(const struct answer *a, bool head_only, bool last, struct buf *out)
{
	time_t		 now = time(NULL);
	struct tm	 tm;
	char		 date[64] = "";

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(date, sizeof(date),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (a->body.failed || a->fields.failed)
		return -1;
	if (buf_printf(out, "HTTP/1.1 %d %s\r\n"
	    "Date: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "%s%s", a->status, reason_of(a->status), date, a->type,
	    a->body.len, a->extra, last ? "Connection: close\r\n" : "") ==
	    -1 || buf_put(out, a->fields.data, a->fields.len) == -1 ||
	    buf_puts(out, "\r\n") == -1)
		return -1;
	return head_only || a->body.len == 0 ? 0 : buf_put(out, a->body.data,
	    a->body.len);
}

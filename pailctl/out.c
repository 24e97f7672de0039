/* See out.h. */
#include "common/compat.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/escape.h"
#include "common/json.h"
#include "common/json_write.h"
#include "pailctl/out.h"

#define OUT_MAX		(512 * 1024 * 1024)
#define OUT_ERROR	8192		/* bytes: a server may have said it */

static struct {
	bool		 json;
	bool		 failed;	/* the document has its "error" */
	char		 error[OUT_ERROR];	/* what it is to be; "": none */
	struct buf	 doc;
} out;

void
out_begin(bool json)
{
	memset(&out, 0, sizeof(out));
	out.json = json;
	buf_init_secret(&out.doc, OUT_MAX);	/* a new app password */
	json_add_object(&out.doc, NULL);
}

bool
out_is_json(void)
{
	return out.json;
}

struct buf *
out_members(void)
{
	return &out.doc;
}

int
out_document(struct str object)
{
	bool	failed = json_has(object.p, object.len, "error");

	if (out.failed && failed)
		return -1;		/* never two of that name */
	json_add_members(&out.doc, object);
	out.failed = out.failed || failed;
	return failed ? -1 : 0;
}

int
out_fail(const char *fmt, ...)
{
	char	text[OUT_ERROR];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!out.json)
		(void)escape_printf(stderr, "pailctl: %s\n", text);
	else if (out.error[0] == '\0')
		strlcpy(out.error, text, sizeof(out.error));
	return 1;
}

int
out_end(int status)
{
	struct buf	*b = &out.doc;

	if (!out.json) {
		buf_freezero(b);
		return status;
	}
	/* Nobody is left without a word. */
	if (status != 0 && b->len == 1)
		(void)out_fail("the command failed; standard error says why");
	if (out.error[0] != '\0' && !out.failed)
		json_add_text(b, "error", out.error);
	json_end_object(b);
	buf_puts(b, "\n");
	if (b->failed) {
		buf_freezero(b);
		json_error(b, "the document is too long");
		status = 1;
	}
	if (fwrite(b->data, 1, b->len, stdout) != b->len ||
	    fflush(stdout) == EOF) {
		fprintf(stderr, "pailctl: standard output: %s\n",
		    strerror(errno));
		status = status != 0 ? status : 1;
	}
	buf_freezero(b);
	return status;
}

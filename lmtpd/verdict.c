/* A line for the client: whatever it quotes, it stays one line of ASCII. */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "lmtpd/verdict.h"

void
verdict_set(struct verdict *v, int code, const char *enhanced,
    const char *fmt, ...)
{
	va_list	 ap;
	char	*p;

	v->code = code;
	v->enhanced = enhanced;
	va_start(ap, fmt);
	(void)vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
	for (p = v->text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

bool
verdict_ok(const struct verdict *v)
{
	return v->code / 100 == 2;
}

struct verdict_row {
	int		 code;
	const char	*enhanced;
	const char	*text;		/* if none was said */
};

static const struct verdict_row	store_fault = { 451, "4.3.0",
	    "The store is unavailable" };

static const struct verdict_row	mbox_rows[MBOX_CODE_MAX] = {
	[MBOX_OVERQUOTA] = { 552, "5.2.2", "The mailbox is full" },
	[MBOX_TOOBIG] = { 552, "5.3.4", "The message is too large" }
};

static const struct verdict_row	rcpt_rows[] = {
	[RCPT_UNKNOWN] = { 550, "5.1.1", "No such user" },
	[RCPT_UNAVAILABLE] = { 451, "4.3.0", "The directory is unavailable" },
	[RCPT_REFUSED] = { 550, "5.2.1", "The mailbox is disabled" }
};

static void
verdict_row(struct verdict *v, const struct verdict_row *row,
    struct str text)
{
	if (text.len == 0)
		text = str_from(row->text);
	verdict_set(v, row->code, row->enhanced, "%.*s", (int)text.len,
	    text.p);
}

void
verdict_mbox(struct verdict *v, uint8_t code, struct str text)
{
	const struct verdict_row	*row = &store_fault;

	if (code < nitems(mbox_rows) && mbox_rows[code].code != 0)
		row = &mbox_rows[code];
	verdict_row(v, row, text);
}

void
verdict_rcpt(struct verdict *v, uint8_t code, struct str text)
{
	verdict_row(v, code < nitems(rcpt_rows) ? &rcpt_rows[code] :
	    &rcpt_rows[RCPT_UNAVAILABLE], text);
}

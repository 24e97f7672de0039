/* The operator's view of the credentials (report.h). */
#include "common/compat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json_write.h"
#include "common/keyid.h"
#include "common/log.h"
#include "credd/report.h"

#define WORD_MAX	1200

struct text { char *dst; size_t size; };

static void line(struct text *, const char *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
line(struct text *t, const char *name, const char *fmt, ...)
{
	char	value[WORD_MAX], quoted[WORD_MAX], row[WORD_MAX + 32];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(row, sizeof(row), "%-14s %s\n", name, log_quote(quoted,
	    sizeof(quoted), value, strlen(value)));
	strlcat(t->dst, row, t->size);
}

/* A moment, and how far it is from now. */
static void
line_when(struct text *t, const char *name, int64_t when, int64_t now)
{
	char	text[REFRESH_WHEN];
	int64_t	d = when - now;

	if (when == 0)
		line(t, name, "never");
	else
		line(t, name, "%s (%s%" PRId64 "s%s)",
		    refresh_when(when, text), d >= 0 ? "in " : "",
		    d >= 0 ? d : -d, d >= 0 ? "" : " ago");
}

void
report_text(const struct refresh_status *s, int64_t now, char *dst,
    size_t size)
{
	struct text	t = { dst, size };
	char		id[300];

	dst[0] = '\0';
	if (s == NULL) {
		strlcpy(dst, "The store needs no credentials.\n", size);
		return;
	}
	line(&t, "source", "%s", s->source != NULL ? s->source :
	    "none has provided credentials yet");
	if (s->secret == NULL)
		line(&t, "access key", "none is valid");
	else {
		line(&t, "access key", "%s", keyid_print(id, sizeof(id),
		    s->secret->access_key));
		if (s->secret->identity[0] != '\0')
			line(&t, "identity", "%s", s->secret->identity);
		line_when(&t, "expires", s->secret->expires, now);
	}
	if (s->asking)
		line(&t, "next renewal", "under way");
	else
		line_when(&t, "next renewal", s->next, now);
	if (s->failed_at != 0) {
		line_when(&t, "failed", s->failed_at, now);
		line(&t, "reason", "%s", s->failed_why);
	}
}

void
report_json(const struct refresh_status *s, struct buf *b)
{
	const struct cred_secret	*k = s->secret;
	char				 id[300];

	json_add_text(b, "source", s->source);
	json_add_text(b, "access_key", k == NULL ? NULL :
	    keyid_print(id, sizeof(id), k->access_key));
	json_add_text(b, "identity", k == NULL || k->identity[0] == '\0' ?
	    NULL : k->identity);
	json_add_time(b, "expires", k == NULL ? 0 : k->expires);
	json_add_bool(b, "renewing", s->asking);
	json_add_time(b, "next_renewal", s->asking ? 0 : s->next);
	json_add_time(b, "failed", s->failed_at);
	json_add_text(b, "reason", s->failed_at != 0 ? s->failed_why : NULL);
}

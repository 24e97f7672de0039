/*
 * https://prometheus.io/docs/instrumenting/exposition_formats and OpenMetrics
 * 1.0.  They differ in the name of a counter's family, in what is escaped in
 * HELP, and in the end.
 *
 * Each figure of a process has the labels "process" and "index", gauges too:
 * a process that was restarted counts from 0, and rate() has to see whose
 * counter did; what is summed here could not be taken apart again.
 */
#include "common/compat.h"

#include <stdio.h>

#include "admind/expose.h"
#include "admind/http/head.h"
#include "common/escape.h"
#include "common/metric_text.h"
#include "common/proc_kind.h"

static const char *const types[] = {
	[COUNTER_GAUGE] = "gauge",
	[COUNTER_COUNTER] = "counter",
	[COUNTER_HISTOGRAM] = "histogram",
	[COUNTER_SIGNED] = "gauge"
};

const char *
expose_type(enum expose_format f)
{
	return f == EXPOSE_OPENMETRICS ?
	    "application/openmetrics-text; version=1.0.0; charset=utf-8" :
	    "text/plain; version=0.0.4; charset=utf-8";
}

static void
put_escaped(struct buf *out, const char *p, size_t len, bool quote)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (p[i] == '\\' || p[i] == '\n' || (quote && p[i] == '"'))
			buf_put_u8(out, '\\');
		buf_put_u8(out, p[i] == '\n' ? 'n' : (uint8_t)p[i]);
	}
}

static void
put_head(struct buf *out, const struct sample *s, enum expose_format f)
{
	struct str	 name = f == EXPOSE_TEXT && s->kind ==
			    COUNTER_COUNTER ? s->name : s->family;
	char		 help[1024];

	/* From a process: it may say anything, in UTF-8. */
	(void)escape_text(help, sizeof(help), s->help.len == 0 ? "-" :
	    s->help.p, s->help.len == 0 ? 1 : s->help.len, 0);
	buf_printf(out, "# HELP %.*s ", (int)name.len, name.p);
	put_escaped(out, help, strlen(help), f == EXPOSE_OPENMETRICS);
	buf_printf(out, "\n# TYPE %.*s %s\n", (int)name.len, name.p,
	    types[s->kind]);
}

static void
put_labels(struct buf *out, const struct sample *s)
{
	struct str	 rest = s->labels, key;
	char		 value[ESCAPE_MOST(METRIC_VALUE) + 1];
	size_t		 n = 0;

	if (s->proc != NULL) {
		buf_printf(out, "{process=\"%s\",index=\"%u\"",
		    proc_kind_name((enum proc_kind)s->proc->kind),
		    s->proc->index);
		n++;
	}
	while (metric_text_next(&rest, &key, value, sizeof(value)) == 1) {
		buf_printf(out, "%c%.*s=\"", n++ == 0 ? '{' : ',',
		    (int)key.len, key.p);
		put_escaped(out, value, strlen(value), true);
		buf_put_u8(out, '"');
	}
	if (n > 0)
		buf_put_u8(out, '}');
}

int
expose(const struct samples *v, enum expose_format f, struct buf *out)
{
	const struct sample	*s, *last = NULL;
	char			 number[40];

	for (s = v->v; s < v->v + v->n; s++) {
		if (last == NULL || !str_eq(last->family, s->family))
			put_head(out, s, f);
		last = s;
		buf_put(out, s->name.p, s->name.len);
		put_labels(out, s);
		if (s->kind == COUNTER_SIGNED)
			metric_text_signed(number, sizeof(number), s->value,
			    s->scale);
		else
			metric_text_value(number, sizeof(number), s->value,
			    s->scale);
		buf_printf(out, " %s\n", number);
	}
	if (f == EXPOSE_OPENMETRICS)
		buf_puts(out, "# EOF\n");
	return out->failed ? -1 : 0;
}

/* ---- RFC 9110, section 12.5.1 ---- */

/* The part before the next c, or the rest. */
static struct str
part(struct str *rest, char c)
{
	struct str	 p;

	if (!str_split(rest, c, &p)) {
		p = *rest;
		rest->len = 0;
	}
	return str_trim(p, OWS);
}

/* A weight in thousandths: "0.5" is 500; what is none is 0. */
static int
weight(struct str s)
{
	int	 q, unit = 100;

	if (s.len == 0 || (s.p[0] != '0' && s.p[0] != '1'))
		return 0;
	q = (s.p[0] - '0') * 1000;
	if (s.len > 1 && s.p[1] != '.')
		return 0;
	for (s.p += 2, s.len = s.len > 2 ? s.len - 2 : 0; s.len > 0; s.p++,
	    s.len--, unit /= 10) {
		if (*s.p < '0' || *s.p > '9' || unit == 0)
			return 0;
		q += (*s.p - '0') * unit;
	}
	return q > 1000 ? 0 : q;
}

enum expose_format
expose_wanted(struct str accept)
{
	struct str	 range, param, type, version;
	int		 q, open = 0, text = 0;

	while (accept.len > 0) {
		range = part(&accept, ',');
		type = part(&range, ';');
		version = STR("1.0.0");
		q = 1000;
		while (range.len > 0) {
			param = part(&range, ';');
			if (param.len > 2 && str_caseeq((struct str){ param.p,
			    2 }, STR("q=")))
				q = weight((struct str){ param.p + 2,
				    param.len - 2 });
			else if (param.len > 8 && str_caseeq((struct str){
			    param.p, 8 }, STR("version=")))
				version = (struct str){ param.p + 8,
				    param.len - 8 };
		}
		if (str_caseeq(type, STR("application/openmetrics-text"))) {
			if ((str_eq(version, STR("1.0.0")) || str_eq(version,
			    STR("\"1.0.0\""))) && q > open)
				open = q;
		} else if (str_caseeq(type, STR("text/plain")) && q > text)
			text = q;
	}
	return open > 0 && open >= text ? EXPOSE_OPENMETRICS : EXPOSE_TEXT;
}

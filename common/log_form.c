/*
 * Log lines as JSON (RFC 8259) and for the journal (systemd's "Native Journal
 * Protocol").  No line is ever left half: an object is closed, a field whole.
 */
#include "common/log_form.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/compat.h"
#include "common/json_write.h"
#include "common/log_field.h"

#define KEYS_MAX	64	/* of a line */
#define TAIL		32	/* bytes: "}, and "truncated" */
#define KEY_LEN_MAX	56	/* PAIL_ before it: the journal takes 64 */

struct out {
	char	*p;
	size_t	 n, size;
	bool	 cut;		/* something was left out */
};

/* True: it is there, whole. */
static bool
put(struct out *o, const char *s, size_t len)
{
	/* (Closing quotes may stand in the tail.) */
	if (o->cut || o->n > o->size || len > o->size - o->n) {
		o->cut = true;
		return false;
	}
	memcpy(o->p + o->n, s, len);
	o->n += len;
	return true;
}

/* -- JSON -- */

static void
put_value(struct out *o, const struct log_field *f)
{
	char	text[JSON_CHAR_MAX];
	size_t	i = 0, n, used = 0;
	char	c;

	while (i < f->value_len && !o->cut) {
		if ((f->value[i] & 0x80) != 0) {
			n = json_char(text, f->value + i, f->value_len - i,
			    &used);
			i += used;
		} else {
			c = log_field_byte(f, &i);
			n = json_char(text, &c, 1, &used);
		}
		(void)put(o, text, n);
	}
}

/* A member; with no room for some of its value, nothing of it or less. */
static void
put_member(struct out *o, const char *key, size_t key_len, bool clash,
    const struct log_field *f)
{
	char	head[KEY_LEN_MAX + 8];

	if (key_len > KEY_LEN_MAX)
		key_len = KEY_LEN_MAX;
	snprintf(head, sizeof(head), ",\"%.*s%s\":\"", (int)key_len, key,
	    clash ? "_" : "");
	if (!put(o, head, strlen(head)))
		return;
	put_value(o, f);
	o->p[o->n++] = '"';		/* into the tail, if need be */
}

/* Has the object such a member before the k-th key? */
static bool
is_taken(const struct log_field *keys, size_t k, const struct log_field *f)
{
	static const char *const own[] = { "time", "level", "process", "pid",
	    "message", "truncated" };
	size_t	i;

	for (i = 0; i < nitems(own); i++)
		if (strlen(own[i]) == f->key_len &&
		    memcmp(own[i], f->key, f->key_len) == 0)
			return true;
	for (i = 0; i < k; i++)
		if (keys[i].key_len == f->key_len &&
		    memcmp(keys[i].key, f->key, f->key_len) == 0)
			return true;
	return false;
}

/* What is no key, joined by spaces. */
static void
put_message(struct out *o, const char *text)
{
	struct log_field	f;
	bool			first = true;

	(void)put(o, ",\"message\":\"", 12);
	while (log_field_next(&text, &f)) {
		if (f.key_len != 0)
			continue;
		if (!first)
			(void)put(o, " ", 1);
		first = false;
		put_value(o, &f);
	}
	o->p[o->n++] = '"';
}

size_t
log_form_json(char *dst, size_t size, const struct timespec *when,
    const struct log_source *from, const char *text)
{
	struct out		 o = { dst, 0, size - TAIL, false };
	struct log_field	 keys[KEYS_MAX];
	struct tm		 tm;
	const char		*rest = text;
	char			 head[256];
	size_t			 k = 0, i, same;

	gmtime_r(&when->tv_sec, &tm);
	strftime(head, sizeof(head), "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm);
	(void)put(&o, head, strlen(head));
	snprintf(head, sizeof(head), ".%03ldZ\",\"level\":\"%s\","
	    "\"process\":\"%s\",\"pid\":%ld", when->tv_nsec / 1000000,
	    from->level, from->process, from->pid);
	(void)put(&o, head, strlen(head));
	put_message(&o, text);
	while (k < KEYS_MAX && log_field_next(&rest, &keys[k])) {
		if (keys[k].key_len == 0)
			continue;
		/* A third one of a name would be a second with "_". */
		for (i = same = 0; i < k; i++)
			same += keys[i].key_len == keys[k].key_len &&
			    memcmp(keys[i].key, keys[k].key,
			    keys[k].key_len) == 0;
		if (same < 2)
			put_member(&o, keys[k].key, keys[k].key_len,
			    is_taken(keys, k, &keys[k]), &keys[k]);
		k++;
	}
	if (o.cut) {
		memcpy(dst + o.n, ",\"truncated\":true", 17);
		o.n += 17;
	}
	dst[o.n++] = '}';
	return o.n;
}

/* -- the journal -- */

/* NAME=value, if it fits; a value never has a newline. */
static void
put_field(struct out *o, const char *prefix, const struct log_field *f)
{
	size_t	i, start = o->n;
	char	c;

	o->cut = false;
	(void)put(o, prefix, strlen(prefix));
	for (i = 0; i < f->key_len; i++) {
		c = f->key[i] == '-' ? '_' :
		    (char)toupper((unsigned char)f->key[i]);
		(void)put(o, &c, 1);
	}
	(void)put(o, "=", 1);
	for (i = 0; i < f->value_len; ) {
		c = log_field_byte(f, &i);
		(void)put(o, &c, 1);
	}
	(void)put(o, "\n", 1);
	if (o->cut)
		o->n = start;
}

size_t
log_form_journal(char *dst, size_t size, const struct log_source *from,
    const char *text)
{
	struct out		o = { dst, 0, size, false };
	struct log_field	f, line = { .value = text };
	char			head[256];

	snprintf(head, sizeof(head), "PRIORITY=%d\nSYSLOG_FACILITY=%d\n"
	    "SYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%ld\n", from->priority,
	    LOG_MAIL >> 3, from->process, from->pid);
	(void)put(&o, head, strlen(head));
	line.value_len = strlen(text);
	put_field(&o, "MESSAGE", &line);
	while (log_field_next(&text, &f))
		if (f.key_len != 0 && f.key_len <= KEY_LEN_MAX)
			put_field(&o, "PAIL_", &f);
	return o.n;
}

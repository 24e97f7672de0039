/*
 * pailctl dump: what the bucket holds of a user, read anew from it object
 * by object and written as fast as the reader takes it.  Message bytes are
 * never printed.
 */
#include "common/compat.h"

#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_write.h"
#include "common/log.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/fields.h"
#include "storaged/format/head.h"
#include "storaged/format/logobj.h"
#include "storaged/format/manifest.h"
#include "storaged/format/record.h"
#include "storaged/report.h"

#define REPORT_AHEAD	(256 * 1024)
#define REPORT_UNREAD	16	/* texts, of 4 MiB at most */

struct report {
	TAILQ_ENTRY(report)	 entry;		/* of unread */
	bool			 is_text;
	struct bufferevent	*bev;
	struct blob_store	*store;
	struct blob_request	*req;
	char			 name[USER_ID_MAX + 1];	/* in object names */
	char			 prefix[KEY_MAX];
	char			 key[KEY_MAX];
	struct head		 head;
	struct manifest		 manifest;
	size_t			 next;		/* log object */
	bool			 json;
	bool			 open;		/* an object's lines */
	char			 last;		/* byte of the document */
	char			 error[1024];	/* for its end; "": none */
	bool			 ended;		/* all is written */
};

/* Texts that are here until they are read, the oldest first. */
static TAILQ_HEAD(, report) unread = TAILQ_HEAD_INITIALIZER(unread);
static unsigned int	 nunread;

static void	report_next(struct report *);

static void
report_free(struct report *r)
{
	if (r->is_text) {
		TAILQ_REMOVE(&unread, r, entry);
		nunread--;
	}
	if (r->req != NULL)
		blob_cancel(r->req);
	head_free(&r->head);
	manifest_free(&r->manifest);
	bufferevent_free(r->bev);
	free(r);
}

static struct evbuffer *
out(struct report *r)
{
	return bufferevent_get_output(r->bev);
}

/* More of the document: its last byte decides about commas. */
static void
json_start(const struct report *r, struct buf *b)
{
	buf_init(b, 0);
	buf_put_u8(b, (uint8_t)r->last);
}

static void
json_flush(struct report *r, struct buf *b)
{
	if (b->len > 1 && !b->failed) {
		evbuffer_add(out(r), b->data + 1, b->len - 1);
		r->last = (char)b->data[b->len - 1];
	}
	buf_free(b);
}

/* Adds the line, which ends in a newline; it is then empty. */
static void
print_line(struct report *r, const char *indent, struct buf *line)
{
	struct buf	b;

	if (r->json) {
		json_start(r, &b);
		json_add_str(&b, NULL, (struct str){ (char *)line->data,
		    line->len > 0 ? line->len - 1 : 0 });
		json_flush(r, &b);
	} else {
		evbuffer_add_printf(out(r), "%s", indent);
		evbuffer_add(out(r), line->data, line->len);
	}
	buf_reset(line);
}

static void
print_text(struct report *r, const char *indent, const char *text)
{
	struct buf	line = BUF_INIT;

	buf_printf(&line, "%s\n", text);
	print_line(r, indent, &line);
	buf_free(&line);
}

/* The object that lines are of from now on; NULL: none.  size: -1: not said. */
static void
print_object(struct report *r, const char *key, int64_t size)
{
	struct buf	b;

	if (!r->json && key != NULL) {
		evbuffer_add_printf(out(r), "object %s", key);
		if (size >= 0)
			evbuffer_add_printf(out(r), " size=%" PRId64, size);
		evbuffer_add_printf(out(r), "\n");
	}
	if (!r->json)
		return;
	json_start(r, &b);
	if (r->open) {
		json_end_array(&b);
		json_end_object(&b);
	}
	r->open = key != NULL;
	if (key != NULL) {
		json_add_object(&b, NULL);
		json_add_text(&b, "key", key);
		if (size >= 0)
			json_add_signed(&b, "size", size);
		json_add_array(&b, "lines");
	}
	json_flush(r, &b);
}

static void print_error(struct report *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* A line; in a document it is for the end, and one must do. */
static void
print_error(struct report *r, const char *fmt, ...)
{
	char	text[2048];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!r->json)
		evbuffer_add_printf(out(r), "error: %s\n", text);
	else if (r->error[0] == '\0')
		strlcpy(r->error, text, sizeof(r->error));
}

static void
report_end(struct report *r)
{
	struct buf	b;

	if (r->json) {
		print_object(r, NULL, -1);
		json_start(r, &b);
		json_end_array(&b);
		if (r->error[0] != '\0')
			json_add_text(&b, "error", r->error);
		json_end_object(&b);
		buf_puts(&b, "\n");
		json_flush(r, &b);
	}
	r->ended = true;
	if (evbuffer_get_length(bufferevent_get_output(r->bev)) == 0)
		report_free(r);
}

static void
report_written(struct bufferevent *bev, void *arg)
{
	struct report	*r = arg;

	if (r->ended) {
		if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
			report_free(r);
	} else if (r->req == NULL)
		report_next(r);
}

static void
report_broken(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	report_free(arg);
}

static void
print_block(struct report *r, const struct block *k)
{
	struct arena	*a = arena_new(64 * 1024 * 1024);
	struct cursor	 c;
	struct record	 rec;
	struct buf	 line = BUF_INIT;
	uint64_t	 i;

	block_print(k, &line);
	print_line(r, "  ", &line);
	cursor_init(&c, k->records, k->records_len);
	for (i = 0; i < k->count && a != NULL; i++) {
		arena_reset(a);
		if (record_decode(&rec, &c, a) != 0) {
			print_text(r, "    ", "damaged record");
			break;
		}
		rec.number = k->first + i;
		if (record_print(&rec, &line) == 0)
			print_line(r, "    ", &line);
		else
			buf_reset(&line);	/* no memory: without it */
	}
	buf_free(&line);
	arena_free(a);
}

static void
print_blocks(struct report *r, const struct blocklist *l)
{
	const struct block	*k;

	TAILQ_FOREACH(k, l, entry)
		print_block(r, k);
}

static void
print_logs(struct report *r, const struct loglist *l)
{
	struct buf	 line = BUF_INIT;
	size_t		 i;

	for (i = 0; i < l->n; i++) {
		buf_printf(&line, "log %" PRIu64 "-%" PRIu64 " records=%"
		    PRIu64 " size=%" PRIu64 " id=", l->v[i].first,
		    l->v[i].last, l->v[i].records, l->v[i].size);
		fields_print_hex(l->v[i].id, 16, &line);
		buf_puts(&line, "\n");
		print_line(r, "  ", &line);
	}
	buf_free(&line);
}

static void
print_garbage(struct report *r, const struct garbagelist *g)
{
	char	text[KEY_MAX + 64];
	size_t	i;

	for (i = 0; i < g->n; i++) {
		snprintf(text, sizeof(text), "garbage %s named=%" PRId64,
		    g->v[i].name, g->v[i].time);
		print_text(r, "  ", text);
	}
}

static void
print_head(struct report *r)
{
	const struct head	*h = &r->head;
	struct buf		 line = BUF_INIT;
	size_t			 i;

	head_print(h, &line);
	print_line(r, "", &line);
	for (i = 0; i < h->nnodes; i++) {
		buf_puts(&line, "node ");
		fields_print_hex(h->nodes[i].id, 16, &line);
		buf_printf(&line, " commit=%" PRIu64 " time=%" PRId64 "\n",
		    h->nodes[i].commit, h->nodes[i].time);
		print_line(r, "  ", &line);
	}
	buf_free(&line);
	print_logs(r, &h->logs);
	print_garbage(r, &h->garbage);
	print_blocks(r, &h->blocks);
}

static bool
got(struct report *r, const struct blob_result *res)
{
	r->req = NULL;
	if (res->outcome == BLOB_DONE)
		return true;
	print_error(r, "%s: %s: %s", r->key, blob_outcome_name(res->outcome),
	    res->why);
	return false;
}

static void
report_log(const struct blob_result *res, void *arg)
{
	struct report	*r = arg;
	struct blocklist l = TAILQ_HEAD_INITIALIZER(l);

	if (got(r, res)) {
		print_object(r, r->key, (int64_t)res->len);
		if (logobj_decode(res->body, res->len, r->head.history,
		    NULL, &l) != 0)
			print_text(r, "  ", "damaged");
		else
			print_blocks(r, &l);
		blocklist_free(&l);
	}
	report_next(r);
}

static void
report_manifest(const struct blob_result *res, void *arg)
{
	struct report	*r = arg;

	if (got(r, res)) {
		print_object(r, r->key, (int64_t)res->len);
		manifest_free(&r->manifest);
		if (manifest_decode(&r->manifest, res->body, res->len,
		    r->head.history, r->head.manifest_sha256) != 0)
			print_text(r, "  ", "damaged");
		print_logs(r, &r->manifest.logs);
		print_garbage(r, &r->manifest.garbage);
	}
	report_next(r);
}

static void
report_get(struct report *r, size_t max, blob_cb cb)
{
	r->req = blob_get(r->store, r->key, 0, 0, max, NULL, BLOB_BACKGROUND,
	    cb, r);
	if (r->req == NULL) {
		print_error(r, "%s: the request failed", r->key);
		report_end(r);
	}
}

/* The log objects, the manifest's first, one by one. */
static void
report_next(struct report *r)
{
	const struct loglist	*m = &r->manifest.logs, *h = &r->head.logs;
	const struct logref	*log;

	if (evbuffer_get_length(out(r)) > REPORT_AHEAD)
		return;			/* report_written() goes on */
	if (r->next < m->n)
		log = &m->v[r->next];
	else if (r->next - m->n < h->n)
		log = &h->v[r->next - m->n];
	else {
		report_end(r);
		return;
	}
	r->next++;
	if (key_log(r->prefix, log->first, log->last, log->id, r->key,
	    sizeof(r->key)) == -1)
		report_end(r);
	else
		report_get(r, LOGOBJ_MAX, report_log);
}

static void
report_head(const struct blob_result *res, void *arg)
{
	struct report	*r = arg;
	int		 e;

	if (res->outcome == BLOB_ABSENT) {
		r->req = NULL;
		print_error(r, "no user %s in this store", r->name);
		report_end(r);
		return;
	}
	if (!got(r, res)) {
		report_end(r);
		return;
	}
	if ((e = head_decode(&r->head, r->name, res->body, res->len)) != 0) {
		print_error(r, "%s: %s%s%s", r->key, head_why(e),
		    e == HEAD_FOREIGN ? ": " : "",
		    e == HEAD_FOREIGN ? r->head.user : "");
		report_end(r);
		return;
	}
	print_head(r);
	if (r->head.has_manifest && key_object(r->prefix, KEY_MANIFEST,
	    r->head.manifest, r->key, sizeof(r->key)) == 0)
		report_get(r, MANIFEST_MAX, report_manifest);
	else
		report_next(r);
}

static struct report *
report_new(struct event_base *base, int fd)
{
	struct report	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	if (evutil_make_socket_nonblocking(fd) == -1 ||
	    (r->bev = bufferevent_socket_new(base, fd,
	    BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		free(r);
		return NULL;
	}
	head_init(&r->head);
	manifest_init(&r->manifest);
	bufferevent_setcb(r->bev, NULL, report_written, report_broken, r);
	bufferevent_enable(r->bev, EV_WRITE);
	return r;
}

void
report_dump(struct event_base *base, struct blob_store *store,
    const char *user, bool json, int fd)
{
	struct report	*r = report_new(base, fd);

	if (r == NULL) {
		log_warn("report");
		close(fd);
		return;
	}
	r->store = store;
	r->json = json;
	if (json) {
		evbuffer_add_printf(out(r), "{\"objects\":[");
		r->last = '[';
	}
	if (user_key(user, r->name, sizeof(r->name)) == -1 ||
	    key_user(user, r->prefix, sizeof(r->prefix)) == -1 ||
	    key_head(r->prefix, r->key, sizeof(r->key)) == -1) {
		print_error(r, "invalid user name");
		report_end(r);
		return;
	}
	print_object(r, r->key, -1);
	report_get(r, HEAD_MAX, report_head);
}

void
report_line(struct event_base *base, int fd, const char *text)
{
	struct report	*r = report_new(base, fd);

	if (r == NULL) {
		close(fd);
		return;
	}
	/* Who has more written than he reads loses the first. */
	if (nunread == REPORT_UNREAD)
		report_free(TAILQ_FIRST(&unread));
	r->is_text = true;
	TAILQ_INSERT_TAIL(&unread, r, entry);
	nunread++;
	evbuffer_add_printf(out(r), "%s\n", text);
	report_end(r);
}

void
report_error(struct event_base *base, int fd, const char *text)
{
	struct buf	b = BUF_INIT;

	json_error(&b, text);
	if (b.failed || b.len == 0)
		close(fd);
	else {
		b.data[b.len - 1] = '\0';	/* its newline */
		report_line(base, fd, (const char *)b.data);
	}
	buf_free(&b);
}

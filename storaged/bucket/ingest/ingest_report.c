/*
 * See ingest_report.h.  Walks through failed/ of one place after the other, a
 * page at a time, and reads each reason.  Never blocks.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_write.h"
#include "common/log.h"
#include "common/mem.h"
#include "storaged/bucket/ingest/ingest_int.h"
#include "storaged/bucket/ingest/ingest_report.h"

#define REPORT_MAX	(4 * 1024 * 1024)
#define PAGE		200
#define WALKS_MAX	4	/* at once: each reads all that has failed */

struct item {
	struct ingest_id id;
	char		 etag[BLOB_ETAG_MAX];	/* of the mail; "": none */
	uint64_t	 size;
};

struct walk {
	struct ingest_place *places;
	size_t		 nplaces, at;
	bool		 retry, json;
	char		 only[33];	/* "": all */
	char		 after[KEY_MAX];
	bool		 more;
	struct item	 mail;		/* the last that was listed */
	struct item	 items[PAGE];
	size_t		 nitems, next;
	struct buf	 out;
	unsigned	 seen, bad;	/* failed ones; not delivered now */
	ingest_report_cb cb;
	void		*arg;
};

static unsigned int	 walks;

static void	walk_list(struct walk *);
static void	walk_next(struct walk *);

/* Nothing but why there is no more. */
static void
say_no(const char *why, bool json, ingest_report_cb cb, void *arg)
{
	struct buf	b = BUF_INIT;

	if (json)
		json_error(&b, why);
	else
		buf_printf(&b, "error: %s\n", why);
	if (b.len > 0)			/* the last newline is added there */
		b.data[b.len - 1] = '\0';
	cb(b.failed ? "" : (const char *)b.data, arg);
	buf_free(&b);
}

static void
walk_over(struct walk *w)
{
	char	why[80] = "";

	if (w->retry && w->only[0] != '\0' && w->seen == 0)
		snprintf(why, sizeof(why), "nothing in failed/ has this ID");
	else if (w->bad > 0)
		snprintf(why, sizeof(why), "%u of %u %s", w->bad, w->seen,
		    w->retry ? "were not delivered" : "cannot be read");
	if (w->json) {
		json_end_array(&w->out);
		if (why[0] != '\0')
			json_add_text(&w->out, "error", why);
		json_end_object(&w->out);
		buf_puts(&w->out, "\n");
	} else if (why[0] != '\0')
		buf_printf(&w->out, "error: %s\n", why);
	else if (w->out.len == 0)
		buf_printf(&w->out, w->retry ? "nothing has failed\n" :
		    "nothing waits, nothing has failed\n");
	if (w->out.failed)
		say_no("the report is too long", w->json, w->cb, w->arg);
	else {
		w->out.data[w->out.len - 1] = '\0';
		w->cb((const char *)w->out.data, w->arg);
	}
	buf_free(&w->out);
	free(w);
	walks--;
}

static struct ingest_place *
place_of(const struct walk *w)
{
	return &w->places[w->at];
}

static void
walk_line(struct walk *w, const char *word, const char *id, const char *key,
    const char *rest)
{
	char	 quoted[3 * KEY_MAX], why[2048];

	buf_printf(&w->out, "%s%s%s %s/%s: %s\n", word, *id != '\0' ? " " :
	    "", id, place_of(w)->bucket, log_quote(quoted, sizeof(quoted), key,
	    strlen(key)), log_quote(why, sizeof(why), rest, strlen(rest)));
}

/* The same as an object; members follow, and its end.  key, id: NULL: not
 * known, or none. */
static struct buf *
walk_object(struct walk *w, const char *state, const char *id,
    const char *key, const char *why)
{
	json_add_object(&w->out, NULL);
	json_add_text(&w->out, "state", state);
	json_add_text(&w->out, "id", id);
	json_add_text(&w->out, "bucket", place_of(w)->bucket);
	json_add_text(&w->out, "key", key);
	json_add_text(&w->out, "reason", *why != '\0' ? why : NULL);
	return &w->out;
}

static void
retried(int outcome, const char *why, void *arg)
{
	struct walk	*w = arg;
	struct item	*i = &w->items[w->next++];
	static const char *const words[INGEST_OUTCOMES] = {
		[INGEST_DELIVERED] = "delivered", [INGEST_LATER] = "later",
		[INGEST_FAILED] = "failed" };

	if (outcome != INGEST_DELIVERED)
		w->bad++;
	if (w->json)
		json_end_object(walk_object(w, words[outcome], i->id.hex,
		    NULL, why));
	else
		buf_printf(&w->out, "%s %s%s%s\n", words[outcome], i->id.hex,
		    *why != '\0' ? ": " : "", why);
	walk_next(w);
}

static void
walk_retry(struct walk *w, struct item *i, struct ingest_reason *r)
{
	struct ingest_place	*p = place_of(w);
	struct ingest_found	 f = { .size = i->size };
	struct ingest_id	 id;
	char			 name[KEY_MAX];
	size_t			 n = strlen(p->prefix);

	/* It must be what it says: its key decides what is known of it. */
	if (strncmp(r->key, p->prefix, n) == 0)
		ingest_id(&id, p->bucket, p->prefix, r->key + n, r->etag);
	else
		id.hex[0] = '\0';
	if (i->etag[0] == '\0' || strcmp(id.hex, i->id.hex) != 0 ||
	    ingest_draining() || !ingest_has_lmtpd()) {
		ingest_reason_free(r);
		retried(INGEST_LATER, i->etag[0] == '\0' ? "the mail is not "
		    "there" : strcmp(id.hex, i->id.hex) != 0 ? "the reason is "
		    "another mail's" : "lmtpd is not there", w);
		return;
	}
	ingest_failed_name(&i->id, false, name);
	f.name = name;
	strlcpy(f.etag, i->etag, sizeof(f.etag));
	ingest_job_retry(p, &f, r, retried, w);
}

static void
unreadable(struct walk *w, const char *id, const char *why)
{
	w->bad++;
	if (w->json)
		json_end_object(walk_object(w, "unreadable", id, NULL, why));
	else if (id != NULL)
		buf_printf(&w->out, "unreadable %s: %s\n", id, why);
	else
		buf_printf(&w->out, "unreadable %s/%s" INGEST_DIR_FAILED
		    ": %s\n", place_of(w)->bucket, place_of(w)->prefix, why);
}

static void
show_failed(struct walk *w, const char *id, const struct ingest_reason *r)
{
	char	line[1024], word[64];

	(void)ingest_reason_line(r, line, sizeof(line));
	if (w->json) {
		json_add_text(walk_object(w, "failed", id, r->key, line),
		    "at", r->at);
		json_end_object(&w->out);
		return;
	}
	snprintf(word, sizeof(word), "failed %s", r->at);
	walk_line(w, word, id, r->key, line);
}

static void
reason_read(const struct blob_result *res, void *arg)
{
	struct walk		*w = arg;
	struct item		*i = &w->items[w->next];
	struct ingest_reason	*r = NULL;
	char			 why[300];

	w->seen++;
	if (res->outcome == BLOB_DONE)
		r = ingest_reason_read(res->body, res->len);
	if (r == NULL) {
		unreadable(w, i->id.hex, res->outcome != BLOB_DONE ?
		    blob_reason(res, why, sizeof(why)) :
		    "reason.json makes no sense");
		w->next++;
		walk_next(w);
		return;
	}
	if (w->retry) {
		walk_retry(w, i, r);
		return;
	}
	show_failed(w, i->id.hex, r);
	ingest_reason_free(r);
	w->next++;
	walk_next(w);
}

/* What waits here; other nodes have their own. */
static void
add_note(const char *name, const struct ingest_note *n, void *arg)
{
	struct walk	*w = arg;
	char		 key[KEY_MAX] = "", word[80];
	uint64_t	 now = clock_ms();
	uint64_t	 next = n->next_ms > now ?
			    (n->next_ms - now + 999) / 1000 : 0;

	(void)key_join(place_of(w)->prefix, name, key, sizeof(key));
	if (w->json) {
		json_add_number(walk_object(w, "waiting", NULL, key, n->why),
		    "tries", n->tries);
		json_add_number(&w->out, "next_seconds", next);
		json_end_object(&w->out);
		return;
	}
	snprintf(word, sizeof(word), "waiting here tries=%u next=%llus",
	    n->tries, (unsigned long long)next);
	walk_line(w, word, "", key, n->why);
}

static void
walk_next(struct walk *w)
{
	char	 name[KEY_MAX];

	if (w->next < w->nitems) {
		ingest_failed_name(&w->items[w->next].id, true, name);
		blob_get(place_of(w)->blob, name, 0, 0, INGEST_REASON_MAX,
		    NULL, BLOB_BACKGROUND, reason_read, w);
		return;
	}
	if (!w->more) {
		if (++w->at == w->nplaces) {
			walk_over(w);
			return;
		}
		w->after[0] = '\0';
	}
	walk_list(w);
}

/* A mail is listed right before its reason. */
static void
walk_add(struct walk *w, const struct blob_listed *v)
{
	struct item	*i;
	size_t		 n = strlen(INGEST_DIR_FAILED);

	if (strlen(v->key) == n + 32 + 5 && strcmp(v->key + n + 32, "/mail") ==
	    0) {
		memcpy(w->mail.id.hex, v->key + n, 32);
		w->mail.id.hex[32] = '\0';
		strlcpy(w->mail.etag, v->etag, sizeof(w->mail.etag));
		w->mail.size = v->size;
		return;
	}
	i = &w->items[w->nitems];
	if (!ingest_failed_id(v->key, &i->id) || (w->only[0] != '\0' &&
	    strcmp(w->only, i->id.hex) != 0))
		return;
	i->etag[0] = '\0';
	if (strcmp(w->mail.id.hex, i->id.hex) == 0)
		*i = w->mail;
	w->nitems++;
}

static void
walk_listed(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	struct walk	*w = arg;
	char		 why[300];
	size_t		 i;

	w->more = more && r->outcome == BLOB_DONE;
	w->nitems = w->next = 0;
	if (r->outcome != BLOB_DONE)
		unreadable(w, NULL, blob_reason(r, why, sizeof(why)));
	for (i = 0; i < n && i < PAGE; i++)
		walk_add(w, &v[i]);
	if (n > 0)
		strlcpy(w->after, v[n - 1].key, sizeof(w->after));
	walk_next(w);
}

static void
walk_list(struct walk *w)
{
	if (w->after[0] == '\0') {
		w->mail.id.hex[0] = '\0';
		if (!w->retry)
			ingest_seen_each(place_of(w)->seen, add_note, w);
	}
	blob_list(place_of(w)->blob, INGEST_DIR_FAILED, w->after[0] != '\0' ?
	    w->after : NULL, PAGE, BLOB_BACKGROUND, walk_listed, w);
}

static void
walk_start(const char *id, bool retry, bool json, ingest_report_cb cb,
    void *arg)
{
	struct walk	*w;

	if (!ingest_on()) {
		say_no("the configuration has no \"ingest\"", json, cb, arg);
		return;
	}
	if (*id != '\0' && !ingest_id_valid(id)) {
		say_no("not an ID: \"pailctl ingest list\" has them", json,
		    cb, arg);
		return;
	}
	if (walks == WALKS_MAX) {
		say_no("too many lists and retries at once: try again", json,
		    cb, arg);
		return;
	}
	walks++;
	w = mem_new(1, sizeof(*w));
	w->nplaces = ingest_places(&w->places);
	w->retry = retry;
	strlcpy(w->only, id, sizeof(w->only));
	w->cb = cb;
	w->arg = arg;
	buf_init(&w->out, REPORT_MAX);
	w->json = json;
	if (json) {
		json_add_object(&w->out, NULL);
		json_add_array(&w->out, "mails");
	}
	walk_list(w);
}

void
ingest_list(bool json, ingest_report_cb cb, void *arg)
{
	walk_start("", false, json, cb, arg);
}

void
ingest_retry(const char *id, bool json, ingest_report_cb cb, void *arg)
{
	walk_start(id, true, json, cb, arg);
}

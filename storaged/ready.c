/*
 * See ready.h.  A time-out proves nothing, and neither does an object that may
 * have been written; only what was read back does.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "common/daemon_counts.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/metric_text.h"
#include "common/ready_row.h"
#include "common/slice.h"
#include "storaged/bucket/blob.h"
#include "storaged/commit/commit_metric.h"
#include "storaged/format/key.h"
#include "storaged/ready.h"

#define AGAIN_MS	2000	/* after a failure */
#define TEXT		"Pail was here.\n"
#define OLD		3600	/* s: what is left behind by one that died */
#define LIST_MAX	100

static struct {
	struct blob_store	*blob;		/* NULL: nobody asks */
	struct event		*timer;
	uint64_t		 every_ms;
	bool			 stopped;
	bool			 cleaned;	/* what was left behind */
	char			 key[64];	/* of the object; "": none */
	char			 left[64];	/* of an older one, or "" */
	int64_t			 proved;	/* Unix time; 0: not yet */
	char			 trouble[READY_WHY + 1];
} ready;

static void
next_in(uint64_t ms)
{
	struct timeval	 tv = { (time_t)(ms / 1000),
			    (suseconds_t)(ms % 1000) * 1000 };

	if (!ready.stopped)
		evtimer_add(ready.timer, &tv);
}

static void
failed(const char *what, const struct blob_result *r)
{
	char	 why[256];

	(void)blob_reason(r, why, sizeof(why));
	if (why[0] == '\0')
		strlcpy(why, blob_outcome_name(r->outcome), sizeof(why));
	strlcpy(ready.trouble, what, sizeof(ready.trouble));
	strlcat(ready.trouble, why, sizeof(ready.trouble));	/* cut */
	log_debug("ready: result=no why=\"%s%s\"", what, why);
}

static void
proved(void)
{
	ready.proved = (int64_t)time(NULL);
	ready.trouble[0] = '\0';
}

static void
on_deleted(const struct blob_result *r, void *arg)
{
	bool	*good = arg;

	/* It goes with the next one, or is found by the next start. */
	if (r->outcome == BLOB_DONE || r->outcome == BLOB_ABSENT)
		ready.left[0] = '\0';
	else if (ready.left[0] == '\0')
		strlcpy(ready.left, ready.key, sizeof(ready.left));
	ready.key[0] = '\0';
	next_in(good != NULL ? ready.every_ms : AGAIN_MS);
}

/* Whatever became of it, it is not needed any more. */
static void
delete_it(bool good)
{
	static bool	 yes = true;
	const char	*keys[] = { ready.key, ready.left };

	if (blob_delete(ready.blob, keys, ready.left[0] != '\0' ? 2 : 1,
	    BLOB_BACKGROUND, on_deleted, good ? &yes : NULL) == NULL)
		next_in(AGAIN_MS);
}

static void
on_read(const struct blob_result *r, void *arg)
{
	bool	 own = ready.key[0] != '\0', good;

	(void)arg;
	good = r->outcome == BLOB_DONE && (!own || (r->len == strlen(TEXT) &&
	    memcmp(r->body, TEXT, r->len) == 0));
	if (good)
		proved();
	else
		failed("read: ", r);
	if (own)
		delete_it(good);
	else
		next_in(good ? ready.every_ms : AGAIN_MS);
}

static void
read_it(const char *key)
{
	if (blob_get(ready.blob, key, 0, 0, 65536, NULL, BLOB_USER, on_read,
	    NULL) == NULL)
		next_in(AGAIN_MS);
}

static void
on_written(const struct blob_result *r, void *arg)
{
	(void)arg;
	if (r->outcome == BLOB_DONE) {
		read_it(ready.key);
		return;
	}
	failed("write: ", r);
	delete_it(false);
}

static void
write_it(void)
{
	static const struct piece	 text = { TEXT, sizeof(TEXT) - 1 };
	uint8_t				 id[16];
	size_t				 n;

	key_new_id(id);
	n = strlcpy(ready.key, KEY_READY, sizeof(ready.key));
	hex_print(id, sizeof(id), ready.key + n);
	if (blob_put(ready.blob, ready.key, &text, 1, BLOB_IF_NONE_MATCH, NULL,
	    BLOB_USER, on_written, NULL) == NULL) {
		ready.key[0] = '\0';
		next_in(AGAIN_MS);
	}
}

static void
on_cleaned(const struct blob_result *r, void *arg)
{
	(void)r;
	(void)arg;
	next_in(0);
}

/* Those of who was killed in between. */
static void
on_listed(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	const char	*keys[LIST_MAX];
	size_t		 i, old = 0;
	int64_t		 now = r->date != 0 ? r->date : (int64_t)time(NULL);

	(void)more;
	(void)arg;
	ready.cleaned = true;
	for (i = 0; r->outcome == BLOB_DONE && i < n && old < LIST_MAX; i++)
		if (v[i].modified != 0 && now - v[i].modified > OLD)
			keys[old++] = v[i].key;
	if (old == 0 || blob_delete(ready.blob, keys, old, BLOB_BACKGROUND,
	    on_cleaned, NULL) == NULL)
		next_in(0);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	uint64_t	 won = commit_metric_last();

	(void)fd;
	(void)what;
	(void)arg;
	if (!blob_ready(ready.blob)) {
		strlcpy(ready.trouble, "there are no credentials",
		    sizeof(ready.trouble));
		next_in(AGAIN_MS);
		return;
	}
	if (won != 0 && clock_ms() - won < ready.every_ms)
		read_it(KEY_STORE);
	else if (ready.cleaned)
		write_it();
	else if (blob_list(ready.blob, KEY_READY, NULL, LIST_MAX,
	    BLOB_BACKGROUND, on_listed, NULL) == NULL)
		next_in(AGAIN_MS);
}

void
ready_reload(const struct slice *conf)
{
	ready.every_ms = slice_num(conf, "ready-within") * 1000 / 2;
}

void
ready_start(struct event_base *base, struct blob_store *blob,
    const struct slice *conf)
{
	if (slice_num(conf, "nprocs.admind") == 0)
		return;
	if ((ready.timer = evtimer_new(base, on_timer, NULL)) == NULL)
		fatal("ready");
	ready.blob = blob;
	ready_reload(conf);
	next_in(0);
}

void
ready_stop(void)
{
	ready.stopped = true;
	if (ready.timer != NULL)
		event_del(ready.timer);
}

bool
ready_idle(void)
{
	/* A store that does not answer is not waited for. */
	return ready.key[0] == '\0' || ready.trouble[0] != '\0';
}

static void
tell_trouble(const char *text)
{
	static struct buf	 why;
	static struct counter	 trouble = { "", COUNTER_GAUGE, "", "", "" };
	struct str		 part;
	size_t			 off, was, len = strnlen(text, READY_WHY);

	if (len == 0)
		return;
	buf_reset(&why);
	for (off = 0; off < len; off += part.len) {
		part.p = text + off;
		part.len = len - off < METRIC_VALUE ? len - off : METRIC_VALUE;
		was = why.len;
		metric_text_put(&why, READY_TROUBLE, part);
		if (why.len > SETUP_LABELS_MAX) {	/* it was escaped */
			why.len = was;
			break;
		}
	}
	if (buf_put_u8(&why, '\0') == -1)
		return;
	trouble.labels = (const char *)why.data;
	daemon_count(&trouble, 1);
}

void
ready_tell(const char *waits)
{
	static const struct counter proof = { "store-proved", COUNTER_GAUGE,
	    READY_METRIC, "", "When the store was last seen to be written "
	    "and read, in Unix time" };

	if (waits != NULL)
		tell_trouble(waits);
	if (waits != NULL || ready.blob == NULL)
		return;
	daemon_count(&proof, (uint64_t)ready.proved);
	tell_trouble(ready.trouble);
}

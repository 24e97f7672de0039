/* See parcel.h. */
#include "common/compat.h"

#include <sys/queue.h>

#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/lost.h"
#include "common/mem.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/sum.h"
#include "common/write_all.h"
#include "storaged/bucket/ingest/ingest.h"
#include "storaged/session/env.h"
#include "storaged/session/parcel.h"
#include "storaged/util/file_at.h"
#include "storaged/util/spool.h"
#include "storaged/util/spool_room.h"

#define CREDIT_STEP	(16 * 1024)
#define QUEUE_HOLD	(64 * 1024)	/* answers that lmtpd has not read:
					   nothing more is read from it */
#define AGE_TICK	15		/* seconds */

struct parcels;

struct parcel {
	TAILQ_ENTRY(parcel)	 entry;		/* the oldest first */
	struct parcels		*set;		/* NULL: it is in none */
	uint32_t		 id;
	unsigned		 refs;		/* the set's, and appends' */
	bool			 whole;
	struct buf		 mem;
	int			 fd;		/* -1: it is in mem */
	uint64_t		 size;
	uint64_t		 room;		/* taken on disk */
	struct spool_hold	 hold;
	uint64_t		 held;		/* the hold's sum: each parcel
						   is a user of its own */
	struct sum		 sum;
	uint32_t		 owed;		/* taken, not yet credited */
	uint64_t		 heard_ms;
};
TAILQ_HEAD(parcel_list, parcel);

/* Those of one lmtpd. */
struct parcels {
	TAILQ_ENTRY(parcels)	 entry;
	uint32_t		 index;
	struct peer		*peer;		/* NULL: it is gone */
	struct event		*timer;
	struct parcel_list	 list;
	unsigned		 n, files;
	uint64_t		 memory, disk;	/* octets */
	uint32_t		 last;		/* id */
};

static struct env	*env;
static TAILQ_HEAD(, parcels) sets = TAILQ_HEAD_INITIALIZER(sets);

static const char no_space[] =
    "Not enough space for the message, try again later";

void
parcels_init(struct env *e)
{
	env = e;
}

unsigned
parcels_count(void)
{
	struct parcels	*set;
	unsigned	 n = 0;

	TAILQ_FOREACH(set, &sets, entry)
		n += set->n;
	return n;
}

static struct parcels *
parcels_find(uint32_t index)
{
	struct parcels	*set;

	TAILQ_FOREACH(set, &sets, entry)
		if (set->index == index)
			return set;
	return NULL;
}

static struct parcel *
parcel_find(struct parcels *set, uint32_t id)
{
	struct parcel	*p;

	/* Most messages are about one of the latest. */
	TAILQ_FOREACH_REVERSE(p, &set->list, parcel_list, entry)
		if (p->id == id)
			return p;
	return NULL;
}

/* Its octets. */
static void
parcel_empty(struct parcel *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	spool_end(&p->hold);
	buf_free(&p->mem);
}

void
parcel_let(struct parcel *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	parcel_empty(p);
	free(p);
}

/* Its set forgets it: who uses it still has it. */
static void
parcel_drop(struct parcel *p)
{
	struct parcels	*set = p->set;

	TAILQ_REMOVE(&set->list, p, entry);
	set->n--;
	set->files -= p->fd != -1;
	set->disk -= p->room;
	set->memory -= p->mem.len;
	p->set = NULL;
	parcel_let(p);
}

static void
parcel_no(struct parcel *p, enum mbox_code code, const char *text)
{
	struct parcel_no no = { .code = (uint8_t)code };

	no.text = str_from(text);
	(void)peer_send_struct(p->set->peer, IMSG_PARCEL_NO, p->id, &no, -1);
	parcel_drop(p);
}

/* Others have need of the room, and no one has more of it. */
static void
parcel_evict(void *arg)
{
	static struct log_limit	 limit = LOG_LIMIT("messages given up: no "
				    "space");
	struct parcel		*p = arg;

	if (log_limit(&limit))
		log_warnx("lmtpd result=no why=\"the spool is full, and a "
		    "message of %llu octets occupies most of it\"",
		    (unsigned long long)p->size);
	p->refs++;
	if (p->set != NULL)
		parcel_no(p, MBOX_UNAVAILABLE, no_space);
	parcel_empty(p);
	parcel_let(p);
}

static int
on_open(struct parcels *set, const struct msg *m)
{
	struct parcel		*p;
	struct parcel_no	 no = { .code = MBOX_LIMIT };

	if (m->len != 0 || m->id <= set->last)
		return -1;
	set->last = m->id;
	if (set->n >= PARCELS_MAX || (p = calloc(1, sizeof(*p))) == NULL) {
		no.text = STR("Too many messages at once, try again later");
		return peer_send_struct(set->peer, IMSG_PARCEL_NO, m->id, &no,
		    -1);
	}
	p->set = set;
	p->id = m->id;
	p->refs = 1;
	p->fd = -1;
	p->hold.user = &p->held;
	p->hold.evict = parcel_evict;
	p->hold.arg = p;
	p->heard_ms = clock_ms();
	sum_begin(&p->sum);
	TAILQ_INSERT_TAIL(&set->list, p, entry);
	set->n++;
	return 0;
}

/* Room on disk for so many octets.  false: there is none, it is gone. */
static bool
parcel_room(struct parcel *p, uint64_t bytes)
{
	static struct log_limit	 limit = LOG_LIMIT("messages refused: no "
				    "space");
	const char		*why = "lmtpd's part of cache.spool is full";

	if (p->set->disk + bytes <= env->parcels_max)
		switch (spool_take(&p->hold, bytes)) {
		case SPOOL_ROOM:
			p->room += bytes;
			p->set->disk += bytes;
			return true;
		case SPOOL_OF_DISK:
			why = "the cache disk is full";
			break;
		case SPOOL_OF_USER:
		case SPOOL_OF_ALL:
			why = "cache.spool is full";
			break;
		}
	if (log_limit(&limit))
		log_warnx("lmtpd result=no why=\"%s\"", why);
	parcel_no(p, MBOX_UNAVAILABLE, no_space);
	return false;
}

static bool
parcel_fits_memory(const struct parcel *p, size_t len)
{
	return p->fd == -1 && p->mem.len + len <= PARCEL_MEMORY &&
	    p->set->memory + len <= PARCELS_MEMORY;
}

/* From memory to disk.  1; 0: refused, p is gone; -1: the disk failed. */
static int
parcel_spool(struct parcel *p)
{
	if (p->set->files >= PARCELS_FILES) {
		parcel_no(p, MBOX_LIMIT,
		    "Too many messages at once, try again later");
		return 0;
	}
	if (!parcel_room(p, p->mem.len))
		return 0;
	if ((p->fd = spool_open(env->cache)) == -1)
		return -1;
	p->set->files++;
	if (write_all(p->fd, p->mem.data, p->mem.len) == -1)
		return -1;
	p->set->memory -= p->mem.len;
	buf_free(&p->mem);
	return 1;
}

/* 1; 0: refused, p is gone; -1: memory or the disk failed. */
static int
parcel_take(struct parcel *p, const struct msg *m)
{
	int	 rv;

	if (p->size + m->len > env->appendlimit) {
		parcel_no(p, MBOX_TOOBIG, "The message is too large");
		return 0;
	}
	sum_add(&p->sum, m->data, m->len);
	p->size += m->len;
	if (parcel_fits_memory(p, m->len)) {
		if (buf_put(&p->mem, m->data, m->len) == -1)
			return -1;
		p->set->memory += m->len;
		return 1;
	}
	if (p->fd == -1 && (rv = parcel_spool(p)) != 1)
		return rv;
	if (!parcel_room(p, m->len))
		return 0;
	return write_all(p->fd, m->data, m->len) == -1 ? -1 : 1;
}

/* That of a message; NULL with *rv: 0, it was refused or dropped, or -1, it
 * was never opened. */
static struct parcel *
parcel_meant(struct parcels *set, const struct msg *m, int *rv)
{
	struct parcel	*p = parcel_find(set, m->id);

	if (p == NULL)
		*rv = m->id == 0 || m->id > set->last ? -1 : 0;
	else
		p->heard_ms = clock_ms();
	return p;
}

static int
on_data(struct parcels *set, const struct msg *m)
{
	struct data_credit	 credit;
	struct parcel		*p;
	int			 rv;

	if ((p = parcel_meant(set, m, &rv)) == NULL)
		return rv;
	if (p->whole)
		return -1;
	p->owed += (uint32_t)m->len;
	if ((rv = parcel_take(p, m)) == 0)
		return 0;
	if (rv == -1) {
		log_warn("lmtpd: spool");
		parcel_no(p, MBOX_UNAVAILABLE,
		    "The message cannot be stored now, try again later");
		return 0;
	}
	if (p->owed < CREDIT_STEP)
		return 0;
	credit.bytes = p->owed;
	p->owed = 0;
	return peer_send_struct(set->peer, IMSG_PARCEL_CREDIT, p->id, &credit,
	    -1);
}

static int
on_end(struct parcels *set, const struct msg *m)
{
	struct parcel_end	 end;
	struct parcel		*p;
	uint8_t			 sha[32];
	int			 rv;

	if (wire_decode(&parcel_end_wire, &end, m->data, m->len, NULL) == -1)
		return -1;
	if ((p = parcel_meant(set, m, &rv)) == NULL)
		return rv;
	if (p->whole || end.size != p->size || end.sha256.len != sizeof(sha))
		return -1;
	sum_end(&p->sum, sha);
	if (memcmp(sha, end.sha256.p, sizeof(sha)) != 0)
		return -1;
	p->whole = true;
	return peer_send_struct(set->peer, IMSG_PARCEL_READY, p->id, NULL, -1);
}

static int
on_drop(struct parcels *set, const struct msg *m)
{
	struct parcel	*p;
	int		 rv;

	if ((p = parcel_meant(set, m, &rv)) == NULL)
		return rv;
	parcel_drop(p);
	return 0;
}

static int
parcels_message(struct peer *peer, struct msg *m, void *arg)
{
	static const struct {
		enum msg_type	 type;
		int		 (*fn)(struct parcels *, const struct msg *);
	} rows[] = {
		{ IMSG_PARCEL_OPEN, on_open }, { IMSG_PARCEL_DATA, on_data },
		{ IMSG_PARCEL_END, on_end }, { IMSG_PARCEL_DROP, on_drop },
	};
	struct parcels	*set = arg;
	size_t		 i;
	int		 rv = -1;

	if (m->type >= IMSG_INGEST_OFFER)
		return ingest_message(peer, m);
	for (i = 0; i < nitems(rows); i++)
		if (rows[i].type == m->type)
			rv = rows[i].fn(set, m);
	if (peer_queued(peer) > QUEUE_HOLD)
		peer_hold(peer, true);
	return rv;
}

static void
parcels_drained(struct peer *peer, void *arg)
{
	(void)arg;
	peer_hold(peer, false);
}

static void
parcels_free(struct parcels *set)
{
	struct parcel	*p;

	while ((p = TAILQ_FIRST(&set->list)) != NULL)
		parcel_drop(p);
	if (set->peer != NULL)
		ingest_gone(set->peer);
	peer_close(set->peer);
	event_free(set->timer);
	TAILQ_REMOVE(&sets, set, entry);
	free(set);
}

static void
parcels_closed(struct peer *peer, const char *why, void *arg)
{
	struct parcels	*set = arg;
	uint32_t	 index = set->index;

	ingest_gone(peer);
	set->peer = NULL;	/* it frees itself */
	parcels_free(set);
	lost(PROC_LMTPD, index, why);
}

void
parcels_age(uint64_t now_ms)
{
	struct parcels	*set;
	struct parcel	*p, *next;

	TAILQ_FOREACH(set, &sets, entry)
		TAILQ_FOREACH_SAFE(p, &set->list, entry, next)
			if (now_ms - p->heard_ms >=
			    (uint64_t)PARCEL_SILENCE * 1000)
				parcel_no(p, MBOX_UNAVAILABLE, "Timed out");
}

static void
parcels_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	parcels_age(clock_ms());
}

void
parcels_channel(uint32_t index, int fd)
{
	static const struct peer_ops	 ops = { .message = parcels_message,
	    .closed = parcels_closed, .drained = parcels_drained };
	const struct timeval		 tv = { AGE_TICK, 0 };
	struct parcels			*set = parcels_find(index);

	if (set != NULL)
		parcels_free(set);
	set = mem_new(1, sizeof(*set));
	TAILQ_INIT(&set->list);
	set->index = index;
	set->timer = event_new(env->base, -1, EV_PERSIST, parcels_tick, NULL);
	set->peer = peer_new(env->base, fd, MSG_CHANNEL_PARCEL, MSG_SIDE_B,
	    &ops, set);
	if (set->timer == NULL || set->peer == NULL)
		fatal("channel");
	event_add(set->timer, &tv);
	TAILQ_INSERT_TAIL(&sets, set, entry);
	ingest_lmtpd(set->peer);
}

struct parcel *
parcel_keep(uint32_t index, uint32_t id)
{
	struct parcels	*set = parcels_find(index);
	struct parcel	*p = set == NULL ? NULL : parcel_find(set, id);

	if (p == NULL || !p->whole)
		return NULL;
	p->heard_ms = clock_ms();
	p->refs++;
	return p;
}

uint64_t
parcel_size(const struct parcel *p)
{
	return p->size;
}

int
parcel_read(const struct parcel *p, void *buf, size_t len, uint64_t at)
{
	if (p->fd != -1)
		return file_read_at(p->fd, buf, len, at);
	if (at > p->mem.len || len > p->mem.len - at) {
		errno = ESTALE;
		return -1;
	}
	if (len > 0)		/* an empty one has no data */
		memcpy(buf, p->mem.data + at, len);
	return 0;
}

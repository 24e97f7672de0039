/*
 * Which store is this?  A bucket that holds something but no store object
 * is never taken for an empty one: what is missing may be the mail of all
 * users (DESIGN section 3, "No head").
 */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/sum.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/storeobj.h"
#include "storaged/format/fields.h"
#include "storaged/format/key.h"
#include "storaged/format/object.h"

enum { F_UUID = 1, F_KEYS, F_DIGITS };

struct store_fields {
	uint8_t		 uuid[16];
	uint64_t	 keys;		/* rules of object names */
	/* One more than the hex digits before a user; 0: KEY_DISPERSION.
	 * Critical: an older node would look for the names with 8. */
	uint8_t		 digits;
};

#define AT(m)	FIELD_AT(struct store_fields, m)
static const struct field rows[] = {
	[F_UUID] =	{ FIELD_BYTES, "uuid", AT(uuid) },
	[F_KEYS] =	{ FIELD_NUM, "keys", AT(keys) },
	[F_DIGITS] =	{ FIELD_NUM, "digits", AT(digits), .min = 1,
			    .max = KEY_DISPERSION + 1 },
};
static const struct fields fields = { rows, F_DIGITS, FIELD_BIT(F_UUID),
	FIELD_BIT(F_KEYS) | FIELD_BIT(F_DIGITS) };

#define TRIES	5	/* GET after a lost race */
#define LIST_MAX 1000

static struct {
	struct blob_store	*store;
	storeobj_cb		 cb;		/* NULL: nobody waits yet */
	bool			 make;
	bool			 looking;	/* what was asked is not used
						   yet */
	bool			 early;		/* it is created before that, if
						   it is to be */
	unsigned		 pending;	/* of GET and LIST; an early
						   PUT */
	struct blob_request	*get, *list, *put;
	struct buf		 body;
	struct piece	 piece;
	struct storeobj		 object;
	char			 etag[BLOB_ETAG_MAX];	/* of an early PUT */
	bool			 made;
	unsigned		 tries;
	/* GET's answer, and what STOREOBJ_OK or _REFUSED follow from */
	enum blob_outcome	 got;
	int			 decoded;
	/* LIST's, when it was asked for */
	bool			 listed;
	enum blob_outcome	 list_outcome;
	bool			 in_use;	/* something is there */
	bool			 there;		/* and first itself */
	bool			 confirmed;	/* GET came after LIST */
	char			 why[1024];	/* of a failure */
} self;

static void	storeobj_anew(struct blob_store *);
static void	storeobj_ask(bool);
static void	storeobj_list(const char *);
static void	storeobj_judge(void);
static void	storeobj_answered(void);
static bool	storeobj_nothing(void);

int
storeobj_encode(const struct storeobj *o, struct buf *out)
{
	static const uint8_t	 none[16];
	struct store_fields	 f = { .keys = STOREOBJ_KEYS };
	size_t			 at = out->len;

	memcpy(f.uuid, o->uuid, sizeof(f.uuid));
	if (o->dispersion != KEY_DISPERSION)
		f.digits = (uint8_t)(o->dispersion + 1);
	if (object_begin(out) == -1 || fields_encode(&fields, &f, out) == -1)
		return -1;
	return object_end(OBJECT_STORE, none, out, at);
}

int
storeobj_decode(const void *p, size_t len, struct storeobj *o)
{
	struct store_fields	 f = { .keys = 0 };
	int			 rv;

	rv = fields_open(&fields, &f, OBJECT_STORE, NULL, p, len,
	    STOREOBJ_MAX, NULL);
	if (rv == 0 && f.keys != STOREOBJ_KEYS)
		rv = FORMAT_UNKNOWN;
	if (rv == 0) {
		memcpy(o->uuid, f.uuid, sizeof(f.uuid));
		o->dispersion = f.digits != 0 ? f.digits - 1U :
		    KEY_DISPERSION;
	}
	return rv;
}

static void
storeobj_end(enum storeobj_verdict v, const char *why)
{
	storeobj_cb	 cb = self.cb;

	buf_free(&self.body);
	self.looking = self.early = false;
	self.cb = NULL;
	cb(v, self.object.uuid, why);
}

/* -- making it -- */

/* Another may have made it since: what is there now counts. */
static void
storeobj_again(const char *why)
{
	if (++self.tries < TRIES)
		storeobj_ask(false);
	else
		storeobj_end(STOREOBJ_AWAY, why);
}

static void
storeobj_put_done(const struct blob_result *r, void *arg)
{
	(void)arg;
	self.put = NULL;
	if (r->outcome == BLOB_DONE)
		storeobj_end(STOREOBJ_OK, "");	/* ours: it was not there */
	else
		storeobj_again(blob_reason(r, self.why, sizeof(self.why)));
}

static void
storeobj_checked(const struct blob_result *r, void *arg)
{
	(void)arg;
	self.get = NULL;
	if (r->outcome != BLOB_DONE || r->size != self.body.len ||
	    !blob_etag_same(r->etag, self.etag)) {
		storeobj_ask(false);
		return;
	}
	self.got = BLOB_DONE;		/* ours */
	self.decoded = 0;
	storeobj_answered();
}

/* Nothing that is written while the store is being tried is believed. */
static void
storeobj_early_done(const struct blob_result *r, void *arg)
{
	(void)arg;
	self.put = NULL;
	self.get = NULL;
	if (r->outcome == BLOB_DONE && strlcpy(self.etag, r->etag,
	    sizeof(self.etag)) < sizeof(self.etag))
		self.get = blob_head(self.store, KEY_STORE, BLOB_USER,
		    storeobj_checked, NULL);
	if (self.get == NULL)
		storeobj_ask(false);
}

/* 0, or -1: out of memory. */
static int
storeobj_put(blob_cb done)
{
	self.made = true;
	arc4random_buf(self.object.uuid, sizeof(self.object.uuid));
	self.object.dispersion = key_dispersion();
	buf_reset(&self.body);
	if (storeobj_encode(&self.object, &self.body) == -1)
		return -1;
	self.piece = (struct piece){ self.body.data, self.body.len };
	self.put = blob_put(self.store, KEY_STORE, &self.piece, 1,
	    BLOB_IF_NONE_MATCH, NULL, BLOB_USER, done, NULL);
	return self.put != NULL ? 0 : -1;
}

static void
storeobj_make(void)
{
	if (storeobj_put(storeobj_put_done) == -1)
		storeobj_end(STOREOBJ_AWAY, "out of memory");
}

static void
storeobj_make_early(void)
{
	self.early = false;		/* once */
	if (storeobj_nothing() && storeobj_put(storeobj_early_done) == 0)
		self.pending = 1;
}

/* -- what is there? -- */

static void
storeobj_answered(void)
{
	if (--self.pending > 0)
		return;
	if (self.cb != NULL)
		storeobj_judge();
	else if (self.early)
		storeobj_make_early();
}

/* The objects of probes do not count: those that did not come to their end
 * have left theirs, any number of them. */
static void
storeobj_listed(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	size_t	 i;

	(void)arg;
	self.list = NULL;
	self.listed = true;
	self.list_outcome = r->outcome;
	if (r->outcome != BLOB_DONE)
		(void)blob_reason(r, self.why, sizeof(self.why));
	for (i = 0; i < n; i++)
		if (strncmp(v[i].key, KEY_PROBE,
		    strlen(KEY_PROBE)) != 0)
			break;
	self.in_use = i < n;
	self.there = i < n && strcmp(v[i].key, KEY_STORE) == 0;
	if (r->outcome == BLOB_DONE && !self.in_use && more && n > 0)
		storeobj_list(v[n - 1].key);
	else
		storeobj_answered();
}

static void
storeobj_list(const char *after)
{
	self.list = blob_list(self.store, "", after, LIST_MAX, BLOB_USER,
	    storeobj_listed, NULL);
	if (self.list == NULL)
		fatal("store object");
}

static void
storeobj_got(const struct blob_result *r, void *arg)
{
	(void)arg;
	self.get = NULL;
	self.got = r->outcome;
	if (r->outcome == BLOB_DONE)
		self.decoded = storeobj_decode(r->body, r->len,
		    &self.object);
	else if (r->outcome != BLOB_ABSENT)
		(void)blob_reason(r, self.why, sizeof(self.why));
	storeobj_answered();
}

/* GET, and beside it LIST. */
static void
storeobj_ask(bool list)
{
	self.pending = list ? 2 : 1;
	self.confirmed = !list;
	self.get = blob_get(self.store, KEY_STORE, 0, 0, STOREOBJ_MAX, NULL,
	    BLOB_USER, storeobj_got, NULL);
	if (self.get == NULL)
		fatal("store object");
	if (list) {
		self.listed = false;
		storeobj_list(NULL);
	}
}

static void
storeobj_judge_object(void)
{
	const unsigned	 has = self.object.dispersion;
	char		 why[160];

	if (self.decoded == FORMAT_NO_MEMORY)
		storeobj_end(STOREOBJ_AWAY, "out of memory");
	else if (self.decoded == FORMAT_UNKNOWN)
		storeobj_end(STOREOBJ_REFUSED, "the store object \"pail\" was "
		    "written by a newer version");
	else if (self.decoded != 0)
		storeobj_end(STOREOBJ_REFUSED, "the store object \"pail\" is "
		    "damaged");
	else if (has != key_dispersion()) {
		/* Every user would be a new one. */
		snprintf(why, sizeof(why), "store.dispersion is %u, but this "
		    "store was created with %u: set \"dispersion: %u\"",
		    key_dispersion(), has, has);
		storeobj_end(STOREOBJ_REFUSED, why);
	} else
		storeobj_end(STOREOBJ_OK, "");
}

/* Nothing at all is under the prefix. */
static bool
storeobj_nothing(void)
{
	return self.got == BLOB_ABSENT && self.listed &&
	    self.list_outcome == BLOB_DONE && !self.in_use;
}

static void
storeobj_judge(void)
{
	if (self.got == BLOB_DONE) {
		storeobj_judge_object();
		return;
	}
	if (self.got != BLOB_ABSENT || (self.listed &&
	    self.list_outcome != BLOB_DONE)) {
		if (self.looking) {
			/* It was asked but once, and a while ago. */
			storeobj_anew(self.store);
		} else
			storeobj_end(STOREOBJ_AWAY, self.why);
		return;
	}
	if (!self.make && self.looking) {
		/* That was a while ago. */
		self.looking = false;
		storeobj_ask(false);
	} else if (!self.make)
		storeobj_end(STOREOBJ_ABSENT, "no store object");
	else if (!self.listed)
		storeobj_ask(true);
	else if (storeobj_nothing())
		storeobj_make();
	else if (self.there)
		storeobj_again("the store object is listed, but missing");
	else if (!self.confirmed)
		/* Another node may have made all of it meanwhile. */
		storeobj_ask(false);
	else
		storeobj_end(STOREOBJ_REFUSED, "objects exist here, but the "
		    "store object \"pail\" is missing: is this the right "
		    "bucket and key-prefix?");
}

static void
storeobj_begin(struct blob_store *s)
{
	blob_cancel(self.get);
	blob_cancel(self.list);
	blob_cancel(self.put);
	self.get = self.list = self.put = NULL;
	self.early = false;
	self.store = s;
	self.tries = 0;
	self.listed = false;
}

/* Without what a look may have found. */
static void
storeobj_anew(struct blob_store *s)
{
	self.looking = false;
	storeobj_begin(s);
	storeobj_ask(self.make);
}

void
storeobj_look(struct blob_store *s, bool make)
{
	storeobj_begin(s);
	self.cb = NULL;
	self.looking = true;
	storeobj_ask(make);
}

void
storeobj_likely(void)
{
	if (!self.looking)
		return;
	self.early = true;
	if (self.pending == 0)
		storeobj_make_early();
}

void
storeobj_open(struct blob_store *s, bool make, storeobj_cb cb)
{
	self.make = make;
	self.cb = cb;
	/* That it was not there a while ago tells only who would make it; that
	 * it was, or is being made, tells all. */
	if (self.looking && (make || self.pending > 0 ||
	    self.got == BLOB_DONE)) {
		if (self.pending == 0)
			storeobj_judge();
		return;
	}
	storeobj_anew(s);
}

bool
storeobj_made(void)
{
	return self.made;
}

/*
 * The cache's store-uuid: the UUID in hex, a space, and the first 16 hex
 * digits of the SHA-256 of what is before them, a newline.  16 bytes alone
 * are what older versions wrote.
 */
#define CACHE_LINE	50

enum cache_uuid {
	CACHE_NONE,		/* there is no such file */
	CACHE_DAMAGED,		/* there was one: of which store? */
	CACHE_OLD,		/* without a sum */
	CACHE_GOOD
};

static void
cache_line(const uint8_t uuid[16], char line[CACHE_LINE + 1])
{
	uint8_t	 md[32];
	char	*p = line;

	hex_print(uuid, 16, p);
	p += 32;
	*p++ = ' ';
	sum_of(line, (size_t)(p - line), md);
	hex_print(md, 8, p);
	strlcpy(p + 16, "\n", 2);
}

static enum cache_uuid
cache_read(const char *path, uint8_t uuid[16])
{
	char	 got[CACHE_LINE + 2], want[CACHE_LINE + 1], hex[3] = "";
	ssize_t	 n;
	int	 fd, i;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? CACHE_NONE : CACHE_DAMAGED;
	n = read(fd, got, sizeof(got));
	close(fd);
	if (n == 16) {
		memcpy(uuid, got, 16);
		return CACHE_OLD;
	}
	if (n != CACHE_LINE)
		return CACHE_DAMAGED;
	for (i = 0; i < 16; i++) {
		memcpy(hex, got + 2 * i, 2);
		uuid[i] = (uint8_t)strtoul(hex, NULL, 16);
	}
	cache_line(uuid, want);
	return memcmp(got, want, CACHE_LINE) == 0 ? CACHE_GOOD :
	    CACHE_DAMAGED;
}

static void
cache_write(const char *path, const uint8_t uuid[16])
{
	char	 tmp[620], line[CACHE_LINE + 1];
	int	 fd;

	cache_line(uuid, line);
	/* Several processes may write it: the same bytes. */
	snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid());
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, line, CACHE_LINE) != CACHE_LINE ||
	    fsync(fd) == -1 || rename(tmp, path) == -1)
		log_warn("%s", path);
	if (fd != -1)
		close(fd);
}

/* A damaged one says that there was a store: none is made in its stead. */
bool
storeobj_known(const char *dir)
{
	char	 path[600];
	uint8_t	 uuid[16];

	snprintf(path, sizeof(path), "%s/store-uuid", dir);
	return cache_read(path, uuid) != CACHE_NONE;
}

bool
storeobj_told(const char *dir)
{
	char	 path[600];
	uint8_t	 uuid[16];

	snprintf(path, sizeof(path), "%s/store-uuid", dir);
	return cache_read(path, uuid) == CACHE_GOOD;
}

bool
storeobj_cache(const char *dir, const uint8_t uuid[16])
{
	char	 path[600];
	uint8_t	 known[16];

	snprintf(path, sizeof(path), "%s/store-uuid", dir);
	switch (cache_read(path, known)) {
	case CACHE_GOOD:
		return memcmp(known, uuid, sizeof(known)) == 0;
	case CACHE_OLD:
		if (memcmp(known, uuid, sizeof(known)) != 0)
			return false;
		break;
	case CACHE_DAMAGED:
		log_warnx("cache: %s is damaged, rewriting it for this "
		    "store", path);
		break;
	case CACHE_NONE:
		break;
	}
	cache_write(path, uuid);
	return true;
}

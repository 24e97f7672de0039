/*
 * Which store is this?  A bucket that holds something but no store object
 * is never taken for an empty one: what is missing may be the mail of all
 * users (DESIGN section 3, "No head").
 */
#include "common/compat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "storaged/blob.h"
#include "storaged/frame.h"
#include "storaged/key.h"
#include "storaged/s3_probe.h"
#include "storaged/storeobj.h"

enum { FIELD_UUID = 1, FIELD_KEYS = 2 };

#define TRIES	5	/* GET after a lost race */

static struct {
	struct blob_store	*store;
	storeobj_cb		 cb;
	bool			 make;
	struct buf		 body;
	struct blob_piece	 piece;
	uint8_t			 uuid[16];
	unsigned		 tries;
} self;

static void	storeobj_get(void);

int
storeobj_encode(const uint8_t uuid[16], struct buf *out)
{
	static const uint8_t	 none[16];
	struct buf		 b = BUF_INIT;
	int			 rv = -1;

	if (tlv_put(&b, FIELD_UUID, true, uuid, 16) == 0 &&
	    tlv_put_varint(&b, FIELD_KEYS, STOREOBJ_KEYS) == 0)
		rv = frame_seal(FRAME_STORE, none, NULL, b.data, b.len, out);
	buf_free(&b);
	return rv;
}

int
storeobj_decode(const void *p, size_t len, uint8_t uuid[16])
{
	struct frame	 f;
	struct cursor	 c;
	struct tlv	 t = { .number = 0 };
	struct buf	 store = BUF_INIT;
	const uint8_t	*body;
	size_t		 body_len;
	uint64_t	 keys = 0;
	bool		 have = false;
	int		 rv, more;

	rv = frame_open(&f, FRAME_STORE, p, len, STOREOBJ_MAX, &store, &body,
	    &body_len);
	if (rv != 0)
		goto out;
	cursor_init(&c, body, body_len);
	while ((more = tlv_next(&c, &t)) == 1 && rv == 0) {
		if (t.number == FIELD_UUID) {
			rv = tlv_copy(&t, uuid, 16);
			have = rv == 0;
		} else if (t.number == FIELD_KEYS)
			rv = tlv_varint(&t, &keys);
		else if (t.critical)
			rv = FORMAT_UNKNOWN;
	}
	if (rv == 0 && (more != 0 || !have))
		rv = FORMAT_DAMAGED;
	if (rv == 0 && keys != STOREOBJ_KEYS)
		rv = FORMAT_UNKNOWN;
 out:
	buf_free(&store);
	return rv;
}

static void
storeobj_end(enum storeobj_verdict v, const char *why)
{
	buf_free(&self.body);
	self.cb(v, self.uuid, why);
}

static void
storeobj_put_done(const struct blob_result *r, void *arg)
{
	(void)arg;
	/* Whoever made it, what is there now counts. */
	if (++self.tries < TRIES)
		storeobj_get();
	else
		storeobj_end(STOREOBJ_AWAY, r->why);
}

static void
storeobj_listed(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	size_t	 i;

	(void)arg;
	if (r->outcome != BLOB_DONE) {
		storeobj_end(STOREOBJ_AWAY, r->why);
		return;
	}
	for (i = 0; i < n; i++)
		if (strncmp(v[i].key, PROBE_PREFIX,
		    strlen(PROBE_PREFIX)) != 0 &&
		    strcmp(v[i].key, KEY_STORE) != 0)
			break;
	if (i < n || more) {
		storeobj_end(STOREOBJ_REFUSED, "something is stored here, "
		    "but the store object \"pail\" is missing: is this the "
		    "right bucket and key-prefix?");
		return;
	}
	arc4random_buf(self.uuid, sizeof(self.uuid));
	buf_reset(&self.body);
	if (storeobj_encode(self.uuid, &self.body) == -1) {
		storeobj_end(STOREOBJ_AWAY, "out of memory");
		return;
	}
	self.piece = (struct blob_piece){ self.body.data, self.body.len };
	if (blob_put(self.store, KEY_STORE, &self.piece, 1,
	    BLOB_IF_NONE_MATCH, NULL, BLOB_USER, storeobj_put_done, NULL) ==
	    NULL)
		storeobj_end(STOREOBJ_AWAY, "out of memory");
}

static void
storeobj_got(const struct blob_result *r, void *arg)
{
	int	 rv;

	(void)arg;
	if (r->outcome == BLOB_ABSENT && !self.make) {
		storeobj_end(STOREOBJ_ABSENT, "no store object");
		return;
	}
	if (r->outcome == BLOB_ABSENT) {
		if (blob_list(self.store, "", NULL, 200, BLOB_USER,
		    storeobj_listed, NULL) == NULL)
			storeobj_end(STOREOBJ_AWAY, "out of memory");
		return;
	}
	if (r->outcome != BLOB_DONE) {
		storeobj_end(STOREOBJ_AWAY, r->why);
		return;
	}
	rv = storeobj_decode(r->body, r->len, self.uuid);
	storeobj_end(rv == 0 ? STOREOBJ_OK : STOREOBJ_REFUSED, rv == 0 ? "" :
	    rv == FORMAT_UNKNOWN ? "the store object is of a newer version" :
	    "the store object \"pail\" is damaged");
}

static void
storeobj_get(void)
{
	if (blob_get(self.store, KEY_STORE, 0, 0, STOREOBJ_MAX, NULL,
	    BLOB_USER, storeobj_got, NULL) == NULL)
		storeobj_end(STOREOBJ_AWAY, "out of memory");
}

void
storeobj_open(struct blob_store *s, bool make, storeobj_cb cb)
{
	self.make = make;
	self.store = s;
	self.cb = cb;
	self.tries = 0;
	storeobj_get();
}

static bool
cache_read(const char *dir, uint8_t uuid[16], char *path, size_t size)
{
	ssize_t	 n;
	int	 fd;

	snprintf(path, size, "%s/store-uuid", dir);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return false;
	n = read(fd, uuid, 16);
	close(fd);
	return n == 16;
}

bool
storeobj_known(const char *dir)
{
	char	 path[600];
	uint8_t	 uuid[16];

	return cache_read(dir, uuid, path, sizeof(path));
}

bool
storeobj_cache(const char *dir, const uint8_t uuid[16])
{
	char	 path[600], tmp[620];
	uint8_t	 known[16];
	int	 fd;

	if (cache_read(dir, known, path, sizeof(path)))
		return memcmp(known, uuid, sizeof(known)) == 0;
	/* Several processes may write it: the same bytes. */
	snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid());
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, uuid, 16) != 16 || fsync(fd) == -1 ||
	    rename(tmp, path) == -1)
		log_warn("%s", path);
	if (fd != -1)
		close(fd);
	return true;
}

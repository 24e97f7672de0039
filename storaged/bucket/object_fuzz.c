/*
 * Hostile objects in their outer form, and hostile names.  The first byte
 * says what the rest is: a body that gets a right header before it (the
 * second byte: kind and codec of hostile compressed bytes), a whole object,
 * or a name as a LIST or a directory shows it.
 */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/cache/cache_piece.h"
#include "storaged/bucket/storeobj.h"
#include "storaged/format/object.h"
#include "storaged/format/head.h"
#include "storaged/format/key.h"
#include "storaged/format/logobj.h"
#include "storaged/format/manifest.h"
#include "storaged/format/msgobj.h"

#define BODY_MAX	(256 * 1024)

static const uint8_t	history[16] = "fuzz";

/* A body of the store object's fields. */
static void
store_object(const uint8_t *in, size_t len)
{
	struct buf	 whole = BUF_INIT, again = BUF_INIT;
	struct storeobj	 o, back;

	FUZZ_CHECK(object_seal(OBJECT_STORE, history, NULL, in, len,
	    &whole) == 0);
	if (storeobj_decode(whole.data, whole.len, &o) == 0)
		FUZZ_CHECK(storeobj_encode(&o, &again) == 0 &&
		    storeobj_decode(again.data, again.len, &back) == 0 &&
		    memcmp(o.uuid, back.uuid, sizeof(o.uuid)) == 0 &&
		    o.dispersion == back.dispersion);
	buf_free(&whole);
	buf_free(&again);
}

/* Bytes under a right checksum that are said to be compressed; and bytes
 * that are, which come back. */
static void
whole_object(uint8_t which, const uint8_t *in, size_t len)
{
	struct codec_choice	 codec = { (enum codec_id)(which >> 3 & 3), 1 };
	enum object_kind	 kind = (enum object_kind)(which % 8 + 1);
	struct object_header	 f = { .kind = kind,
	    .codec = which >> 3 & 7 };
	struct buf		 whole = BUF_INIT, store = BUF_INIT;
	const uint8_t		*body;
	size_t			 n;

	if (len >= 2) {
		f.length = (uint64_t)in[0] | (uint64_t)in[1] << 8;
		FUZZ_CHECK(object_header_put(&f, in + 2, len - 2,
		    &whole) == 0 && buf_put(&whole, in + 2, len - 2) == 0);
		if (object_open(&f, kind, whole.data, whole.len, BODY_MAX,
		    &store, &body, &n) == 0)
			FUZZ_CHECK(n == f.length && n <= BODY_MAX);
	}
	buf_reset(&whole);
	buf_reset(&store);
	FUZZ_CHECK(object_seal(kind, history, &codec, in, len, &whole) == 0);
	FUZZ_CHECK(object_open(&f, kind, whole.data, whole.len, len, &store,
	    &body, &n) == 0 && n == len && (n == 0 ||
	    memcmp(body, in, n) == 0));
	if (len > 0) {
		buf_reset(&store);
		FUZZ_CHECK(object_open(&f, kind, whole.data, whole.len,
		    len - 1, &store, &body, &n) != 0);
	}
	buf_free(&whole);
	buf_free(&store);
	codec_thread_end();
}

/* Just as they are: nearly always damaged, in whatever way. */
static void
object(const uint8_t *in, size_t len)
{
	struct head	 h;
	struct manifest	 m;
	struct msgobj	 o;
	struct blocklist l = TAILQ_HEAD_INITIALIZER(l);
	uint64_t	 off, n;
	struct storeobj	 so;

	(void)storeobj_decode(in, len, &so);
	(void)head_decode(&h, NULL, in, len);
	head_free(&h);
	(void)manifest_decode(&m, in, len, history, NULL);
	manifest_free(&m);
	(void)logobj_decode(in, len, history, NULL, &l);
	blocklist_free(&l);
	(void)logobj_find(in, len, 1, &off, &n);
	(void)msgobj_open(&o, in, len, history);
}

static void
name(const char *s)
{
	struct key_parts	 k;
	const char		*why;
	char			 prefix[KEY_MAX], back[KEY_MAX];
	char			 canon[KEY_PREFIX_MAX], twice[KEY_PREFIX_MAX];

	if (key_parse(s, &k) == 0) {
		FUZZ_CHECK(strlen(s) < sizeof(prefix));
		snprintf(prefix, sizeof(prefix), "%.8s/%s/", s, k.user);
		FUZZ_CHECK((k.kind == KEY_HEAD ? key_head(prefix, back,
		    sizeof(back)) : k.kind == KEY_LOG ? key_log(prefix,
		    k.first, k.last, k.id, back, sizeof(back)) :
		    key_object(prefix, k.kind, k.id, back,
		    sizeof(back))) == 0 && strcmp(back, s) == 0);
		FUZZ_CHECK((k.kind == KEY_HEAD) !=
		    key_name_valid(s + strlen(prefix)));
	}
	(void)key_name_valid(s);
	if (key_prefix(s, canon, sizeof(canon), &why) == 0)
		FUZZ_CHECK(key_prefix(canon, twice, sizeof(twice),
		    &why) == 0 && strcmp(canon, twice) == 0);
}

static void
fuzz_object(const uint8_t *in, size_t len)
{
	char	*s;

	if (len < 2)
		return;
	switch (in[0] % 4) {
	case 0:
		store_object(in + 1, len - 1);
		break;
	case 1:
		whole_object(in[1], in + 2, len - 2);
		break;
	case 2:
		object(in + 1, len - 1);
		break;
	default:
		if ((s = strndup((const char *)in + 1, len - 1)) == NULL)
			abort();
		name(s);
		free(s);
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_object);
}

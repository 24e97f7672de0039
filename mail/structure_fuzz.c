/*
 * Any octets as what a digest holds.  The first octet chooses the field: a
 * tree of parts (with a message, behind a zero octet, that it is claimed to
 * be of), an envelope, a date of sending.  What decodes renders, each part
 * resolves, and a search of the message gives the same in pieces as whole.
 */
#include "common/compat.h"

#include <string.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/fuzz.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/search.h"
#include "mail/section.h"
#include "mail/structure.h"

static void
sections(const struct mail_tree *t)
{
	static const uint32_t	 path[] = { 1, 2, 1, 1 };
	struct section		 s = { .path = path };
	uint64_t		 off, len;
	int			 kind;

	for (s.npath = 0; s.npath <= nitems(path); s.npath++)
		for (kind = SECTION_ALL; kind <= SECTION_MIME; kind++) {
			s.kind = (enum section_kind)kind;
			if (section_resolve(t, &s, &off, &len) == 0)
				FUZZ_CHECK(off <= UINT64_MAX - len);
		}
}

static void
search(const struct mail_tree *t, struct str m, struct arena *a)
{
	struct needle		 needles[2];
	struct body_key		 keys[2][2] = { { { 0 } } };
	struct body_search	*s;
	size_t			 i, k, n, step;

	FUZZ_CHECK(needle_make(&needles[0], STR("ab"), a) == 0 &&
	    needle_make(&needles[1], STR("\303\244"), a) == 0);
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 2; k++) {
			keys[i][k].needle = &needles[k];
			keys[i][k].header = k == 0;
		}
		FUZZ_CHECK((s = body_search_new(t, keys[i], 2)) != NULL);
		step = i == 0 ? m.len : 1 + m.len % 5;
		for (k = 0; k < m.len; k += n) {
			n = m.len - k < step ? m.len - k : step;
			if (body_search_feed(s, m.p + k, n))
				break;
		}
		body_search_end(s);
		body_search_free(s);
	}
	for (k = 0; k < 2; k++)
		FUZZ_CHECK(keys[0][k].found == keys[1][k].found);
}

static void
structure(struct str enc)
{
	struct mail_tree	 t;
	struct arena		*a = arena_new(16 * 1024 * 1024);
	struct buf		 out = BUF_INIT;
	struct str		 m = { "", 0 };
	const char		*zero;
	size_t			 i;

	/* Octets up to 0xff 0xfe are the field: no string of a mail's. */
	zero = enc.len == 0 ? NULL : memmem(enc.p, enc.len, "\xff\xfe", 2);
	if (zero != NULL) {
		m.p = zero + 2;
		m.len = enc.len - (size_t)(m.p - enc.p);
		enc.len = (size_t)(zero - enc.p);
	}
	if (structure_decode(enc, a, &t) == 0) {
		FUZZ_CHECK(t.n >= 1 && t.n <= MAIL_PARTS_MAX);
		for (i = 0; i < t.n; i++)
			FUZZ_CHECK(t.v[i].end > i && t.v[i].end <= t.n &&
			    (i == 0 || t.v[i].parent < i));
		(void)structure_render(&t, false, &out);
		(void)structure_render(&t, true, &out);
		sections(&t);
		search(&t, m, a);
	}
	buf_free(&out);
	arena_free(a);
}

static void
envelope(struct str enc)
{
	static const enum envelope_field lists[] = { ENV_FROM, ENV_SENDER,
	    ENV_REPLY_TO, ENV_TO, ENV_CC, ENV_BCC };
	struct search_scratch	 scratch = { BUF_INIT, BUF_INIT };
	struct envelope_view	 v;
	struct needle		 needle;
	struct arena		*a = arena_new(0);
	struct buf		 out = BUF_INIT;
	size_t			 i;

	FUZZ_CHECK(needle_make(&needle, STR("ab"), a) == 0);
	if (envelope_decode(enc, &v) == 0) {
		FUZZ_CHECK(envelope_render(enc, &out) == 0);
		(void)search_value(&scratch, &needle, v.v[ENV_SUBJECT]);
		for (i = 0; i < nitems(lists); i++)
			(void)search_addresses(&scratch, &needle,
			    v.v[lists[i]], v.count[lists[i]]);
	} else
		FUZZ_CHECK(envelope_render(enc, &out) == -1);
	search_scratch_free(&scratch);
	buf_free(&out);
	arena_free(a);
}

static void
fuzz_structure(const uint8_t *in, size_t len)
{
	struct str	 enc;
	int64_t		 when, zone;

	if (len == 0)
		return;
	enc = (struct str){ (const char *)in + 1, len - 1 };
	if (in[0] % 3 == 0)
		structure(enc);
	else if (in[0] % 3 == 1)
		envelope(enc);
	else
		(void)sent_date_decode(enc, &when, &zone);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_structure);
}

/*
 * The streaming MIME parser: octets to lines, lines to parts.  A line that
 * begins with "--" is looked up among the open boundaries by its hash, so
 * the depth of nesting costs next to nothing.  Never holds more of the
 * message than a line's beginning, the root's header and one field.
 */
#include "mail/parser.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/fnv.h"
#include "mail/lex.h"
#include "mail/parser_impl.h"

#define LEVELS	(MAIL_DEPTH_MAX + 1)

/*
 * Boundaries come and go innermost first: the newest of a bucket is its
 * first.
 */
static uint8_t *
bucket(struct mail_parser *p, uint64_t hash)
{
	return &p->buckets[(hash >> 32 ^ hash >> 8 ^ hash) % BUCKETS];
}

static void
boundary_open(struct mail_parser *p, size_t level)
{
	struct level	*l = &p->levels[level];
	uint8_t		*b = bucket(p, l->hash);

	if (l->blen == 0)
		return;
	l->next = *b;
	*b = (uint8_t)(level + 1);
}

static void
boundary_close(struct mail_parser *p, size_t level)
{
	struct level	*l = &p->levels[level];

	if (l->blen > 0)
		*bucket(p, l->hash) = l->next;
	l->blen = 0;
}

/* The innermost level with this boundary; -1: none. */
static int
boundary_level(struct mail_parser *p, const uint8_t *data, size_t len)
{
	const struct level	*l;
	uint64_t		 hash;
	uint8_t			 i;

	if (len == 0 || len > BOUNDARY_MAX)
		return -1;
	hash = fnv64(data, len);
	for (i = *bucket(p, hash); i > 0; i = l->next) {
		l = &p->levels[i - 1];
		if (l->hash == hash && l->blen == len &&
		    memcmp(l->boundary, data, len) == 0)
			return i - 1;
	}
	return -1;
}

struct mail_parser *
mail_parser_new(void)
{
	struct mail_parser	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->levels = calloc(LEVELS, sizeof(*p->levels));
	p->strings = arena_new(STRINGS_MAX);
	p->values = arena_new(4 * FIELD_MAX);
	p->room = 8;
	p->tree.v = calloc(p->room, sizeof(*p->tree.v));
	if (p->levels == NULL || p->strings == NULL || p->values == NULL ||
	    p->tree.v == NULL) {
		mail_parser_free(p);
		return NULL;
	}
	p->text_part = p->html_part = -1;
	p->tree.n = 1;			/* the root */
	p->nlevels = 1;
	field_reset(p);
	return p;
}

void
mail_parser_free(struct mail_parser *p)
{
	size_t	 i;

	if (p == NULL)
		return;
	for (i = 0; i < ENV_FIELDS; i++)
		buf_free(&p->joined[i]);
	arena_free(p->strings);
	arena_free(p->values);
	arena_free(p->top);
	buf_free(&p->value);
	buf_free(&p->header);
	buf_free(&p->text);
	buf_free(&p->html);
	leaf_free(p);
	free(p->levels);
	free(p->tree.v);
	free(p);
}

/* A new part below the innermost open one; false at the limits. */
static bool
part_begin(struct mail_parser *p, uint64_t off)
{
	struct mail_part	*v, *part;
	size_t			 room;

	if (p->tree.n == MAIL_PARTS_MAX || p->nlevels == LEVELS)
		return false;
	if (p->tree.n == p->room) {
		room = p->room * 2;
		v = reallocarray(p->tree.v, room, sizeof(*v));
		if (v == NULL) {
			p->failed = true;
			return false;
		}
		p->tree.v = v;
		p->room = room;
	}
	part = &p->tree.v[p->tree.n];
	memset(part, 0, sizeof(*part));
	part->level = (uint32_t)p->nlevels;
	part->parent = p->levels[p->nlevels - 1].part;
	part->header_off = off;
	memset(&p->levels[p->nlevels], 0, offsetof(struct level, boundary));
	p->levels[p->nlevels++].part = (uint32_t)p->tree.n++;
	p->state = PARSE_HEADER;
	field_reset(p);
	return true;
}

/*
 * The header of the newest part ends, its body begins at off; feeds: line
 * feeds before it.
 */
static void
header_end(struct mail_parser *p, uint64_t off, uint64_t feeds)
{
	struct level		*level = &p->levels[p->nlevels - 1];
	struct mail_part	*part = &p->tree.v[p->tree.n - 1];
	bool			 in_digest;

	field_end(p);
	in_digest = p->nlevels > 1 && level[-1].blen > 0 && level[-1].digest;
	part->header_len = off - part->header_off;
	part->body_off = off;
	level->lines0 = feeds;
	field_apply(p, part, in_digest, level);
	if (part->level == 0) {
		p->root = p->hv;
		p->top = p->values;
		if ((p->values = arena_new(4 * FIELD_MAX)) == NULL) {
			p->failed = true;
			return;
		}
	}
	if (level->blen > 0 && p->nlevels < LEVELS) {
		boundary_open(p, p->nlevels - 1);
		part->kind = MAIL_MULTIPART;
		p->state = PARSE_SKIP;
		return;
	}
	level->blen = 0;
	if (mail_type_is(part, "message", "rfc822")) {
		part->kind = MAIL_MESSAGE;
		if (part_begin(p, off))
			return;
		part = &p->tree.v[p->tree.n - 1];
		part->kind = MAIL_LEAF;
	}
	leaf_begin(p);
}

/*
 * An empty line that is the line end of a boundary too belongs to that
 * (RFC 2046): a header must not reach beyond the part that holds it, when
 * that ends with the same boundary.
 */
static void
clip_header(struct mail_parser *p, struct mail_part *part, uint64_t off)
{
	const struct mail_part	*up = &p->tree.v[part->parent];

	if (part->body_off <= off)
		return;
	if (off < up->body_off)
		off = up->body_off;
	if (part->header_off > off)
		part->header_off = off;
	part->header_len = off - part->header_off;
	part->body_off = off;
}

/*
 * Closes what is open above the first keep levels; bodies end at off with
 * feeds line feeds before it.
 */
static void
levels_close(struct mail_parser *p, size_t keep, uint64_t off,
    uint64_t feeds, bool final)
{
	struct mail_part	*part;
	struct level		*level;
	size_t			 i;

	/* A header without its empty line; a message inside gets none. */
	while (p->state == PARSE_HEADER && p->nlevels > keep) {
		part = &p->tree.v[p->tree.n - 1];
		header_end(p, off > part->header_off ? off :
		    part->header_off, feeds);
	}
	if (p->state == PARSE_BODY)
		leaf_end(p, final);
	for (i = keep + 1; i < p->nlevels; i++)
		clip_header(p, &p->tree.v[p->levels[i].part], off);
	while (p->nlevels > keep) {
		boundary_close(p, --p->nlevels);
		level = &p->levels[p->nlevels];
		part = &p->tree.v[level->part];
		part->end = (uint32_t)p->tree.n;
		part->body_len = off > part->body_off ?
		    off - part->body_off : 0;
		part->lines = feeds > level->lines0 ?
		    feeds - level->lines0 : 0;
		if (part->kind != MAIL_LEAF)
			part->decoded = part->body_len;
	}
	p->state = PARSE_SKIP;
}

/* The level whose boundary this line is; *closing: the last one. */
static int
boundary_find(struct mail_parser *p, const uint8_t *data, size_t len,
    bool *closing)
{
	const struct level	*l;
	size_t			 n;
	int			 open, last = -1;

	if (len < 3 || data[0] != '-' || data[1] != '-')
		return -1;
	while (len > 2 && lex_white(data[len - 1]))
		len--;
	data += 2;
	len -= 2;
	open = boundary_level(p, data, len);
	if (len > 2 && memcmp(data + len - 2, "--", 2) == 0) {
		len -= 2;
		for (n = len; n > 0 && lex_white(data[n - 1]); n--)
			;
		last = boundary_level(p, data, n);
		l = last == -1 ? NULL : &p->levels[last];
		/* "--b --" ends only "b ", with all its spaces */
		if (l != NULL && n < len && (l->full != len ||
		    memcmp(l->boundary, data, len) != 0))
			last = -1;
	}
	*closing = last > open;
	return *closing ? last : open;
}

static void
boundary_line(struct mail_parser *p, size_t at, bool closing,
    uint64_t next_off)
{
	uint64_t	 off = p->line_off - p->term;
	uint64_t	 feeds = p->feeds - (p->term > 0);

	levels_close(p, at + 1, off, feeds, false);
	if (closing)
		boundary_close(p, at);
	else
		part_begin(p, next_off);
}

/* A line, or a piece of a long one.  len > 0. */
static void
line(struct mail_parser *p, const uint8_t *data, size_t len, bool start,
    bool end)
{
	size_t	 i, blank;
	bool	 closing;
	int	 at;

	if (start && end && len <= LINE_MAX_HELD && p->nlevels > 0 &&
	    (at = boundary_find(p, data, len, &closing)) != -1) {
		boundary_line(p, (size_t)at, closing, p->line_off + len);
		return;
	}
	blank = data[0] == '\n' || (len > 1 && data[0] == '\r' &&
	    data[1] == '\n');
	/* A header may end here, and the message inside begin: twice. */
	for (i = 0; p->state == PARSE_HEADER && i < 3; i++) {
		if (start && blank) {
			header_end(p, p->line_off + len, p->feeds + 1);
			return;
		}
		if (start && p->first_line && p->tree.n > 1 &&
		    !field_looks(data, len)) {
			header_end(p, p->line_off, p->feeds);
			continue;
		}
		p->first_line = false;
		field_line(p, data, len, start);
		return;
	}
	if (p->state == PARSE_BODY)
		leaf_line(p, data, len);
}

/* The octets of one line, or of a piece: offsets move on behind it. */
static void
piece(struct mail_parser *p, const uint8_t *data, size_t len, bool start,
    bool end)
{
	size_t	 n = len;

	/* The root's header is kept as it is. */
	if (p->tree.n == 1 && p->state == PARSE_HEADER &&
	    p->header.len < MAIL_HEADER_MAX) {
		if (n > MAIL_HEADER_MAX - p->header.len)
			n = MAIL_HEADER_MAX - p->header.len;
		if (buf_put(&p->header, data, n) == -1)
			p->failed = true;
	}
	if (start)
		p->line_off = p->offset;
	line(p, data, len, start, end);
	if (len > 1)
		p->last = data[len - 2];
	if (end && data[len - 1] == '\n') {
		p->term = p->last == '\r' && (len > 1 || !start) ? 2 : 1;
		p->feeds++;
	} else
		p->term = 0;
	p->last = data[len - 1];
	p->offset += len;
}

int
mail_parser_feed(struct mail_parser *p, const void *v, size_t len)
{
	const uint8_t	*data = v, *nl;
	size_t		 n;

	while (len > 0 && !p->failed) {
		nl = memchr(data, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - data) + 1;
		if (p->midline) {
			piece(p, data, n, false, nl != NULL);
			p->midline = nl == NULL;
		} else if (p->held == 0 && nl != NULL)
			piece(p, data, n, true, true);
		else {
			if (n > sizeof(p->line) - p->held)
				n = sizeof(p->line) - p->held;
			memcpy(p->line + p->held, data, n);
			p->held += n;
			if (p->line[p->held - 1] == '\n') {
				piece(p, p->line, p->held, true, true);
				p->held = 0;
			} else if (p->held == sizeof(p->line)) {
				piece(p, p->line, p->held, true, false);
				p->held = 0;
				p->midline = true;
			}
		}
		data += n;
		len -= n;
	}
	return p->failed ? -1 : 0;
}

/* A multipart without parts is shown as the text that it is. */
static void
demote_empty(struct mail_parser *p)
{
	struct mail_part	*part;
	size_t			 i;

	for (i = 0; i < p->tree.n; i++) {
		part = &p->tree.v[i];
		if (part->kind == MAIL_LEAF &&
		    mail_type_is(part, "multipart", NULL)) {
			part->type = i == 0 || part->level < MAIL_DEPTH_MAX ?
			    STR("text") : STR("application");
			part->subtype = str_eq(part->type, STR("text")) ?
			    STR("plain") : STR("octet-stream");
			part->params = (struct str){ NULL, 0 };
		} else if (part->kind == MAIL_LEAF &&
		    mail_type_is(part, "message", "rfc822")) {
			part->type = STR("application");
			part->subtype = STR("octet-stream");
			part->params = (struct str){ NULL, 0 };
		} else if (part->kind == MAIL_MULTIPART &&
		    part->end == i + 1) {
			part->kind = MAIL_LEAF;
			part->type = STR("text");
			part->subtype = STR("plain");
			part->params = (struct str){ NULL, 0 };
			if (part->encoding >= MAIL_ENC_QP)
				part->encoding = MAIL_ENC_8BIT;
		}
	}
}

int
mail_parser_finish(struct mail_parser *p, struct buf *digest)
{
	return mail_parser_finish_prefixed(p, STR(""), digest);
}

struct str
mail_parser_header(const struct mail_parser *p)
{
	return (struct str){ (const char *)p->header.data, p->header.len };
}

/*
 * Fields in front that nothing here reads only move the message: offsets are
 * compared with each other alone, and the digest has them as differences.
 */
int
mail_parser_finish_prefixed(struct mail_parser *p, struct str prefix,
    struct buf *digest)
{
	if (p->held > 0)
		piece(p, p->line, p->held, true, true);
	p->held = 0;
	if (!p->finished && !p->failed) {
		levels_close(p, 0, p->offset, p->feeds, true);
		demote_empty(p);
	}
	p->finished = true;
	if (p->failed || !field_prefix(prefix))
		return -1;
	return digest_make(p, prefix, digest);
}

int
mail_digest(const void *data, size_t len, struct buf *digest)
{
	struct mail_parser	*p;
	int			 r;

	if ((p = mail_parser_new()) == NULL)
		return -1;
	r = mail_parser_feed(p, data, len);
	if (r == 0)
		r = mail_parser_finish(p, digest);
	mail_parser_free(p);
	return r;
}

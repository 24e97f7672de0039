/*
 * Sets of UIDs as sorted, disjoint, non-adjacent ranges (RFC 3501 section
 * 9, sequence-set, without "*").  All sums are made in 64 bits: the last
 * UID is 2^32-1.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/uidset.h"

void
uidset_free(struct uidset *s)
{
	if (s->size != 0)
		free(s->v);
	*s = UIDSET_INIT;
}

void
uidset_clear(struct uidset *s)
{
	if (s->size == 0)
		s->v = NULL;
	s->n = 0;
}

/* Room for n ranges in all; a borrowed array is copied. */
static int
reserve(struct uidset *s, size_t n)
{
	struct uidrange	*v;
	size_t		 size;

	if (n <= s->size)
		return 0;
	if (n > SIZE_MAX / sizeof(*v) / 2)
		return -1;
	size = s->size < 4 ? 4 : s->size;
	while (size < n)
		size *= 2;
	if (s->size == 0) {
		if ((v = malloc(size * sizeof(*v))) == NULL)
			return -1;
		if (s->n != 0)
			memcpy(v, s->v, s->n * sizeof(*v));
	} else if ((v = realloc(s->v, size * sizeof(*v))) == NULL)
		return -1;
	s->v = v;
	s->size = size;
	return 0;
}

size_t
uidset_find(const struct uidset *s, uint32_t uid)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->v[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Appends a range that is not before the last one; joins what touches. */
static int
append(struct uidset *s, uint32_t first, uint32_t last)
{
	struct uidrange *r;

	if (s->n != 0) {
		r = &s->v[s->n - 1];
		if ((uint64_t)first <= (uint64_t)r->last + 1) {
			if (last > r->last)
				r->last = last;
			return 0;
		}
	}
	if (reserve(s, s->n + 1) == -1)
		return -1;
	s->v[s->n++] = (struct uidrange){ first, last };
	return 0;
}

int
uidset_add(struct uidset *s, uint32_t first, uint32_t last)
{
	size_t i, j;

	if (first == 0 || first > last)
		return -1;
	if (s->n == 0 || first >= s->v[s->n - 1].first)
		return append(s, first, last);
	/* i: the first range that touches; j: the first behind all those. */
	i = uidset_find(s, first == 1 ? 1 : first - 1);
	for (j = i; j < s->n && s->v[j].first <= (uint64_t)last + 1; j++)
		continue;
	if (i == j) {
		if (reserve(s, s->n + 1) == -1)
			return -1;
		memmove(&s->v[i + 1], &s->v[i],
		    (s->n - i) * sizeof(s->v[0]));
		s->v[i] = (struct uidrange){ first, last };
		s->n++;
		return 0;
	}
	if (s->v[i].first > first)
		s->v[i].first = first;
	s->v[i].last = s->v[j - 1].last > last ? s->v[j - 1].last : last;
	memmove(&s->v[i + 1], &s->v[j], (s->n - j) * sizeof(s->v[0]));
	s->n -= j - i - 1;
	return 0;
}

int
uidset_remove(struct uidset *s, uint32_t first, uint32_t last)
{
	uint32_t	end;
	size_t		i, j;

	if (first == 0 || first > last)
		return -1;
	i = uidset_find(s, first);
	if (i == s->n || s->v[i].first > last)
		return 0;
	if (s->v[i].first < first) {
		if (s->v[i].last > last) {	/* a hole: split */
			if (reserve(s, s->n + 1) == -1)
				return -1;
			memmove(&s->v[i + 1], &s->v[i],
			    (s->n - i) * sizeof(s->v[0]));
			s->n++;
			s->v[i].last = first - 1;
			s->v[i + 1].first = last + 1;
			return 0;
		}
		s->v[i++].last = first - 1;
	}
	for (j = i; j < s->n && s->v[j].last <= last; j++)
		continue;
	if (j < s->n && s->v[j].first <= last) {
		end = s->v[j].last;
		s->v[j] = (struct uidrange){ last + 1, end };
	}
	if (j != i) {
		memmove(&s->v[i], &s->v[j], (s->n - j) * sizeof(s->v[0]));
		s->n -= j - i;
	}
	return 0;
}

int
uidset_copy(struct uidset *dst, const struct uidset *src)
{
	if (dst == src)
		return 0;
	uidset_clear(dst);
	if (reserve(dst, src->n) == -1)
		return -1;
	if (src->n != 0)
		memcpy(dst->v, src->v, src->n * sizeof(src->v[0]));
	dst->n = src->n;
	return 0;
}

int
uidset_union(struct uidset *dst, const struct uidset *src)
{
	struct uidset	out = UIDSET_INIT;
	size_t		i = 0, j = 0;
	struct uidrange	r;

	if (src->n == 0 || dst == src)
		return 0;
	if (src->n == 1)
		return uidset_add(dst, src->v[0].first, src->v[0].last);
	if (reserve(&out, dst->n + src->n) == -1)
		return -1;
	while (i < dst->n || j < src->n) {
		if (j == src->n ||
		    (i < dst->n && dst->v[i].first <= src->v[j].first))
			r = dst->v[i++];
		else
			r = src->v[j++];
		(void)append(&out, r.first, r.last);	/* has room */
	}
	uidset_take(dst, &out);
	return 0;
}

int
uidset_subtract(struct uidset *dst, const struct uidset *src)
{
	struct uidset	out = UIDSET_INIT;
	struct uidrange	r;
	size_t		i, j = 0;

	if (src->n == 0 || dst->n == 0)
		return 0;
	if (dst == src) {
		uidset_clear(dst);
		return 0;
	}
	if (src->n == 1)
		return uidset_remove(dst, src->v[0].first, src->v[0].last);
	if (reserve(&out, dst->n + src->n) == -1)
		return -1;
	for (i = 0; i < dst->n; i++) {
		r = dst->v[i];
		while (j < src->n && src->v[j].last < r.first)
			j++;
		for (; j < src->n && src->v[j].first <= r.last; j++) {
			if (src->v[j].first > r.first)
				out.v[out.n++] = (struct uidrange){ r.first,
				    src->v[j].first - 1 };
			if (src->v[j].last >= r.last)
				break;
			r.first = src->v[j].last + 1;
		}
		if (j == src->n || src->v[j].first > r.last)
			out.v[out.n++] = r;
	}
	uidset_take(dst, &out);
	return 0;
}

int
uidset_intersect(struct uidset *dst, const struct uidset *src)
{
	struct uidset	out = UIDSET_INIT;
	uint32_t	first, last;
	size_t		i = 0, j = 0;

	if (dst == src)
		return 0;
	if (reserve(&out, dst->n + src->n) == -1)
		return -1;
	while (i < dst->n && j < src->n) {
		first = dst->v[i].first > src->v[j].first ? dst->v[i].first :
		    src->v[j].first;
		last = dst->v[i].last < src->v[j].last ? dst->v[i].last :
		    src->v[j].last;
		if (first <= last)
			out.v[out.n++] = (struct uidrange){ first, last };
		if (dst->v[i].last < src->v[j].last)
			i++;
		else
			j++;
	}
	uidset_take(dst, &out);
	return 0;
}

void
uidset_take(struct uidset *dst, struct uidset *src)
{
	if (dst == src)
		return;
	uidset_free(dst);
	*dst = *src;
	*src = UIDSET_INIT;
}

bool
uidset_overlap(const struct uidset *a, const struct uidset *b)
{
	size_t	 i, k;

	if (a->n == 0 || b->n == 0)
		return false;
	i = uidset_find(a, b->v[0].first);
	k = uidset_find(b, a->v[0].first);
	while (i < a->n && k < b->n) {
		if (a->v[i].last < b->v[k].first)
			i++;
		else if (b->v[k].last < a->v[i].first)
			k++;
		else
			return true;
	}
	return false;
}

bool
uidset_has(const struct uidset *s, uint32_t uid)
{
	size_t i = uidset_find(s, uid);

	return uid != 0 && i < s->n && s->v[i].first <= uid;
}

uint64_t
uidset_count(const struct uidset *s)
{
	uint64_t	count = 0;
	size_t		i;

	for (i = 0; i < s->n; i++)
		count += (uint64_t)s->v[i].last - s->v[i].first + 1;
	return count;
}

uint32_t
uidset_last(const struct uidset *s)
{
	return s->n == 0 ? 0 : s->v[s->n - 1].last;
}

int
uidset_print(const struct uidset *s, struct buf *b)
{
	size_t	i;

	for (i = 0; i < s->n && !b->failed; i++) {
		if (i != 0)
			buf_put_u8(b, ',');
		buf_put_decimal(b, s->v[i].first);
		if (s->v[i].last != s->v[i].first) {
			buf_put_u8(b, ':');
			buf_put_decimal(b, s->v[i].last);
		}
	}
	return b->failed ? -1 : 0;
}

int
uidset_encode(const struct uidset *s, struct buf *b)
{
	uint32_t	prev = 0;
	size_t		i;

	buf_put_varint(b, s->n);
	for (i = 0; i < s->n; i++) {
		buf_put_varint(b, s->v[i].first - prev);
		buf_put_varint(b, s->v[i].last - s->v[i].first);
		prev = s->v[i].last;
	}
	return b->failed ? -1 : 0;
}

/* The number of ranges, or -1; each takes two bytes at least. */
static int
decode_count(struct cursor *c, size_t max_ranges, size_t *n)
{
	uint64_t count = cursor_varint(c);

	if (c->bad || count > max_ranges || count > cursor_left(c) / 2) {
		c->bad = true;
		return -1;
	}
	*n = (size_t)count;
	return 0;
}

static int
decode_ranges(struct uidrange *v, size_t n, struct cursor *c)
{
	uint64_t	gap, more, prev = 0;
	size_t		i;

	for (i = 0; i < n; i++) {
		gap = cursor_varint(c);
		more = cursor_varint(c);
		/* A gap of 1 would touch the range before: not canonical. */
		if (c->bad || gap < (i == 0 ? 1 : 2) ||
		    gap > UINT32_MAX - prev ||
		    more > UINT32_MAX - prev - gap) {
			c->bad = true;
			return -1;
		}
		v[i].first = (uint32_t)(prev + gap);
		v[i].last = (uint32_t)(prev + gap + more);
		prev = v[i].last;
	}
	return 0;
}

int
uidset_decode(struct uidset *s, struct cursor *c, size_t max_ranges)
{
	size_t n;

	uidset_clear(s);
	if (decode_count(c, max_ranges, &n) == -1)
		return -1;
	if (reserve(s, n) == -1) {
		c->bad = true;
		return -1;
	}
	if (decode_ranges(s->v, n, c) == -1)
		return -1;
	s->n = n;
	return 0;
}

int
uidset_decode_arena(struct uidset *s, struct cursor *c, size_t max_ranges,
    struct arena *a)
{
	size_t n;

	*s = UIDSET_INIT;
	if (decode_count(c, max_ranges, &n) == -1)
		return -1;
	if (n == 0)
		return 0;
	if (a == NULL ||
	    (s->v = arena_array(a, n, sizeof(s->v[0]))) == NULL) {
		c->bad = true;
		return -1;
	}
	if (decode_ranges(s->v, n, c) == -1) {
		*s = UIDSET_INIT;
		return -1;
	}
	s->n = n;
	return 0;
}

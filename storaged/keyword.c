/* Keywords: names to numbers, numbers to sets.  Numbers are this node's
 * own: records carry names. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/keyword.h"

bool
keyword_valid(struct str name)
{
	size_t	 i;

	if (name.len == 0 || name.len > MBOX_KEYWORD_MAX)
		return false;
	for (i = 0; i < name.len; i++) {
		unsigned char	 c = (unsigned char)name.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	return true;
}

/* 1 and the number, 0 when unknown, -1. */
static int
keyword_find(struct index *ix, struct str name, int64_t *num)
{
	sqlite3_stmt	*st = db_st(&ix->hot, ST_KW_BY_NAME);

	if (db_bind(&ix->hot, st, "s", name) == -1)
		return -1;
	return db_one(&ix->hot, st, num);
}

static int
keyword_make(struct index *ix, struct str name, int64_t *num)
{
	if (db_one(&ix->hot, db_st(&ix->hot, ST_KW_COUNT), num) != 1)
		return -1;
	if (++*num > KEYWORD_NUMBER_MAX)
		return -1;
	return db_run(&ix->hot, ST_KW_INSERT, "is", *num, name);
}

int
kwnums_add(struct kwnums *nums, uint32_t num)
{
	size_t	 i = nums->n;

	while (i > 0 && nums->v[i - 1] >= num) {
		if (nums->v[i - 1] == num)
			return 0;
		i--;
	}
	if (nums->n == nitems(nums->v))
		return -1;
	memmove(&nums->v[i + 1], &nums->v[i],
	    (nums->n - i) * sizeof(nums->v[0]));
	nums->v[i] = num;
	nums->n++;
	return 0;
}

void
kwnums_remove(struct kwnums *nums, uint32_t num)
{
	size_t	 i;

	for (i = 0; i < nums->n; i++) {
		if (nums->v[i] != num)
			continue;
		nums->n--;
		memmove(&nums->v[i], &nums->v[i + 1],
		    (nums->n - i) * sizeof(nums->v[0]));
		return;
	}
}

int
keyword_numbers(struct index *ix, const struct str *names, size_t n,
    bool make, struct kwnums *nums)
{
	int64_t	 num;
	size_t	 i;
	int	 rv;

	nums->n = 0;
	for (i = 0; i < n; i++) {
		rv = keyword_find(ix, names[i], &num);
		if (rv == 0 && make) {
			if (keyword_make(ix, names[i], &num) == -1)
				return -1;
			rv = 1;
		}
		if (rv == -1 || (rv == 1 &&
		    kwnums_add(nums, (uint32_t)num) == -1))
			return -1;
	}
	return 0;
}

int
keyword_missing(struct index *ix, const struct str *names, size_t n,
    size_t *missing, size_t *known)
{
	int64_t	 num;
	size_t	 i;
	int	 rv;

	*missing = 0;
	for (i = 0; i < n; i++) {
		if ((rv = keyword_find(ix, names[i], &num)) == -1)
			return -1;
		if (rv == 0)
			(*missing)++;
	}
	if (db_one(&ix->hot, db_st(&ix->hot, ST_KW_COUNT), &num) != 1)
		return -1;
	*known = (size_t)num;
	return 0;
}

int
kwset_id(struct index *ix, const struct kwnums *nums, int64_t *id)
{
	uint8_t		 b[2 * MBOX_KEYWORDS_MAX];
	sqlite3_stmt	*st;
	size_t		 i;
	int		 rv;

	if (nums->n == 0) {
		*id = 0;
		return 0;
	}
	for (i = 0; i < nums->n; i++) {
		b[2 * i] = (uint8_t)(nums->v[i] & 0xff);
		b[2 * i + 1] = (uint8_t)(nums->v[i] >> 8);
	}
	st = db_st(&ix->hot, ST_KWSET_BY_NUMS);
	if (db_bind(&ix->hot, st, "b", (const void *)b, 2 * nums->n) == -1)
		return -1;
	if ((rv = db_one(&ix->hot, st, id)) != 0)
		return rv == 1 ? 0 : -1;
	if (db_run(&ix->hot, ST_KWSET_INSERT, "b", (const void *)b,
	    2 * nums->n) == -1)
		return -1;
	*id = sqlite3_last_insert_rowid(ix->hot.h);
	return 0;
}

int
kwset_get(struct db *db, int64_t id, struct kwnums *nums)
{
	sqlite3_stmt	*st;
	struct str	 s;
	size_t		 i;
	int		 rv;

	nums->n = 0;
	if (id == 0)
		return 0;
	st = db_st(db, ST_KWSET_BY_ID);
	if (db_bind(db, st, "i", id) == -1)
		return -1;
	if ((rv = db_step(db, st)) != 1)
		return rv;	/* an unknown set holds nothing */
	s = db_col(st, 0);
	for (i = 0; i + 1 < s.len && nums->n < nitems(nums->v); i += 2)
		nums->v[nums->n++] = (uint32_t)(uint8_t)s.p[i] |
		    (uint32_t)(uint8_t)s.p[i + 1] << 8;
	sqlite3_reset(st);
	return 0;
}

struct kwpair *
kwmap_note(struct kwmap *map, int64_t from)
{
	struct kwpair	*v;
	size_t		 size, lo = 0, hi = map->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (map->v[mid].from < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < map->n && map->v[lo].from == from)
		return &map->v[lo];
	if (map->n == map->size) {
		size = map->size == 0 ? 16 : map->size * 2;
		v = reallocarray(map->v, size, sizeof(*v));
		if (v == NULL)
			return NULL;
		map->v = v;
		map->size = size;
	}
	memmove(&map->v[lo + 1], &map->v[lo],
	    (map->n - lo) * sizeof(map->v[0]));
	map->v[lo] = (struct kwpair){ from, -1 };
	map->n++;
	return &map->v[lo];
}

void
kwmap_free(struct kwmap *map)
{
	free(map->v);
	*map = KWMAP_INIT;
}

int
keyword_in_box(struct index *ix, uint64_t box, const struct kwnums *nums,
    uint64_t modseq)
{
	struct uidset	 news = UIDSET_INIT;
	sqlite3_stmt	*st;
	int64_t		 one;
	size_t		 i;
	int		 rv = 0;

	for (i = 0; i < nums->n && rv != -1; i++) {
		st = db_st(&ix->hot, ST_BOXKW_HAS);
		if (db_bind(&ix->hot, st, "ui", box,
		    (int64_t)nums->v[i]) == -1)
			return -1;
		if ((rv = db_one(&ix->hot, st, &one)) != 0)
			continue;
		if (db_run(&ix->hot, ST_BOXKW_ADD, "ui", box,
		    (int64_t)nums->v[i]) == -1 ||
		    uidset_add(&news, nums->v[i], nums->v[i]) == -1)
			rv = -1;
	}
	if (rv != -1 && news.n > 0)
		rv = index_change(ix, CHANGE_KEYWORDS, box, modseq, &news);
	uidset_free(&news);
	return rv == -1 ? -1 : 0;
}

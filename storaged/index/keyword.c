/* Keywords: names to numbers, numbers to sets.  Numbers are this node's
 * own: records carry names. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/index/keyword.h"

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

int
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
	if (db_run(&ix->hot, ST_KW_INSERT, "s", name) == -1)
		return -1;
	ix->kw_turned = true;
	*num = db_last_id(&ix->hot);
	return *num > KEYWORD_NUMBER_MAX ? -1 : 0;
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
	int	 rv, left = 0;

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
		left += rv == 0;
	}
	return left;
}

/* As the table has them: 32 bits each, little-endian. */
static const void *
nums_bytes(const struct kwnums *nums)
{
	static uint8_t	 b[4 * MBOX_KEYWORDS_MAX];
	size_t		 i;

	for (i = 0; i < 4 * nums->n; i++)
		b[i] = (uint8_t)(nums->v[i / 4] >> (8 * (i % 4)));
	return b;
}

int
kwset_find(struct index *ix, const struct kwnums *nums, int64_t *id)
{
	sqlite3_stmt	*st;

	*id = 0;
	if (nums->n == 0)
		return 1;
	st = db_st(&ix->hot, ST_KWSET_BY_NUMS);
	if (db_bind(&ix->hot, st, "b", nums_bytes(nums), 4 * nums->n) == -1)
		return -1;
	return db_one(&ix->hot, st, id);
}

int
kwset_id(struct index *ix, const struct kwnums *nums, int64_t *id)
{
	int	 rv;

	if ((rv = kwset_find(ix, nums, id)) != 0)
		return rv == 1 ? 0 : -1;
	if (db_run(&ix->hot, ST_KWSET_INSERT, "b", nums_bytes(nums),
	    4 * nums->n) == -1)
		return -1;
	*id = db_last_id(&ix->hot);
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
	for (i = 0; i + 3 < s.len && nums->n < nitems(nums->v); i += 4)
		nums->v[nums->n++] = (uint32_t)(uint8_t)s.p[i] |
		    (uint32_t)(uint8_t)s.p[i + 1] << 8 |
		    (uint32_t)(uint8_t)s.p[i + 2] << 16 |
		    (uint32_t)(uint8_t)s.p[i + 3] << 24;
	db_reset(st);
	return 0;
}

struct kwpair *
kwmap_note(struct kwmap *map, int64_t from, int64_t to)
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
	map->v[lo] = (struct kwpair){ from, to };
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

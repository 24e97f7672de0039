/*
 * What SQL cannot say for itself: is a UID in the set at hand, which place
 * it has there, and what a set of keywords becomes.  They look at the index
 * only; rows come in ascending order of UIDs, so that each look costs one
 * step.
 */
#include "storaged/index_fn.h"

/* Moves fn_i to the first range whose last >= uid; keeps fn_before. */
static bool
fn_seek(struct index *ix, int64_t uid)
{
	const struct uidset	*s = ix->fn_set;

	if (s == NULL || uid < 1 || uid > UINT32_MAX)
		return false;
	if (ix->fn_i > s->n || (ix->fn_i > 0 &&
	    s->v[ix->fn_i - 1].last >= uid)) {
		ix->fn_i = ix->fn_base_i;
		ix->fn_before = ix->fn_base_before;
	}
	while (ix->fn_i < s->n && s->v[ix->fn_i].last < uid) {
		ix->fn_before += (uint64_t)s->v[ix->fn_i].last -
		    s->v[ix->fn_i].first + 1;
		ix->fn_i++;
	}
	return ix->fn_i < s->n && s->v[ix->fn_i].first <= uid;
}

static void
fn_inset(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct index	*ix = sqlite3_user_data(ctx);

	(void)n;
	sqlite3_result_int(ctx, fn_seek(ix, sqlite3_value_int64(v[0])));
}

static void
fn_setrank(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct index	*ix = sqlite3_user_data(ctx);
	int64_t		 uid = sqlite3_value_int64(v[0]);

	(void)n;
	if (!fn_seek(ix, uid)) {
		sqlite3_result_error(ctx, "setrank: not in the set", -1);
		return;
	}
	sqlite3_result_int64(ctx, (int64_t)ix->fn_before + uid -
	    ix->fn_set->v[ix->fn_i].first);
}

static void
fn_kwmap(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct index	*ix = sqlite3_user_data(ctx);
	int64_t		 kw = sqlite3_value_int64(v[0]);
	size_t		 lo = 0, hi = ix->fn_nmap, mid;

	(void)n;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (ix->fn_map[mid].from < kw)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < ix->fn_nmap && ix->fn_map[lo].from == kw)
		kw = ix->fn_map[lo].to;
	sqlite3_result_int64(ctx, kw);
}

int
index_fn_register(struct index *ix, sqlite3 *h)
{
	static const struct {
		const char	*name;
		void		(*fn)(sqlite3_context *, int, sqlite3_value **);
	} fns[] = {
		{ "inset", fn_inset },
		{ "setrank", fn_setrank },
		{ "kwmap", fn_kwmap },
	};
	size_t	 i;

	for (i = 0; i < sizeof(fns) / sizeof(fns[0]); i++)
		if (sqlite3_create_function_v2(h, fns[i].name, 1,
		    SQLITE_UTF8 | SQLITE_DIRECTONLY, ix, fns[i].fn, NULL,
		    NULL, NULL) != SQLITE_OK)
			return -1;
	return 0;
}

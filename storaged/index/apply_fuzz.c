/*
 * Hostile records on an index: whatever a bucket's history says, each record
 * is applied whole or refused, and the counters of every mailbox are what
 * its messages add up to.
 */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "common/log.h"
#include "storaged/index/index_read.h"
#include "storaged/index/mailset.h"

/* COPY doubles: more would only test the disk. */
#define MESSAGES_MAX	20000
#define RECORDS_MAX	200

static char		 dir[256];
static struct index	*ix;

static void
stop(void)
{
	char	 path[300];

	index_close(ix, false);
	snprintf(path, sizeof(path), "%s/fuzz.hot", dir);
	index_unlink(path);
	rmdir(dir);
}

static void
start(void)
{
	const char	*tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/pail-apply.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	log_init("apply_fuzz");
	log_set_level(LOG_LEVEL_ERROR);
	FUZZ_CHECK(mkdtemp(dir) != NULL);
	FUZZ_CHECK((ix = index_open(dir, "fuzz")) != NULL);
	atexit(stop);
}

/* The mailbox's messages, counted. */
static void
check_box(const struct box *box)
{
	struct mailwalk	 w;
	uint64_t	 size = 0, last = 0;
	uint32_t	 n = 0, unseen = 0, deleted = 0;
	unsigned	 i;
	int		 rv;

	mailwalk_init(&w, &ix->hot, box->id, NULL, 1, true);
	while ((rv = mailwalk_next(&w)) == 1)
		for (i = 0; i < w.npick; i++, n++) {
			FUZZ_CHECK((uint64_t)w.k.v[MAIL_UID][w.pick[i]] >
			    last);
			last = (uint64_t)w.k.v[MAIL_UID][w.pick[i]];
			size += (uint64_t)w.k.v[MAIL_SIZE][w.pick[i]];
			unseen += (w.k.v[MAIL_FLAGS][w.pick[i]] &
			    MBOX_SEEN) == 0;
			deleted += (w.k.v[MAIL_FLAGS][w.pick[i]] &
			    MBOX_DELETED) != 0;
		}
	FUZZ_CHECK(rv == 0);
	FUZZ_CHECK(n == box->messages && unseen == box->unseen &&
	    deleted == box->deleted && size == box->size);
	FUZZ_CHECK(last < (box->uidnext == 0 ? (uint64_t)UINT32_MAX + 1 :
	    box->uidnext));
}

/* How many messages there are; each mailbox is looked at. */
static uint64_t
check(void)
{
	struct box	 box;
	struct str	 after = { "", 0 };
	char		 name[MBOX_NAME_MAX + 1];
	uint64_t	 n = 0;
	int		 rv;

	while ((rv = box_after(&ix->hot, after, &box)) == 1) {
		check_box(&box);
		n += box.messages;
		strlcpy(name, box.name, sizeof(name));
		after = str_from(name);
	}
	FUZZ_CHECK(rv == 0);
	return n;
}

static void
fuzz_apply(const uint8_t *in, size_t len)
{
	struct arena	*a = arena_new(64 * 1024 * 1024);
	uint8_t		 hash[32];
	struct cursor	 c;
	struct record	 r;
	unsigned	 n = 0;

	if (ix == NULL)
		start();
	FUZZ_CHECK(index_begin(ix) == 0);
	cursor_init(&c, in, len);
	while (cursor_left(&c) > 0 && n++ < RECORDS_MAX &&
	    record_decode(&r, &c, a) == 0) {
		FUZZ_CHECK(index_save(ix) == 0);
		r.number = ix->next.records + 1;
		if (index_apply(ix, &r, r.number) == 0)
			index_keep(ix);
		else
			index_back(ix);
		FUZZ_CHECK(!index_failed(ix));
		if (check() > MESSAGES_MAX)
			break;
	}
	FUZZ_CHECK(index_state_hash(ix, hash) == 0);
	index_rollback(ix);
	FUZZ_CHECK(!index_failed(ix));
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_apply);
}

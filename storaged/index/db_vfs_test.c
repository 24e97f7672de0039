/*
 * Damage to a database and to the write-ahead log of a killed process:
 * flipped bits, pages in another's place, cut files.  What is read after it
 * is right, or reading fails; where a kill could have done the same to the
 * log's end, an earlier commit may come, whole.
 */
#include "common/compat.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/index/db.h"
#include "storaged/index/db_sum.h"

#define FRAME		(DB_WAL_FRAME + DB_PAGE)
#define STATES		4

enum { READ, BY_NAME, ADD, CHANGE, NSQL };
static const char *const sql[NSQL] = {
	[READ] = "SELECT id, v, name, data FROM t ORDER BY id",
	[BY_NAME] = "SELECT name FROM t ORDER BY name",
	[ADD] = "INSERT INTO t VALUES (?, ?, ?, ?)",
	[CHANGE] = "UPDATE t SET v = v + ?",
};

static char		 dir[] = "/tmp/pail-db.XXXXXX";
static char		 live[64], copy[64], copy_wal[80];
static struct buf	 states[STATES];	/* what t held, by commit */
static size_t		 nstates;

enum look { FAILED, NEWEST, EARLIER, OTHER };
static const char *const look_name[] = { "failed", "newest", "earlier",
	"other" };

/* All of t by both ways, as octets. */
static int
content(struct db *db, struct buf *b)
{
	sqlite3_stmt	*st = db_st(db, READ);
	struct str	 s;
	int		 i, rv;

	while ((rv = db_step(db, st)) == 1)
		for (i = 0; i < 4; i++) {
			s = db_col(st, i);
			buf_put_bytes(b, s.p, s.len);
		}
	if (rv == -1)
		return -1;
	st = db_st(db, BY_NAME);
	while ((rv = db_step(db, st)) == 1) {
		s = db_col(st, 0);
		buf_put_bytes(b, s.p, s.len);
	}
	return rv;
}

/* As the owner of a file does it. */
static enum look
look(const char *path)
{
	struct buf	 b = BUF_INIT;
	struct db	 db;
	enum look	 l = FAILED;
	size_t		 i;

	if (!db_whole(path))
		return FAILED;
	if (db_open(&db, path, false, false, sql, NSQL) == 0 &&
	    content(&db, &b) == 0 && !db.failed) {
		l = OTHER;
		for (i = 0; i < nstates; i++)
			if (b.len == states[i].len && memcmp(b.data,
			    states[i].data, b.len) == 0)
				l = i + 1 == nstates ? NEWEST : EARLIER;
	}
	db_close(&db);
	buf_free(&b);
	return l;
}

static void
slurp(const char *path, struct buf *b)
{
	int	 fd = open(path, O_RDONLY);
	off_t	 size;

	*b = BUF_INIT;
	if (fd == -1 || (size = lseek(fd, 0, SEEK_END)) == -1 ||
	    buf_reserve(b, (size_t)size) == NULL ||
	    pread(fd, b->data, (size_t)size, 0) != size)
		fatal("%s", path);
	b->len = (size_t)size;
	close(fd);
}

static void
put_copy(const char *path, const struct buf *b, size_t len)
{
	int	 fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, b->data, len) != (ssize_t)len)
		fatal("%s", path);
	close(fd);
}

static void
forget(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	char	 name[128];
	size_t	 i;

	for (i = 0; i < nitems(suffix); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffix[i]);
		unlink(name);
	}
}

/* Lays out a database, and a log unless wal is NULL, and looks. */
static enum look
look_at(const struct buf *file, const struct buf *wal, size_t wal_len)
{
	forget(copy);
	put_copy(copy, file, file->len);
	if (wal != NULL)
		put_copy(copy_wal, wal, wal_len);
	return look(copy);
}

static void
remember(struct db *db)
{
	states[nstates] = BUF_INIT;
	CHECK(content(db, &states[nstates]) == 0);
	nstates++;
}

static void
forget_states(void)
{
	while (nstates > 0)
		buf_free(&states[--nstates]);
}

static void
add(struct db *db, int64_t id, size_t len)
{
	static uint8_t	 data[20000];
	char		 name[32];
	size_t		 i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(id * 31 + (int64_t)i * 7);
	snprintf(name, sizeof(name), "name %d", (int)(id * 7919 % 1000));
	CHECK(db_run(db, ADD, "iisb", id, id * 1000, str_from(name),
	    (const void *)data, len) == 0);
}

static void
create(struct db *db)
{
	forget(live);
	CHECK(db_open(db, live, true, false, sql, NSQL) == 0);
	CHECK(db_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER,"
	    " name TEXT, data BLOB); CREATE INDEX tn ON t(name);") == 0);
}

/* A small database that was closed: file has its octets. */
static void
make_file(struct buf *file)
{
	struct db	 db;
	int		 i;

	forget_states();
	create(&db);
	for (i = 1; i <= 60; i++)
		add(&db, i, i == 30 ? 9000 : 100);	/* and overflow */
	remember(&db);
	db_close(&db);
	slurp(live, file);
	CHECK(file->len > 6 * DB_PAGE && file->data[20] == DB_RESERVE);
}

static void
test_flips(void)
{
	struct buf	 file;
	enum look	 l;
	size_t		 i, at;
	uint8_t		 bit;

	make_file(&file);
	CHECK(look_at(&file, NULL, 0) == NEWEST);
	srandom(1);
	for (i = 0; i < file.len; i++) {
		at = i % DB_PAGE;
		if (i >= 100 && at < DB_PAGE - DB_RESERVE && i % 37 != 0)
			continue;
		bit = (uint8_t)(1 << random() % 8);
		file.data[i] ^= bit;
		l = look_at(&file, NULL, 0);
		CHECK_ROW(l == (at < DB_PAGE - 8 ? FAILED : NEWEST),
		    "octet %zu: %s", i, look_name[l]);
		file.data[i] ^= bit;
	}
	buf_free(&file);
}

static void
test_places(void)
{
	struct buf	 file, b;
	uint8_t		 page[DB_PAGE];
	size_t		 i, j, n;

	make_file(&file);
	n = file.len / DB_PAGE;
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++) {
			uint8_t	*p = file.data + i * DB_PAGE;
			uint8_t	*q = file.data + j * DB_PAGE;

			memcpy(page, p, DB_PAGE);
			memcpy(p, q, DB_PAGE);
			CHECK_ROW(look_at(&file, NULL, 0) == FAILED,
			    "%zu twice", j);
			memcpy(q, page, DB_PAGE);
			CHECK_ROW(look_at(&file, NULL, 0) == FAILED,
			    "%zu and %zu", i, j);
			memcpy(q, p, DB_PAGE);
			memcpy(p, page, DB_PAGE);
		}
	CHECK(look_at(&file, NULL, 0) == NEWEST);
	for (i = 0; i < n; i++) {	/* a page of zeros */
		memcpy(page, file.data + i * DB_PAGE, DB_PAGE);
		memset(file.data + i * DB_PAGE, 0, DB_PAGE);
		CHECK_ROW(look_at(&file, NULL, 0) == FAILED, "%zu", i);
		memcpy(file.data + i * DB_PAGE, page, DB_PAGE);
	}
	for (i = 0; i < file.len; i += i % DB_PAGE == 1 ? DB_PAGE - 2 : 1) {
		b = file;
		b.len = i;
		CHECK_ROW(look_at(&b, NULL, 0) == FAILED, "cut at %zu", i);
	}
	buf_free(&file);
}

/*
 * As a kill leaves it: the log has three commits, the second of several
 * pages, and behind them frames of the log before.  frames: of this one.
 */
static void
make_wal(struct buf *file, struct buf *wal, size_t *frames)
{
	struct db	 db;
	char		 name[80];
	int		 i, n = 0;

	forget_states();
	create(&db);
	CHECK(db_exec(&db, "PRAGMA journal_size_limit=-1") == 0);
	for (i = 1; i <= 60; i++) {
		if (i % 10 == 1)
			CHECK(db_exec(&db, "BEGIN") == 0);
		add(&db, i, 300);
		if (i % 10 == 0)
			CHECK(db_exec(&db, "COMMIT") == 0);
	}
	CHECK(sqlite3_wal_checkpoint_v2(db.h, NULL, SQLITE_CHECKPOINT_RESTART,
	    NULL, NULL) == SQLITE_OK);
	remember(&db);			/* no log: only the file */
	add(&db, 61, 100);
	remember(&db);
	CHECK(db_exec(&db, "BEGIN") == 0 && db_run(&db, CHANGE, "i",
	    (int64_t)5) == 0);
	add(&db, 62, 5000);
	CHECK(db_exec(&db, "COMMIT") == 0);
	remember(&db);
	add(&db, 63, 100);
	remember(&db);
	slurp(live, file);
	snprintf(name, sizeof(name), "%s-wal", live);
	slurp(name, wal);
	CHECK(sqlite3_wal_checkpoint_v2(db.h, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    &n, NULL) == SQLITE_OK);
	*frames = (size_t)n;
	CHECK(n > 8 && wal->len > DB_WAL_HEADER + (*frames + 3) * FRAME);
	db_close(&db);
}

/* Of which page a frame is: wrong, it looks as if a kill had come between
 * the last frame's header and its page. */
static bool
explained(size_t at, size_t frames)
{
	return at >= DB_WAL_HEADER + (frames - 1) * FRAME &&
	    at < DB_WAL_HEADER + (frames - 1) * FRAME + 4;
}

static void
test_wal_flips(void)
{
	struct buf	 file, wal;
	size_t		 i, at, frames, end;
	enum look	 l;
	uint8_t		 bit;

	make_wal(&file, &wal, &frames);
	CHECK(look_at(&file, &wal, wal.len) == NEWEST);
	end = DB_WAL_HEADER + frames * FRAME;
	for (i = 0; i < wal.len; i++) {
		at = i < DB_WAL_HEADER ? 0 : (i - DB_WAL_HEADER) % FRAME;
		if (at >= DB_WAL_FRAME && at < FRAME - 4 && i % 211 != 0)
			continue;
		if (i >= end && i % 211 != 0)
			continue;
		bit = (uint8_t)(1 << random() % 8);
		wal.data[i] ^= bit;
		l = look_at(&file, &wal, wal.len);
		CHECK_ROW(l == FAILED || (l == NEWEST && i >= end) ||
		    (l == EARLIER && explained(i, frames)),
		    "octet %zu: %s", i, look_name[l]);
		wal.data[i] ^= bit;
	}
	buf_free(&file);
	buf_free(&wal);
}

static void
test_wal_places(void)
{
	struct buf	 file, wal;
	uint8_t		 page[DB_PAGE];
	uint8_t		*p, *q;
	size_t		 i, frames, end;
	enum look	 l;

	make_wal(&file, &wal, &frames);
	end = DB_WAL_HEADER + frames * FRAME;
	for (i = 0; i + 1 < frames; i++) {
		p = wal.data + DB_WAL_HEADER + i * FRAME + DB_WAL_FRAME;
		q = p + FRAME;
		memcpy(page, p, DB_PAGE);
		memcpy(p, q, DB_PAGE);
		l = look_at(&file, &wal, wal.len);
		CHECK_ROW(l == FAILED, "%zu: %s", i, look_name[l]);
		memcpy(p, page, DB_PAGE);
	}
	/* Cut: all that is there is right, or it fails. */
	for (i = 0; i <= wal.len; i++) {
		if (i % FRAME > DB_WAL_HEADER + 30 && i % 397 != 0)
			continue;
		l = look_at(&file, &wal, i);
		CHECK_ROW(l == FAILED || l == (i >= end ? NEWEST : EARLIER),
		    "cut at %zu: %s", i, look_name[l]);
	}
	/* What a kill leaves: the next frame's header and no page of it. */
	memcpy(wal.data + end, wal.data + end - FRAME, DB_WAL_FRAME);
	CHECK(look_at(&file, &wal, wal.len) == NEWEST);
	CHECK(look_at(&file, &wal, end + DB_WAL_FRAME) == NEWEST);
	buf_free(&file);
	buf_free(&wal);
}

/* SQLite writes pages of a large transaction to the log early, and again:
 * its own sums must stay right.  Here its own layer reads the file. */
static void
test_large(void)
{
	struct buf	 file, wal;
	struct db	 db;
	sqlite3		*h;
	sqlite3_stmt	*st = NULL;
	char		 name[80];
	int		 i;

	forget_states();
	create(&db);
	CHECK(db_exec(&db, "BEGIN") == 0);
	for (i = 1; i <= 600; i++)
		add(&db, i, 3000);
	CHECK(db_exec(&db, "COMMIT; BEGIN;") == 0);
	for (i = 0; i < 4; i++)
		CHECK(db_run(&db, CHANGE, "i", (int64_t)i) == 0);
	for (i = 601; i <= 1200; i++)
		add(&db, i, 3000);
	CHECK(db_run(&db, CHANGE, "i", (int64_t)1) == 0);
	CHECK(db_exec(&db, "COMMIT") == 0);
	/* Before anything is read again: nothing may be held back. */
	slurp(live, &file);
	snprintf(name, sizeof(name), "%s-wal", live);
	slurp(name, &wal);
	remember(&db);
	CHECK(wal.len > 1200 * FRAME);
	CHECK(look_at(&file, &wal, wal.len) == NEWEST);
	forget(copy);
	put_copy(copy, &file, file.len);
	put_copy(copy_wal, &wal, wal.len);
	CHECK(sqlite3_open_v2(copy, &h, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK && sqlite3_prepare_v2(h,
	    "SELECT total(v), count(*) FROM t", -1, &st, NULL) == SQLITE_OK);
	CHECK(sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_int(st, 1) == 1200 && sqlite3_column_double(st,
	    0) == 1000.0 * 1200 * 1201 / 2 + 600 * 7 + 600);
	sqlite3_finalize(st);
	sqlite3_close(h);
	db_close(&db);
	buf_free(&file);
	buf_free(&wal);
}

static void
flip_file(const char *path, off_t at)
{
	uint8_t	 byte = 0;
	int	 fd = open(path, O_RDWR);

	CHECK(fd != -1 && pread(fd, &byte, 1, at) == 1);
	byte ^= 4;
	CHECK(pwrite(fd, &byte, 1, at) == 1);
	close(fd);
}

/* Where the log has the page of a frame that no later one replaces. */
static off_t
last_of_its_page(const struct buf *wal)
{
	const uint8_t	*end = wal->data + wal->len, *f, *g;

	for (f = wal->data + DB_WAL_HEADER; f < end; f += FRAME) {
		for (g = f + FRAME; g < end; g += FRAME)
			if (db_wal_number(g) == db_wal_number(f))
				break;
		if (g >= end)
			break;
	}
	return f - wal->data + DB_WAL_FRAME;
}

/* Under an open connection: it fails, for good. */
static void
test_open(void)
{
	struct buf	 file, b = BUF_INIT;
	struct db	 db, reader;
	char		 name[80];
	int		 i;

	make_file(&file);
	CHECK(db_open(&db, live, false, false, sql, NSQL) == 0);
	CHECK(db_st(&db, READ) != NULL);
	flip_file(live, (off_t)file.len - DB_PAGE + 500);
	CHECK(content(&db, &b) == -1 && db.failed);
	CHECK(db_st(&db, READ) == NULL);
	db_close(&db);
	buf_free(&file);
	buf_free(&b);

	/* In the log, for a reader and for what moves it to the file. */
	create(&db);
	for (i = 1; i <= 20; i++)
		add(&db, i, 3000);
	CHECK(db_open(&reader, live, false, true, sql, NSQL) == 0);
	snprintf(name, sizeof(name), "%s-wal", live);
	slurp(name, &file);
	flip_file(name, last_of_its_page(&file) + 1000);
	CHECK(content(&reader, &b) == -1 && reader.failed);
	for (; i <= 3000 && !db.failed; i++)
		add(&db, i, 3000);
	CHECK_ROW(db.failed && i > 300 && i < 2100, "%d", i);
	db_close(&reader);
	db_close(&db);
	buf_free(&file);
	buf_free(&b);
}

/* One of SQLite's own making has no room for checksums. */
static void
test_old(void)
{
	struct db	 db;
	sqlite3		*h;

	forget(live);
	CHECK(sqlite3_open_v2(live, &h, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE, NULL) == SQLITE_OK && sqlite3_exec(h,
	    "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
	    "CREATE TABLE t(id INTEGER PRIMARY KEY)", NULL, NULL, NULL) ==
	    SQLITE_OK);
	sqlite3_close(h);
	CHECK(!db_whole(live));
	CHECK(db_open(&db, live, false, false, sql, NSQL) == -1);
}

static void
test_sums(void)
{
	uint8_t	 page[DB_PAGE];
	int	 i;

	memset(page, 0, sizeof(page));
	CHECK(!db_sum_right(page, 0) && !db_sum_right(page, 1) &&
	    !db_sum_of_any(page));
	for (i = 0; i < DB_PAGE; i++)
		page[i] = (uint8_t)random();
	CHECK(!db_sum_of_any(page));
	db_sum_seal(page, 7);
	CHECK(db_sum_right(page, 7) && !db_sum_right(page, 8) &&
	    db_sum_of_any(page));
	db_sum_seal_wal(page, 8);
	CHECK(db_sum_right(page, 8) && !db_sum_right(page, 7));
	/* Two highest bits must not make up for one another. */
	for (i = 0; i + 24 < DB_PAGE - DB_RESERVE; i += 8) {
		page[i + 7] ^= 0x80;
		page[i + 31] ^= 0x80;
		CHECK_ROW(!db_sum_of_any(page), "%d", i);
		page[i + 7] ^= 0x80;
		page[i + 31] ^= 0x80;
	}
}

int
main(void)
{
	log_init("db_vfs_test");
	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(live, sizeof(live), "%s/live", dir);
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	snprintf(copy_wal, sizeof(copy_wal), "%s-wal", copy);
	test_sums();
	test_flips();
	test_places();
	test_wal_flips();
	test_wal_places();
	test_large();
	test_open();
	test_old();
	forget_states();
	forget(live);
	forget(copy);
	rmdir(dir);
	return TEST_END();
}

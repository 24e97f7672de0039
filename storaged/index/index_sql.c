/*
 * The schema of a user's local files and every statement on them.
 *
 * mail and fact are what FETCH of flags, sizes and dates and STORE touch:
 * groups of messages in the order of UIDs (mailset.h), and no second index.
 * msg is a message's bytes: COPY shares it; its number m is that of the ADD
 * record.  gone holds the tombstones, one row an EXPUNGE; past the messages
 * that were expunged while a session might still show them to its client
 * (past.c), a row each.  dkey holds the keys of the deliveries of a day.
 */
#include "storaged/index/index_sql.h"

const char index_schema[] =
"CREATE TABLE meta(one INTEGER PRIMARY KEY, version INTEGER, boot TEXT,"
" clean INTEGER, history BLOB, commitno INTEGER, nonce BLOB,"
" records INTEGER, uidvalidity INTEGER);"
"CREATE TABLE box(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
" uidvalidity INTEGER, uidnext INTEGER, use INTEGER, messages INTEGER,"
" unseen INTEGER, deleted INTEGER, size INTEGER, modseq INTEGER);"
"CREATE TABLE sub(name TEXT PRIMARY KEY) WITHOUT ROWID;"
"CREATE TABLE mail(box INTEGER, upto INTEGER, state BLOB,"
" PRIMARY KEY(box, upto)) WITHOUT ROWID;"
"CREATE TABLE fact(box INTEGER, upto INTEGER, facts BLOB,"
" PRIMARY KEY(box, upto)) WITHOUT ROWID;"
"CREATE TABLE msg(m INTEGER PRIMARY KEY, refs INTEGER, msgid BLOB,"
" thread INTEGER, wh INTEGER, codec INTEGER, object BLOB,"
" commitno INTEGER, off INTEGER, stored INTEGER, dlen INTEGER, sha BLOB);"
"CREATE TABLE past(box INTEGER, uid INTEGER, flags INTEGER, kw INTEGER,"
" modseq INTEGER, size INTEGER, date INTEGER, zone INTEGER,"
" savedate INTEGER, m INTEGER, gone INTEGER, PRIMARY KEY(box, uid))"
" WITHOUT ROWID;"
"CREATE TABLE gone(box INTEGER, modseq INTEGER, uids BLOB,"
" PRIMARY KEY(box, modseq)) WITHOUT ROWID;"
"CREATE TABLE kw(id INTEGER PRIMARY KEY AUTOINCREMENT,"
" name TEXT NOT NULL UNIQUE COLLATE NOCASE, uses INTEGER);"
"CREATE TABLE kwset(id INTEGER PRIMARY KEY, nums BLOB NOT NULL UNIQUE,"
" refs INTEGER);"
"CREATE TABLE boxkw(box INTEGER, kw INTEGER, PRIMARY KEY(box, kw))"
" WITHOUT ROWID;"
"CREATE INDEX kwbox ON boxkw(kw);"
"CREATE TABLE mid(h INTEGER PRIMARY KEY, thread INTEGER);"
"CREATE TABLE dkey(k BLOB PRIMARY KEY, date INTEGER) WITHOUT ROWID;"
"CREATE INDEX dkeydate ON dkey(date);"
"CREATE TABLE recent(box INTEGER PRIMARY KEY, uid INTEGER);";

const char index_cold_schema[] =
"CREATE TABLE meta(one INTEGER PRIMARY KEY, version INTEGER, boot TEXT,"
" clean INTEGER, history BLOB, records INTEGER);"
"CREATE TABLE digest(m INTEGER PRIMARY KEY, len INTEGER, codec INTEGER,"
" data BLOB);";

#define BOX_COLS "id, name, uidvalidity, uidnext, use, messages, unseen," \
    " deleted, size, modseq"
#define META_COLS "uid, flags, kw, modseq, date, zone, size, savedate, m"
#define PLACE_COLS "wh, codec, object, commitno, off, stored, dlen, sha"
#define PASSED "box = ?1 AND gone <= ?2 AND uid <= ?3"
#define RUN "m BETWEEN ?1 AND ?2"
#define GROUP "box = ?1 AND upto = ?2"

const char *const index_sql[ST_MAX] = {
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_READ] = "BEGIN",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_SAVE] = "SAVEPOINT e",
	[ST_RELEASE] = "RELEASE e",
	[ST_BACK] = "ROLLBACK TO e",

	[ST_META_GET] = "SELECT version, boot, clean, history, commitno,"
	    " nonce, records, uidvalidity FROM meta WHERE one = 1",
	[ST_META_SET] = "INSERT OR REPLACE INTO meta VALUES"
	    " (1, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_META_CLEAN] = "UPDATE meta SET clean = ?, boot = ?",

	[ST_BOX_BY_NAME] = "SELECT " BOX_COLS " FROM box WHERE name = ?",
	[ST_BOX_BY_ID] = "SELECT " BOX_COLS " FROM box WHERE id = ?",
	[ST_BOX_BY_USE] = "SELECT " BOX_COLS " FROM box WHERE use & ?1 != 0"
	    " ORDER BY name LIMIT 1",
	[ST_BOX_ALL] = "SELECT " BOX_COLS " FROM box ORDER BY id",
	[ST_BOX_COUNT] = "SELECT count(*) FROM box",
	[ST_BOX_USAGE] = "SELECT ifnull(sum(size), 0),"
	    " ifnull(sum(messages), 0) FROM box",
	[ST_BOX_CHILDREN] = "SELECT id, name FROM box"
	    " WHERE name >= ?1 AND name < ?2 ORDER BY name",
	[ST_BOX_PAGE] = "SELECT " BOX_COLS " FROM box WHERE name > ?1"
	    " ORDER BY name LIMIT ?2",
	[ST_BOX_INSERT] = "INSERT INTO box VALUES"
	    " (?, ?, ?, 1, ?, 0, 0, 0, 0, ?)",
	[ST_BOX_RENAME] = "UPDATE box SET name = ?2 WHERE id = ?1",
	[ST_BOX_DELETE] = "DELETE FROM box WHERE id = ?",
	[ST_BOX_DROP_MAIL] = "DELETE FROM mail WHERE box = ?",
	[ST_BOX_DROP_FACT] = "DELETE FROM fact WHERE box = ?",
	[ST_BOX_DROP_GONE] = "DELETE FROM gone WHERE box = ?",
	[ST_BOX_DROP_KW] = "DELETE FROM boxkw WHERE box = ?",
	[ST_BOX_DROP_RECENT] = "DELETE FROM recent WHERE box = ?",
	[ST_BOX_ADDED] = "UPDATE box SET uidnext = ?2,"
	    " messages = messages + ?3, unseen = unseen + ?4,"
	    " deleted = deleted + ?5, size = size + ?6, modseq = ?7"
	    " WHERE id = ?1",
	[ST_BOX_FLAGGED] = "UPDATE box SET unseen = unseen + ?2,"
	    " deleted = deleted + ?3, modseq = ?4 WHERE id = ?1",
	[ST_BOX_EXPUNGED] = "UPDATE box SET messages = messages - ?2,"
	    " unseen = unseen - ?3, deleted = deleted - ?4,"
	    " size = size - ?5, modseq = ?6 WHERE id = ?1",
	[ST_SUB_HAS] = "SELECT 1 FROM sub WHERE name = ?",
	[ST_SUB_ADD] = "INSERT OR IGNORE INTO sub VALUES (?)",
	[ST_SUB_DEL] = "DELETE FROM sub WHERE name = ?",
	[ST_SUB_ORPHANS] = "SELECT name FROM sub WHERE name > ?1"
	    " AND name NOT IN (SELECT name FROM box) ORDER BY name LIMIT ?2",
	[ST_SUB_COUNT] = "SELECT count(*) FROM sub",

	[ST_MSG_INSERT] = "INSERT INTO msg VALUES"
	    " (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_MAIL_AT] = "SELECT upto, state FROM mail WHERE box = ?1"
	    " AND upto >= ?2 ORDER BY upto LIMIT 1",
	[ST_MAIL_BELOW] = "SELECT upto, state FROM mail WHERE box = ?1"
	    " AND upto < ?2 ORDER BY upto DESC LIMIT 1",
	[ST_MAIL_PUT] = "INSERT OR REPLACE INTO mail VALUES (?, ?, ?)",
	[ST_MAIL_REKEY] = "UPDATE mail SET upto = ?3 WHERE " GROUP,
	[ST_MAIL_DEL] = "DELETE FROM mail WHERE " GROUP,
	[ST_FACT_AT] = "SELECT facts FROM fact WHERE " GROUP,
	[ST_FACT_PUT] = "INSERT OR REPLACE INTO fact VALUES (?, ?, ?)",
	[ST_FACT_REKEY] = "UPDATE fact SET upto = ?3 WHERE " GROUP,
	[ST_FACT_DEL] = "DELETE FROM fact WHERE " GROUP,
	[ST_REF_ADD] = "UPDATE msg SET refs = refs + 1 WHERE " RUN,
	[ST_REF_DROP] = "UPDATE msg SET refs = refs - 1 WHERE " RUN,
	[ST_REF_DEAD] = "SELECT m, wh, object FROM msg WHERE " RUN
	    " AND refs = 1",
	[ST_REF_FREE] = "DELETE FROM msg WHERE " RUN " AND refs = 1",
	[ST_REF_FREE_PAST] = "DELETE FROM msg WHERE " RUN " AND refs = 0"
	    " AND m NOT IN (SELECT m FROM past)",
	[ST_GONE_ADD] = "INSERT INTO gone VALUES (?, ?, ?)",

	[ST_PAST_ADD] = "INSERT OR REPLACE INTO past VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_PAST_COUNT] = "SELECT count(*) FROM past",
	[ST_PAST_BOX] = "SELECT box FROM past WHERE box > ?1"
	    " ORDER BY box LIMIT 1",
	[ST_PAST_UPTO] = "SELECT max(uid) FROM (SELECT uid FROM past"
	    " WHERE box = ?1 AND gone <= ?2 ORDER BY uid LIMIT ?3)",
	[ST_PAST_FREE] = "DELETE FROM msg WHERE refs = 0"
	    " AND m IN (SELECT m FROM past WHERE " PASSED ")"
	    " AND m NOT IN (SELECT m FROM past WHERE NOT (" PASSED "))",
	[ST_PAST_DROP] = "DELETE FROM past WHERE " PASSED,

	[ST_PAST_META] = "SELECT " META_COLS " FROM past WHERE box = ?1"
	    " AND uid >= ?2 ORDER BY uid",
	[ST_PLACES] = "SELECT m, " PLACE_COLS " FROM msg WHERE " RUN
	    " ORDER BY m",
	[ST_PLACE] = "SELECT msgid, thread, " PLACE_COLS
	    " FROM msg WHERE m = ?",

	[ST_KW_BY_NAME] = "SELECT id FROM kw WHERE name = ?",
	[ST_KW_INSERT] = "INSERT INTO kw(name, uses) VALUES (?, 0)",
	[ST_KW_COUNT] = "SELECT count(*) FROM kw",
	[ST_KW_USE] = "UPDATE kw SET uses = uses + ?2 WHERE id = ?1",
	[ST_KW_UNUSED] = "SELECT id, name FROM kw WHERE uses = 0"
	    " ORDER BY id",
	[ST_KW_DELETE] = "DELETE FROM kw WHERE id = ? AND uses = 0",
	[ST_KW_FULL] = "SELECT count(*) >= ? AND min(uses) > 0 FROM kw",
	[ST_KWSET_BY_ID] = "SELECT nums FROM kwset WHERE id = ?",
	[ST_KWSET_BY_NUMS] = "SELECT id FROM kwset WHERE nums = ?",
	[ST_KWSET_INSERT] = "INSERT INTO kwset(nums, refs) VALUES (?, 0)",
	[ST_KWSET_REFS] = "SELECT refs FROM kwset WHERE id = ?",
	[ST_KWSET_USE] = "UPDATE kwset SET refs = ?2 WHERE id = ?1",
	[ST_BOXKW_HAS] = "SELECT 1 FROM boxkw WHERE box = ? AND kw = ?",
	[ST_BOXKW_ADD] = "INSERT OR IGNORE INTO boxkw VALUES (?, ?)",
	[ST_BOXKW_FORGET] = "DELETE FROM boxkw WHERE kw = ?",
	[ST_BOXKW_ALL] = "SELECT boxkw.kw, kw.name FROM boxkw JOIN kw"
	    " ON kw.id = boxkw.kw WHERE box = ? ORDER BY boxkw.kw",

	[ST_MID_GET] = "SELECT thread FROM mid WHERE h = ?",
	[ST_MID_ADD] = "INSERT OR IGNORE INTO mid VALUES (?, ?)",
	[ST_DKEY_GET] = "SELECT 1 FROM dkey WHERE k = ? AND date >= ?",
	[ST_DKEY_LIKE] = "SELECT 1 FROM dkey WHERE k BETWEEN ? AND ? AND "
	    "date >= ?",
	[ST_DKEY_ADD] = "INSERT OR REPLACE INTO dkey VALUES (?, ?)",
	[ST_DKEY_PRUNE] = "DELETE FROM dkey WHERE date < ?",
	[ST_RECENT_GET] = "SELECT uid FROM recent WHERE box = ?",
	[ST_RECENT_SET] = "INSERT OR REPLACE INTO recent VALUES (?, ?)",
};

const char *const index_cold_sql[COLD_MAX] = {
	[COLD_META_GET] = "SELECT version, boot, clean, history, records"
	    " FROM meta WHERE one = 1",
	[COLD_META_SET] = "INSERT OR REPLACE INTO meta VALUES"
	    " (1, ?, ?, ?, ?, ?)",
	[COLD_GET] = "SELECT m, len, codec, data FROM digest"
	    " WHERE m BETWEEN ?1 AND ?2 ORDER BY m",
	[COLD_PUT] = "INSERT OR IGNORE INTO digest VALUES"
	    " (?, ?, ?, ?)",
	[COLD_DEL] = "DELETE FROM digest WHERE m = ?",
	[COLD_BEGIN] = "BEGIN",
	[COLD_COMMIT] = "COMMIT",
};

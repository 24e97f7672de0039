/*
 * The schema of a user's local files and every statement on them.
 *
 * mail is what FETCH of flags, sizes and dates and STORE touch: one narrow
 * row a message, in the order of UIDs, and no second index (one on MODSEQ
 * costs six times on STORE 1:*).  msg is a message's bytes: COPY shares it;
 * its number m is that of the ADD record.  gone holds the tombstones, one
 * row an EXPUNGE; past the rows of what was expunged while a session might
 * still show it to its client (past.c).
 */
#include "storaged/index_sql.h"

const char index_schema[] =
"CREATE TABLE meta(one INTEGER PRIMARY KEY, version INTEGER, boot TEXT,"
" clean INTEGER, history BLOB, commitno INTEGER, nonce BLOB,"
" records INTEGER, uidvalidity INTEGER);"
"CREATE TABLE box(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
" uidvalidity INTEGER, uidnext INTEGER, use INTEGER, messages INTEGER,"
" unseen INTEGER, deleted INTEGER, size INTEGER, modseq INTEGER);"
"CREATE TABLE sub(name TEXT PRIMARY KEY) WITHOUT ROWID;"
"CREATE TABLE mail(box INTEGER, uid INTEGER, flags INTEGER, kw INTEGER,"
" modseq INTEGER, size INTEGER, date INTEGER, zone INTEGER,"
" savedate INTEGER, m INTEGER, PRIMARY KEY(box, uid)) WITHOUT ROWID;"
"CREATE TABLE msg(m INTEGER PRIMARY KEY, refs INTEGER, msgid BLOB,"
" thread INTEGER, wh INTEGER, codec INTEGER, object BLOB,"
" commitno INTEGER, off INTEGER, stored INTEGER, dlen INTEGER, sha BLOB);"
"CREATE TABLE past(box INTEGER, uid INTEGER, flags INTEGER, kw INTEGER,"
" modseq INTEGER, size INTEGER, date INTEGER, zone INTEGER,"
" savedate INTEGER, m INTEGER, gone INTEGER, PRIMARY KEY(box, uid))"
" WITHOUT ROWID;"
"CREATE TABLE gone(box INTEGER, modseq INTEGER, uids BLOB,"
" PRIMARY KEY(box, modseq)) WITHOUT ROWID;"
"CREATE TABLE kw(id INTEGER PRIMARY KEY,"
" name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
"CREATE TABLE kwset(id INTEGER PRIMARY KEY, nums BLOB NOT NULL UNIQUE);"
"CREATE TABLE boxkw(box INTEGER, kw INTEGER, PRIMARY KEY(box, kw))"
" WITHOUT ROWID;"
"CREATE TABLE mid(h INTEGER PRIMARY KEY, thread INTEGER);"
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
#define SPAN "box = ?1 AND uid BETWEEN ?2 AND ?3 AND inset(uid)"

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
	[ST_BOX_ALL] = "SELECT " BOX_COLS " FROM box ORDER BY id",
	[ST_BOX_COUNT] = "SELECT count(*) FROM box",
	[ST_BOX_CHILDREN] = "SELECT id, name FROM box"
	    " WHERE name >= ?1 AND name < ?2 ORDER BY name",
	[ST_BOX_PAGE] = "SELECT " BOX_COLS " FROM box WHERE name > ?1"
	    " ORDER BY name LIMIT ?2",
	[ST_BOX_INSERT] = "INSERT INTO box VALUES"
	    " (?, ?, ?, 1, ?, 0, 0, 0, 0, ?)",
	[ST_BOX_RENAME] = "UPDATE box SET name = ?2 WHERE id = ?1",
	[ST_BOX_DELETE] = "DELETE FROM box WHERE id = ?",
	[ST_BOX_DROP_MAIL] = "DELETE FROM mail WHERE box = ?",
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
	[ST_MAIL_INSERT] = "INSERT INTO mail VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_FLAGS_SUM] = "SELECT count(*), total((flags & 1) = 0),"
	    " total((flags & 8) != 0) FROM mail WHERE " SPAN,
	[ST_FLAGS_SET] = "UPDATE mail SET flags = ?4, kw = ?6, modseq = ?5"
	    " WHERE " SPAN,
	[ST_FLAGS_ADD] = "UPDATE mail SET flags = flags | ?4,"
	    " kw = kwmap(kw), modseq = ?5 WHERE " SPAN,
	[ST_FLAGS_REMOVE] = "UPDATE mail SET flags = flags & ~?4,"
	    " kw = kwmap(kw), modseq = ?5 WHERE " SPAN,
	[ST_SPAN_SUM] = "SELECT count(*), total((flags & 1) = 0),"
	    " total((flags & 8) != 0), total(size) FROM mail WHERE " SPAN,
	[ST_SPAN_UNREF] = "UPDATE msg SET refs = refs - x.c FROM"
	    " (SELECT m, count(*) AS c FROM mail WHERE " SPAN
	    " GROUP BY m) AS x WHERE msg.m = x.m",
	[ST_SPAN_DEAD] = "SELECT msg.m, wh, object FROM msg WHERE refs = 0"
	    " AND m IN (SELECT m FROM mail WHERE " SPAN ")",
	[ST_SPAN_FREE] = "DELETE FROM msg WHERE refs = 0"
	    " AND m IN (SELECT m FROM mail WHERE " SPAN ")",
	[ST_SPAN_RETIRE] = "UPDATE msg SET refs = -1 WHERE refs = 0"
	    " AND m IN (SELECT m FROM mail WHERE " SPAN ")",
	[ST_SPAN_PAST] = "INSERT OR REPLACE INTO past SELECT box, uid, flags,"
	    " kw, modseq, size, date, zone, savedate, m, ?4 FROM mail"
	    " WHERE " SPAN,
	[ST_SPAN_DELETE] = "DELETE FROM mail WHERE " SPAN,
	[ST_SPAN_REF] = "UPDATE msg SET refs = refs + x.c FROM"
	    " (SELECT m, count(*) AS c FROM mail WHERE " SPAN
	    " GROUP BY m) AS x WHERE msg.m = x.m",
	[ST_SPAN_COPY] = "INSERT INTO mail SELECT ?4, ?5 + setrank(uid),"
	    " flags, kw, ?6, size, date, zone, ?7, m FROM mail WHERE " SPAN
	    " ORDER BY uid",
	[ST_GONE_ADD] = "INSERT INTO gone VALUES (?, ?, ?)",
	[ST_BOX_UNREF] = "UPDATE msg SET refs = refs - x.c FROM"
	    " (SELECT m, count(*) AS c FROM mail WHERE box = ?1"
	    " GROUP BY m) AS x WHERE msg.m = x.m",
	[ST_BOX_DEAD] = "SELECT m, wh, object FROM msg WHERE refs = 0"
	    " AND m IN (SELECT m FROM mail WHERE box = ?1)",
	[ST_BOX_FREE] = "DELETE FROM msg WHERE refs = 0"
	    " AND m IN (SELECT m FROM mail WHERE box = ?1)"
	    " AND m NOT IN (SELECT m FROM past)",

	[ST_PAST_COUNT] = "SELECT count(*) FROM past",
	[ST_PAST_BOX] = "SELECT box FROM past WHERE box > ?1"
	    " ORDER BY box LIMIT 1",
	[ST_PAST_UPTO] = "SELECT max(uid) FROM (SELECT uid FROM past"
	    " WHERE box = ?1 AND gone <= ?2 ORDER BY uid LIMIT ?3)",
	[ST_PAST_FREE] = "DELETE FROM msg WHERE refs <= 0"
	    " AND m IN (SELECT m FROM past WHERE " PASSED ")"
	    " AND m NOT IN (SELECT m FROM past WHERE NOT (" PASSED "))",
	[ST_PAST_DROP] = "DELETE FROM past WHERE " PASSED,

	[ST_SPAN_UIDS] = "SELECT uid FROM mail WHERE " SPAN " ORDER BY uid",
	[ST_SPAN_NTH] = "SELECT count(*), max(uid) FROM (SELECT uid FROM mail"
	    " WHERE " SPAN " ORDER BY uid LIMIT ?4)",
	[ST_SPAN_DELETED] = "SELECT uid FROM mail WHERE " SPAN
	    " AND (flags & 8) != 0 ORDER BY uid",
	[ST_SPAN_KW] = "SELECT DISTINCT kw FROM mail WHERE " SPAN,
	[ST_SPAN_NEWER] = "SELECT uid FROM mail WHERE " SPAN
	    " AND modseq > ?4 ORDER BY uid",
	[ST_WANT_ADD] = "SELECT uid FROM mail WHERE " SPAN
	    " AND modseq <= ?5 AND ((flags & ?4) != ?4 OR kwmap(kw) != kw)"
	    " ORDER BY uid",
	[ST_WANT_REMOVE] = "SELECT uid FROM mail WHERE " SPAN
	    " AND modseq <= ?5 AND ((flags & ?4) != 0 OR kwmap(kw) != kw)"
	    " ORDER BY uid",
	[ST_WANT_SET] = "SELECT uid FROM mail WHERE " SPAN
	    " AND modseq <= ?5 AND (flags != ?4 OR kw != ?6) ORDER BY uid",
	[ST_FIRST_UNSEEN] = "SELECT uid FROM mail WHERE box = ?"
	    " AND (flags & 1) = 0 ORDER BY uid LIMIT 1",
	[ST_COUNT_FROM] = "SELECT count(*) FROM mail WHERE box = ?"
	    " AND uid >= ?",
	[ST_SCAN_UIDS] = "SELECT uid, flags FROM mail WHERE box = ?1"
	    " AND uid > ?2 ORDER BY uid LIMIT ?3",
	[ST_SCAN_META] = "SELECT " META_COLS " FROM mail WHERE " SPAN
	    " ORDER BY uid LIMIT ?4",
	[ST_SCAN_META_PAST] = "SELECT " META_COLS " FROM mail WHERE " SPAN
	    " UNION ALL SELECT " META_COLS " FROM past WHERE " SPAN
	    " ORDER BY 1 LIMIT ?4",
	[ST_SCAN_PLACE] = "SELECT uid, mail.m, size, " PLACE_COLS
	    " FROM mail JOIN msg ON msg.m = mail.m WHERE " SPAN
	    " ORDER BY uid LIMIT ?4",
	[ST_SCAN_PLACE_PAST] = "SELECT uid, mail.m, size, " PLACE_COLS
	    " FROM mail JOIN msg ON msg.m = mail.m WHERE " SPAN
	    " UNION ALL SELECT uid, past.m, size, " PLACE_COLS
	    " FROM past JOIN msg ON msg.m = past.m WHERE " SPAN
	    " ORDER BY 1 LIMIT ?4",
	[ST_PLACE] = "SELECT msgid, thread, " PLACE_COLS
	    " FROM msg WHERE m = ?",
	[ST_GONE_SINCE] = "SELECT uids FROM gone WHERE box = ?"
	    " AND modseq > ?",

	[ST_KW_BY_NAME] = "SELECT id FROM kw WHERE name = ?",
	[ST_KW_INSERT] = "INSERT INTO kw VALUES (?, ?)",
	[ST_KW_COUNT] = "SELECT count(*) FROM kw",
	[ST_KW_NAME] = "SELECT name FROM kw WHERE id = ?",
	[ST_KWSET_BY_ID] = "SELECT nums FROM kwset WHERE id = ?",
	[ST_KWSET_BY_NUMS] = "SELECT id FROM kwset WHERE nums = ?",
	[ST_KWSET_INSERT] = "INSERT INTO kwset(nums) VALUES (?)",
	[ST_BOXKW_HAS] = "SELECT 1 FROM boxkw WHERE box = ? AND kw = ?",
	[ST_BOXKW_ADD] = "INSERT OR IGNORE INTO boxkw VALUES (?, ?)",
	[ST_BOXKW_ALL] = "SELECT boxkw.kw, kw.name FROM boxkw JOIN kw"
	    " ON kw.id = boxkw.kw WHERE box = ? ORDER BY boxkw.kw",

	[ST_MID_GET] = "SELECT thread FROM mid WHERE h = ?",
	[ST_MID_ADD] = "INSERT OR IGNORE INTO mid VALUES (?, ?)",
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

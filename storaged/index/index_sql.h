/* Every statement on the hot index, by name; index_sql.c has the text. */
#ifndef STORAGED_INDEX_SQL_H
#define STORAGED_INDEX_SQL_H

#include <stddef.h>

enum index_st {
	/* transactions */
	ST_BEGIN, ST_READ, ST_COMMIT, ST_ROLLBACK, ST_SAVE, ST_RELEASE, ST_BACK,
	/* where the index stands */
	ST_META_GET, ST_META_SET, ST_META_CLEAN,
	/* mailboxes */
	ST_BOX_BY_NAME, ST_BOX_BY_ID, ST_BOX_BY_USE, ST_BOX_ALL, ST_BOX_COUNT,
	ST_BOX_USAGE,
	ST_BOX_CHILDREN, ST_BOX_PAGE, ST_BOX_INSERT, ST_BOX_RENAME,
	ST_BOX_DELETE, ST_BOX_DROP_MAIL, ST_BOX_DROP_FACT, ST_BOX_DROP_GONE,
	ST_BOX_DROP_KW, ST_BOX_DROP_RECENT, ST_BOX_ADDED, ST_BOX_FLAGGED,
	ST_BOX_EXPUNGED,
	ST_SUB_HAS, ST_SUB_ADD, ST_SUB_DEL, ST_SUB_ORPHANS, ST_SUB_COUNT,
	/* messages: groups, and what they refer to */
	ST_MAIL_AT, ST_MAIL_BELOW, ST_MAIL_PUT, ST_MAIL_REKEY,
	ST_MAIL_DEL, ST_FACT_AT, ST_FACT_PUT, ST_FACT_REKEY, ST_FACT_DEL,
	ST_MSG_INSERT, ST_REF_ADD, ST_REF_DROP, ST_REF_DEAD, ST_REF_FREE,
	ST_REF_FREE_PAST, ST_PLACE, ST_PLACES, ST_GONE_ADD,
	/* what was expunged, while a client may not have heard of it */
	ST_PAST_ADD, ST_PAST_COUNT, ST_PAST_BOX, ST_PAST_UPTO, ST_PAST_FREE,
	ST_PAST_DROP, ST_PAST_META,
	/* keywords */
	ST_KW_BY_NAME, ST_KW_INSERT, ST_KW_COUNT, ST_KW_USE, ST_KW_UNUSED,
	ST_KW_DELETE, ST_KW_FULL, ST_KWSET_BY_ID, ST_KWSET_BY_NUMS,
	ST_KWSET_INSERT, ST_KWSET_REFS, ST_KWSET_USE, ST_BOXKW_HAS,
	ST_BOXKW_ADD, ST_BOXKW_ALL, ST_BOXKW_FORGET,
	/* threads; deliveries of late; what is recent here */
	ST_MID_GET, ST_MID_ADD, ST_DKEY_GET, ST_DKEY_LIKE,
	ST_DKEY_ADD, ST_DKEY_PRUNE,
	ST_RECENT_GET, ST_RECENT_SET,
	ST_MAX
};

extern const char *const index_sql[ST_MAX];
extern const char index_schema[];
extern const char index_cold_schema[];

enum cold_st { COLD_META_GET, COLD_META_SET, COLD_GET, COLD_PUT, COLD_DEL,
    COLD_BEGIN, COLD_COMMIT, COLD_MAX };
extern const char *const index_cold_sql[COLD_MAX];

#endif

/*
 * The examples of pail-bucket.5 as structs, and the reader of the page's
 * hex.  For tests; not in the daemon.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/format/codec.h"
#include "storaged/format/format_example.h"

#define INBOX	0x0123456789abcdefULL
#define TRASH	0xfedcba9876543210ULL
#define ID	{ 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, \
		  0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf }
#define KEY	{ 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, \
    0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf }
#define SUM	{ 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f }

const uint8_t	example_history[16] = { 0x48, 0x69, 0x73, 0x74, 0x6f, 0x72,
		    0x79, 0x20, 0x6f, 0x66, 0x20, 0x61, 0x6e, 0x6e, 0x2e,
		    0x00 };

static struct str	keywords[] = { { "$Forwarded", 10 }, { "work", 4 } };
static struct uidrange	some_uids[] = { { 1, 3 }, { 7, 7 } };
static struct uidrange	one_uid[] = { { 42, 42 } };
static struct uidrange	many_uids[] = { { 1, 6046 } };

struct example_record	example_records[] = {
	{ "CREATE", { .type = RECORD_CREATE, .box = INBOX,
	    .name = { "INBOX", 5 }, .uidvalidity = 1700000000 } },
	{ "CREATE with a special use", { .type = RECORD_CREATE, .box = TRASH,
	    .name = { "Trash", 5 }, .uidvalidity = 1700000001,
	    .use = MBOX_USE_TRASH } },
	{ "RENAME", { .type = RECORD_RENAME, .box = TRASH,
	    .name = { "Bin/Old", 7 } } },
	{ "DELETE", { .type = RECORD_DELETE, .box = TRASH } },
	{ "SUBSCRIBE", { .type = RECORD_SUBSCRIBE, .name = { "INBOX", 5 },
	    .on = true } },
	{ "SUBSCRIBE, no longer", { .type = RECORD_SUBSCRIBE,
	    .name = { "INBOX", 5 } } },
	{ "ADD, inline", { .type = RECORD_ADD, .box = INBOX, .uid = 42,
	    .date = 1700000000, .savedate = 1700000060, .size = 4096,
	    .msgid = ID, .threadid = 0x1122334455667788ULL,
	    .place = { .where = RECORD_INLINE, .codec = CODEC_ZSTD,
	    .offset = 300, .stored = 1800, .digest_len = 700,
	    .sha256 = SUM } } },
	{ "ADD, with a Message-ID", { .type = RECORD_ADD, .box = INBOX,
	    .uid = 42, .date = 1700000000, .savedate = 1700000060,
	    .size = 4096, .msgid = ID, .threadid = 0x1122334455667788ULL,
	    .mid = 0x99aabbccddeeff01ULL,
	    .place = { .where = RECORD_INLINE, .codec = CODEC_ZSTD,
	    .offset = 300, .stored = 1800, .digest_len = 700,
	    .sha256 = SUM } } },
	{ "ADD, in a pack", { .type = RECORD_ADD, .box = INBOX, .uid = 43,
	    .flags = MBOX_SEEN | MBOX_FLAGGED, .keywords = keywords,
	    .nkeywords = 2, .date = -1, .zone = -570, .savedate = 1700000061,
	    .size = 10, .msgid = ID, .threadid = 1,
	    .place = { .where = RECORD_PACK, .codec = CODEC_NONE,
	    .object = ID, .offset = 96, .stored = 20, .digest_len = 10,
	    .sha256 = SUM } } },
	{ "ADD, a large message", { .type = RECORD_ADD, .box = INBOX,
	    .uid = 44, .date = 1700000000, .zone = 60,
	    .savedate = 1700000062, .size = 67108864, .msgid = ID,
	    .threadid = 2, .place = { .where = RECORD_MSG,
	    .codec = CODEC_ZSTD, .object = ID, .stored = 50000000,
	    .digest_len = 20000, .sha256 = SUM } } },
	{ "COPY", { .type = RECORD_COPY, .box = INBOX,
	    .uids = { many_uids, 1, 1 }, .dst = TRASH, .dst_first = 100,
	    .savedate = 1700000063 } },
	{ "FLAGS, set to none", { .type = RECORD_FLAGS, .box = INBOX,
	    .uids = { one_uid, 1, 1 } } },
	{ "FLAGS, added", { .type = RECORD_FLAGS, .box = INBOX,
	    .uids = { some_uids, 2, 2 }, .how = MBOX_STORE_ADD,
	    .flags = MBOX_SEEN, .keywords = keywords, .nkeywords = 1 } },
	{ "FLAGS, removed", { .type = RECORD_FLAGS, .box = INBOX,
	    .uids = { one_uid, 1, 1 }, .how = MBOX_STORE_REMOVE,
	    .flags = MBOX_DELETED } },
	{ "FLAGS, a keyword in place of one that nothing uses",
	    { .type = RECORD_FLAGS, .box = INBOX, .uids = { one_uid, 1, 1 },
	    .how = MBOX_STORE_ADD, .keywords = keywords, .nkeywords = 1,
	    .forget = keywords + 1, .nforget = 1 } },
	{ "EXPUNGE", { .type = RECORD_EXPUNGE, .box = INBOX,
	    .uids = { some_uids, 2, 2 } } },
	{ "ADD, delivered", { .type = RECORD_ADD, .box = INBOX,
	    .uid = 42, .date = 1700000000, .savedate = 1700000060,
	    .size = 4096, .msgid = ID, .threadid = 0x1122334455667788ULL,
	    .mid = 0x99aabbccddeeff01ULL, .key = KEY,
	    .place = { .where = RECORD_INLINE, .codec = CODEC_ZSTD,
	    .offset = 300, .stored = 1800, .digest_len = 700,
	    .sha256 = SUM } } },
	{ NULL, { 0 } }
};

static void
fill(uint8_t *p, size_t len, uint8_t v)
{
	memset(p, v, len);
}

static int
add_block(struct blocklist *l, struct block *k)
{
	struct buf	 b = BUF_INIT;
	struct cursor	 c;
	struct block	 d, *copy = NULL;

	if (block_encode(k, &b) == 0) {
		cursor_init(&c, b.data, b.len);
		if (block_decode(&d, &c) == 0)
			copy = block_dup(&d);
	}
	buf_free(&b);
	if (copy == NULL)
		return -1;
	TAILQ_INSERT_TAIL(l, copy, entry);
	return 0;
}

int
example_blocks(struct blocklist *l)
{
	struct buf	 records = BUF_INIT;
	struct block	 k = { .number = 7, .time = 1700000000, .first = 12,
			    .count = 2 };
	int		 ret = -1;

	TAILQ_INIT(l);
	fill(k.nonce, 16, 0x71);
	fill(k.prev, 16, 0x70);
	fill(k.node, 16, 0x0e);
	fill(k.state_hash, 32, 0xd1);
	if (record_encode(&example_records[4].r, &records) == -1 ||
	    record_encode(&example_records[15].r, &records) == -1)
		goto done;
	k.records = records.data;
	k.records_len = records.len;
	k.messages = (const uint8_t *)"(message bytes)";
	k.messages_len = 15;
	if (add_block(l, &k) == -1)
		goto done;
	k.number = 8;			/* an empty commit */
	k.first = 14;
	k.count = 0;
	k.records_len = k.messages_len = 0;
	memcpy(k.prev, k.nonce, 16);
	fill(k.nonce, 16, 0x72);
	ret = add_block(l, &k);
done:
	buf_free(&records);
	return ret;
}

static int
example_lists(struct loglist *logs, struct garbagelist *garbage,
    uint64_t first, uint64_t last, uint64_t record, uint64_t count)
{
	struct logref	 r = { .id = ID, .first = first, .last = last,
			    .first_record = record, .records = count,
			    .size = 81920, .sha256 = SUM };

	return loglist_add(logs, &r) == -1 || garbage_add(garbage,
	    "pack/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", 1700000000) == -1 ?
	    -1 : 0;
}

int
example_head(struct head *h)
{
	struct head_prune	 keep = { HEAD_NODES_KEEP, HEAD_SILENT };
	uint8_t			 node[16], nonce[16];

	head_init(h);
	strlcpy(h->user, EXAMPLE_USER, sizeof(h->user));
	memcpy(h->history, example_history, 16);
	if (example_blocks(&h->blocks) == -1 || example_lists(&h->logs,
	    &h->garbage, 4, 6, 9, 3) == -1)
		return -1;
	h->commit = 8;
	fill(h->nonce, 16, 0x72);
	h->time = 1700000000;
	h->records = 13;
	h->uidvalidity = 1700000001;
	fill(h->state_hash, 32, 0xd1);
	fill(node, 16, 0x0f);
	fill(nonce, 16, 0x6f);
	head_enter(h, node, nonce, 5, 1699999000, &keep);
	fill(node, 16, 0x0e);
	head_enter(h, node, h->nonce, 8, 1700000000, &keep);
	h->floor = 3;
	h->has_manifest = true;
	memcpy(h->manifest, example_records[6].r.msgid, 16);
	memcpy(h->manifest_sha256, example_records[6].r.place.sha256, 32);
	return 0;
}

int
example_manifest(struct manifest *m)
{
	manifest_init(m);
	m->commit = 3;
	return example_lists(&m->logs, &m->garbage, 1, 3, 1, 8);
}

int
example_object(const char *name, struct buf *out)
{
	struct head		 h;
	struct manifest		 m;
	struct blocklist	 l;
	struct logref		 ref = { .id = ID };
	int			 ret = -1;

	if (strcmp(name, "head") == 0) {
		if (example_head(&h) == 0)
			ret = head_encode(&h, NULL, out);
		head_free(&h);
	} else if (strcmp(name, "manifest") == 0) {
		if (example_manifest(&m) == 0)
			ret = manifest_encode(&m, example_history, NULL, out);
		manifest_free(&m);
	} else if (strcmp(name, "log") == 0) {
		if (example_blocks(&l) == 0)
			ret = logobj_encode(example_history, TAILQ_FIRST(&l),
			    TAILQ_LAST(&l, blocklist), &ref, out);
		blocklist_free(&l);
	}
	return ret;
}

/* The hex digits of a line of the page (spaces between): appended. */
static int
hex_line(const char *line, struct buf *out)
{
	unsigned	 v;
	int		 n;

	while (sscanf(line, " %2x%n", &v, &n) == 1) {
		if (buf_put_u8(out, (uint8_t)v) == -1)
			return -1;
		line += n;
	}
	return 0;
}

/*
 * The page marks each with a comment, .\" example: NAME, and a literal
 * display follows it.
 */
int
example_read(const char *name, struct buf *out)
{
	static const char	 mark[] = ".\\\" example: ";
	char			 line[256];
	FILE			*f;
	bool			 found = false, in = false;

	if ((f = fopen(EXAMPLE_PAGE, "r")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, mark, sizeof(mark) - 1) == 0)
			found = strcmp(line + sizeof(mark) - 1, name) == 0;
		else if (found && strncmp(line, ".Bd", 3) == 0)
			in = true;
		else if (found && strncmp(line, ".Ed", 3) == 0)
			break;
		else if (found && in && hex_line(line, out) == -1)
			break;
	}
	fclose(f);
	return in && out->len > 0 ? 0 : -1;
}

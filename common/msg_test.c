/*
 * The message table and the tables of fields: numbers and names agree, what
 * carries a descriptor is one frame, every message filled to its fields'
 * maxima fits what msg.h allows (but for the long ones, where the sender
 * must look), and META rows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/msg.h"
#include "common/msg_auth.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/msg_setup.h"
#include "common/test.h"

static void
test_rules(void)
{
	const struct msg_rule	*r;
	uint32_t		 i, known = 0;

	for (i = 0; i < 70000; i++) {
		if ((r = msg_rule(i)) == NULL) {
			CHECK_ROW(strcmp(msg_name(i), "?") == 0, "%u", i);
			continue;
		}
		known++;
		CHECK_ROW((uint32_t)r->type == i && i <= UINT16_MAX, "%u", i);
		CHECK_ROW(strcmp(msg_name(i), r->name) == 0, "%u", i);
		CHECK_ROW(r->fds == 0 || (r->fds == 1 &&
		    r->max <= MSG_DATA_MAX), "%s", r->name);
		CHECK_ROW(r->max <= MSG_VIEW, "%s", r->name);
		CHECK_ROW((r->channel == MSG_CHANNEL_ANY) ==
		    (i == IMSG_HELLO), "%s", r->name);
	}
	CHECK(known > 50);
	CHECK(msg_rule(UINT32_MAX) == NULL);
	CHECK(msg_rule(IMSG_MBOX_STORE)->sender == MSG_SIDE_A);
	CHECK(msg_rule(IMSG_DATA_CREDIT)->sender == MSG_SIDE_BOTH);
	CHECK(strcmp(proc_kind_name(PROC_AUTHWORKER), "authworker") == 0);
	CHECK(strcmp(proc_kind_name((enum proc_kind)99), "?") == 0);
}

/* The most bytes that a struct can take; UINT64_MAX: no bound here. */
static uint64_t
most(const struct wire_struct *ws)
{
	const struct wire_field	*f;
	uint64_t		 sum = 0, sub;
	size_t			 i;

	for (i = 0; i < ws->nfields; i++) {
		f = &ws->fields[i];
		switch (f->kind) {
		case WIRE_U8:
		case WIRE_BOOL:
			sum += 1;
			break;
		case WIRE_U32:
			sum += 5;
			break;
		case WIRE_U64:
		case WIRE_I64:
			sum += 10;
			break;
		case WIRE_FIX64:
			sum += 8;
			break;
		case WIRE_ID16:
			sum += 16;
			break;
		case WIRE_STR:
		case WIRE_BYTES:
			if (f->max == 0)
				return UINT64_MAX;
			sum += varint_len(f->max) + f->max;
			break;
		case WIRE_SET:
			return UINT64_MAX;
		case WIRE_LIST:
			sub = most(f->sub);
			if (f->max == 0 || sub == UINT64_MAX)
				return UINT64_MAX;
			sum += varint_len(f->max) + f->max * sub;
			break;
		}
	}
	return sum;
}

static void
test_fit(void)
{
	static const struct {
		enum msg_type			 type;
		const struct wire_struct	*ws;
	} rows[] = {
		{ IMSG_SETUP_PEER, &setup_peer_wire },
		{ IMSG_SETUP_LISTEN, &setup_listen_wire },
		{ IMSG_SETUP_READY, &setup_ready_wire },
		{ IMSG_CTL_VERBOSE, &ctl_verbose_wire },
		{ IMSG_CTL_LEAVE, &ctl_leave_wire },
		{ IMSG_CTL_RELOADED, &ctl_reloaded_wire },
		{ IMSG_CTL_COUNTS, &ctl_counts_wire },
		{ IMSG_CTL_REPORT, &ctl_report_wire },
		{ IMSG_CTL_PREAUTH, &ctl_preauth_wire },
		{ IMSG_CTL_REVOKE, &ctl_revoke_wire },
		{ IMSG_SETUP_LOST, &setup_peer_wire },
		{ IMSG_SETUP_WANT, &setup_want_wire },
		{ IMSG_SETUP_GIVE, &setup_give_wire },
		{ IMSG_SETUP_APPS, &setup_apps_wire },
		{ IMSG_CTL_DOING, &ctl_doing_wire },
		{ IMSG_AUTH_START, &auth_start_wire },
		{ IMSG_AUTH_STEP, &auth_bytes_wire },
		{ IMSG_AUTH_CHALLENGE, &auth_bytes_wire },
		{ IMSG_AUTH_OK, &auth_ok_wire },
		{ IMSG_AUTH_NO, &auth_no_wire },
		{ IMSG_GRANT_SESSION, &grant_session_wire },
		{ IMSG_GRANT_REVOKE, &grant_revoke_wire },
		{ IMSG_CRED_KEY, &cred_key_wire },
		{ IMSG_CRED_REFUSED, &cred_refused_wire },
		{ IMSG_WORK_CHECK, &work_check_wire },
		{ IMSG_WORK_RESULT, &work_result_wire },
		{ IMSG_WORK_REVOKE, &work_revoke_wire },
		{ IMSG_MBOX_LIST, &mbox_list_wire },
		{ IMSG_MBOX_CREATE, &mbox_create_wire },
		{ IMSG_MBOX_DELETE, &mbox_delete_wire },
		{ IMSG_MBOX_RENAME, &mbox_rename_wire },
		{ IMSG_MBOX_SUBSCRIBE, &mbox_subscribe_wire },
		{ IMSG_MBOX_SELECT, &mbox_select_wire },
		{ IMSG_MBOX_UNSELECT, &mbox_box_wire },
		{ IMSG_MBOX_IDLE, &mbox_idle_wire },
		{ IMSG_APPEND_OPEN, &append_open_wire },
		{ IMSG_APPEND_MSG, &append_msg_wire },
		{ IMSG_DATA_CREDIT, &data_credit_wire },
		{ IMSG_MBOX_MORE, &mbox_more_wire },
		{ IMSG_MBOX_TRACE, &mbox_trace_wire },
		{ IMSG_SESSION_READY, &session_ready_wire },
		{ IMSG_SESSION_END, &session_end_wire },
		{ IMSG_REPLY_NO, &reply_no_wire },
		{ IMSG_EV_KEYWORDS, &ev_keywords_wire },
		{ IMSG_EV_GONE, &mbox_box_wire },
		{ IMSG_RCPT_OPEN, &rcpt_open_wire },
		{ IMSG_RCPT_OK, &rcpt_ok_wire },
		{ IMSG_RCPT_NO, &rcpt_no_wire },
		{ IMSG_PARCEL_CREDIT, &data_credit_wire },
		{ IMSG_PARCEL_END, &parcel_end_wire },
		{ IMSG_PARCEL_NO, &parcel_no_wire },
		{ IMSG_MBOX_ROOM, &mbox_room_wire }
	};
	size_t i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(most(rows[i].ws) <= msg_rule(rows[i].type)->max,
		    "%s: %llu", msg_name(rows[i].type),
		    (unsigned long long)most(rows[i].ws));
}

static void
test_some_messages(void)
{
	static const char	 user[] = "\0ann\0secret";
	struct mbox_word	 words[2] = { { STR("$Junk") }, { STR("x") } };
	struct mbox_store	 st = { .box = 7, .how = MBOX_STORE_ADD,
	    .flags = MBOX_SEEN, .keywords = { words, 2 },
	    .unchangedsince = UINT64_MAX }, st2;
	struct auth_start	 as = { STR("PLAIN"), true,
	    { user, sizeof(user) - 1 }, true, STR("::1"), 7, STR("x"),
	    STR(""), STR("ann"), STR("") }, as2;
	struct arena		*a = arena_new(0);
	struct buf		 b = BUF_INIT;

	uidset_add(&st.uids, 1, 1000);
	CHECK(wire_encode(&mbox_store_wire, &st, &b) == 0);
	CHECK(wire_decode(&mbox_store_wire, &st2, b.data, b.len, a) == 0);
	CHECK(st2.unchangedsince == UINT64_MAX && st2.how == st.how &&
	    uidset_count(&st2.uids) == 1000 && st2.keywords.n == 2);
	st.flags = 0x20;
	CHECK(wire_encode(&mbox_store_wire, &st, &b) == -1);
	buf_reset(&b);
	CHECK(wire_encode(&auth_start_wire, &as, &b) == 0);
	CHECK(wire_decode(&auth_start_wire, &as2, b.data, b.len, a) == 0);
	CHECK(str_eq(as.initial, as2.initial) && as2.tls && as2.has_initial &&
	    as2.session == 7 && str_eq(as2.exporter, STR("x")));
	uidset_free(&st.uids);
	buf_free(&b);
	arena_free(a);
}

static void
test_meta_rows(void)
{
	static const uint32_t	 keywords[] = { 0, 3, 4, 70000 };
	struct mbox_meta_row	 row = { .uid = UINT32_MAX,
	    .flags = MBOX_SEEN | MBOX_DRAFT, .keywords = keywords,
	    .nkeywords = nitems(keywords), .modseq = 1 << 20,
	    .date = -5, .zone = -330, .size = UINT32_MAX,
	    .savedate = 1700000000, .threadid = 77,
	    .digest = STR("\x01" "digest") }, got;
	struct arena		*a = arena_new(65536);
	struct buf		 b = BUF_INIT;
	uint32_t		 what;
	uint8_t			*copy;
	size_t			 i;

	memcpy(row.msgid, "0123456789abcdef", 16);
	for (what = 0; what < 0x80; what++) {
		buf_reset(&b);
		arena_reset(a);
		CHECK(mbox_meta_row_encode(&row, what, &b) == 0);
		CHECK(mbox_meta_row_decode(&got, what, b.data, b.len, a) == 0);
		CHECK(got.uid == row.uid);
		for (i = 0; i < b.len; i++) {
			copy = malloc(i + 1);
			memcpy(copy, b.data, i);
			CHECK_ROW(mbox_meta_row_decode(&got, what, copy, i,
			    a) == -1, "what %x, prefix %zu", what, i);
			free(copy);
		}
		buf_put_u8(&b, 0);
		CHECK(mbox_meta_row_decode(&got, what, b.data, b.len,
		    a) == -1);
		b.len--;
	}
	CHECK(mbox_meta_row_decode(&got, 0x7f, b.data, b.len, a) == 0);
	CHECK(got.flags == row.flags && got.modseq == row.modseq &&
	    got.date == -5 && got.zone == -330 && got.size == row.size &&
	    got.savedate == row.savedate && got.threadid == 77);
	CHECK(got.nkeywords == 4 && memcmp(got.keywords, keywords,
	    sizeof(keywords)) == 0);
	CHECK(memcmp(got.msgid, row.msgid, 16) == 0 &&
	    str_eq(got.digest, row.digest));
	CHECK(mbox_meta_row_encode(&row, 0x80, &b) == -1);
	row.uid = 0;
	CHECK(mbox_meta_row_encode(&row, 0, &b) == -1);
	buf_free(&b);
	arena_free(a);
}

static void
test_bad_rows(void)
{
	static const struct {
		uint32_t	 what;
		const char	*bytes;
		size_t		 len;
	} rows[] = {
		{ 0, "\x00", 1 },				/* UID 0 */
		{ 0, "\x80\x80\x80\x80\x10", 5 },		/* 2^32 */
		{ MBOX_WHAT_FLAGS, "\x01\x20\x00", 3 },		/* a flag */
		{ MBOX_WHAT_FLAGS, "\x01\x00\x02\x05\x05", 5 },	/* twice */
		{ MBOX_WHAT_FLAGS, "\x01\x00\x02\x05\x04", 5 },	/* falling */
		{ MBOX_WHAT_FLAGS, "\x01\x00\xe9\x07\x05", 5 },	/* 1001 */
		{ MBOX_WHAT_DATE, "\x01\x00\xb0\x5e", 4 },	/* zone 6040 */
		{ MBOX_WHAT_DIGEST, "\x01\x81\x80\x30", 4 }	/* too long */
	};
	struct mbox_meta_row	 got;
	struct arena		*a = arena_new(65536);
	size_t			 i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(mbox_meta_row_decode(&got, rows[i].what,
		    rows[i].bytes, rows[i].len, a) == -1, "row %zu", i);
	arena_free(a);
}

/* n ranges of one UID, over all the UIDs that there are: the gaps are as
 * wide as they all can be, or a few as wide as possible. */
static void
worst_set(struct uidset *s, size_t n, bool few)
{
	uint32_t	 step = few ? 16384 : UINT32_MAX / (uint32_t)n;
	uint64_t	 uid = 1, left;
	size_t		 i;

	uidset_clear(s);
	for (i = 0; i < n; i++) {
		(void)uidset_add(s, (uint32_t)uid, (uint32_t)uid);
		left = (n - i) * 128;
		uid += few && UINT32_MAX - uid - left < step ? 128 : step;
	}
}

/* A set of any shape fits its message (msg_mbox.h). */
static void
test_worst_sets(void)
{
	struct uidset		 s = UIDSET_INIT;
	struct mbox_copy	 copy = { .to = STR("INBOX") };
	struct mbox_selected	 sel = { .box = 1 };
	struct reply_ok		 ok = { .count = MBOX_MESSAGES_MAX };
	struct buf		 b;
	unsigned		 few;

	for (few = 0; few < 2; few++) {
		worst_set(&s, MBOX_RANGES_MAX, few);
		CHECK(s.n == MBOX_RANGES_MAX);
		copy.uids = s;
		buf_init(&b, msg_rule(IMSG_MBOX_COPY)->max);
		CHECK(wire_encode(&mbox_copy_wire, &copy, &b) == 0);
		buf_free(&b);
		worst_set(&s, MBOX_VIEW_RANGES_MAX, few);
		CHECK(s.n == MBOX_MESSAGES_MAX);
		sel.uids = ok.src = s;
		buf_init(&b, msg_rule(IMSG_REPLY_SELECTED)->max);
		CHECK(wire_encode(&mbox_selected_wire, &sel, &b) == 0);
		buf_free(&b);
		buf_init(&b, msg_rule(IMSG_REPLY_OK)->max);
		CHECK(wire_encode(&reply_ok_wire, &ok, &b) == 0);
		buf_free(&b);
	}
	uidset_free(&s);
}

int
main(void)
{
	test_worst_sets();
	test_rules();
	test_fit();
	test_some_messages();
	test_meta_rows();
	test_bad_rows();
	return TEST_END();
}

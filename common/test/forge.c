/* See forge.h. */
#include "common/compat.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/test/forge.h"
#include "common/uidset.h"
#include "common/wire.h"

#define FEW	4		/* elements of a list, ranges of a set */
#define FDS_MAX	3

static const enum msg_type types[] = {
#define X(name, num, chan, side, max, fds, wire)	IMSG_##name,
	MSG_TABLE(X)
#undef X
};

/* Words that mean something to one of our processes. */
static const struct str words[] = {
	STR(""), STR("mallory"), STR("INBOX"), STR("PLAIN"), STR("LOGIN"),
	STR("EXTERNAL"), STR("OAUTHBEARER"), STR("SCRAM-SHA-256"),
	STR("PREAUTH"), STR("mallory\0mallory\0x"), STR("\0mallory\0x"),
	STR("n,,n=mallory,r=x"), STR("192.0.2.99"), STR("imap"),
	STR("imaps"), STR("*"), STR("../../etc"), STR("a/b/c"),
	STR("key:tls.0.private-key"), STR("key:store.secret-key"),
	STR("mark:tls"), STR("env:HOME"), STR("run:/bin/true"),
	STR("aws:credentials"), STR("used:1 mallory"), STR("\\Seen"),
	STR("$Forwarded"), STR("20260101"), STR("us-east-1"), STR("s3"),
	STR("\xff\xfe"), STR("%s%n"), STR("x\r\ny"),
};

static size_t
below(size_t n)
{
	return (size_t)random() % n;
}

static bool
one_in(size_t n)
{
	return below(n) == 0;
}

unsigned
forge_count(unsigned usual)
{
	const char	*s = getenv("FORGED");

	if (s != NULL)
		return (unsigned)strtoul(s, NULL, 10);
#ifdef PAIL_ASAN
	return usual / 6;
#else
	return usual;
#endif
}

void
forge_seed(void)
{
	const char	*s = getenv("SEED");
	unsigned	 seed = s != NULL ? (unsigned)strtoul(s, NULL, 10) :
			    (unsigned)time(NULL);

	printf("SEED=%u\n", seed);
	srandom(seed);
}

static void
put_header(struct buf *b, uint32_t len, uint16_t type, uint16_t flags,
    uint32_t id, uint32_t zero)
{
	buf_put_u32(b, len);
	buf_put_u16(b, type);
	buf_put_u16(b, flags);
	buf_put_u32(b, id);
	buf_put_u32(b, zero);
}

void
forge_hello(enum msg_channel channel, struct buf *b)
{
	put_header(b, 24, IMSG_HELLO, 0, 0, 0);
	buf_put_u32(b, (uint32_t)channel);
	buf_put_u32(b, 1);
}

/* Small ones, those at an edge, and any. */
static uint64_t
number(uint64_t max)
{
	uint64_t	 any = ((uint64_t)random() << 40) ^
			    ((uint64_t)random() << 20) ^ (uint64_t)random();

	switch (below(4)) {
	case 0:
		return max - (max > 3 ? below(3) : 0);
	case 1:
		return max == UINT64_MAX ? any : any % (max + 1);
	default:
		return max < 8 ? any % (max + 1) : below(8);
	}
}

static void
put_text(const struct wire_field *f, struct buf *b)
{
	char		 text[64];
	struct str	 s = words[below(nitems(words))];
	size_t		 i;

	if (one_in(3)) {
		s.p = text;
		s.len = one_in(3) ? 32 : below(sizeof(text));
		for (i = 0; i < s.len; i++)
			text[i] = (char)(1 + below(255));
	}
	if (f->max != 0 && s.len > f->max)
		s.len = (size_t)f->max;
	if (f->kind == WIRE_STR && s.len != 0 &&
	    memchr(s.p, '\0', s.len) != NULL)
		s.len = 0;
	buf_put_bytes(b, s.p, s.len);
}

static void
put_set(const struct wire_field *f, struct buf *b)
{
	struct uidrange	 v[FEW];
	struct uidset	 set = { v, 0, 0 };
	uint32_t	 uid = 1;
	size_t		 n = below(FEW + 1);

	for (; set.n < n && (f->max == 0 || set.n < f->max); set.n++) {
		v[set.n].first = uid + (uint32_t)below(5);
		v[set.n].last = v[set.n].first + (uint32_t)below(3);
		uid = v[set.n].last + 2;
	}
	if (set.n != 0 && one_in(4))
		v[set.n - 1].last = UINT32_MAX;
	(void)uidset_encode(&set, b);
}

static void
put_struct(const struct wire_struct *ws, struct buf *b)
{
	const struct wire_field	*f;
	uint64_t		 max;
	size_t			 i, n;

	for (i = 0; i < ws->nfields; i++) {
		f = &ws->fields[i];
		max = f->max != 0 ? f->max : UINT64_MAX;
		switch (f->kind) {
		case WIRE_U8:
			buf_put_u8(b, (uint8_t)number(max < 255 ? max : 255));
			break;
		case WIRE_U32:
			buf_put_varint(b, number(max < UINT32_MAX ? max :
			    UINT32_MAX));
			break;
		case WIRE_U64:
			buf_put_varint(b, number(max));
			break;
		case WIRE_I64:
			buf_put_zigzag(b, (int64_t)number(max < INT64_MAX ?
			    max : INT64_MAX) * (one_in(2) ? -1 : 1));
			break;
		case WIRE_BOOL:
			buf_put_u8(b, (uint8_t)below(2));
			break;
		case WIRE_FIX64:
			buf_put_u64(b, number(UINT64_MAX));
			break;
		case WIRE_ID16:
			buf_put_u64(b, number(UINT64_MAX));
			buf_put_u64(b, number(UINT64_MAX));
			break;
		case WIRE_STR:
		case WIRE_BYTES:
			put_text(f, b);
			break;
		case WIRE_SET:
			put_set(f, b);
			break;
		case WIRE_LIST:
			n = below(max < FEW ? (size_t)max + 1 : FEW + 1);
			for (buf_put_varint(b, n); n > 0; n--)
				put_struct(f->sub, b);
			break;
		}
	}
}

void
forge_payload(const struct msg_rule *rule, struct buf *b)
{
	size_t	 n;

	do {
		buf_reset(b);
		if (rule->ws->nfields != 0)
			put_struct(rule->ws, b);
		else
			for (n = below(rule->max < 99 ? rule->max + 1 : 99);
			    n > 0; n--)
				buf_put_u8(b, (uint8_t)random());
	} while (b->len > rule->max);
}

static void
change(struct buf *b)
{
	size_t	 n = 1 + below(4), i, len;

	while (n-- > 0) {
		switch (below(5)) {
		case 0:
			buf_put_u8(b, (uint8_t)random());
			break;
		case 1:
			b->len -= b->len == 0 ? 0 : below(b->len);
			break;
		case 2:		/* a piece once more */
			len = b->len < 20 ? b->len : below(20);
			for (i = 0; i < len; i++)
				buf_put_u8(b, b->data[i]);
			break;
		default:
			if (b->len != 0)
				b->data[below(b->len)] = one_in(3) ? 0xff :
				    (uint8_t)random();
		}
	}
}

/* One that this side may say. */
static const struct msg_rule *
pick(enum msg_channel channel, enum msg_side from)
{
	const struct msg_rule	*r, *found = NULL;
	size_t			 i, n = 0;

	for (i = 0; i < nitems(types); i++) {
		r = msg_rule(types[i]);
		if (r->channel == channel &&
		    ((int)r->sender & (int)from) != 0 && one_in(++n))
			found = r;
	}
	return found;
}

static void
put_frame(struct forge *f, const struct msg_rule *r, const struct buf *p)
{
	bool		 lies = f->how == FORGE_FRAME;
	uint32_t	 len = (uint32_t)(16 + p->len);
	uint16_t	 flags = r->fds != 0 ? 2 : 0;

	f->nfds = (size_t)r->fds;
	if (lies && one_in(3))
		len = one_in(2) ? (uint32_t)random() : len + 7 -
		    (uint32_t)below(15);
	if (lies && one_in(3))
		flags = (uint16_t)(one_in(2) ? random() : flags ^ 1);
	if (lies && one_in(3))
		f->nfds = below(FDS_MAX + 1);
	put_header(&f->b, len, (uint16_t)f->type, flags, f->id,
	    lies && one_in(8));
	buf_put(&f->b, p->data, p->len);
}

void
forge_next(struct forge *f, enum msg_channel channel, enum msg_side from)
{
	const struct msg_rule	*r = pick(channel, from);
	struct buf		 p = BUF_INIT;
	size_t			 n;

	buf_reset(&f->b);
	f->how = (enum forge_how)below(FORGE_HOWS);
	f->nfds = 0;
	f->id = (uint32_t)(one_in(8) ? number(UINT32_MAX) : below(6));
	if (f->how == FORGE_NOISE) {
		for (n = 1 + below(200); n > 0; n--)
			buf_put_u8(&f->b, (uint8_t)random());
		return;
	}
	if (r == NULL)		/* this side has nothing to say here */
		f->how = FORGE_STRANGER;
	if (f->how == FORGE_STRANGER)
		r = msg_rule(types[below(nitems(types))]);
	f->type = f->how == FORGE_STRANGER && one_in(4) ?
	    (enum msg_type)(random() & 0xffff) : r->type;
	forge_payload(r, &p);
	if (f->how == FORGE_PAYLOAD)
		change(&p);
	put_frame(f, r, &p);
	buf_free(&p);
}

int
forge_send(int s, const void *p, size_t len, size_t nfds)
{
	union {
		struct cmsghdr	h;
		char		space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} c;
	static int	null = -1;
	struct iovec	iov = { (void *)(uintptr_t)p, len };
	struct msghdr	m = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t		i;
	ssize_t		n;

	if (null == -1 && (null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		exit(1);
	if (nfds != 0) {
		memset(&c, 0, sizeof(c));
		m.msg_control = c.space;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c.h.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(&c.h) + i * sizeof(int), &null,
			    sizeof(int));
	}
	n = sendmsg(s, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return -1;
	return (int)(n > 0 ? n : 0);
}

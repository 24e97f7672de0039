/* See deliver.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/sum.h"
#include "regress/lib/hostile/deliver.h"
#include "regress/lib/hostile/hostile.h"

#define OFFERS	64

int		 told, uids_told;

static uint32_t	 offers[OFFERS], last_parcel;
static unsigned	 noffers;

uint32_t
rcpt_send(const void *address, size_t len)
{
	struct rcpt_open	open = { { address, len }, str_from(remote),
				    1 };

	if (struct_put(auth, IMSG_RCPT_OPEN, ++next_id, &rcpt_open_wire,
	    &open, -1) == -1)
		return 0;
	return next_id;
}

int
rcpt_wait(uint32_t id, struct rcpt_said *said, int ms)
{
	static struct frame	f;
	struct rcpt_ok		ok;
	struct rcpt_no		no;
	uint64_t		end = clock_ms() + ms;

	memset(said, 0, sizeof(*said));
	said->code = -1;
	while (clock_ms() < end &&
	    frame_get(auth, &f, (int)(end - clock_ms())) == 1) {
		/* Trailing bytes would be an error. */
		if (f.id == id && f.type == IMSG_RCPT_OK && f.fd != -1 &&
		    wire_decode(&rcpt_ok_wire, &ok, f.data, f.len,
		    NULL) == 0) {
			snprintf(said->user, sizeof(said->user), "%.*s",
			    (int)ok.user.len, ok.user.p);
			snprintf(said->detail, sizeof(said->detail), "%.*s",
			    (int)ok.detail.len, ok.detail.p);
			said->storaged = ok.storaged;
			return f.fd;
		}
		frame_drop(&f);
		if (f.id == id && f.type == IMSG_RCPT_NO &&
		    wire_decode(&rcpt_no_wire, &no, f.data, f.len,
		    NULL) == 0) {
			said->code = no.code;
			return -1;
		}
	}
	return -1;
}

int
rcpt(const char *user)
{
	struct rcpt_said	said;
	char			address[256];

	snprintf(address, sizeof(address), "%s" DOMAIN, user);
	return rcpt_wait(rcpt_send(address, strlen(address)), &said,
	    PATIENCE);
}

int
rcpt_session(const char *user)
{
	int	fd = rcpt(user);

	if (fd != -1 && !session_begin(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
parcel_frame(struct frame *f, int ms)
{
	int	r = frame_get(channel_of(PROC_STORAGED), f, ms);

	if (r == 1 && f->type == IMSG_INGEST_OFFER && noffers < OFFERS)
		offers[noffers++] = f->id;
	return r;
}

bool
job_offered(uint32_t id)
{
	unsigned	i;

	for (i = 0; i < noffers; i++)
		if (offers[i] == id)
			return true;
	return false;
}

unsigned
jobs_offered(void)
{
	return noffers;
}

uint32_t
job_first(void)
{
	return noffers > 0 ? offers[0] : 0;
}

uint32_t
parcel_begin(const void *p, size_t len)
{
	int		 chan = channel_of(PROC_STORAGED);
	const uint8_t	*at = p;
	size_t		 n;

	if (frame_put(chan, IMSG_PARCEL_OPEN, ++last_parcel, NULL, 0,
	    -1) == -1)
		return 0;
	for (; len > 0; at += n, len -= n) {
		n = len < MSG_DATA_MAX ? len : MSG_DATA_MAX;
		if (frame_put(chan, IMSG_PARCEL_DATA, last_parcel, at, n,
		    -1) == -1)
			return 0;
	}
	return last_parcel;
}

int
parcel_end(uint32_t id, uint64_t size, const uint8_t sha[32])
{
	static struct frame	f;
	struct parcel_end	e = { size, { (const char *)sha, 32 } };

	if (struct_put(channel_of(PROC_STORAGED), IMSG_PARCEL_END, id,
	    &parcel_end_wire, &e, -1) == -1)
		return -1;
	while (parcel_frame(&f, PATIENCE) == 1) {
		frame_drop(&f);
		if (f.id == id && f.type == IMSG_PARCEL_READY)
			return 1;
		if (f.id == id && f.type == IMSG_PARCEL_NO)
			return 0;
	}
	return -1;
}

uint32_t
parcel_put(const void *p, size_t len)
{
	uint8_t		sha[32];
	uint32_t	id = parcel_begin(p, len);

	sum_of(p, len, sha);
	return id != 0 && parcel_end(id, len, sha) == 1 ? id : 0;
}

void
parcel_drop(uint32_t id)
{
	(void)frame_put(channel_of(PROC_STORAGED), IMSG_PARCEL_DROP, id,
	    NULL, 0, -1);
}

struct append_parcel
parcel_named(uint32_t id, size_t len)
{
	static const char	line[] = "X-Hostile: yes\r\n";
	struct append_parcel	r = { .parcel = id, .prefix = STR(line),
				    .digest = STR("\1") };

	r.size = r.prefix.len + len;
	return r;
}

int
answer_wait(int fd, uint32_t id, struct frame *f, int ms)
{
	uint64_t	end = clock_ms() + ms;

	while (clock_ms() < end &&
	    frame_get(fd, f, (int)(end - clock_ms())) == 1) {
		told += f->fd != -1 || (f->len > 0 && memmem(f->data, f->len,
		    conf.victim_box, strlen(conf.victim_box)) != NULL);
		frame_drop(f);
		switch (f->type) {
		case IMSG_HELLO:
		case IMSG_SESSION_READY:
		case IMSG_EV_WAITING:
		case IMSG_DATA_CREDIT:
			break;
		case IMSG_SESSION_END:
			return -1;
		case IMSG_REPLY_OK:
		case IMSG_REPLY_NO:
			if (f->id == id)
				return f->type == IMSG_REPLY_OK;
			break;
		default:
			told++;
		}
	}
	return -1;
}

const char *
outcome(int answer)
{
	return answer == 1 ? "OK" : answer == 0 ? "NO" : "cut";
}

/* What an OK says besides is counted: UIDs are no business of an lmtpd. */
static bool
was_known(const struct frame *f)
{
	struct arena	*a = arena_new(64 * 1024);
	struct reply_ok	 ok = { 0 };

	if (a == NULL || wire_decode(&reply_ok_wire, &ok, f->data, f->len,
	    a) == -1)
		uids_told++;
	uids_told += ok.uidvalidity != 0 || ok.modseq != 0 || ok.box != 0 ||
	    ok.count != 0 || ok.src.n + ok.dst.n + ok.modified.n > 0;
	arena_free(a);
	return ok.known;
}

int
deliver(int fd, const char *box, const struct append_parcel *r, int *code,
    bool *known)
{
	static struct frame	f;
	struct append_open	open = { str_from(box), true };
	struct reply_no		no;
	uint32_t		id = ++next_id;
	int			rv;

	*code = -1;
	*known = false;
	if (struct_put(fd, IMSG_APPEND_OPEN, id, &append_open_wire, &open,
	    -1) == -1 || struct_put(fd, IMSG_APPEND_PARCEL, id,
	    &append_parcel_wire, r, -1) == -1 ||
	    frame_put(fd, IMSG_APPEND_DONE, id, NULL, 0, -1) == -1)
		return -1;
	rv = answer_wait(fd, id, &f, PATIENCE);
	if (rv == 0 && wire_decode(&reply_no_wire, &no, f.data, f.len,
	    NULL) == 0)
		*code = no.code;
	if (rv == 1)
		*known = was_known(&f);
	return rv;
}

bool
deliver_mail(int fd, const char *subject, int number)
{
	struct append_parcel	r;
	char			mail[256];
	uint32_t		id;
	int			n, code;
	bool			known;

	n = snprintf(mail, sizeof(mail), "Subject: %s %d\r\n\r\nbody\r\n",
	    subject, number);
	if ((id = parcel_put(mail, (size_t)n)) == 0)
		return false;
	r = parcel_named(id, (size_t)n);
	n = deliver(fd, "INBOX", &r, &code, &known);
	parcel_drop(id);
	return n == 1;
}

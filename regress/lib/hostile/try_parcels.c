/* Parcels: of others, of nobody, that lie, by the thousand; and jobs of
 * ingestion that nobody has offered. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/msg_ingest.h"
#include "common/proc_kind.h"
#include "common/sum.h"
#include "regress/lib/hostile/deliver.h"
#include "regress/lib/hostile/hostile.h"

#define KEPT	1024		/* at once, by storaged (parcel.h) */
#define FLOOD	1500
#define FILES	300		/* of 256 that it keeps */
#define JOBS	64

static const char	mail[] = "Subject: lies\r\n\r\nbody\r\n";
#define LEN	(sizeof(mail) - 1)

/* Refused or cut, and nothing is appended (the test looks there). */
static void
try_lie(const char *what, const struct append_parcel *r)
{
	int	code, fd = rcpt_session(conf.user), rv;
	bool	known;

	rv = fd == -1 ? 1 : deliver(fd, "INBOX", r, &code, &known);
	result(rv != 1, "%s (%s)", what, outcome(rv));
	close(fd);
}

/* Number 1 has the first of these: a message to the victim. */
void
try_others_parcels(void)
{
	static const size_t	sizes[] = { 0, 1, LEN, 100 };
	struct append_parcel	r;
	uint32_t		id;
	size_t			i;
	int			code, fd, no = 0, stored = 0, all = 0;
	bool			known;

	for (id = 1; id <= 20; id++)
		for (i = 0; i < nitems(sizes); i++, all++) {
			fd = rcpt_session(conf.user);
			r = parcel_named(id, sizes[i]);
			stored += deliver(fd, "INBOX", &r, &code,
			    &known) == 1;
			/* the same answer, whether it exists or not */
			no += code == MBOX_UNAVAILABLE;
			close(fd);
		}
	result(stored == 0 && no == all, "another lmtpd's parcels: %d asked "
	    "for, %d are nobody's", all, no);
	r = parcel_named(UINT32_MAX, LEN);
	try_lie("a parcel that was never opened", &r);
	r = parcel_named(parcel_begin(mail, LEN), LEN);
	try_lie("a parcel without an end", &r);
	id = parcel_put(mail, LEN);
	parcel_drop(id);
	r = parcel_named(id, LEN);
	result(parcel_put(mail, LEN) != 0, "a parcel after one was dropped");
	try_lie("a parcel that was dropped", &r);
}

void
try_lies(void)
{
	static const uint64_t	sizes[] = { 0, 1, LEN - 1, LEN + 1,
				    1 << 20, UINT64_MAX, UINT64_MAX / 2 };
	static struct mbox_word	words[] = { { STR("a b") } };
	static char		prefix[DELIVER_PREFIX_MAX];
	struct append_parcel	r, good;
	uint32_t		id = parcel_put(mail, LEN);
	char			what[64];
	size_t			i;

	memset(prefix, 'x', sizeof(prefix));
	good = parcel_named(id, LEN);
	for (i = 0; i < nitems(sizes); i++) {
		r = good;
		r.size = r.prefix.len + sizes[i];
		snprintf(what, sizeof(what), "a size of %llu, of %zu",
		    (unsigned long long)sizes[i], LEN);
		try_lie(what, &r);
	}
	r = good;
	r.prefix = (struct str){ prefix, sizeof(prefix) };
	try_lie("a longer prefix than its size says", &r);
	r = good;
	r.key = STR("fifteen octets.");
	try_lie("a key of 15 octets", &r);
	r = good;
	r.keywords = (struct wire_list){ words, 1 };
	try_lie("a keyword with a blank", &r);
	r = good;
	r.dated = true;
	r.zone = MBOX_ZONE_MAX;
	try_lie("a zone four days away", &r);
	r = good;
	r.digest = STR("");
	try_lie("no digest", &r);
	r = good;
	r.digest = STR("\1\2\177");
	try_lie("half a digest", &r);
	parcel_drop(id);
	result(still_serves(), "storaged after lies");
}

/* A key is the user's: what has it in one mailbox is kept from no other. */
void
try_keys(void)
{
	struct append_parcel	r;
	uint32_t		id = parcel_put(mail, LEN);
	int			mine = rcpt_session(conf.user), his, code;
	bool			known;

	his = rcpt_session(conf.victim);
	r = parcel_named(id, LEN);
	r.key = STR("a key of 16 octs");
	result(deliver(mine, "keys", &r, &code, &known) == 0,
	    "no mailbox of that name");
	r.target = DELIVER_CREATE;
	result(deliver(mine, "keys", &r, &code, &known) == 1 && !known,
	    "a key, for the first time");
	result(deliver(mine, "keys", &r, &code, &known) == 1 && known,
	    "the same key once more");
	r.target = 0;
	result(deliver(his, "INBOX", &r, &code, &known) == 1 && !known,
	    "the same key, to the victim");
	close(mine);
	close(his);
	parcel_drop(id);
}

/* Names that may mean the victim's mailbox: they are in the user's own, or
 * none. */
void
try_targets(void)
{
	static const char *const forms[] = {
		"%s", "../%s/INBOX", "/%s/INBOX", "user/%s/INBOX",
		"#user/%s", "~%s/INBOX", "%s/head", "a//%s", "a\r\n%s",
		"\xff%s"
	};
	struct append_parcel	r;
	char			name[256];
	const char		*at;
	uint32_t		id = parcel_put(mail, LEN);
	size_t			i;
	int			fd, code, rv, stored = 0;
	bool			known;

	for (i = 0; i < 2 * (nitems(forms) + 1); i++) {
		strlcpy(name, conf.victim_box, sizeof(name));
		if (i / 2 < nitems(forms)) {
			at = strstr(forms[i / 2], "%s");
			snprintf(name, sizeof(name), "%.*s%s%s",
			    (int)(at - forms[i / 2]), forms[i / 2],
			    conf.victim, at + 2);
		}
		r = parcel_named(id, LEN);
		r.target = i % 2 ? DELIVER_CREATE : 0;
		fd = rcpt_session(conf.user);
		rv = fd == -1 ? 2 : deliver(fd, name, &r, &code, &known);
		stored += rv == 1;
		/* Without the leave to create it there is none. */
		result(rv != 2 && (i % 2 || rv != 1), "to mailbox %u, %s",
		    (unsigned)(i / 2), i % 2 ? "created" : "as it is");
		close(fd);
	}
	parcel_drop(id);
	result(stored > 0, "%d of them are new ones", stored);
}

/* Digests whose fields are noise: who reads them is the user's imapd. */
void
try_digests(void)
{
	struct append_parcel	r;
	uint8_t			d[64];
	uint32_t		id = parcel_put(mail, LEN), seed = 3;
	int			fd = rcpt_session(conf.user), code, field;
	int			stored = 0;
	size_t			i;
	bool			known;

	for (field = 1; field <= 10; field++) {
		d[0] = 1;
		d[1] = (uint8_t)field;
		d[2] = sizeof(d) - 3;
		for (i = 3; i < sizeof(d); i++) {
			seed = seed * 1103515245 + 12345;
			d[i] = (uint8_t)(seed >> 16);
		}
		r = parcel_named(id, LEN);
		r.target = DELIVER_CREATE;
		r.digest = (struct str){ (const char *)d, sizeof(d) };
		stored += deliver(fd, "lies", &r, &code, &known) == 1;
	}
	close(fd);
	parcel_drop(id);
	result(still_serves(), "storaged has %d digests of noise", stored);
}

static void
forge(uint32_t id, const struct ingest_result *r)
{
	struct data_credit	credit = { UINT32_MAX };
	int			chan = channel_of(PROC_STORAGED);

	(void)struct_put(chan, IMSG_INGEST_CREDIT, id, &data_credit_wire,
	    &credit, -1);
	(void)struct_put(chan, IMSG_INGEST_RESULT, id, &ingest_result_wire, r,
	    -1);
}

/* Of jobs that were offered to nobody, or to another lmtpd. */
void
try_jobs(void)
{
	static struct frame	f;
	struct ingest_result	done = { .outcome = INGEST_DELIVERED };
	uint32_t		id;

	while (jobs_offered() < conf.offers && parcel_frame(&f,
	    3 * PATIENCE) == 1)
		frame_drop(&f);
	for (id = 0; id < JOBS; id++) {
		done.outcome = id % INGEST_OUTCOMES;
		if (!job_offered(id))
			forge(id, &done);
	}
	/* The other's, of which it has told nobody but us. */
	done.outcome = INGEST_DELIVERED;
	forge(state->job, &done);
	result(parcel_put(mail, LEN) != 0, "results of jobs that are not "
	    "ours (%u are), and of %u", jobs_offered(), state->job);
}

static void
cut_and_again(const char *what)
{
	result(is_cut(channel_of(PROC_STORAGED), PATIENCE), "%s", what);
	(void)channel_next(PROC_STORAGED, PATIENCE);
	result(still_serves(), "storaged after it");
}

void
try_parcel_garbage(void)
{
	static const uint8_t	sha[32];
	struct ingest_offer	offer = { .bucket = STR("b"), .seed = STR("s"),
				    .size = 1 };
	struct append_parcel	r;
	uint32_t		id;

	/* Its parcels are gone with the channel. */
	id = parcel_put(mail, LEN);
	(void)parcel_end(parcel_begin(mail, LEN), LEN, sha);
	cut_and_again("an end with another digest");
	r = parcel_named(id, LEN);
	try_lie("a parcel of the channel before", &r);
	(void)struct_put(channel_of(PROC_STORAGED), IMSG_INGEST_OFFER, 1,
	    &ingest_offer_wire, &offer, -1);
	cut_and_again("a job that we offer");
}

void
try_parcel_flood(void)
{
	static struct frame	f;
	static char		big[40000];
	int			i, no = 0, put = 0;

	for (i = 0; i < FLOOD; i++)
		put += parcel_begin(NULL, 0) != 0;
	for (i = 0; i < FILES; i++)
		put += parcel_begin(big, sizeof(big)) != 0;
	while (no < FLOOD + FILES - KEPT &&
	    parcel_frame(&f, PATIENCE) == 1) {
		no += f.type == IMSG_PARCEL_NO;
		frame_drop(&f);
	}
	result(put == FLOOD + FILES && no == FLOOD + FILES - KEPT,
	    "%d parcels without an end, %d refused", put, no);
	(void)channel_next(PROC_STORAGED, PATIENCE);
	result(still_serves(), "storaged after the flood");
	for (i = 0; i < FILES; i++)
		if (parcel_begin(big, sizeof(big)) == 0)
			break;
	(void)channel_next(PROC_STORAGED, PATIENCE);
	result(still_serves(), "storaged after %d files without an end", i);
}

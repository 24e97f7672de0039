/* Which channels there are, by the table; and what each of several credds is
 * told. */
#include "common/compat.h"

#include "common/test.h"
#include "paild/chan.h"
#include "paild/proc.h"

static struct paild	of;

static bool
wired(enum proc_kind a, uint32_t ai, enum proc_kind b, uint32_t bi)
{
	struct proc	x = { .paild = &of, .kind = a, .index = ai };
	struct proc	y = { .paild = &of, .kind = b, .index = bi };

	return chan_is_wired(&x, &y);
}

static void
test_wired(void)
{
	static const struct {
		enum proc_kind	a;
		uint32_t	ai;
		enum proc_kind	b;
		uint32_t	bi;
		bool		is;
	} t[] = {
		{ PROC_IMAPD, 1, PROC_AUTHD, 0, true },
		{ PROC_AUTHD, 0, PROC_IMAPD, 1, false },
		{ PROC_AUTHD, 0, PROC_AUTHWORKER, 5, true },
		{ PROC_IMAPD, 0, PROC_IMAPD, 1, false },
		/* only a grant makes this one */
		{ PROC_IMAPD, 0, PROC_STORAGED, 0, false },
		{ PROC_CREDD, 0, PROC_STORAGED, 0, true },
		{ PROC_CREDD, 0, PROC_STORAGED, 3, true },
		{ PROC_CREDD, 1, PROC_STORAGED, 0, false },
		{ PROC_CREDD, 1, PROC_STORAGED, 1, false },
		{ PROC_CREDD, 0, PROC_IMAPD, 0, false },
		{ PROC_CREDD, 1, PROC_IMAPD, 0, true },
		{ PROC_CREDD, 2, PROC_IMAPD, 0, false },
		{ PROC_CREDD, 1, PROC_IMAPD, 1, false },
		{ PROC_CREDD, 2, PROC_IMAPD, 1, true },
		{ PROC_CREDD, 1, PROC_IMAPD, 2, true },
		{ PROC_CREDD, 1, PROC_LMTPD, 0, true },
		{ PROC_CREDD, 2, PROC_LMTPD, 3, true },
		{ PROC_CREDD, 1, PROC_ADMIND, 0, true }
	};
	size_t	i;

	of.count[PROC_CREDD] = 3;
	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(wired(t[i].a, t[i].ai, t[i].b, t[i].bi) == t[i].is,
		    "%s %u, %s %u", proc_kind_name(t[i].a), t[i].ai,
		    proc_kind_name(t[i].b), t[i].bi);
	of.count[PROC_CREDD] = 1;
	CHECK(wired(PROC_CREDD, 0, PROC_IMAPD, 0) &&
	    wired(PROC_CREDD, 0, PROC_IMAPD, 7) &&
	    wired(PROC_CREDD, 0, PROC_STORAGED, 1));
	of.count[PROC_CREDD] = 2;
	CHECK(!wired(PROC_CREDD, 0, PROC_IMAPD, 0) &&
	    wired(PROC_CREDD, 1, PROC_IMAPD, 0) &&
	    wired(PROC_CREDD, 1, PROC_IMAPD, 7));
}

/* The bucket's secrets and the private keys are never in the same one, unless
 * it is the only one. */
static void
test_told(void)
{
	static const struct { const char *path; bool first; } t[] = {
		{ "store.credentials.secret-key", true },
		{ "store.type", true },
		{ "ingest.0.credentials.source", true },
		{ "env:AWS_SECRET_ACCESS_KEY", true },
		{ "aws:credentials", true },
		{ "tls.0.certificate", false }, { "tls.12.private-key", false },
		{ "tls.0.names.0", false }, { "mark:tls", false }
	};
	struct proc	p = { .paild = &of, .kind = PROC_CREDD };
	size_t		i;

	for (i = 0; i < nitems(t); i++) {
		of.count[PROC_CREDD] = 1;
		p.index = 0;
		CHECK_ROW(proc_may_tell(t[i].path, &p), "%s", t[i].path);
		of.count[PROC_CREDD] = 3;
		CHECK_ROW(proc_may_tell(t[i].path, &p) == t[i].first, "%s",
		    t[i].path);
		for (p.index = 1; p.index < 3; p.index++)
			CHECK_ROW(proc_may_tell(t[i].path, &p) != t[i].first,
			    "%s", t[i].path);
	}
}

int
main(void)
{
	test_wired();
	test_told();
	return TEST_END();
}

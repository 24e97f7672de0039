/* What becomes of what the workers say of a password. */
#include "common/compat.h"

#include "authd/test/authd_whole.h"

/* Of the address that logins come from. */
static unsigned int
failures(void)
{
	struct addr_key	 from;
	struct tally	*t;
	unsigned int	 n;

	addr_key_parse(&from, remote);
	t = gate_address(authd->gate, 0, &from, 0);
	n = t->failures;
	tally_drop(t);
	return n;
}

/* Who has the right password is told why it is of no use, and nobody else; no
 * other backend lets them in. */
static void
check_expired(void)
{
	static const struct {
		enum work_result_code	work;
		enum auth_code		auth;
		const char		*text;
	} rows[] = {
		{ WORK_EXPIRED, AUTH_EXPIRED,
		  "The password or the account has expired" },
		{ WORK_LOCKED, AUTH_CONTACTADMIN, "This account may not log "
		  "in, contact your administrator" }
	};
	size_t	i, n;

	for (i = 0; i < nitems(rows); i++) {
		authd_begin(1, 2, 300000);
		fake_join(&imapd, PROC_IMAPD, 0);
		fake_join(&work, PROC_AUTHWORKER, 0);
		fake_join(&stores[0], PROC_STORAGED, 0);
		work.hold = true;
		login(&imapd, 1, "ann", "pw");
		pump();
		CHECK(strcmp(last(&work)->remote, "192.0.2.1") == 0);
		fake_result(&work, last(&work)->id, rows[i].work, "");
		pump();
		CHECK_ROW(refused(&imapd, 1, rows[i].auth), "row %zu", i);
		CHECK(strcmp(last(&imapd)->user, rows[i].text) == 0);
		CHECK(work.n == 1 && authd->counts.no == 1);
		CHECK(cache_entries(authd->cache) == 0);
		/* it is counted: who comes again and again is slowed down */
		CHECK(failures() == 1);
		/* another password: the second backend is asked, as ever */
		n = work.n;
		login(&imapd, 2, "ann", "no");
		pump();
		fake_result(&work, last(&work)->id, WORK_NO, "");
		pump();
		fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
		pump();
		CHECK(work.n == n + 2 && refused(&imapd, 2, AUTH_FAILED));
		fake_leave(&imapd);
		fake_leave(&work);
		fake_leave(&stores[0]);
		authd_end();
	}
}

int
main(void)
{
	check_expired();
	return TEST_END();
}

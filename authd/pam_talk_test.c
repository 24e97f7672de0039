/*
 * What a service can answer, and what becomes of it: PAM's functions here are
 * the test's, and write down in shared memory what they were told.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/pam_talk.h"
#include "common/log.h"
#include "common/test.h"
#include "common/test/capture.h"

#ifdef PAIL_PAM
#include <sys/mman.h>
#include <sys/time.h>

#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <unistd.h>

static struct script {
	int	start, account, open, close;
	int	style[3];	/* of messages in one call; 0: no more */
	int	calls;		/* of the conversation */
	int	always;		/* the result, whatever the password */
	int	ends;		/* it crashes, hangs */
} script;

static struct heard {
	int	authenticated, accounts, opened, closed, ended, credentials;
	int	ended_with;
	int	delay;
	char	service[32], user[32], remote[64], tty[16];
	char	answers[64];
} *heard;

static struct pam_conv	 conv;
static int		 handle;	/* whose address is one */

int
pam_start(const char *service, const char *user, const struct pam_conv *c,
    pam_handle_t **h)
{
	strlcpy(heard->service, service, sizeof(heard->service));
	strlcpy(heard->user, user, sizeof(heard->user));
	conv = *c;
	*h = (pam_handle_t *)(void *)&handle;
	return script.start;
}

int
pam_set_item(pam_handle_t *h, int type, const void *item)
{
	CHECK((void *)h == (void *)&handle);
	if (type == PAM_RHOST)
		strlcpy(heard->remote, item, sizeof(heard->remote));
	else if (type == PAM_TTY)
		strlcpy(heard->tty, item, sizeof(heard->tty));
#ifdef PAM_FAIL_DELAY
	else if (type == PAM_FAIL_DELAY)
		heard->delay = item != NULL;
#endif
	return PAM_SUCCESS;
}

/* One call of the conversation, with the messages of the script. */
static int
ask(bool *right)
{
	struct pam_message		 m[3];
	const struct pam_message	*p[3] = { &m[0], &m[1], &m[2] };
	struct pam_response		*r = NULL;
	int				 i, n;

	for (n = 0; n < 3 && script.style[n] != 0; n++)
		m[n] = (struct pam_message){ script.style[n], "What?\n" };
	if (conv.conv(n, p, &r, conv.appdata_ptr) != PAM_SUCCESS)
		return PAM_CONV_ERR;
	for (i = 0; i < n; i++) {
		if (r[i].resp == NULL)
			continue;
		strlcat(heard->answers, r[i].resp, sizeof(heard->answers));
		*right = strcmp(r[i].resp, "pw") == 0;
		free(r[i].resp);
	}
	free(r);
	return PAM_SUCCESS;
}

int
pam_authenticate(pam_handle_t *h, int flags)
{
	bool	right = false;
	int	i, r;

	(void)h;
	CHECK((flags & PAM_DISALLOW_NULL_AUTHTOK) != 0);
	heard->authenticated++;
	if (script.ends == 1)
		raise(SIGKILL);
	while (script.ends == 2)
		pause();
	for (i = 0; i < script.calls; i++)
		if ((r = ask(&right)) != PAM_SUCCESS)
			return r;
	return script.always != 0 ? script.always :
	    right ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int
pam_acct_mgmt(pam_handle_t *h, int flags)
{
	(void)h;
	(void)flags;
	heard->accounts++;
	return script.account;
}

int
pam_open_session(pam_handle_t *h, int flags)
{
	(void)h;
	(void)flags;
	heard->opened++;
	return script.open;
}

int
pam_close_session(pam_handle_t *h, int flags)
{
	(void)h;
	(void)flags;
	heard->closed++;
	return script.close;
}

int
pam_setcred(pam_handle_t *h, int flags)
{
	(void)h;
	(void)flags;
	heard->credentials++;
	return PAM_SUCCESS;
}

int
pam_end(pam_handle_t *h, int status)
{
	(void)h;
	heard->ended++;
	heard->ended_with = status;
	return PAM_SUCCESS;
}

const char *
pam_strerror(pam_handle_t *h, int error)
{
	static char	text[32];

	(void)h;
	snprintf(text, sizeof(text), "error %d", error);
	return text;
}

static struct script
plain(void)
{
	return (struct script){ .style = { PAM_PROMPT_ECHO_OFF }, .calls = 1 };
}

static char	why[160];

static enum work_result_code
try(const char *password, bool account, bool session)
{
	struct pam_ask	q = { "pail", "ann", str_from(password),
			    "192.0.2.7", account, session };

	memset(heard, 0, sizeof(*heard));
	why[0] = '\0';
	return pam_talk(&q, why, sizeof(why));
}

static void
check_steps(void)
{
	script = plain();
	CHECK(try("pw", true, true) == WORK_YES);
	CHECK(heard->authenticated == 1 && heard->accounts == 1);
	CHECK(heard->opened == 1 && heard->closed == 1 && heard->ended == 1);
	CHECK(heard->credentials == 0);
	CHECK(strcmp(heard->service, "pail") == 0);
	CHECK(strcmp(heard->user, "ann") == 0);
	CHECK(strcmp(heard->remote, "192.0.2.7") == 0);
	CHECK(strcmp(heard->tty, "pail") == 0);
	CHECK(strcmp(heard->answers, "pw") == 0);
#ifdef PAM_FAIL_DELAY
	CHECK(heard->delay == 1);
#endif
	CHECK(try("pw", true, false) == WORK_YES && heard->opened == 0);
	CHECK(try("pw", false, false) == WORK_YES && heard->accounts == 0);
	/* a wrong one goes no further */
	CHECK(try("no", true, true) == WORK_NO);
	CHECK(heard->accounts == 0 && heard->opened == 0);
	CHECK(heard->ended == 1 && heard->ended_with == PAM_AUTH_ERR);
	/* a session that does not open is not closed */
	script.open = PAM_PERM_DENIED;
	CHECK(try("pw", true, true) == WORK_LOCKED && heard->closed == 0);
	script.open = PAM_SESSION_ERR;
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	script.start = PAM_SYSTEM_ERR;
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE && why[0] != '\0');
	CHECK(heard->authenticated == 0);
}

/* Before the password is right nobody hears that it has expired. */
static void
check_results(void)
{
	static const struct {
		int			pam;
		enum work_result_code	password, account;
	} rows[] = {
		{ PAM_AUTH_ERR, WORK_NO, WORK_LOCKED },
		{ PAM_MAXTRIES, WORK_NO, WORK_LOCKED },
		{ PAM_PERM_DENIED, WORK_NO, WORK_LOCKED },
		{ PAM_USER_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN },
		{ PAM_ACCT_EXPIRED, WORK_NO, WORK_EXPIRED },
		{ PAM_CRED_EXPIRED, WORK_NO, WORK_EXPIRED },
		{ PAM_NEW_AUTHTOK_REQD, WORK_NO, WORK_EXPIRED },
		{ PAM_AUTHINFO_UNAVAIL, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ PAM_CRED_INSUFFICIENT, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ PAM_SYSTEM_ERR, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ PAM_SERVICE_ERR, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ PAM_ABORT, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ PAM_IGNORE, WORK_UNAVAILABLE, WORK_UNAVAILABLE },
		{ 9999, WORK_UNAVAILABLE, WORK_UNAVAILABLE }
	};
	char	text[32];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), "error %d", rows[i].pam);
		script = plain();
		script.always = rows[i].pam;
		CHECK_ROW(try("pw", true, true) == rows[i].password,
		    "password, row %zu", i);
		CHECK_ROW(heard->accounts == 0, "row %zu", i);
		CHECK_ROW(strstr(why, text) != NULL, "%s: %s", text, why);
		script = plain();
		script.account = rows[i].pam;
		CHECK_ROW(try("pw", true, true) == rows[i].account,
		    "account, row %zu", i);
		CHECK_ROW(heard->opened == 0, "row %zu", i);
		/* and the wrong password is one, whatever the account is */
		CHECK_ROW(try("no", true, true) == WORK_NO, "row %zu", i);
	}
}

static void
check_conversation(void)
{
	char		 long_one[PAM_TALK_PASSWORD + 2];
	const char	*log;

	/* several prompts, in one call and in several, among messages */
	script = (struct script){ .style = { PAM_TEXT_INFO,
	    PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_OFF }, .calls = 2 };
	log_set_level(LOG_LEVEL_DEBUG);
	capture();
	CHECK(try("pw", true, true) == WORK_YES);
	log = captured();
	CHECK(strcmp(heard->answers, "pwpwpwpw") == 0);
	CHECK(strstr(log, "said=\"What?\\x0a\"") != NULL);
	CHECK(strstr(log, "pw") == NULL);
	log_set_level(LOG_LEVEL_ERROR);
	script.style[0] = PAM_ERROR_MSG;
	CHECK(try("pw", true, true) == WORK_YES);
	/* what is shown as it is typed is no password */
	script = (struct script){ .style = { PAM_PROMPT_ECHO_OFF,
	    PAM_PROMPT_ECHO_ON }, .calls = 1 };
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	CHECK(heard->answers[0] == '\0' && strstr(why, "What?") != NULL);
	script.style[1] = 4711;
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	/* none at all, and one that never has enough */
	script = (struct script){ .calls = 1 };
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	script = plain();
	script.calls = 1000;
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	CHECK(strlen(heard->answers) == 32);
	script = plain();
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	CHECK(try(long_one, true, true) == WORK_NO);
	CHECK(heard->authenticated == 0);
}

static void
alarmed(int sig)
{
	(void)sig;
}

/* A module takes only its own process with it, and no longer than we have. */
static void
check_ends(void)
{
	struct itimerval	t = { .it_value = { 0, 200000 } };

	script = plain();
	script.ends = 1;
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	CHECK(strstr(why, "ended its process") != NULL);
	script.ends = 2;
	/* here, the parent lives on to see it */
	signal(SIGALRM, alarmed);
	CHECK(setitimer(ITIMER_REAL, &t, NULL) == 0);
	CHECK(try("pw", true, true) == WORK_UNAVAILABLE);
	script.ends = 0;
	CHECK(try("pw", true, true) == WORK_YES);
}

int
main(void)
{
	heard = mmap(NULL, sizeof(*heard), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(heard != MAP_FAILED);
	log_set_level(LOG_LEVEL_ERROR);
	check_steps();
	check_results();
	check_conversation();
	check_ends();
	return TEST_END();
}
#else
int
main(void)
{
	struct pam_ask	q = { "pail", "ann", STR("pw"), "", true, true };
	char		why[64];

	CHECK(pam_talk(&q, why, sizeof(why)) == WORK_UNAVAILABLE);
	CHECK(strstr(why, "no PAM") != NULL);
	return TEST_END();
}
#endif

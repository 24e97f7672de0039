/*
 * pam(3): authenticate, then account and session as checks, and no
 * credentials.  Must never answer a prompt that shows what is typed, nor log a
 * password; a module's word for expired or locked counts only once the password
 * was right.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/pam_talk.h"

#ifdef PAIL_PAM
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <unistd.h>

#include "common/log.h"
#include "common/write_all.h"

#define TALK_PROMPTS	16	/* of one login */
#define TALK_ANSWER_FD	3

/* What the child says: how it ended, and why. */
struct talk_answer {
	uint32_t	code;
	char		why[160];
};

struct talk {
	const struct pam_ask	*ask;
	int			 prompts;
	char			 odd[64];	/* one that was not answered */
};

static const struct {
	int			pam;
	enum work_result_code	password;	/* of pam_authenticate() */
	enum work_result_code	after;		/* of what comes after it */
} results[] = {
	{ PAM_SUCCESS, WORK_YES, WORK_YES },
	{ PAM_AUTH_ERR, WORK_NO, WORK_LOCKED },
	{ PAM_MAXTRIES, WORK_NO, WORK_LOCKED },
	{ PAM_PERM_DENIED, WORK_NO, WORK_LOCKED },
	{ PAM_USER_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN },
	{ PAM_ACCT_EXPIRED, WORK_NO, WORK_EXPIRED },
	{ PAM_CRED_EXPIRED, WORK_NO, WORK_EXPIRED },
	{ PAM_NEW_AUTHTOK_REQD, WORK_NO, WORK_EXPIRED },
#ifdef PAM_AUTHTOK_EXPIRED
	{ PAM_AUTHTOK_EXPIRED, WORK_NO, WORK_EXPIRED },
#endif
};

static enum work_result_code
talk_result(int pam, bool after)
{
	size_t	i;

	for (i = 0; i < nitems(results); i++)
		if (results[i].pam == pam)
			return after ? results[i].after : results[i].password;
	return WORK_UNAVAILABLE;
}

static void
talk_forget(struct pam_response *r, int n)
{
	int	i;

	for (i = 0; i < n; i++)
		if (r[i].resp != NULL)
			freezero(r[i].resp, strlen(r[i].resp));
	free(r);
}

/* One message of a module: 0, or -1 if it cannot be answered. */
static int
talk_message(struct talk *t, const struct pam_message *m,
    struct pam_response *r)
{
	const char	*text = m->msg != NULL ? m->msg : "";
	char		 quoted[200];

	log_quote(quoted, sizeof(quoted), text, strlen(text));
	switch (m->msg_style) {
	case PAM_PROMPT_ECHO_OFF:
		if (++t->prompts > TALK_PROMPTS)
			return -1;
		r->resp = strndup(t->ask->password.p, t->ask->password.len);
		return r->resp == NULL ? -1 : 0;
	case PAM_ERROR_MSG:
	case PAM_TEXT_INFO:
		log_debug("PAM service %s: said=\"%s\"", t->ask->service,
		    quoted);
		return 0;
	default:
		strlcpy(t->odd, quoted, sizeof(t->odd));
		return -1;
	}
}

static int
talk_conv(int n, const struct pam_message **m, struct pam_response **out,
    void *arg)
{
	struct pam_response	*r;
	int			 i;

	if (n <= 0 || n > PAM_MAX_NUM_MSG ||
	    (r = calloc((size_t)n, sizeof(*r))) == NULL)
		return PAM_CONV_ERR;
	for (i = 0; i < n; i++)
		if (talk_message(arg, m[i], &r[i]) == -1) {
			talk_forget(r, n);
			return PAM_CONV_ERR;
		}
	*out = r;
	return PAM_SUCCESS;
}

#ifdef PAM_FAIL_DELAY
/* The gate's pauses are enough, and hold up no worker. */
static void
talk_no_delay(int status, unsigned int usec, void *arg)
{
	(void)status;
	(void)usec;
	(void)arg;
}
#endif

static int
talk_items(pam_handle_t *h, const struct pam_ask *ask)
{
#ifdef PAM_FAIL_DELAY
	union {
		void		(*function)(int, unsigned int, void *);
		const void	*item;
	} delay = { talk_no_delay };

	if (pam_set_item(h, PAM_FAIL_DELAY, delay.item) != PAM_SUCCESS)
		return -1;
#endif
	if (ask->remote[0] != '\0' &&
	    pam_set_item(h, PAM_RHOST, ask->remote) != PAM_SUCCESS)
		return -1;
	/* Some modules want one. */
	return pam_set_item(h, PAM_TTY, "pail") == PAM_SUCCESS ? 0 : -1;
}

/* The steps; *pam is the last one's result. */
static enum work_result_code
talk_steps(pam_handle_t *h, const struct pam_ask *ask, int *pam)
{
	enum work_result_code	code;

	*pam = pam_authenticate(h, PAM_DISALLOW_NULL_AUTHTOK);
	code = talk_result(*pam, false);
	if (code != WORK_YES || !ask->account)
		return code;
	*pam = pam_acct_mgmt(h, PAM_DISALLOW_NULL_AUTHTOK);
	code = talk_result(*pam, true);
	if (code != WORK_YES || !ask->session)
		return code;
	if ((*pam = pam_open_session(h, 0)) == PAM_SUCCESS)
		*pam = pam_close_session(h, 0);
	return talk_result(*pam, true);
}

static void
talk(const struct pam_ask *ask, struct talk_answer *a)
{
	struct talk	 t = { .ask = ask };
	struct pam_conv	 conv = { talk_conv, &t };
	pam_handle_t	*h = NULL;
	int		 pam;

	a->code = WORK_UNAVAILABLE;
	if ((pam = pam_start(ask->service, ask->user, &conv, &h)) !=
	    PAM_SUCCESS) {
		snprintf(a->why, sizeof(a->why), "pam_start: error %d", pam);
		return;
	}
	if (talk_items(h, ask) == -1)
		strlcpy(a->why, "pam_set_item failed", sizeof(a->why));
	else {
		a->code = talk_steps(h, ask, &pam);
		if (a->code != WORK_UNAVAILABLE)
			strlcpy(a->why, pam_strerror(h, pam), sizeof(a->why));
		else if (t.odd[0] != '\0')
			snprintf(a->why, sizeof(a->why), "PAM service %s asks "
			    "more than a password: %s", ask->service, t.odd);
		else
			snprintf(a->why, sizeof(a->why), "PAM service %s: %s",
			    ask->service, pam_strerror(h, pam));
	}
	(void)pam_end(h, pam);
}

static __attribute__((noreturn)) void
talk_child(const struct pam_ask *ask, int fd, const struct itimerval *left)
{
	struct talk_answer	a = { 0 };

	/* A module has no business with authd's channel. */
	if (fd != TALK_ANSWER_FD && dup2(fd, TALK_ANSWER_FD) == -1)
		_exit(1);
	closefrom(TALK_ANSWER_FD + 1);
	signal(SIGALRM, SIG_DFL);
	if (setitimer(ITIMER_REAL, left, NULL) == -1)
		_exit(1);
	talk(ask, &a);
	_exit(write_all(TALK_ANSWER_FD, &a, sizeof(a)) == -1);
}

/* false: it has ended without. */
static bool
talk_read(int fd, struct talk_answer *a)
{
	size_t	got = 0;
	ssize_t	n;

	while (got < sizeof(*a)) {
		n = read(fd, (char *)a + got, sizeof(*a) - got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	a->why[sizeof(a->why) - 1] = '\0';
	return a->code < WORK_CODES;
}

enum work_result_code
pam_talk(const struct pam_ask *ask, char *why, size_t size)
{
	struct talk_answer	a;
	struct itimerval	left;
	pid_t			pid;
	int			fds[2];

	if (ask->password.len > PAM_TALK_PASSWORD) {
		strlcpy(why, "too long for PAM", size);
		return WORK_NO;
	}
	if (getitimer(ITIMER_REAL, &left) == -1 || pipe(fds) == -1) {
		snprintf(why, size, "pipe: %s", strerror(errno));
		return WORK_UNAVAILABLE;
	}
	if ((pid = fork()) == 0)
		talk_child(ask, fds[1], &left);
	if (pid == -1)
		snprintf(why, size, "fork: %s", strerror(errno));
	close(fds[1]);
	if (pid == -1 || !talk_read(fds[0], &a)) {
		if (pid != -1)
			snprintf(why, size, "PAM service %s: a module has "
			    "ended its process", ask->service);
		a.code = WORK_UNAVAILABLE;
	} else
		strlcpy(why, a.why, size);
	close(fds[0]);
	while (pid != -1 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return (enum work_result_code)a.code;
}
#else
enum work_result_code
pam_talk(const struct pam_ask *ask, char *why, size_t size)
{
	(void)ask;
	snprintf(why, size, "this build has no PAM");
	return WORK_UNAVAILABLE;
}
#endif

/*
 * Polls the object of app passwords, and changes it: a conditional PUT for each
 * change, on the text that was read before it, repeated on what is there when
 * another node was first.  Each change says what it is, not what the text
 * becomes, and finds out when it has been made already: so one whose outcome is
 * unknown is simply tried again.
 *
 * A missing, damaged or older object is never taken for app passwords that
 * were revoked, or are valid again: this node's stay as they are.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/app_edit.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/write_all.h"
#include "storaged/apps.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/appsobj.h"
#include "storaged/format/object.h"
#include "storaged/util/spool.h"

#define AGAIN_MS	500	/* after no answer */
#define LOST_MS		50	/* after a lost race, at most */
#define AWAY_MS		60000	/* unreadable for so long: the log says so */
#define CHANGES_MAX	100	/* that wait */
#define OBJECT_MAX	(APPSOBJ_MAX + 131072)

struct change {
	TAILQ_ENTRY(change)	 entry;
	bool			 add;
	struct app_password	 p;		/* add; or its user */
	char			 what[APP_NAME_MAX + 1];	/* "": all */
	size_t			 n;		/* that were revoked */
	bool			 tried;		/* it may have been made */
	bool			 told;		/* it is what paild is told */
	int64_t			 until;
	void			 (*done)(const char *, void *);
	void			*arg;
};

static struct {
	struct apps_conf	 c;
	TAILQ_HEAD(, change)	 changes;	/* the first is under way */
	struct event		*ev;
	struct blob_request	*req;
	uint64_t		 serial;	/* that the node has; 0: none */
	char			 etag[BLOB_ETAG_MAX];	/* of that, or "" */
	/* What paild is being told. */
	uint32_t		 id;
	bool			 telling;
	uint64_t		 next_serial;
	char			 next_etag[BLOB_ETAG_MAX];
	/* An object on its way. */
	struct buf		 body;
	struct piece		 piece;
	struct buf		 text;		/* what it has */
	bool			 stopped;
	int64_t			 away;		/* since when; 0: it is not */
	char			 said[400];	/* the last complaint, or "" */
} apps = { .changes = TAILQ_HEAD_INITIALIZER(apps.changes) };

static void	look(void);

static void
look_in(unsigned ms)
{
	const struct timeval	tv = { ms / 1000, (suseconds_t)(ms % 1000) *
				    1000 };

	if (!apps.stopped || !TAILQ_EMPTY(&apps.changes))
		evtimer_add(apps.ev, &tv);
}

static void
complain(const char *why)
{
	if (strcmp(apps.said, why) == 0)
		return;
	strlcpy(apps.said, why, sizeof(apps.said));
	log_warnx("app-passwords result=no why=\"%s\"", why);
}

static void
content(void)
{
	apps.away = 0;
	if (apps.said[0] == '\0')
		return;
	apps.said[0] = '\0';
	log_info("app-passwords result=ok serial=%llu",
	    (unsigned long long)apps.serial);
}

/* ---- changes ---- */

static void
change_end(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
change_end(const char *fmt, ...)
{
	struct change	*ch = TAILQ_FIRST(&apps.changes);
	char		 text[600];
	va_list		 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	TAILQ_REMOVE(&apps.changes, ch, entry);
	ch->done(text, ch->arg);
	freezero(ch, sizeof(*ch));
	look_in(TAILQ_EMPTY(&apps.changes) ? apps.c.poll_ms : 0);
}

static void
change_made(const struct change *ch)
{
	if (ch->add)
		change_end("done");
	else
		change_end("done %zu", ch->n);
}

/* No answer, or a lost race: once more, if there is time. */
static void
change_again(unsigned ms, const char *why)
{
	const struct change	*ch = TAILQ_FIRST(&apps.changes);

	if ((int64_t)clock_ms() < ch->until)
		look_in(ms);
	else
		change_end("error: %s%s", why, ch->tried ? "; whether the "
		    "change was made is not known: try again" : "");
}

/* ---- paild ---- */

/* ch: the change that the text has; NULL: what a poll has found. */
static void
tell(struct change *ch, uint64_t serial, const char *etag, struct str text)
{
	int	fd = spool_open(apps.c.spool);
	char	why[200];

	if (fd == -1 || write_all(fd, text.p, text.len) == -1) {
		snprintf(why, sizeof(why), "%s: %s", apps.c.spool,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		complain(why);
		if (ch == NULL)
			look_in(apps.c.poll_ms);
		else
			change_again(AGAIN_MS, why);
		return;
	}
	apps.telling = true;
	if (ch != NULL)
		ch->told = true;
	apps.next_serial = serial;
	strlcpy(apps.next_etag, etag, sizeof(apps.next_etag));
	apps.c.tell(++apps.id, serial, fd);
	look_in(apps.c.poll_ms);	/* should it never answer */
}

void
apps_told(uint32_t id, const struct setup_give *g)
{
	const struct change	*ch = TAILQ_FIRST(&apps.changes);
	bool			 asked = ch != NULL && ch->told;
	char			 why[400];

	if (!apps.telling || id != apps.id)
		return;
	apps.telling = false;
	/* One that came while a poll's text was on its way begins now. */
	if (ch != NULL && !asked)
		look_in(0);
	if (g->outcome == SETUP_GIVE_FOUND) {
		apps.serial = apps.next_serial;
		strlcpy(apps.etag, apps.next_etag, sizeof(apps.etag));
		content();
		if (asked)
			change_made(ch);
		return;
	}
	snprintf(why, sizeof(why), "app-passwords-file: %.*s",
	    (int)g->why.len, g->why.p);
	complain(why);
	if (asked)
		change_end("error: the change is in the bucket, but not yet "
		    "on this node: %s", why);
}

/* ---- the object ---- */

static void
put_done(const struct blob_result *r, void *arg)
{
	struct change	*ch = TAILQ_FIRST(&apps.changes);
	char		 why[400];

	(void)arg;
	apps.req = NULL;
	switch (r->outcome) {
	case BLOB_DONE:
		ch->tried = true;	/* should paild never answer */
		tell(ch, apps.next_serial, r->etag, (struct str){
		    (char *)apps.text.data, apps.text.len });
		break;
	case BLOB_CONFLICT:
		change_again(arc4random_uniform(LOST_MS), "other nodes are "
		    "always first");
		break;
	case BLOB_ABSENT:	/* it was there: look again */
		look_in(AGAIN_MS);
		break;
	case BLOB_UNSURE:
	case BLOB_UNAVAILABLE:
		ch->tried = true;
		change_again(AGAIN_MS, blob_reason(r, why, sizeof(why)));
		break;
	default:
		change_end("error: %s", blob_reason(r, why, sizeof(why)));
	}
}

/* The text with the change into apps.text.  1: it has it; -1: it has ended. */
static int
change_text(struct change *ch, struct str text)
{
	char	why[400] = "";
	size_t	n;
	int	r = 0;

	buf_reset(&apps.text);
	if (ch->add) {
		r = app_edit_add(text, &ch->p, &apps.text, why, sizeof(why));
	} else {
		n = app_edit_revoke(text, ch->p.user, ch->what[0] != '\0' ?
		    ch->what : NULL, &apps.text);
		if (n > 0)
			ch->n = n;
		else if (ch->tried || ch->what[0] == '\0')
			r = 1;
		else {
			snprintf(why, sizeof(why), "%s has no app password "
			    "with the name or id \"%s\"", ch->p.user,
			    ch->what);
			r = -1;
		}
	}
	if (r == 0 && (apps.text.failed || apps.text.len > APPSOBJ_MAX)) {
		strlcpy(why, "there are too many app passwords", sizeof(why));
		r = -1;
	}
	if (r == -1)
		change_end("error: %s", why);
	return r;
}

/* etag NULL: there is no object yet. */
static void
change_put(struct change *ch, const struct appsobj *o, const char *etag)
{
	struct appsobj	 n = *o;
	int		 r = change_text(ch, o->text);

	if (r == 0 && o->serial == APPSOBJ_SERIAL_MAX) {
		/* Nobody gets there by changes. */
		change_end("error: the object app-passwords has the highest "
		    "serial number that there is");
		return;
	}
	if (r == 1 && etag == NULL)	/* nobody has any */
		change_made(ch);
	else if (r == 1)
		tell(ch, o->serial, etag, o->text);
	if (r != 0)
		return;
	n.serial = apps.next_serial = o->serial + 1;
	n.text = (struct str){ (char *)apps.text.data, apps.text.len };
	buf_reset(&apps.body);
	if (appsobj_encode(&n, &apps.body) == -1) {
		change_end("error: out of memory");
		return;
	}
	apps.piece = (struct piece){ apps.body.data, apps.body.len };
	apps.req = blob_put(apps.c.blob, KEY_APPS, &apps.piece, 1,
	    etag != NULL ? BLOB_IF_MATCH : BLOB_IF_NONE_MATCH, etag,
	    BLOB_USER, put_done, NULL);
	if (apps.req == NULL)
		change_again(AGAIN_MS, "out of memory");
}

/* Why what is in the bucket is not to be believed; NULL: it is. */
static const char *
suspect(const struct blob_result *r, struct appsobj *o, char *why,
    size_t size)
{
	int	e;

	memset(o, 0, sizeof(*o));
	if (r->outcome == BLOB_ABSENT) {
		if (apps.serial == 0)
			return NULL;
		strlcpy(why, "the object app-passwords is missing from the "
		    "bucket: this node's copy remains in use", size);
		return why;
	}
	if ((e = appsobj_decode(r->body, r->len, o)) != 0)
		snprintf(why, size, "the object app-passwords is %s: this "
		    "node's copy remains in use", e == FORMAT_UNKNOWN ?
		    "newer than this version" : "damaged");
	else if (o->serial < apps.serial)
		snprintf(why, size, "the object app-passwords has serial "
		    "%llu, and this node's copy, which remains in use, %llu",
		    (unsigned long long)o->serial,
		    (unsigned long long)apps.serial);
	else
		return NULL;
	return why;
}

static void
unread(const struct blob_result *r)
{
	char	why[400];
	int64_t	now = (int64_t)clock_ms();

	(void)blob_reason(r, why, sizeof(why));
	if (!TAILQ_EMPTY(&apps.changes)) {
		change_again(AGAIN_MS, why);
		return;
	}
	if (apps.away == 0)
		apps.away = now;
	if (now - apps.away >= AWAY_MS || r->outcome == BLOB_DENIED)
		complain(why);
	look_in(apps.c.poll_ms);
}

static void
got(const struct blob_result *r, void *arg)
{
	struct change	*ch = TAILQ_FIRST(&apps.changes);
	struct appsobj	 o;
	char		 why[400];
	bool		 there = r->outcome == BLOB_DONE;

	(void)arg;
	apps.req = NULL;
	if (r->outcome == BLOB_UNCHANGED) {
		content();
		look_in(ch != NULL ? 0 : apps.c.poll_ms);
	} else if (!there && r->outcome != BLOB_ABSENT)
		unread(r);
	else if (suspect(r, &o, why, sizeof(why)) != NULL) {
		complain(why);
		apps.away = 0;
		if (ch != NULL)
			change_end("error: %s", why);
		else
			look_in(apps.c.poll_ms);
	} else if (ch != NULL)
		change_put(ch, &o, there ? r->etag : NULL);
	else if (there)
		tell(NULL, o.serial, r->etag, o.text);
	else {
		content();
		look_in(apps.c.poll_ms);
	}
}

/* A change needs the text; a poll only what is new. */
static void
look(void)
{
	bool	 change = !TAILQ_EMPTY(&apps.changes);

	if (apps.req != NULL || (apps.stopped && !change))
		return;
	apps.telling = false;
	if (change)
		TAILQ_FIRST(&apps.changes)->told = false;
	apps.req = blob_get(apps.c.blob, KEY_APPS, 0, 0, OBJECT_MAX,
	    !change && apps.etag[0] != '\0' ? apps.etag : NULL,
	    change ? BLOB_USER : BLOB_BACKGROUND, got, NULL);
	if (apps.req == NULL)
		look_in(AGAIN_MS);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	look();
}

void
apps_start(const struct apps_conf *c)
{
	apps.c = *c;
	apps.serial = c->serial;
	buf_init(&apps.body, OBJECT_MAX);
	buf_init(&apps.text, APPSOBJ_MAX + 65536);
	if ((apps.ev = evtimer_new(c->base, on_time, NULL)) == NULL)
		fatal("app passwords");
	look();
}

static bool
parse(struct change *ch, const char *arg)
{
	const char	*colon = strchr(arg, ':');
	char		 why[128];

	if (ch->add)
		return app_line_parse(arg, strlen(arg), &ch->p, why,
		    sizeof(why)) == USERLINE_USER;
	return colon != NULL && user_normalize((struct str){ arg,
	    (size_t)(colon - arg) }, ch->p.user, sizeof(ch->p.user)) == 0 &&
	    strlcpy(ch->what, colon + 1, sizeof(ch->what)) <
	    sizeof(ch->what);
}

bool
apps_change(const char *what, const char *arg,
    void (*done)(const char *text, void *arg), void *done_arg)
{
	struct change	*ch, *o;
	unsigned	 n = 0;

	if (strcmp(what, "app-add") != 0 && strcmp(what, "app-revoke") != 0)
		return false;
	if (apps.ev == NULL || apps.stopped) {
		done("error: not serving yet, or without \"app-passwords: "
		    "bucket\"", done_arg);
		return true;
	}
	TAILQ_FOREACH(o, &apps.changes, entry)
		n++;
	if (n >= CHANGES_MAX || (ch = calloc(1, sizeof(*ch))) == NULL) {
		done("error: too many changes at once: try again", done_arg);
		return true;
	}
	ch->add = strcmp(what, "app-add") == 0;
	ch->until = (int64_t)clock_ms() + apps.c.timeout_ms;
	ch->done = done;
	ch->arg = done_arg;
	if (!parse(ch, arg)) {
		freezero(ch, sizeof(*ch));
		done("error: that is no app password", done_arg);
		return true;
	}
	TAILQ_INSERT_TAIL(&apps.changes, ch, entry);
	if (n == 0 && !apps.telling)
		look_in(0);
	return true;
}

void
apps_stop(void)
{
	apps.stopped = true;
}

bool
apps_idle(void)
{
	return TAILQ_EMPTY(&apps.changes);
}

/* What others do to the fake's mailboxes, told in lines by a test. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "imapd/parse.h"
#include "imapd/test/storage_fake_impl.h"

static const char note[] = "From: bob@example.org\r\nTo: ann@example.org\r\n"
    "Subject: A note\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n"
    "Message-ID: <note@example.org>\r\n\r\nHello.\r\n";

static void
deliver(struct fake *f, struct fake_box *b, const char *text, size_t len)
{
	struct uidset	 uids = UIDSET_INIT;

	fake_add(f, b, fake_msg_new(text, len), &uids);
	fake_notify_added(f, b, &uids, NULL, 0);
	uidset_free(&uids);
}

/* \r \n \t \\ and \0 of a line are what they are in C. */
static size_t
unescape(char *s)
{
	static const char	 from[] = "rnt0\\", to[] = "\r\n\t\0\\";
	const char		*q;
	char			*d = s, *p;

	for (p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0' &&
		    (q = strchr(from, p[1])) != NULL) {
			*d++ = to[q - from];
			p++;
		} else
			*d++ = *p;
	}
	return (size_t)(d - s);
}

static int
do_deliver(struct fake *f, struct fake_box *b, char *rest)
{
	int	 n = *rest != '\0' ? atoi(rest) : 1;

	while (n-- > 0)
		deliver(f, b, note, sizeof(note) - 1);
	return 0;
}

static int
do_mail(struct fake *f, struct fake_box *b, char *rest)
{
	size_t	 len = unescape(rest);

	deliver(f, b, rest, len);
	return 0;
}

/* A set of plain UIDs at the front of *rest. */
static int
script_set(char **rest, struct uidset *set)
{
	struct arena	*a = arena_new(0);
	struct parse	 p;
	struct seqset	 s;
	size_t		 i;
	int		 ret = -1;

	parse_init(&p, *rest, strlen(*rest), a);
	if (parse_seqset(&p, &s) == 0) {
		for (i = 0; i < s.n; i++)
			(void)uidset_add(set, s.v[i].first, s.v[i].last);
		*rest += p.p - *rest;
		*rest += **rest == ' ';
		ret = 0;
	}
	arena_free(a);
	return ret;
}

static int
do_flags(struct fake *f, struct fake_box *b, char *rest)
{
	struct mbox_store	 req = { .box = b->id };
	struct flag_list	 l;
	struct mbox_word	 w;
	struct arena		*a = arena_new(0);
	struct parse		 p;
	char			*word;

	if (script_set(&rest, &req.uids) == -1)
		return -1;
	while ((word = strsep(&rest, " ")) != NULL) {
		req.how = *word == '+' ? MBOX_STORE_ADD : MBOX_STORE_REMOVE;
		parse_init(&p, word + 1, strlen(word + 1), a);
		memset(&l, 0, sizeof(l));
		if (parse_flag(&p, &l) == -1)
			return -1;
		req.flags = l.flags;
		req.keywords.n = l.nkeywords;
		req.keywords.v = &w;
		if (l.nkeywords > 0)
			w.word = l.keywords[0];
		(void)fake_store(f, b, &req, NULL, 0);
	}
	uidset_free(&req.uids);
	arena_free(a);
	return 0;
}

static int
do_expunge(struct fake *f, struct fake_box *b, char *rest)
{
	struct uidset	 set = UIDSET_INIT;

	if (script_set(&rest, &set) == -1)
		return -1;
	fake_expunge(f, b, &set, NULL, 0);
	uidset_free(&set);
	return 0;
}

static int
do_forget(struct fake *f, struct fake_box *b, char *rest)
{
	struct uidset	 set = UIDSET_INIT;
	struct fake_msg	*m, *next;

	(void)f;
	if (script_set(&rest, &set) == -1)
		return -1;
	TAILQ_FOREACH_SAFE(m, &b->msgs, entry, next)
		if (uidset_has(&set, m->uid)) {
			TAILQ_REMOVE(&b->msgs, m, entry);
			fake_msg_free(m);
		}
	uidset_free(&set);
	return 0;
}

static int
do_damage(struct fake *f, struct fake_box *b, char *rest)
{
	struct uidset	 set = UIDSET_INIT;
	struct fake_msg	*m;

	(void)f;
	if (script_set(&rest, &set) == -1)
		return -1;
	TAILQ_FOREACH(m, &b->msgs, entry)
		m->damaged |= uidset_has(&set, m->uid);
	uidset_free(&set);
	return 0;
}

static int
do_delete(struct fake *f, struct fake_box *b, char *rest)
{
	(void)rest;
	fake_delete(f, b);
	return 0;
}

static int
do_end(struct fake *f, const char *rest)
{
	char	*text;

	f->end_code = (uint8_t)strtoul(rest, &text, 10);
	free(f->end);
	if (*text != ' ' || (f->end = strdup(text + 1)) == NULL)
		return -1;
	return 0;
}

static const struct {
	const char	*word;
	int		(*act)(struct fake *, struct fake_box *, char *);
} acts[] = {
	{ "deliver",	do_deliver },
	{ "mail",	do_mail },
	{ "flags",	do_flags },
	{ "expunge",	do_expunge },
	{ "forget",	do_forget },
	{ "damage",	do_damage },
	{ "delete",	do_delete },
};

/* Those without a mailbox. */
static int
fake_plain(struct fake *f, const char *word, const char *rest)
{
	struct fake_session	*s, *next;
	struct fake_box		*b;

	if (strcmp(word, "wait") == 0)
		f->wait = true;
	else if (strcmp(word, "old") == 0) {
		TAILQ_FOREACH(b, &f->boxes, entry)
			b->recent = b->uidnext;
	}
	else if (strcmp(word, "go") == 0) {
		f->wait = false;
		TAILQ_FOREACH(s, &f->sessions, entry)
			event_active(&s->ev_jobs, EV_TIMEOUT, 0);
	} else if (strcmp(word, "refuse") == 0 && rest != NULL)
		f->refuse = atoi(rest);
	else if (strcmp(word, "end") == 0 && rest != NULL)
		return do_end(f, rest);
	else if (strcmp(word, "away") == 0)
		fake_auth_close(f);
	else if (strcmp(word, "waiting") == 0) {
		TAILQ_FOREACH(s, &f->sessions, entry)
			(void)peer_send(s->peer, IMSG_EV_WAITING, 0, NULL, 0,
			    -1);
	} else if (strcmp(word, "die") == 0) {
		TAILQ_FOREACH_SAFE(s, &f->sessions, entry, next)
			fake_session_free(s);
	} else
		return -1;
	return 0;
}

int
fake_do(struct fake *f, const char *line)
{
	struct fake_box	*b;
	char		*copy = strdup(line), *rest = copy, *word, *name;
	char		 none[] = "";
	size_t		 i;
	int		 ret = -1;

	if (copy == NULL)
		fatal("strdup");
	word = strsep(&rest, " ");
	for (i = 0; i < nitems(acts); i++) {
		if (strcmp(word, acts[i].word) != 0)
			continue;
		name = strsep(&rest, " ");
		if (name != NULL &&
		    (b = fake_box_find(f, str_from(name))) != NULL)
			ret = acts[i].act(f, b, rest != NULL ? rest : none);
		free(copy);
		return ret;
	}
	ret = fake_plain(f, word, rest);
	free(copy);
	return ret;
}

size_t
fake_waiting(const struct fake *f)
{
	const struct fake_session	*s;
	const struct fake_job		*j;
	size_t				 n = 0;

	TAILQ_FOREACH(s, &f->sessions, entry)
		TAILQ_FOREACH(j, &s->jobs, entry)
			n++;
	return n;
}

unsigned int
fake_bodies(const struct fake *f)
{
	return f->bodies;
}

unsigned int
fake_mores(const struct fake *f)
{
	return f->mores;
}

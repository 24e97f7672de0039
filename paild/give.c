/*
 * Files change while credd runs: tokens are rotated, secrets replaced.  It
 * has no file system, and some are for root's eyes only; so paild reads them
 * for it (and for authd's workers the secrets that are theirs), by the name
 * that they have in the configuration, in a variable of the list below, or in
 * AWS's shared files.  Commands are run in the same way (command.h): one at a
 * time, the one that was asked for last.  What authd has to say of app
 * passwords is written for it, too (used.h); of
 * administrators it tells desk.h.
 */
#include "common/compat.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "paild/aws_files.h"
#include "paild/command.h"
#include "paild/conf_file.h"
#include "paild/conf_tls.h"
#include "paild/desk.h"
#include "paild/give.h"
#include "paild/identity.h"
#include "paild/proc.h"
#include "paild/used.h"

/* The variables of AWS's tools: their values, and files that they name. */
static const struct {
	const char	*name;
	enum { VALUE, SECRET_FILE, TOKEN_FILE } what;
} variables[] = {
	{ "AWS_PROFILE", VALUE },
	{ "AWS_ACCESS_KEY_ID", VALUE },
	{ "AWS_SECRET_ACCESS_KEY", VALUE },
	{ "AWS_SESSION_TOKEN", VALUE },
	{ "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", VALUE },
	{ "AWS_CONTAINER_CREDENTIALS_FULL_URI", VALUE },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN", VALUE },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", SECRET_FILE },
	{ "AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE },
	{ "AWS_ROLE_ARN", VALUE },
	{ "AWS_ROLE_SESSION_NAME", VALUE }
};

/* token: one that an identity provider has issued, which may be longer. */
static void
give_file(const char *path, bool token, struct setup_give *g, struct buf *b,
    char *why, size_t size)
{
	if ((token ? conf_file_token(path, b, why, size) :
	    conf_file_secret(path, b, why, size)) == -1) {
		g->outcome = SETUP_GIVE_FAILED;
		g->why = str_from(why);
	} else
		g->outcome = SETUP_GIVE_FOUND;
}

/* "env:NAME" */
static int
give_variable(const char *name, struct setup_give *g, struct buf *b,
    char *why, size_t size)
{
	const char	*v;
	size_t		 i;

	for (i = 0; i < nitems(variables); i++)
		if (strcmp(variables[i].name, name) == 0)
			break;
	if (i == nitems(variables))
		return -1;
	if ((v = getenv(name)) == NULL || *v == '\0')
		return 0;
	if (variables[i].what != VALUE)
		give_file(v, variables[i].what == TOKEN_FILE, g, b, why,
		    size);
	else if (buf_puts(b, v) == 0)
		g->outcome = SETUP_GIVE_FOUND;
	else {
		/* Not absent: keys would be used without their token. */
		snprintf(why, size, "environment variable %s: larger than %d "
		    "bytes", name, SETUP_GIVE_MAX);
		g->outcome = SETUP_GIVE_FAILED;
		g->why = str_from(why);
	}
	return 0;
}

/* "auth.3.service-password" is "auth.*.service-password" of the table. */
static const struct conf_key *
key_of(const char *path)
{
	char	 key[CONF_PATH_MAX];
	size_t	 n = 0;

	for (; *path != '\0' && n + 2 < sizeof(key); path++) {
		if (n > 0 && key[n - 1] == '.' && isdigit(
		    (unsigned char)*path)) {
			path += strspn(path, "0123456789") - 1;
			key[n++] = '*';
		} else
			key[n++] = *path;
	}
	key[n] = '\0';
	return *path == '\0' ? conf_key_find(key) : NULL;
}

/* A whole file: of a certificate, or of its key. */
static void
give_whole(const char *path, struct setup_give *g, struct buf *b, char *why,
    size_t size)
{
	if (conf_file_read(path, SETUP_GIVE_MAX / 2, b, why, size) == 0) {
		g->outcome = SETUP_GIVE_FOUND;
		return;
	}
	g->outcome = SETUP_GIVE_FAILED;
	g->why = str_from(why);
}

/* "key:PATH": the file that a secret of the configuration is in, if it is in
 * one, or that the key names. */
static int
give_key(const struct conf *c, enum proc_kind kind, const char *path,
    struct setup_give *g, struct buf *b, char *why, size_t size)
{
	const struct conf_key	*key = key_of(path);
	const struct conf_item	*it;
	size_t			 i;

	if (key == NULL || !(key->to & CONF_TO(kind)) ||
	    (key->type != CONF_SECRET && key->type != CONF_FILE &&
	    !(key->flags & CONF_GIVEN)))
		return -1;
	it = conf_item(c, path);
	if (key->type == CONF_FILE) {
		if (it != NULL)
			give_whole(it->value, g, b, why, size);
		return 0;
	}
	if (key->type != CONF_SECRET) {
		if (it != NULL)
			give_file(it->value, true, g, b, why, size);
		return 0;
	}
	/* It may be written in its short form. */
	for (i = 0; i < conf_keys_n && (it == NULL || it->written == NULL);
	    i++)
		if (conf_keys[i].alias != NULL &&
		    strcmp(conf_keys[i].alias, path) == 0)
			it = conf_item(c, conf_keys[i].path);
	if (it != NULL && it->written != NULL)
		give_file(it->written, false, g, b, why, size);
	return 0;
}

/* It may have been when credd read the file. */
static void
not_said(struct setup_give *g)
{
	g->outcome = SETUP_GIVE_FAILED;
	g->why = STR("it is not named in AWS's shared files");
}

/* "aws:credentials", "aws:config", "aws:web_identity_token_file=PATH" */
static int
give_aws(const struct conf *c, const char *what, struct setup_give *g,
    struct buf *b, char *why, size_t size)
{
	static const char	 token[] = "web_identity_token_file=";
	enum aws_file		 which = AWS_CREDENTIALS;
	char			 path[PATH_MAX];

	if (strncmp(what, token, sizeof(token) - 1) == 0) {
		what += sizeof(token) - 1;
		if (aws_files_say(c, "web_identity_token_file", what))
			give_file(what, true, g, b, why, size);
		else
			not_said(g);
		return 0;
	}
	if (strcmp(what, "config") == 0)
		which = AWS_CONFIG;
	else if (strcmp(what, "credentials") != 0)
		return -1;
	switch (aws_file_read(c, which, b, path, sizeof(path), why, size)) {
	case AWS_FOUND:
		g->outcome = SETUP_GIVE_FOUND;
		strlcpy(why, path, size);
		break;
	case AWS_ABSENT:
		strlcpy(why, path, size);
		break;
	default:
		g->outcome = SETUP_GIVE_FAILED;
	}
	g->why = str_from(why);
	return 0;
}

int
give_find(const struct conf *c, enum proc_kind kind, struct str what,
    struct setup_give *g, struct buf *b, char *why, size_t size)
{
	char	name[SETUP_WANT_MAX + 1];
	int	r = -1;

	memset(g, 0, sizeof(*g));
	g->outcome = SETUP_GIVE_ABSENT;
	if ((kind != PROC_CREDD && kind != PROC_AUTHWORKER) || what.len < 5 ||
	    what.len >= sizeof(name) || memchr(what.p, '\0', what.len) != NULL)
		return -1;
	memcpy(name, what.p, what.len);
	name[what.len] = '\0';
	if (strncmp(name, "key:", 4) == 0)
		r = give_key(c, kind, name + 4, g, b, why, size);
	else if (kind != PROC_CREDD)
		return -1;
	else if (strncmp(name, "env:", 4) == 0)
		r = give_variable(name + 4, g, b, why, size);
	else if (strncmp(name, "aws:", 4) == 0)
		r = give_aws(c, name + 4, g, b, why, size);
	else if (strcmp(name, "mark:tls") == 0) {
		r = conf_tls_mark(c, b);
		g->outcome = SETUP_GIVE_FOUND;
	}
	if (g->outcome == SETUP_GIVE_FOUND)
		g->data = (struct str){ (const char *)b->data, b->len };
	return r;
}

/* The command that runs: credd number 0 has one at a time. */
static struct {
	struct proc	*proc;
	uint32_t	 id;
	struct command	*command;	/* NULL: none */
} run;

static void
run_done(const struct command_result *r, void *arg)
{
	struct setup_give	 g = { .outcome = SETUP_GIVE_FOUND };
	struct proc		*p = run.proc;
	char			 said[2 * COMMAND_SAID_MAX];

	(void)arg;
	run.command = NULL;
	if (r->why != NULL) {
		g.outcome = SETUP_GIVE_FAILED;
		g.why = str_from(r->why);
	} else {
		g.data = r->out;
		/* Of one that failed credd tells. */
		if (*r->said != '\0')
			log_info("proc=\"%s\" command=done said=\"%s\"",
			    proc_name(p), log_quote(said, sizeof(said),
			    r->said, strlen(r->said)));
	}
	if (p->setup != NULL)
		peer_send_struct(p->setup, IMSG_SETUP_GIVE, run.id, &g, -1);
}

/* "run:COMMAND", if someone has written that. */
static int
give_run(struct proc *p, uint32_t id, struct str what)
{
	const struct conf	*c = p->paild->conf;
	const char		*own = conf_str(c,
				    "store.credentials.command");
	struct setup_give	 g = { .outcome = SETUP_GIVE_FAILED };
	char			*text, why[400] = "";

	if (p->kind != PROC_CREDD || p->index != 0 ||
	    memchr(what.p, '\0', what.len) != NULL)
		return -1;
	give_gone(p);
	text = mem_dup_len(what.p + 4, what.len - 4);
	if ((own != NULL && strcmp(own, text) == 0) ||
	    aws_files_say(c, "credential_process", text)) {
		run.proc = p;
		run.id = id;
		run.command = command_start(p->paild->base, text,
		    identity_of(p->kind)->user, COMMAND_MS, run_done, NULL,
		    why, sizeof(why));
		g.why = str_from(why);
	} else
		not_said(&g);
	if (run.command == NULL)
		peer_send_struct(p->setup, IMSG_SETUP_GIVE, id, &g, -1);
	free(text);
	return 0;
}

void
give_gone(struct proc *p)
{
	if (run.command == NULL || run.proc != p)
		return;
	command_cancel(run.command);
	run.command = NULL;
}

/* "key:PATH" is as that key; the rest is credd's. */
static bool
is_anothers(const struct proc *p, struct str what)
{
	char	path[CONF_PATH_MAX];

	if (what.len >= 4 && memcmp(what.p, "key:", 4) == 0)
		what = (struct str){ what.p + 4, what.len - 4 };
	snprintf(path, sizeof(path), "%.*s", (int)what.len, what.p);
	return !proc_may_tell(path, p);
}

int
give_answer(struct proc *p, const struct msg *m)
{
	struct setup_want	want;
	struct setup_give	g;
	struct buf		b;
	char			why[400];
	int			r = -1;

	if (wire_decode(&setup_want_wire, &want, m->data, m->len,
	    NULL) == -1)
		return -1;
	if (want.what.len > 4 && memcmp(want.what.p, "run:", 4) == 0)
		return give_run(p, m->id, want.what);
	if (want.what.len > 6 && memcmp(want.what.p, "admin:", 6) == 0)
		return desk_login(p, m->id, (struct str){ want.what.p + 6,
		    want.what.len - 6 });
	if (want.what.len > 10 && memcmp(want.what.p, "admin-end:", 10) == 0)
		return desk_logout(p, (struct str){ want.what.p + 10,
		    want.what.len - 10 });
	if (want.what.len > 5 && memcmp(want.what.p, "used:", 5) == 0)
		return p->kind != PROC_AUTHD ? -1 : used_note(p->paild,
		    (struct str){ want.what.p + 5, want.what.len - 5 });
	buf_init_secret(&b, SETUP_GIVE_MAX);
	if (give_find(p->paild->conf, p->kind, want.what, &g, &b, why,
	    sizeof(why)) == 0) {
		/* As if it were not there. */
		if (is_anothers(p, want.what))
			g = (struct setup_give){ .outcome =
			    SETUP_GIVE_ABSENT };
		peer_send_struct(p->setup, IMSG_SETUP_GIVE, m->id, &g, -1);
		r = 0;
	}
	buf_freezero(&b);
	return r;
}

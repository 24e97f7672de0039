/*
 * Files change while credd runs: tokens are rotated, secrets replaced.  It
 * has no file system, and some are for root's eyes only; so paild reads them
 * for it, by the name that they have in the configuration or in a variable
 * of the list below.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "paild/conf_file.h"
#include "paild/give.h"

/* The variables of AWS's tools: their values, and files that they name. */
static const struct {
	const char	*name;
	bool		 file;
} variables[] = {
	{ "AWS_ACCESS_KEY_ID", false },
	{ "AWS_SECRET_ACCESS_KEY", false },
	{ "AWS_SESSION_TOKEN", false },
	{ "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", false },
	{ "AWS_CONTAINER_CREDENTIALS_FULL_URI", false },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN", false },
	{ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", true }
};

static void
give_file(const char *path, struct setup_give *g, struct buf *b, char *why,
    size_t size)
{
	if (conf_file_secret(path, b, why, size) == -1) {
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
	if (variables[i].file)
		give_file(v, g, b, why, size);
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

/* "key:PATH": the file that a secret of the configuration is in, if it is in
 * one. */
static int
give_key(const struct conf *c, enum proc_kind kind, const char *path,
    struct setup_give *g, struct buf *b, char *why, size_t size)
{
	const struct conf_key	*key = conf_key_find(path);
	const struct conf_item	*it;
	size_t			 i;

	if (key == NULL || key->type != CONF_SECRET ||
	    !(key->to & CONF_TO(kind)))
		return -1;
	it = conf_item(c, path);
	/* It may be written in its short form. */
	for (i = 0; i < conf_keys_n && (it == NULL || it->written == NULL);
	    i++)
		if (conf_keys[i].alias != NULL &&
		    strcmp(conf_keys[i].alias, path) == 0)
			it = conf_item(c, conf_keys[i].path);
	if (it != NULL && it->written != NULL)
		give_file(it->written, g, b, why, size);
	return 0;
}

int
give_find(const struct conf *c, enum proc_kind kind, struct str what,
    struct setup_give *g, struct buf *b, char *why, size_t size)
{
	char	name[128];
	int	r = -1;

	memset(g, 0, sizeof(*g));
	g->outcome = SETUP_GIVE_ABSENT;
	if (kind != PROC_CREDD || what.len < 5 || what.len >= sizeof(name) ||
	    memchr(what.p, '\0', what.len) != NULL)
		return -1;
	memcpy(name, what.p, what.len);
	name[what.len] = '\0';
	if (strncmp(name, "env:", 4) == 0)
		r = give_variable(name + 4, g, b, why, size);
	else if (strncmp(name, "key:", 4) == 0)
		r = give_key(c, kind, name + 4, g, b, why, size);
	if (g->outcome == SETUP_GIVE_FOUND)
		g->data = (struct str){ (const char *)b->data, b->len };
	return r;
}

int
give_answer(struct proc *p, const struct msg *m)
{
	struct setup_want	want;
	struct setup_give	g;
	struct buf		b;
	char			why[400];
	int			r = -1;

	buf_init(&b, SETUP_GIVE_MAX);
	if (wire_decode(&setup_want_wire, &want, m->data, m->len,
	    NULL) == 0 && give_find(p->paild->conf, p->kind, want.what, &g,
	    &b, why, sizeof(why)) == 0) {
		peer_send_struct(p->setup, IMSG_SETUP_GIVE, m->id, &g, -1);
		r = 0;
	}
	buf_freezero(&b);
	return r;
}

/*
 * One walk over each of AWS's shared files for one profile (profile_read.h).
 * A section that is there twice is one, and of a name the last value counts,
 * as with AWS's tools.  What is indented below a name without a value is a
 * block of its own ("s3 ="), and nothing to us.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/ini_line.h"
#include "credd/profile_read.h"

static const char *const names[PROFILE_KEYS_N] = {
	[PROFILE_K_ACCESS] = "aws_access_key_id",
	[PROFILE_K_SECRET] = "aws_secret_access_key",
	[PROFILE_K_TOKEN] = "aws_session_token",
	[PROFILE_K_ROLE] = "role_arn",
	[PROFILE_K_SOURCE] = "source_profile",
	[PROFILE_K_FROM] = "credential_source",
	[PROFILE_K_EXTERNAL] = "external_id",
	[PROFILE_K_SESSION] = "role_session_name",
	[PROFILE_K_DURATION] = "duration_seconds",
	[PROFILE_K_REGION] = "region",
	[PROFILE_K_WEB] = "web_identity_token_file",
	[PROFILE_K_PROCESS] = "credential_process",
	[PROFILE_K_MFA] = "mfa_serial",
	[PROFILE_K_SSO] = "sso_session",
	[PROFILE_K_SSO_URL] = "sso_start_url",
	[PROFILE_K_LOGIN] = "login_session"
};

struct walk {
	const char		*path, *name;
	bool			 config;
	struct profile_rows	*rows;
	bool			 in;		/* a section of the profile's */
	bool			 prefixed;	/* "[profile default]" was */
	bool			 any;		/* section yet */
	/* The property of the last line, for what continues it. */
	bool			 open, empty;
	struct profile_row	*row;		/* NULL: of no use to us */
	char			*why;
	size_t			 size;
};

const char *
profile_key_name(enum profile_key k)
{
	return names[k];
}

static int
wrong(struct walk *w, unsigned line, const char *text)
{
	snprintf(w->why, w->size, "%s:%u: %s", w->path, line, text);
	return -1;
}

/* "profile name" or "profile 'name'": the name; else one of length 0. */
static struct str
after_profile(struct str s)
{
	static const char	 word[] = "profile";
	size_t			 n = sizeof(word) - 1;
	char			 q;

	if (s.len <= n || memcmp(s.p, word, n) != 0 ||
	    (s.p[n] != ' ' && s.p[n] != '\t'))
		return STR("");
	s = ini_trim(s.p + n, s.p + s.len);
	q = s.len > 1 ? *s.p : '\0';
	if ((q == '"' || q == '\'') && s.p[s.len - 1] == q)
		return (struct str){ s.p + 1, s.len - 2 };
	return s;
}

static void
take_section(struct walk *w, const struct ini_line *l)
{
	struct str	want = str_from(w->name), inner;
	bool		is_default = str_eq(want, STR("default"));

	w->any = true;
	w->open = false;
	w->row = NULL;
	w->in = str_eq(l->name, want);
	if (!w->config)
		return;
	inner = after_profile(l->name);
	if (str_eq(inner, want) && want.len > 0) {
		/* It goes before "[default]", wherever that is. */
		if (is_default && !w->prefixed)
			memset(w->rows->row, 0, sizeof(w->rows->row));
		w->prefixed = true;
		w->in = true;
	} else if (w->in && !is_default) {
		w->rows->bare = l->number;
		w->in = false;
	} else if (w->in && w->prefixed)
		w->in = false;
}

static void
take_property(struct walk *w, const struct ini_line *l)
{
	size_t	i;

	w->open = true;
	w->empty = l->value.len == 0;
	w->row = NULL;
	if (!w->in)
		return;
	for (i = 0; i < PROFILE_KEYS_N; i++)
		if (str_caseeq(l->name, str_from(names[i]))) {
			w->row = &w->rows->row[i];
			*w->row = (struct profile_row){ l->value, w->path,
			    l->number };
		}
}

static int
take_more(struct walk *w, const struct ini_line *l)
{
	if (!w->open)
		return wrong(w, l->number, "an indented line that continues "
		    "nothing");
	if (w->empty && w->row == NULL)
		return memchr(l->value.p, '=', l->value.len) != NULL &&
		    *l->value.p != '=' ? 0 : wrong(w, l->number,
		    "an indented line must be \"name = value\"");
	/* None of ours takes more than a line. */
	return w->row == NULL ? 0 : wrong(w, l->number, "a value that goes on "
	    "in a second line");
}

static int
walk_file(struct walk *w, struct str text)
{
	struct ini_reader	r;
	struct ini_line		l;
	int			e = 0;

	ini_begin(&r, text.p, text.len);
	while (e == 0 && ini_next(&r, &l)) {
		if (l.kind == INI_BAD)
			return wrong(w, l.number, l.why);
		if (l.kind == INI_SECTION) {
			take_section(w, &l);
			w->rows->found |= w->in;
		} else if (l.kind == INI_NOTHING)
			continue;
		else if (!w->any)
			return wrong(w, l.number, "a line before the first "
			    "section");
		else if (l.kind == INI_PROPERTY)
			take_property(w, &l);
		else
			e = take_more(w, &l);
	}
	return e;
}

int
profile_read(const struct profile_files *f, const char *name,
    struct profile_rows *rows, char *why, size_t size)
{
	struct profile_rows	 first;
	struct walk		 c = { .path = f->config.path, .name = name,
				    .config = true, .rows = rows, .why = why,
				    .size = size };
	struct walk		 k = { .path = f->credentials.path,
				    .name = name, .rows = &first, .why = why,
				    .size = size };
	size_t			 i;

	memset(rows, 0, sizeof(*rows));
	memset(&first, 0, sizeof(first));
	if (walk_file(&c, f->config.text) == -1 ||
	    walk_file(&k, f->credentials.text) == -1)
		return -1;
	rows->found |= first.found;
	/* The credentials file goes first; keys are a set, of one file. */
	if (first.row[PROFILE_K_ACCESS].value.len > 0)
		for (i = PROFILE_K_ACCESS; i <= PROFILE_K_TOKEN; i++)
			memset(&rows->row[i], 0, sizeof(rows->row[i]));
	for (i = 0; i < PROFILE_KEYS_N; i++)
		if (first.row[i].value.len > 0)
			rows->row[i] = first.row[i];
	return 0;
}

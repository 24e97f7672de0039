/*
 * The probe's end: the bucket's settings, where they may be read, and the
 * removal of what the probe has made.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xml.h"
#include "storaged/bucket/s3/s3_probe_int.h"

#define CLEANS	4	/* at most */

/* All that the steps and the races may have made. */
#define EDITIONS (PROBE_AGAIN + 2)	/* the first, and one more if its
					   address was given another number */
#define NAMES	(sizeof(PROBE_STEP_NAMES) * EDITIONS * PROBE_ADDRESSES + \
		PROBE_KEYS + 1)
#define CLEAN_NAME 96	/* longer than any of them */

/* -- the bucket's settings, where they may be read -- */

struct setting { bool enabled, expires; };

static int
setting_end(const char *name, int depth, const char *text, size_t len,
    void *arg)
{
	struct setting *s = arg;

	(void)depth;
	(void)len;
	if (strcmp(name, "Status") == 0 && strcmp(text, "Enabled") == 0)
		s->enabled = true;
	if (strcmp(name, "NoncurrentVersionExpiration") == 0)
		s->expires = true;
	return 0;
}

static const struct xml_ops setting_ops = { NULL, setting_end };

static void
lifecycle_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct buf *b = &p->settings;
	struct setting s = { false, false };

	if (a->outcome == BLOB_DONE)
		xml_parse(a->body, a->len, &setting_ops, &s);
	if (a->outcome == BLOB_DENIED)
		probe_say(b, "warn", "versioning is on, but the lifecycle "
		    "cannot be read: make sure that noncurrent versions "
		    "expire");
	else if (!s.enabled || !s.expires)
		probe_say(b, "warn", "versioning is on without a "
		    "lifecycle rule that expires noncurrent versions: "
		    "each commit leaves one behind");
	else
		probe_say(b, "ok", "noncurrent versions expire");
	probe_line_over(p);
}

static void
versioning_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct buf *b = &p->settings;
	struct s3_call *next;
	struct setting s = { false, false };

	if (a->outcome != BLOB_DONE ||
	    xml_parse(a->body, a->len, &setting_ops, &s) == -1) {
		probe_say(b, "note", "cannot read whether versioning is on "
		    "(s3:GetBucketVersioning)");
		probe_line_over(p);
		return;
	}
	if (!s.enabled) {
		probe_say(b, "ok", "versioning is off");
		probe_line_over(p);
		return;
	}
	p->s3->address[0] = '\0';
	next = s3_call_new(p->s3, "GET", "", "lifecycle=", S3_READ,
	    BLOB_USER);
	s3_call_max_body(next, 262144);
	s3_call_start(next, lifecycle_done, p);
}

void
probe_settings(struct probe *p)
{
	if (p->s3 == NULL) {
		probe_line_over(p);
		return;
	}
	p->s3->address[0] = '\0';
	s3_call_start(s3_call_new(p->s3, "GET", "", "versioning=", S3_READ,
	    BLOB_USER), versioning_done, p);
}

/* -- the end -- */

/* A server that is none leaves what was written beside the removal. */
static void
clean_listed(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	struct probe *p = arg;

	(void)v;
	(void)more;
	if (r->outcome == BLOB_DONE && n > 0 && p->cleaned < CLEANS)
		probe_clean(p);
	else
		probe_over(p);
}

static void
clean_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;
	struct buf *b = &p->settings;

	if (p->verdict == PROBE_REFUSED) {
		(void)blob_list(p->store, p->dir, NULL, 1, BLOB_USER,
		    clean_listed, p);
		return;
	}

	if (r->outcome == BLOB_DONE)
		probe_say(b, "ok",
		    "several keys can be deleted in one request");
	else if (p->verdict == PROBE_GOOD) {
		/* It can serve; garbage will be a matter of a later day. */
		probe_say(b, "warn",
		    "deleting several keys in one request: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	}
	probe_over(p);
}

static size_t
clean_name(char (*names)[CLEAN_NAME], size_t n, const char *name)
{
	strlcpy(names[n], name, sizeof(names[0]));
	return n + 1;
}

void
probe_clean(struct probe *p)
{
	char names[NAMES][CLEAN_NAME], name[KEY_MAX];
	const char *keys[NAMES], *s;
	unsigned edition;
	size_t n = 0, k;
	int i;

	p->cleaned++;
	if (p->puts == 0) {
		probe_over(p);
		return;
	}
	for (s = PROBE_STEP_NAMES; *s != '\0'; s++) {
		for (i = 0; i < p->numbers; i++) {
			for (edition = 0; edition <= probe_edition(p, *s, i);
			    edition++) {
				probe_name_edition(p, *s, i, edition, name);
				n = clean_name(names, n, name);
			}
		}
	}
	for (i = 0; i < PROBE_KEYS; i++) {
		probe_name(p, 'c', i, name);
		n = clean_name(names, n, name);
	}
	probe_name(p, 'd', 0, name);
	n = clean_name(names, n, name);
	for (k = 0; k < n; k++)
		keys[k] = names[k];
	(void)blob_delete(p->store, keys, n, BLOB_USER, clean_done, p);
}

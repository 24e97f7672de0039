/*
 * The probe's end: the bucket's settings, where they may be read, and the
 * removal of what the probe has made.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/s3_probe_int.h"
#include "storaged/s3_xml.h"

/* All that the steps and the races may have made. */
#define NAMES	(2 * PROBE_ADDRESSES + PROBE_WAVES * PROBE_CREATES + 1)

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

static const struct s3_xml_ops setting_ops = { NULL, setting_end };

static void
lifecycle_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct setting s = { false, false };

	if (a->outcome == BLOB_DONE)
		s3_xml_parse(a->body, a->len, &setting_ops, &s);
	if (a->outcome == BLOB_DENIED)
		probe_say(p, "warn", "versioning is on, and the "
		    "lifecycle may not be read: see that noncurrent "
		    "versions expire");
	else if (!s.enabled || !s.expires)
		probe_say(p, "warn", "versioning is on without a "
		    "lifecycle rule that expires noncurrent versions: "
		    "each commit leaves one behind");
	else
		probe_say(p, "ok", "noncurrent versions expire");
	probe_clean(p);
}

static void
versioning_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct s3_call *next;
	struct setting s = { false, false };

	if (a->outcome != BLOB_DONE ||
	    s3_xml_parse(a->body, a->len, &setting_ops, &s) == -1) {
		probe_say(p, "note", "whether the bucket keeps versions "
		    "may not be read (s3:GetBucketVersioning)");
		probe_clean(p);
		return;
	}
	if (!s.enabled) {
		probe_say(p, "ok", "the bucket keeps no old versions");
		probe_clean(p);
		return;
	}
	next = s3_call_new(p->s3, "GET", "", "lifecycle=", S3_READ,
	    BLOB_USER);
	s3_call_max_body(next, 262144);
	s3_call_start(next, lifecycle_done, p);
}

void
probe_settings(struct probe *p)
{
	if (p->s3 == NULL) {
		probe_clean(p);
		return;
	}
	p->s3->address[0] = '\0';
	s3_call_start(s3_call_new(p->s3, "GET", "", "versioning=", S3_READ,
	    BLOB_USER), versioning_done, p);
}

/* -- the end -- */

static void
clean_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;

	if (r->outcome == BLOB_DONE)
		probe_say(p, "ok", "several keys are deleted at once");
	else if (p->verdict == PROBE_GOOD) {
		/* It can serve; garbage will be a matter of a later day. */
		probe_say(p, "warn", "deleting several keys at once: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	}
	probe_over(p);
}

void
probe_clean(struct probe *p)
{
	char names[NAMES][BLOB_KEY_MAX];
	const char *keys[NAMES];
	size_t n = 0;
	int i;

	if (p->s3 != NULL)
		p->s3->address[0] = '\0';
	if (p->puts == 0) {
		probe_over(p);
		return;
	}
	for (i = 0; i < p->naddresses; i++) {
		probe_name(p, "a", i, names[n++]);
		probe_name(p, "b", i, names[n++]);
	}
	for (i = 0; i < PROBE_WAVES * PROBE_CREATES; i++)
		probe_name(p, "c", i, names[n++]);
	probe_name(p, "d", 0, names[n++]);
	for (i = 0; i < (int)n; i++)
		keys[i] = names[i];
	(void)blob_delete(p->store, keys, n, BLOB_USER, clean_done, p);
}

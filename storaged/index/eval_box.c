/*
 * CREATE, DELETE, RENAME and SUBSCRIBE become records (RFC 3501, sections
 * 6.3.3 to 6.3.7).  Superiors are real mailboxes; one with inferiors is not
 * deleted; renaming INBOX moves its messages and leaves its inferiors.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "storaged/index/eval.h"

static const char bad_name[] = "Invalid mailbox name";
static const char no_such[] = "No such mailbox";
static const char exists[] = "The mailbox already exists";
static const char too_many[] = "Too many mailboxes";

static bool
utf8_valid(const char *p, size_t len)
{
	utf8proc_int32_t	 c;
	utf8proc_ssize_t	 n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)p,
		    (utf8proc_ssize_t)len, &c);
		if (n <= 0 || c == 0)
			return false;
	}
	return true;
}

int
mailbox_name(struct str in, char dst[MBOX_NAME_MAX + 1])
{
	size_t	 i;

	if (in.len > 1 && in.p[in.len - 1] == '/')
		in.len--;
	if (in.len == 0 || in.len > MBOX_NAME_MAX ||
	    !utf8_valid(in.p, in.len))
		return -1;
	for (i = 0; i < in.len; i++) {
		unsigned char	 c = (unsigned char)in.p[i];

		if (c < 0x20 || c == 0x7f)
			return -1;
		if (c == '/' && (i == 0 || i + 1 == in.len ||
		    in.p[i + 1] == '/'))
			return -1;
	}
	memcpy(dst, in.p, in.len);
	dst[in.len] = '\0';
	if (in.len >= 5 && (in.len == 5 || in.p[5] == '/') &&
	    str_caseeq((struct str){ in.p, 5 }, STR("INBOX")))
		memcpy(dst, "INBOX", 5);
	return 0;
}

/* CREATE of one mailbox by its clean name. */
static enum state_verdict
create_one(struct index *ix, struct batch *b, struct str name, uint32_t use,
    struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->type = RECORD_CREATE;
	arc4random_buf(&r->box, sizeof(r->box));
	if (r->box == 0)
		r->box = 1;
	r->name = name;
	r->uidvalidity = eval_uidvalidity(ix, b);
	r->use = use;
	return eval_emit(ix, b, r, NULL);
}

/* Walks the superiors of name that are missing: counts them, or makes them
 * (b not NULL). */
static enum state_verdict
superiors_walk(struct index *ix, struct batch *b, const char *name,
    int64_t *missing)
{
	struct record		 r;
	struct box		 box;
	const char		*p;
	struct str		 up;
	enum state_verdict	 v;
	int			 rv;

	*missing = 0;
	for (p = strchr(name, '/'); p != NULL; p = strchr(p + 1, '/')) {
		up = (struct str){ name, (size_t)(p - name) };
		if ((rv = box_by_name(&ix->hot, up, &box)) == -1)
			return STATE_FAILED;
		if (rv == 1)
			continue;
		(*missing)++;
		if (b != NULL && (v = create_one(ix, b, up, 0, &r)) !=
		    STATE_RECORDS)
			return v;
	}
	return STATE_RECORDS;
}

/* Makes the superiors of name that are missing, if there is room for them
 * and for more.  Refuses before the first record. */
static enum state_verdict
create_superiors(struct index *ix, struct work *w, struct batch *b,
    const char *name, int64_t more)
{
	enum state_verdict	 v;
	int64_t			 n, missing;

	if (box_count(&ix->hot, &n) == -1)
		return STATE_FAILED;
	if ((v = superiors_walk(ix, NULL, name, &missing)) != STATE_RECORDS)
		return v;
	if (n + missing + more > MBOX_MAILBOXES_MAX)
		return eval_no(w, MBOX_LIMIT, too_many);
	return superiors_walk(ix, b, name, &missing);
}

enum state_verdict
eval_create(struct index *ix, struct work *w, struct batch *b)
{
	const struct mbox_create *c = &w->u.create;
	char			 name[MBOX_NAME_MAX + 1];
	struct record		 r;
	struct box		 box;
	enum state_verdict	 v;
	int			 rv;

	if (mailbox_name(c->name, name) == -1)
		return eval_no(w, MBOX_CANNOT, bad_name);
	if ((c->use & ~(uint32_t)MBOX_USE_MASK) != 0 ||
	    (c->use & (MBOX_USE_ALL | MBOX_USE_FLAGGED)) != 0)
		return eval_no(w, MBOX_USEATTR,
		    "This special use cannot be assigned");
	if ((rv = box_by_name(&ix->hot, str_from(name), &box)) != 0)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_ALREADYEXISTS, exists);
	if ((v = create_superiors(ix, w, b, name, 1)) != STATE_RECORDS)
		return v;
	v = create_one(ix, b, str_from(name), c->use, &r);
	w->answer.ok.box = r.box;
	w->answer.ok.uidvalidity = r.uidvalidity;
	w->answer.ok.modseq = r.number;
	return v;
}

enum state_verdict
eval_create_for(struct index *ix, struct work *w, struct batch *b,
    struct str raw, struct box *box)
{
	char			 name[MBOX_NAME_MAX + 1];
	struct record		 r;
	enum state_verdict	 v;
	int64_t			 n;
	int			 rv;

	if (mailbox_name(raw, name) == -1)
		return eval_no(w, MBOX_CANNOT, bad_name);
	if ((v = create_superiors(ix, w, b, name, 1)) != STATE_RECORDS ||
	    (v = create_one(ix, b, str_from(name), 0, &r)) != STATE_RECORDS)
		return v;
	if (box_by_id(&ix->hot, r.box, box) != 1 ||
	    (rv = sub_has(&ix->hot, r.name)) == -1 ||
	    sub_count(&ix->hot, &n) == -1)
		return STATE_FAILED;
	if (rv == 1 || n >= MBOX_MAILBOXES_MAX)
		return STATE_RECORDS;
	memset(&r, 0, sizeof(r));
	r.type = RECORD_SUBSCRIBE;
	r.name = str_from(name);
	r.on = true;
	return eval_emit(ix, b, &r, NULL);
}

enum state_verdict
eval_delete(struct index *ix, struct work *w, struct batch *b)
{
	char			 name[MBOX_NAME_MAX + 1];
	struct record		 r;
	struct box		 box;
	enum state_verdict	 v;
	int			 rv;

	if (mailbox_name(w->u.del.name, name) == -1)
		return eval_no(w, MBOX_NONEXISTENT_BOX, no_such);
	if (strcmp(name, "INBOX") == 0)
		return eval_no(w, MBOX_CANNOT, "INBOX cannot be deleted");
	if ((rv = box_by_name(&ix->hot, str_from(name), &box)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_NONEXISTENT_BOX, no_such);
	if ((rv = box_has_children(&ix->hot, name)) != 0)
		return rv == -1 ? STATE_FAILED : eval_no(w, MBOX_HASCHILDREN,
		    "The mailbox has child mailboxes");
	if (box.messages > EVAL_MOVE)
		return (v = eval_drop_some(ix, w, b, box.id)) ==
		    STATE_RECORDS ? STATE_FAILED : v;
	memset(&r, 0, sizeof(r));
	r.type = RECORD_DELETE;
	r.box = box.id;
	v = eval_emit(ix, b, &r, NULL);
	w->answer.ok.modseq = r.number;
	return v;
}

static enum state_verdict
rename_one(struct index *ix, struct work *w, struct batch *b, uint64_t id,
    const char *to, const char *rest, size_t restlen)
{
	char			 name[MBOX_NAME_MAX + 1];
	struct record		 r;
	size_t			 len = strlen(to);
	enum state_verdict	 v;

	if (len + restlen > MBOX_NAME_MAX)
		return STATE_FAILED;	/* rename_fits() has looked */
	memcpy(name, to, len);
	memcpy(name + len, rest, restlen);
	memset(&r, 0, sizeof(r));
	r.type = RECORD_RENAME;
	r.box = id;
	r.name = (struct str){ name, len + restlen };
	v = eval_emit(ix, b, &r, NULL);
	w->answer.ok.modseq = r.number;
	return v;
}

/* Would the longest name below from still be one below to?  1, 0, -1. */
static int
rename_fits(struct index *ix, const char *from, const char *to)
{
	size_t	 longest, len = strlen(from), tolen = strlen(to);

	if (box_longest_child(&ix->hot, from, &longest) == -1)
		return -1;
	return longest == 0 || longest - len + tolen <= MBOX_NAME_MAX;
}

/* The inferiors of from go along; from itself has its new name already. */
static enum state_verdict
rename_children(struct index *ix, struct work *w, struct batch *b,
    const char *from, const char *to)
{
	char			 name[MBOX_NAME_MAX + 1];
	enum state_verdict	 v = STATE_RECORDS;
	uint64_t		 id;
	size_t			 len = strlen(from);
	int			 rv = 1;

	/* Each leaves the range: the first is the next. */
	while (v == STATE_RECORDS &&
	    (rv = box_child(&ix->hot, from, &id, name)) == 1)
		v = rename_one(ix, w, b, id, to, name + len,
		    strlen(name + len));
	return rv == -1 ? STATE_FAILED : v;
}

static enum state_verdict
rename_inbox(struct index *ix, struct work *w, struct batch *b,
    const struct box *inbox, const char *to)
{
	struct record		 r;
	enum state_verdict	 v;

	if ((v = create_one(ix, b, str_from(to), 0, &r)) != STATE_RECORDS)
		return v;
	w->step.box = r.box;
	w->answer.ok.modseq = r.number;
	return eval_move_some(ix, w, b, inbox->id, r.box);
}

static bool
is_inferior(const char *name, const char *of)
{
	size_t	 len = strlen(of);

	return strncmp(name, of, len) == 0 && name[len] == '/';
}

enum state_verdict
eval_rename(struct index *ix, struct work *w, struct batch *b)
{
	char			 from[MBOX_NAME_MAX + 1], to[MBOX_NAME_MAX + 1];
	struct box		 box, there;
	enum state_verdict	 v;
	int			 rv;

	if (mailbox_name(w->u.rename.from, from) == -1)
		return eval_no(w, MBOX_NONEXISTENT_BOX, no_such);
	if (mailbox_name(w->u.rename.to, to) == -1)
		return eval_no(w, MBOX_CANNOT, bad_name);
	if ((rv = box_by_name(&ix->hot, str_from(from), &box)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_NONEXISTENT_BOX, no_such);
	if (w->step.box != 0)		/* INBOX, begun */
		return eval_move_some(ix, w, b, box.id, w->step.box);
	if ((rv = box_by_name(&ix->hot, str_from(to), &there)) != 0)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_ALREADYEXISTS, exists);
	if (strcmp(from, "INBOX") != 0 && is_inferior(to, from))
		return eval_no(w, MBOX_CANNOT,
		    "A mailbox cannot be moved below itself");
	if (strcmp(from, "INBOX") != 0 &&
	    (rv = rename_fits(ix, from, to)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_LIMIT, "A mailbox name would be too long");
	if ((v = create_superiors(ix, w, b, to,
	    strcmp(from, "INBOX") == 0)) != STATE_RECORDS)
		return v;
	if (strcmp(from, "INBOX") == 0)
		return rename_inbox(ix, w, b, &box, to);
	v = rename_one(ix, w, b, box.id, to, "", 0);
	if (v != STATE_RECORDS)
		return v;
	return rename_children(ix, w, b, from, to);
}

enum state_verdict
eval_subscribe(struct index *ix, struct work *w, struct batch *b)
{
	const struct mbox_subscribe *s = &w->u.subscribe;
	char			 name[MBOX_NAME_MAX + 1];
	struct record		 r;
	enum state_verdict	 v;
	int64_t			 n;
	int			 rv;

	if (mailbox_name(s->name, name) == -1)
		return eval_no(w, MBOX_CANNOT, bad_name);
	if ((rv = sub_has(&ix->hot, str_from(name))) == -1)
		return STATE_FAILED;
	if ((rv == 1) == s->on)
		return STATE_NOTHING;
	if (sub_count(&ix->hot, &n) == -1)
		return STATE_FAILED;
	if (s->on && n >= MBOX_MAILBOXES_MAX)
		return eval_no(w, MBOX_LIMIT, "Too many subscriptions");
	memset(&r, 0, sizeof(r));
	r.type = RECORD_SUBSCRIBE;
	r.name = str_from(name);
	r.on = s->on;
	v = eval_emit(ix, b, &r, NULL);
	w->answer.ok.modseq = r.number;
	return v;
}

/*
 * paild -n looks into the users' files, too: a line that counts for nothing
 * is seen there, and not first by the user who cannot log in.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/user.h"
#include "common/userline.h"
#include "paild/conf.h"
#include "paild/conf_file.h"

#define USERS_FILE_MAX	(64 * 1024 * 1024)	/* authd's limit */
#define WARNINGS	10			/* for a file */

static void
check_lines(struct conf *c, const struct conf_item *it, const char *text,
    size_t len)
{
	const char	*p, *nl, *end = text + len;
	char		 id[USER_ID_MAX + 1], why[128];
	struct str	 hash;
	struct userline_more more;
	enum userline	 what;
	size_t		 n = 0, told = 0;

	for (p = text + userline_bom(text, len); p < end && told < WARNINGS;
	    p = nl + 1) {
		n++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		what = userline_read(p, (size_t)(nl - p), id, sizeof(id),
		    &hash, &more, why, sizeof(why));
		if (what == USERLINE_NOTHING ||
		    (what == USERLINE_USER && more.why[0] == '\0'))
			continue;
		conf_warning(c, it->at, "%s: %s:%zu: %s; %s ignored",
		    it->path, it->value, n, what == USERLINE_BAD ? why :
		    more.why, what == USERLINE_BAD ? "the line is" : "it is");
		told++;
	}
}

void
conf_users(struct conf *c)
{
	const struct conf_item	*it;
	struct buf		 b;
	char			 why[512];
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || strcmp(it->key->path, "auth.*.path") != 0)
			continue;
		buf_init(&b, USERS_FILE_MAX + 65536);
		/* One that only others can read is theirs to judge. */
		if (conf_file_read(it->value, USERS_FILE_MAX, &b, why,
		    sizeof(why)) == 0 && b.len > 0)
			check_lines(c, it, (const char *)b.data, b.len);
		buf_freezero(&b);
	}
}

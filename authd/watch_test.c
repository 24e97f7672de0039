/* Two readings of a users' file: who is gone. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authd/watch.h"
#include "common/test.h"

#define USERS	8

/* "a1 b2": the users a and b with the hashes 1 and 2. */
static void
saw(struct watch *w, const char *text, int64_t changed)
{
	static char		 words[USERS][2][2];
	struct watch_user	 u[USERS];
	size_t			 n = 0;

	for (; *text != '\0'; text += text[2] == ' ' ? 3 : 2, n++) {
		words[n][0][0] = text[0];
		words[n][1][0] = text[1];
		u[n] = (struct watch_user){ words[n][0], words[n][1] };
	}
	CHECK(watch_saw(w, u, n, changed) == 0);
}

static const char *
gone(struct watch *w, int64_t want)
{
	static char	 all[64];
	const char	*name;
	int64_t		 changed;

	for (*all = '\0'; (name = watch_next(w, &changed)) != NULL;) {
		CHECK(changed == want);
		strlcat(all, name, sizeof(all));
	}
	return all;
}

int
main(void)
{
	static const struct { const char *before, *after, *gone; } t[] = {
		{ "", "", "" }, { "", "a1", "" }, { "a1", "a1", "" },
		{ "a1", "", "a" }, { "a1", "a2", "a" },
		{ "a1 b1 c1", "a1 c1", "b" }, { "b1", "a1 b1 c1", "" },
		{ "a1 b1 c1", "a2 b1 c3", "ac" }, { "a1 b1", "c1 d1", "ab" },
		{ "c1 d1", "a1 b1", "cd" }, { "a1 c1 e1", "b1 c2 d1", "ace" },
	};
	struct watch	*w, *same, *other;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		w = watch_open("/users");
		CHECK(!watch_has(w));
		saw(w, t[i].before, 1);
		CHECK(watch_has(w) && *gone(w, 1) == '\0');
		saw(w, t[i].after, 2);
		CHECK_ROW(strcmp(gone(w, 2), t[i].gone) == 0, "row %zu", i);
		CHECK(*gone(w, 2) == '\0');
		watch_close(w);
	}
	/* A reload opens the new ones first: what was known stays. */
	w = watch_open("/users");
	saw(w, "a1 b1", 1);
	same = watch_open("/users");
	other = watch_open("/others");
	CHECK(same == w && other != w && !watch_has(other));
	watch_close(w);
	saw(same, "b2", 2);
	saw(same, "c1", 3);	/* before anybody has asked */
	CHECK(strcmp(gone(same, 3), "abb") == 0);
	watch_close(same);
	watch_close(other);
	watch_close(NULL);
	return TEST_END();
}

/* A slot for each hash of user and id; a later one takes it over. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "authd/app_used.h"
#include "authd/mac.h"
#include "common/appline.h"

#define TAG_APP		0x61707075

struct app_used {
	struct {
		uint64_t	 what;
		int64_t		 day;		/* since 1970; 0: free */
	} slot[APP_USED_SLOTS];
};

struct app_used *
app_used_new(void)
{
	return calloc(1, sizeof(struct app_used));
}

void
app_used_free(struct app_used *u)
{
	free(u);
}

void
app_used_note(struct app_used *u, const char *user, struct str id,
    int64_t now, void (*told)(const char *user, const char *id))
{
	struct str	parts[2] = { str_from(user), id };
	uint8_t		mac[MAC_LEN];
	char		text[APP_ID + 1];
	uint64_t	what;
	int64_t		day = now / 86400;
	size_t		i;

	if (id.len != APP_ID)
		return;
	memcpy(text, id.p, APP_ID);
	text[APP_ID] = '\0';
	mac_make(mac, TAG_APP, parts, 2);
	memcpy(&what, mac, sizeof(what));
	i = what % APP_USED_SLOTS;
	if (u->slot[i].what == what && u->slot[i].day == day)
		return;
	u->slot[i].what = what;
	u->slot[i].day = day;
	told(user, text);
}

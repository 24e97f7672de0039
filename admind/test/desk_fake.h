/* A desk that remembers what it is asked, and answers when a test says so. */
#ifndef ADMIND_TEST_DESK_FAKE_H
#define ADMIND_TEST_DESK_FAKE_H

#include "admind/web/web.h"

#define FAKE_ASKS	64
#define FAKE_TOKEN	"00112233445566778899aabbccddeeff" \
			"00112233445566778899aabbccddeeff"

/* Each command or login since fake_reset(). */
struct desk {
	bool		 live;		/* neither answered nor forgotten */
	bool		 login;
	char		 token[DESK_TOKEN + 1];
	char		 args[1024];	/* with a space between; of a login,
					   the user */
	char		 secret[128];	/* or the password */
	char		 remote[64];
	desk_cb		*cb;
	void		*arg;
};

extern const struct web_desk fake_desk;
extern struct desk fake_asks[FAKE_ASKS];
extern unsigned int fake_n;
extern bool fake_full;			/* there is no room for more */

void	 fake_reset(void);		/* all must have ended */
unsigned int fake_live(void);		/* so many have not */
/* Answers the i-th: text of DESK_ERROR, JSON of DESK_OK; a login that is OK
 * gets FAKE_TOKEN.  The user is ann. */
void	 fake_tell(unsigned int i, enum desk_code code, const char *text);
/* All that have been asked until now. */
void	 fake_tell_all(enum desk_code code, const char *text);

#endif

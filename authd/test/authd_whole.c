/* See authd_whole.h. */
#include "common/compat.h"

#include "authd/test/authd_whole.h"

struct fake	imapd, imapd2, stores[3], work, work2;

void
whole_begin(void)
{
	uint32_t	i;

	authd_begin(3, 1, 300000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&imapd2, PROC_IMAPD, 1);
	fake_join(&work, PROC_AUTHWORKER, 0);
	for (i = 0; i < 3; i++)
		fake_join(&stores[i], PROC_STORAGED, i);
	pump();
}

void
whole_end(void)
{
	uint32_t	i, j;

	fake_leave(&imapd);
	fake_leave(&imapd2);
	fake_leave(&work);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < KEPT; j++)
			if (stores[i].got[j].type == IMSG_GRANT_SESSION &&
			    stores[i].got[j].fd != -1)
				close(stores[i].got[j].fd);
		fake_leave(&stores[i]);
	}
	authd_end();
}

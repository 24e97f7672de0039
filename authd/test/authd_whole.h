/* The whole of authd with a fake at each end of each channel. */
#ifndef AUTHD_AUTHD_WHOLE_H
#define AUTHD_AUTHD_WHOLE_H

#include "authd/test/authd_fakes.h"

extern struct fake	imapd, imapd2, stores[3], work, work2;

/* All but work2 have joined. */
void	 whole_begin(void);
void	 whole_end(void);

#endif

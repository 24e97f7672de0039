/*
 * lmtpd's slice of the configuration, checked and converted.  One per process.
 */
#ifndef LMTPD_CONF_H
#define LMTPD_CONF_H

#include <stdbool.h>

enum lmtpd_detail { DETAIL_FOLDER, DETAIL_CREATE, DETAIL_IGNORE };

struct lmtpd_conf {
	char			 hostname[256];
	bool			 nul_replace;
	enum lmtpd_detail	 detail;
	char			 junk_name[128];	/* "": no rule */
	char			 junk_value[128];
	unsigned int		 timeout;		/* seconds */
};

extern struct lmtpd_conf conf;

#endif

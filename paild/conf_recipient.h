/* Recipients of mail: what must be a domain, and what a name. */
#ifndef PAILD_CONF_RECIPIENT_H
#define PAILD_CONF_RECIPIENT_H

struct conf;

void	 conf_recipient(struct conf *c);

#endif

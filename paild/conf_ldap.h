/* Keys of directories that must agree with one another. */
#ifndef PAILD_CONF_LDAP_H
#define PAILD_CONF_LDAP_H

struct conf;

void	 conf_ldap(struct conf *c);

#endif

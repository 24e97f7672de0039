/* Values of a directory: RFC 4511, RFC 4514, RFC 4515. */
#include "common/compat.h"

#include "common/ldap_addr.h"
#include "common/ldap_name.h"
#include "paild/conf_parse.h"

int
conf_parse_ldap_url(struct parse *p)
{
	struct ldap_addr	a;
	char			url[LDAP_ADDR_URL_MAX], why[160];

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (ldap_addr_parse(p->s, &a, why, sizeof(why)) == -1)
		return conf_wrong(p, "%s: %s", p->shown, why);
	ldap_addr_url(&a, url, sizeof(url));
	return buf_puts(p->out, url);
}

static int
parse_template(struct parse *p, const char *(*wrong)(const char *, bool))
{
	const char	*why;

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if ((why = wrong(p->s, p->key->words != NULL)) != NULL)
		return conf_wrong(p, "%s: %s", p->shown, why);
	return buf_puts(p->out, p->s);
}

int
conf_parse_ldap_dn(struct parse *p)
{
	return parse_template(p, ldap_name_wrong);
}

int
conf_parse_ldap_filter(struct parse *p)
{
	return parse_template(p, ldap_name_wrong_filter);
}

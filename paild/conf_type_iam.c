/*
 * Values that IAM and an STS have given a form (AWS IAM User Guide, "IAM
 * identifiers"; AWS STS API Reference, AssumeRole).
 */
#include "common/compat.h"

#include <ctype.h>

#include "paild/conf_parse.h"

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE */
int
conf_parse_arn(struct parse *p)
{
	const char	*s, *resource = p->s;
	unsigned	 colons = 0;

	if (conf_check_length(p) == -1)
		return -1;
	for (s = p->s; *s != '\0'; s++) {
		if (!isgraph((unsigned char)*s))
			return conf_wrong(p, "%s: an ARN is printable ASCII "
			    "without spaces", p->shown);
		if (*s == ':' && ++colons == 5)
			resource = s + 1;
	}
	if (strncmp(p->s, "arn:", 4) != 0 || colons < 5)
		return conf_wrong(p, "%s is not an ARN such as "
		    "arn:aws:iam::123456789012:role/NAME", p->shown);
	if (strncmp(resource, "role/", 5) != 0 || resource[5] == '\0')
		return conf_wrong(p, "%s is not the ARN of a role: that ends "
		    "with :role/NAME", p->shown);
	return buf_puts(p->out, p->s);
}

/* A session's name, an external ID. */
int
conf_parse_id(struct parse *p)
{
	const char	*s;

	if (conf_check_length(p) == -1)
		return -1;
	for (s = p->s; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) &&
		    strchr(p->key->words, *s) == NULL)
			return conf_wrong(p, "%s may contain only letters, "
			    "digits and %s", p->shown, p->key->words);
	return buf_puts(p->out, p->s);
}

/*
 * application/x-www-form-urlencoded (WHATWG URL, section 5.1), of a query or of
 * a body.  Read strictly: what is no UTF-8, has a NUL or a broken escape is no
 * form.
 */
#ifndef ADMIND_WEB_FORM_H
#define ADMIND_WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define FORM_FIELDS	64
#define FORM_MAX	(64 * 1024)	/* octets, as they are sent */
#define FORM_TYPE	"application/x-www-form-urlencoded"

struct form {
	size_t		 n;
	struct {
		struct str	 name, value;	/* borrowed from text */
	}		 fields[FORM_FIELDS];
	struct buf	 text;		/* decoded; wiped in the end */
};

void	 form_init(struct form *f);
void	 form_free(struct form *f);
/* Of an initialized one.  0, or -1: it is no form, is too large, or there is
 * no memory; then it has no fields. */
int	 form_parse(struct form *f, struct str raw);
/* Decoded, borrowed from f; false and an empty value: absent, or there
 * twice. */
bool	 form_get(const struct form *f, const char *name, struct str *value);

#endif

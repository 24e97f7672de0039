/*
 * The object of the site's app passwords (pail-bucket.5, "App passwords").
 */
#ifndef STORAGED_APPSOBJ_H
#define STORAGED_APPSOBJ_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define APPSOBJ_MAX	(4 * 1024 * 1024)	/* bytes of the text */
#define APPSOBJ_SERIAL_MAX	((uint64_t)INT64_MAX)

struct appsobj {
	uint64_t	serial;		/* of the change: 1 and up, never
					   higher than APPSOBJ_SERIAL_MAX */
	struct str	text;		/* lines of common/appline.h */
	struct str	rest;		/* fields that we do not know */
};

/* Appends the object.  0 or -1. */
int	 appsobj_encode(const struct appsobj *o, struct buf *out);
/* The strings are borrowed from p.  0, FORMAT_DAMAGED or FORMAT_UNKNOWN. */
int	 appsobj_decode(const void *p, size_t len, struct appsobj *o);

#endif

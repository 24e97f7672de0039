/*
 * The labels of a metric as one text, between processes: "a=b,c=d".  In a value
 * a comma, an equals sign and a backslash have a backslash before them, and a
 * newline is "\n", so that no value can pass for another label; other control
 * characters and what is not UTF-8 are written as \\xNN (as in the log).  Keys
 * are ours: [a-z_][a-z0-9_]*.
 */
#ifndef COMMON_METRIC_TEXT_H
#define COMMON_METRIC_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define METRIC_VALUE	64	/* bytes of a label's value; the rest is cut */

/* Appends a label; 0, or -1 if b is full (sticky, as all of buf.h). */
int	 metric_text_put(struct buf *b, const char *key, struct str value);
/*
 * Takes the first label off *text: 1, and 0 at the end.  -1: malformed, or the
 * value does not fit into size bytes with a NUL.  key is borrowed from *text.
 */
int	 metric_text_next(struct str *text, struct str *key, char *value,
	    size_t size);
/*
 * value / scale in decimal, exactly ("0.0025", "12"); scale is a power of ten
 * (another, or 0, counts as 1).  size: 32 is enough.  Returns dst.
 */
char	*metric_text_value(char *dst, size_t size, uint64_t value,
	    uint32_t scale);
/* The same for a COUNTER_SIGNED row: an int64_t in two's complement. */
char	*metric_text_signed(char *dst, size_t size, uint64_t value,
	    uint32_t scale);

#endif

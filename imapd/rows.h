/* Extracts rows from a stream of octets that is split anywhere. */
#ifndef IMAPD_ROWS_H
#define IMAPD_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * A stream of varint length + row, split anywhere. rows_feed() calls row for
 * each complete one (borrowed bytes).  -1: a row over max, an invalid length,
 * or row returned -1.
 */
struct rows {
	struct buf	 b;		/* an incomplete row; pending data */
	size_t		 off;		/* of it: done with */
	size_t		 whole;		/* of the row that was peeked at */
	size_t		 max;
};
void	 rows_init(struct rows *r, size_t max);
void	 rows_free(struct rows *r);
int	 rows_feed(struct rows *r, const uint8_t *p, size_t len,
	    int (*row)(void *arg, const uint8_t *p, size_t len), void *arg);
/*
 * The same in turns: rows_keep() takes octets (at most MBOX_CREDIT wait);
 * rows_peek() gives the first whole row (1; 0: none, -1: malformed) until
 * rows_skip() is called.
 */
int	 rows_keep(struct rows *r, const uint8_t *p, size_t len);
int	 rows_peek(struct rows *r, const uint8_t **p, size_t *len);
void	 rows_skip(struct rows *r);
size_t	 rows_waiting(const struct rows *r);	/* octets */

#endif

/*
 * The checksum at the end of each page of the index.  SQLite looks at the
 * structure of its pages and not at the values in them: a flipped bit in a
 * date would be served as a date.
 *
 * A page of DB_PAGE octets ends with DB_RESERVE that SQLite leaves to us
 * (its header's octet 20 says how many): eight for the checksum, eight to
 * keep the sums of the write-ahead log right.  The checksum is a 64-bit
 * multiply, add and rotate over the words before it, plus the page's
 * number.  That is enough: it is against rot, torn and misplaced pages, not
 * against an adversary, who would have to be the file's owner.  Each step
 * is a bijection, so that damage within any one word is always seen; of
 * other damage one in 2^64 is not.
 */
#ifndef STORAGED_DB_SUM_H
#define STORAGED_DB_SUM_H

#include <stdbool.h>
#include <stdint.h>

#define DB_PAGE		4096
#define DB_RESERVE	16

/* The write-ahead log: a header, and frames of a header and a page. */
#define DB_WAL_HEADER	32
#define DB_WAL_FRAME	24

/* Seals a page that goes into the database file. */
void	 db_sum_seal(uint8_t *page, uint32_t number);
/*
 * Seals a page that goes into the write-ahead log.  SQLite has summed it up
 * already, with whatever was in the reserve: the last eight octets make up
 * for what the checksum changes, so that SQLite's sum stays right
 * (sqlite.org/fileformat2.html, section 4.2).
 */
void	 db_sum_seal_wal(uint8_t *page, uint32_t number);
bool	 db_sum_right(const uint8_t *page, uint32_t number);
/* Is it whole, as the page of some number? */
bool	 db_sum_of_any(const uint8_t *page);

/* Of which page is the frame? */
uint32_t db_wal_number(const uint8_t *frame);
/*
 * Looks at the write-ahead log that a killed process left.  SQLite goes
 * silently back to what is before the first frame that does not fit; here
 * that is damage, unless a kill explains it: the very last frame of the log
 * that was begun and not ended.  (Then what is before it is an earlier
 * commit, whole, and the bucket has the rest.)  NULL, or what is wrong; a
 * missing or empty log is fine.
 */
const char *db_wal_wrong(const char *path);

#endif

/*
 * The checksum at the end of each page of the index.  SQLite checks the
 * structure of its pages, but not the values in them: a date with a flipped bit
 * would be served as a date.
 *
 * A page of DB_PAGE octets ends with DB_RESERVE that SQLite leaves to us (its
 * header's octet 20 says how many): eight for the checksum, eight to keep the
 * sums of the write-ahead log right.  The checksum is a 64-bit multiply, add
 * and rotate over the words before it, plus the page's number.  That suffices:
 * it protects from bit rot and from torn or misplaced pages, not from an
 * adversary, who would have to be the owner of the file.  Each step is a
 * bijection, so that damage within a single word is always detected; other
 * damage goes undetected once in 2^64.
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
/* Is it a transaction's last? */
bool	 db_wal_ends(const uint8_t *frame);
/*
 * Checks the write-ahead log left behind by a killed process.  SQLite silently
 * reverts to what precedes the first invalid frame; here that is damage, unless
 * a kill explains it: the very last frame of the log is incomplete.  (Then what
 * is before it is an earlier commit, whole, and the bucket has the rest.) NULL,
 * or what is wrong; a missing or empty log is fine.
 */
const char *db_wal_wrong(const char *path);

#endif

/* Examples of the format: pail-bucket.5 shows them, the tests read them. */
#ifndef STORAGED_FORMAT_EXAMPLE_H
#define STORAGED_FORMAT_EXAMPLE_H

#include "common/arena.h"
#include "common/buf.h"
#include "storaged/format/block.h"
#include "storaged/format/head.h"
#include "storaged/format/logobj.h"
#include "storaged/format/manifest.h"
#include "storaged/format/record.h"

#define EXAMPLE_PAGE	"man/pail-bucket.5"
#define EXAMPLE_USER	"ann"

/* The example records, one of each type and form; NULL name at the end. */
struct example_record {
	const char	*name;		/* of the example in the page */
	struct record	 r;
};
extern struct example_record example_records[];
extern const uint8_t example_history[16];

/* Two blocks in a list (with records and a message area); a head that has
 * every field; a manifest. */
int	 example_blocks(struct blocklist *l);
int	 example_head(struct head *h);
int	 example_manifest(struct manifest *m);
/* The objects of each, named "head", "log", "manifest".  0 or -1. */
int	 example_object(const char *name, struct buf *out);
/* The bytes that the page gives for the example; 0 or -1: not there. */
int	 example_read(const char *name, struct buf *out);

#endif

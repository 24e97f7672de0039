/*
 * A user's own quota as the users' file and attributes of a directory have it:
 * "10G" (bytes; K, M, G and T as in pail.yaml(5)), "10G:100000" (bytes and
 * messages), ":100000"; a part that is 0 or empty: there is no limit.
 */
#ifndef COMMON_QUOTA_TEXT_H
#define COMMON_QUOTA_TEXT_H

#include <stdint.h>

#include "common/buf.h"

#define QUOTA_BYTES_MAX		(UINT64_C(1) << 50)
#define QUOTA_MESSAGES_MAX	UINT64_C(1000000000)
#define QUOTA_TEXT_EXPECTED						\
	"expected BYTES[:MESSAGES], such as 10G or 10G:100000"

/* -1: it is not one. */
int	 quota_parse(struct str text, uint64_t *bytes, uint64_t *messages);

#endif

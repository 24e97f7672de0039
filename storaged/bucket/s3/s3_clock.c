/* See s3_clock.h.  S3's "Error responses": RequestTimeTooSkewed. */
#include "common/compat.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "storaged/bucket/s3/s3_clock.h"

static int64_t
distance(int64_t d)
{
	return d < 0 ? -d : d;
}

int64_t
s3_clock_now(const struct s3_clock *c, int64_t wall)
{
	return wall + c->offset;
}

bool
s3_clock_refused(int status, const char *code, int64_t date,
    int64_t signed_at)
{
	if (status != 400 && status != 401 && status != 403)
		return false;
	return strcmp(code, "RequestTimeTooSkewed") == 0 || (date != 0 &&
	    distance(date - signed_at) > S3_CLOCK_SKEW);
}

void
s3_clock_heard(struct s3_clock *c, int64_t date, int64_t wall, bool refused)
{
	int64_t	 d = date - wall, was = c->offset;

	if (date == 0 || (was == 0 && !refused))
		return;
	if (distance(d) <= S3_CLOCK_AGREE) {
		c->offset = 0;
		if (was != 0)
			log_warnx("store: clock=right why=\"the clock of this "
			    "host and the server's agree again\"");
		return;
	}
	/* No key would be there for a day that is so far off. */
	if (distance(d) > S3_CLOCK_MAX)
		return;
	c->offset = d;
	if (was == 0 || distance(d - was) > S3_CLOCK_AGREE)
		log_warnx("store: clock=wrong why=\"the clock of this host is "
		    "%" PRId64 " s %s the server's: requests are signed as of "
		    "the server's time\"", distance(d), d > 0 ? "behind" :
		    "ahead of");
}

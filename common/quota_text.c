/* Quotas in words.  Written by hand, and by other programs: what is not clear
 * is no quota, and no guess. */
#include "common/compat.h"

#include "common/quota_text.h"

/* Digits, and with units a letter behind them. */
static int
take(struct str s, bool units, uint64_t most, uint64_t *v)
{
	static const char	letters[] = "KMGT";
	const char		*u;
	size_t			 i = 0;

	for (*v = 0; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if ((*v = *v * 10 + (uint64_t)(s.p[i] - '0')) > most)
			return -1;
	if (i > 0 && i < s.len && units && (u = memchr(letters,
	    s.p[i] & ~0x20, sizeof(letters) - 1)) != NULL) {
		for (; u >= letters; u--)
			if ((*v *= 1024) > most)
				return -1;
		i++;
		if (s.len - i == 2 && memcmp(s.p + i, "iB", 2) == 0)
			i += 2;
	}
	return i == s.len ? 0 : -1;
}

int
quota_parse(struct str text, uint64_t *bytes, uint64_t *messages)
{
	const char	*colon = text.len == 0 ? NULL :
			    memchr(text.p, ':', text.len);
	struct str	 rest = STR("");

	if (colon != NULL) {
		rest = (struct str){ colon + 1,
		    text.len - (size_t)(colon + 1 - text.p) };
		text.len = (size_t)(colon - text.p);
	}
	if (take(text, true, QUOTA_BYTES_MAX, bytes) == -1 ||
	    take(rest, false, QUOTA_MESSAGES_MAX, messages) == -1)
		return -1;
	return 0;
}

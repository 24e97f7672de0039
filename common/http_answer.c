/* What an answer's headers tell (http.h). */
#include "common/compat.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "common/http.h"

bool
http_header(const struct http_result *r, const char *name, char *dst,
    size_t size)
{
	const char *p = r->headers, *end = p + r->headers_len, *eol, *v;
	size_t len = strlen(name);

	dst[0] = '\0';
	for (; p != NULL && p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		if ((size_t)(eol - p) <= len || p[len] != ':' ||
		    strncasecmp(p, name, len) != 0)
			continue;
		v = p + len + 1;
		while (v < eol && (*v == ' ' || *v == '\t'))
			v++;
		len = (size_t)(eol - v);
		while (len > 0 && (v[len - 1] == '\r' || v[len - 1] == ' ' ||
		    v[len - 1] == '\t'))
			len--;
		if (len >= size || memchr(v, '\0', len) != NULL)
			return false;
		memcpy(dst, v, len);
		dst[len] = '\0';
		return true;
	}
	return false;
}

int64_t
http_date(const char *s)
{
	/* A server's answers of one second have one date. */
	static char last[40];
	static int64_t when;
	time_t t;

	if (last[0] != '\0' && strcmp(s, last) == 0)
		return when;
	if ((t = curl_getdate(s, NULL)) == -1)
		return 0;
	if (strlcpy(last, s, sizeof(last)) >= sizeof(last))
		last[0] = '\0';		/* no date is as long */
	when = (int64_t)t;
	return when;
}

/* See origin.h. */
#include "common/compat.h"

#include "admind/web/origin.h"

bool
origin_ok(const struct head *h, bool tls)
{
	struct str	 scheme = tls ? STR("https://") : STR("http://");
	struct str	 o = h->origin;

	if (h->fetch_site.len != 0 && !str_eq(h->fetch_site,
	    STR("same-origin")))
		return false;
	if (o.len == 0)
		return true;
	if (o.len <= scheme.len || !str_caseeq((struct str){ o.p,
	    scheme.len }, scheme))
		return false;	/* "null", too */
	o.p += scheme.len;
	o.len -= scheme.len;
	return str_caseeq(o, h->host);
}

bool
origin_embeds(const struct head *h)
{
	return h->fetch_site.len != 0 && !str_eq(h->fetch_site,
	    STR("same-origin")) && !str_eq(h->fetch_site, STR("none")) &&
	    !str_eq(h->fetch_dest, STR("document"));
}

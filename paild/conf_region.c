/*
 * The regions that need no endpoint: those of AWS, whose endpoint storaged
 * derives itself, and those of other providers, one row each.  Their names
 * are the providers'; where AWS or another has the same, with a prefix.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>

#include "common/mem.h"
#include "paild/conf_fill.h"
#include "paild/conf_near.h"
#include "paild/conf_region.h"

#define NEAR_MAX	64

static const struct provider {
	const char	*name;
	const char	*prefix;	/* before the names here, not there */
	const char	*regions;	/* separated by a space */
	const char	*before, *after; /* a region's name in the host */
	const char	*sign;		/* NULL: the region's name */
	const char	*lacks;		/* of conditional writes, if that is
					   known (pail-providers(7)) */
} providers[] = {
	{ "AWS", "", "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 "
	    "ap-east-1 ap-east-2 ap-south-1 ap-south-2 ap-southeast-1 "
	    "ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 "
	    "ap-southeast-6 ap-southeast-7 ap-northeast-1 ap-northeast-2 "
	    "ap-northeast-3 ca-central-1 ca-west-1 eu-central-1 eu-central-2 "
	    "eu-west-1 eu-west-2 eu-west-3 eu-south-1 eu-south-2 eu-north-1 "
	    "il-central-1 me-south-1 me-central-1 mx-central-1 sa-east-1 "
	    "us-gov-east-1 us-gov-west-1 cn-north-1 cn-northwest-1",
	    NULL, NULL, NULL, NULL },
	{ "DigitalOcean Spaces", "", "ams3 atl1 blr1 fra1 lon1 nyc3 sfo2 sfo3 "
	    "sgp1 syd1 tor1", "", ".digitaloceanspaces.com", NULL,
	    "does not accept If-Match with the ETag that it returns" },
	{ "Wasabi", "wa-", "us-east-1 us-east-2 us-central-1 us-west-1 "
	    "ca-central-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 "
	    "eu-west-3 eu-south-1 ap-northeast-1 ap-northeast-2 "
	    "ap-southeast-1 ap-southeast-2", "s3.", ".wasabisys.com", NULL,
	    NULL },
	{ "Backblaze B2", "", "us-west-000 us-west-001 us-west-002 "
	    "us-west-004 us-east-005 ca-east-006 eu-central-003", "s3.",
	    ".backblazeb2.com", NULL, "has no conditional writes" },
	{ "Scaleway", "", "fr-par nl-ams pl-waw it-mil", "s3.",
	    ".scw.cloud", NULL, NULL },
	{ "OVHcloud", "", "gra rbx sbg de uk waw bhs eu-west-par sgp syd",
	    "s3.", ".io.cloud.ovh.net", NULL, NULL },
	{ "Hetzner", "", "fsn1 nbg1 hel1", "", ".your-objectstorage.com",
	    NULL, NULL },
	{ "Exoscale", "", "ch-gva-2 ch-dk-2 de-fra-1 de-muc-1 at-vie-1 "
	    "at-vie-2 bg-sof-1 hr-zag-1", "sos-", ".exo.io", NULL, NULL },
	{ "IDrive e2", "e2-", "us-east-1 us-west-1 us-west-2 us-midwest-1 "
	    "us-southwest-1 us-southeast-1 us-central-1 ca-east-1 eu-west-1 "
	    "eu-west-3 eu-west-4 eu-central-2 ap-southeast-1", "s3.",
	    ".idrivee2.com", NULL, NULL },
	{ "Linode", "linode-", "us-east-1 us-southeast-1 eu-central-1 "
	    "ap-south-1", "", ".linodeobjects.com", NULL, NULL },
	{ "Linode", "", "us-iad-1 us-ord-1 us-sea-1 us-mia-1 us-lax-1 "
	    "fr-par-1 nl-ams-1 se-sto-1 it-mil-1 es-mad-1 jp-osa-1 id-cgk-1 "
	    "in-maa-1 br-gru-1", "", ".linodeobjects.com", NULL, NULL },
	{ "Yandex", "", "ru-central1", NULL, "storage.yandexcloud.net", NULL,
	    NULL },
	{ "Google", "", "google", NULL, "storage.googleapis.com", "auto",
	    "has no conditional writes by ETag" },
};

static const struct provider *
find(const char *name)
{
	const struct provider	*p;
	size_t			 i, n;

	for (i = 0; i < nitems(providers); i++) {
		p = &providers[i];
		n = strlen(p->prefix);
		if (strncmp(name, p->prefix, n) == 0 &&
		    conf_word_in(name + n, p->regions))
			return p;
	}
	return NULL;
}

static bool
nearest(const char *name, char *dst, size_t size)
{
	char	 word[NEAR_MAX];
	size_t	 i, n;

	for (i = 0; i < nitems(providers); i++) {
		n = strlen(providers[i].prefix);
		if (strncmp(name, providers[i].prefix, n) != 0 ||
		    conf_word_nearest(name + n, providers[i].regions, word,
		    sizeof(word)) == NULL)
			continue;
		snprintf(dst, size, "%s%s", providers[i].prefix, word);
		return true;
	}
	return false;
}

/* Two letters, words and a digit: AWS opens regions faster than we are
 * installed. */
static bool
could_be_new(const char *name)
{
	size_t	n = strlen(name);

	return n > 6 && islower((unsigned char)name[0]) &&
	    islower((unsigned char)name[1]) && name[2] == '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz-") == n - 1 &&
	    name[n - 2] == '-' && isdigit((unsigned char)name[n - 1]);
}

static void
unknown(struct conf *c, const struct conf_item *region)
{
	char	 near[NEAR_MAX], hint[NEAR_MAX + 32] = "";

	if (nearest(region->value, near, sizeof(near)))
		snprintf(hint, sizeof(hint), " (did you mean \"%s\"?)", near);
	if (strcmp(region->value, "auto") == 0)
		conf_error(c, region->at, "store.region: \"auto\" needs an "
		    "endpoint, such as https://ACCOUNT.r2.cloudflarestorage."
		    "com (Google: \"google\")");
	else if (could_be_new(region->value))
		conf_warning(c, region->at, "store.region: \"%s\" is not a "
		    "region that Pail knows; without an endpoint, requests go "
		    "to s3.%s.amazonaws.com%s", region->value, region->value,
		    hint);
	else
		conf_error(c, region->at, "store.region: \"%s\" is not a known "
		    "region, so it needs an endpoint%s", region->value, hint);
}

static void
set(struct conf_item *it, const char *value)
{
	char	*copy = mem_dup(value);		/* value may be in it */

	free(it->value);
	it->value = copy;
	it->len = strlen(copy);
}

void
conf_region(struct conf *c)
{
	const struct conf_item	*region = conf_item(c, "store.region");
	const struct provider	*p;
	struct conf_item	*it;
	const char		*name;
	char			 url[128];

	if (region == NULL || conf_written(c, "store.endpoint") != NULL)
		return;
	if ((p = find(region->value)) == NULL) {
		unknown(c, region);
		return;
	}
	if (p->lacks != NULL)
		conf_warning(c, region->at, "store.region: %s %s, as far as "
		    "is known; the probe will refuse the bucket "
		    "(pail-providers(7))", p->name, p->lacks);
	if (p->after == NULL)
		return;			/* AWS */
	name = region->value + strlen(p->prefix);
	if (p->before != NULL)
		snprintf(url, sizeof(url), "https://%s%s%s", p->before, name,
		    p->after);
	else
		snprintf(url, sizeof(url), "https://%s", p->after);
	it = &c->items[region - c->items];
	set(it, p->sign != NULL ? p->sign : name);
	it = conf_item_add(c, conf_key_find("store.endpoint"),
	    "store.endpoint");
	set(it, url);
}

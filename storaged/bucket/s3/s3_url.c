/* See s3_url.h.  Pure; the configuration is the operator's, not hostile. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/sigv4.h"
#include "storaged/bucket/s3/s3_url.h"

#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

static bool
bucket_valid(const char *b)
{
	size_t len = strlen(b);

	/* Upper case and underscores: old buckets, other servers. */
	return len >= 3 && len <= 63 &&
	    strspn(b, LOWER UPPER DIGITS "._-") == len && b[0] != '.' &&
	    b[0] != '-' && strstr(b, "..") == NULL;
}

/* An address or a name that no virtual host can be made of. */
static bool
host_plain(const char *host)
{
	size_t len = strcspn(host, ":");

	if (host[0] == '[')
		return true;
	if (len == 9 && strncasecmp(host, "localhost", 9) == 0)
		return true;
	return strspn(host, DIGITS ".") == len;
}

/*
 * Those that refuse, or are about to refuse, a bucket in the path.  All others
 * take both, or are servers of one's own whose name has no wildcard in DNS and
 * in the certificate.
 */
static const char *const want_virtual[] = {
	".amazonaws.com",		/* AWS */
	".amazonaws.com.cn",
	".aliyuncs.com",		/* Alibaba Cloud OSS */
	".myhuaweicloud.com",		/* Huawei Cloud OBS */
	".myqcloud.com",		/* Tencent Cloud COS */
};
/* AWS's private endpoints: their certificates name no bucket. */
static const char *const want_path[] = {
	".vpce.amazonaws.com",
	".vpce.amazonaws.com.cn",
};

static bool
ends_with_one(const char *host, const char *const *ends, size_t n)
{
	size_t i, len = strcspn(host, ":"), end;

	for (i = 0; i < n; i++) {
		end = strlen(ends[i]);
		if (len > end && strncasecmp(host + len - end, ends[i],
		    end) == 0)
			return true;
	}
	return false;
}

/* store.addressing: auto. */
static bool
auto_virtual(const char *host, const char *bucket)
{
	/* No wildcard of a certificate covers two labels. */
	if (strchr(bucket, '.') != NULL)
		return false;
	return ends_with_one(host, want_virtual, nitems(want_virtual)) &&
	    !ends_with_one(host, want_path, nitems(want_path));
}

/* Splits "http[s]://host[:port][/]"; drops the scheme's own port. */
static int
endpoint_parse(const char *e, const char **scheme, char *host, size_t size)
{
	const char *port, *end;
	size_t len;

	if (strncasecmp(e, "socks5h://", 10) == 0) {
		*scheme = "socks5h";
		e += 10;
	} else if (strncasecmp(e, "https://", 8) == 0) {
		*scheme = "https";
		e += 8;
	} else if (strncasecmp(e, "http://", 7) == 0) {
		*scheme = "http";
		e += 7;
	} else
		return -1;
	end = e + strcspn(e, "/?#");
	if (*end != '\0' && strcmp(end, "/") != 0)
		return -1;
	len = (size_t)(end - e);
	if (len == 0 || len >= size ||
	    strcspn(e, " \t@\\%<>\"") < len)
		return -1;
	memcpy(host, e, len);
	host[len] = '\0';
	port = strrchr(host, ':');
	if (port != NULL && strchr(port, ']') != NULL)
		port = NULL;
	if (port != NULL) {
		if (port == host || port[1] == '\0' ||
		    strspn(port + 1, DIGITS) != strlen(port + 1))
			return -1;
		if (strcmp(port, strcmp(*scheme, "https") == 0 ? ":443" :
		    ":80") == 0)
			host[port - host] = '\0';
	}
	return 0;
}

uint16_t
s3_url_port(const char *endpoint)
{
	const char *scheme = "https", *port;
	char host[320];

	if (*endpoint != '\0' &&
	    endpoint_parse(endpoint, &scheme, host, sizeof(host)) == -1)
		return 0;
	port = *endpoint != '\0' ? strrchr(host, ':') : NULL;
	if (port != NULL && strchr(port, ']') == NULL)
		return (uint16_t)strtoul(port + 1, NULL, 10);
	return strcmp(scheme, "https") == 0 ? 443 :
	    strcmp(scheme, "http") == 0 ? 80 : 1080;
}

int
s3_url_init(struct s3_url *u, const char *endpoint, const char *region,
    const char *bucket, const char *addressing, char *why, size_t size)
{
	char host[320];
	const char *scheme = "https";
	bool virtual;
	int n;

	memset(u, 0, sizeof(*u));
	if (!bucket_valid(bucket)) {
		snprintf(why, size,
		    "store.bucket: \"%s\" is not a valid bucket name", bucket);
		return -1;
	}
	if (*region == '\0' || strlen(region) > 64 ||
	    strspn(region, LOWER UPPER DIGITS "-_") != strlen(region)) {
		snprintf(why, size,
		    "store.region: \"%s\" is not a valid region name", region);
		return -1;
	}
	if (*endpoint == '\0')
		snprintf(host, sizeof(host), "s3.%s.amazonaws.com%s", region,
		    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	else if (endpoint_parse(endpoint, &scheme, host, sizeof(host)) == -1 ||
	    strcmp(scheme, "socks5h") == 0) {
		snprintf(why, size, "store.endpoint: \"%s\" is not of the "
		    "form http[s]://host[:port]", endpoint);
		return -1;
	}
	if (strcmp(addressing, "auto") == 0)
		virtual = auto_virtual(host, bucket);
	else if (strcmp(addressing, "virtual") == 0)
		virtual = true;
	else if (strcmp(addressing, "path") == 0)
		virtual = false;
	else {
		snprintf(why, size, "store.addressing: \"%s\" is not auto, "
		    "path or virtual", addressing);
		return -1;
	}
	if (virtual && host_plain(host))
		virtual = false;
	n = snprintf(u->host, sizeof(u->host), "%s%s%s",
	    virtual ? bucket : "", virtual ? "." : "", host);
	snprintf(u->path, sizeof(u->path), "%s%s", virtual ? "" : "/",
	    virtual ? "" : bucket);
	if (n < 0 || (size_t)n >= sizeof(u->host) ||
	    (size_t)snprintf(u->base, sizeof(u->base), "%s://%s", scheme,
	    u->host) >= sizeof(u->base)) {
		snprintf(why, size, "store.endpoint is too long");
		return -1;
	}
	return 0;
}

int
s3_url_path(const struct s3_url *u, const char *name, char *dst, size_t size)
{
	size_t len = strlcpy(dst, u->path, size);

	if (len + 2 >= size)
		return -1;
	if (*name == '\0') {
		if (len == 0)
			strlcpy(dst, "/", size);
		return 0;
	}
	dst[len++] = '/';
	return sigv4_encode(name, 1, dst + len, size - len) == -1 ? -1 : 0;
}

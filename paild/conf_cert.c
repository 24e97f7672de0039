/*
 * Client certificates: paild reads the files, for imapd and authd's workers
 * open none.  Mistakes are told here, at their place.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/client_cert.h"
#include "paild/conf_cert.h"
#include "paild/conf_file.h"

int
conf_cert_add(const char *path, struct buf *pem, char *why, size_t size)
{
	struct buf	b;
	int		r;

	buf_init(&b, CONF_CERT_MAX + 8192);
	if ((r = conf_file_read(path, CONF_CERT_MAX, &b, why, size)) == 0 &&
	    b.len > 0 && memchr(b.data, '\0', b.len) != NULL) {
		snprintf(why, size, "%s is not a PEM file", path);
		r = -1;
	} else if (r == 0 && (buf_put(pem, b.data, b.len) == -1 ||
	    buf_puts(pem, "\n") == -1)) {
		snprintf(why, size, "%s: out of memory", path);
		r = -1;
	}
	buf_free(&b);
	return r;
}

static int
read_entry(const struct conf *c, unsigned i, struct buf *pem, char *why,
    size_t size)
{
	const char	*ca = conf_at(c, "auth.%u.ca-file", i);
	const char	*crl = conf_at(c, "auth.%u.crl-file", i);

	if (ca != NULL && conf_cert_add(ca, pem, why, size) == -1)
		return -1;
	return crl != NULL ? conf_cert_add(crl, pem, why, size) : 0;
}

int
conf_cert_read(const struct conf *c, struct buf *pem, const char **rule,
    char *why, size_t size)
{
	const char	*type;
	unsigned	 i;
	int		 r = 0;

	*rule = "";
	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if (strcmp(type, "certificate") == 0) {
			*rule = conf_at(c, "auth.%u.name", i);
			r = read_entry(c, i, pem, why, size);
			break;
		}
	if (*rule == NULL)
		*rule = "";
	if (buf_put_u8(pem, '\0') == -1)
		r = -1;
	return r;
}

static const struct conf_item *
written(const struct conf *c, unsigned i, const char *key)
{
	char	path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), "auth.%u.%s", i, key);
	return conf_written(c, path);
}

static void
check_only(struct conf *c, unsigned i, const struct conf_item *at)
{
	const char	*type;
	unsigned	 k;

	for (k = 0; k < i; k++) {
		type = conf_at(c, "auth.%u.type", k);
		if (type == NULL || strcmp(type, "certificate") != 0)
			continue;
		conf_error(c, at->at, "%s: only one entry can be of type "
		    "certificate, and auth.%u is", at->path, k);
		return;
	}
}

/* Adds a file to pem, if what it has can be used; -1 with why. */
static int
add_good(const char *path, const char *what, struct buf *pem, char *why,
    size_t size)
{
	char		 begin[64], text[128];
	size_t		 was = pem->len;
	X509_STORE	*store = NULL;
	int		 r = -1;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", what);
	if (conf_cert_add(path, pem, why, size) == -1)
		return -1;
	if (memmem(pem->data + was, pem->len - was, begin, strlen(begin)) ==
	    NULL)
		snprintf(why, size, "%s contains no %s", path,
		    what[0] == 'C' ? "certificate" : "CRL");
	else if (what[0] == 'C' && (store = client_cert_store((struct str){
	    (char *)pem->data + was, pem->len - was }, text,
	    sizeof(text))) == NULL)
		snprintf(why, size, "%s: %s", path, text);
	else
		r = 0;
	X509_STORE_free(store);
	return r;
}

int
conf_cert_again(const struct conf *c, struct buf *pem, char *why, size_t size)
{
	const char	*type, *ca, *crl;
	char		 text[128];
	X509_STORE	*store;
	unsigned	 i;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if (strcmp(type, "certificate") == 0)
			break;
	if (type == NULL || (ca = conf_at(c, "auth.%u.ca-file", i)) == NULL)
		return 0;
	crl = conf_at(c, "auth.%u.crl-file", i);
	if (add_good(ca, "CERTIFICATE", pem, why, size) == -1 ||
	    (crl != NULL && add_good(crl, "X509 CRL", pem, why, size) == -1))
		return -1;
	store = client_cert_store((struct str){ (char *)pem->data, pem->len },
	    text, sizeof(text));
	if (store == NULL)
		snprintf(why, size, "%s: %s", crl != NULL ? crl : ca, text);
	X509_STORE_free(store);
	return store != NULL ? 0 : -1;
}

/* Each file by itself, so that the wrong one is named. */
void
conf_cert_file(struct conf *c, const struct conf_item *it, const char *what)
{
	struct buf	b;
	char		why[512];

	buf_init(&b, CONF_CERT_MAX + 8192);
	if (add_good(it->value, what, &b, why, sizeof(why)) == -1)
		conf_error(c, it->at, "%s: %s", it->path, why);
	buf_free(&b);
}

void
conf_cert(struct conf *c, unsigned i)
{
	const struct conf_item	*type = written(c, i, "type");
	const struct conf_item	*ca = written(c, i, "ca-file");
	const struct conf_item	*crl = written(c, i, "crl-file");

	if (type == NULL)
		return;
	check_only(c, i, type);
	if (ca == NULL)
		conf_error(c, type->at, "auth.%u needs \"ca-file\" with "
		    "\"type: certificate\": PEM file of the CAs that issue "
		    "client certificates", i);
	else if (!ca->bad)
		conf_cert_file(c, ca, "CERTIFICATE");
	if (crl != NULL && !crl->bad)
		conf_cert_file(c, crl, "X509 CRL");
	if (conf_written(c, "tls.0.certificate") == NULL)
		conf_error(c, type->at, "%s: certificates are shown in TLS, "
		    "which needs \"tls\" with a certificate and a "
		    "private-key", type->path);
}

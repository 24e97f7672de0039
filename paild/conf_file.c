/*
 * Secrets and PEM files.  Buffers that held a secret are wiped.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/pem.h"
#include "paild/conf_file.h"
#include "paild/conf_type.h"

#define SECRET_MAX	4096

int
conf_file_read(const char *path, size_t max, struct buf *out, char *why,
    size_t size)
{
	struct stat	 st;
	uint8_t		*p;
	ssize_t		 n;
	size_t		 got = 0, room;
	int		 fd;

	/* O_NONBLOCK: a FIFO must not hold paild up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		snprintf(why, size, "%s: not a regular file", path);
		close(fd);
		return -1;
	}
	for (;;) {
		if (got > max) {
			snprintf(why, size,
			    "%s: larger than %zu bytes", path, max);
			break;
		}
		/* A byte past max at most: out may be as small. */
		room = max - got < 4096 ? max - got + 1 : 4096;
		if ((p = buf_reserve(out, room)) == NULL) {
			snprintf(why, size, "out of memory");
			break;
		}
		n = read(fd, p, room);
		if (n == -1) {
			snprintf(why, size, "%s: %s", path, strerror(errno));
			break;
		}
		if (n == 0) {
			close(fd);
			return 0;
		}
		out->len += (size_t)n;
		got += (size_t)n;
	}
	close(fd);
	return -1;
}

static int
check_secret(const char *from, struct buf *out, char *why, size_t size)
{
	if (out->len == 0) {
		snprintf(why, size, "%s is empty", from);
		return -1;
	}
	if (memchr(out->data, '\0', out->len) != NULL ||
	    memchr(out->data, '\n', out->len) != NULL) {
		snprintf(why, size, "%s: a secret must be a single line", from);
		return -1;
	}
	return 0;
}

static int
file_line(const char *path, size_t max, struct buf *out, char *why,
    size_t size)
{
	if (conf_file_read(path, max, out, why, size) == -1)
		return -1;
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		out->len--;
	return check_secret(path, out, why, size);
}

int
conf_file_secret(const char *path, struct buf *out, char *why, size_t size)
{
	return file_line(path, SECRET_MAX, out, why, size);
}

int
conf_file_token(const char *path, struct buf *out, char *why, size_t size)
{
	return file_line(path, CONF_TOKEN_MAX, out, why, size);
}

int
conf_env_secret(const char *name, struct buf *out, char *why, size_t size)
{
	const char	*v = getenv(name);
	char		 shown[64], from[96];

	conf_quote(name, shown, sizeof(shown));
	if (v == NULL) {
		snprintf(why, size,
		    "environment variable %s is not set", shown);
		return -1;
	}
	if (buf_puts(out, v) == -1) {
		snprintf(why, size, "out of memory");
		return -1;
	}
	snprintf(from, sizeof(from), "environment variable %s", shown);
	return check_secret(from, out, why, size);
}

enum conf_pem
conf_pem_match(const char *certificate, size_t clen, const char *key,
    size_t klen)
{
	enum conf_pem	 result = CONF_PEM_FINE;
	BIO		*cb, *kb;
	X509		*cert;
	EVP_PKEY	*pkey;

	cb = BIO_new_mem_buf(certificate, (int)clen);
	kb = BIO_new_mem_buf(key, (int)klen);
	cert = pem_certificate(cb);
	pkey = pem_private_key(kb);
	if (cert == NULL)
		result = CONF_PEM_BAD_CERTIFICATE;
	else if (pkey == NULL)
		result = CONF_PEM_BAD_KEY;
	else if (X509_check_private_key(cert, pkey) != 1)
		result = CONF_PEM_MISMATCH;
	else if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		result = CONF_PEM_EXPIRED;
	ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(pkey);
	BIO_free(cb);
	BIO_free(kb);
	return result;
}

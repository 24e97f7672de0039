/* For tests: a fresh certificate for "localhost", signed by itself. */
#ifndef COMMON_TLS_FAKE_H
#define COMMON_TLS_FAKE_H

/* PEMs of the certificate and its key, both static. */
void	 tls_fake_certificate(const char **certificate, const char **key);

#endif

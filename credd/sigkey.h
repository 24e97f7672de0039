/*
 * The signing key of AWS Signature Version 4: derived from the secret for
 * one day, region and service, so that the secret stays here.  AWS General
 * Reference, "Create a signed AWS API request", step 4: derive a signing key.
 */
#ifndef CREDD_SIGKEY_H
#define CREDD_SIGKEY_H

#include <stdint.h>

#define SIGKEY_LEN	32

/* date: YYYYMMDD.  0, or -1 if OpenSSL fails or the secret is over 1 KiB. */
int	 sigkey_derive(uint8_t key[SIGKEY_LEN], const char *secret,
	    const char *date, const char *region, const char *service);
/* The day of t (seconds since 1970, UTC) as YYYYMMDD. */
void	 sigkey_date(char date[9], int64_t t);

#endif

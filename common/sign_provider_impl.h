/* Shared by sign_provider.c (keys) and sign_provider_sig.c only. */
#ifndef COMMON_SIGN_PROVIDER_IMPL_H
#define COMMON_SIGN_PROVIDER_IMPL_H

#include <openssl/core.h>

#include "common/sign_provider.h"

enum sign_kind { SIGN_RSA, SIGN_EC, SIGN_ED };

struct sign_key {
	enum sign_kind	 kind;
	EVP_PKEY	*pub;		/* OpenSSL's own; NULL: empty */
	uint8_t		 id[SIGN_ID_LEN];
};

#define SIGN_PROVIDER_OWN	"provider=pail"
extern sign_fn sign_provider_fn;
extern const OSSL_ALGORITHM sign_provider_signatures[];

#endif

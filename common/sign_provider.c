/*
 * The provider and its keys.  libssl wants of a private key that it matches
 * its certificate, and to know its kind, size and curve: all that is public,
 * and OpenSSL's own provider answers it.  Nothing is exported: a private key
 * of ours that OpenSSL could export would be signed with by its own provider,
 * which has none (EVP_DigestSignInit tries that first).
 */
#include "common/compat.h"

#include <stdio.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "common/sign_provider_impl.h"

#define PARAM_ID	"pail-key-id"

/* provider-keymgmt(7); the casts are OpenSSL's way of doing it. */
#define FN(id, f)	{ OSSL_FUNC_##id, (void (*)(void))(f) }

sign_fn			 sign_provider_fn;

static const struct {
	const char	*name;
	const char	*operation;	/* the signature's name */
} kinds[] = {
	[SIGN_RSA] = { "RSA", "RSA" },
	[SIGN_EC] = { "EC", "ECDSA" },
	[SIGN_ED] = { "ED25519", "ED25519" }
};

static void *
key_new(enum sign_kind kind)
{
	struct sign_key	*k = calloc(1, sizeof(*k));

	if (k != NULL)
		k->kind = kind;
	return k;
}

static void *
key_new_rsa(void *provctx)
{
	(void)provctx;
	return key_new(SIGN_RSA);
}

static void *
key_new_ec(void *provctx)
{
	(void)provctx;
	return key_new(SIGN_EC);
}

static void *
key_new_ed(void *provctx)
{
	(void)provctx;
	return key_new(SIGN_ED);
}

static void
key_free(void *keydata)
{
	struct sign_key	*k = keydata;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	free(k);
}

/* The private part is there, too: in credd. */
static int
key_has(const void *keydata, int selection)
{
	const struct sign_key	*k = keydata;

	(void)selection;
	return k != NULL && k->pub != NULL;
}

static int
key_match(const void *a, const void *b, int selection)
{
	const struct sign_key	*x = a, *y = b;

	(void)selection;
	return x->pub != NULL && y->pub != NULL &&
	    EVP_PKEY_eq(x->pub, y->pub) == 1;
}

static int
key_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	struct sign_key		*k = keydata;
	const OSSL_PARAM	*p = OSSL_PARAM_locate_const(params, PARAM_ID);
	EVP_PKEY_CTX		*ctx;
	int			 ok = 0;

	if (k->pub != NULL || !(selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY))
		return 0;
	if (p != NULL && (p->data_type != OSSL_PARAM_OCTET_STRING ||
	    p->data_size != sizeof(k->id)))
		return 0;
	if (p != NULL)
		memcpy(k->id, p->data, sizeof(k->id));
	ctx = EVP_PKEY_CTX_new_from_name(NULL, kinds[k->kind].name,
	    "provider=default");
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		/* It reads them only, but says otherwise. */
		ok = EVP_PKEY_fromdata(ctx, &k->pub, EVP_PKEY_PUBLIC_KEY,
		    (OSSL_PARAM *)(uintptr_t)params) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static const OSSL_PARAM *
key_import_types(int selection)
{
	static const OSSL_PARAM	types[] = {
		OSSL_PARAM_octet_string(PARAM_ID, NULL, 0),
		OSSL_PARAM_END
	};

	(void)selection;
	return types;
}

static int
key_get_params(void *keydata, OSSL_PARAM params[])
{
	struct sign_key	*k = keydata;

	return k->pub != NULL && EVP_PKEY_get_params(k->pub, params) == 1;
}

static const OSSL_PARAM *
key_gettable_params(void *provctx)
{
	static const OSSL_PARAM	types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_END
	};

	(void)provctx;
	return types;
}

static const char *
key_operation_rsa(int id)
{
	return id == OSSL_OP_SIGNATURE ? kinds[SIGN_RSA].operation : NULL;
}

static const char *
key_operation_ec(int id)
{
	return id == OSSL_OP_SIGNATURE ? kinds[SIGN_EC].operation : NULL;
}

static const char *
key_operation_ed(int id)
{
	return id == OSSL_OP_SIGNATURE ? kinds[SIGN_ED].operation : NULL;
}

#define KEYMGMT(kind) {							\
	FN(KEYMGMT_NEW, key_new_##kind),				\
	FN(KEYMGMT_FREE, key_free),					\
	FN(KEYMGMT_HAS, key_has),					\
	FN(KEYMGMT_MATCH, key_match),					\
	FN(KEYMGMT_IMPORT, key_import),					\
	FN(KEYMGMT_IMPORT_TYPES, key_import_types),			\
	FN(KEYMGMT_GET_PARAMS, key_get_params),				\
	FN(KEYMGMT_GETTABLE_PARAMS, key_gettable_params),		\
	FN(KEYMGMT_QUERY_OPERATION_NAME, key_operation_##kind),		\
	{ 0, NULL } }

static const OSSL_DISPATCH	 rsa_keys[] = KEYMGMT(rsa);
static const OSSL_DISPATCH	 ec_keys[] = KEYMGMT(ec);
static const OSSL_DISPATCH	 ed_keys[] = KEYMGMT(ed);

static const OSSL_ALGORITHM keymgmts[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", SIGN_PROVIDER_OWN,
	    rsa_keys, NULL },
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", SIGN_PROVIDER_OWN, ec_keys,
	    NULL },
	{ "ED25519:1.3.101.112", SIGN_PROVIDER_OWN, ed_keys, NULL },
	{ NULL, NULL, NULL, NULL }
};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmts;
	case OSSL_OP_SIGNATURE:
		return sign_provider_signatures;
	default:
		return NULL;
	}
}

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH	table[] = {
		FN(PROVIDER_QUERY_OPERATION, provider_query),
		{ 0, NULL }
	};
	static int			nothing;

	(void)handle;
	(void)in;
	*out = table;
	*provctx = &nothing;
	return 1;
}

static int
failed(const char *what, char *why, size_t size)
{
	char	text[200] = "unknown error";

	if (ERR_peek_error() != 0)
		ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	snprintf(why, size, "%s: %s", what, text);
	return -1;
}

int
sign_provider_load(sign_fn fn, char *why, size_t size)
{
	static OSSL_PROVIDER	*theirs, *own;	/* until the process ends */

	sign_provider_fn = fn;
	if (theirs != NULL && own != NULL)
		return 0;
	if (OSSL_PROVIDER_add_builtin(NULL, "pail", provider_init) != 1 ||
	    (theirs = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    (own = OSSL_PROVIDER_load(NULL, "pail")) == NULL ||
	    EVP_set_default_properties(NULL, "?provider=default") != 1)
		return failed("OpenSSL's providers", why, size);
	return 0;
}

int
sign_provider_id(const X509 *cert, uint8_t id[SIGN_ID_LEN])
{
	unsigned char	*der = NULL;
	int		 len, r = -1;

	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (len > 0 && EVP_Digest(der, (size_t)len, id, NULL, EVP_sha256(),
	    NULL) == 1)
		r = 0;
	OPENSSL_free(der);
	return r;
}

/* Ours, with the public parameters of pub. */
static EVP_PKEY *
key_make(const char *name, const EVP_PKEY *pub, uint8_t *id)
{
	OSSL_PARAM	 own[] = {
		OSSL_PARAM_octet_string(PARAM_ID, id, SIGN_ID_LEN),
		OSSL_PARAM_END
	};
	OSSL_PARAM	*params = NULL, *all = NULL;
	EVP_PKEY_CTX	*ctx;
	EVP_PKEY	*key = NULL;

	ctx = EVP_PKEY_CTX_new_from_name(NULL, name, SIGN_PROVIDER_OWN);
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_todata(pub, EVP_PKEY_PUBLIC_KEY, &params) == 1 &&
	    (all = OSSL_PARAM_merge(params, own)) != NULL &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, all) != 1)
		key = NULL;
	/* The list only: its values are those of params and own. */
	OPENSSL_free(all);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
sign_provider_key(X509 *cert, char *why, size_t size)
{
	EVP_PKEY	*pub = X509_get0_pubkey(cert), *key;
	uint8_t		 id[SIGN_ID_LEN];
	size_t		 i;

	if (pub == NULL || sign_provider_id(cert, id) == -1) {
		failed("the certificate's key", why, size);
		return NULL;
	}
	for (i = 0; i < nitems(kinds); i++)
		if (EVP_PKEY_is_a(pub, kinds[i].name))
			break;
	if (i == nitems(kinds)) {
		snprintf(why, size, "a key of type %s cannot be used",
		    EVP_PKEY_get0_type_name(pub));
		return NULL;
	}
	if ((key = key_make(kinds[i].name, pub, id)) == NULL)
		failed("a key in credd", why, size);
	return key;
}

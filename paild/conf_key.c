/*
 * The table of keys, and what it says of them.
 */
#include "common/compat.h"

#include "common/cred_source.h"
#include "paild/conf_key.h"

/* Who gets a key: the kinds' names, as bits. */
enum {
#define X(kind, name, program, user, traits, stop) kind = CONF_TO(PROC_##kind),
	PROC_TABLE(X)
#undef X
};

#define K	1024ULL
#define M	(1024 * K)
#define G	(1024 * M)
#define T	(1024 * G)

/* Most rows leave out the last columns. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

const struct conf_key conf_keys[] = {
	{ "", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "the whole configuration" },
	{ "listen", CONF_LIST, CONF_REQUIRED, 0, NULL, 1, 64, NULL,
	    "the addresses to serve IMAP on" },
	{ "listen.*", CONF_LISTEN, 0, IMAPD, NULL, 0, 0, NULL,
	    "imap://ADDRESS:PORT, or imaps:// for implicit TLS" },
	{ "proxy-protocol", CONF_LIST, 0, 0, NULL, 0, 64, NULL,
	    "the proxies whose connections begin with a PROXY protocol "
	    "header" },
	{ "proxy-protocol.*", CONF_NETWORK, 0, IMAPD, NULL, 0, 0, NULL,
	    "the address or network of a proxy" },
	{ "control-socket", CONF_PATH, CONF_RESTART, 0,
	    "/run/pail/pail.sock", 1, 100, NULL,
	    "the socket through which pailctl reaches paild" },
	{ "tls", CONF_LIST, CONF_ONE, 0, NULL, 1, 64, NULL,
	    "TLS for clients: the certificates; one alone needs no list" },
	{ "tls.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "one certificate" },
	{ "tls.*.certificate", CONF_FILE, CONF_REQUIRED | CONF_PUBLIC, CREDD,
	    NULL, 1, 1000, NULL,
	    "PEM file: the certificate, followed by its chain" },
	{ "tls.*.private-key", CONF_FILE, CONF_REQUIRED, CREDD, NULL, 1, 1000,
	    NULL, "PEM file: the private key, without a passphrase" },
	{ "tls.*.ocsp-response", CONF_FILE, CONF_PUBLIC, CREDD, NULL, 1, 1000,
	    NULL, "DER file: an OCSP response, for clients that ask for it" },
	{ "tls.*.names", CONF_LIST, 0, 0, NULL, 1, 256, NULL,
	    "host names it is for; by default those in the certificate" },
	{ "tls.*.names.*", CONF_ID, 0, CREDD, NULL, 1, 253, "*.-_",
	    "imap.example.org, or *.example.org" },
	{ "tls-min-version", CONF_WORD, 0, IMAPD, "TLSv1.2", 0, 0,
	    "TLSv1.2 TLSv1.3", "the oldest version of TLS that is spoken" },
	{ "tls-ciphers", CONF_LIST, 0, 0, NULL, 0, 9, NULL,
	    "the cipher suites, in order of preference" },
	{ "tls-ciphers.*", CONF_WORD, 0, IMAPD, NULL, 0, 0,
	    "TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
	    "TLS_AES_128_GCM_SHA256 "
	    "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 "
	    "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256 "
	    "ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305",
	    "a suite of TLS 1.3 or 1.2, by OpenSSL's name" },
	{ "store", CONF_MAP, CONF_REQUIRED, 0, NULL, 0, 0, NULL,
	    "where mail is stored" },
	{ "store.type", CONF_WORD, CONF_REQUIRED | CONF_RESTART,
	    STORAGED | CREDD, NULL, 0, 0, "file s3", "file or s3" },
	{ "store.path", CONF_PATH, CONF_REQUIRED | CONF_RESTART, STORAGED,
	    NULL, 1, 1000, NULL, "the store's directory", "type=file" },
	{ "store.url", CONF_LINE, 0, 0, NULL, 1, 4095, NULL, "one line in "
	    "Dovecot's form, for most of these keys", "type=s3" },
	{ "store.bucket", CONF_BUCKET, CONF_REQUIRED | CONF_RESTART, STORAGED,
	    NULL, 3, 63, NULL, "the bucket name", "type=s3" },
	{ "store.region", CONF_STRING, CONF_REQUIRED | CONF_RESTART,
	    STORAGED | CREDD, NULL, 1, 64, NULL, "the region that requests "
	    "are signed for, such as us-east-1", "type=s3" },
	{ "store.endpoint", CONF_URL, CONF_RESTART, STORAGED, NULL, 1, 255,
	    NULL, "the server; derived from the region if not set",
	    "type=s3" },
	{ "store.addressing", CONF_WORD, CONF_RESTART, STORAGED, "auto", 0, 0,
	    "auto path virtual",
	    "the bucket in the path or in the host name", "type=s3" },
	{ "store.tls-ca-file", CONF_PATH, CONF_RESTART | CONF_GUARDED,
	    STORAGED | CREDD, NULL, 1, 1000, NULL,
	    "PEM file of CA certificates, instead of the system's",
	    "type=s3" },
	{ "store.access-key", CONF_SECRET, CONF_PUBLIC, 0, NULL, 1, 256, NULL,
	    "the access key ID: a value, {env: NAME} or {file: PATH}",
	    "type=s3", "store.credentials.access-key" },
	{ "store.secret-key", CONF_SECRET, 0, 0, NULL, 1, 256, NULL,
	    "the secret access key: a value, {env: NAME} or {file: PATH}",
	    "type=s3", "store.credentials.secret-key" },
	{ "store.session-token", CONF_SECRET, 0, 0, NULL, 1, 4096, NULL,
	    "of temporary keys: as secret-key", "type=s3",
	    "store.credentials.session-token" },
	{ "store.security-token", CONF_SECRET, 0, 0, NULL, 1, 4096, NULL,
	    "the older name of session-token", "type=s3",
	    "store.credentials.session-token" },
	{ "store.profile", CONF_TEXT, 0, 0, NULL, 1, 128, NULL,
	    "the profile in AWS's shared files", "type=s3",
	    "store.credentials.profile" },
	{ "store.credentials-file", CONF_PATH, CONF_GUARDED, 0, NULL, 1,
	    1000, NULL, "instead of ~/.aws/credentials", "type=s3",
	    "store.credentials.credentials-file" },
	{ "store.config-file", CONF_PATH, CONF_GUARDED, 0, NULL, 1, 1000,
	    NULL, "instead of ~/.aws/config", "type=s3",
	    "store.credentials.config-file" },
	{ "store.auth-role", CONF_STRING, 0, 0, NULL, 1, 64, NULL,
	    "the instance role, from the metadata service", "type=s3",
	    "store.credentials.role" },
	{ "store.credentials", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "where the keys of requests come from", "type=s3" },
#define X(x, name) name " "
	{ "store.credentials.source", CONF_WORD, 0, CREDD, "static", 0, 0,
	    CRED_SOURCES(X) "auto",
	    "one of credd's sources; auto tries them as AWS's programs do" },
#undef X
	{ "store.credentials.access-key", CONF_SECRET, CONF_PUBLIC, CREDD,
	    NULL, 1, 256, NULL, "as store.access-key",
	    "source=static auto" },
	{ "store.credentials.secret-key", CONF_SECRET, 0, CREDD,
	    NULL, 1, 256, NULL, "as store.secret-key",
	    "source=static auto" },
	{ "store.credentials.session-token", CONF_SECRET, 0, CREDD,
	    NULL, 1, 4096, NULL, "of temporary keys: as secret-key",
	    "source=static auto" },
	{ "store.credentials.profile", CONF_TEXT, 0, CREDD, NULL, 1, 128,
	    NULL, "as store.profile", "source=profile auto" },
	{ "store.credentials.credentials-file", CONF_PATH, CONF_GUARDED, 0,
	    NULL, 1, 1000, NULL, "as store.credentials-file",
	    "source=profile auto" },
	{ "store.credentials.config-file", CONF_PATH, CONF_GUARDED, 0, NULL,
	    1, 1000, NULL, "as store.config-file", "source=profile auto" },
	{ "store.credentials.command", CONF_TEXT, CONF_REQUIRED, CREDD, NULL,
	    1, 2000, NULL, "a command that prints credentials",
	    "source=process" },
	{ "store.credentials.endpoint", CONF_URL, 0, CREDD, NULL, 1, 255,
	    NULL, "the metadata service, if it is not EC2's own",
	    "source=imds profile auto" },
	{ "store.credentials.endpoint-mode", CONF_WORD, 0, CREDD, "ipv4",
	    0, 0, "ipv4 ipv6", "which of EC2's addresses to use",
	    "source=imds profile auto" },
	{ "store.credentials.role", CONF_STRING, 0, CREDD, NULL, 1, 64,
	    NULL, "the instance role; by default the one that is attached",
	    "source=imds profile auto" },
	{ "store.credentials.web-identity-token-file", CONF_PATH, CONF_GIVEN,
	    CREDD, NULL, 1, 1000, NULL,
	    "the token; default: AWS_WEB_IDENTITY_TOKEN_FILE",
	    "source=web-identity auto" },
	{ "store.credentials.role-arn", CONF_ARN, 0, CREDD, NULL, 20, 2048,
	    NULL, "the role to assume with it; default: AWS_ROLE_ARN",
	    "source=web-identity auto" },
	{ "store.credentials.session-name", CONF_ID, 0, CREDD, NULL, 2, 64,
	    "_+=,.@-", "default: AWS_ROLE_SESSION_NAME, or pail",
	    "source=web-identity auto" },
	{ "store.credentials.duration", CONF_DURATION, 0, CREDD, NULL, 900,
	    43200, NULL, "how long its keys are to be valid",
	    "source=web-identity auto" },
	{ "store.credentials.sts-endpoint", CONF_URL, 0, CREDD, NULL, 1, 255,
	    NULL, "the STS; derived from the region if not set" },
	{ "store.credentials.assume-role", CONF_LIST, 0, 0, NULL, 0, 5, NULL,
	    "roles to assume one after the other with the source's keys" },
	{ "store.credentials.assume-role.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "one role" },
	{ "store.credentials.assume-role.*.role-arn", CONF_ARN, CONF_REQUIRED,
	    CREDD, NULL, 20, 2048, NULL, "the role's ARN" },
	{ "store.credentials.assume-role.*.session-name", CONF_ID, 0, CREDD,
	    NULL, 2, 64, "_+=,.@-", "the session's name; default: pail" },
	{ "store.credentials.assume-role.*.external-id", CONF_ID, 0, CREDD,
	    NULL, 2, 1224, "_+=,.@:/-", "the external ID that it demands" },
	{ "store.credentials.assume-role.*.duration", CONF_DURATION, 0, CREDD,
	    NULL, 900, 43200, NULL, "how long its keys are to be valid" },
	{ "store.credentials.assume-role.*.policy", CONF_TEXT, 0, CREDD, NULL,
	    1, 2048, NULL, "a JSON policy that narrows its rights" },
	{ "store.credentials.assume-role.*.sts-endpoint", CONF_URL, 0, CREDD,
	    NULL, 1, 255, NULL,
	    "its STS; default: store.credentials.sts-endpoint" },
	{ "store.key-prefix", CONF_PREFIX, CONF_RESTART, STORAGED, "", 0, 200,
	    NULL, "prefix of every object's key" },
	{ "store.dispersion", CONF_NUMBER, CONF_RESTART, STORAGED, "8", 0, 8,
	    NULL, "hex digits before each user's name in object names" },
	{ "store.timeout", CONF_DURATION, 0, STORAGED | IMAPD | AUTHD, "30s",
	    1, 600, NULL, "time limit of a request, including retries" },
	{ "store.connect-timeout", CONF_DURATION, CONF_RESTART, STORAGED,
	    "3s", 1, 60, NULL, "time limit for connecting, including TLS",
	    "type=s3" },
	{ "store.stall-timeout", CONF_DURATION, CONF_RESTART, STORAGED, "10s",
	    1, 300, NULL, "how long a request may stand still", "type=s3" },
	{ "store.max-connections", CONF_NUMBER, CONF_RESTART, STORAGED, "48",
	    4, 1000, NULL, "connections per storaged process", "type=s3" },
	{ "store.allow-invalid-certs", CONF_BOOL, CONF_RESTART, STORAGED,
	    "false", 0, 0, NULL, "accept any certificate of the endpoint",
	    "type=s3" },
	{ "store.storage-class", CONF_STRING, CONF_RESTART, STORAGED, NULL,
	    1, 64, NULL, "storage class of new objects", "type=s3" },
	{ "store.server-side-encryption", CONF_WORD, CONF_RESTART, STORAGED,
	    "none", 0, 0, "none AES256 aws:kms",
	    "none, AES256, aws:kms or {file: KEY} for new objects",
	    "type=s3", NULL, "store.customer-key" },
	{ "store.customer-key", CONF_SECRET, CONF_RESTART, STORAGED, NULL,
	    44, 44, NULL, "SSE-C: 32 bytes in base64, sent with each request",
	    "type=s3" },
	{ "store.kms-key-id", CONF_TEXT, CONF_RESTART, STORAGED, NULL,
	    1, 256, NULL, "aws:kms: the key, instead of the bucket's",
	    "type=s3" },
	{ "store.request-headers", CONF_LIST, CONF_RESTART, 0, NULL, 0, 8,
	    NULL, "further headers of all requests", "type=s3" },
	{ "store.request-headers.*", CONF_HEADER, CONF_RESTART, STORAGED,
	    NULL, 1, 250, NULL, "\"Name: value\"" },
	{ "store.proxy", CONF_PROXY, CONF_RESTART, STORAGED, NULL, 1, 255,
	    NULL, "http://, https:// or socks5h:// proxy to the endpoint",
	    "type=s3" },
	{ "store.no-proxy", CONF_LIST, CONF_RESTART, 0, NULL, 0, 16, NULL,
	    "hosts and domains that need no proxy", "type=s3" },
	{ "store.no-proxy.*", CONF_STRING, CONF_RESTART, STORAGED, NULL,
	    1, 253, NULL, "a host, an address or a domain" },
	{ "store.parallel-deletes", CONF_NUMBER, 0, STORAGED, "1000", 1, 1000,
	    NULL, "keys per DeleteObjects request; 1: DELETE requests",
	    "type=s3" },
	{ "store.max-retries", CONF_NUMBER, 0, STORAGED, "3", 0, 20, NULL,
	    "retries of a failed request" },
	{ "store.verify-after-write", CONF_WORD, 0, STORAGED, "true", 0, 0,
	    "true head read false",
	    "true or head: a HEAD request after each PUT; read: a GET" },
	{ "store.compression", CONF_COMPRESSION, 0, STORAGED, "zstd:3", 0, 0,
	    NULL, "zstd[:1-19], gzip[:1-9], lz4 or none" },
	{ "cluster", CONF_BOOL, 0, STORAGED, "true", 0, 0, NULL,
	    "other nodes may serve this bucket as well" },
	{ "cache", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "local data that may be deleted" },
	{ "cache.path", CONF_PATH, CONF_RESTART, STORAGED, "/var/cache/pail",
	    1, 1000, NULL, "the cache directory" },
	{ "cache.size", CONF_SIZE, 0, STORAGED, "512M", M, 64 * T, NULL,
	    "space for cached objects, shared by all processes" },
	{ "cache.spool", CONF_SIZE, 0, STORAGED, "4G", M, 64 * T, NULL,
	    "space for messages being uploaded, shared by all processes" },
	{ "cache.spool-per-user", CONF_SIZE, 0, STORAGED, "1G", M, 64 * T, NULL,
	    "the part of cache.spool that one user may take" },
	{ "cache.keep-free", CONF_SIZE, 0, STORAGED, "256M", 0, 64 * T, NULL,
	    "disk space to keep free for the indexes" },
	{ "auth", CONF_LIST, CONF_REQUIRED, 0, NULL, 1, 16, NULL,
	    "the user databases, tried in this order" },
	{ "auth.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "one user database" },
	{ "auth.*.type", CONF_WORD, CONF_REQUIRED, AUTHD | AUTHWORKER | IMAPD,
	    NULL, 0, 0, "file ldap pam oidc certificate", "what verifies "
	    "logins: file, ldap, pam, oidc or certificate" },
	{ "auth.*.lookup", CONF_WORD, 0, AUTHD | AUTHWORKER, NULL, 0, 0,
	    "file ldap system", "what says who a user is; default: the type" },
	{ "auth.*.path", CONF_PATH, CONF_REQUIRED | CONF_GUARDED,
	    AUTHD | AUTHWORKER, NULL, 1, 1000, NULL,
	    "password file with lines of name:hash", "type=file" },
	{ "auth.*.service", CONF_STRING, 0, AUTHWORKER, "pail", 1, 64, NULL,
	    "the PAM service: a file in /etc/pam.d", "type=pam" },
	{ "auth.*.session", CONF_BOOL, 0, AUTHWORKER, "true", 0, 0, NULL,
	    "open and close a PAM session as a check", "type=pam" },
	{ "auth.*.user", CONF_STRING, 0, 0, "root", 1, 31, NULL,
	    "the user that asks PAM; pam_unix needs root", "type=pam" },
	{ "auth.*.minimum-uid", CONF_NUMBER, 0, AUTHWORKER, "1000", 0,
	    4294967294ULL, NULL, "accounts below are not known",
	    "type=pam system" },
	{ "auth.*.url", CONF_LIST, CONF_REQUIRED, 0, NULL, 1, 4, NULL,
	    "the directory's servers, tried in this order", "type=ldap" },
	{ "auth.*.url.*", CONF_LDAP_URL, 0, AUTHWORKER, NULL, 1, 320, NULL,
	    "ldaps://HOST[:PORT], ldap://HOST[:PORT] or ldapi://PATH" },
	{ "auth.*.start-tls", CONF_BOOL, 0, AUTHWORKER, "false", 0, 0, NULL,
	    "use StartTLS with ldap://", "type=ldap" },
	{ "auth.*.allow-plaintext", CONF_BOOL, 0, AUTHWORKER, "false", 0, 0,
	    NULL, "use ldap:// without TLS", "type=ldap" },
	{ "auth.*.ca-file", CONF_PATH, CONF_GUARDED, AUTHWORKER, NULL, 1,
	    1000, NULL, "PEM file of CA certificates: the server's, instead "
	    "of the system's, or the clients'", "type=ldap oidc certificate" },
	{ "auth.*.crl-file", CONF_PATH, CONF_GUARDED, 0, NULL, 1, 1000, NULL,
	    "PEM file of the CRLs of these CAs", "type=certificate" },
	{ "auth.*.name", CONF_WORD, 0, AUTHWORKER, "email", 0, 0,
	    "email cn uid", "what in a certificate is the login name",
	    "type=certificate" },
	{ "auth.*.tls-minimum", CONF_WORD, 0, AUTHWORKER, "1.2", 0, 0,
	    "1.2 1.3", "the oldest version of TLS", "type=ldap" },
	{ "auth.*.bind-dn", CONF_LDAP_DN, 0, AUTHWORKER, NULL, 1, 1000, NULL,
	    "the DN of a user, with %u for the login name", "type=ldap" },
	{ "auth.*.base", CONF_TEXT, 0, AUTHWORKER, NULL, 1, 1000, NULL,
	    "the DN below which users are searched for", "type=ldap" },
	{ "auth.*.scope", CONF_WORD, 0, AUTHWORKER, "sub", 0, 0,
	    "base one sub", "how far below", "type=ldap" },
	{ "auth.*.filter", CONF_LDAP_FILTER, 0, AUTHWORKER, "(uid=%u)", 1,
	    1000, NULL, "the filter that finds a user", "type=ldap" },
	{ "auth.*.service-dn", CONF_TEXT, 0, AUTHWORKER, NULL, 1, 1000, NULL,
	    "the account that searches; default: anonymous", "type=ldap" },
	{ "auth.*.service-password", CONF_SECRET, 0, AUTHWORKER, NULL, 1,
	    1024, NULL, "its password: a value, {env: NAME} or {file: PATH}",
	    "type=ldap" },
	{ "auth.*.attributes", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "the attributes of a user", "type=ldap" },
	{ "auth.*.attributes.id", CONF_STRING, 0, AUTHWORKER, NULL, 1, 64,
	    NULL, "the user ID" },
	{ "auth.*.attributes.aliases", CONF_STRING, 0, AUTHWORKER, NULL, 1,
	    64, NULL, "other names and addresses of the user" },
	{ "auth.*.attributes.quota", CONF_STRING, 0, AUTHWORKER, NULL, 1, 64,
	    NULL, "the user's own quota: BYTES[:MESSAGES]" },
	{ "auth.*.group-base", CONF_TEXT, 0, AUTHWORKER, NULL, 1, 1000, NULL,
	    "where groups are searched for; default: base", "type=ldap" },
	{ "auth.*.group-filter", CONF_LDAP_FILTER, 0, AUTHWORKER, NULL, 1,
	    1000, "D", "lets in only users for whom it finds an entry",
	    "type=ldap" },
	{ "auth.*.timeout", CONF_DURATION, 0, AUTHWORKER, "10s", 1, 12, NULL,
	    "time limit of a login's search, and of its bind", "type=ldap" },
	{ "auth.*.connect-timeout", CONF_DURATION, 0, AUTHWORKER, "3s", 1, 10,
	    NULL, "time limit for connecting to a server, including TLS",
	    "type=ldap" },
	{ "auth.*.issuer", CONF_WEB, CONF_REQUIRED, AUTHD | AUTHWORKER, NULL,
	    1, 255, NULL, "the identity provider's URL, as its tokens have it",
	    "type=oidc" },
	{ "auth.*.audience", CONF_TEXT, CONF_REQUIRED, AUTHWORKER, NULL, 1,
	    255, NULL, "whom tokens must be for (aud)", "type=oidc" },
	{ "auth.*.claim", CONF_TEXT, 0, AUTHWORKER, "preferred_username", 1,
	    255, NULL, "the claim that is the login name", "type=oidc" },
	{ "auth.*.scopes", CONF_LIST, 0, 0, NULL, 0, 16, NULL,
	    "scopes that tokens must have", "type=oidc" },
	{ "auth.*.scopes.*", CONF_ID, 0, AUTHD | AUTHWORKER, NULL, 1, 60,
	    "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "a scope" },
	{ "auth.*.claims", CONF_LIST, 0, 0, NULL, 0, 16, NULL,
	    "claims that tokens must have, each as NAME=VALUE", "type=oidc" },
	{ "auth.*.claims.*", CONF_CLAIM, 0, AUTHWORKER, NULL, 3, 500, NULL,
	    "NAME=VALUE" },
	{ "auth.*.leeway", CONF_DURATION, 0, AUTHWORKER, "30s", 0, 600, NULL,
	    "how far the provider's clock may be off", "type=oidc" },
	{ "auth.*.jwks-url", CONF_WEB, 0, AUTHWORKER, NULL, 1, 500, NULL,
	    "its keys, if it has no discovery document", "type=oidc" },
	{ "auth.*.introspection-url", CONF_WEB, 0, AUTHWORKER, NULL, 1, 500,
	    NULL, "its introspection endpoint, the same", "type=oidc" },
	{ "auth.*.client-id", CONF_TEXT, 0, AUTHWORKER, NULL, 1, 255, NULL,
	    "our name there: opaque tokens are introspected", "type=oidc" },
	{ "auth.*.client-secret", CONF_SECRET, 0, AUTHWORKER, NULL, 1, 256,
	    NULL, "and secret: a value, {env: NAME} or {file: PATH}",
	    "type=oidc" },
	{ "auth.*.require-app-password", CONF_BOOL, 0, AUTHD, "false", 0, 0,
	    NULL, "its users need app passwords: their own are refused" },
	{ "app-passwords", CONF_WORD, CONF_RESTART,
	    AUTHD | AUTHWORKER | IMAPD, "none", 0, 0, "none file",
	    "where app passwords are kept: none or file" },
	{ "app-passwords-file", CONF_PATH, CONF_GUARDED, AUTHWORKER,
	    "/etc/pail/app-passwords", 1, 1000, NULL,
	    "the file that pailctl app-password writes" },
	{ "login-cache", CONF_DURATION, 0, AUTHD, "5m", 0, 86400, NULL,
	    "how long a successful login is cached" },
	{ "login-limits", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "limits on failed and on waiting logins" },
	{ "login-limits.failure-delay", CONF_DURATION, 0, AUTHD, "1s", 1, 60,
	    NULL, "delay before a wrong password is answered" },
	{ "login-limits.guesses-per-user", CONF_NUMBER, 0, AUTHD, "30", 1,
	    6000, NULL,
	    "guesses per minute from addresses with failed logins" },
	{ "login-limits.waiting", CONF_NUMBER, 0, AUTHD, "1000", 10, 100000,
	    NULL, "logins in progress per imapd process" },
	{ "login-limits.waiting-per-address", CONF_NUMBER, 0, AUTHD, "100",
	    1, 100000, NULL, "of these, from one address" },
	{ "login-limits.sessions-per-user", CONF_NUMBER, 0, AUTHD, "0", 0,
	    1000000, NULL, "sessions of one user at once; 0: any number" },
	{ "login-limits.sessions-per-address", CONF_NUMBER, 0, AUTHD, "0", 0,
	    1000000, NULL, "the same, from one address" },
	{ "login-names", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "what login names become before they are looked up" },
	{ "login-names.default-domain", CONF_TEXT, 0, AUTHD, NULL, 1, 200,
	    NULL, "added to names without a domain" },
	{ "login-names.strip-domains", CONF_LIST, 0, 0, NULL, 0, 16, NULL,
	    "domains that are removed from names" },
	{ "login-names.strip-domains.*", CONF_TEXT, 0, AUTHD, NULL, 1, 200,
	    NULL, "a domain" },
	{ "login-names.detail-separator", CONF_WORD, 0, AUTHD, "none", 0, 0,
	    "none + - =", "user+detail is user" },
	{ "login-names.unicode", CONF_WORD, 0, AUTHD, "nfc", 0, 0,
	    "nfc precis", "precis: names by RFC 8265" },
	{ "login-names.master-users", CONF_LIST, 0, 0, NULL, 0, 16, NULL,
	    "who may log in as any user, as user*master" },
	{ "login-names.master-users.*", CONF_TEXT, 0, AUTHD, NULL, 1, 200,
	    NULL, "a user" },
	{ "login-names.master-separator", CONF_WORD, 0, AUTHD, "*", 0, 0,
	    "* / %", "between the user and the master user" },
	{ "domains", CONF_LIST, 0, 0, NULL, 0, 256, NULL,
	    "local domains: a recipient's part before the @ names a user" },
	{ "domains.*", CONF_TEXT, 0, AUTHD, NULL, 1, 253, NULL, "a domain" },
	{ "lmtp", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "delivered mail" },
	{ "lmtp.detail-separator", CONF_WORD, 0, AUTHD, "+", 0, 0,
	    "none + - =", "mail to user+detail is user's" },
	{ "lmtp.postmaster", CONF_TEXT, 0, AUTHD, NULL, 1, 200, NULL,
	    "the user who gets postmaster's mail" },
	{ "sasl-mechanisms", CONF_LIST, 0, 0, NULL, 1, 8, NULL,
	    "the SASL mechanisms offered" },
	{ "sasl-mechanisms.*", CONF_WORD, 0, IMAPD | AUTHD, NULL, 0, 0,
	    "PLAIN LOGIN SCRAM-SHA-256 OAUTHBEARER XOAUTH2",
	    "PLAIN, LOGIN, SCRAM-SHA-256, OAUTHBEARER or XOAUTH2" },
	{ "plaintext-login", CONF_WORD, 0, IMAPD, "loopback", 0, 0,
	    "never loopback always", "plaintext passwords without TLS" },
	{ "append-limit", CONF_SIZE, 0, IMAPD | STORAGED, "64M", 64 * K, 2 * G,
	    NULL, "maximum size of a message (APPENDLIMIT)" },
	{ "append-nul", CONF_WORD, 0, IMAPD, "refuse", 0, 0,
	    "refuse replace", "how messages with NUL bytes are handled" },
	{ "messages-per-mailbox", CONF_NUMBER, 0, STORAGED, "4000000", 1,
	    4000000, NULL, "above this, APPEND, COPY and MOVE are refused" },
	{ "quota", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "how much mail a user may have who has no quota of his own" },
	{ "quota.bytes", CONF_SIZE, 0, AUTHD, "0", 0, 1024 * T, NULL,
	    "of all messages; 0: any number" },
	{ "quota.messages", CONF_NUMBER, 0, AUTHD, "0", 0, 1000000000, NULL,
	    "messages; 0: any number" },
	{ "mailboxes", CONF_LIST, 0, 0, NULL, 0, 32, NULL,
	    "created and subscribed at a user's first login, besides INBOX" },
	{ "mailboxes.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "one mailbox" },
	{ "mailboxes.*.name", CONF_MAILBOX, CONF_REQUIRED, STORAGED, NULL,
	    1, 255, NULL, "the mailbox name" },
	{ "mailboxes.*.use", CONF_WORD, 0, STORAGED, NULL, 0, 0,
	    "archive drafts flagged junk sent trash",
	    "its special use (RFC 6154)" },
	{ "imap", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "IMAP limits" },
	{ "imap.idle-timeout", CONF_DURATION, 0, IMAPD, "31m", 1800, 604800,
	    NULL, "disconnects an inactive client (RFC 3501: at least 30m)" },
	{ "imap.login-timeout", CONF_DURATION, 0, IMAPD, "3m", 5, 86400,
	    NULL, "time from connecting to logging in" },
	{ "imap.write-timeout", CONF_DURATION, 0, IMAPD, "10m", 10, 86400,
	    NULL, "disconnects a client that does not read" },
	{ "imap.literal-timeout", CONF_DURATION, 0, IMAPD, "1m", 5, 86400,
	    NULL, "disconnects a client that stalls inside a literal" },
	{ "imap.still-here", CONF_DURATION, 0, IMAPD, "2m", 1, 1740,
	    NULL, "interval of keepalives during IDLE" },
	{ "imap.max-unsent", CONF_SIZE, 0, IMAPD, "64M", M, T, NULL,
	    "unread output of all clients of one process" },
	{ "imap.max-connections", CONF_NUMBER, 0, IMAPD, "20000", 1, 1000000,
	    NULL, "connections per imapd process" },
	{ "imap.max-unauthenticated", CONF_NUMBER, 0, IMAPD, "1000",
	    1, 1000000, NULL, "of these, not logged in" },
	{ "imap.max-unauthenticated-per-address", CONF_NUMBER, 0, IMAPD,
	    "100", 1, 1000000, NULL, "of these, from one address" },
	{ "processes", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "number of processes of each kind" },
	{ "processes.imapd", CONF_PROCESSES, CONF_RESTART, 0, "auto", 1, 64,
	    NULL, "auto: one per core" },
	{ "processes.lmtpd", CONF_PROCESSES, CONF_RESTART, 0, "auto", 1, 64,
	    NULL, "auto: one, or none if nothing is listened on for it" },
	{ "processes.storaged", CONF_PROCESSES, CONF_RESTART, 0, "auto",
	    1, 64, NULL, "auto: one per core" },
	{ "processes.authworker", CONF_PROCESSES, CONF_RESTART, 0, "auto",
	    1, 64, NULL, "password checkers; auto: one per core, or 2" },
	{ "sandbox", CONF_WORD, CONF_RESTART, 0, "required", 0, 0,
	    "required best-effort", "whether to start where this system "
	    "cannot confine processes" },
	{ "watchdog", CONF_DURATION, 0, 0, "30s", 0, 3600, NULL,
	    "a process that hangs for this long is restarted" },
	{ "log", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "logging" },
	{ "log.level", CONF_WORD, 0, 0, "info", 0, 0,
	    "error warn info debug", "the least severe level that is logged" },
	{ "log.to", CONF_WORD, CONF_RESTART, 0, "stderr", 0, 0,
	    "stderr syslog", "stderr or syslog; paild -d: always stderr" },
};
const size_t conf_keys_n = nitems(conf_keys);

const struct conf_list_default conf_list_defaults[] = {
	{ "sasl-mechanisms.*", 0, "PLAIN" },
	{ "sasl-mechanisms.*", 1, "LOGIN" },
	{ "sasl-mechanisms.*", 2, "OAUTHBEARER" },
	{ "sasl-mechanisms.*", 3, "XOAUTH2" },
	{ "mailboxes.*.name", 0, "Drafts" },
	{ "mailboxes.*.use", 0, "drafts" },
	{ "mailboxes.*.name", 1, "Sent" },
	{ "mailboxes.*.use", 1, "sent" },
	{ "mailboxes.*.name", 2, "Junk" },
	{ "mailboxes.*.use", 2, "junk" },
	{ "mailboxes.*.name", 3, "Trash" },
	{ "mailboxes.*.use", 3, "trash" },
	{ "mailboxes.*.name", 4, "Archive" },
	{ "mailboxes.*.use", 4, "archive" },
};
const size_t conf_list_defaults_n = nitems(conf_list_defaults);

const struct conf_key *
conf_key_find(const char *path)
{
	size_t	i;

	for (i = 0; i < nitems(conf_keys); i++)
		if (strcmp(conf_keys[i].path, path) == 0)
			return &conf_keys[i];
	return NULL;
}

int
conf_key_below(const char *child, const char *parent)
{
	size_t	n = strlen(parent);

	if (*child == '\0')
		return 0;
	if (n > 0) {
		if (strncmp(child, parent, n) != 0 || child[n] != '.')
			return 0;
		child += n + 1;
	}
	return strchr(child, '.') == NULL;
}

bool
conf_word_in(const char *word, const char *words)
{
	const char	*p, *end;
	size_t		 n = strlen(word);

	for (p = words; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		if ((size_t)(end - p) == n && strncmp(word, p, n) == 0)
			return true;
	}
	return false;
}

const char *
conf_key_leaf(const char *path)
{
	const char	*dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* How many bytes of when name the key that decides: "type=s3" has 4. */
static size_t
selector_length(const char *when)
{
	return strcspn(when, "=");
}

const struct conf_key *
conf_key_selector(const char *map)
{
	const char	*leaf;
	size_t		 i, k, n;

	for (i = 0; i < nitems(conf_keys); i++)
		if (conf_keys[i].when != NULL &&
		    conf_key_below(conf_keys[i].path, map))
			break;
	if (i == nitems(conf_keys))
		return NULL;
	n = selector_length(conf_keys[i].when);
	for (k = 0; k < nitems(conf_keys); k++) {
		leaf = conf_key_leaf(conf_keys[k].path);
		if (conf_key_below(conf_keys[k].path, map) &&
		    strlen(leaf) == n &&
		    strncmp(leaf, conf_keys[i].when, n) == 0)
			return &conf_keys[k];
	}
	return NULL;
}

bool
conf_key_goes_with(const struct conf_key *key, const char *kind)
{
	const char	*words, *p, *end;
	char		 word[32];

	if (key->when == NULL || kind == NULL)
		return true;
	words = key->when + selector_length(key->when) + 1;
	for (p = kind; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		if ((size_t)(end - p) >= sizeof(word))
			continue;
		memcpy(word, p, (size_t)(end - p));
		word[end - p] = '\0';
		if (conf_word_in(word, words))
			return true;
	}
	return false;
}

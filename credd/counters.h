/* What credd counts (common/counter.h); values: main_counts() in main.c. */
#ifndef CREDD_COUNTERS_H
#define CREDD_COUNTERS_H

#define CREDD_COUNTERS(X)						\
	X("keys-pushed", COUNTER, "signing_keys_sent_total", "",	\
	    "Signing keys sent to storaged", keys_pushed(keys))	\
	X("keys-refused", COUNTER, "signing_keys_refused_total", "",	\
	    "Signing keys that the server refused", keys_refused(keys))	\
	X("renewed", COUNTER, "credentials_renewals_total",		\
	    "result=done", "Looks for credentials", s.done)		\
	X("renew-failed", COUNTER, "credentials_renewals_total",	\
	    "result=failed", "Looks for credentials", s.failed)		\
	X("expire-in", GAUGE, "", "",					\
	    "Seconds that the credentials are valid; 0: none, or for ever", \
	    s.secret == NULL || s.secret->expires <= main_now() ? 0 :	\
	    s.secret->expires - main_now())				\
	X("signatures", COUNTER, "tls_signatures_total", "result=done",	\
	    "Signatures of TLS handshakes", sign_made(sign))		\
	X("signatures-refused", COUNTER, "tls_signatures_total",	\
	    "result=refused", "Signatures of TLS handshakes",		\
	    sign_refused(sign))						\
	X("certificate-expires", GAUGE, "", "",				\
	    "Seconds that the first TLS certificate is valid; 0: none", \
	    tls_store_expires(tls))

#endif

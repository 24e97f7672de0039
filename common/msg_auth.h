/*
 * Logins (imapd and authd), grants (authd and storaged), keys (credd and
 * storaged), and what authd's workers do.
 */
#ifndef COMMON_MSG_AUTH_H
#define COMMON_MSG_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/wire.h"

/*
 * AUTH_START (id: the login, chosen by imapd, not 0).  SASL lives in authd:
 * mechanism "PLAIN" or "LOGIN" (RFC 4422 names, upper case), initial as decoded
 * bytes.  The LOGIN command is sent as mechanism PLAIN with initial
 * "\0user\0password".  The reply is AUTH_CHALLENGE (then AUTH_STEP), AUTH_OK or
 * AUTH_NO with that id. imapd then waits on the new channel for SESSION_READY.
 * AUTH_END with the id of a login that AUTH_OK has answered: its session is
 * over, and does not count any more.  AUTH_LEAVE, unsolicited, with such an id:
 * an operator wants that session to end.
 *
 * admind has only PLAIN, and no session: its login is an administrator's, and
 * AUTH_ADMIN answers it with what paild knows him by (common/msg_admin.h).
 */
#define AUTH_BYTES_MAX	11900	/* of a decoded SASL message */
#define AUTH_EXPORTER	32	/* bytes: RFC 9266 section 2 */
#define AUTH_ENDPOINT_MAX 64	/* bytes of a certificate's hash */
struct auth_start {
	struct str	 mechanism;
	bool		 has_initial;
	struct str	 initial;
	bool		 tls;
	struct str	 remote;	/* address: throttling, the log */
	uint64_t	 session;	/* imapd's id of it: the logs */
	/* Channel bindings of the client's TLS connection, for mechanisms that
	 * take one; empty: there is none of this type. */
	struct str	 exporter;	/* tls-exporter, RFC 9266 */
	struct str	 endpoint;	/* tls-server-end-point, RFC 5929 */
	/* EXTERNAL: the certificate that the client has shown and that imapd
	 * has verified (DER, with its chain), and the name in it; else
	 * empty. */
	struct str	 subject;
	struct str	 certificate;
};
struct auth_bytes { struct str data; };		/* AUTH_STEP, AUTH_CHALLENGE */
/* With the session's channel.  prompt: there are limits on sessions, AUTH_END
 * is not to wait. */
struct auth_ok { struct str user; bool prompt; };
struct auth_admin { struct str user; struct str token; };
enum auth_code {
	AUTH_FAILED,		/* AUTHENTICATIONFAILED */
	AUTH_UNAVAILABLE,	/* [UNAVAILABLE]: a backend is away */
	AUTH_EXPIRED,		/* [EXPIRED]: right, but too old */
	AUTH_CONTACTADMIN,	/* [CONTACTADMIN]: right, but not allowed */
	AUTH_LIMIT,		/* [LIMIT]: right, but too many sessions */
	AUTH_MECHANISM,		/* no such mechanism */
	AUTH_PROTOCOL,		/* malformed SASL message: BAD */
	AUTH_CANCELLED
};
struct auth_no { uint8_t code; struct str text; };

/*
 * How much mail a user may have; 0: there is no limit.  known: his database was
 * asked.  Else what an earlier session's says goes before these, which are the
 * default.
 */
struct user_quota {
	bool		 known;
	uint64_t	 bytes;
	uint64_t	 messages;
};

/* GRANT_SESSION with storaged's end of the session's channel: whatever imapd
 * requests there, storaged does only what the rights allow. */
enum grant_right {
	GRANT_READ	= 1 << 0,
	GRANT_CHANGE	= 1 << 1,	/* all but APPEND */
	GRANT_APPEND	= 1 << 2,
	GRANT_ALL	= GRANT_READ | GRANT_CHANGE | GRANT_APPEND
};
struct grant_session {
	struct str	 user;
	struct str	 login;
	uint8_t		 rights;
	uint64_t	 session;	/* imapd's: for the log only */
	/* The process that has the other end: enum proc_kind, and which. */
	uint8_t		 kind;
	uint32_t	 index;
	struct user_quota quota;
};
struct grant_revoke { struct str user; };
/* GRANT_USAGE with an operator's connection: how much mail the user has is
 * written there ("bytes=N of=N messages=N of=N", or "error: TEXT"). */
struct grant_usage { struct str user; struct user_quota quota; };

/* CRED_KEY: a SigV4 signing key for one day; DESIGN section 2. */
#define CRED_USE_MAX	24	/* bytes of use */
struct cred_key {
	struct str	 use;		/* what for: "store", "ingest.0" ... */
	struct str	 access_key;
	struct str	 token;		/* session token; empty: none */
	struct str	 region;
	struct str	 service;	/* "s3", "sqs" */
	struct str	 date;		/* YYYYMMDD that it signs for */
	struct str	 key;		/* 32 bytes */
	int64_t		 expires;	/* of the session; 0: never */
	struct str	 source;	/* for people: where it comes from */
	struct str	 identity;	/* and whose it is: an ARN, or empty */
};
/* CRED_REFUSED: the server refused this access key (403, expired). */
#define CRED_WHY_MAX	200	/* bytes of why */
struct cred_refused {
	struct str	 use;		/* as cred_key's */
	struct str	 access_key;
	struct str	 why;
};

/*
 * WORK_CHECK: backend is the index in the "auth" list (of its lookup, if that
 * is another kind's: AUTH_ENTRIES_MAX more).  What is asked:
 * WORK_PASSWORD	is it user's password?
 * WORK_SALT	nothing yet: the result's data is "s=SALT,i=ITERATIONS" of
 *		user's SCRAM keys (RFC 5802), or of some that look the same, and
 *		then the code is not WORK_YES
 * WORK_PROOF	password is a ClientProof (32 bytes) and then the AuthMessage;
 *		data is the ServerSignature
 * WORK_NAME	who is user?  No password; WORK_YES with the id, or UNKNOWN
 * WORK_MAY	the same, of one who wants to log in: a user of a file who is
 *		locked (common/userline.h) may not, though he gets mail
 * WORK_BEARER	password is an OAuth bearer token: whose is it?  It must be
 *		user's, unless that is empty
 * WORK_CERTIFICATE	password is a name, a NUL, and a chain of certificates:
 *		is it that name's?  Its user is the one that it stands for
 * WORK_ADMIN	as WORK_PASSWORD, but of app passwords those of scope admin
 * remote is the client's address, as text; empty: not known.
 */
#define WORK_DATA_MAX	160	/* bytes */
enum work_how {
	WORK_PASSWORD, WORK_SALT, WORK_PROOF, WORK_NAME, WORK_BEARER,
	WORK_CERTIFICATE, WORK_ADMIN, WORK_MAY,
	WORK_HOWS
};
struct work_check {
	uint8_t		 how;
	uint32_t	 backend;
	struct str	 user;
	struct str	 password;
	struct str	 remote;
	uint64_t	 session;	/* for the log; 0: of none */
};
/* Expired and locked are told to a user whose password was right, and never
 * to one who has not shown that. */
enum work_result_code {
	WORK_YES,
	WORK_NO,
	WORK_UNKNOWN,
	WORK_EXPIRED,		/* the password or the account is */
	WORK_LOCKED,		/* or the user may not log in now */
	WORK_UNAVAILABLE,
	WORK_CODES
};
/* What a database has said of the quota of WORK_YES's user. */
enum quota_told {
	QUOTA_UNASKED,		/* it has none to tell */
	QUOTA_DEFAULT,		/* this user has none of his own */
	QUOTA_OWN
};
struct found_quota {
	uint8_t		 told;
	uint64_t	 bytes;		/* QUOTA_OWN; 0: no limit */
	uint64_t	 messages;
};
struct work_result {
	uint8_t		 code;
	struct str	 user;
	struct str	 why;
	struct str	 data;
	struct found_quota quota;
};
/* WORK_REVOKE, unsolicited from a worker: the user has been removed from the
 * backend's database, or has a new password there; since: when, in milliseconds
 * since 1970. */
struct work_revoke { struct str user; int64_t changed; };

extern const struct wire_struct auth_start_wire, auth_bytes_wire,
    auth_ok_wire, auth_no_wire, auth_admin_wire, grant_session_wire,
    grant_revoke_wire, grant_usage_wire, cred_key_wire, cred_refused_wire,
    work_check_wire, work_result_wire, work_revoke_wire;

#endif

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
 * mechanism "PLAIN" or "LOGIN" (RFC 4422 names, upper case), initial as
 * decoded bytes.  The LOGIN command is sent as mechanism PLAIN with initial
 * "\0user\0password".  Answered by AUTH_CHALLENGE (then AUTH_STEP), AUTH_OK
 * or AUTH_NO with that id.  imapd then waits on the new channel for
 * SESSION_READY.
 */
#define AUTH_BYTES_MAX	11900	/* of one SASL message, decoded: no more fits */
struct auth_start {
	struct str	 mechanism;
	bool		 has_initial;
	struct str	 initial;
	bool		 tls;
	struct str	 remote;	/* address: throttling, the log */
};
struct auth_bytes { struct str data; };		/* AUTH_STEP, AUTH_CHALLENGE */
struct auth_ok { struct str user; };		/* with the session's channel */
enum auth_code {
	AUTH_FAILED,		/* AUTHENTICATIONFAILED */
	AUTH_UNAVAILABLE,	/* [UNAVAILABLE]: a backend is away */
	AUTH_MECHANISM,		/* no such mechanism */
	AUTH_PROTOCOL,		/* malformed SASL message: BAD */
	AUTH_CANCELLED
};
struct auth_no { uint8_t code; struct str text; };

/* GRANT_SESSION with storaged's end of the session's channel. */
struct grant_session { struct str user; struct str login; };
struct grant_revoke { struct str user; };

/* CRED_KEY: a SigV4 signing key for one day; DESIGN section 2. */
struct cred_key {
	struct str	 access_key;
	struct str	 token;		/* session token; empty: none */
	struct str	 region;
	struct str	 service;	/* "s3" */
	struct str	 date;		/* YYYYMMDD that it signs for */
	struct str	 key;		/* 32 bytes */
	int64_t		 expires;	/* of the session; 0: never */
};
/* CRED_REFUSED: the server refused this access key (403, expired). */
struct cred_refused { struct str access_key; struct str why; };

/* WORK_CHECK: backend is the index in the "auth" list. */
struct work_check {
	uint32_t	 backend;
	struct str	 user;
	struct str	 password;
};
enum work_result_code { WORK_YES, WORK_NO, WORK_UNKNOWN, WORK_UNAVAILABLE };
struct work_result { uint8_t code; struct str user; struct str why; };

extern const struct wire_struct auth_start_wire, auth_bytes_wire,
    auth_ok_wire, auth_no_wire, grant_session_wire, grant_revoke_wire,
    cred_key_wire, cred_refused_wire, work_check_wire, work_result_wire;

#endif

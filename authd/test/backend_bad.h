/* A backend for tests that does all that a backend must not. */
#ifndef AUTHD_TEST_BACKEND_BAD_H
#define AUTHD_TEST_BACKEND_BAD_H

#include "authd/backend.h"

/*
 * Type "bad"; it knows every name.  By how the name begins: "hang" never
 * comes back, "crash" ends the process, "garbage" writes nonsense to authd,
 * "slow" says its name on backend_bad_said and waits for an octet from
 * backend_bad_go.  The password of all others, and of "slow", is "pw".
 */
extern const struct backend_kind backend_bad;
extern int backend_bad_channel, backend_bad_said, backend_bad_go;

#endif

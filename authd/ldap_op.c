/*
 * One operation on one connection, by libldap.  Must never wait longer than it
 * was told, nor take more than it asked for.  RFC 4511.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "authd/ldap_op.h"
#include "common/clock.h"

#define OP_MESSAGES	64	/* of a search */

struct timeval
ldap_op_left(int64_t until)
{
	int64_t		ms = until - (int64_t)clock_ms();
	struct timeval	tv;

	if (ms < 1)
		ms = 1;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	return tv;
}

/* What comes back: each message by itself, or -1 for none (*rc says why). */
static int
op_message(LDAP *ld, int id, int64_t until, LDAPMessage **m, int *rc)
{
	struct timeval	tv = ldap_op_left(until);
	int		type;

	*m = NULL;
	type = ldap_result(ld, id, LDAP_MSG_ONE, &tv, m);
	if (type > 0)
		return type;
	*rc = LDAP_TIMEOUT;
	if (type == -1 && (ldap_get_option(ld, LDAP_OPT_RESULT_CODE, rc) !=
	    LDAP_OPT_SUCCESS || *rc == LDAP_SUCCESS))
		*rc = LDAP_SERVER_DOWN;
	return -1;
}

/* The last message of an operation; frees m. */
static int
op_result(LDAP *ld, LDAPMessage *m, struct ldap_reply *r)
{
	LDAPControl		**controls = NULL, *c;
	LDAPPasswordPolicyError	 policy;
	ber_int_t		 expires, grace;
	char			*text = NULL;
	int			 rc;

	memset(r, 0, sizeof(*r));
	r->policy = LDAP_POLICY_NONE;
	rc = ldap_parse_result(ld, m, &r->result, NULL, &text, NULL,
	    &controls, 1);
	if (rc == LDAP_SUCCESS && text != NULL)
		strlcpy(r->text, text, sizeof(r->text));
	if (rc == LDAP_SUCCESS && controls != NULL &&
	    (c = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE,
	    controls, NULL)) != NULL &&
	    ldap_parse_passwordpolicy_control(ld, c, &expires, &grace,
	    &policy) == LDAP_SUCCESS)
		r->policy = (int)policy;
	ldap_memfree(text);
	ldap_controls_free(controls);
	/* It is up, and says that it is not: another may be. */
	if (rc == LDAP_SUCCESS && (r->result == LDAP_BUSY ||
	    r->result == LDAP_UNAVAILABLE))
		rc = r->result;
	return rc;
}

int
ldap_op_bind(LDAP *ld, const char *dn, struct str secret, int64_t until,
    struct ldap_reply *r)
{
	char		 oid[] = LDAP_CONTROL_PASSWORDPOLICYREQUEST;
	LDAPControl	 policy = { oid, { 0, NULL }, 0 };
	LDAPControl	*controls[] = { &policy, NULL };
	LDAPMessage	*m;
	char		*password;
	struct berval	 cred;
	int		 id, rc, type;

	/* libldap takes what it does not change as what it may. */
	if ((password = malloc(secret.len + 1)) == NULL)
		return LDAP_NO_MEMORY;
	memcpy(password, secret.p, secret.len);
	password[secret.len] = '\0';
	cred.bv_val = password;
	cred.bv_len = secret.len;
	rc = ldap_sasl_bind(ld, dn, LDAP_SASL_SIMPLE, &cred, controls,
	    NULL, &id);
	freezero(password, secret.len + 1);
	if (rc != LDAP_SUCCESS)
		return rc;
	if ((type = op_message(ld, id, until, &m, &rc)) == -1)
		return rc;
	if (type != LDAP_RES_BIND) {
		ldap_msgfree(m);
		return LDAP_DECODING_ERROR;
	}
	return op_result(ld, m, r);
}

/* One that is asked for. */
static void
take_values(LDAP *ld, LDAPMessage *m, const char *attribute,
    struct ldap_values *to)
{
	struct berval	**v;
	size_t		  n;

	if (attribute[0] == '\0' ||
	    (v = ldap_get_values_len(ld, m, attribute)) == NULL)
		return;
	n = (size_t)ldap_count_values_len(v);
	to->n = n > 2 ? 2 : n;
	if (n > 0 && v[0]->bv_len < sizeof(to->first) &&
	    memchr(v[0]->bv_val, '\0', v[0]->bv_len) == NULL) {
		memcpy(to->first, v[0]->bv_val, v[0]->bv_len);
		to->first[v[0]->bv_len] = '\0';
	} else if (n > 0)
		to->n = 2;
	ldap_value_free_len(v);
}

static void
take_entry(LDAP *ld, LDAPMessage *m, const struct ldap_query *q,
    struct ldap_entry *e)
{
	char	*dn;

	if (e->n < 2)
		e->n++;
	if (e->n > 1)
		return;
	dn = ldap_get_dn(ld, m);
	if (dn == NULL || strlcpy(e->dn, dn, sizeof(e->dn)) >= sizeof(e->dn))
		e->dn[0] = '\0';
	ldap_memfree(dn);
	take_values(ld, m, q->attribute, &e->attribute);
	take_values(ld, m, q->other, &e->other);
}

int
ldap_op_search(LDAP *ld, const struct ldap_query *q, int64_t until,
    struct ldap_entry *e, struct ldap_reply *r)
{
	char		 none[] = LDAP_NO_ATTRS;
	char		 name[2][LDAP_ATTRIBUTE_MAX + 1];
	char		*attributes[] = { none, NULL, NULL };
	const char	*wanted[] = { q->attribute, q->other };
	struct timeval	 tv = ldap_op_left(until);
	LDAPMessage	*m;
	size_t		 i, k;
	int		 id, rc, type, n;

	memset(e, 0, sizeof(*e));
	for (i = k = 0; i < nitems(wanted); i++)
		if (wanted[i][0] != '\0') {
			strlcpy(name[i], wanted[i], sizeof(name[i]));
			attributes[k++] = name[i];
		}
	tv.tv_sec++;
	tv.tv_usec = 0;
	/* Two are as good as a thousand: it is not the one. */
	rc = ldap_search_ext(ld, q->base, q->scope, q->filter, attributes, 0,
	    NULL, NULL, &tv, 2, &id);
	if (rc != LDAP_SUCCESS)
		return rc;
	for (n = 0; n < OP_MESSAGES; n++) {
		if ((type = op_message(ld, id, until, &m, &rc)) == -1)
			return rc;
		if (type == LDAP_RES_SEARCH_RESULT)
			return op_result(ld, m, r);
		if (type == LDAP_RES_SEARCH_ENTRY)
			take_entry(ld, m, q, e);
		ldap_msgfree(m);
	}
	return LDAP_DECODING_ERROR;	/* more than it was asked for */
}


/*
 * The command table (RFC 3501 section 6 and its extensions): who may say
 * what when, and what may overlap.
 */
#include "imapd/cmd.h"

#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "imapd/client.h"

#define A	GROUP_ALONE
#define S	GROUP_STORE
#define X	GROUP_EXPUNGE
#define N	GROUP_NAME

static const struct command_spec table[] = {
	{ "CAPABILITY",	CLIENT_ANY, A, 0, 0, cmd_capability },
	{ "NOOP",	CLIENT_ANY, A, 0, 0, cmd_noop },
	{ "LOGOUT",	CLIENT_ANY, A, 0, CMD_NO_NOTIFY, cmd_logout },
	{ "ID",		CLIENT_ANY, A, 0, 0, cmd_id },
	{ "STARTTLS",	CLIENT_STRANGER, A, 0, 0, cmd_starttls },
	{ "AUTHENTICATE", CLIENT_STRANGER, A, 0, CMD_SECRET,
	    cmd_authenticate },
	{ "LOGIN",	CLIENT_STRANGER, A, 0, CMD_SECRET, cmd_login },
	{ "ENABLE",	CLIENT_IN, A, 0, 0, cmd_enable },
	{ "SELECT",	CLIENT_IN, A, 0, CMD_NO_NOTIFY, cmd_select },
	{ "EXAMINE",	CLIENT_IN, A, 0, CMD_NO_NOTIFY | CMD_READONLY,
	    cmd_select },
	{ "CREATE",	CLIENT_IN, N, N, 0, cmd_create },
	{ "DELETE",	CLIENT_IN, N, N, CMD_DELETES, cmd_delete },
	{ "RENAME",	CLIENT_IN, N, N, 0, cmd_rename },
	{ "SUBSCRIBE",	CLIENT_IN, N, N, 0, cmd_subscribe },
	{ "UNSUBSCRIBE", CLIENT_IN, N, N, 0, cmd_unsubscribe },
	{ "LIST",	CLIENT_IN, A, 0, 0, cmd_list },
	{ "LSUB",	CLIENT_IN, A, 0, 0, cmd_lsub },
	{ "NAMESPACE",	CLIENT_IN, A, 0, 0, cmd_namespace },
	{ "STATUS",	CLIENT_IN, A, 0, 0, cmd_status },
	{ "APPEND",	CLIENT_IN, S, S | X, CMD_STREAMS | CMD_ADDS,
	    cmd_append },
	{ "IDLE",	CLIENT_IN, A, 0, CMD_LISTENS, cmd_idle },
	{ "CHECK",	CLIENT_SELECTED, A, 0, 0, cmd_noop },
	{ "CLOSE",	CLIENT_SELECTED, A, 0, CMD_NO_NOTIFY, cmd_close },
	{ "UNSELECT",	CLIENT_SELECTED, A, 0, CMD_NO_NOTIFY, cmd_unselect },
	{ "EXPUNGE",	CLIENT_SELECTED, X, S | X, CMD_WRITES, cmd_expunge },
	{ "UID EXPUNGE", CLIENT_SELECTED, X, S | X, CMD_WRITES | CMD_UID,
	    cmd_expunge },
	{ "SEARCH",	CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,
	    cmd_search },
	{ "UID SEARCH",	CLIENT_SELECTED, A, 0, CMD_UID, cmd_search },
	{ "FETCH",	CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,
	    cmd_fetch },
	{ "UID FETCH",	CLIENT_SELECTED, A, 0, CMD_UID, cmd_fetch },
	{ "STORE",	CLIENT_SELECTED, S, S | X,
	    CMD_SEQ | CMD_NOEXPUNGE | CMD_WRITES, cmd_store },
	{ "UID STORE",	CLIENT_SELECTED, S, S | X, CMD_WRITES | CMD_UID,
	    cmd_store },
	{ "COPY",	CLIENT_SELECTED, S, S | X, CMD_SEQ | CMD_ADDS,
	    cmd_copy },
	{ "UID COPY",	CLIENT_SELECTED, S, S | X, CMD_UID | CMD_ADDS,
	    cmd_copy },
	{ "MOVE",	CLIENT_SELECTED, X, S | X, CMD_SEQ | CMD_WRITES,
	    cmd_move },
	{ "UID MOVE",	CLIENT_SELECTED, X, S | X, CMD_WRITES | CMD_UID,
	    cmd_move },
};

#undef A
#undef S
#undef X
#undef N

const struct command_spec *
cmd_find(struct str name)
{
	size_t	 i;

	for (i = 0; i < nitems(table); i++)
		if (strlen(table[i].name) == name.len &&
		    strncasecmp(table[i].name, name.p, name.len) == 0)
			return &table[i];
	return NULL;
}

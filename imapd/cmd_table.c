/* Commands by their names. */
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
#define ROW(name, states, group, after, flags, fn)			\
	{ name, states, group, after, flags, cmd_##fn },
	CMD_TABLE(ROW)
#undef ROW
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

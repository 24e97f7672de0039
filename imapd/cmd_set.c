/* Which messages a command's arguments name. */
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/overlap.h"
#include "imapd/reply.h"
#include "imapd/view.h"

struct uidset *
cmd_resolve(struct command *cmd, const struct seqset *asked, bool uid,
    enum cmd_result *ret)
{
	struct uidset	*set;
	enum view_error	 why = VIEW_NOMEM;

	if (overlap_reach(cmd, asked)) {
		*ret = CMD_BEHIND;
		return NULL;
	}
	set = command_set(cmd);
	if (set != NULL && view_resolve(cmd->client->view, asked, uid, set,
	    &why) == 0)
		return set;
	*ret = why == VIEW_BEYOND ? reply_bad(cmd, "No such message") :
	    reply_no(cmd, "SERVERBUG", "Out of memory");
	return NULL;
}

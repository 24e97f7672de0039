#include "imapd/command.h"
#include "imapd/reply.h"

enum cmd_result
cmd_fetch(struct command *cmd)
{
	return reply_no(cmd, "SERVERBUG", "not there yet");
}

/* Keywords: from the parser's strings to the message's list. */
#include "imapd/words.h"

#include "common/msg_mbox.h"

int
words_list(struct arena *a, const struct flag_list *flags,
    struct wire_list *list)
{
	struct mbox_word	*w;
	size_t			 i;

	list->v = NULL;
	list->n = flags->nkeywords;
	if (flags->nkeywords == 0)
		return 0;
	if ((w = arena_array(a, flags->nkeywords, sizeof(*w))) == NULL)
		return -1;
	for (i = 0; i < flags->nkeywords; i++)
		w[i].word = flags->keywords[i];
	list->v = w;
	return 0;
}

/* See part.h. */
#include "common/compat.h"

#include <inttypes.h>

#include "admind/web/html.h"
#include "admind/web/part.h"
#include "common/json.h"

bool
part_text(struct str object, const char *name, char *dst, size_t size)
{
	struct str	 v;

	dst[0] = '\0';
	if (json_member(object, name, &v) && json_text(v, dst, size) != -1)
		return true;
	dst[0] = '\0';
	return false;
}

bool
part_number(struct str object, const char *name, int64_t *n)
{
	struct str	 v;

	*n = 0;
	if (json_member(object, name, &v) && json_int(v, n))
		return true;
	*n = 0;
	return false;
}

int64_t
part_time(struct str object, const char *name)
{
	char	 text[40];
	int64_t	 t;

	if (!part_text(object, name, text, sizeof(text)) ||
	    (t = json_time(text)) == -1)
		return 0;
	return t;
}

bool
part_true(struct str object, const char *name)
{
	struct str	 v;

	return json_member(object, name, &v) && str_eq(v, STR("true"));
}

bool
part_list(struct str object, const char *name, struct str *list)
{
	struct str	 rest, v;

	if (!json_member(object, name, list)) {
		*list = STR("");
		return false;
	}
	rest = *list;
	return json_element(&rest, &v);
}

/* ---- tables ---- */

void
part_table(struct buf *b, const char *caption, const char *const *heads)
{
	/* Who has no mouse scrolls it with the arrow keys. */
	html_raw(b, "<div class=\"wide\" role=\"region\" tabindex=\"0\"");
	html_attr(b, "aria-label", str_from(caption));
	html_raw(b, ">\n<table>\n<caption>");
	html_cstr(b, caption);
	html_raw(b, "</caption>\n<thead>\n<tr>");
	for (; *heads != NULL; heads++) {
		if (**heads == '#')
			html_raw(b, "<th scope=\"col\" class=\"num\">");
		else
			html_raw(b, "<th scope=\"col\">");
		html_cstr(b, *heads + (**heads == '#'));
		html_raw(b, "</th>");
	}
	html_raw(b, "</tr>\n</thead>\n<tbody>\n");
}

void
part_table_end(struct buf *b)
{
	html_raw(b, "</tbody>\n</table>\n</div>\n");
}

void
part_cell(struct buf *b, struct str object, const char *name)
{
	html_raw(b, "<td>");
	html_json(b, object, name);
	html_raw(b, "</td>");
}

static void
cell_number(struct buf *b, struct str object, const char *name,
    void (*put)(struct buf *, uint64_t))
{
	int64_t	 n;

	html_raw(b, "<td class=\"num\">");
	if (part_number(object, name, &n) && n >= 0)
		put(b, (uint64_t)n);
	else
		html_raw(b, HTML_DASH);
	html_raw(b, "</td>");
}

void
part_cell_number(struct buf *b, struct str object, const char *name)
{
	cell_number(b, object, name, html_number);
}

void
part_cell_bytes(struct buf *b, struct str object, const char *name)
{
	cell_number(b, object, name, html_bytes);
}

void
part_cell_time(struct buf *b, struct str object, const char *name)
{
	int64_t	 t = part_time(object, name);

	html_raw(b, "<td>");
	if (t > 0)
		html_time(b, t);
	else
		html_raw(b, HTML_DASH);
	html_raw(b, "</td>");
}

void
part_more(struct buf *b, uint64_t n)
{
	if (n == 0)
		return;
	html_raw(b, "<p class=\"muted\">");
	html_number(b, n);
	html_raw(b, " more are not shown.</p>\n");
}

/* ---- facts ---- */

void
part_facts(struct buf *b)
{
	html_raw(b, "<dl class=\"facts\">\n");
}

void
part_fact(struct buf *b, const char *name)
{
	html_raw(b, "<div><dt>");
	html_cstr(b, name);
	html_raw(b, "</dt><dd>");
}

void
part_fact_end(struct buf *b)
{
	html_raw(b, "</dd></div>\n");
}

void
part_facts_end(struct buf *b)
{
	html_raw(b, "</dl>\n");
}

/* ---- words ---- */

void
part_status(struct buf *b, const char *class, const char *word)
{
	html_raw(b, "<span");
	html_attr(b, "class", str_from(class));
	html_raw(b, ">");
	html_cstr(b, word);
	html_raw(b, "</span>");
}

void
part_duration(struct buf *b, int64_t s)
{
	if (s < 0)
		s = 0;
	if (s < 60)
		buf_printf(b, "%" PRId64 " s", s);
	else if (s < 3600)
		buf_printf(b, "%" PRId64 " min", s / 60);
	else if (s < 86400)
		buf_printf(b, "%" PRId64 " h %" PRId64 " min", s / 3600,
		    s / 60 % 60);
	else
		buf_printf(b, "%" PRId64 " d %" PRId64 " h", s / 86400,
		    s / 3600 % 24);
}

void
part_used(struct buf *b, struct str object, const char *used,
    const char *quota, void (*put)(struct buf *, uint64_t),
    const char *boundless, const char *unknown)
{
	int64_t	 n;

	if (!part_number(object, used, &n) || n < 0) {
		html_cstr(b, unknown);
		return;
	}
	put(b, (uint64_t)n);
	if (part_number(object, quota, &n) && n > 0) {
		html_raw(b, " of ");
		put(b, (uint64_t)n);
	} else
		html_cstr(b, boundless);
}

void
part_when(struct buf *b, int64_t t, int64_t now)
{
	html_time(b, t);
	if (t <= 0)
		return;
	if (t > now) {
		html_raw(b, " (in ");
		part_duration(b, t - now);
	} else {
		html_raw(b, " (");
		part_duration(b, now - t);
		html_raw(b, " ago");
	}
	html_raw(b, ")");
}

void
part_paragraph(struct buf *b, const char *text)
{
	html_raw(b, "<p>");
	html_cstr(b, text);
	html_raw(b, "</p>\n");
}

/* ---- forms ---- */

void
part_field(struct buf *b, const struct part_field *f)
{
	html_raw(b, "<p><label");
	html_attr(b, "for", str_from(f->id));
	html_raw(b, ">");
	html_cstr(b, f->label);
	html_raw(b, "</label> <input");
	html_attr(b, "id", str_from(f->id));
	html_attr(b, "name", str_from(f->name != NULL ? f->name : f->id));
	html_attr(b, "type", str_from(f->type));
	if (f->complete != NULL)
		html_attr(b, "autocomplete", str_from(f->complete));
	/* Names are not words of a language. */
	html_raw(b, " spellcheck=\"false\" autocapitalize=\"none\"");
	if (f->value.len != 0)
		html_attr(b, "value", f->value);
	if (f->required)
		html_raw(b, " required");
	if (f->hint != NULL) {
		html_raw(b, " aria-describedby=\"");
		html_cstr(b, f->id);
		html_raw(b, "-hint\"");
	}
	html_raw(b, ">");
	if (f->hint != NULL) {
		html_raw(b, " <span class=\"hint\" id=\"");
		html_cstr(b, f->id);
		html_raw(b, "-hint\">");
		html_cstr(b, f->hint);
		html_raw(b, "</span>");
	}
	html_raw(b, "</p>\n");
}

void
part_button(struct buf *b, const char *class, const char *word)
{
	html_raw(b, "<button type=\"submit\"");
	if (class != NULL)
		html_attr(b, "class", str_from(class));
	html_raw(b, ">");
	html_cstr(b, word);
	html_raw(b, "</button>");
}

void
part_choice(struct buf *b, const char *word, const char *name,
    struct str value, const char *about, struct str whose)
{
	html_raw(b, "<button type=\"submit\"");
	html_attr(b, "name", str_from(name));
	html_attr(b, "value", value);
	html_raw(b, " aria-label=\"");
	html_cstr(b, word);
	html_raw(b, " ");
	html_cstr(b, about);
	html_raw(b, " ");
	html_text(b, whose);
	html_raw(b, "\">");
	html_cstr(b, word);
	html_raw(b, "</button>");
}

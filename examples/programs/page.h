/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - HTML from templates, in which nothing foreign is ever raw
 *
 * A template is a constant.  "{{name}}" in it becomes the member of that name
 * of an object, escaped for text and for quoted attributes; one that is not
 * there becomes a dash.  There is no way to insert anything unescaped.
 */
#ifndef PROGRAMS_PAGE_H
#define PROGRAMS_PAGE_H

#include <json-c/json.h>

#include "base/buf.h"

void page_text(struct buf *out, struct str s); /* escaped */
void page_fill(struct buf *out, const char *format, struct json_object *o);

#endif

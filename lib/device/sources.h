/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded `.cl` and `.clh` files, made by cl/embed.py; ends with a NULL name. */
#ifndef OC_SOURCES_H
#define OC_SOURCES_H

#include <stddef.h>

typedef struct oc__source_text {
    const char *name, *text;
} oc__source_text;
extern const oc__source_text oc__sources[];
extern const char oc__sources_digest[]; /* of all their texts */

#endif

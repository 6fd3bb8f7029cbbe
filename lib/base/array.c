/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays. */
#include "base/base.h"

bool oc__array_grow(oc_context *context, void **items, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    if (wanted <= count || wanted > SIZE_MAX / size)
        return false;
    void *moved = oc__realloc(context, *items, wanted * size);
    if (!moved)
        return false;
    *items = moved;
    *capacity = wanted;
    return true;
}

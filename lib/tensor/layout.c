/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/layout.h"

#include <stdio.h>
#include <string.h>

oc__layout oc__layout_plain(int rank) {
    oc__layout layout = {.rank = (int8_t)rank};
    for (int i = 0; i < rank; i++)
        layout.order[i] = (int8_t)i;
    return layout;
}

static bool parse_blocks(const char *text, oc__layout *layout) {
    while (*text) {
        int64_t size = 0;
        if (!oc__parse_int64(text, &text, &size) || size < 2 || size > 4096 || layout->block_count == OC_MAX_BLOCKS)
            return false;
        int axis = *text - 'a';
        if (axis < 0 || axis >= layout->rank)
            return false;
        layout->block_axis[layout->block_count] = (int8_t)axis;
        layout->block_size[layout->block_count++] = (int16_t)size;
        text++;
    }
    return true;
}

bool oc__layout_parse(const char *text, oc__layout *out) {
    oc__layout layout = {0};
    unsigned seen = 0, cut = 0;
    if (text[0] == 'w' && (text[1] == '2' || text[1] == '4')) {
        layout.winograd = (int8_t)(text[1] - '0');
        text += 2;
    }
    for (; (*text >= 'a' && *text <= 'h') || (*text >= 'A' && *text <= 'H'); text++) {
        int axis = *text >= 'a' ? *text - 'a' : *text - 'A';
        if (seen & (1u << axis))
            return false;
        seen |= 1u << axis;
        cut |= *text < 'a' ? 1u << axis : 0;
        layout.order[layout.rank++] = (int8_t)axis;
    }
    if (seen != (1u << layout.rank) - 1 || !parse_blocks(text, &layout))
        return false;
    for (int i = 0; i < layout.block_count; i++)
        if (!(cut & (1u << layout.block_axis[i])))
            return false;
    for (int axis = 0; axis < layout.rank; axis++)
        if ((cut & (1u << axis)) && oc__layout_block(&layout, axis) == 1)
            return false;
    *out = layout;
    return true;
}

void oc__layout_text(const oc__layout *layout, char text[OC_LAYOUT_TEXT]) {
    int at = layout->winograd ? snprintf(text, OC_LAYOUT_TEXT, "w%d", layout->winograd) : 0;
    for (int i = 0; i < layout->rank; i++) {
        int axis = layout->order[i];
        text[at++] = (char)((oc__layout_block(layout, axis) > 1 ? 'A' : 'a') + axis);
    }
    text[at] = 0;
    for (int i = 0; i < layout->block_count; i++)
        at += snprintf(text + at, OC_LAYOUT_TEXT - (size_t)at, "%d%c", layout->block_size[i], 'a' + layout->block_axis[i]);
}

bool oc__layout_equal(const oc__layout *a, const oc__layout *b) {
    if (a->rank != b->rank || a->block_count != b->block_count || a->winograd != b->winograd)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->order[i] != b->order[i])
            return false;
    for (int i = 0; i < a->block_count; i++)
        if (a->block_axis[i] != b->block_axis[i] || a->block_size[i] != b->block_size[i])
            return false;
    return true;
}

bool oc__layout_is_plain(const oc__layout *layout) {
    for (int i = 0; i < layout->rank; i++)
        if (layout->order[i] != i)
            return false;
    return layout->block_count == 0 && !layout->winograd;
}

oc_shape oc__layout_shape(const oc__layout *layout, const oc_shape *shape) {
    oc_shape result = *shape;
    for (int axis = 2; layout->winograd && shape->rank == 4 && axis < 4; axis++)
        result.dims[axis] += shape->dims[axis] > 1 ? layout->winograd - 1 : 0;
    return result;
}

int64_t oc__layout_block(const oc__layout *layout, int axis) {
    int64_t size = 1;
    for (int i = 0; i < layout->block_count; i++)
        if (layout->block_axis[i] == axis)
            size *= layout->block_size[i];
    return size;
}

static int64_t outer_size(const oc__layout *layout, const oc_shape *shape, int axis) {
    int64_t block = oc__layout_block(layout, axis);
    return shape->dims[axis] / block + (shape->dims[axis] % block != 0);
}

int64_t oc__layout_count(const oc__layout *layout, const oc_shape *plain) {
    const oc_shape transformed = oc__layout_shape(layout, plain), *shape = &transformed;
    int64_t count = 1;
    for (int axis = 0; axis < shape->rank; axis++) {
        if (shape->dims[axis] < 0 || !oc__mul_i64(count, outer_size(layout, shape, axis), &count) ||
            !oc__mul_i64(count, oc__layout_block(layout, axis), &count))
            return -1;
    }
    return count;
}

void oc__layout_strides(const oc__layout *layout, const oc_shape *plain, int64_t outer[OC_MAX_RANK],
                        int64_t inner[OC_MAX_BLOCKS]) {
    const oc_shape transformed = oc__layout_shape(layout, plain), *shape = &transformed;
    int64_t stride = 1;
    for (int i = layout->block_count - 1; i >= 0; i--) {
        inner[i] = stride;
        stride *= layout->block_size[i];
    }
    for (int i = layout->rank - 1; i >= 0; i--) {
        int axis = layout->order[i];
        outer[axis] = stride;
        stride *= outer_size(layout, shape, axis);
    }
}

int64_t oc__layout_offset(const oc__layout *layout, const oc_shape *shape, const int64_t *index) {
    int64_t outer[OC_MAX_RANK], inner[OC_MAX_BLOCKS], rest[OC_MAX_RANK], offset = 0;
    oc__layout_strides(layout, shape, outer, inner);
    for (int axis = 0; axis < layout->rank; axis++)
        rest[axis] = index[axis];
    for (int i = layout->block_count - 1; i >= 0; i--) {
        int axis = layout->block_axis[i];
        offset += rest[axis] % layout->block_size[i] * inner[i];
        rest[axis] /= layout->block_size[i];
    }
    for (int axis = 0; axis < layout->rank; axis++)
        offset += rest[axis] * outer[axis];
    return offset;
}

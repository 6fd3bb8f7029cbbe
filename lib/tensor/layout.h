/* SPDX-License-Identifier: Apache-2.0 */
/* How a value lies in memory: an order of its axes, some of them cut into blocks.
 *
 * The text form names axes a, b, c …, outermost first; an axis that is cut is a capital letter, and its blocks follow, outermost
 * first, as size and letter: plain NCHW is "abcd", channels in blocks of 16 "aBcd16b", convolution weights in blocks of
 * 16 inputs by 32 outputs "ABcd16b32a". Lanes of a last block that are outside of the shape hold zero after every step. */
#ifndef OC_LAYOUT_H
#define OC_LAYOUT_H

#include <ocelli/tensor.h>

#include "base/base.h"

#define OC_MAX_BLOCKS 3

typedef struct oc__layout {
    int8_t rank;
    int8_t order[OC_MAX_RANK]; /* outer axes, outermost first: a permutation of 0 … rank - 1 */
    int8_t block_count;
    int8_t block_axis[OC_MAX_BLOCKS]; /* outermost block first */
    int16_t block_size[OC_MAX_BLOCKS];
    int8_t winograd; /* 2 or 4: weights (K, C, R, S) transformed for tiles of that size along axes longer than 1; else 0 */
} oc__layout;

#define OC_LAYOUT_TEXT 64 /* enough for any layout's text */

oc__layout oc__layout_plain(int rank);
bool oc__layout_parse(const char *text, oc__layout *out);
void oc__layout_text(const oc__layout *layout, char text[OC_LAYOUT_TEXT]);
bool oc__layout_equal(const oc__layout *a, const oc__layout *b);
bool oc__layout_is_plain(const oc__layout *layout);
/* The product of the block sizes of an axis: 1 if it is not cut. */
int64_t oc__layout_block(const oc__layout *layout, int axis);
/* Elements in memory, the padding of last blocks included; -1 on overflow. */
int64_t oc__layout_count(const oc__layout *layout, const oc_shape *plain);
/* Elements between neighbours: outer[axis] for one step of the axis' outer index, inner[block] for one of a block. */
void oc__layout_strides(const oc__layout *layout, const oc_shape *plain, int64_t outer[OC_MAX_RANK],
                        int64_t inner[OC_MAX_BLOCKS]);
/* The shape whose elements lie there: another one only for transformed weights. */
oc_shape oc__layout_shape(const oc__layout *layout, const oc_shape *shape);
/* Where an element (of oc__layout_shape) lies. */
int64_t oc__layout_offset(const oc__layout *layout, const oc_shape *shape, const int64_t *index);

#endif

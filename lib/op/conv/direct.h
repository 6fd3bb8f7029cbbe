/* SPDX-License-Identifier: Apache-2.0 */
/* What the direct convolutions share. */
#ifndef OC_CONV_DIRECT_H
#define OC_CONV_DIRECT_H

#include "op/conv/conv.h"
#include "op/tile.h"

/* Weights that stay in a second-level cache: then all panels take a part of the image before the next part. */
#define OC_CONV_NEAR_BYTES 400000

/* The pixels of a tile: what there is to tune. */
extern const oc__tuning oc__conv_tiles[];

/* What all of them need: a CPU device, f32, sizes that 32-bit kernels can take. */
bool oc__conv_for_cpu(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* The convolution that is computed: backward by data, of the gradient, with turned windows. */
oc__conv oc__conv_walk(const oc__problem *problem);
bool oc__conv_has_bias(const oc__problem *problem);
/* The arguments of conv2d_tile.clh's bias, and the epilogue's text. */
void oc__conv_bias(const oc__recording *recording, oc__step *step);
void oc__conv_define(const oc__problem *problem, const oc__caps *caps, oc__string *text);
/* Groups, if there are several, are whole blocks of 16 channels. */
bool oc__conv_groups_fit(const oc__conv *conv, char why[OC_WHY]);
/* Channels in blocks of 16, weights in blocks of 16 source by kv x 16 result channels; rank 4 operands of the epilogue as the result. */
void oc__conv_blocks(const oc__problem *problem, bool backward, int kv, oc__layout *in, oc__layout *out);
/* Of so many tiles and so many other ways to share them, those a work-item takes, all of nearly the same number and at most `most`: as many
 * as leave enough work-items, of which there are more where weights are near anyway. */
int64_t oc__conv_share(const oc__caps *caps, int64_t tiles, int64_t others, int64_t most, bool near);
/* Plain but for one axis in blocks. */
oc__layout oc__layout_blocked(int rank, int axis, int block);

/* weights.c: the step that adds parts of the gradient by the weights, [part][k tile][c tile][tap][16][16 kv] in the workspace, into plain
 * weights. */
typedef struct oc__conv_sums {
    int kv;
    int64_t c_tiles, k_tiles, parts;
} oc__conv_sums;
void oc__conv_record_weights_sum(const oc__recording *recording, const oc__conv_sums *sums);

#endif

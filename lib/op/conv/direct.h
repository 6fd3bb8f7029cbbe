/* SPDX-License-Identifier: Apache-2.0 */
/* What the direct convolutions share. */
#ifndef OC_CONV_DIRECT_H
#define OC_CONV_DIRECT_H

#include "op/conv/conv.h"

/* What all of them need: a CPU device, f32, sizes that 32-bit kernels can take. */
bool oc__conv_for_cpu(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
bool oc__conv_has_bias(const oc__problem *problem);
/* Epilogue and bias for conv2d_tile.clh. */
void oc__conv_define(const oc__problem *problem, const oc__caps *caps, oc__string *text);
/* Cycles in which a processor with two 512-bit multiply-adds a cycle adds one source channel and tap to a tile of kv x 16 channels
 * by t pixels, which lie `apart` floats apart: measured. */
double oc__conv_cycles(int kv, int t, int64_t apart);
/* kv and t: the tile that needs the fewest cycles for k channels of `groups` groups by rows of so many columns. */
void oc__conv_tile(int64_t k, int64_t groups, int64_t columns, int64_t apart, int *kv, int *t);
/* Seconds of so many of these cycles, or of the problem's bytes where these take longer; shared by so many work-items. */
double oc__conv_seconds(const oc__problem *problem, const oc__caps *caps, double cycles, double work_items);
/* Plain but for one axis in blocks. */
oc__layout oc__layout_blocked(int rank, int axis, int block);

#endif

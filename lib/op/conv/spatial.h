/* SPDX-License-Identifier: Apache-2.0 */
/* What brings values with one or three spatial axes to two. */
#ifndef OC_SPATIAL_H
#define OC_SPATIAL_H

#include "op/room.h"

oc_value *oc__spatial_lift(oc_graph *graph, oc_value *x, oc_error *err); /* (N, C, L) to (N, C, 1, L) */
oc_value *oc__spatial_drop(oc_graph *graph, oc_value *x, oc_error *err); /* and back */
/* (N, C, D, H, W), slices first, first + step … of D, to (N * count, C, H, W). */
oc_value *oc__spatial_slices(oc_graph *graph, oc_value *x, int64_t first, int64_t step, int64_t count, oc_error *err);
oc_value *oc__spatial_stack(oc_graph *graph, oc_value *x, int64_t depth, oc_error *err); /* and back */
/* Elements before and behind axis 2; negative: cut off. */
oc_value *oc__spatial_pad(oc_graph *graph, oc_value *x, int64_t begin, int64_t end, float value, oc_error *err);

/* More slices than this are not made: each is a node. */
#define OC_SPATIAL_TAPS 1024
/* Whether sizes computed from these numbers (strides, dilations, pads, sizes) cannot overflow. */
bool oc__spatial_small(const int64_t *values, int count);

#endif

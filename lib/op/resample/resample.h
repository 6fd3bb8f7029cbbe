/* SPDX-License-Identifier: Apache-2.0 */
/* The room of resampling: tables of which elements a result takes, with which weights. */
#ifndef OC_RESAMPLE_ROOM_H
#define OC_RESAMPLE_ROOM_H

#include <ocelli/op/resample.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__resample_onnx[];

/* An axis of `to` elements: element x is the sum over taps t < count of weight times the element at index, both at x * count + t;
 * outside: it is another value instead. */
typedef struct oc__taps {
    oc_context *context;
    int64_t to;
    int count;
    int64_t *index;
    double *weight;
    bool *outside;
} oc__taps;
#define OC_MAX_TAPS (1 << 16) /* of an element */
/* Zeroed; false: out of memory. finish also of what has failed. */
bool oc__taps_init(oc__taps *taps, oc_context *context, int64_t to, int64_t count);
void oc__taps_finish(oc__taps *taps);
int64_t oc__resize_tap_count(const oc_resize_params *params, int64_t from, int64_t to);
void oc__resize_taps(const oc_resize_params *params, int64_t from, oc__taps *out);
/* Adaptive pooling: each element is the mean of those from floor(x from / to) up to, without it, ceil((x + 1) from / to). */
void oc__area_taps(int64_t from, oc__taps *out);

/* The axis (of `from` elements) of a value, by its taps. `largest`: of the taps, weights not looked at, the largest one. */
oc_value *oc__resample(oc_graph *graph, oc_value *x, int axis, const oc__taps *taps, bool largest, double other, oc_error *err);

#endif

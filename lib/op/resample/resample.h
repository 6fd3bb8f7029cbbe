/* SPDX-License-Identifier: Apache-2.0 */
/* The room of resampling: tables of which elements a result takes, with which weights. */
#ifndef OC_RESAMPLE_ROOM_H
#define OC_RESAMPLE_ROOM_H

#include <ocelli/op/resample.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__resample_onnx[];

#define OC_MAX_TAPS 4

/* An element of the result is the sum over taps of weight times the element at index; outside: it is another value instead. */
typedef struct oc__taps {
    int count;
    int64_t index[OC_MAX_TAPS];
    double weight[OC_MAX_TAPS];
    bool outside;
} oc__taps;
void oc__resize_taps(const oc_resize_params *params, int64_t from, int64_t to, int64_t x, oc__taps *out);
/* Weights of cubic convolution for the elements -1 … 2 from the one before a place. */
void oc__cubic_weights(double a, double fraction, double weights[4]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The room of reductions. */
#ifndef OC_REDUCE_ROOM_H
#define OC_REDUCE_ROOM_H

#include <ocelli/op/reduce.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__reduce_onnx[];

/* "broadcast_like" (x, like), the gradient of reductions: x repeated to the shape of `like`. */
typedef struct oc__broadcast_params {
    int64_t axes[OC_MAX_RANK]; /* axes of `like` that x lacks or, with keep_dims, has with size 1 */
    int32_t axis_count;        /* 0: as numpy broadcasts */
    bool keep_dims;
    bool mean;                 /* divided by the number of repetitions */
} oc__broadcast_params;

typedef enum oc__reduce_kind { OC_REDUCE_SUM, OC_REDUCE_MEAN, OC_REDUCE_MAX, OC_REDUCE_MIN, OC_REDUCE_PROD } oc__reduce_kind;

/* A problem of this room: which axes of operand 0 go, and how many elements become one. */
typedef struct oc__reduction {
    oc__reduce_kind kind;
    bool gone[OC_MAX_RANK];
    int64_t count;
} oc__reduction;
void oc__reduction_of(const oc__problem *problem, oc__reduction *out);
/* Which axes of x go in sum_to_like; false: like cannot be broadcast to x. */
bool oc__sum_axes(const oc_shape *x, const oc_shape *like, bool gone[OC_MAX_RANK]);
/* Strides of x along the axes of `like`. */
void oc__broadcast_like_strides(const oc__broadcast_params *params, const oc_shape *x, const oc_shape *like,
                                int64_t strides[OC_MAX_RANK]);
/* x repeated like the operand of a reduction was, with its params. */
oc_value *oc__broadcast_back(oc_graph *graph, oc_value *x, oc_value *like, const oc_reduce_params *params, bool mean,
                             oc_error *err);

oc_status oc__reduce_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err);
oc_status oc__broadcast_like_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                  double *const *out, oc_error *err);

extern const oc__solver oc__reduce_staged, oc__reduce_ref, oc__broadcast_like_ref;

#endif

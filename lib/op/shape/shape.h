/* SPDX-License-Identifier: Apache-2.0 */
/* The room of ops that only move data: views, and the machine that copies boxes between strides. */
#ifndef OC_SHAPE_ROOM_H
#define OC_SHAPE_ROOM_H

#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__shape_onnx[], oc__pad_onnx[], oc__slice_onnx[], oc__expand_onnx[];

/* A box of elements, from one place and strides (in elements) to others. Strides of the source may be negative or 0. */
typedef struct oc__move {
    int rank;
    int64_t size[OC_MAX_RANK], src[OC_MAX_RANK], dst[OC_MAX_RANK];
    int64_t src_at, dst_at;
} oc__move;
/* A dense copy of `outer` runs, each `run` long, at distances src and dst. */
oc__move oc__move_runs(int64_t outer, int64_t run, int64_t src, int64_t dst);
/* Leaves out axes of size 1 and joins those that lie alike in both. */
void oc__move_collapse(oc__move *move);
/* Records a copy of elements of so many bytes; nothing for an empty box. fast: by rows or by tiles, for CPUs. */
oc_status oc__move_record(const oc__recording *recording, oc__move move, oc__place src, oc__place dst, size_t element,
                          bool fast, oc_error *err);
/* The same in double precision. */
void oc__move_host(const oc__move *move, const double *src, double *dst);

/* applicable() and estimate() of solvers that move by rows and tiles. */
bool oc__move_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
double oc__move_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant);

/* slice.c: the first index and the number of indices that a slice takes of an axis. */
void oc__slice_axis(const oc_slice_params *params, int axis, int64_t size, int64_t *first, int64_t *count);

#endif

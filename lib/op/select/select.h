/* SPDX-License-Identifier: Apache-2.0 */
/* The room of what looks for elements along an axis. */
#ifndef OC_SELECT_ROOM_H
#define OC_SELECT_ROOM_H

#include <ocelli/op/select.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__select_onnx[];

/* Lines along an axis: `outer` times `inner` of `size` elements at distances `inner`. */
typedef struct oc__lines {
    int64_t outer, size, inner;
} oc__lines;

/* top_k.c: by lines, for CPUs. */
extern const oc__solver oc__top_k_lines;
oc__lines oc__lines_of(const oc__problem *problem);

#endif

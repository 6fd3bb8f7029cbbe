/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_SOFTMAX_ROOM_H
#define OC_SOFTMAX_ROOM_H

#include <ocelli/op/softmax.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__softmax_onnx[];

oc_status oc__softmax_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_LOSS_ROOM_H
#define OC_LOSS_ROOM_H

#include <ocelli/op/loss.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__loss_onnx[];

oc_status oc__cross_entropy_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                 double *const *out, oc_error *err);
oc_status oc__cross_entropy_bwd_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                     double *const *out, oc_error *err);

#endif

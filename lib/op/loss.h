/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_LOSS_ROOM_H
#define OC_LOSS_ROOM_H

#include <ocelli/op/loss.h>

#include "op/room.h"

oc_status oc__cross_entropy_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                 double *const *out, oc_error *err);
oc_status oc__cross_entropy_bwd_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                     double *const *out, oc_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_LRN_ROOM_H
#define OC_LRN_ROOM_H

#include <ocelli/op/lrn.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__lrn_onnx[];

#endif

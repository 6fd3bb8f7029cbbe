/* SPDX-License-Identifier: Apache-2.0 */
/* Local response normalization in ONNX: LRN. */
#include "op/lrn.h"

static const oc__onnx_attr_rule attrs[] = {
    OC_ONNX_ATTR_I64("size", oc_lrn_params, size, 0), OC_ONNX_ATTR_F32("alpha", oc_lrn_params, alpha, 1e-4f),
    OC_ONNX_ATTR_F32("beta", oc_lrn_params, beta, 0.75f), OC_ONNX_ATTR_F32("bias", oc_lrn_params, bias, 1), {NULL}};

const oc__onnx_rule oc__lrn_onnx[] = {
    {.type = "LRN", .op = "lrn", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = attrs}, {NULL}};

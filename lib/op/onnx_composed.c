/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ONNX that become nodes of several ops: their rules belong to no op. */
#include "op/onnx_rule.h"

extern const oc__onnx_rule oc__resample_onnx[], oc__norm_more_onnx[], oc__einsum_onnx[], oc__optimizer_onnx[], oc__found_onnx[],
    oc__layer_onnx[];

const oc__onnx_rule *const oc__onnx_composed[] = {oc__resample_onnx, oc__norm_more_onnx, oc__einsum_onnx, oc__optimizer_onnx,
                                                  oc__found_onnx,
                                               oc__layer_onnx, NULL};

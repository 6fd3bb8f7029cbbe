/* SPDX-License-Identifier: Apache-2.0 */
/* A depthwise separable convolution (Howard et al. 2017): depthwise convolution, ReLU, 1x1 convolution. A pass makes it of these where
 * one step costs less than two; nobody else does. Operands: source (N, C, H, W), depthwise weights (C, 1, R, S), weights (K, C, 1, 1),
 * then, NONE where there is none, the depthwise bias (C) and the bias (K). */
#ifndef OC_CONV_SEPARABLE_H
#define OC_CONV_SEPARABLE_H

#include "op/op.h"

typedef struct oc__separable_params {
    int64_t stride[2], dilation[2], pad_begin[2], pad_end[2]; /* of the depthwise part */
    float limit;                                              /* upper bound of what it gives; 0: none */
} oc__separable_params;

typedef struct oc__separable {
    int64_t n, c, h, w, k, oh, ow, r, s, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
    float limit; /* infinite where there is none */
} oc__separable;
oc__separable oc__separable_of(const oc__problem *problem);

extern const oc__solver oc__conv2d_separable_fused;

#endif

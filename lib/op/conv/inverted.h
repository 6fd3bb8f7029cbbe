/* SPDX-License-Identifier: Apache-2.0 */
/* An inverted residual (Sandler et al. 2018), or what of it is before the sum: 1x1 convolution, ReLU, depthwise convolution, ReLU, 1x1
 * convolution. A pass makes it of these where one step costs less than two; nobody else does. Operands: source (N, B, H, W), weights
 * (C, B, 1, 1), depthwise weights (C, 1, R, S), weights (K, C, 1, 1), then, NONE where there is none, their biases (C), (C), (K). */
#ifndef OC_CONV_INVERTED_H
#define OC_CONV_INVERTED_H

#include "op/conv/separable.h"

typedef struct oc__inverted_params {
    int64_t stride[2], dilation[2], pad_begin[2], pad_end[2]; /* of the depthwise part */
    float limit, first_limit;                                 /* upper bounds of what it and the first part give; 0: none */
} oc__inverted_params;

typedef struct oc__inverted {
    oc__separable tail; /* all but the first part: its source has the c channels of the first one's result */
    int64_t b;          /* channels of the source */
    float first_limit;  /* infinite where there is none */
} oc__inverted;
oc__inverted oc__inverted_of(const oc__problem *problem);

extern const oc__solver oc__conv2d_inverted_fused;

#endif

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

/* One pixel of one channel between the two convolutions, by definition. */
double oc__separable_between(const oc__separable *separable, const double *plane, const double *taps, double bias, int64_t oy, int64_t ox);
/* An operand is none, or has `size` elements of operand 0's type. */
bool oc__conv_bias_fits(const oc__inference *inference, int operand, int64_t size);

/* The result of the depthwise part's window over operand 0, with k channels; strides and dilations of 0 are 1. */
void oc__separable_window(oc__inference *inference, const oc_shape *taps, int64_t k, int64_t *stride, int64_t *dilation,
                          const int64_t *begin, const int64_t *end);

/* separable_fused.c: sizes are such as its kernels count with; operand's place, if it is there, and whether it is. */
bool oc__separable_fits(const oc__separable *separable, char why[OC_WHY]);
void oc__separable_bias(const oc__recording *recording, oc__step *step, int operand);

extern const oc__solver oc__conv2d_separable_fused;

#endif

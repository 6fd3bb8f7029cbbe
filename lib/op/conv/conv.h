/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the convolution room share. */
#ifndef OC_CONV_H
#define OC_CONV_H

#include <ocelli/op/conv.h>

#include "op/onnx_rule.h"

extern const oc__onnx_rule oc__conv_onnx[];

/* A convolution's numbers, the same for all three directions. */
typedef struct oc__conv {
    int64_t n, c, h, w, k, oh, ow, r, s, g, cg, kg; /* cg, kg: channels of a group */
    int64_t stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w; /* pads before; those behind follow from oh, ow */
} oc__conv;
oc__conv oc__conv_of(const oc__problem *problem);
/* The descriptions by role, whatever the direction. */
const oc__desc *oc__conv_src(const oc__problem *problem);
const oc__desc *oc__conv_weights(const oc__problem *problem);
const oc__desc *oc__conv_dst(const oc__problem *problem);

/* spatial.c: the weights, the other way around if params say so, which then no longer do. */
oc_value *oc__conv_turned(oc_graph *graph, oc_value *weights, oc_conv_params *params, oc_error *err);

oc_status oc__conv2d_infer(oc__inference *inference, oc_error *err);
oc_status oc__conv2d_bwd_data_infer(oc__inference *inference, oc_error *err);
oc_status oc__conv2d_bwd_weights_infer(oc__inference *inference, oc_error *err);
oc_status oc__conv2d_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__conv2d_bwd_data_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__conv2d_bwd_weights_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
bool oc__conv2d_print(const oc__problem *problem, oc__string *out);
bool oc__conv2d_parse(oc__arena *arena, const char *body, oc__problem *out, char why[OC_WHY]);
oc__cost oc__conv2d_cost(const oc__problem *problem);

extern const oc__solver oc__conv2d_bwd_weights_winograd4, oc__conv2d_bwd_data_winograd2, oc__conv2d_bwd_data_winograd4;
extern const oc__solver oc__conv2d_fft, oc__conv2d_bwd_data_fft;
extern const oc__solver oc__conv2d_depthwise, oc__conv2d_winograd2, oc__conv2d_winograd4;
extern const oc__solver oc__conv2d_depthwise_plain, oc__conv2d_im2col;
extern const oc__solver oc__conv2d_implicit, oc__conv2d_bwd_data_implicit, oc__conv2d_bwd_weights_implicit;
extern const oc__solver oc__conv2d_ref, oc__conv2d_bwd_data_ref, oc__conv2d_bwd_weights_ref;
extern const oc__solver oc__conv2d_direct, oc__conv2d_bwd_data_direct, oc__conv2d_bwd_weights_direct;
extern const oc__solver oc__conv2d_point, oc__conv2d_bwd_data_point;
extern const oc__solver oc__conv2d_direct_plain, oc__conv2d_bwd_weights_direct_plain;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution room: ops, shape rules, gradients, graph functions. */
#include "op/conv/conv.h"
#include "op/tile.h"

#include <ocelli/op/reduce.h>

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_conv_params, stride, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_conv_params, dilation, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_conv_params, pad_begin, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_conv_params, pad_end, 3),
                                   OC_FIELD(OC_FIELD_I64, oc_conv_params, groups), {0}};

const oc__desc *oc__conv_src(const oc__problem *p) {
    return p->op == &oc__op_conv2d_bwd_data ? &p->out[0] : &p->in[0];
}

const oc__desc *oc__conv_weights(const oc__problem *p) {
    return p->op == &oc__op_conv2d_bwd_weights ? &p->out[0] : &p->in[1];
}

const oc__desc *oc__conv_dst(const oc__problem *p) {
    return p->op == &oc__op_conv2d ? &p->out[0] : p->op == &oc__op_conv2d_bwd_data ? &p->in[0] : &p->in[1];
}

oc__conv oc__conv_of(const oc__problem *p) {
    const oc_conv_params *q = p->params;
    const int64_t *src = oc__conv_src(p)->shape.dims, *wei = oc__conv_weights(p)->shape.dims, *dst = oc__conv_dst(p)->shape.dims;
    return (oc__conv){.n = src[0], .c = src[1], .h = src[2], .w = src[3], .k = wei[0], .oh = dst[2], .ow = dst[3], .r = wei[2],
                      .s = wei[3], .g = q->groups, .cg = wei[1], .kg = wei[0] / q->groups, .stride_h = q->stride[0],
                      .stride_w = q->stride[1], .dilation_h = q->dilation[0], .dilation_w = q->dilation[1],
                      .pad_h = q->pad_begin[0], .pad_w = q->pad_begin[1]};
}

static oc_status normalize(oc__inference *x, oc_error *err) {
    oc_conv_params *p = x->params;
    p->groups = p->groups ? p->groups : 1;
    for (int i = 0; i < 3; i++) {
        p->stride[i] = i < 2 && p->stride[i] == 0 ? 1 : p->stride[i];
        p->dilation[i] = i < 2 && p->dilation[i] == 0 ? 1 : p->dilation[i];
        if (p->stride[i] < 0 || p->dilation[i] < 0 || p->pad_begin[i] < 0 || p->pad_end[i] < 0)
            return oc__infer_fail(x, err, "stride, dilation and padding must not be negative (axis %d: %lld, %lld, %lld + %lld)", i,
                                  (long long)p->stride[i], (long long)p->dilation[i], (long long)p->pad_begin[i],
                                  (long long)p->pad_end[i]);
        if (p->stride[i] > INT32_MAX || p->dilation[i] > INT32_MAX || p->pad_begin[i] > INT32_MAX || p->pad_end[i] > INT32_MAX)
            return oc__infer_fail(x, err, "stride, dilation and padding must be below 2^31");
    }
    return p->groups >= 1 ? OC_OK : oc__infer_fail(x, err, "groups is %lld; it must be at least 1", (long long)p->groups);
}

/* Checks src against weights and gives the shape of dst. */
static oc_status forward_shape(oc__inference *x, const oc__desc *src, const oc__desc *wei, oc_shape *out, oc_error *err) {
    OC_TRY(normalize(x, err));
    const oc_conv_params *p = x->params;
    const int64_t *w = wei->shape.dims;
    if (src->shape.rank != 4 || wei->shape.rank != 4)
        return oc__infer_fail(x, err, "the source must be (N, C, H, W) and the weights (K, C / groups, R, S)");
    if (!oc__weights_fit(src->dtype, wei->dtype))
        return oc__infer_fail(x, err, "source and weights must be of one floating-point type, or f32 and f16");
    for (int i = 0; i < 4; i++)
        if (w[i] < 0)
            return oc__infer_fail(x, err, "the sizes of the weights must be numbers");
    if (w[0] % p->groups)
        return oc__infer_fail(x, err, "%lld output channels cannot be cut into %lld groups", (long long)w[0], (long long)p->groups);
    if (src->shape.dims[1] >= 0 && src->shape.dims[1] != w[1] * p->groups)
        return oc__infer_fail(x, err, "the source has %lld channels, the weights take %lld x %lld groups",
                              (long long)src->shape.dims[1], (long long)w[1], (long long)p->groups);
    if (w[2] < 1 || w[3] < 1)
        return oc__infer_fail(x, err, "the kernel must have at least one element");
    *out = (oc_shape){4, {src->shape.dims[0], w[0]}};
    for (int i = 0; i < 2; i++)
        out->dims[2 + i] = oc__dim_window(x->symbols, src->shape.dims[2 + i], w[2 + i], p->stride[i], p->dilation[i],
                                          p->pad_begin[i], p->pad_end[i], false);
    return OC_OK;
}

oc_status oc__conv2d_infer(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(forward_shape(x, &x->in[0], &x->in[1], &shape, err));
    if (x->in_count > 2 && x->in[2].dtype && (x->in[2].shape.rank != 1 || x->in[2].shape.dims[0] != shape.dims[1] ||
                                              x->in[2].dtype != x->in[0].dtype))
        return oc__infer_fail(x, err, "the bias must have one element for each of %lld channels", (long long)shape.dims[1]);
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = shape};
    return OC_OK;
}

oc_status oc__conv2d_bwd_data_infer(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(forward_shape(x, &x->in[2], &x->in[1], &shape, err));
    if (!oc_shape_equal(&shape, &x->in[0].shape))
        return oc__infer_fail(x, err, "the gradient does not have the shape of the result");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[2].shape};
    return OC_OK;
}

oc_status oc__conv2d_bwd_weights_infer(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(forward_shape(x, &x->in[0], &x->in[2], &shape, err));
    if (!oc_shape_equal(&shape, &x->in[1].shape))
        return oc__infer_fail(x, err, "the gradient does not have the shape of the result");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[2].shape};
    return OC_OK;
}

static oc_status gradient(oc__gradient *x, oc_error *err) {
    oc_value *src = x->node->in[0], *wei = x->node->in[1], *dy = x->diff_out[0];
    if (x->wanted[0])
        x->diff_in[0] = oc__graph_node1(x->graph, &oc__op_conv2d_bwd_data, x->node->params, (oc_value *[]){dy, wei, src}, 3, err);
    if (x->wanted[1])
        x->diff_in[1] = oc__graph_node1(x->graph, &oc__op_conv2d_bwd_weights, x->node->params, (oc_value *[]){src, dy, wei}, 3, err);
    if (x->node->op_in > 2 && x->node->in[2] && x->wanted[2]) {
        oc_reduce_params axes = {.axes = {0, 2, 3}, .axis_count = 3};
        x->diff_in[2] = oc_reduce_sum(x->graph, dy, &axes, err);
    }
    return x->graph->error.status;
}

/* y = conv(x, w) is linear in both, so its gradients are again convolutions. */
static oc_status gradient_bwd_data(oc__gradient *x, oc_error *err) {
    oc_value *dy = x->node->in[0], *wei = x->node->in[1], *ddx = x->diff_out[0];
    if (x->wanted[0])
        x->diff_in[0] = oc__graph_node1(x->graph, &oc__op_conv2d, x->node->params, (oc_value *[]){ddx, wei}, 2, err);
    if (x->wanted[1])
        x->diff_in[1] = oc__graph_node1(x->graph, &oc__op_conv2d_bwd_weights, x->node->params, (oc_value *[]){ddx, dy, wei}, 3, err);
    return x->graph->error.status;
}

static oc_status gradient_bwd_weights(oc__gradient *x, oc_error *err) {
    oc_value *src = x->node->in[0], *dy = x->node->in[1], *ddw = x->diff_out[0];
    if (x->wanted[0])
        x->diff_in[0] = oc__graph_node1(x->graph, &oc__op_conv2d_bwd_data, x->node->params, (oc_value *[]){dy, ddw, src}, 3, err);
    if (x->wanted[1])
        x->diff_in[1] = oc__graph_node1(x->graph, &oc__op_conv2d, x->node->params, (oc_value *[]){src, ddw}, 2, err);
    return x->graph->error.status;
}

oc__cost oc__conv2d_cost(const oc__problem *p) {
    oc__conv c = oc__conv_of(p);
    return (oc__cost){.flops = 2.0 * (double)c.n * (double)c.k * (double)c.oh * (double)c.ow * (double)c.cg * (double)c.r * (double)c.s};
}

oc_value *oc_conv2d(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, const oc_conv_params *params,
                    oc_error *err) {
    oc_conv_params own = params ? *params : (oc_conv_params){0};
    if (!oc__graph_one_type(graph, &oc__op_conv2d, src, weights, err))
        return NULL;
    weights = oc__conv_turned(graph, weights, &own, err);
    return oc__graph_node1(graph, &oc__op_conv2d, &own, (oc_value *[]){src, weights, bias}, bias ? 3 : 2, err);
}

/* Same tiles and remainders of channels, same remainders of tiles of pixels, less of everything else. */
static void shrink(const oc__problem *from, oc__desc *in) {
    oc__conv c = oc__conv_of(from);
    int src = from->op == &oc__op_conv2d_bwd_data ? 2 : 0, wei = from->op == &oc__op_conv2d_bwd_weights ? 2 : 1;
    int dst = from->op == &oc__op_conv2d ? -1 : from->op == &oc__op_conv2d_bwd_data ? 0 : 1;
    const oc_conv_params *p = from->params;
    int64_t n = OC_MIN(c.n, 2), g = c.g; /* the number of groups is a param: kept */
    int widest = c.r * c.s == 1 ? 4 : 3;
    int64_t cg = g == 1 ? oc__tile_shrink(c.cg, widest, true) : c.cg, kg = g == 1 ? oc__tile_shrink(c.kg, widest, true) : c.kg;
    int64_t h = c.h > 12 ? 8 + c.h % 4 : c.h, w = c.w > 42 ? 28 + c.w % 14 : c.w; /* tiles of columns are 7 or 14 mostly */
    h = OC_MAX(h, OC_MIN(c.h, (c.r - 1) * c.dilation_h + 1 + c.stride_h));
    w = OC_MAX(w, OC_MIN(c.w, (c.s - 1) * c.dilation_w + 1 + c.stride_w));
    int64_t oh = oc__dim_window(NULL, h, c.r, p->stride[0], p->dilation[0], p->pad_begin[0], p->pad_end[0], false);
    int64_t ow = oc__dim_window(NULL, w, c.s, p->stride[1], p->dilation[1], p->pad_begin[1], p->pad_end[1], false);
    in[src].shape = (oc_shape){4, {n, cg * g, h, w}};
    in[wei].shape = (oc_shape){4, {kg * g, cg, c.r, c.s}};
    if (dst >= 0)
        in[dst].shape = (oc_shape){4, {n, kg * g, oh, ow}};
    else if (from->op_in > 2)
        in[2].shape = in[2].dtype ? (oc_shape){1, {kg * g}} : in[2].shape;
}

static const oc__solver *const forward_solvers[] = {&oc__conv2d_point, &oc__conv2d_direct, &oc__conv2d_direct_plain, &oc__conv2d_depthwise,
                                                     &oc__conv2d_winograd4, &oc__conv2d_winograd2, &oc__conv2d_fft, &oc__conv2d_depthwise_plain,
                                                     &oc__conv2d_implicit, &oc__conv2d_im2col, &oc__conv2d_ref, NULL};
static const oc__solver *const bwd_data_solvers[] = {&oc__conv2d_bwd_data_point, &oc__conv2d_bwd_data_direct, &oc__conv2d_bwd_data_winograd4,
                                                      &oc__conv2d_bwd_data_winograd2, &oc__conv2d_bwd_data_fft, &oc__conv2d_bwd_data_implicit,
                                                      &oc__conv2d_bwd_data_ref, NULL};
static const oc__solver *const bwd_weights_solvers[] = {&oc__conv2d_bwd_weights_direct, &oc__conv2d_bwd_weights_direct_plain,
                                                         &oc__conv2d_bwd_weights_winograd4, &oc__conv2d_bwd_weights_implicit, &oc__conv2d_bwd_weights_ref, NULL};

#define CONV_COMMON \
    .out_count = 1, .params_size = sizeof(oc_conv_params), .fields = fields, .cost = oc__conv2d_cost, .shrink = shrink, \
    .print = oc__conv2d_print, .parse = oc__conv2d_parse, .family = "conv2d"

const oc__op oc__op_conv2d = {
    .name = "conv2d", .in_min = 2, .in_max = 3, .flags = OC_OP_EXACT, .infer = oc__conv2d_infer, .gradient = gradient,
    .batch = OC_BATCH_AXIS0, .host = oc__conv2d_host, .solvers = forward_solvers, .onnx = oc__conv_onnx, CONV_COMMON};

const oc__op oc__op_conv2d_bwd_data = {
    .name = "conv2d_bwd_data", .in_min = 3, .in_max = 3, .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY, .like_operand = 2,
    .infer = oc__conv2d_bwd_data_infer, .gradient = gradient_bwd_data, .batch = OC_BATCH_AXIS0, .host = oc__conv2d_bwd_data_host,
    .solvers = bwd_data_solvers, .onnx = oc__conv_onnx, .direction = "bwd_data", CONV_COMMON};

const oc__op oc__op_conv2d_bwd_weights = {
    .name = "conv2d_bwd_weights", .in_min = 3, .in_max = 3, .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY, .like_operand = 2,
    .infer = oc__conv2d_bwd_weights_infer, .gradient = gradient_bwd_weights,
    .batch = OC_BATCH_NONE("parts of the batch give parts of a sum"), .host = oc__conv2d_bwd_weights_host,
    .solvers = bwd_weights_solvers, .direction = "bwd_weights", CONV_COMMON};

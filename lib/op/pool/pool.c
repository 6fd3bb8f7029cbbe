/* SPDX-License-Identifier: Apache-2.0 */
/* The pooling room: ops, shape rules, gradients, graph functions. */
#include "op/pool/pool.h"

#include <ocelli/op/index.h>
#include <ocelli/op/shape.h>

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_pool_params, kernel, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_pool_params, stride, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_pool_params, dilation, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_pool_params, pad_begin, 3),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_pool_params, pad_end, 3),
                                   OC_FIELD(OC_FIELD_BOOL, oc_pool_params, ceil_mode),
                                   OC_FIELD(OC_FIELD_BOOL, oc_pool_params, count_include_pad), {0}};

static bool is_global(const oc__op *op) {
    return op == &oc__op_global_avg_pool || op == &oc__op_global_avg_pool_bwd;
}

oc__pool oc__pool_of(const oc__problem *p) {
    bool backward = p->op == &oc__op_global_avg_pool_bwd || p->op == &oc__op_max_pool2d_bwd || p->op == &oc__op_avg_pool2d_bwd;
    const oc_shape *src = backward ? &p->out[0].shape : &p->in[0].shape;
    oc__pool x = {.n = src->dims[0], .c = src->dims[1], .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    if (is_global(p->op)) {
        x.h = x.oh = x.ow = x.kh = 1;
        x.w = 1;
        for (int i = 2; i < src->rank; i++)
            x.w *= src->dims[i];
        x.kw = x.w;
        return x;
    }
    const oc_pool_params *q = p->params;
    const oc_shape *dst = backward ? &p->in[p->op == &oc__op_max_pool2d_bwd ? 2 : 0].shape : &p->out[0].shape;
    return (oc__pool){.n = x.n, .c = x.c, .h = src->dims[2], .w = src->dims[3], .oh = dst->dims[2], .ow = dst->dims[3],
                      .kh = q->kernel[0], .kw = q->kernel[1], .stride_h = q->stride[0], .stride_w = q->stride[1],
                      .dilation_h = q->dilation[0], .dilation_w = q->dilation[1], .pad_h = q->pad_begin[0],
                      .pad_w = q->pad_begin[1], .pad_h_end = q->pad_end[0], .pad_w_end = q->pad_end[1],
                      .include_pad = q->count_include_pad};
}

static oc_status normalize(oc__inference *x, oc_error *err) {
    oc_pool_params *p = x->params;
    for (int i = 0; i < 2; i++) {
        p->stride[i] = p->stride[i] ? p->stride[i] : 1;
        p->dilation[i] = p->dilation[i] ? p->dilation[i] : 1;
        if (p->kernel[i] < 1 || p->stride[i] < 1 || p->dilation[i] < 1 || p->kernel[i] > INT32_MAX || p->stride[i] > INT32_MAX ||
            p->dilation[i] > INT32_MAX)
            return oc__infer_fail(x, err, "window, stride and dilation must be at least 1 and below 2^31 (axis %d: %lld, %lld, %lld)",
                                  i, (long long)p->kernel[i], (long long)p->stride[i], (long long)p->dilation[i]);
        int64_t reach = (p->kernel[i] - 1) * p->dilation[i] + 1;
        if (p->pad_begin[i] < 0 || p->pad_end[i] < 0 || p->pad_begin[i] >= reach || p->pad_end[i] >= reach)
            return oc__infer_fail(x, err, "the padding %lld + %lld of axis %d must not be negative, and smaller than the window",
                                  (long long)p->pad_begin[i], (long long)p->pad_end[i], i);
    }
    return OC_OK;
}

static oc_status pooled_shape(oc__inference *x, const oc__desc *src, oc_shape *out, oc_error *err) {
    OC_TRY(normalize(x, err));
    const oc_pool_params *p = x->params;
    if (src->shape.rank != 4 || !oc__is_float(src->dtype))
        return oc__infer_fail(x, err, "the source must be (N, C, H, W) of a floating-point type");
    *out = src->shape;
    for (int i = 0; i < 2; i++)
        out->dims[2 + i] = oc__dim_window(x->symbols, src->shape.dims[2 + i], p->kernel[i], p->stride[i], p->dilation[i],
                                          p->pad_begin[i], p->pad_end[i], p->ceil_mode);
    return OC_OK;
}

static oc_status infer_forward(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(pooled_shape(x, &x->in[0], &shape, err));
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = shape};
    if (x->out_count > 1)
        x->out[1] = (oc__desc){.dtype = OC_I64, .shape = shape};
    return OC_OK;
}

/* (src, dst, diff_dst) */
static oc_status infer_max_bwd(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(pooled_shape(x, &x->in[0], &shape, err));
    if (!oc_shape_equal(&shape, &x->in[1].shape) || !oc_shape_equal(&shape, &x->in[2].shape))
        return oc__infer_fail(x, err, "the result and its gradient do not have the shape of the result");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[0].shape};
    return OC_OK;
}

/* (diff_dst, src for its shape) */
static oc_status infer_avg_bwd(oc__inference *x, oc_error *err) {
    oc_shape shape;
    OC_TRY(pooled_shape(x, &x->in[1], &shape, err));
    if (!oc_shape_equal(&shape, &x->in[0].shape))
        return oc__infer_fail(x, err, "the gradient does not have the shape of the result");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[1].shape};
    return OC_OK;
}

static oc_status infer_global(oc__inference *x, oc_error *err) {
    if (x->in[0].shape.rank < 3 || !oc__is_float(x->in[0].dtype))
        return oc__infer_fail(x, err, "the source must be (N, C, spatial…) of a floating-point type");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[0].shape};
    for (int i = 2; i < x->out[0].shape.rank; i++)
        x->out[0].shape.dims[i] = 1;
    return OC_OK;
}

static oc_status infer_global_bwd(oc__inference *x, oc_error *err) {
    if (x->in[0].shape.rank != x->in[1].shape.rank || x->in[0].shape.rank < 3)
        return oc__infer_fail(x, err, "the gradient does not have the shape of the result");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[1].shape};
    return OC_OK;
}

static oc_status max_gradient(oc__gradient *x, oc_error *err) {
    if (x->wanted[0] && x->diff_out[0])
        x->diff_in[0] = oc__graph_node1(x->graph, &oc__op_max_pool2d_bwd, x->node->params,
                                        (oc_value *[]){x->node->in[0], x->node->out[0], x->diff_out[0]}, 3, err);
    return x->graph->error.status;
}

/* What arrives where the maxima are. */
static oc_status max_bwd_gradient(oc__gradient *x, oc_error *err) {
    oc_graph *graph = x->graph;
    const oc_reshape_params flat = {.dims = {-1}, .rank = 1};
    oc_value *indices = NULL, *line;
    if (!x->wanted[2])
        return OC_OK;
    oc_max_pool2d(graph, x->node->in[0], x->node->params, &indices, err);
    line = oc__graph_node1(graph, &oc__op_reshape, &flat, &x->diff_out[0], 1, err);
    x->diff_in[2] = oc_gather(graph, line, indices, 0, err);
    return graph->error.status;
}

static oc_status avg_gradient(oc__gradient *x, oc_error *err) {
    const oc__op *op = x->node->op == &oc__op_avg_pool2d ? &oc__op_avg_pool2d_bwd : &oc__op_global_avg_pool_bwd;
    if (x->wanted[0])
        x->diff_in[0] = oc__graph_node1(x->graph, op, x->node->params, (oc_value *[]){x->diff_out[0], x->node->in[0]}, 2, err);
    return x->graph->error.status;
}

/* Averaging is linear: the gradient of its gradient is averaging. */
static oc_status avg_bwd_gradient(oc__gradient *x, oc_error *err) {
    const oc__op *op = x->node->op == &oc__op_avg_pool2d_bwd ? &oc__op_avg_pool2d : &oc__op_global_avg_pool;
    if (x->wanted[0])
        x->diff_in[0] = oc__graph_node1(x->graph, op, x->node->params, (oc_value *[]){x->diff_out[0]}, 1, err);
    return x->graph->error.status;
}

static oc__cost cost(const oc__problem *p) {
    oc__pool x = oc__pool_of(p);
    return (oc__cost){.flops = (double)x.n * (double)x.c * (double)x.oh * (double)x.ow * (double)x.kh * (double)x.kw};
}

oc_value *oc_max_pool2d(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_value **indices, oc_error *err) {
    oc_value *out[2] = {NULL, NULL};
    if (oc__graph_node(graph, &oc__op_max_pool2d, params, &src, 1, out, 2, err) != OC_OK)
        return NULL;
    if (indices)
        *indices = out[1];
    return out[0];
}

oc_value *oc_avg_pool2d(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_avg_pool2d, params, &src, 1, err);
}

oc_value *oc_global_avg_pool(oc_graph *graph, oc_value *src, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_global_avg_pool, NULL, &src, 1, err);
}

static const oc__solver *const solvers[] = {&oc__pool_blocked, &oc__pool_ref, NULL};
static const oc__solver *const window_solvers[] = {&oc__pool_blocked_window, &oc__pool_ref, NULL};

#define POOL_COMMON(list) .cost = cost, .batch = OC_BATCH_AXIS0, .solvers = list, .onnx = oc__pool_onnx
#define POOL_PARAMS .params_size = sizeof(oc_pool_params), .fields = fields

const oc__op oc__op_max_pool2d = {.name = "max_pool2d", .in_min = 1, .in_max = 1, .out_count = 2,
                                  .flags = OC_OP_EXACT | OC_OP_OPTIONAL_OUTPUTS, .infer = infer_forward, .gradient = max_gradient,
                                  .host = oc__max_pool2d_host, POOL_PARAMS, POOL_COMMON(window_solvers)};
const oc__op oc__op_max_pool2d_bwd = {.name = "max_pool2d_bwd", .in_min = 3, .in_max = 3, .out_count = 1, .flags = OC_OP_EXACT,
                                      .infer = infer_max_bwd, .gradient = max_bwd_gradient, .host = oc__max_pool2d_bwd_host, .direction = "bwd_data",
                                      .family = "max_pool2d", POOL_PARAMS, POOL_COMMON(window_solvers)};
const oc__op oc__op_avg_pool2d = {.name = "avg_pool2d", .in_min = 1, .in_max = 1, .out_count = 1, .infer = infer_forward,
                                  .gradient = avg_gradient, .host = oc__avg_pool2d_host, POOL_PARAMS, POOL_COMMON(window_solvers)};
const oc__op oc__op_avg_pool2d_bwd = {.name = "avg_pool2d_bwd", .in_min = 2, .in_max = 2, .out_count = 1,
                                      .flags = OC_OP_SHAPE_ONLY, .like_operand = 1, .infer = infer_avg_bwd,
                                      .gradient = avg_bwd_gradient, .host = oc__avg_pool2d_bwd_host, .direction = "bwd_data",
                                      .family = "avg_pool2d", POOL_PARAMS, POOL_COMMON(window_solvers)};
const oc__op oc__op_global_avg_pool = {.name = "global_avg_pool", .in_min = 1, .in_max = 1, .out_count = 1, .infer = infer_global,
                                       .gradient = avg_gradient, .host = oc__global_avg_pool_host, POOL_COMMON(solvers)};
const oc__op oc__op_global_avg_pool_bwd = {.name = "global_avg_pool_bwd", .in_min = 2, .in_max = 2, .out_count = 1,
                                           .flags = OC_OP_SHAPE_ONLY, .like_operand = 1, .infer = infer_global_bwd,
                                           .gradient = avg_bwd_gradient, .host = oc__global_avg_pool_bwd_host,
                                           .direction = "bwd_data", .family = "global_avg_pool", POOL_COMMON(solvers)};

/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling in ONNX: MaxPool, AveragePool, GlobalAveragePool. */
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/pool/pool.h"

static oc_status params_of(const oc__onnx_reading *reading, oc_pool_params *params, oc_error *err) {
    oc__onnx_window window;
    OC_TRY(oc__onnx_window_read(reading, NULL, &window, err));
    *params = (oc_pool_params){.ceil_mode = oc__onnx_attr_int(reading->node, "ceil_mode", 0) != 0,
                               .count_include_pad = oc__onnx_attr_int(reading->node, "count_include_pad", 0) != 0};
    memcpy(params->kernel, window.kernel, sizeof(params->kernel));
    memcpy(params->stride, window.stride, sizeof(params->stride));
    memcpy(params->dilation, window.dilation, sizeof(params->dilation));
    memcpy(params->pad_begin, window.pad_begin, sizeof(params->pad_begin));
    memcpy(params->pad_end, window.pad_end, sizeof(params->pad_end));
    if (reading->in[0]->shape.rank == 4)
        params->kernel[2] = params->stride[2] = params->dilation[2] = 0;
    return OC_OK;
}

static oc_status read_max(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_pool_params params;
    bool indices = reading->node->out_count > 1 && reading->out_used[1];
    oc_value *x = reading->in[0];
    oc_dtype dtype = x->dtype;
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    if (!oc__is_float(dtype) && dtype != OC_U8 && dtype != OC_I8)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "operands of %s are not supported", oc_dtype_name(dtype));
    if (!oc__is_float(dtype)) /* bytes are whole numbers of f32 */
        x = oc_cast(reading->graph, x, OC_F32, err);
    oc_value *y = oc_max_pool_indices(reading->graph, x, &params, indices ? &reading->out[1] : NULL, err);
    const int64_t *size = &reading->in[0]->shape.dims[2];
    int axes = reading->in[0]->shape.rank - 2;
    if (y != NULL && indices && oc__onnx_attr_int(reading->node, "storage_order", 0) != 0) {
        for (int i = 0; i < axes; i++)
            if (size[i] < 0)
                return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED,
                                       "indices in storage order 1 need sizes that are numbers");
        reading->out[1] = oc__pool_column_major(reading->graph, reading->out[1], size, axes, err);
    }
    return oc__onnx_give(reading, oc__is_float(dtype) ? y : oc_cast(reading->graph, y, dtype, err), err);
}

/* A size that is given and larger lies around what the window alone would give. */
static oc_status read_unpool(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc__onnx_window w;
    const oc_shape *x = &reading->in[0]->shape;
    int64_t size[3], wanted[OC_MAX_RANK];
    oc_pad_params pad = {.value = 0};
    int count = -1;
    (void)memory;
    OC_TRY(oc__onnx_window_read(reading, NULL, &w, err));
    for (int i = 0; i < w.axes; i++) {
        if (x->dims[2 + i] < 1 || x->dims[2 + i] > INT32_MAX || w.stride[i] < 1 || w.stride[i] > INT32_MAX || w.kernel[i] < 1 ||
            w.kernel[i] > INT32_MAX || w.pad_begin[i] < 0 || w.pad_end[i] < 0 || w.pad_begin[i] > INT32_MAX ||
                w.pad_end[i] > INT32_MAX)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %d is not of a size that can be unpooled", 2 + i);
        size[i] = (x->dims[2 + i] - 1) * w.stride[i] + w.kernel[i] - w.pad_begin[i] - w.pad_end[i];
    }
    if (oc__onnx_has_in(reading, 2))
        OC_TRY(oc__onnx_ints(reading, 2, wanted, OC_MAX_RANK, &count, NULL, err));
    if (count >= 0 && count != x->rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "output_shape has %d entries", count);
    for (int i = 0; count >= 0 && i < w.axes; i++)
        pad.end[2 + i] = wanted[2 + i] > 0 && wanted[2 + i] <= INT32_MAX ? wanted[2 + i] - size[i] : 0;
    oc_value *y = oc_max_unpool(reading->graph, reading->in[0], reading->in[1], size, err);
    return oc__onnx_give(reading, count >= 0 ? oc_pad(reading->graph, y, &pad, err) : y, err);
}

static oc_status read_average(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_pool_params params;
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    return oc__onnx_give(reading, oc_avg_pool(reading->graph, reading->in[0], &params, err), err);
}

static oc_status read_lp_pool(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_pool_params params;
    int64_t p = oc__onnx_attr_int(reading->node, "p", 2);
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    if (p < 1 || p > INT32_MAX)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "p is %lld", (long long)p);
    return oc__onnx_give(reading, oc_lp_pool(reading->graph, reading->in[0], &params, (int)p, err), err);
}

/* Last windows that would begin in padding are left out since opset 22, as far as shape inference goes. */
static int ceil_opset(const oc_node *node) {
    const oc_pool_params *p = node->params;
    for (int i = 0; i < 2; i++) {
        int64_t size = node->in[0]->shape.dims[2 + i], to = node->out[0]->shape.dims[2 + i], step = OC_MAX(p->stride[i], 1);
        int64_t rest = size + p->pad_begin[i] + p->pad_end[i] - OC_MAX(p->dilation[i], 1) * (p->kernel[i] - 1) - 1;
        if (p->ceil_mode && size >= 0 && to >= 0 && rest >= 0 && to != (rest + step - 1) / step + 1)
            return 22;
    }
    return 0;
}

static int average_opset(const oc_node *node) {
    const oc_pool_params *params = node->params;
    return OC_MAX(ceil_opset(node), params->dilation[0] > 1 || params->dilation[1] > 1 ? 19 : 0);
}

static oc_status write_average(oc__onnx_writing *writing, oc_error *err) {
    const oc_pool_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "AveragePool");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    if (params->dilation[0] > 1 || params->dilation[1] > 1)
        oc__onnx_emit_ints(writing, node, "dilations", params->dilation, 2);
    return OC_OK;
}

/* Over all spatial axes: reductions. */
static oc_status read_global(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_value *x = reading->in[0];
    oc_reduce_params axes = {.keep_dims = true};
    (void)memory;
    if (x->shape.rank < 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "%d axes; it takes (N, C, spatial axes)", x->shape.rank);
    for (int i = 2; i < x->shape.rank; i++)
        axes.axes[axes.axis_count++] = i;
    if (strcmp(reading->node->type, "GlobalMaxPool") == 0)
        return oc__onnx_give(reading, oc_reduce_max(reading->graph, x, &axes, err), err);
    if (strcmp(reading->node->type, "GlobalAveragePool") == 0)
        return oc__onnx_give(reading, x->shape.rank == 4 ? oc_global_avg_pool(reading->graph, x, err)
                                                         : oc_reduce_mean(reading->graph, x, &axes, err), err);
    oc_value *p = oc_graph_scalar(reading->graph, x->dtype, (double)oc__onnx_attr_int(reading->node, "p", 2), err);
    oc_value *sum = oc_reduce_sum(reading->graph, oc_pow(reading->graph, oc_abs(reading->graph, x, err), p, err), &axes, err);
    return oc__onnx_give(reading, oc_pow(reading->graph, sum, oc_reciprocal(reading->graph, p, err), err), err);
}

#define WINDOW \
    OC_ONNX_ATTR_2D("kernel_shape", oc_pool_params, kernel, 0), OC_ONNX_ATTR_2D("strides", oc_pool_params, stride, 1), \
        OC_ONNX_ATTR_PADS_2D(oc_pool_params), OC_ONNX_ATTR_BOOL("ceil_mode", oc_pool_params, ceil_mode, 0), \
        OC_ONNX_ATTR_HOOK("auto_pad")

static const oc__onnx_attr_rule max_attrs[] = {
    WINDOW, OC_ONNX_ATTR_2D("dilations", oc_pool_params, dilation, 1), OC_ONNX_ATTR_MUST("storage_order", 0), {NULL}};
static const oc__onnx_attr_rule average_attrs[] = {
    WINDOW, OC_ONNX_ATTR_BOOL("count_include_pad", oc_pool_params, count_include_pad, 0), {NULL}};

static const oc__onnx_attr_rule lp_attrs[] = {OC_ONNX_ATTR_HOOK("p"), {NULL}};
static const oc__onnx_attr_rule hooks[] = {OC_ONNX_ATTR_HOOK("kernel_shape"), OC_ONNX_ATTR_HOOK("strides"), OC_ONNX_ATTR_HOOK("pads"),
                                           OC_ONNX_ATTR_HOOK("dilations"), OC_ONNX_ATTR_HOOK("auto_pad"), OC_ONNX_ATTR_HOOK("ceil_mode"),
                                           OC_ONNX_ATTR_HOOK("count_include_pad"), OC_ONNX_ATTR_HOOK("storage_order"),
                                           OC_ONNX_ATTR_HOOK("p"), {NULL}};

const oc__onnx_rule oc__pool_onnx[] = {
    {.type = "MaxPool", .op = "max_pool2d", .since = 1, .in_min = 1, .in_max = 1, .out_max = 2, .use = OC_ONNX_READ_ONLY,
     .attrs = hooks, .read = read_max},
    {.type = "MaxUnpool", .op = "max_pool2d", .since = 9, .in_min = 2, .in_max = 3, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .param_inputs = 4, .attrs = hooks, .read = read_unpool},
    {.type = "AveragePool", .op = "avg_pool2d", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .floats = true, .attrs = hooks, .read = read_average},
    {.type = "LpPool", .op = "avg_pool2d", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY, .floats = true,
     .attrs = hooks, .read = read_lp_pool},
    {.type = "MaxPool", .op = "max_pool2d", .since = 1, .out_max = 2, .use = OC_ONNX_WRITE_ONLY, .attrs = max_attrs,
     .opset = ceil_opset},
    {.type = "AveragePool", .op = "avg_pool2d", .since = 7, .out_max = 1, .use = OC_ONNX_WRITE_ONLY, .attrs = average_attrs,
     .write = write_average, .opset = average_opset},
    {.type = "GlobalAveragePool", .op = "global_avg_pool", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1,
     .read = read_global},
    {.type = "GlobalMaxPool", .op = "global_avg_pool", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .read = read_global},
    {.type = "GlobalLpPool", .op = "global_avg_pool", .since = 2, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .attrs = lp_attrs, .read = read_global},
    {NULL}};

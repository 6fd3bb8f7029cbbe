/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling in ONNX: MaxPool, AveragePool, GlobalAveragePool. */
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/reduce.h>

#include "op/pool/pool.h"

static oc_status adjust(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
    oc_pool_params *params = memory;
    const oc__onnx_attr *kernel = oc__onnx_attr_find(reading->node, "kernel_shape");
    if (reading->in[0]->shape.rank != 4)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "only pooling over two spatial axes is supported");
    if (kernel == NULL)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "kernel_shape is missing");
    if (params->dilation[0] == 0)
        params->dilation[0] = params->dilation[1] = 1;
    return oc__onnx_auto_pad(reading, params->kernel, params->stride, params->dilation, params->pad_begin, params->pad_end, err);
}

static oc_status write_average(oc__onnx_writing *writing, oc_error *err)
{
    const oc_pool_params *params = writing->source->params;
    if (params->dilation[0] > 1 || params->dilation[1] > 1)
        return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "average pooling with dilation has no form in opset 17");
    oc__onnx_node *node = oc__onnx_emit(writing, "AveragePool");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    return OC_OK;
}

/* Over all spatial axes: reductions. */
static oc_status read_global(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
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

const oc__onnx_rule oc__pool_onnx[] = {
    {.type = "MaxPool", .op = "max_pool2d", .since = 1, .in_min = 1, .in_max = 1, .out_max = 2, .floats = true,
     .attrs = max_attrs, .adjust = adjust},
    {.type = "AveragePool", .op = "avg_pool2d", .since = 7, .in_min = 1, .in_max = 1, .out_max = 1, .floats = true,
     .attrs = average_attrs, .adjust = adjust, .write = write_average},
    {.type = "GlobalAveragePool", .op = "global_avg_pool", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1,
     .read = read_global},
    {.type = "GlobalMaxPool", .op = "global_avg_pool", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .read = read_global},
    {.type = "GlobalLpPool", .op = "global_avg_pool", .since = 2, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .attrs = lp_attrs, .read = read_global},
    {NULL}};

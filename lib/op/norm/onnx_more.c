/* SPDX-License-Identifier: Apache-2.0 */
/* Normalizations of several nodes in ONNX. Half and bf16 values are normalized in f32. */
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/norm.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/norm/norm.h"

static oc_value *cast(oc_graph *graph, oc_value *x, oc_dtype to, oc_error *err) {
    return x == NULL || x->dtype == to ? x : oc_cast(graph, x, to, err);
}

static oc_value *operand(const oc__onnx_reading *reading, int index, oc_dtype work, oc_error *err) {
    return oc__onnx_has_in(reading, index) ? cast(reading->graph, reading->in[index], work, err) : NULL;
}

static oc_dtype work_of(const oc_value *x) {
    return x->dtype == OC_F64 ? OC_F64 : OC_F32;
}

static oc_status read_layer(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_graph *graph = reading->graph;
    oc_dtype dtype = reading->in[0]->dtype, work = work_of(reading->in[0]);
    oc_value *x = operand(reading, 0, work, err), *mean = NULL, *inverse = NULL, *bias = operand(reading, 2, work, err);
    int64_t axis = oc__onnx_attr_int(reading->node, "axis", -1), rank = reading->in[0]->shape.rank;
    oc_reduce_params axes = {.keep_dims = true};
    (void)params;
    if (x == NULL)
        return oc__onnx_give(reading, NULL, err);
    if (axis < -rank || axis >= rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %lld axes", (long long)axis, (long long)rank);
    for (int64_t i = axis < 0 ? axis + rank : axis; i < rank; i++)
        axes.axes[axes.axis_count++] = i;
    oc_value *y = oc__normalized(graph, x, &axes, oc__onnx_attr_float(reading->node, "epsilon", 1e-5), &mean, &inverse, err);
    y = oc_mul(graph, y, operand(reading, 1, work, err), err);
    y = bias != NULL ? oc_add(graph, y, bias, err) : y;
    if (reading->node->out_count > 1)
        reading->out[1] = mean;
    if (reading->node->out_count > 2)
        reading->out[2] = inverse;
    return oc__onnx_give(reading, cast(graph, y, dtype, err), err);
}

static oc_status read_instance(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_dtype work = work_of(reading->in[0]);
    (void)params;
    oc_value *y = oc_instance_norm(reading->graph, operand(reading, 0, work, err), operand(reading, 1, work, err), operand(reading, 2, work, err),
                                   oc__onnx_attr_float(reading->node, "epsilon", 1e-5), err);
    return oc__onnx_give(reading, cast(reading->graph, y, reading->in[0]->dtype, err), err);
}

/* Opset 18 has a scale for each group, not for each channel. */
static oc_value *of_groups(const oc__onnx_reading *reading, oc_value *x, int64_t channels, int64_t groups, oc_error *err) {
    if (reading->opset >= 21 || x == NULL)
        return x;
    oc_value *wide = oc_expand(reading->graph, oc_reshape(reading->graph, x, &OC_SHAPE(groups, 1), err), &OC_SHAPE(groups, channels / groups), err);
    return oc_reshape(reading->graph, wide, &OC_SHAPE(channels), err);
}

static oc_status read_group(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_dtype work = work_of(reading->in[0]);
    const oc_shape *x = &reading->in[0]->shape;
    int64_t groups = oc__onnx_attr_int(reading->node, "num_groups", 0), channels = x->rank > 1 ? x->dims[1] : -1;
    (void)params;
    if (groups < 1 || channels < 0 || channels % groups != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "%lld groups of %lld channels", (long long)groups, (long long)channels);
    oc_value *scale = of_groups(reading, operand(reading, 1, work, err), channels, groups, err);
    oc_value *bias = of_groups(reading, operand(reading, 2, work, err), channels, groups, err);
    oc_value *y = oc_group_norm(reading->graph, operand(reading, 0, work, err), scale, bias, groups,
                                oc__onnx_attr_float(reading->node, "epsilon", 1e-5), err);
    return oc__onnx_give(reading, cast(reading->graph, y, reading->in[0]->dtype, err), err);
}

static oc_status read_mean_variance(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_reduce_params axes = {.axes = {0, 2, 3}};
    int count;
    (void)params;
    OC_TRY(oc__onnx_axes(reading, 1, "axes", axes.axes, &count, err));
    axes.axis_count = count < 0 ? 3 : count;
    if (count < 0)
        memcpy(axes.axes, (const int64_t[]){0, 2, 3}, 3 * sizeof(int64_t));
    return oc__onnx_give(reading, oc_mean_variance_norm(reading->graph, reading->in[0], &axes, 1e-9, err), err);
}

static oc_status read_lp(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int64_t p = oc__onnx_attr_int(reading->node, "p", 2), axis = oc__onnx_attr_int(reading->node, "axis", -1);
    (void)params;
    return oc__onnx_give(reading, oc_lp_norm(reading->graph, reading->in[0], axis, (int)p, err), err);
}

static const oc__onnx_attr_rule layer[] = {OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("epsilon"), OC_ONNX_ATTR_HOOK("stash_type"), {NULL}};
static const oc__onnx_attr_rule instance[] = {OC_ONNX_ATTR_HOOK("epsilon"), OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule group[] = {OC_ONNX_ATTR_HOOK("epsilon"), OC_ONNX_ATTR_HOOK("num_groups"), OC_ONNX_ATTR_HOOK("stash_type"), {NULL}};
static const oc__onnx_attr_rule axes[] = {OC_ONNX_ATTR_HOOK("axes"), {NULL}};
static const oc__onnx_attr_rule lp[] = {OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("p"), {NULL}};

#define READ(type_, since_, least, most, outputs, attrs_, reader) \
    {.type = type_, .since = since_, .in_min = least, .in_max = most, .out_max = outputs, .use = OC_ONNX_READ_ONLY, \
     .attrs = attrs_, .read = reader}

const oc__onnx_rule oc__norm_more_onnx[] = {
    READ("LayerNormalization", 17, 2, 3, 3, layer, read_layer),
    READ("InstanceNormalization", 1, 3, 3, 1, instance, read_instance),
    READ("GroupNormalization", 18, 3, 3, 1, group, read_group),
    READ("MeanVarianceNormalization", 9, 1, 1, 1, axes, read_mean_variance),
    READ("LpNormalization", 1, 1, 1, 1, lp, read_lp),
    {NULL}};

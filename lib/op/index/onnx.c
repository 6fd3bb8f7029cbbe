/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering and scattering in ONNX. */
#include <string.h>

#include <ocelli/op/index.h>
#include <ocelli/op/shape.h>

#include "op/index/index.h"
#include "op/rig.h"

static const char *const kinds[] = {"none", "add", "mul", "max", "min"};

static oc_status adjust(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_index_params *params = memory;
    const char *kind = oc__onnx_attr_text(reading->node, "reduction", "none");
    for (int i = 0; i < (int)OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i], kind) == 0) {
            params->kind = (oc_scatter_kind)i;
            return OC_OK;
        }
    }
    return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "reduction is '%.40s'", kind);
}

/* Indices that are known are looked at now. */
static oc_status check_range(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_index_params *params = memory;
    const oc_tensor *list = reading->known[1].tensor;
    const oc_shape *x = &reading->in[0]->shape;
    int64_t axis = params->axis < 0 ? params->axis + x->rank : params->axis, size = axis >= 0 && axis < x->rank ? x->dims[axis] : -1;
    for (int64_t i = 0; list != NULL && size >= 0 && i < oc_tensor_get_count(list); i++) {
        double index = oc__element_get(oc_tensor_get_dtype(list), oc_tensor_get_data(list), i);
        if (index < -(double)size || index >= (double)size)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "index %.0f is out of range for %lld", index, (long long)size);
    }
    return OC_OK;
}

/* One known index: a slice, which costs next to nothing; several, or unknown ones: gathered. */
static oc_status read_gather(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_index_params *params = memory;
    const oc_tensor *list = reading->known[1].tensor;
    oc_value *x = reading->in[0];
    int axis = (int)(params->axis < 0 ? params->axis + x->shape.rank : params->axis);
    if (list == NULL || oc_tensor_get_count(list) != 1 || oc_tensor_get_shape(list)->rank > 1 || axis < 0 || axis >= x->shape.rank ||
        x->shape.dims[axis] < 0)
        return oc__onnx_give(reading, oc__graph_node1(reading->graph, reading->op, params, reading->in, 2, err), err);
    int64_t at = (int64_t)oc__element_get(oc_tensor_get_dtype(list), oc_tensor_get_data(list), 0);
    oc_slice_params slice = {.begin = {0}};
    oc_reshape_params to = {.rank = x->shape.rank - 1};
    slice.begin[axis] = at < 0 ? at + x->shape.dims[axis] : at;
    slice.end[axis] = slice.begin[axis] + 1;
    slice.step[axis] = 1;
    oc_value *taken = oc_slice(reading->graph, x, &slice, err);
    if (taken == NULL || oc_tensor_get_shape(list)->rank == 1)
        return oc__onnx_give(reading, taken, err);
    for (int i = 0; i < to.rank; i++) {
        int source = i < axis ? i : i + 1;
        to.dims[i] = x->shape.dims[source] >= 0 ? x->shape.dims[source] : OC_RESHAPE_AXIS(source);
    }
    return oc__onnx_give(reading, oc__graph_node1(reading->graph, &oc__op_reshape, &to, &taken, 1, err), err);
}

static oc_status write_scatter(oc__onnx_writing *writing, oc_error *err) {
    const oc_index_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, writing->rule->type);
    (void)err;
    for (int i = 0; i < 3; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    if (params->kind != OC_SCATTER_SET)
        oc__onnx_emit_text(writing, node, "reduction", kinds[params->kind]);
    return OC_OK;
}

static int opset_of(const oc_node *node) {
    return ((const oc_index_params *)node->params)->kind > OC_SCATTER_MUL ? 18 : 0;
}

static oc_status read_one_hot(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    double depth;
    (void)memory;
    OC_TRY(oc__onnx_number(reading, 1, &depth, err));
    return oc__onnx_give(reading, oc_one_hot(reading->graph, reading->in[0], reading->in[2], (int64_t)depth,
                                             oc__onnx_attr_int(reading->node, "axis", -1), err), err);
}

static oc_status write_one_hot(oc__onnx_writing *writing, oc_error *err) {
    const int64_t *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "OneHot");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_I64, (double)params[1]));
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "axis", params[0]);
    return OC_OK;
}

static const oc__onnx_attr_rule axis[] = {OC_ONNX_ATTR_I64("axis", oc_index_params, axis, 0), {NULL}};
static const oc__onnx_attr_rule batch[] = {OC_ONNX_ATTR_I64("batch_dims", oc_index_params, batch_dims, 0), {NULL}};
static const oc__onnx_attr_rule scatter[] = {OC_ONNX_ATTR_I64("axis", oc_index_params, axis, 0), OC_ONNX_ATTR_HOOK("reduction"), {NULL}};
static const oc__onnx_attr_rule reduction[] = {OC_ONNX_ATTR_HOOK("reduction"), {NULL}};
static const oc__onnx_attr_rule one_hot[] = {OC_ONNX_ATTR_HOOK("axis"), {NULL}};

const oc__onnx_rule oc__index_onnx[] = {
    {.type = "Gather", .op = "gather", .since = 1, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = axis, .adjust = check_range,
     .read = read_gather},
    {.type = "GatherElements", .op = "gather_elements", .since = 11, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = axis},
    {.type = "GatherND", .op = "gather_nd", .since = 11, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = batch},
    {.type = "ScatterElements", .op = "scatter_elements", .since = 11, .in_min = 3, .in_max = 3, .out_max = 1, .attrs = scatter,
     .adjust = adjust, .write = write_scatter, .opset = opset_of},
    {.type = "Scatter", .op = "scatter_elements", .since = 9, .until = 10, .in_min = 3, .in_max = 3, .out_max = 1, .attrs = axis},
    {.type = "ScatterND", .op = "scatter_nd", .since = 11, .in_min = 3, .in_max = 3, .out_max = 1, .attrs = reduction, .adjust = adjust,
     .write = write_scatter, .opset = opset_of},
    {.type = "OneHot", .op = "one_hot", .since = 9, .in_min = 3, .in_max = 3, .out_max = 1, .param_inputs = 2, .attrs = one_hot,
     .read = read_one_hot, .write = write_one_hot},
    {NULL}};

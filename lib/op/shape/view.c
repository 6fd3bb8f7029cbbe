/* SPDX-License-Identifier: Apache-2.0 */
/* The same elements in another shape: reshape, reshape_like, flatten, identity. They need no step. */
#include <string.h>

#include "op/shape/shape.h"

static const oc__field reshape_fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_reshape_params, dims, OC_MAX_RANK),
                                           OC_FIELD(OC_FIELD_I32, oc_reshape_params, rank),
                                           OC_FIELD(OC_FIELD_BOOL, oc_reshape_params, copy_zero), {NULL}};
static const oc__field flatten_fields[] = {OC_FIELD(OC_FIELD_I64, oc_flatten_params, axis), {NULL}};

/* Whether two shapes are known to hold different numbers of elements. */
static bool counts_differ(oc__symbols *symbols, const oc_shape *a, const oc_shape *b) {
    int64_t x = oc_shape_count(a), y = oc_shape_count(b), ratio;
    if (x >= 0 && y >= 0)
        return x != y;
    for (int i = 0; i < a->rank + b->rank; i++)
        if ((i < a->rank ? a->dims[i] : b->dims[i - a->rank]) == 0)
            return false;
    if (oc__dim_ratio(symbols, a->dims, a->rank, b->dims, b->rank, &ratio))
        return ratio >= 0 && ratio != 1;
    return !oc__dim_ratio(symbols, b->dims, b->rank, a->dims, a->rank, &ratio);
}

static oc_status infer_reshape(oc__inference *inference, oc_error *err) {
    oc_reshape_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    oc_shape shape = {.rank = params->rank};
    int rest = -1;
    if (params->rank < 0 || params->rank > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "%d axes; 0 to %d are possible", params->rank, OC_MAX_RANK);
    for (int i = 0; i < params->rank; i++) {
        int64_t size = params->dims[i] == 0 && params->copy_zero ? OC_RESHAPE_AXIS(i) : params->dims[i];
        if (size < OC_RESHAPE_AXIS(x->rank - 1) || (size == -1 && rest >= 0))
            return oc__infer_fail(inference, err, "the new size of axis %d is not known", i);
        params->dims[i] = size;
        rest = size == -1 ? i : rest;
        shape.dims[i] = size == -1 ? 1 : size < 0 ? x->dims[-2 - size] : size;
    }
    params->copy_zero = false;
    if (rest >= 0) {
        int64_t others[OC_MAX_RANK];
        int count = 0;
        for (int i = 0; i < shape.rank; i++)
            if (i != rest)
                others[count++] = shape.dims[i];
        if (!oc__dim_ratio(inference->symbols, x->dims, x->rank, others, count, &shape.dims[rest]))
            return oc__infer_fail(inference, err, "the elements do not fill the new shape");
    }
    if (counts_differ(inference->symbols, x, &shape))
        return oc__infer_fail(inference, err, "the new shape has another number of elements");
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = shape;
    return OC_OK;
}

static oc_status infer_reshape_like(oc__inference *inference, oc_error *err) {
    if (counts_differ(inference->symbols, &inference->in[0].shape, &inference->in[1].shape))
        return oc__infer_fail(inference, err, "the numbers of elements differ");
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = inference->in[1].shape;
    return OC_OK;
}

static oc_status infer_flatten(oc__inference *inference, oc_error *err) {
    oc_flatten_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    if (params->axis < -x->rank || params->axis > x->rank)
        return oc__infer_fail(inference, err, "axis %lld is out of range", (long long)params->axis);
    params->axis += params->axis < 0 ? x->rank : 0;
    int axis = (int)params->axis;
    oc_shape shape = {.rank = 2};
    if (!oc__dim_ratio(inference->symbols, x->dims, axis, NULL, 0, &shape.dims[0]) ||
        !oc__dim_ratio(inference->symbols, x->dims + axis, x->rank - axis, NULL, 0, &shape.dims[1]))
        return oc__infer_fail(inference, err, "the sizes cannot be multiplied");
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = shape;
    return OC_OK;
}

static oc_status infer_identity(oc__inference *inference, oc_error *err) {
    (void)err;
    inference->out[0] = inference->in[0];
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = g->node->op == &oc__op_identity ? g->diff_out[0]
                                                    : oc_reshape_like(g->graph, g->diff_out[0], g->node->in[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

#define VIEW_OP(op_name, operands, op_flags, size, op_fields, rule) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = operands, .in_max = operands, .out_count = 1, \
                                     .flags = OC_OP_VIEW | OC_OP_EXACT | op_flags, .like_operand = 1, .params_size = size, \
                                     .fields = op_fields, .infer = rule, .gradient = gradient, .batch = OC_BATCH_AXIS0, \
                                     .host = oc__copy_host, .onnx = oc__shape_onnx};
VIEW_OP(reshape, 1, 0, sizeof(oc_reshape_params), reshape_fields, infer_reshape)
VIEW_OP(reshape_like, 2, OC_OP_SHAPE_ONLY, 0, NULL, infer_reshape_like)
VIEW_OP(flatten, 1, 0, sizeof(oc_flatten_params), flatten_fields, infer_flatten)
VIEW_OP(identity, 1, 0, 0, NULL, infer_identity)

/* Sizes that are symbols become "as axis k of x", or the rest, so that the node outlives the binding of symbols. */
oc_value *oc_reshape(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    oc_reshape_params params = {.rank = shape->rank};
    int rests = 0, unknown = 0;
    for (int i = 0; i < shape->rank && i < OC_MAX_RANK; i++)
        rests += shape->dims[i] == -1;
    for (int i = 0; i < shape->rank && i < OC_MAX_RANK; i++) {
        int64_t size = shape->dims[i];
        params.dims[i] = size;
        if (size >= 0 || (size == -1 && rests == 1))
            continue;
        int axis = i < x->shape.rank && x->shape.dims[i] == size ? i : 0;
        while (axis < x->shape.rank && x->shape.dims[axis] != size)
            axis++;
        params.dims[i] = axis < x->shape.rank ? OC_RESHAPE_AXIS(axis) : -1;
        unknown += axis == x->shape.rank;
        rests -= size == -1 && axis < x->shape.rank;
    }
    if (unknown + rests > 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "reshape: more than one size is neither a number nor one of the operand");
    return oc__graph_node1(graph, &oc__op_reshape, &params, &x, 1, err);
}

oc_value *oc_reshape_like(oc_graph *graph, oc_value *x, oc_value *like, oc_error *err) {
    return oc__node2(graph, &oc__op_reshape_like, NULL, x, like, err);
}

oc_value *oc_flatten(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_flatten, &(oc_flatten_params){axis}, &x, 1, err);
}

oc_value *oc_identity(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_identity, NULL, &x, 1, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers in ONNX: RandomUniform, RandomNormal, those with Like, Bernoulli. Seeds are not looked at. */
#include <string.h>

#include <ocelli/op/shape.h>

#include "op/random.h"

/* What says shape and type: a value like input 0, or zeros in the shape that an attribute has. */
static oc_status like_of(const oc__onnx_reading *reading, oc_dtype dtype, oc_value **out, oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "shape");
    oc_shape shape = {.rank = 0};
    if (reading->node->in_count == 0) {
        if (attr == NULL || attr->kind != OC_ONNX_INTS || attr->count > OC_MAX_RANK)
            return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "it has no shape of up to %d axes", OC_MAX_RANK);
        for (size_t i = 0; i < attr->count; i++)
            shape.dims[shape.rank++] = attr->ints[i];
        *out = oc_expand(reading->graph, oc_graph_scalar(reading->graph, dtype, 0, err), &shape, err);
        return *out != NULL ? OC_OK : err->status;
    }
    oc_value *x = reading->in[0];
    oc_value *zero = x->dtype == dtype ? x : oc_graph_scalar(reading->graph, dtype, 0, err);
    *out = x->dtype == dtype ? x : oc__node2(reading->graph, &oc__op_broadcast_like, NULL, zero, x, err);
    return *out != NULL ? OC_OK : err->status;
}

/* The type that is asked for, or else the input's. */
static oc_status dtype_of(const oc__onnx_reading *reading, oc_dtype *out, oc_error *err) {
    oc_dtype own = reading->node->in_count > 0 ? reading->in[0]->dtype : OC_F32;
    int64_t asked = oc__onnx_attr_int(reading->node, "dtype", 0);
    *out = asked != 0 ? oc__onnx_dtype(asked) : own;
    if (*out == OC_DTYPE_NONE)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the type %s is not supported", oc__onnx_dtype_name(asked));
    return OC_OK;
}

static oc_status read_draw(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_random_params *params = memory;
    bool normal = strncmp(reading->node->type, "RandomNormal", 12) == 0;
    oc_value *like;
    oc_dtype dtype;
    params->from = (float)oc__onnx_attr_float(reading->node, normal ? "mean" : "low", 0);
    params->to = (float)oc__onnx_attr_float(reading->node, normal ? "scale" : "high", 1);
    OC_TRY(dtype_of(reading, &dtype, err));
    if (!oc__is_real(dtype))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "random numbers of %s are not supported",
                               oc_dtype_name(dtype));
    OC_TRY(like_of(reading, dtype, &like, err));
    params->stream = (int64_t)reading->graph->node_count;
    oc_value *counter = oc_graph_random_counter(reading->graph, err);
    return oc__onnx_give(reading, normal ? oc_random_normal(reading->graph, like, counter, params, err)
                                         : oc_random_uniform(reading->graph, like, counter, params, err), err);
}

static oc_status read_bernoulli(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_dtype dtype;
    (void)memory;
    OC_TRY(dtype_of(reading, &dtype, err));
    int64_t stream = (int64_t)reading->graph->node_count;
    oc_value *counter = oc_graph_random_counter(reading->graph, err);
    oc_value *y = oc_bernoulli(reading->graph, reading->in[0], counter, stream, err);
    return oc__onnx_give(reading, y == NULL || y->dtype == dtype ? y : oc_cast(reading->graph, y, dtype, err), err);
}

static oc_status write_draw(oc__onnx_writing *writing, oc_error *err) {
    const oc_random_params *params = writing->source->params;
    bool normal = writing->source->op == &oc__op_random_normal;
    oc__onnx_node *node = oc__onnx_emit(writing, writing->rule->type);
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_float(writing, node, normal ? "mean" : "low", params->from);
    oc__onnx_emit_float(writing, node, normal ? "scale" : "high", params->to);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("low"), OC_ONNX_ATTR_HOOK("high"), OC_ONNX_ATTR_HOOK("mean"),
                                           OC_ONNX_ATTR_HOOK("scale"), OC_ONNX_ATTR_HOOK("dtype"), OC_ONNX_ATTR_HOOK("seed"),
                                           OC_ONNX_ATTR_HOOK("shape"), {NULL}};

#define DRAW(type_, op_, since_, inputs, use_, reader) \
    {.type = type_, .op = op_, .since = since_, .in_min = inputs, .in_max = inputs, .out_max = 1, .use = use_, .attrs = attrs, \
     .read = reader, .write = write_draw}
const oc__onnx_rule oc__random_draw_onnx[] = {
    DRAW("RandomUniformLike", "random_uniform", 1, 1, OC_ONNX_BOTH, read_draw),
    DRAW("RandomNormalLike", "random_normal", 1, 1, OC_ONNX_BOTH, read_draw),
    DRAW("RandomUniform", "random_uniform", 1, 0, OC_ONNX_READ_ONLY, read_draw),
    DRAW("RandomNormal", "random_normal", 1, 0, OC_ONNX_READ_ONLY, read_draw),
    DRAW("Bernoulli", "random_uniform", 15, 1, OC_ONNX_READ_ONLY, read_bernoulli),
    {NULL}};

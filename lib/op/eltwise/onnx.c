/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions in ONNX. */
#include <math.h>

#include <ocelli/op/shape.h>

#include "op/eltwise/eltwise.h"

/* Max, Min, Sum, Mean of any number of operands: the op, from the first to the last. */
static oc_status read_chain(const oc__onnx_reading *reading, void *params, oc_error *err)
{
    (void)params;
    oc_value *value = reading->in[0];
    for (int i = 1; i < reading->node->in_count && value != NULL; i++)
        value = oc__node2(reading->graph, reading->op, NULL, value, reading->in[i], err);
    if (reading->node->in_count == 1 && value != NULL)
        value = oc_identity(reading->graph, value, err);
    return oc__onnx_give(reading, value, err);
}

static oc_status read_mean(const oc__onnx_reading *reading, void *params, oc_error *err)
{
    int count = reading->node->in_count;
    OC_TRY(read_chain(reading, params, err));
    if (count == 1)
        return OC_OK;
    oc_value *scale = oc_graph_scalar(reading->graph, reading->in[0]->dtype, 1.0 / count, err);
    return oc__onnx_give(reading, oc_mul(reading->graph, reading->out[0], scale, err), err);
}

/* An exponent may have a type of its own. */
static oc_status read_pow(const oc__onnx_reading *reading, void *params, oc_error *err)
{
    (void)params;
    oc_graph *graph = reading->graph;
    oc_value *base = reading->in[0], *exponent = reading->in[1];
    oc_dtype dtype = base->dtype;
    if (exponent->dtype == dtype)
        return oc__onnx_give(reading, oc_pow(graph, base, exponent, err), err);
    if (oc__is_float(dtype) || !oc__is_float(exponent->dtype))
        return oc__onnx_give(reading, oc_pow(graph, base, oc_cast(graph, exponent, dtype, err), err), err);
    oc_value *power = oc_pow(graph, oc_cast(graph, base, exponent->dtype, err), exponent, err);
    return oc__onnx_give(reading, oc_cast(graph, power, dtype, err), err);
}

/* A bound as a value: from the input, or a constant. */
static oc_value *bound(const oc__onnx_reading *reading, int index, const char *name, oc_error *err)
{
    oc_dtype dtype = reading->in[0]->dtype;
    if (oc__onnx_has_in(reading, index) && reading->known[index].tensor == NULL)
        return reading->in[index];
    double value = oc__onnx_attr_float(reading->node, name, 0);
    if (oc__onnx_has_in(reading, index) && oc__onnx_number(reading, index, &value, err) != OC_OK)
        return NULL;
    return oc_graph_scalar(reading->graph, dtype, value, err);
}

static bool bounded(const oc__onnx_reading *reading, int index, const char *name)
{
    return oc__onnx_has_in(reading, index) || oc__onnx_attr_find(reading->node, name) != NULL;
}

static bool is_number(const oc__onnx_reading *reading, int index)
{
    return !oc__onnx_has_in(reading, index) || reading->known[index].tensor != NULL;
}

/* Before opset 11 the bounds are attributes, then inputs: constants as a rule, else this is max and min. */
static oc_status read_clip(const oc__onnx_reading *reading, void *params, oc_error *err)
{
    double low = oc__onnx_attr_float(reading->node, "min", -INFINITY), high = oc__onnx_attr_float(reading->node, "max", INFINITY);
    oc_value *x = reading->in[0];
    (void)params;
    if (oc__is_float(x->dtype) && is_number(reading, 1) && is_number(reading, 2)) {
        if (oc__onnx_has_in(reading, 1))
            OC_TRY(oc__onnx_number(reading, 1, &low, err));
        if (oc__onnx_has_in(reading, 2))
            OC_TRY(oc__onnx_number(reading, 2, &high, err));
        return oc__onnx_give(reading, oc_clip(reading->graph, x, (float)low, (float)high, err), err);
    }
    if (bounded(reading, 1, "min"))
        x = oc_max(reading->graph, x, bound(reading, 1, "min", err), err);
    if (bounded(reading, 2, "max"))
        x = oc_min(reading->graph, x, bound(reading, 2, "max", err), err);
    return oc__onnx_give(reading, x == reading->in[0] ? oc_identity(reading->graph, x, err) : x, err);
}

static oc_status write_clip(oc__onnx_writing *writing, oc_error *err)
{
    const oc_eltwise_params *params = writing->source->params;
    oc_dtype dtype = writing->source->in[0]->dtype;
    oc__onnx_node *node = oc__onnx_emit(writing, "Clip");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, params->alpha == -INFINITY ? "" : oc__onnx_number_literal(writing, dtype, params->alpha));
    if (params->beta != INFINITY)
        oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, dtype, params->beta));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

static const oc__onnx_attr_rule leaky[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 0.01f), {NULL}};
static const oc__onnx_attr_rule clip[] = {OC_ONNX_ATTR_HOOK("min"), OC_ONNX_ATTR_HOOK("max"), {NULL}};

#define UNARY(type, op) {type, op, 6, 0, 1, 1, 1}
#define BINARY(type, op) {type, op, 7, 0, 2, 2, 1}
#define CHAIN(type_, op_, use_, reader) \
    {.type = type_, .op = op_, .since = 6, .in_min = 1, .in_max = OC_VARIADIC, .out_max = 1, .use = use_, .read = reader}

const oc__onnx_rule oc__eltwise_onnx[] = {
    UNARY("Relu", "relu"),
    {.type = "LeakyRelu", .op = "leaky_relu", .since = 6, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = leaky},
    UNARY("Sigmoid", "sigmoid"),
    UNARY("Tanh", "tanh"),
    UNARY("Exp", "exp"),
    UNARY("Log", "log"),
    UNARY("Sqrt", "sqrt"),
    UNARY("Neg", "neg"),
    UNARY("Abs", "abs"),
    UNARY("Reciprocal", "reciprocal"),
    {.type = "Clip", .op = "clip", .since = 6, .in_min = 1, .in_max = 3, .out_max = 1, .param_inputs = 6, .attrs = clip,
     .read = read_clip, .write = write_clip},
    BINARY("Add", "add"),
    BINARY("Sub", "sub"),
    BINARY("Mul", "mul"),
    BINARY("Div", "div"),
    {.type = "Pow", .op = "pow", .since = 7, .in_min = 2, .in_max = 2, .out_max = 1, .read = read_pow},
    CHAIN("Max", "max", OC_ONNX_BOTH, read_chain),
    CHAIN("Min", "min", OC_ONNX_BOTH, read_chain),
    CHAIN("Sum", "add", OC_ONNX_READ_ONLY, read_chain),
    CHAIN("Mean", "add", OC_ONNX_READ_ONLY, read_mean),
    {NULL}};

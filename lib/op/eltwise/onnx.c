/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions in ONNX. */
#include <math.h>
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/shape.h>

#include "op/eltwise/eltwise.h"

/* Max, Min, Sum, Mean of any number of operands: the op, from the first to the last. */
static oc_status read_chain(const oc__onnx_reading *reading, void *params, oc_error *err) {
    (void)params;
    oc_value *value = reading->in[0];
    for (int i = 1; i < reading->node->in_count && value != NULL; i++)
        value = oc__node2(reading->graph, reading->op, NULL, value, reading->in[i], err);
    if (reading->node->in_count == 1 && value != NULL)
        value = oc_identity(reading->graph, value, err);
    return oc__onnx_give(reading, value, err);
}

static oc_status read_mean(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int count = reading->node->in_count;
    OC_TRY(read_chain(reading, params, err));
    if (count == 1)
        return OC_OK;
    oc_value *scale = oc_graph_scalar(reading->graph, reading->in[0]->dtype, 1.0 / count, err);
    return oc__onnx_give(reading, oc_mul(reading->graph, reading->out[0], scale, err), err);
}

/* An exponent may have a type of its own. */
static oc_status read_pow(const oc__onnx_reading *reading, void *params, oc_error *err) {
    (void)params;
    oc_graph *graph = reading->graph;
    oc_value *base = reading->in[0], *exponent = reading->in[1];
    oc_dtype dtype = base->dtype;
    if (exponent->dtype == dtype)
        return oc__onnx_give(reading, oc_pow(graph, base, exponent, err), err);
    if (oc__is_real(dtype) || !oc__is_real(exponent->dtype))
        return oc__onnx_give(reading, oc_pow(graph, base, oc_cast(graph, exponent, dtype, err), err), err);
    oc_value *power = oc_pow(graph, oc_cast(graph, base, exponent->dtype, err), exponent, err);
    return oc__onnx_give(reading, oc_cast(graph, power, dtype, err), err);
}

/* A bound as a value: from the input, or a constant. */
static oc_value *bound(const oc__onnx_reading *reading, int index, const char *name, oc_error *err) {
    oc_dtype dtype = reading->in[0]->dtype;
    if (oc__onnx_has_in(reading, index) && reading->known[index].tensor == NULL)
        return reading->in[index];
    double value = oc__onnx_attr_float(reading->node, name, 0);
    if (oc__onnx_has_in(reading, index) && oc__onnx_number(reading, index, &value, err) != OC_OK)
        return NULL;
    return oc_graph_scalar(reading->graph, dtype, value, err);
}

static bool bounded(const oc__onnx_reading *reading, int index, const char *name) {
    return oc__onnx_has_in(reading, index) || oc__onnx_attr_find(reading->node, name) != NULL;
}

static bool is_number(const oc__onnx_reading *reading, int index) {
    return !oc__onnx_has_in(reading, index) || reading->known[index].tensor != NULL;
}

/* Before opset 11 the bounds are attributes, then inputs: constants as a rule, else this is max and min. */
static oc_status read_clip(const oc__onnx_reading *reading, void *params, oc_error *err) {
    double low = oc__onnx_attr_float(reading->node, "min", -INFINITY), high = oc__onnx_attr_float(reading->node, "max", INFINITY);
    oc_value *x = reading->in[0];
    (void)params;
    if (oc__is_real(x->dtype) && is_number(reading, 1) && is_number(reading, 2)) {
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

static oc_status write_clip(oc__onnx_writing *writing, oc_error *err) {
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

/* Before opset 7 the second operand of `broadcast` nodes stands at `axis` of the first. */
static oc_status read_aligned(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_value *a = reading->in[0], *b = reading->in[1];
    int64_t axis = oc__onnx_attr_int(reading->node, "axis", -1), after;
    bool by_channel = reading->op == &oc__op_prelu && b->shape.rank == 1 && a->shape.rank > 1, given = by_channel;
    given |= oc__onnx_attr_find(reading->node, "axis") != NULL;
    if (axis < -OC_MAX_RANK || axis > OC_MAX_RANK)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %d axes", (long long)axis, a->shape.rank);
    axis = by_channel ? 1 : axis < 0 ? axis + a->shape.rank : axis;
    after = a->shape.rank - axis - b->shape.rank;
    if (given && axis >= 0 && after > 0) {
        oc_reshape_params shape = {.rank = (int32_t)(b->shape.rank + after)};
        for (int i = 0; i < shape.rank; i++)
            shape.dims[i] = i >= b->shape.rank ? 1 : b->shape.dims[i] >= 0 ? b->shape.dims[i] : OC_RESHAPE_AXIS(i);
        b = oc__graph_node1(reading->graph, &oc__op_reshape, &shape, &b, 1, err);
    }
    return oc__onnx_give(reading, oc__node2(reading->graph, reading->op, params, a, b, err), err);
}

static oc_status read_shift(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const char *direction = oc__onnx_attr_text(reading->node, "direction", "");
    bool left = strcmp(direction, "LEFT") == 0;
    (void)params;
    if (!left && strcmp(direction, "RIGHT") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "direction is '%.40s'", direction);
    const oc__op *op = left ? &oc__op_shift_left : &oc__op_shift_right;
    return oc__onnx_give(reading, oc__node2(reading->graph, op, NULL, reading->in[0], reading->in[1], err), err);
}

static oc_status write_shift(oc__onnx_writing *writing, oc_error *err) {
    oc__onnx_node *node = oc__onnx_emit(writing, "BitShift");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_text(writing, node, "direction", writing->source->op == &oc__op_shift_left ? "LEFT" : "RIGHT");
    return OC_OK;
}

static oc_status read_mod(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const oc__op *op = oc__onnx_attr_int(reading->node, "fmod", 0) != 0 ? &oc__op_fmod : &oc__op_mod;
    (void)params;
    return oc__onnx_give(reading, oc__node2(reading->graph, op, NULL, reading->in[0], reading->in[1], err), err);
}

static oc_status write_fmod(oc__onnx_writing *writing, oc_error *err) {
    oc__onnx_node *node = oc__onnx_emit(writing, "Mod");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "fmod", 1);
    return OC_OK;
}

static oc_status adjust_is_inf(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_eltwise_params *params = memory;
    (void)err;
    params->alpha = (float)oc__onnx_attr_int(reading->node, "detect_positive", 1);
    params->beta = (float)oc__onnx_attr_int(reading->node, "detect_negative", 1);
    return OC_OK;
}

static oc_status write_is_inf(oc__onnx_writing *writing, oc_error *err) {
    const oc_eltwise_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "IsInf");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "detect_positive", params->alpha != 0);
    oc__onnx_emit_int(writing, node, "detect_negative", params->beta != 0);
    return OC_OK;
}

static oc_status read_gelu(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const char *form = oc__onnx_attr_text(reading->node, "approximate", "none");
    (void)params;
    if (strcmp(form, "none") != 0 && strcmp(form, "tanh") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "approximate is '%.40s'", form);
    return oc__onnx_give(reading, form[0] == 'n' ? oc_gelu(reading->graph, reading->in[0], err)
                                                 : oc_gelu_tanh(reading->graph, reading->in[0], err), err);
}

static oc_status write_gelu_tanh(oc__onnx_writing *writing, oc_error *err) {
    oc__onnx_node *node = oc__onnx_emit(writing, "Gelu");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_text(writing, node, "approximate", "tanh");
    return OC_OK;
}

/* The name of type(a, b), or of the op's output if it is the last; b may be NULL. */
static const char *emit_step(oc__onnx_writing *writing, const char *type, const char *a, const char *b, bool last) {
    const char *name = last ? writing->out[0] : oc__onnx_fresh(writing);
    oc__onnx_node *node = oc__onnx_emit(writing, type);
    oc__onnx_emit_in(writing, node, a);
    if (b != NULL)
        oc__onnx_emit_in(writing, node, b);
    oc__onnx_emit_out(writing, node, name);
    return name;
}

/* x sigmoid(alpha x) */
static oc_status write_swish(oc__onnx_writing *writing, oc_error *err) {
    const oc_eltwise_params *params = writing->source->params;
    const char *x = writing->in[0], *scaled = x;
    (void)err;
    if (params->alpha != 1)
        scaled = emit_step(writing, "Mul", x, oc__onnx_number_literal(writing, writing->source->in[0]->dtype, params->alpha),
                           false);
    emit_step(writing, "Mul", x, emit_step(writing, "Sigmoid", scaled, NULL, false), true);
    return OC_OK;
}

/* Of floating-point numbers, which Mod of the divisor's sign does not take: a - b floor(a / b). */
static oc_status write_mod(oc__onnx_writing *writing, oc_error *err) {
    const char *a = writing->in[0], *b = writing->in[1];
    (void)err;
    if (!oc__is_real(writing->source->out[0]->dtype)) {
        emit_step(writing, "Mod", a, b, true);
        return OC_OK;
    }
    const char *whole = emit_step(writing, "Floor", emit_step(writing, "Div", a, b, false), NULL, false);
    emit_step(writing, "Sub", a, emit_step(writing, "Mul", b, whole, false), true);
    return OC_OK;
}

static oc_status write_step(oc__onnx_writing *writing, oc_error *err) {
    oc_dtype dtype = writing->source->in[0]->dtype;
    const char *is = emit_step(writing, "GreaterOrEqual", writing->in[0], oc__onnx_number_literal(writing, dtype, 0), false);
    (void)err;
    emit_step(writing, "Cast", is, NULL, true);
    oc__onnx_emit_int(writing, writing->last, "to", oc__onnx_dtype_number(dtype));
    return OC_OK;
}

static const oc__onnx_attr_rule old[] = {OC_ONNX_ATTR_HOOK("consumed_inputs"), OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("broadcast"),
                                         {NULL}};
static const oc__onnx_attr_rule leaky[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 0.01f),
                                           OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule clip[] = {OC_ONNX_ATTR_HOOK("min"), OC_ONNX_ATTR_HOOK("max"), OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule alpha_1[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 1),
                                             OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule selu[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 1.67326319217681884765625f),
                                          OC_ONNX_ATTR_F32("gamma", oc_eltwise_params, beta, 1.05070102214813232421875f), {NULL}};
static const oc__onnx_attr_rule old_selu[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 1.6732f),
                                              OC_ONNX_ATTR_F32("gamma", oc_eltwise_params, beta, 1.0507f),
                                              OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule hard[] = {OC_ONNX_ATTR_F32("alpha", oc_eltwise_params, alpha, 0.2f),
                                          OC_ONNX_ATTR_F32("beta", oc_eltwise_params, beta, 0.5f),
                                          OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};
static const oc__onnx_attr_rule shrink[] = {OC_ONNX_ATTR_F32("lambd", oc_eltwise_params, alpha, 0.5f),
                                            OC_ONNX_ATTR_F32("bias", oc_eltwise_params, beta, 0), {NULL}};
static const oc__onnx_attr_rule mod[] = {OC_ONNX_ATTR_HOOK("fmod"), {NULL}};
static const oc__onnx_attr_rule shift[] = {OC_ONNX_ATTR_HOOK("direction"), {NULL}};
static const oc__onnx_attr_rule is_inf[] = {OC_ONNX_ATTR_HOOK("detect_positive"), OC_ONNX_ATTR_HOOK("detect_negative"), {NULL}};
static const oc__onnx_attr_rule gelu[] = {OC_ONNX_ATTR_HOOK("approximate"), {NULL}};

#define UNARY(type, op) FORM(type, op, 1, old, 0)
#define FORM(type_, op_, since_, attrs_, ...) \
    {.type = type_, .op = op_, .since = since_, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = attrs_, .until = __VA_ARGS__}
#define BINARY(type_, op_) \
    {.type = type_, .op = op_, .since = 7, .in_min = 2, .in_max = 2, .out_max = 1}, \
        {.type = type_, .op = op_, .since = 1, .until = 6, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = old, .read = read_aligned}
#define CHAIN(type_, op_, use_, reader) \
    {.type = type_, .op = op_, .since = 1, .in_min = 1, .in_max = OC_VARIADIC, .out_max = 1, .attrs = old, .use = use_, .read = reader}

const oc__onnx_rule oc__eltwise_onnx[] = {
    UNARY("Relu", "relu"),
    FORM("LeakyRelu", "leaky_relu", 1, leaky, 0),
    UNARY("Sigmoid", "sigmoid"),
    UNARY("Tanh", "tanh"),
    UNARY("Exp", "exp"),
    UNARY("Log", "log"),
    UNARY("Sqrt", "sqrt"),
    UNARY("Neg", "neg"),
    UNARY("Abs", "abs"),
    UNARY("Reciprocal", "reciprocal"),
    UNARY("Sin", "sin"),
    UNARY("Cos", "cos"),
    UNARY("Tan", "tan"),
    UNARY("Asin", "asin"),
    UNARY("Acos", "acos"),
    UNARY("Atan", "atan"),
    UNARY("Sinh", "sinh"),
    UNARY("Cosh", "cosh"),
    UNARY("Asinh", "asinh"),
    UNARY("Acosh", "acosh"),
    UNARY("Atanh", "atanh"),
    UNARY("Erf", "erf"),
    UNARY("Floor", "floor"),
    UNARY("Ceil", "ceil"),
    UNARY("Round", "round"),
    UNARY("Sign", "sign"),
    UNARY("Softplus", "softplus"),
    UNARY("Softsign", "softsign"),
    UNARY("HardSwish", "hard_swish"),
    FORM("Elu", "elu", 1, alpha_1, 0),
    FORM("Selu", "selu", 6, selu, 0),
    FORM("Selu", "selu", 1, old_selu, 5),
    FORM("Celu", "celu", 1, alpha_1, 0),
    FORM("ThresholdedRelu", "thresholded_relu", 1, alpha_1, 0),
    FORM("HardSigmoid", "hard_sigmoid", 1, hard, 0),
    FORM("Shrink", "shrink", 1, shrink, 0),
    FORM("Mish", "mish", 18, old, 0),
    FORM("Gelu", "gelu", 20, gelu, 0, .read = read_gelu),
    FORM("Gelu", "gelu_tanh", 20, gelu, 0, .use = OC_ONNX_WRITE_ONLY, .write = write_gelu_tanh),
    FORM("Mul", "swish", 7, old, 0, .use = OC_ONNX_WRITE_ONLY, .write = write_swish),
    FORM("GreaterOrEqual", "step", 12, old, 0, .use = OC_ONNX_WRITE_ONLY, .write = write_step),
    UNARY("IsNaN", "is_nan"),
    FORM("IsInf", "is_inf", 1, is_inf, 0, .adjust = adjust_is_inf, .write = write_is_inf),
    UNARY("Not", "logical_not"),
    FORM("BitwiseNot", "bit_not", 18, old, 0),
    {.type = "Clip", .op = "clip", .since = 1, .in_min = 1, .in_max = 3, .out_max = 1, .param_inputs = 6, .attrs = clip,
     .read = read_clip, .write = write_clip},
    BINARY("Add", "add"),
    BINARY("Sub", "sub"),
    BINARY("Mul", "mul"),
    BINARY("Div", "div"),
    BINARY("PRelu", "prelu"),
    BINARY("Equal", "equal"),
    BINARY("Less", "less"),
    BINARY("LessOrEqual", "less_equal"),
    BINARY("Greater", "greater"),
    BINARY("GreaterOrEqual", "greater_equal"),
    BINARY("And", "logical_and"),
    BINARY("Or", "logical_or"),
    BINARY("Xor", "logical_xor"),
    {.type = "BitwiseAnd", .op = "bit_and", .since = 18, .in_min = 2, .in_max = 2, .out_max = 1},
    {.type = "BitwiseOr", .op = "bit_or", .since = 18, .in_min = 2, .in_max = 2, .out_max = 1},
    {.type = "BitwiseXor", .op = "bit_xor", .since = 18, .in_min = 2, .in_max = 2, .out_max = 1},
    {.type = "BitShift", .op = "shift_left", .since = 11, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = shift, .read = read_shift,
     .write = write_shift},
    {.type = "BitShift", .op = "shift_right", .since = 11, .use = OC_ONNX_WRITE_ONLY, .write = write_shift},
    {.type = "Mod", .op = "mod", .since = 10, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = mod, .read = read_mod,
     .write = write_mod},
    {.type = "Mod", .op = "fmod", .since = 10, .use = OC_ONNX_WRITE_ONLY, .write = write_fmod},
    {.type = "Where", .op = "where", .since = 9, .in_min = 3, .in_max = 3, .out_max = 1},
    {.type = "Pow", .op = "pow", .since = 7, .in_min = 2, .in_max = 2, .out_max = 1, .read = read_pow},
    {.type = "Pow", .op = "pow", .since = 1, .until = 6, .in_min = 2, .in_max = 2, .out_max = 1, .attrs = old, .read = read_aligned},
    CHAIN("Max", "max", OC_ONNX_BOTH, read_chain),
    CHAIN("Min", "min", OC_ONNX_BOTH, read_chain),
    CHAIN("Sum", "add", OC_ONNX_READ_ONLY, read_chain),
    CHAIN("Mean", "add", OC_ONNX_READ_ONLY, read_mean),
    {NULL}};

/* SPDX-License-Identifier: Apache-2.0 */
/* The elementwise ops: their table, shape rule and cost. */
#include "op/eltwise/eltwise.h"

#include <string.h>

static const oc__field fields[] = {OC_FIELD(OC_FIELD_F32, oc_eltwise_params, alpha),
                                   OC_FIELD(OC_FIELD_F32, oc_eltwise_params, beta), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__eltwise *row = oc__eltwise_find(inference->op);
    const oc__desc *in = inference->in;
    oc_dtype dtype = in[0].dtype;
    if (!oc__is_float(dtype) && (dtype == OC_BOOL ? !row->bool_too : !row->integers))
        return oc__infer_fail(inference, err, "it is not defined for %s", oc_dtype_name(dtype));
    inference->out[0].dtype = dtype;
    inference->out[0].shape = in[0].shape;
    if (!inference->op->fields)
        memset(inference->params, 0, sizeof(oc_eltwise_params));
    if (inference->in_count == 1)
        return OC_OK;
    if (in[1].dtype != dtype)
        return oc__infer_fail(inference, err, "both operands must have one type");
    return oc__infer_broadcast(inference, &in[0].shape, &in[1].shape, &inference->out[0].shape, err);
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, oc__eltwise_find(problem->op)->flops);
}

static const oc__solver *const solvers[] = {&oc__eltwise_flat, &oc__eltwise_by_rows, &oc__eltwise_ref, NULL};

/* Name, operands, flops, flags, whether f(0…) = 0, fields, gradient, the function for floats. */
#define ELTWISE_TABLE(X) \
    X(relu, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_output, "(x < 0.0f ? 0.0f : x)", "(x < 0 ? 0 : x)", true) \
    X(leaky_relu, 1, 2, 0, true, fields, oc__eltwise_grad_input, "(x < 0.0f ? a * x : x)", NULL, false) \
    X(sigmoid, 1, 20, 0, false, NULL, oc__eltwise_grad_output, "(1.0f / (1.0f + exp(-x)))", NULL, false) \
    X(tanh, 1, 20, 0, true, NULL, oc__eltwise_grad_output, "tanh(x)", NULL, false) \
    X(exp, 1, 16, 0, false, NULL, oc__eltwise_grad_exp, "exp(x)", NULL, false) \
    X(log, 1, 16, 0, false, NULL, oc__eltwise_grad_log, "log(x)", NULL, false) \
    X(sqrt, 1, 4, 0, true, NULL, oc__eltwise_grad_output, "sqrt(x)", NULL, false) \
    X(neg, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_neg, "(-x)", "(-x)", false) \
    X(abs, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_input, "fabs(x)", "(x < 0 ? -x : x)", false) \
    X(reciprocal, 1, 4, 0, false, NULL, oc__eltwise_grad_output, "(1.0f / x)", NULL, false) \
    X(clip, 1, 2, OC_OP_EXACT, false, fields, oc__eltwise_grad_input, "((x < a ? a : x) > b ? b : (x < a ? a : x))", \
      "((x < a ? a : x) > b ? b : (x < a ? a : x))", false) \
    X(add, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_add, "(x + y)", "(x + y)", false) \
    X(sub, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_sub, "(x - y)", "(x - y)", false) \
    X(mul, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mul, "(x * y)", "(x * y)", true) \
    X(div, 2, 4, 0, false, NULL, oc__eltwise_grad_div, "(x / y)", "(y == 0 ? 0 : y == -1 ? -x : x / y)", false) \
    X(pow, 2, 40, 0, false, NULL, oc__eltwise_grad_pow, "pow(x, y)", "integer_pow(x, y)", false) \
    X(max, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_max, "(x >= y || x != x ? x : y)", "(x > y ? x : y)", true) \
    X(min, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_min, "(x <= y || x != x ? x : y)", "(x < y ? x : y)", true) \
    X(relu_bwd, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mask, "(x <= 0.0f ? 0.0f : y)", NULL, false) \
    X(leaky_relu_bwd, 2, 2, 0, true, fields, oc__eltwise_grad_mask, "(x <= 0.0f ? a * y : y)", NULL, false) \
    X(abs_bwd, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mask, "(x < 0.0f ? -y : x == 0.0f ? 0.0f : y)", NULL, \
      false) \
    X(clip_bwd, 2, 2, OC_OP_EXACT, true, fields, oc__eltwise_grad_mask, "(x < a || x > b ? 0.0f : y)", NULL, false) \
    X(sigmoid_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(y * (x * (1.0f - x)))", NULL, false) \
    X(tanh_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(y * (1.0f - x * x))", NULL, false) \
    X(sqrt_bwd, 2, 5, 0, false, NULL, oc__eltwise_grad_curve, "(0.5f * y / x)", NULL, false) \
    X(reciprocal_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(-y * (x * x))", NULL, false) \
    X(pow_da, 2, 42, 0, false, NULL, NULL, "(y == 0.0f ? 0.0f : y * pow(x, y - 1.0f))", NULL, false) \
    X(pow_db, 2, 60, 0, false, NULL, NULL, "(x == 0.0f && y >= 0.0f ? 0.0f : pow(x, y) * log(x))", NULL, false) \
    X(max_share, 2, 2, OC_OP_EXACT, false, NULL, NULL, "(x < y ? 0.0f : x == y ? 0.5f : 1.0f)", NULL, false)

#define OP(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = operands, .in_max = operands, .out_count = 1, \
                                     .flags = OC_OP_ELTWISE | op_flags, .params_size = sizeof(oc_eltwise_params), \
                                     .fields = op_fields, .infer = infer, .gradient = grad, .cost = cost, \
                                     .batch = OC_BATCH_AXIS0, .host = oc__eltwise_host, .solvers = solvers, \
                                     .expression = floats, .keeps_zero = zero, \
                                     .onnx = oc__eltwise_onnx};
ELTWISE_TABLE(OP)
#undef OP

#define DECLARE(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools) \
    double oc__eltwise_host_##op_name(double x, double y, double a, double b);
ELTWISE_TABLE(DECLARE)
#undef DECLARE

const oc__eltwise oc__eltwise_rows[] = {
#define ROW(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools) \
    {&oc__op_##op_name, ints, bools, op_flops, oc__eltwise_host_##op_name},
    ELTWISE_TABLE(ROW)
#undef ROW
    {NULL}};

const oc__eltwise *oc__eltwise_find(const oc__op *op) {
    for (const oc__eltwise *row = oc__eltwise_rows; row->op; row++)
        if (row->op == op)
            return row;
    return NULL;
}

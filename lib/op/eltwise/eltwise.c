/* SPDX-License-Identifier: Apache-2.0 */
/* The elementwise ops: their table, shape rule and cost. */
#include "op/eltwise/eltwise.h"

#include <string.h>

static const oc__field fields[] = {OC_FIELD(OC_FIELD_F32, oc_eltwise_params, alpha),
                                   OC_FIELD(OC_FIELD_F32, oc_eltwise_params, beta), {NULL}};

/* Logic. */
static bool row_of_bools(const oc__eltwise *row) {
    return row->bool_too && row->result && !row->op->expression;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__eltwise *row = oc__eltwise_find(inference->op);
    const oc__desc *in = inference->in;
    oc_dtype dtype = in[0].dtype;
    bool defined = oc__is_real(dtype) ? inference->op->expression != NULL : dtype == OC_BOOL ? row->bool_too : row->integers && !row_of_bools(row);
    if (!defined)
        return oc__infer_fail(inference, err, "it is not defined for %s", oc_dtype_name(dtype));
    inference->out[0].dtype = row->result ? row->result : dtype;
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

static const oc__solver *const solvers[] = {&oc__eltwise_half, &oc__eltwise_flat, &oc__eltwise_by_rows, &oc__eltwise_ref, NULL};

/* Name, operands, flops, flags, whether f(0…) = 0, fields, gradient, the function for floats, for integers, whether also for bool,
 * the type of the result (0: the operands'). */
#define ARITHMETIC_TABLE(X) \
    X(relu, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_output, "(x < 0.0f ? 0.0f : x)", "(x < 0 ? 0 : x)", true, 0) \
    X(leaky_relu, 1, 2, 0, true, fields, oc__eltwise_grad_input, "(x < 0.0f ? a * x : x)", NULL, false, 0) \
    X(sigmoid, 1, 20, 0, false, NULL, oc__eltwise_grad_output, "(1.0f / (1.0f + exp(-x)))", NULL, false, 0) \
    X(tanh, 1, 20, 0, true, NULL, oc__eltwise_grad_output, "tanh(x)", NULL, false, 0) \
    X(exp, 1, 16, 0, false, NULL, oc__eltwise_grad_exp, "exp(x)", NULL, false, 0) \
    X(log, 1, 16, 0, false, NULL, oc__eltwise_grad_log, "log(x)", NULL, false, 0) \
    X(sqrt, 1, 4, 0, true, NULL, oc__eltwise_grad_output, "sqrt(x)", NULL, false, 0) \
    X(neg, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_neg, "(-x)", "(-x)", false, 0) \
    X(abs, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_input, "fabs(x)", "(x < 0 ? -x : x)", false, 0) \
    X(reciprocal, 1, 4, 0, false, NULL, oc__eltwise_grad_output, "(1.0f / x)", NULL, false, 0) \
    X(clip, 1, 2, OC_OP_EXACT, false, fields, oc__eltwise_grad_input, "((x < a ? a : x) > b ? b : (x < a ? a : x))", \
      "INTEGER_CLIP(x, a, b)", false, 0) \
    X(add, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_add, "(x + y)", "(x + y)", false, 0) \
    X(sub, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_sub, "(x - y)", "(x - y)", false, 0) \
    X(mul, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mul, "(x * y)", "(x * y)", true, 0) \
    X(div, 2, 4, 0, false, NULL, oc__eltwise_grad_div, "(x / y)", "INTEGER_DIVIDE(x, y)", false, 0) \
    X(pow, 2, 40, 0, false, NULL, oc__eltwise_grad_pow, "pow(x, y)", "integer_pow(x, y)", false, 0) \
    X(max, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_max, "(x >= y || x != x ? x : y)", "(x > y ? x : y)", true, 0) \
    X(min, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_min, "(x <= y || x != x ? x : y)", "(x < y ? x : y)", true, 0) \
    X(relu_bwd, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mask, "(x <= 0.0f ? 0.0f : y)", NULL, false, 0) \
    X(leaky_relu_bwd, 2, 2, 0, true, fields, oc__eltwise_grad_mask, "(x <= 0.0f ? a * y : y)", NULL, false, 0) \
    X(abs_bwd, 2, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_mask, "(x < 0.0f ? -y : x == 0.0f ? 0.0f : y)", NULL, \
      false, 0) \
    X(clip_bwd, 2, 2, OC_OP_EXACT, true, fields, oc__eltwise_grad_mask, "(x < a || x > b ? 0.0f : y)", NULL, false, 0) \
    X(sigmoid_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(y * (x * (1.0f - x)))", NULL, false, 0) \
    X(tanh_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(y * (1.0f - x * x))", NULL, false, 0) \
    X(sqrt_bwd, 2, 5, 0, false, NULL, oc__eltwise_grad_curve, "(0.5f * y / x)", NULL, false, 0) \
    X(reciprocal_bwd, 2, 3, 0, true, NULL, oc__eltwise_grad_curve, "(-y * (x * x))", NULL, false, 0) \
    X(pow_da, 2, 42, 0, false, NULL, oc__eltwise_grad_pow_slope, "(y == 0.0f ? 0.0f : y * pow(x, y - 1.0f))", NULL, false, 0) \
    X(pow_db, 2, 60, 0, false, NULL, oc__eltwise_grad_pow_slope, "(x == 0.0f && y >= 0.0f ? 0.0f : pow(x, y) * log(x))", NULL, false, 0) \
    X(max_share, 2, 2, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x < y ? 0.0f : x == y ? 0.5f : 1.0f)", NULL, false, 0)

/* Functions of real numbers. */
#define FUNCTION_TABLE(X) \
    X(sin, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "sin(x)", NULL, false, 0) \
    X(cos, 1, 20, 0, false, NULL, oc__eltwise_grad_chain, "cos(x)", NULL, false, 0) \
    X(tan, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "tan(x)", NULL, false, 0) \
    X(asin, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "asin(x)", NULL, false, 0) \
    X(acos, 1, 20, 0, false, NULL, oc__eltwise_grad_chain, "acos(x)", NULL, false, 0) \
    X(atan, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "atan(x)", NULL, false, 0) \
    X(sinh, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "sinh(x)", NULL, false, 0) \
    X(cosh, 1, 20, 0, false, NULL, oc__eltwise_grad_chain, "cosh(x)", NULL, false, 0) \
    X(asinh, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "asinh(x)", NULL, false, 0) \
    X(acosh, 1, 20, 0, false, NULL, oc__eltwise_grad_chain, "acosh(x)", NULL, false, 0) \
    X(atanh, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "atanh(x)", NULL, false, 0) \
    X(erf, 1, 20, 0, true, NULL, oc__eltwise_grad_chain, "erf(x)", NULL, false, 0) \
    X(floor, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_zero, "floor(x)", NULL, false, 0) \
    X(ceil, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_zero, "ceil(x)", NULL, false, 0) \
    X(round, 1, 1, OC_OP_EXACT, true, NULL, oc__eltwise_grad_zero, "rint(x)", NULL, false, 0) \
    X(sign, 1, 2, OC_OP_EXACT, true, NULL, oc__eltwise_grad_zero, "(x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)", \
      "(x > 0 ? 1 : x < 0 ? -1 : 0)", false, 0) \
    X(step, 1, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x < 0.0f ? 0.0f : x == x ? 1.0f : x)", NULL, false, 0)

/* Activations, as of ONNX; a is alpha, b is beta. */
#define HARD "(a * x + b < 0.0f ? 0.0f : a * x + b > 1.0f ? 1.0f : a * x + b)"
#define HARD_SIXTH "(x < -3.0f ? 0.0f : x > 3.0f ? x : x * (x + 3.0f) / 6.0f)"
#define SOFTPLUS "((x < 0.0f ? 0.0f : x) + log1p(exp(-fabs(x))))"
#define ACTIVATION_TABLE(X) \
    X(softplus, 1, 40, 0, false, NULL, oc__eltwise_grad_chain, SOFTPLUS, NULL, false, 0) \
    X(softsign, 1, 6, 0, true, NULL, oc__eltwise_grad_chain, "(x / (1.0f + fabs(x)))", NULL, false, 0) \
    X(elu, 1, 20, 0, true, fields, oc__eltwise_grad_chain, "(x < 0.0f ? a * expm1(x) : x)", NULL, false, 0) \
    X(selu, 1, 20, 0, true, fields, oc__eltwise_grad_chain, "(b * (x < 0.0f ? a * expm1(x) : x))", NULL, false, 0) \
    X(celu, 1, 24, 0, true, fields, oc__eltwise_grad_chain, "(x < 0.0f ? a * expm1(x / a) : x)", NULL, false, 0) \
    X(gelu, 1, 30, 0, true, NULL, oc__eltwise_grad_chain, "(0.5f * x * erfc(x * REAL(-0.70710678118654752440)))", NULL, false, 0) \
    X(gelu_tanh, 1, 30, 0, true, NULL, oc__eltwise_grad_chain, \
      "(0.5f * x * (1.0f + tanh(REAL(0.79788456080286535588) * (x + REAL(0.044715) * x * x * x))))", NULL, false, 0) \
    X(swish, 1, 24, 0, true, fields, oc__eltwise_grad_chain, "(x / (1.0f + exp(-a * x)))", NULL, false, 0) \
    X(hard_sigmoid, 1, 4, 0, false, fields, oc__eltwise_grad_chain, HARD, NULL, false, 0) \
    X(hard_swish, 1, 6, 0, true, NULL, oc__eltwise_grad_chain, HARD_SIXTH, NULL, false, 0) \
    X(mish, 1, 60, 0, true, NULL, oc__eltwise_grad_chain, "(x * tanh(" SOFTPLUS "))", NULL, false, 0) \
    X(thresholded_relu, 1, 1, OC_OP_EXACT, true, fields, oc__eltwise_grad_chain, "(x <= a ? 0.0f : x)", NULL, false, 0) \
    X(shrink, 1, 3, OC_OP_EXACT, true, fields, oc__eltwise_grad_chain, "(x < -a ? x + b : x > a ? x - b : x == x ? 0.0f : x)", \
      "INTEGER_SHRINK(x, a, b)", false, 0) \
    X(prelu, 2, 2, OC_OP_EXACT, true, NULL, oc__eltwise_grad_prelu, "(x < 0.0f ? y * x : x)", "(x < 0 ? y * x : x)", false, 0)

/* Comparisons, logic, bits, remainders. A shift by more bits than there are gives 0; so does a remainder of division by 0. */
#define LOGIC_TABLE(X) \
    X(is_nan, 1, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "isnan(x)", NULL, false, OC_BOOL) \
    X(is_inf, 1, 2, OC_OP_EXACT, false, fields, oc__eltwise_grad_zero, "(isinf(x) && (x > 0 ? a : b) != 0)", NULL, false, OC_BOOL) \
    X(equal, 2, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x == y)", "(x == y)", true, OC_BOOL) \
    X(less, 2, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x < y)", "(x < y)", false, OC_BOOL) \
    X(less_equal, 2, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x <= y)", "(x <= y)", false, OC_BOOL) \
    X(greater, 2, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x > y)", "(x > y)", false, OC_BOOL) \
    X(greater_equal, 2, 1, OC_OP_EXACT, false, NULL, oc__eltwise_grad_zero, "(x >= y)", "(x >= y)", false, OC_BOOL) \
    X(logical_not, 1, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(!x)", true, OC_BOOL) \
    X(logical_and, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(x && y)", true, OC_BOOL) \
    X(logical_or, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(x || y)", true, OC_BOOL) \
    X(logical_xor, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(!x != !y)", true, OC_BOOL) \
    X(bit_not, 1, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(~x)", false, 0) \
    X(bit_and, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(x & y)", false, 0) \
    X(bit_or, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(x | y)", false, 0) \
    X(bit_xor, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "(x ^ y)", false, 0) \
    X(shift_left, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "((ulong)y >= 8 * sizeof(x) ? 0 : x << y)", false, 0) \
    X(shift_right, 2, 1, OC_OP_EXACT, false, NULL, NULL, NULL, "((ulong)y >= 8 * sizeof(x) ? 0 : x >> y)", false, 0) \
    X(mod, 2, 4, 0, false, NULL, oc__eltwise_grad_mod, "(x - floor(x / y) * y)", "INTEGER_MOD(x, y)", false, 0) \
    X(fmod, 2, 8, 0, false, NULL, oc__eltwise_grad_mod, "fmod(x, y)", "INTEGER_REMAINDER(x, y)", false, 0)

#define ELTWISE_TABLE(X) ARITHMETIC_TABLE(X) FUNCTION_TABLE(X) ACTIVATION_TABLE(X) LOGIC_TABLE(X)

#define OP(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools, result) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = operands, .in_max = operands, .out_count = 1, \
                                     .flags = OC_OP_ELTWISE | op_flags, .params_size = sizeof(oc_eltwise_params), \
                                     .fields = op_fields, .infer = infer, .gradient = grad, .cost = cost, \
                                     .batch = OC_BATCH_AXIS0, .host = oc__eltwise_host, .solvers = solvers, \
                                     .expression = floats, .keeps_zero = zero, \
                                     .onnx = oc__eltwise_onnx};
ELTWISE_TABLE(OP)
#undef OP

#define DECLARE(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools, result) \
    double oc__eltwise_host_##op_name(double x, double y, double a, double b);
ELTWISE_TABLE(DECLARE)
#undef DECLARE

const oc__eltwise oc__eltwise_rows[] = {
#define ROW(op_name, operands, op_flops, op_flags, zero, op_fields, grad, floats, ints, bools, result) \
    {&oc__op_##op_name, ints, bools, result, op_flops, oc__eltwise_host_##op_name},
    ELTWISE_TABLE(ROW)
#undef ROW
    {NULL}};

const oc__eltwise *oc__eltwise_find(const oc__op *op) {
    for (const oc__eltwise *row = oc__eltwise_rows; row->op; row++)
        if (row->op == op)
            return row;
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions of f16 computed in half, where the device has its arithmetic: those whose result is the one that is rounded from
 * float, to the bit, since they round once or not at all. */
#include "op/eltwise/eltwise.h"

static const struct {
    const oc__op *op;
    const char *text; /* OpenCL C for half and vectors of it */
} functions[] = {
    {&oc__op_relu, "(x < ZERO ? ZERO : x)"},
    {&oc__op_neg, "(-x)"},
    {&oc__op_clip, "((x < a ? a : x) > b ? b : (x < a ? a : x))"},
    {&oc__op_add, "(x + y)"},
    {&oc__op_sub, "(x - y)"},
    {&oc__op_mul, "(x * y)"},
    {&oc__op_max, "(x >= y || x != x ? x : y)"},
    {&oc__op_min, "(x <= y || x != x ? x : y)"},
    {&oc__op_relu_bwd, "(x <= ZERO ? ZERO : y)"},
};

static const char *text_of(const oc__op *op) {
    for (size_t i = 0; i < OC_COUNT(functions); i++)
        if (functions[i].op == op)
            return functions[i].text;
    return NULL;
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (!caps->half_arithmetic)
        return oc__refuse(why, "the device does not compute in half precision, or not with subnormal numbers");
    if (problem->in[0].dtype != OC_F16 || !text_of(problem->op))
        return oc__refuse(why, "it is for f16, and functions that half precision gives as exactly as float");
    return oc__eltwise_is_flat(problem, caps, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.4, 0.8);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    return oc__eltwise_record_flat(recording, text_of(recording->problem->op), err);
}

const oc__solver oc__eltwise_half = {.name = "eltwise.half", .applicable = applicable, .layouts = oc__eltwise_layouts,
                                     .estimate = estimate, .record = record};

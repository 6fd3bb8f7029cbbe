/* SPDX-License-Identifier: Apache-2.0 */
/* How the operands of an elementwise problem lie to each other, and what its programs begin with. */
#include "op/eltwise/eltwise.h"

/* Axes from … to - 1 of the output are the only ones along which the operand is not repeated. */
static bool find_axes(const oc_shape *small, const oc_shape *out, oc__eltwise_form *form) {
    int lead = out->rank - small->rank, from = out->rank, to = 0;
    for (int i = 0; i < small->rank; i++) {
        if (small->dims[i] != 1) {
            from = OC_MIN(from, lead + i);
            to = lead + i + 1;
        }
    }
    for (int i = from; i < to; i++)
        if (small->dims[i - lead] != out->dims[i])
            return false;
    form->from = from;
    form->to = to;
    form->outer = oc__dims_product(out, 0, from);
    form->middle = oc__dims_product(out, from, to);
    form->inner = oc__dims_product(out, to, out->rank);
    return true;
}

bool oc__eltwise_form_of(const oc__problem *problem, oc__eltwise_form *form) {
    const oc_shape *out = &problem->out[0].shape;
    *form = (oc__eltwise_form){.big = 0, .small = -1};
    if (!oc_shape_equal(&problem->in[0].shape, out))
        form->big = 1;
    if (form->big >= problem->op_in || !oc_shape_equal(&problem->in[form->big].shape, out))
        return false;
    if (problem->op_in == 1)
        return form->same = true;
    const oc_shape *other = &problem->in[1 - form->big].shape;
    if (oc_shape_equal(other, out))
        return form->same = true;
    form->small = 1 - form->big;
    form->scalar = oc__count(other) == 1;
    return form->scalar || find_axes(other, out, form);
}

/* Whether a solver here can work on values that lie so. */
static bool follows(const oc__problem *problem, const oc__eltwise_form *form, const oc__layout *layout) {
    const oc_shape *shape = &problem->out[0].shape;
    bool padded = oc__has_padding(layout, shape);
    if (form->same && (!padded || problem->op->keeps_zero))
        return true;
    if (form->scalar && !padded)
        return true;
    int block = oc__channel_block(layout);
    if (block == 1)
        return true;
    bool by_channel = form->same || form->scalar || (form->from == 1 && form->to == 2);
    return (block == 8 || block == 16) && by_channel && oc__eltwise_in_floats(problem);
}

void oc__eltwise_layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    oc__eltwise_form form;
    if (!oc__eltwise_form_of(problem, &form))
        return;
    const oc__layout *layout = &problem->in[form.big].layout;
    if (!follows(problem, &form, layout))
        return;
    in[form.big] = *layout;
    if (form.same && problem->op_in > 1)
        in[1] = *layout;
    out[0] = *layout;
}

bool oc__eltwise_in_floats(const oc__problem *problem) {
    return oc__is_float(problem->in[0].dtype) && oc__is_float(problem->out[0].dtype);
}

void oc__eltwise_define(const oc__problem *problem, oc__string *defines) {
    oc_dtype dtype = problem->in[0].dtype;
    bool reals = oc__is_real(dtype);
    oc__define_types(problem, defines);
    oc__string_append(defines, dtype == OC_F64 ? "#define REAL(x) x\n" : oc__is_unsigned(dtype) ? "#define UNSIGNED\n" : "");
    oc__string_printf(defines, "#define OPERANDS %d\n#define PARAM %s\n#define EXPR(x, y, a, b) %s\n", problem->op_in,
                      dtype == OC_F64 ? "double" : reals ? "float" : "long",
                      reals ? problem->op->expression : oc__eltwise_find(problem->op)->integers);
}

static int64_t integer_of(float value) {
    return value >= 9223372036854775808.0f ? INT64_MAX : value < -9223372036854775808.0f ? INT64_MIN : (int64_t)value;
}

void oc__eltwise_params(const oc__recording *recording, oc__step *step) {
    const oc_eltwise_params *params = recording->problem->params;
    oc_dtype dtype = recording->problem->in[0].dtype;
    float values[2] = {params->alpha, params->beta};
    for (int i = 0; i < 2; i++) {
        double wide = values[i];
        if (dtype == OC_F64)
            oc__step_value(recording->steps, step, &wide, sizeof(wide));
        else if (oc__is_real(dtype))
            oc__step_f32(recording->steps, step, values[i]);
        else
            oc__step_i64(recording->steps, step, integer_of(values[i]));
    }
}

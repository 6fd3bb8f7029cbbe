/* SPDX-License-Identifier: Apache-2.0 */
/* Operands of one shape and one layout, whatever it is, or of one element: memory is walked from end to end. */
#include "op/eltwise/eltwise.h"

#define CHUNK 8192 /* elements a work-item of a CPU takes */

bool oc__eltwise_is_flat(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    oc__eltwise_form form;
    if (!oc__types_fit(problem, caps, why))
        return false;
    if (!oc__eltwise_form_of(problem, &form) || !(form.same || form.scalar))
        return oc__refuse(why, "the operands have neither one shape nor one element");
    oc__layout in[2], out = oc__layout_plain(problem->out[0].shape.rank);
    for (int i = 0; i < problem->op_in; i++)
        in[i] = oc__layout_plain(problem->in[i].shape.rank);
    oc__eltwise_layouts(problem, caps, in, &out);
    if (oc__has_padding(&out, &problem->out[0].shape) && !(form.same && problem->op->keeps_zero))
        return oc__refuse(why, "the padding of the last block would not stay zero");
    return oc__without_posts(problem, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.8);
}

oc_status oc__eltwise_record_flat(const oc__recording *recording, const char *half, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc__caps *caps = recording->caps;
    oc__steps *steps = recording->steps;
    int64_t count = oc__layout_count(&problem->out[0].layout, &problem->out[0].shape);
    if (count == 0)
        return OC_OK;
    oc__eltwise_form form;
    oc__eltwise_form_of(problem, &form);
    bool floats = oc__eltwise_in_floats(problem), cpu = caps->simt_width <= 1;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__eltwise_define(problem, &defines);
    if (half)
        oc__string_printf(&defines, "#define HALF(x, y, a, b) %s\n", half);
    oc__string_printf(&defines, "#define VEC %d\n%s", !floats ? 1 : cpu ? 16 : 4,
                      form.same ? "" : form.small == 0 ? "#define X_ONE\n" : "#define Y_ONE\n");
    oc__step *step = oc__step_kernel(steps, "eltwise_flat.cl", defines.text, "eltwise_flat");
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    int64_t chunk = cpu ? CHUNK : floats ? 4 : 1, items = (count + chunk - 1) / chunk;
    oc__step_i64(steps, step, count);
    oc__step_i32(steps, step, chunk);
    oc__eltwise_params(recording, step);
    if (cpu)
        oc__step_range_single(step, (uint64_t)items, 1, 1);
    else
        oc__step_range_items(step, caps, (uint64_t)items);
    return oc__record_end(recording, &defines, err);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    return oc__eltwise_record_flat(recording, NULL, err);
}

const oc__solver oc__eltwise_flat = {.name = "eltwise.flat", .applicable = oc__eltwise_is_flat, .layouts = oc__eltwise_layouts,
                                     .estimate = estimate, .record = record};

/* SPDX-License-Identifier: Apache-2.0 */
/* `ref`: one work-item per element of the result. */
#include "op/pool/pool.h"
#include "op/room.h"

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__pool x = oc__pool_of(p);
    int64_t count = oc_shape_count(&p->out[0].shape);
    if (count == 0)
        return OC_OK;
    oc__string text, name;
    oc__string_init(&text, r->context);
    oc__string_init(&name, r->context);
    oc__define_types(p, &text);
    oc__string_printf(&text, "#define OP_%s\n%s%s", p->op->name, x.include_pad ? "#define INCLUDE_PAD\n" : "",
                      p->out_count > 1 && p->out[1].dtype ? "#define INDICES\n" : "");
    oc__string_printf(&name, "%s_ref", p->op->name);
    oc__step *step = oc__step_kernel(r->steps, "pool_ref.cl", text.text, name.text);
    r->steps->failed = r->steps->failed || text.failed || name.failed;
    oc__string_finish(&text);
    oc__string_finish(&name);
    for (int i = 0; i < p->in_count; i++)
        if (!oc__is_shape_only(p->op, p->op_in, i))
            oc__step_place(r->steps, step, r->in[i].place, oc_dtype_size(p->in[i].dtype));
    oc__step_place(r->steps, step, r->out[0].place, oc_dtype_size(p->out[0].dtype));
    if (p->out_count > 1 && p->out[1].dtype)
        oc__step_place(r->steps, step, r->out[1].place, 8);
    int64_t numbers[] = {count, x.h, x.w, x.oh, x.ow, x.kh, x.kw, x.stride_h, x.stride_w, x.dilation_h, x.dilation_w, x.pad_h, x.pad_w,
                         x.h + x.pad_h_end, x.w + x.pad_w_end};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__steps_check(r->steps, err);
}

const oc__solver oc__pool_ref = {.name = "pool.ref", .applicable = oc__always_applicable,
                                 .estimate = oc__ref_window_estimate, .record = record};

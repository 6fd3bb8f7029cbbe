/* SPDX-License-Identifier: Apache-2.0 */
/* `ref`: one work-item per element of the result. */
#include "op/conv/conv.h"
#include "op/epilogue.h"
#include "op/room.h"

static oc_status record(const oc__recording *r, const char *kernel, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    const oc__desc *out = &p->out[0];
    int64_t count = oc_shape_count(&out->shape);
    if (count == 0)
        return OC_OK;
    bool forward = p->op == &oc__op_conv2d, bias = forward && p->op_in > 2 && p->in[2].dtype;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__epilogue_define(p, &text);
    oc__string_append(&text, bias ? "#define HAS_BIAS\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "conv2d_ref.cl", text.text, kernel);
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    oc__step_place(r->steps, step, r->in[0].place, oc_dtype_size(p->in[0].dtype));
    oc__step_place(r->steps, step, r->in[1].place, oc_dtype_size(p->in[1].dtype));
    oc__step_place(r->steps, step, r->out[0].place, oc_dtype_size(out->dtype));
    oc__step_i64(r->steps, step, count);
    int64_t numbers[] = {c.n, c.c, c.h, c.w, c.k, c.oh, c.ow, c.r, c.s, c.cg, c.kg, c.stride_h, c.stride_w, c.dilation_h,
                         c.dilation_w, c.pad_h, c.pad_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    if (bias)
        oc__step_place(r->steps, step, r->in[2].place, oc_dtype_size(p->in[2].dtype));
    if (forward)
        oc__epilogue_args(r, step);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__steps_check(r->steps, err);
}

static oc_status record_forward(const oc__recording *r, oc_error *err) {
    return record(r, "conv2d_ref", err);
}

static oc_status record_data(const oc__recording *r, oc_error *err) {
    return record(r, "conv2d_bwd_data_ref", err);
}

static oc_status record_weights(const oc__recording *r, oc_error *err) {
    return record(r, "conv2d_bwd_weights_ref", err);
}

const oc__solver oc__conv2d_ref = {.name = "conv2d.ref", .applicable = oc__always_applicable,
                                   .estimate = oc__ref_window_estimate, .record = record_forward};
const oc__solver oc__conv2d_bwd_data_ref = {.name = "conv2d_bwd_data.ref", .applicable = oc__always_applicable,
                                            .estimate = oc__ref_window_estimate, .record = record_data};
const oc__solver oc__conv2d_bwd_weights_ref = {.name = "conv2d_bwd_weights.ref", .applicable = oc__always_applicable,
                                               .estimate = oc__ref_window_estimate, .record = record_weights};

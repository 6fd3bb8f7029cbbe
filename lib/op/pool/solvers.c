/* SPDX-License-Identifier: Apache-2.0 */
/* `ref`: one work-item per element of the result. `blocked`: channels in blocks of 16, one work-item per row of the result. */
#include <stdio.h>

#include "op/pool/pool.h"

#define BLOCK 16

static bool always(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    (void)p, (void)caps, (void)why;
    return true;
}

static bool blocked_applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    const char *no = NULL;
    oc__pool x = oc__pool_of(p);
    if (caps->simt_width != 1)
        no = "made for devices on which a work-item is a whole thread";
    else if (p->out_count > 1 && p->out[1].dtype)
        no = "it gives no indices";
    else if (x.h > INT32_MAX || x.w > INT32_MAX)
        no = "a size beyond 2^31";
    for (int i = 0; i < p->in_count; i++)
        if (p->in[i].dtype != OC_F32)
            no = "only f32";
    snprintf(why, OC_WHY, "%s", no ? no : "");
    return !no;
}

static void blocked_layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    for (int i = 0; i < p->in_count + 1; i++) {
        oc__layout *layout = i < p->in_count ? &in[i] : &out[0];
        layout->block_count = 1;
        layout->block_axis[0] = 1;
        layout->block_size[0] = BLOCK;
    }
}

static double ref_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(p, caps, 0.01, 0.1);
}

static double blocked_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    oc__pool x = oc__pool_of(p);
    double waste = (double)((x.c + BLOCK - 1) / BLOCK * BLOCK) / (double)OC_MAX(x.c, 1);
    return oc__estimate_roofline(p, caps, 0.1 / waste, 0.6 / waste);
}

static oc_status record(const oc__recording *r, bool blocked, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__pool x = oc__pool_of(p);
    int64_t count = oc_shape_count(&p->out[0].shape), rows = p->out[0].shape.rank == 4 ? p->out[0].shape.dims[2] : 1;
    if (count == 0)
        return OC_OK;
    bool global = p->op == &oc__op_global_avg_pool || p->op == &oc__op_global_avg_pool_bwd;
    oc__string text, name;
    oc__string_init(&text, r->context);
    oc__string_init(&name, r->context);
    oc__define_types(p, &text);
    oc__string_printf(&text, "#define OP_%s\n%s%s", p->op->name, x.include_pad ? "#define INCLUDE_PAD\n" : "",
                      p->out_count > 1 && p->out[1].dtype ? "#define INDICES\n" : "");
    oc__string_printf(&name, "%s_%s", p->op->name, blocked ? "blocked" : "ref");
    oc__step *step = oc__step_kernel(r->steps, blocked ? "pool_blocked.cl" : "pool_ref.cl", text.text, name.text);
    r->steps->failed = r->steps->failed || text.failed || name.failed;
    oc__string_finish(&text);
    oc__string_finish(&name);
    for (int i = 0; i < p->in_count; i++)
        if (!(p->op->flags & OC_OP_SHAPE_ONLY) || i < p->op->like_operand || i >= p->op_in)
            oc__step_place(r->steps, step, r->in[i].place, oc_dtype_size(p->in[i].dtype));
    oc__step_place(r->steps, step, r->out[0].place, oc_dtype_size(p->out[0].dtype));
    if (p->out_count > 1 && p->out[1].dtype)
        oc__step_place(r->steps, step, r->out[1].place, 8);
    int64_t blocks = (x.c + BLOCK - 1) / BLOCK;
    int64_t numbers[] = {blocked ? x.n * blocks : count, x.h, x.w, x.oh, x.ow, x.kh, x.kw, x.stride_h, x.stride_w, x.dilation_h,
                         x.dilation_w, x.pad_h, x.pad_w, x.h + x.pad_h_end, x.w + x.pad_w_end};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    if (blocked && (p->op == &oc__op_max_pool2d || p->op == &oc__op_avg_pool2d)) {
        oc__step_i64(r->steps, step, blocks);
        oc__step_i64(r->steps, step, r->in[0].stride0);
        oc__step_i64(r->steps, step, r->out[0].stride0);
    }
    if (blocked)
        oc__step_range_single(step, (uint64_t)(global ? 1 : rows), (uint64_t)(x.n * blocks), 1);
    else
        oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__steps_check(r->steps, err);
}

static oc_status record_ref(const oc__recording *r, oc_error *err) {
    return record(r, false, err);
}

static oc_status record_blocked(const oc__recording *r, oc_error *err) {
    return record(r, true, err);
}

const oc__solver oc__pool_ref = {.name = "pool.ref", .applicable = always, .estimate = ref_estimate, .record = record_ref};
const oc__solver oc__pool_blocked_window = {.name = "pool.blocked", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT,
                                            .applicable = blocked_applicable, .layouts = blocked_layouts,
                                            .estimate = blocked_estimate, .record = record_blocked};
const oc__solver oc__pool_blocked = {.name = "pool.blocked", .applicable = blocked_applicable, .layouts = blocked_layouts,
                                     .estimate = blocked_estimate, .record = record_blocked};

/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling for CPU devices, channels in blocks of 16. */
#include "op/pool/pool.h"
#include "op/room.h"

#define BLOCK 16

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__pool x = oc__pool_of(p);
    if (!oc__for_cpu(p, caps, why))
        return false;
    if (p->out_count > 1 && p->out[1].dtype)
        return oc__refuse(why, "it gives no indices");
    for (int i = 0; i < p->in_count; i++)
        if (p->in[i].dtype != OC_F32)
            return oc__refuse(why, "only f32");
    int64_t most = OC_MAX(OC_MAX(x.h * x.w, x.oh * x.ow), OC_MAX((x.oh + 1) * x.stride_h, (x.ow + 1) * x.stride_w));
    if (most > INT32_MAX / 2 || (x.kh + 1) * x.dilation_h > INT32_MAX / 4 || (x.kw + 1) * x.dilation_w > INT32_MAX / 4)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    for (int i = 0; i < p->in_count + 1; i++) {
        oc__layout *layout = i < p->in_count ? &in[i] : &out[0];
        layout->block_count = 1;
        layout->block_axis[0] = 1;
        layout->block_size[0] = BLOCK;
    }
}

/* What moves, lanes of last blocks included, and a few cycles an element of a window. */
static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    oc__pool x = oc__pool_of(p);
    double planes = (double)(x.n * ((x.c + BLOCK - 1) / BLOCK)), big = (double)(x.h * x.w), small = (double)(x.oh * x.ow);
    bool max_bwd = p->op == &oc__op_max_pool2d_bwd, back = max_bwd || p->op == &oc__op_avg_pool2d_bwd;
    double vectors = planes * (max_bwd ? 3 * big + 2 * small : back ? 2 * big + small : big + small);
    double cycles = planes * small * ((double)(x.kh * x.kw) * (max_bwd ? 6 : back ? 2 : 1.5) + 6);
    return caps->launch_seconds + OC_MAX(vectors * BLOCK * 4 / (caps->peak_bytes * 0.9), cycles * 64 / caps->peak_flops);
}

static oc__step *record_kernel(const oc__recording *r, const char *file, const char *kernel, oc__string *text) {
    const oc__problem *p = r->problem;
    oc__step *step = oc__step_kernel(r->steps, file, text->text, kernel);
    for (int i = 0; i < p->in_count; i++)
        if (!(p->op->flags & OC_OP_SHAPE_ONLY) || i < p->op->like_operand)
            oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    return step;
}

static oc_status record_window(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__pool x = oc__pool_of(p);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    bool backward = p->op == &oc__op_max_pool2d_bwd || p->op == &oc__op_avg_pool2d_bwd;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "#define OP_%s\n%s", p->op->name, x.include_pad ? "#define INCLUDE_PAD\n" : "");
    static const char *const names[] = {"KH", "KW", "SH", "SW", "DH", "DW"};
    int64_t shape[] = {x.kh, x.kw, x.stride_h, x.stride_w, x.dilation_h, x.dilation_w};
    for (size_t i = 0; i < OC_COUNT(shape); i++)
        oc__string_printf(&text, "#define %s %lld\n", names[i], (long long)shape[i]);
    oc__step *step = record_kernel(r, "pool_window.cl", "pool_window", &text);
    int64_t blocks = (x.c + BLOCK - 1) / BLOCK;
    oc__step_i32(r->steps, step, blocks);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    int64_t numbers[] = {x.h, x.w, x.oh, x.ow, x.pad_h, x.pad_w, x.h + x.pad_h_end, x.w + x.pad_w_end};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    int64_t items = x.oh;
    if (backward) { /* rows of windows that share nothing can be shared out, here eight at a time */
        int64_t rows = x.stride_h > (x.kh - 1) * x.dilation_h ? 8 : OC_MAX(x.oh, 1);
        oc__step_i32(r->steps, step, rows);
        items = OC_MAX(1, (x.oh + rows - 1) / rows);
    }
    oc__step_range_single(step, (uint64_t)items, (uint64_t)(x.n * blocks), 1);
    return oc__record_end(r, &text, err);
}

static oc_status record_global(const oc__recording *r, oc_error *err) {
    oc__pool x = oc__pool_of(r->problem);
    if (oc__count(&r->problem->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "#define OP_%s\n", r->problem->op->name);
    oc__string name;
    oc__string_init(&name, r->context);
    oc__string_printf(&name, "%s_blocked", r->problem->op->name);
    oc__step *step = record_kernel(r, "pool_global.cl", name.text, &text);
    r->steps->failed = r->steps->failed || name.failed;
    oc__string_finish(&name);
    oc__step_i64(r->steps, step, x.w);
    oc__step_range_single(step, (uint64_t)(x.n * ((x.c + BLOCK - 1) / BLOCK)), 1, 1);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__pool_blocked_window = {.name = "pool.blocked", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE,
                                            .applicable = applicable, .layouts = layouts, .estimate = estimate,
                                            .record = record_window};
const oc__solver oc__pool_blocked = {.name = "pool.blocked", .flags = OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts, .estimate = estimate,
                                     .record = record_global};

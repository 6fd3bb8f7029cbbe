/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution for CPU devices: as many groups as channels, one filter each. Memory-bound: channels stay in blocks. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.cg != 1 || c.kg != 1 || c.g < 2)
        return oc__refuse(why, "one channel and one filter a group only");
    if (c.r * c.s > 49)
        return oc__refuse(why, "a filter of more than 49 elements does not fit the registers");
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    in[1] = oc__layout_blocked(4, 0, 16);
    for (int i = 0; i < p->post.count; i++)
        if (p->post.items[i].kind == OC_POST_RESIDUAL)
            in[p->post.items[i].operand] = out[0];
}

/* Rows a work-item takes so that enough are left to share. */
static int64_t rows_of(const oc__conv *c, const oc__caps *caps) {
    int64_t items = 16 * (int64_t)OC_MAX(caps->compute_units, 1u), all = c->n * ((c->c + 15) / 16) * c->oh;
    return OC_MIN(OC_MAX(all / items, 1), OC_MAX(c->oh, 1));
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    oc__conv c = oc__conv_of(p);
    double rows = (double)(c.n * ((c.c + 15) / 16) * c.oh);
    return oc__tile_seconds(p, caps, rows * (double)c.ow * ((double)(c.r * c.s) + 4), rows);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    int64_t blocks = (c.c + 15) / 16, rows = rows_of(&c, r->caps);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "#define R %lld\n#define S %lld\n#define SW %lld\n#define DX %lld\n", (long long)c.r, (long long)c.s,
                      (long long)c.stride_w, (long long)c.dilation_w);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_depthwise.cl", text.text, "conv2d_depthwise");
    oc__step_place(r->steps, step, r->in[0].place, 4);
    oc__step_place(r->steps, step, r->in[1].place, 4);
    oc__step_place(r->steps, step, r->out[0].place, 4);
    int64_t numbers[] = {blocks, c.c, c.h, c.w, c.oh, c.ow, c.stride_h, c.dilation_h, c.pad_h, c.pad_w, rows};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((c.oh + rows - 1) / rows), (uint64_t)blocks, (uint64_t)c.n);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_depthwise = {.name = "conv2d.depthwise", .flags = OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
                                         .estimate = estimate, .record = record};

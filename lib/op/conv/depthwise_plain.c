/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution for GPUs, on plain layouts. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

static const int32_t pixel_values[] = {4, 1, 8, 0};
static const oc__tuning space[] = {{"PIXELS", pixel_values}, {NULL, NULL}};

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__posts_f32(p, why))
        return false;
    if (c.cg != 1)
        return oc__refuse(why, "groups of more than one channel");
    if (oc__count(&p->out[0].shape) == 0 || oc__count(&p->in[0].shape) == 0)
        return oc__refuse(why, "nothing to add");
    int64_t most = OC_MAX(c.h + c.r * c.dilation_h + c.pad_h, c.w + c.s * c.dilation_w + c.pad_w);
    most = OC_MAX(OC_MAX(most, c.n * c.k), OC_MAX((c.oh + 8) * c.stride_h, (c.ow + 8) * c.stride_w));
    if (most >= 1 << 30 || c.k * c.r * c.s >= 1 << 30)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return oc__rounds_fit(caps, c.r * (c.s + 1), why);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)v;
    bool gpu = caps->type == OC_DEVICE_GPU;
    return oc__estimate_roofline(p, caps, gpu ? 0.1 : 0.02, gpu ? 0.5 : 0.06);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    int pixels = r->variant.value[0];
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__conv_define(p, r->caps, &text);
    oc__string_append(&text, oc__conv_has_bias(p) ? "#define HAS_BIAS\n" : "");
    oc__string_printf(&text, "#define PIXELS %d\n", pixels);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_depthwise_plain.cl", text.text, "conv2d_depthwise_plain");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t numbers[] = {c.k, c.kg, c.h, c.w, c.oh, c.ow, c.r, c.s, c.stride_h, c.stride_w, c.pad_h, c.pad_w, c.dilation_h, c.dilation_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    if (oc__conv_has_bias(p))
        oc__step_desc(r->steps, step, r->in[2].place, &p->in[2]);
    oc__epilogue_args(r, step);
    uint64_t across = (uint64_t)((c.ow + pixels - 1) / pixels), down = (uint64_t)c.oh, x = 1, y = 1;
    while (x < 16 && x < across && 2 * x <= r->caps->max_work_group)
        x *= 2;
    while (x * y < 64 && y < down && 2 * x * y <= r->caps->max_work_group)
        y *= 2;
    oc__step_range_local(step, 3, (uint64_t[]){(across + x - 1) / x * x, (down + y - 1) / y * y, (uint64_t)(c.n * c.k)},
                         (uint64_t[]){x, y, 1});
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_depthwise_plain = {.name = "conv2d.depthwise_plain", .applicable = applicable, .space = space,
                                               .estimate = estimate, .record = record};

/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution for CPU devices from a plain source: first layers, whose one or three channels would fill a block badly. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.g > 1)
        return oc__refuse(why, "groups");
    if ((c.s - 1) * c.dilation_w > 63)
        return oc__refuse(why, "the kernel reaches over more than 64 pixels of a row");
    return true;
}

static int vectors(const oc__problem *p) {
    return oc__tile_vectors(oc__conv_of(p).k, 1, 3, true);
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    in[1] = oc__layout_blocked(4, 0, 16 * vectors(p));
    out[0] = oc__layout_blocked(4, 1, 16);
    for (int i = p->op_in; i < p->in_count; i++)
        if (p->in[i].shape.rank == 4)
            in[i] = out[0];
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    *out = (oc__variant){{oc__tile_length(vectors(p), oc__conv_of(p).ow, 1, false)}};
}

static const int32_t tile_columns[] = {28, 24, 16, 14, 12, 9, 8, 7, 6, 5, 4, 0};
static const oc__tuning space[] = {{"T", tile_columns}, {NULL, NULL}};

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__conv c = oc__conv_of(p);
    int t = v->value[0], kv = vectors(p);
    double tiles = (double)((c.ow + t - 1) / t * c.oh * c.n) * (double)((c.k + kv * 16 - 1) / (kv * 16));
    double lines = (double)(c.c * c.r), cycles = lines * ((double)c.s * oc__tile_cycles(kv, t, 1) + 16) + 8.0 * kv * t;
    return oc__tile_seconds(p, caps, tiles * cycles, tiles);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    int kv = vectors(p), columns = r->variant.value[0];
    int64_t tiles_x = (c.ow + columns - 1) / columns, reach = OC_MAX(10, (c.s - 1) * c.dilation_w);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "#define KV %d\n#define T %d\n#define SW %lld\n#define REACH %lld\n", kv, columns, (long long)c.stride_w,
                      (long long)reach);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_plain.cl", text.text, "conv2d_plain");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (c.k + 15) / 16 * 16 * c.oh * c.ow);
    int64_t numbers[] = {c.c, c.h, c.w, c.k, c.oh, c.ow, c.r, c.s, c.stride_h, c.dilation_h, c.dilation_w, -c.pad_h, -c.pad_w, tiles_x};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)(tiles_x * c.oh), (uint64_t)((c.k + kv * 16 - 1) / (kv * 16)), (uint64_t)c.n);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_direct_plain = {
    .name = "conv2d.direct_plain", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .space = space, .variant = variant, .estimate = estimate, .record = record};

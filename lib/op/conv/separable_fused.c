/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise separable convolution for CPU devices: what is between its two parts never leaves a processor. */
#include "op/conv/direct.h"
#include "op/conv/separable.h"
#include "op/epilogue.h"
#include "op/room.h"

#define NEAR_BYTES 400000 /* of what is between: besides weights, in a second-level cache */
#define FAR_BYTES 1000000 /* of weights: no longer in a second-level cache */

/* Rows of the depthwise result a work-item takes, and panels of the result. */
typedef struct cut {
    int64_t bands, rows, panels, share, parts;
    double cycles; /* of the busiest unit */
} cut;

static int vectors(const oc__separable *x) {
    return oc__tile_vectors(x->k, 1, 3, true);
}

static uint64_t bytes_of(const oc__separable *x, int64_t rows, int t) {
    return (uint64_t)((x->c + 15) / 16 * ((rows * x->ow + t - 1) / t * t) * 64);
}

static cut cut_of(const oc__separable *x, const oc__caps *caps, int t) {
    cut best = {0};
    int kv = vectors(x);
    int64_t panels = (x->k + kv * 16 - 1) / (kv * 16), units = OC_MAX(caps->compute_units, 1u);
    uint64_t most = OC_MIN(caps->local_mem > 1024 ? caps->local_mem - 1024 : 0, (uint64_t)NEAR_BYTES);
    for (int64_t rows = 1; rows <= OC_MAX(x->oh, 1); rows++)
        for (int64_t parts = 1; parts <= OC_MIN(panels, 4); parts *= 2) {
            if (bytes_of(x, rows, t) > most)
                continue;
            int64_t bands = (x->oh + rows - 1) / rows * x->n, share = (panels + parts - 1) / parts;
            double tiles = (double)((rows * x->ow + t - 1) / t), blocks = (double)((x->c + 15) / 16);
            double depthwise = blocks * (double)(rows * x->ow) * ((double)(x->r * x->s) + 6);
            double product = (double)share * tiles * ((double)x->c * oc__tile_cycles(kv, t, 16) + blocks * 10 + 8.0 * kv * t);
            double weights = (double)share * (double)x->c * kv * 64; /* bytes, from a further cache: more than fit, more slowly */
            double read = weights > FAR_BYTES ? weights / 6 : weights / 24;
            double cycles = (depthwise + OC_MAX(product, read) + 0.2 * OC_MIN(product, read) + 500) * (double)((bands * parts + units - 1) / units);
            if (best.cycles == 0 || cycles < best.cycles)
                best = (cut){bands, rows, panels, share, (panels + share - 1) / share, cycles};
        }
    return best;
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    oc__separable x = oc__separable_of(p);
    *out = (oc__variant){{oc__tile_length(vectors(&x), x.ow * OC_MIN(x.oh, 4), 16, false)}};
}

bool oc__separable_fits(const oc__separable *x, char why[OC_WHY]) {
    int64_t most = OC_MAX(OC_MAX(x->h * x->w, x->oh * x->ow) * 16, OC_MAX(x->c, x->k) * 64), limit = INT32_MAX / 2;
    if (most > limit || x->h + x->r * x->dilation_h + x->pad_h > limit || x->w + x->s * x->dilation_w + x->pad_w > limit ||
        x->oh * x->stride_h > limit || x->ow * x->stride_w > limit)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__separable x = oc__separable_of(p);
    oc__variant v;
    if (!oc__for_cpu_f32(p, caps, why) || !oc__separable_fits(&x, why))
        return false;
    variant(p, caps, &v);
    return cut_of(&x, caps, v.value[0]).rows > 0 || oc__refuse(why, "local memory does not hold a row of all channels");
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    oc__separable x = oc__separable_of(p);
    static const char *const weights[] = {"", "ABcd16b16a", "ABcd16b32a", "ABcd16b48a"};
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    in[1] = oc__layout_blocked(4, 0, 16);
    oc__layout_parse(weights[vectors(&x)], &in[2]);
    for (int i = p->op_in; i < p->in_count; i++)
        if (p->in[i].shape.rank == 4)
            in[i] = out[0];
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__separable x = oc__separable_of(p);
    double units = OC_MAX(caps->compute_units, 1u), bytes = oc__problem_cost(p).bytes / (caps->peak_bytes * 0.8);
    double adds = cut_of(&x, caps, v->value[0]).cycles * 64 * units / caps->peak_flops;
    return caps->launch_seconds + OC_MAX(adds, bytes);
}

void oc__separable_bias(const oc__recording *r, oc__step *step, int operand) {
    bool there = r->problem->op_in > operand && r->problem->in[operand].dtype;
    int given = there ? operand : 1; /* any, where it is not read */
    oc__step_desc(r->steps, step, r->in[given].place, &r->problem->in[given]);
    oc__step_i32(r->steps, step, there);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__separable x = oc__separable_of(p);
    int t = r->variant.value[0];
    cut c = cut_of(&x, r->caps, t);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s#define KV %d\n#define T %d\n#define R %lld\n#define S %lld\n#define SW %lld\n#define DX %lld\n",
                      r->caps->fast_fma ? "#define FAST_FMA\n" : "", vectors(&x), t, (long long)x.r, (long long)x.s,
                      (long long)x.stride_w, (long long)x.dilation_w);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_separable.cl", text.text, "conv2d_separable");
    for (int i = 0; i < 3; i++)
        oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__separable_bias(r, step, 3);
    oc__step_local(r->steps, step, (size_t)bytes_of(&x, c.rows, t));
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (x.k + 15) / 16 * 16 * x.oh * x.ow);
    int64_t numbers[] = {x.c, x.h, x.w, x.k, x.oh, x.ow, x.stride_h, x.dilation_h, x.pad_h, x.pad_w}, shares[] = {c.rows, c.panels, c.share};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_f32(r->steps, step, x.limit);
    for (size_t i = 0; i < OC_COUNT(shares); i++)
        oc__step_i32(r->steps, step, shares[i]);
    oc__separable_bias(r, step, 4);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((x.oh + c.rows - 1) / c.rows), (uint64_t)c.parts, (uint64_t)x.n);
    return oc__record_end(r, &text, err);
}

static const int32_t tile_pixels[] = {28, 14, 12, 9, 7, 4, 1, 0};
static const oc__tuning space[] = {{"T", tile_pixels}, {NULL, NULL}};

const oc__solver oc__conv2d_separable_fused = {
    .name = "conv2d_separable.fused", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .space = space, .variant = variant, .estimate = estimate, .record = record};

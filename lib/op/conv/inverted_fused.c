/* SPDX-License-Identifier: Apache-2.0 */
/* The inverted residual for CPU devices: what is between its parts never leaves a processor. */
#include "op/conv/direct.h"
#include "op/conv/inverted.h"
#include "op/epilogue.h"
#include "op/room.h"

#define NEAR_BYTES 700000 /* of what is between: besides weights, in a second-level cache */

static int first_vectors(const oc__inverted *x) {
    return oc__tile_vectors(x->tail.c, 1, 3, true);
}

static int first_length(int kv) {
    return kv == 1 ? 28 : kv == 2 ? 14 : 9;
}

static int last_vectors(const oc__inverted *x) {
    return oc__tile_vectors(x->tail.k, 1, 3, true);
}

/* Rows of the first part's result that `rows` of the last one's take, at most. */
static int64_t source_rows(const oc__inverted *x, int64_t rows) {
    const oc__separable *s = &x->tail;
    return OC_MIN(s->h, (rows - 1) * s->stride_h + (s->r - 1) * s->dilation_h + 1);
}

static uint64_t bytes_of(const oc__inverted *x, int64_t rows, int t) {
    const oc__separable *s = &x->tail;
    uint64_t mid = (uint64_t)((s->c + 15) / 16 * ((rows * s->ow + t - 1) / t * t) * 64);
    return mid + (uint64_t)(first_vectors(x) * source_rows(x, rows) * s->w * 64);
}

/* Cycles in which one unit makes so many rows of the result. */
static double cycles_of(const oc__inverted *x, int64_t rows, int t) {
    const oc__separable *s = &x->tail;
    int kv0 = first_vectors(x), t0 = first_length(kv0), kv = last_vectors(x);
    double groups = (double)((s->c + kv0 * 16 - 1) / (kv0 * 16)), tiles0 = (double)((source_rows(x, rows) * s->w + t0 - 1) / t0);
    double first = groups * tiles0 * ((double)x->b * oc__tile_cycles(kv0, t0, 16) + (double)x->b / 16 * 12 + 3.5 * kv0 * t0);
    double blocks = (double)((s->c + 15) / 16), depthwise = blocks * (double)(rows * s->ow) * ((double)(s->r * s->s) * 0.7 + 3);
    double panels = (double)((s->k + kv * 16 - 1) / (kv * 16)), tiles = (double)((rows * s->ow + t - 1) / t);
    return first + depthwise + panels * tiles * ((double)s->c * oc__tile_cycles(kv, t, 16) + blocks * 10 + 8.0 * kv * t) + 500;
}

typedef struct cut {
    int64_t rows; /* a work-item makes; 0: local memory holds none */
    double cycles; /* of the busiest unit */
} cut;

static cut cut_of(const oc__inverted *x, const oc__caps *caps, int t) {
    cut best = {0};
    int64_t units = OC_MAX(caps->compute_units, 1u);
    uint64_t most = OC_MIN(caps->local_mem > 1024 ? caps->local_mem - 1024 : 0, (uint64_t)NEAR_BYTES);
    for (int64_t rows = 1; rows <= OC_MAX(x->tail.oh, 1) && bytes_of(x, rows, t) <= most; rows++) {
        int64_t bands = (x->tail.oh + rows - 1) / rows * x->tail.n;
        double cycles = cycles_of(x, rows, t) * (double)((bands + units - 1) / units);
        if (best.rows == 0 || cycles < best.cycles)
            best = (cut){rows, cycles};
    }
    return best;
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    oc__inverted x = oc__inverted_of(p);
    *out = (oc__variant){{oc__tile_length(last_vectors(&x), x.tail.ow * OC_MIN(x.tail.oh, 4), 16, false)}};
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__inverted x = oc__inverted_of(p);
    oc__variant v;
    if (!oc__for_cpu_f32(p, caps, why) || !oc__separable_fits(&x.tail, why))
        return false;
    if (OC_MAX(x.b * x.tail.c, x.b * 64) > INT32_MAX / 2)
        return oc__refuse(why, "a size beyond what 32 bits count");
    variant(p, caps, &v);
    return cut_of(&x, caps, v.value[0]).rows > 0 || oc__refuse(why, "local memory does not hold a row of all channels");
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    oc__inverted x = oc__inverted_of(p);
    static const char *const weights[] = {"", "ABcd16b16a", "ABcd16b32a", "ABcd16b48a"};
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    oc__layout_parse(weights[first_vectors(&x)], &in[1]);
    in[2] = oc__layout_blocked(4, 0, 16);
    oc__layout_parse(weights[last_vectors(&x)], &in[3]);
    for (int i = p->op_in; i < p->in_count; i++)
        if (p->in[i].shape.rank == 4)
            in[i] = out[0];
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__inverted x = oc__inverted_of(p);
    double units = OC_MAX(caps->compute_units, 1u), bytes = oc__problem_cost(p).bytes / (caps->peak_bytes * 0.8);
    double adds = cut_of(&x, caps, v->value[0]).cycles * 64 * units / caps->peak_flops;
    return caps->launch_seconds + OC_MAX(adds, bytes);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__inverted x = oc__inverted_of(p);
    const oc__separable *s = &x.tail;
    int t = r->variant.value[0], kv0 = first_vectors(&x), kv = last_vectors(&x);
    cut c = cut_of(&x, r->caps, t);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "#define KV0 %d\n#define T0 %d\n#define KV1 %d\n#define T1 %d\n#define R %lld\n#define S %lld\n#define SW %lld\n"
                      "#define DX %lld\n", kv0, first_length(kv0), kv, t, (long long)s->r, (long long)s->s, (long long)s->stride_w,
                      (long long)s->dilation_w);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_inverted.cl", text.text, "conv2d_inverted");
    for (int i = 0; i < 4; i++)
        oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__separable_bias(r, step, 4);
    oc__separable_bias(r, step, 5);
    oc__step_local(r->steps, step, (size_t)bytes_of(&x, c.rows, t));
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (s->k + 15) / 16 * 16 * s->oh * s->ow);
    int64_t numbers[] = {x.b, s->c, s->h, s->w, s->k, s->oh, s->ow, s->stride_h, s->dilation_h, s->pad_h, s->pad_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_f32(r->steps, step, x.first_limit);
    oc__step_f32(r->steps, step, s->limit);
    oc__step_i32(r->steps, step, c.rows);
    oc__step_i32(r->steps, step, (s->k + kv * 16 - 1) / (kv * 16));
    oc__separable_bias(r, step, 6);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((s->oh + c.rows - 1) / c.rows), (uint64_t)s->n, 1);
    return oc__record_end(r, &text, err);
}

static const int32_t tile_pixels[] = {28, 14, 12, 9, 7, 4, 1, 0};
static const oc__tuning space[] = {{"T", tile_pixels}, {NULL, NULL}};

const oc__solver oc__conv2d_inverted_fused = {
    .name = "conv2d_inverted.fused", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .space = space, .variant = variant, .estimate = estimate, .record = record};

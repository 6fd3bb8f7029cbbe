/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution for CPU devices, channels in blocks: a work-item keeps tiles of KV x 16 channels by T pixels in registers.
 * Forward, and backward by data, which is the same walk over dy with the roles of the channels exchanged. */
#include "op/conv/direct.h"

#include "op/epilogue.h"
#include "op/room.h"

#define MT 12 /* tiles a work-item takes at most: their sums stay in a first-level cache */

/* The direction as the kernel sees it: `in` is what is walked over, `out` what is written. */
typedef struct walk {
    bool backward;
    int64_t n, c, h, w, k, oh, ow, g; /* c, k: channels of all groups */
    int64_t rows, columns, phases;    /* of the result: of one phase, and how many there are */
    int kv; /* of tiles of kv x 16 channels */
} walk;

static walk walk_of(const oc__problem *p) {
    oc__conv c = oc__conv_of(p);
    walk x = {.backward = p->op == &oc__op_conv2d_bwd_data, .n = c.n, .c = c.c, .h = c.h, .w = c.w, .k = c.k, .oh = c.oh, .ow = c.ow,
              .g = c.g, .phases = 1};
    if (x.backward)
        x = (walk){.backward = true, .n = c.n, .c = c.k, .h = c.oh, .w = c.ow, .k = c.c, .oh = c.h, .ow = c.w, .g = c.g,
                   .phases = c.stride_h * c.stride_w};
    x.rows = x.backward ? (x.oh + c.stride_h - 1) / c.stride_h : x.oh;
    x.columns = x.backward ? (x.ow + c.stride_w - 1) / c.stride_w : x.ow;
    x.kv = oc__tile_vectors(x.k, x.g, c.r * c.s == 1 ? 4 : 3, true);
    return x;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    return oc__conv_for_cpu(p, caps, why) && oc__conv_groups_fit(&c, why);
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    walk x = walk_of(p);
    oc__conv_blocks(p, x.backward, x.kv, in, out);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    walk x = walk_of(p);
    *out = (oc__variant){{oc__tile_length(x.kv, x.columns, 16, false)}};
}

/* Blocks of source channels whose weights stay in a first-level cache while tiles go over them. */
static int64_t chunk_of(const oc__conv *c, const walk *x) {
    return OC_MAX(1, 20480 / (c->r * c->s * 1024 * x->kv));
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__conv c = oc__conv_of(p);
    walk x = walk_of(p);
    int t = v->value[0];
    double tiles = (double)((x.columns + t - 1) / t * x.rows * x.n) * (double)((x.k / x.g + x.kv * 16 - 1) / (x.kv * 16) * x.g);
    double taps = (double)(c.r * c.s), joined = (double)(x.c / x.g / 16 * c.r), single = x.c / x.g % 16 || x.backward ? taps : 0;
    double cycles = (double)(x.c / x.g) * taps * oc__tile_cycles(x.kv, t, 16) + (joined + single) * 40 + 8.0 * x.kv * t;
    double phases = (double)x.phases * 200 / 64; /* each takes its share of the taps */
    return oc__tile_seconds(p, caps, tiles * (cycles + phases), tiles * (double)x.phases);
}

static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    walk x = walk_of(p);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    bool back = x.backward;
    int64_t stride_h = back ? 1 : c.stride_h, stride_w = back ? 1 : c.stride_w;
    int64_t t = r->variant.value[0], reach = OC_MAX(6, (c.s - 1) * c.dilation_w);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "%s#define KV %d\n#define T %d\n#define SW %lld\n#define REACH %lld\n#define MT %d\n",
                      x.phases > 1 ? "#define PHASES\n" : "", x.kv, (int)t, (long long)stride_w, (long long)reach, MT);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_direct.cl", text.text, "conv2d_direct");
    oc__step_place(r->steps, step, r->in[0].place, 4);
    oc__step_place(r->steps, step, r->in[1].place, 4);
    oc__step_place(r->steps, step, r->out[0].place, 4);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (x.k + 15) / 16 * 16 * x.oh * x.ow);
    int64_t cg = x.c / x.g, group_k = (x.k / x.g + x.kv * 16 - 1) / (x.kv * 16);
    int64_t tiles_x = (x.columns + t - 1) / t, tiles = tiles_x * x.rows;
    int64_t chunk = chunk_of(&c, &x);
    int64_t per_item = oc__conv_share(r->caps, tiles, x.phases * group_k * x.g * x.n, chunk * 16 >= cg ? 4 : MT, chunk * 16 >= cg);
    int64_t items = (tiles + per_item - 1) / per_item * x.phases, panels = group_k * x.g;
    bool panels_first = x.k * cg * c.r * c.s * 4 <= OC_CONV_NEAR_BYTES;
    int64_t numbers[] = {cg, x.h, x.w, x.k, x.oh, x.ow, c.r, c.s, stride_h, back ? -c.dilation_h : c.dilation_h,
                         back ? -c.dilation_w : c.dilation_w, back ? c.pad_h : -c.pad_h, back ? c.pad_w : -c.pad_w, tiles_x, tiles,
                         per_item, chunk, group_k, cg / 16, back ? c.stride_h : 1, back ? c.stride_w : 1,
                         back ? c.stride_h / gcd(c.dilation_h, c.stride_h) : 1,
                         back ? c.stride_w / gcd(c.dilation_w, c.stride_w) : 1, panels, panels_first ? 0 : items};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)(items * panels), (uint64_t)x.n, 1);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_direct = {
    .name = "conv2d.direct", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
    .space = oc__conv_tiles, .variant = variant, .estimate = estimate, .record = record};
const oc__solver oc__conv2d_bwd_data_direct = {
    .name = "conv2d_bwd_data.direct", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .space = oc__conv_tiles, .variant = variant, .estimate = estimate, .record = record};

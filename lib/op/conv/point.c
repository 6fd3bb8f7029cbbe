/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution without padding for CPU devices, channels in blocks: the product of the weights and the pixels, taken as one long
 * row, where they lie. Forward, and backward by data, where the channels exchange their roles; a stride takes its pixels out first. */
#include "op/conv/direct.h"

#include "op/epilogue.h"
#include "op/room.h"

#define MT 8 /* tiles a work-item takes at most: their sums stay in a first-level cache */

/* The direction as the kernel sees it: c channels in, k out, of all groups. */
typedef struct walk {
    bool backward, sampled;
    int64_t n, c, k, g, pixels;
    int kv; /* of tiles of kv x 16 channels */
} walk;

static walk walk_of(const oc__problem *p) {
    oc__conv c = oc__conv_of(p);
    walk x = {.backward = p->op == &oc__op_conv2d_bwd_data, .n = c.n, .c = c.c, .k = c.k, .g = c.g, .pixels = c.oh * c.ow};
    x.sampled = c.h != c.oh || c.w != c.ow;
    if (x.backward) {
        x.c = c.k;
        x.k = c.c;
    }
    x.kv = oc__tile_vectors(x.k, x.g, 4, true);
    return x;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.r * c.s != 1 || c.pad_h || c.pad_w || (c.oh - 1) * c.stride_h >= c.h || (c.ow - 1) * c.stride_w >= c.w)
        return oc__refuse(why, "only for windows of 1x1 without padding");
    if (p->op == &oc__op_conv2d_bwd_data && (c.h != c.oh || c.w != c.ow))
        return oc__refuse(why, "backward only without a stride");
    return oc__conv_groups_fit(&c, why);
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    walk x = walk_of(p);
    oc__conv_blocks(p, x.backward, x.kv, in, out);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    walk x = walk_of(p);
    *out = (oc__variant){{oc__tile_length(x.kv, x.pixels, 16, false)}};
}

/* Blocks of source channels whose weights stay in a first-level cache while tiles go over them, in nearly equal parts. */
static int64_t chunk_of(const walk *x) {
    int64_t blocks = OC_MAX(1, (x->c / x->g + 15) / 16), most = OC_MAX(1, 24576 / (1024 * x->kv));
    int64_t chunks = (blocks + most - 1) / most;
    return (blocks + chunks - 1) / chunks;
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    walk x = walk_of(p);
    int t = v->value[0];
    double tiles = (double)((x.pixels + t - 1) / t * x.n) * (double)((x.k / x.g + x.kv * 16 - 1) / (x.kv * 16) * x.g);
    double channels = (double)(x.c / x.g);
    double cycles = channels * oc__tile_cycles(x.kv, t, 16) + channels / 16 * 12 + 8.0 * x.kv * t + 60;
    return oc__tile_seconds(p, caps, tiles * cycles, tiles) + (x.sampled ? caps->launch_seconds : 0);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)caps, (void)v;
    walk x = walk_of(p);
    return x.sampled ? (uint64_t)(x.n * ((x.c + 15) / 16) * x.pixels) * 64 : 0;
}

static void record_sampling(const oc__recording *r, const oc__conv *c) {
    oc__step *step = oc__step_kernel(r->steps, "conv2d_subsample.cl", "", "conv2d_subsample");
    oc__step_place(r->steps, step, r->in[0].place, 4);
    oc__step_place(r->steps, step, r->workspace, 4);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    int64_t blocks = (c->c + 15) / 16, numbers[] = {blocks, c->h, c->w, c->oh, c->ow, c->stride_h, c->stride_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)(blocks * c->oh), (uint64_t)c->n, 1);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    walk x = walk_of(p);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    int64_t t = r->variant.value[0];
    if (x.sampled)
        record_sampling(r, &c);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__conv_define(p, r->caps, &text);
    oc__string_printf(&text, "#define KV %d\n#define T %d\n#define MT %d\n", x.kv, (int)t, MT);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_point.cl", text.text, "conv2d_point");
    oc__step_place(r->steps, step, x.sampled ? r->workspace : r->in[0].place, 4);
    oc__step_place(r->steps, step, r->in[1].place, 4);
    oc__step_place(r->steps, step, r->out[0].place, 4);
    oc__step_i64(r->steps, step, x.sampled ? (x.c + 15) / 16 * 16 * x.pixels : r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (x.k + 15) / 16 * 16 * x.pixels);
    int64_t cg = x.c / x.g, group_k = (x.k / x.g + x.kv * 16 - 1) / (x.kv * 16), panels = group_k * x.g;
    int64_t tiles = (x.pixels + t - 1) / t, chunk = chunk_of(&x);
    int64_t per_item = oc__conv_share(r->caps, tiles, panels * x.n, MT, chunk * 16 >= cg), items = (tiles + per_item - 1) / per_item;
    bool panels_first = x.k * cg * 4 <= OC_CONV_NEAR_BYTES;
    int64_t numbers[] = {cg, x.pixels, x.k, tiles, per_item, chunk, group_k, cg / 16, panels, panels_first ? 0 : items};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)(items * panels), (uint64_t)x.n, 1);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_point = {
    .name = "conv2d.point", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
    .space = oc__conv_tiles, .variant = variant, .workspace = workspace, .estimate = estimate, .record = record};
const oc__solver oc__conv2d_bwd_data_point = {
    .name = "conv2d_bwd_data.point", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .space = oc__conv_tiles, .variant = variant, .workspace = workspace, .estimate = estimate, .record = record};

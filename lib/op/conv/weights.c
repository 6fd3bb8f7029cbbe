/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights for CPU devices, on channels in blocks: parts of the pixels are summed up in the workspace, then the
 * parts, in a fixed order. */
#include "op/conv/direct.h"
#include "op/room.h"

#define BAND 160 /* pixels of the result: with both operands' channels they fit into a first-level cache */

#define NEAR_BYTES 1000000 /* of both operands: of a second-level cache */

/* How the pixels are cut: bands of whole images or of rows, and parts of consecutive bands. */
typedef struct cut {
    int64_t images, rows, bands_y, bands, parts;
    int64_t k_tiles, c_tiles; /* tiles of the result: all groups' k, one group's c */
    int kv;
} cut;

static cut cut_of(const oc__conv *c, const oc__caps *caps) {
    cut x = {.images = 1, .rows = OC_MAX(1, OC_MIN(c->oh, BAND / OC_MAX(c->ow, 1))), .kv = c->kg <= 16 || c->kg % 32 == 16 ? 1 : 2};
    if (c->g == 1)
        x.kv = c->kg <= 16 ? 1 : 2;
    x.bands_y = (c->oh + x.rows - 1) / x.rows;
    if (x.bands_y == 1)
        x.images = OC_MAX(1, OC_MIN(c->n, BAND / OC_MAX(c->oh * c->ow, 1)));
    x.bands = x.bands_y * ((c->n + x.images - 1) / x.images);
    x.k_tiles = (c->kg + x.kv * 16 - 1) / (x.kv * 16) * c->g;
    x.c_tiles = (c->cg + 15) / 16;
    int64_t wanted = 8 * (int64_t)caps->compute_units, tiles = x.k_tiles * x.c_tiles;
    int64_t data = c->n * (c->c * c->h * c->w + c->k * c->oh * c->ow) * 4, sums = OC_MAX(c->k * c->cg * c->r * c->s, 1) * 4;
    int64_t near = OC_MIN(data / NEAR_BYTES, data / 2 / sums); /* all tiles go over a part while it is near */
    x.parts = OC_MAX(1, OC_MIN(x.bands, OC_MAX(near, (wanted + tiles - 1) / OC_MAX(tiles, 1))));
    return x;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__without_posts(p, why) || !oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.g > 1 && (c.cg % 16 || c.kg % 16))
        return oc__refuse(why, "groups of %lld to %lld channels cannot be cut into blocks of 16", (long long)c.cg, (long long)c.kg);
    if (c.n * c.oh * c.ow == 0)
        return oc__refuse(why, "no pixels to sum over");
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)p, (void)caps, (void)out;
    in[0] = in[1] = oc__layout_blocked(4, 1, 16);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    oc__conv c = oc__conv_of(p);
    cut x = cut_of(&c, caps);
    return (uint64_t)(x.parts * x.k_tiles * x.c_tiles * c.r * c.s * 256 * x.kv) * sizeof(float);
}

/* The share of an axis' taps and results that lie in the source: only these are added. */
static double inside(int64_t size, int64_t out, int64_t taps, int64_t stride, int64_t dilation, int64_t pad) {
    int64_t count = 0;
    for (int64_t r = 0; r < OC_MIN(taps, 64); r++) {
        int64_t at = r * dilation - pad, first = at >= 0 ? 0 : (-at + stride - 1) / stride;
        int64_t last = at >= size ? 0 : OC_MIN(out, (size - at + stride - 1) / stride);
        count += OC_MAX(last - first, 0);
    }
    return (double)OC_MAX(count, 1) / (double)(OC_MAX(out, 1) * OC_MIN(taps, 64));
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__conv c = oc__conv_of(p);
    cut x = cut_of(&c, caps);
    double used = (double)c.kg * c.g * (double)c.cg / ((double)x.k_tiles * x.kv * 16 * (double)((c.cg + 7) / 8 * 8));
    double row = (double)c.ow / ((double)c.ow + 4);
    double useful = inside(c.h, c.oh, c.r, c.stride_h, c.dilation_h, c.pad_h) * inside(c.w, c.ow, c.s, c.stride_w, c.dilation_w, c.pad_w);
    double again = (double)workspace(p, caps, v) * 2 / caps->peak_bytes;
    return oc__estimate_roofline(p, caps, 0.75 * used * row / useful, 0.6) + again + caps->launch_seconds;
}

static void record_parts(const oc__recording *r, const oc__conv *c, const cut *x, const char *defines) {
    const oc__problem *p = r->problem;
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights.cl", defines, "conv2d_weights");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_place(r->steps, step, r->workspace, sizeof(float));
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, (c->k + 15) / 16 * 16 * c->oh * c->ow);
    int64_t numbers[] = {c->n, c->cg, c->h, c->w, (c->k + 15) / 16, c->oh, c->ow, c->r, c->s, c->stride_h, c->stride_w, c->dilation_h,
                         c->dilation_w, -c->pad_h, -c->pad_w, x->k_tiles / c->g, c->cg / 16, x->images, x->rows, x->bands_y, x->bands};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_local(step, 3, (uint64_t[]){(uint64_t)x->c_tiles, (uint64_t)x->k_tiles, (uint64_t)x->parts}, (uint64_t[]){1, 1, 1});
}

void oc__conv_record_weights_sum(const oc__recording *r, const oc__conv_sums *x) {
    oc__conv c = oc__conv_of(r->problem);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "%s#define KV %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "", x->kv);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights.cl", text.text, "conv2d_weights_sum");
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    oc__step_place(r->steps, step, r->workspace, sizeof(float));
    oc__step_desc(r->steps, step, r->out[0].place, &r->problem->out[0]);
    int64_t numbers[] = {c.k, c.cg, c.r * c.s, x->parts};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)x->c_tiles, (uint64_t)x->k_tiles, 1);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    oc__conv c = oc__conv_of(r->problem);
    cut x = cut_of(&c, r->caps);
    if (oc__count(&r->problem->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "%s#define KV %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "", x.kv);
    record_parts(r, &c, &x, text.text);
    oc__conv_record_weights_sum(r, &(oc__conv_sums){.kv = x.kv, .c_tiles = x.c_tiles, .k_tiles = x.k_tiles, .parts = x.parts});
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_bwd_weights_direct = {
    .name = "conv2d_bwd_weights.direct", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
    .workspace = workspace, .estimate = estimate, .record = record};

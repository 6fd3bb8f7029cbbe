/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights for CPU devices, from a plain source: first layers. */
#include "op/conv/direct.h"
#include "op/room.h"

#define BAND 320 /* pixels of the result taken at a time */

typedef struct cut {
    int64_t images, rows, bands_y, bands, parts, k_tiles, lines, ph, pw;
    bool pad;
    int kv, lt;
} cut;

static cut cut_of(const oc__conv *c, const oc__caps *caps) {
    cut x = {.images = 1, .rows = OC_MAX(1, OC_MIN(c->oh, BAND / OC_MAX(c->ow, 1))), .kv = c->k <= 16 ? 1 : 2, .lines = c->c * c->r,
             .ph = (c->oh - 1) * c->stride_h + (c->r - 1) * c->dilation_h + 1,
             .pw = (c->ow - 1) * c->stride_w + (c->s - 1) * c->dilation_w + 1};
    int64_t registers = 26 / x.kv / c->s;
    x.lt = (int)OC_MAX(1, OC_MIN(registers, x.lines));
    x.lt = (int)((x.lines + (x.lines + x.lt - 1) / x.lt - 1) / ((x.lines + x.lt - 1) / x.lt)); /* no smaller last group */
    x.bands_y = (c->oh + x.rows - 1) / x.rows;
    if (x.bands_y == 1)
        x.images = OC_MAX(1, OC_MIN(c->n, BAND / OC_MAX(c->oh * c->ow, 1)));
    x.bands = x.bands_y * ((c->n + x.images - 1) / x.images);
    x.k_tiles = (c->k + x.kv * 16 - 1) / (x.kv * 16);
    x.parts = OC_MAX(1, OC_MIN(x.bands, 8 * (int64_t)caps->compute_units / OC_MAX(x.k_tiles, 1)));
    x.pad = c->pad_h || c->pad_w || x.ph > c->h || x.pw > c->w;
    if (!x.pad) {
        x.ph = c->h;
        x.pw = c->w;
    }
    return x;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__without_posts(p, why) || !oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.g > 1)
        return oc__refuse(why, "groups");
    if (c.n * c.oh * c.ow == 0)
        return oc__refuse(why, "no pixels to sum over");
    if (c.s > 13)
        return oc__refuse(why, "the kernel is wider than 13");
    if (c.c > 32)
        return oc__refuse(why, "made for few channels");
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)p, (void)caps, (void)out;
    in[1] = oc__layout_blocked(4, 1, 16);
}

static uint64_t padded_bytes(const oc__conv *c, const cut *x) {
    return x->pad ? ((uint64_t)(c->n * c->c * x->ph * x->pw) * sizeof(float) + 63) / 64 * 64 : 0;
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    oc__conv c = oc__conv_of(p);
    cut x = cut_of(&c, caps);
    return padded_bytes(&c, &x) + (uint64_t)(x.parts * x.k_tiles * x.lines * c.s * 16 * x.kv) * sizeof(float);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__conv c = oc__conv_of(p);
    cut x = cut_of(&c, caps);
    double groups = (double)((x.lines + x.lt - 1) / x.lt), sums = (double)(x.lt * c.s * x.kv);
    double used = (double)c.k / (double)(x.k_tiles * x.kv * 16) * (double)x.lines / (groups * x.lt);
    double busy = OC_MIN(1.0, sums / 12) * (x.kv == 1 ? 0.6 : 0.75);
    return oc__estimate_roofline(p, caps, busy * used, 0.5) + (double)workspace(p, caps, v) * 2 / caps->peak_bytes +
           2 * caps->launch_seconds;
}

static oc__place record_pad(const oc__recording *r, const oc__conv *c, const cut *x, const char *defines) {
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights_plain.cl", defines, "conv2d_pad");
    oc__step_desc(r->steps, step, r->in[0].place, &r->problem->in[0]);
    oc__step_place(r->steps, step, r->workspace, sizeof(float));
    oc__step_i64(r->steps, step, r->in[0].stride0);
    int64_t numbers[] = {c->c, c->h, c->w, x->ph, x->pw, c->pad_h, c->pad_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)c->c, (uint64_t)c->n, 1);
    return r->workspace;
}

static void record_parts(const oc__recording *r, const oc__conv *c, const cut *x, const char *defines, oc__place parts) {
    const oc__problem *p = r->problem;
    oc__place src = x->pad ? record_pad(r, c, x, defines) : r->in[0].place;
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights_plain.cl", defines, "conv2d_weights_plain");
    oc__step_place(r->steps, step, src, sizeof(float));
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_place(r->steps, step, parts, sizeof(float));
    oc__step_i64(r->steps, step, x->pad ? c->c * x->ph * x->pw : r->in[0].stride0);
    oc__step_i64(r->steps, step, (c->k + 15) / 16 * 16 * c->oh * c->ow);
    int64_t numbers[] = {c->n, x->ph, x->pw, (c->k + 15) / 16, c->oh, c->ow, x->lines, c->r, c->stride_h, c->dilation_h, x->images,
                         x->rows, x->bands_y, x->bands};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)x->k_tiles, (uint64_t)x->parts, 1);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    cut x = cut_of(&c, r->caps);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "%s#define KV %d\n#define LT %d\n#define S %lld\n#define SW %lld\n#define DX %lld\n",
                      r->caps->fast_fma ? "#define FAST_FMA\n" : "", x.kv, x.lt, (long long)c.s, (long long)c.stride_w,
                      (long long)c.dilation_w);
    oc__place parts = {r->workspace.slab, r->workspace.offset + padded_bytes(&c, &x)};
    record_parts(r, &c, &x, text.text, parts);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights_plain.cl", text.text, "conv2d_weights_plain_sum");
    oc__step_place(r->steps, step, parts, sizeof(float));
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t numbers[] = {c.k, x.lines * c.s, x.parts};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)x.k_tiles, 1, 1);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_bwd_weights_direct_plain = {
    .name = "conv2d_bwd_weights.direct_plain", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
    .workspace = workspace, .estimate = estimate, .record = record};

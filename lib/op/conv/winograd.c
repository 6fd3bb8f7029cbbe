/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd convolution for CPU devices: 3 x 3, stride 1, in runs of tiles small enough for the caches, three steps each. */
#include <string.h>

#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

#define PER 4              /* tiles of a work-item in the transforms, as in the kernel */
#define RUN_BYTES 3000000  /* of transformed input and products: what two cores' second-level caches hold */

/* Numbers of a problem with tiles of T. */
typedef struct winograd {
    oc__conv c;
    int64_t points, rows, columns, tiles, run; /* run: tiles of one set of steps */
    int64_t c_stride, k_stride, panels;        /* floats between tiles: some padding keeps powers of two away */
    int mr;
} winograd;

static int tile_rows(int64_t tiles) {
    static const int rows[] = {12, 8, 6, 4};
    int best = 12;
    double least = 0;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        double cost = (double)((tiles + rows[i] - 1) / rows[i]) * (rows[i] + 0.8);
        if (i == 0 || cost < least * 0.98) {
            best = rows[i];
            least = cost;
        }
    }
    return best;
}

static winograd numbers(const oc__problem *p, int t) {
    winograd w = {.c = oc__conv_of(p), .points = (t + 2) * (t + 2)};
    w.rows = (w.c.oh + t - 1) / t;
    w.columns = (w.c.ow + t - 1) / t;
    w.tiles = w.c.n * w.rows * w.columns;
    w.panels = (w.c.k + 31) / 32;
    w.c_stride = (w.c.c + 15) / 16 * 16 + 16;
    w.k_stride = w.panels * 32 + 16;
    int64_t fit = RUN_BYTES / (w.points * 4 * (w.c_stride + w.k_stride));
    w.mr = tile_rows(OC_MIN(w.tiles, OC_MAX(fit, 48)));
    w.run = OC_MAX(fit, 48) / w.mr * w.mr;
    if (w.run > w.tiles)
        w.run = w.tiles;
    int64_t runs = (w.tiles + w.run - 1) / w.run; /* of equal length */
    w.run = ((w.tiles + runs - 1) / runs + w.mr - 1) / w.mr * w.mr;
    w.run = OC_MIN(w.run, w.tiles);
    return w;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.r != 3 || c.s != 3 || c.stride_h != 1 || c.stride_w != 1 || c.dilation_h != 1 || c.dilation_w != 1 || c.g != 1)
        return oc__refuse(why, "3 by 3, stride 1, no dilation, one group only");
    if (c.c < 16 || c.k < 16)
        return oc__refuse(why, "too few channels for the transforms to pay");
    return true;
}

static void layouts(const oc__problem *p, int t, oc__layout *in, oc__layout *out) {
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    oc__layout_parse(t == 4 ? "w4cdAb32a" : "w2cdAb32a", &in[1]);
    for (int i = 0; i < p->post.count; i++)
        if (p->post.items[i].kind == OC_POST_RESIDUAL)
            in[p->post.items[i].operand] = out[0];
}

static uint64_t workspace(const oc__problem *p, int t) {
    winograd w = numbers(p, t);
    return (uint64_t)(w.points * w.run * (w.c_stride + w.k_stride)) * 4;
}

/* The products at three quarters of the peak, some 230 cycles a tile and block for either transform of F(4x4), and the weights, read
 * once a run. */
static double estimate(const oc__problem *p, const oc__caps *caps, int t) {
    winograd w = numbers(p, t);
    double runs = (double)((w.tiles + w.run - 1) / w.run);
    double rows = (double)((w.run + w.mr - 1) / w.mr * w.mr) * runs;
    double products = (double)w.points * rows * (double)w.c.c * (double)w.panels / 0.75 * (1 + 0.8 / w.mr);
    double blocks = (double)((w.c.c + 15) / 16) + (double)w.panels * 2;
    double transforms = (double)w.tiles * blocks * (t == 4 ? 230 : 95);
    double groups = (double)((w.run + w.mr - 1) / w.mr) * (double)w.panels * (double)w.points;
    double weights = runs * (double)(w.points * w.c.c * w.panels * 32 * 4) / (caps->peak_bytes * 1.5);
    return oc__tile_seconds(p, caps, products + transforms, groups) + weights + runs * 3 * caps->launch_seconds;
}

static oc__step *add_step(const oc__recording *r, const winograd *w, int t, const char *kernel) {
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(r->problem, &text);
    oc__string_printf(&text, "%s%s#define T %d\n#define MR %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "",
                      oc__conv_has_bias(r->problem) ? "#define HAS_BIAS\n" : "", t, w->mr);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_winograd.cl", text.text, kernel);
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    return step;
}

static void add_numbers(const oc__recording *r, oc__step *step, const int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        oc__step_i32(r->steps, step, values[i]);
}

static void record_run(const oc__recording *r, const winograd *w, int t, int64_t first, int64_t count) {
    const oc__conv *c = &w->c;
    oc__steps *steps = r->steps;
    oc__place v = r->workspace, m = v;
    m.offset += (uint64_t)(w->points * w->run * w->c_stride) * 4;
    int64_t c_blocks = (c->c + 15) / 16, k_blocks = (c->k + 15) / 16;

    oc__step *step = add_step(r, w, t, "winograd_input");
    oc__step_place(steps, step, r->in[0].place, 4);
    oc__step_place(steps, step, v, 4);
    add_numbers(r, step, (int64_t[]){first, count, c_blocks, c->h, c->w, w->rows, w->columns, c->pad_h, c->pad_w, w->c_stride}, 10);
    oc__step_range_single(step, (uint64_t)((count + PER - 1) / PER), (uint64_t)c_blocks, 1);

    step = add_step(r, w, t, "winograd_product");
    oc__step_place(steps, step, v, 4);
    oc__step_place(steps, step, r->in[1].place, 4);
    oc__step_place(steps, step, m, 4);
    add_numbers(r, step, (int64_t[]){count, c->c, w->panels, w->c_stride, w->k_stride}, 5);
    oc__step_range_single(step, (uint64_t)((count + w->mr - 1) / w->mr), (uint64_t)w->panels, (uint64_t)w->points);

    step = add_step(r, w, t, "winograd_output");
    oc__step_place(steps, step, m, 4);
    oc__step_place(steps, step, r->out[0].place, 4);
    add_numbers(r, step, (int64_t[]){first, count, k_blocks, c->k, c->oh, c->ow, w->rows, w->columns, w->k_stride}, 9);
    if (oc__conv_has_bias(r->problem))
        oc__step_place(steps, step, r->in[2].place, 4);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((count + PER - 1) / PER), (uint64_t)k_blocks, 1);
}

static oc_status record(const oc__recording *r, int t, oc_error *err) {
    winograd w = numbers(r->problem, t);
    for (int64_t first = 0; first < w.tiles; first += w.run)
        record_run(r, &w, t, first, OC_MIN(w.run, w.tiles - first));
    return oc__steps_check(r->steps, err);
}

/* The same functions for both tile sizes. */
#define WINOGRAD(t) \
    static void layouts_##t(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) { \
        (void)caps; \
        layouts(p, t, in, out); \
    } \
    static uint64_t workspace_##t(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) { \
        (void)caps, (void)variant; \
        return workspace(p, t); \
    } \
    static double estimate_##t(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) { \
        (void)variant; \
        return estimate(p, caps, t); \
    } \
    static oc_status record_##t(const oc__recording *r, oc_error *err) { \
        return record(r, t, err); \
    } \
    const oc__solver oc__conv2d_winograd##t = { \
        .name = "conv2d.winograd" #t, .flags = OC_SOLVER_INEXACT, .applicable = applicable, .layouts = layouts_##t, \
        .workspace = workspace_##t, .estimate = estimate_##t, .record = record_##t};
WINOGRAD(2)
WINOGRAD(4)

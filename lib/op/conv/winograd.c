/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd convolution for CPU devices, forward, and backward by data, which is the same with turned kernels and the roles of the
 * channels exchanged: 3 or 5 taps along one axis or both, stride 1, a work-item taking some groups of tiles all the way. What the work-items are is decided by what they cost: transforming input again for each part of the channels of the
 * result, reading weights again for each set of tiles. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"
#include "op/winograd.h"

/* What is tuned. */
enum { ROWS, GROUPS, PARTS, SPACE };
static const int32_t tile_rows[] = {14, 13, 10, 8, 4, 0}, group_counts[] = {1, 2, 3, 4, 0}, parts[] = {1, 2, 4, 8, 16, 0};
static const oc__tuning space[] = {{"rows", tile_rows}, {"groups", group_counts}, {"parts", parts}, {NULL, NULL}};

/* Numbers of a problem with tiles of T. */
typedef struct winograd {
    oc__conv c;
    int64_t tile_h, tile_w, points, rows, columns, tiles, blocks, panels;
} winograd;

static winograd numbers(const oc__problem *p, int t) {
    winograd w = {.c = oc__conv_walk(p)};
    w.tile_h = w.c.r > 1 ? t : 1;
    w.tile_w = w.c.s > 1 ? t : 1;
    w.points = (w.tile_h + w.c.r - 1) * (w.tile_w + w.c.s - 1);
    w.rows = (w.c.oh + w.tile_h - 1) / w.tile_h;
    w.columns = (w.c.ow + w.tile_w - 1) / w.tile_w;
    w.tiles = w.c.n * w.rows * w.columns;
    w.blocks = (w.c.c + 15) / 16;
    w.panels = (w.c.k + 31) / 32;
    return w;
}

/* Work-items of a variant: sets of tiles by parts of the panels. */
static int64_t sets_of(const winograd *w, const oc__variant *v) {
    int64_t set = (int64_t)v->value[ROWS] * v->value[GROUPS];
    return (w->tiles + set - 1) / set;
}

static int64_t share_of(const winograd *w, const oc__variant *v) {
    return (w->panels + v->value[PARTS] - 1) / v->value[PARTS];
}

static uint64_t scratch_bytes(const winograd *w, const oc__variant *v) {
    return (uint64_t)(w->points * v->value[GROUPS] * v->value[ROWS] * (w->blocks + 2)) * 64;
}

/* Local memory is what a processor has used before; a workspace takes what does not fit there. SPACE is not tuned: it has a smaller
 * problem verified with the program of the larger. */
enum { BY_SIZE, WORKSPACE };
static bool fits(const winograd *w, const oc__caps *caps, const oc__variant *v) {
    return v->value[SPACE] != WORKSPACE && scratch_bytes(w, v) + 1024 <= caps->local_mem;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, int t, char why[OC_WHY]) {
    oc__conv c = oc__conv_walk(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.stride_h != 1 || c.stride_w != 1 || c.dilation_h != 1 || c.dilation_w != 1 || c.g != 1)
        return oc__refuse(why, "stride 1, no dilation, one group only");
    if (!oc__winograd_of(t, c.r) || !oc__winograd_of(t, c.s) || c.r * c.s == 1)
        return oc__refuse(why, "no transforms for %lld by %lld taps", (long long)c.r, (long long)c.s);
    if (p->op != &oc__op_conv2d && (c.pad_h < 0 || c.pad_w < 0))
        return oc__refuse(why, "more padding than the kernel reaches");
    if (c.c < 16 || c.k < 16)
        return oc__refuse(why, "too few channels for the transforms to pay");
    if (c.n * c.oh * c.ow > INT32_MAX / 2)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

static void layouts(const oc__problem *p, int t, oc__layout *in, oc__layout *out) {
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    bool back = p->op != &oc__op_conv2d;
    oc__layout_parse(t == 4 ? (back ? "w4Bcda32b" : "w4Acdb32a") : back ? "w2Bcda32b" : "w2Acdb32a", &in[1]);
    for (int i = 0; i < p->post.count; i++)
        if (p->post.items[i].kind == OC_POST_RESIDUAL)
            in[p->post.items[i].operand] = out[0];
}

/* Cycles of the busiest unit. A transform of P points takes some 1.6 P cycles a block of 16 channels; weights come from beyond the
 * caches at a unit's part of the memory's speed, unless all of them fit. */
static double cycles_of(const winograd *w, const oc__caps *caps, const oc__variant *v) {
    double units = OC_MAX(caps->compute_units, 1u), sets = (double)sets_of(w, v), items = sets * v->value[PARTS];
    double rows = v->value[ROWS], groups = v->value[GROUPS], points = (double)w->points, share = (double)share_of(w, v);
    double groups_all = OC_MIN(groups, (double)((w->tiles + v->value[ROWS] - 1) / v->value[ROWS]));
    double transform = groups_all * rows * (double)w->blocks * points * 1.6 + share * groups_all * rows * 2 * points * 1.6;
    double product = share * points * groups_all * ((double)w->c.c * oc__tile_cycles(2, v->value[ROWS], 16) + 3 * rows + 10);
    double weights = share * points * (double)w->c.c * 128, all = weights * v->value[PARTS];
    double speed = caps->peak_bytes * 0.6 / caps->peak_flops * 64; /* bytes a cycle, of one unit */
    double read = all < 1e6 && items > units ? weights / 40 : weights / speed;
    double scratch = fits(w, caps, v) ? 0 : (double)scratch_bytes(w, v) / 8;
    double item = transform + OC_MAX(product, read) + 0.2 * OC_MIN(product, read) + scratch + 500;
    double turns = items / units;
    return item * (turns < 4 ? (double)(int64_t)(turns + 0.999) : turns + 0.5);
}

static void variant_of(const oc__problem *p, const oc__caps *caps, int t, oc__variant *out) {
    winograd w = numbers(p, t);
    double least = 0;
    for (const int32_t *rows = tile_rows; *rows; rows++)
        for (const int32_t *groups = group_counts; *groups; groups++)
            for (const int32_t *part = parts; *part; part++) {
                oc__variant v = {{*rows, *groups, *part}};
                if ((*groups > 1 && *rows * (*groups - 1) >= w.tiles) || (*part > 1 && *part > w.panels))
                    continue;
                v.value[SPACE] = fits(&w, caps, &v) ? BY_SIZE : WORKSPACE;
                double cycles = cycles_of(&w, caps, &v);
                if (least == 0 || cycles < least * (*rows == out->value[ROWS] ? 0.999 : 0.96)) { /* few programs */
                    least = cycles;
                    *out = v;
                }
            }
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, int t, const oc__variant *v) {
    winograd w = numbers(p, t);
    return fits(&w, caps, v) ? 0 : scratch_bytes(&w, v) * (uint64_t)(sets_of(&w, v) * v->value[PARTS]);
}

static double estimate(const oc__problem *p, const oc__caps *caps, int t, const oc__variant *v) {
    winograd w = numbers(p, t);
    double units = OC_MAX(caps->compute_units, 1u);
    return caps->launch_seconds + cycles_of(&w, caps, v) * 64 * units / caps->peak_flops;
}

static void define(const oc__recording *r, const winograd *w, oc__string *text) {
    oc__conv_define(r->problem, r->caps, text);
    oc__string_printf(text, "#define TH %d\n#define TW %d\n#define R %d\n#define S %d\n#define T %d\n%s", (int)w->tile_h, (int)w->tile_w,
                      (int)w->c.r, (int)w->c.s, r->variant.value[ROWS],
                      fits(w, r->caps, &r->variant) ? "#define LOCAL_SCRATCH\n" : "");
}

static oc_status record(const oc__recording *r, int t, oc_error *err) {
    const oc__problem *p = r->problem;
    const oc__variant *v = &r->variant;
    winograd w = numbers(p, t);
    if (oc__count(&p->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    define(r, &w, &text);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_winograd.cl", text.text, "conv2d_winograd");
    oc__step_place(r->steps, step, r->in[0].place, 4);
    oc__step_place(r->steps, step, r->in[1].place, 4);
    oc__step_place(r->steps, step, r->out[0].place, 4);
    if (fits(&w, r->caps, v))
        oc__step_local(r->steps, step, scratch_bytes(&w, v));
    else
        oc__step_place(r->steps, step, r->workspace, 4);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, (w.c.k + 15) / 16 * 16 * w.c.oh * w.c.ow);
    int64_t share = share_of(&w, v), values[] = {w.c.c, w.c.h, w.c.w, w.c.k, w.c.oh, w.c.ow, w.c.pad_h, w.c.pad_w, w.rows, w.columns,
                                                 w.tiles, v->value[GROUPS], w.panels, share};
    for (size_t i = 0; i < OC_COUNT(values); i++)
        oc__step_i32(r->steps, step, values[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)sets_of(&w, v), (uint64_t)((w.panels + share - 1) / share), 1);
    return oc__record_end(r, &text, err);
}

#define SOLVER(op, t) \
    {.name = op ".winograd" #t, .flags = OC_SOLVER_INEXACT | OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE, \
     .applicable = applicable_##t, .layouts = layouts_##t, .space = space, .variant = variant_##t, .workspace = workspace_##t, \
     .estimate = estimate_##t, .record = record_##t}
/* The same functions for both tile sizes. */
#define WINOGRAD(t) \
    static bool applicable_##t(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) { \
        return applicable(p, caps, t, why); \
    } \
    static void layouts_##t(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) { \
        (void)caps; \
        layouts(p, t, in, out); \
    } \
    static void variant_##t(const oc__problem *p, const oc__caps *caps, oc__variant *out) { \
        variant_of(p, caps, t, out); \
    } \
    static uint64_t workspace_##t(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) { \
        return workspace(p, caps, t, variant); \
    } \
    static double estimate_##t(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) { \
        return estimate(p, caps, t, variant); \
    } \
    static oc_status record_##t(const oc__recording *r, oc_error *err) { \
        return record(r, t, err); \
    } \
    const oc__solver oc__conv2d_winograd##t = SOLVER("conv2d", t), oc__conv2d_bwd_data_winograd##t = SOLVER("conv2d_bwd_data", t);
WINOGRAD(2)
WINOGRAD(4)

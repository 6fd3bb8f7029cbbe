/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights by Winograd's transforms for CPU devices, on channels in blocks: 3 taps along one axis or both, stride 1.
 * Parts of the tiles leave their taps in the workspace, which are added in a fixed order. */
#include "op/conv/direct.h"
#include "op/room.h"
#include "op/winograd.h"

#define TILE 4
#define GROUP 4   /* blocks of source channels a work-item takes */
#define CHUNK 32  /* tiles that are transformed at a time */

typedef struct cut {
    oc__conv c;
    int64_t tile_h, tile_w, points, rows, columns, tiles, chunks, parts, c_blocks, k_tiles, groups, group;
} cut;

static cut cut_of(const oc__problem *p, const oc__caps *caps) {
    cut x = {.c = oc__conv_of(p)};
    x.tile_h = x.c.r > 1 ? TILE : 1;
    x.tile_w = x.c.s > 1 ? TILE : 1;
    x.points = (x.tile_h + x.c.r - 1) * (x.tile_w + x.c.s - 1);
    x.rows = (x.c.oh + x.tile_h - 1) / x.tile_h;
    x.columns = (x.c.ow + x.tile_w - 1) / x.tile_w;
    x.tiles = x.c.n * x.rows * x.columns;
    x.chunks = (x.tiles + CHUNK - 1) / CHUNK;
    x.c_blocks = (x.c.c + 15) / 16;
    x.k_tiles = (x.c.k + 31) / 32;
    x.group = OC_MIN(GROUP, x.c_blocks);
    x.groups = (x.c_blocks + x.group - 1) / x.group;
    int64_t wanted = 8 * (int64_t)OC_MAX(caps->compute_units, 1u), items = x.k_tiles * x.groups;
    x.parts = OC_MAX(1, OC_MIN(x.chunks, (wanted + items - 1) / OC_MAX(items, 1)));
    return x;
}

static uint64_t scratch_bytes(const cut *x) {
    return (uint64_t)(x->points * (x->group * CHUNK * 16 + CHUNK * 32 + x->group * 512 + 48)) * 4;
}

static bool fits(const cut *x, const oc__caps *caps) {
    return scratch_bytes(x) + 1024 <= caps->local_mem;
}

static uint64_t sums_bytes(const cut *x) {
    return (uint64_t)(x->parts * x->k_tiles * x->c_blocks * x->c.r * x->c.s * 512) * 4;
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)v;
    cut x = cut_of(p, caps);
    return sums_bytes(&x) + (fits(&x, caps) ? 0 : scratch_bytes(&x) * (uint64_t)(x.groups * x.k_tiles * x.parts));
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__without_posts(p, why) || !oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.stride_h != 1 || c.stride_w != 1 || c.dilation_h != 1 || c.dilation_w != 1 || c.g != 1)
        return oc__refuse(why, "stride 1, no dilation, one group only");
    if (!oc__winograd_of(TILE, c.r) || !oc__winograd_of(TILE, c.s) || c.r * c.s == 1)
        return oc__refuse(why, "no transforms for %lld by %lld taps", (long long)c.r, (long long)c.s);
    if (c.c < 16 || c.k < 16)
        return oc__refuse(why, "too few channels for the transforms to pay");
    if (c.n * c.oh * c.ow == 0 || c.n * c.oh * c.ow > INT32_MAX / 2)
        return oc__refuse(why, "no pixels to sum over, or more than 32 bits count");
    return workspace(p, caps, NULL) <= caps->max_alloc || oc__refuse(why, "its workspace is larger than a buffer may be");
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)p, (void)caps, (void)out;
    in[0] = in[1] = oc__layout_blocked(4, 1, 16);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)v;
    cut x = cut_of(p, caps);
    double points = (double)x.points, tiles = (double)x.tiles, blocks = (double)x.c_blocks, k_tiles = (double)x.k_tiles;
    double items = (double)(x.k_tiles * x.groups * x.parts), units = OC_MAX(caps->compute_units, 1u);
    double transforms = tiles * points * 1.6 * k_tiles * (blocks + 2 * (double)x.groups);
    double products = points * blocks * 2 * k_tiles * (tiles * 8 / 0.9 + 32 * (double)x.chunks);
    double back = (double)x.parts * k_tiles * blocks * 32 * points * 2;
    double uneven = (double)(int64_t)(items / units + 0.999) / (items / units), bytes = (double)sums_bytes(&x) * 2 + oc__problem_cost(p).bytes;
    return 2 * caps->launch_seconds + (transforms + products + back) * 64 / caps->peak_flops * uneven + 0.5 * bytes / caps->peak_bytes;
}

static void record_parts(const oc__recording *r, const cut *x, const char *defines) {
    const oc__problem *p = r->problem;
    oc__place scratch = r->workspace;
    scratch.offset += sums_bytes(x);
    oc__step *step = oc__step_kernel(r->steps, "conv2d_weights_winograd.cl", defines, "conv2d_weights_winograd");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_place(r->steps, step, r->workspace, sizeof(float));
    if (fits(x, r->caps))
        oc__step_local(r->steps, step, scratch_bytes(x));
    else
        oc__step_place(r->steps, step, scratch, sizeof(float));
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, (x->c.k + 15) / 16 * 16 * x->c.oh * x->c.ow);
    int64_t numbers[] = {x->c_blocks, x->c.h, x->c.w, (x->c.k + 15) / 16, x->c.oh, x->c.ow, x->c.pad_h, x->c.pad_w, x->rows, x->columns,
                         x->tiles, CHUNK, x->chunks, x->group};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)x->groups, (uint64_t)x->k_tiles, (uint64_t)x->parts);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    cut x = cut_of(r->problem, r->caps);
    if (oc__count(&r->problem->out[0].shape) == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "%s%s#define TH %d\n#define TW %d\n#define R %d\n#define S %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "",
                      fits(&x, r->caps) ? "#define LOCAL_SCRATCH\n" : "", (int)x.tile_h, (int)x.tile_w, (int)x.c.r, (int)x.c.s);
    record_parts(r, &x, text.text);
    oc__conv_record_weights_sum(r, &(oc__conv_sums){.kv = 2, .c_tiles = x.c_blocks, .k_tiles = x.k_tiles, .parts = x.parts});
    return oc__record_end(r, &text, err);
}

const oc__solver oc__conv2d_bwd_weights_winograd4 = {
    .name = "conv2d_bwd_weights.winograd4", .flags = OC_SOLVER_INEXACT | OC_SOLVER_STRIDED_IN | OC_SOLVER_LONE, .applicable = applicable,
    .layouts = layouts, .workspace = workspace, .estimate = estimate, .record = record};

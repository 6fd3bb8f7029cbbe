/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for CPU devices: a work-item keeps tiles of T rows by 16 KV columns in registers and reads the right operand in
 * panels of so many columns. */
#include "op/epilogue.h"
#include "op/matmul/matmul.h"
#include "op/room.h"
#include "op/tile.h"

#define MT 4 /* tiles of rows, and panels of columns, a work-item takes at most */
#define NP 8

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    if (caps->simt_width > 1)
        return oc__refuse(why, "one work-item a group is slow where %u run in lockstep", caps->simt_width);
    if (p->pre.count)
        return oc__refuse(why, "it takes no prologue");
    for (int i = 0; i < p->in_count; i++)
        if (p->in[i].dtype && p->in[i].dtype != OC_F32)
            return oc__refuse(why, "only f32");
    if (!x.uniform)
        return oc__refuse(why, "mixed broadcasting of batch axes");
    if (x.m * x.n == 0 || x.k == 0 || x.batch == 0)
        return oc__refuse(why, "an empty product");
    if (x.m > INT32_MAX / 2 || x.n > INT32_MAX / 2 || x.k > INT32_MAX / 2)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

/* Tiles a work-item may take so that enough are left to share. */
static int64_t tiles_to_share(int64_t tiles, const oc__caps *caps) {
    return OC_MAX(1, tiles / (12 * (int64_t)OC_MAX(caps->compute_units, 1u)));
}

/* Whether rows are packed: it pays when they are read again for other columns. */
static bool packs(const oc__matmul *x, const oc__caps *caps) {
    int64_t panels = (x->n + 31) / 32;
    return x->m >= 4 && panels >= 4 && tiles_to_share((x->m + 13) / 14 * panels * x->batch, caps) >= 6;
}

static void choose(const oc__matmul *x, const oc__caps *caps, int *kv, int *t) {
    *kv = *t = 1;
    oc__tile_choose(x->n, 1, x->m, x->ta || packs(x, caps) ? 1 : x->k, kv, t);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__matmul x = oc__matmul_of(p);
    int kv, t;
    choose(&x, caps, &kv, &t);
    *out = (oc__variant){{t}};
}

/* Panels of columns of the right operand: that axis in blocks, its blocks outermost of the last two axes. */
static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)out;
    oc__matmul x = oc__matmul_of(p);
    int kv, t, rank = p->in[1].shape.rank, axis = x.tb ? rank - 2 : rank - 1;
    choose(&x, caps, &kv, &t);
    in[1].order[rank - 2] = (int8_t)axis;
    in[1].order[rank - 1] = (int8_t)(axis == rank - 1 ? rank - 2 : rank - 1);
    in[1].block_count = 1;
    in[1].block_axis[0] = (int8_t)axis;
    in[1].block_size[0] = (int16_t)(16 * kv);
}

/* Tiles and panels that a work-item takes. */
static void share(const oc__matmul *x, const oc__caps *caps, int64_t tiles, int64_t panels, int64_t *tiles_item, int64_t *panels_item) {
    int64_t most = tiles_to_share(tiles * panels * x->batch, caps);
    *panels_item = OC_MIN(OC_MIN(most, panels), packs(x, caps) ? NP : 1);
    *tiles_item = OC_MIN(OC_MIN(OC_MAX(1, most / *panels_item), tiles), MT);
    int64_t parts = (panels + *panels_item - 1) / *panels_item;
    *panels_item = (panels + parts - 1) / parts; /* no smaller last part */
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    int kv, best, t = (int)OC_MIN(v->value[0], x.m);
    choose(&x, caps, &kv, &best);
    double tiles = (double)((x.m + t - 1) / t) * (double)((x.n + kv * 16 - 1) / (kv * 16)) * (double)x.batch;
    double chunks = (double)x.k * kv / 512, cycles = (double)x.k * oc__tile_cycles(kv, t, x.ta || packs(&x, caps) ? 1 : x.k) + (8 + 2 * chunks) * kv * t + 40;
    return oc__tile_seconds(p, caps, tiles * cycles, tiles);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    int kv, t;
    choose(&x, r->caps, &kv, &t);
    t = (int)OC_MIN(r->variant.value[0], x.m);
    int64_t tiles = (x.m + t - 1) / t, panels = (x.n + kv * 16 - 1) / (kv * 16), tiles_item, panels_item;
    share(&x, r->caps, tiles, panels, &tiles_item, &panels_item);
    bool pack = packs(&x, r->caps);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s%s%s#define KV %d\n#define T %d\n#define MT %d\n#define NP %d\n#define KC %d\n",
                      r->caps->fast_fma ? "#define FAST_FMA\n" : "", x.ta ? "#define TRANS_A\n" : "", x.bias ? "#define HAS_BIAS\n" : "",
                      pack ? "#define PACK\n" : "", kv, t, MT, pack ? NP : 1, 384 / kv / 16 * 16);
    oc__step *step = oc__step_kernel(r->steps, "matmul_tiled.cl", text.text, "matmul_tiled");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__step_i32(r->steps, step, x.m);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    oc__step_i64(r->steps, step, x.a_batch);
    oc__step_i64(r->steps, step, !x.b_batch ? 0 : panels * 16 * kv * x.k);
    oc__step_i32(r->steps, step, tiles_item);
    oc__step_i32(r->steps, step, panels);
    oc__step_i32(r->steps, step, panels_item);
    if (x.bias)
        oc__step_desc(r->steps, step, r->in[2].place, &p->in[2]);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((tiles + tiles_item - 1) / tiles_item), (uint64_t)((panels + panels_item - 1) / panels_item),
                          (uint64_t)x.batch);
    return oc__record_end(r, &text, err);
}

static const int32_t tile_rows[] = {14, 12, 9, 8, 7, 6, 5, 4, 2, 1, 0};
static const oc__tuning space[] = {{"T", tile_rows}, {NULL, NULL}};

const oc__solver oc__matmul_tiled = {.name = "matmul.tiled", .applicable = applicable, .layouts = layouts, .space = space,
                                     .variant = variant, .estimate = estimate, .record = record};

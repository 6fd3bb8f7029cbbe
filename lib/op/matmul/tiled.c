/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for CPU devices: a work-item keeps a tile of MR x 32 sums in registers and reads the right operand in
 * panels of 32 columns. `packed` has the left operand in panels of MR rows too; `rows` takes it as it is. */
#include <stdio.h>

#include "op/epilogue.h"
#include "op/matmul/matmul.h"

static const int32_t tile_rows[] = {12, 8, 6, 4, 2, 1, 0};
static const oc__tuning space[] = {{"MR", tile_rows}, {NULL, NULL}};

static bool fits(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    const char *no = NULL;
    if (caps->simt_width != 1)
        no = "made for devices on which a work-item is a whole thread";
    else if (p->in[0].dtype != OC_F32)
        no = "only f32";
    else if (!x.uniform || p->in[0].shape.rank > 7 || p->in[1].shape.rank > 7)
        no = "mixed broadcasting of batch axes";
    else if (x.m > INT32_MAX || x.n > INT32_MAX || x.k > INT32_MAX || x.m * x.n == 0 || x.k == 0 || x.batch == 0)
        no = "an empty product, or a size beyond 2^31";
    snprintf(why, OC_WHY, "%s", no ? no : "");
    return !no;
}

/* The tile that wastes least; large tiles do more with each load. */
static int32_t best_rows(int64_t m) {
    static const double cost[] = {12, 8.3, 6.5, 4.7, 3, 2};
    int32_t best = 0;
    double least = 0;
    for (int i = 0; tile_rows[i]; i++) {
        double all = (double)((m + tile_rows[i] - 1) / tile_rows[i]) * cost[i];
        if (!best || all < least * 0.999) {
            best = tile_rows[i];
            least = all;
        }
    }
    return best;
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    *out = (oc__variant){{best_rows(oc__matmul_of(p).m)}};
}

/* A layout with one axis in blocks, those outermost of the last two axes. */
static oc__layout panels(int rank, int axis, int block) {
    oc__layout layout = oc__layout_plain(rank);
    layout.order[rank - 2] = (int8_t)axis;
    layout.order[rank - 1] = (int8_t)(axis == rank - 1 ? rank - 2 : rank - 1);
    layout.block_count = block > 1;
    layout.block_axis[0] = (int8_t)axis;
    layout.block_size[0] = (int16_t)block;
    return layout;
}

static void rows_layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)out;
    int rank = p->in[1].shape.rank;
    in[1] = panels(rank, oc__matmul_of(p).tb ? rank - 2 : rank - 1, 32);
}

static void packed_layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    rows_layouts(p, caps, in, out);
    int rank = p->in[0].shape.rank;
    oc__matmul x = oc__matmul_of(p);
    in[0] = panels(rank, x.ta ? rank - 1 : rank - 2, best_rows(x.m));
}

/* Panels of rows must not cross from one matrix of a batch into the next. */
static bool packed_applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    if (!fits(p, caps, why))
        return false;
    oc__matmul x = oc__matmul_of(p);
    if ((!x.ta && p->in[0].shape.rank > 2) || best_rows(x.m) == 1) {
        snprintf(why, OC_WHY, "the rows of the left operand are better taken as they are");
        return false;
    }
    return true;
}

static double waste(const oc__problem *p, int32_t rows) {
    oc__matmul x = oc__matmul_of(p);
    double tiles = (double)((x.m + rows - 1) / rows) * rows * (double)((x.n + 31) / 32) * 32;
    return tiles / ((double)x.m * (double)x.n);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v, double share) {
    int32_t rows = v->value[0];
    share *= rows >= 8 ? 1 : rows >= 6 ? 0.9 : rows >= 4 ? 0.75 : rows >= 2 ? 0.45 : 0.25;
    oc__matmul x = oc__matmul_of(p);
    double groups = (double)((x.m + rows - 1) / rows) * (double)((x.n + 31) / 32) * (double)x.batch;
    double busy = groups / caps->compute_units;
    busy = busy < 1 ? busy : busy / (double)((int64_t)(busy + 0.999));
    return oc__estimate_roofline(p, caps, share * OC_MIN(busy, 1.0) / waste(p, rows), 0.8) + groups * caps->group_seconds;
}

static double packed_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    return estimate(p, caps, v, 0.8);
}

static double rows_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    int64_t step = x.ta ? x.m : x.k;
    return estimate(p, caps, v, step % 512 == 0 ? 0.68 : 0.74); /* power-of-two strides share cache sets */
}

static oc_status record(const oc__recording *r, bool packed, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    int32_t rows = packed ? best_rows(x.m) : r->variant.value[0];
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s%s%s#define MR %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "",
                      packed ? "#define PACKED\n" : "", !packed && x.ta ? "#define TRANS_A\n" : "",
                      x.bias ? "#define HAS_BIAS\n" : "", rows);
    oc__step *step = oc__step_kernel(r->steps, "matmul_tiled.cl", text.text, "matmul_tiled");
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    int64_t row_tiles = (x.m + rows - 1) / rows, panel_count = (x.n + 31) / 32;
    oc__step_place(r->steps, step, r->in[0].place, 4);
    oc__step_place(r->steps, step, r->in[1].place, 4);
    oc__step_place(r->steps, step, r->out[0].place, 4);
    oc__step_i32(r->steps, step, x.m);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    oc__step_i64(r->steps, step, !x.a_batch ? 0 : packed ? row_tiles * rows * x.k : x.a_batch);
    oc__step_i64(r->steps, step, !x.b_batch ? 0 : panel_count * 32 * x.k);
    if (x.bias)
        oc__step_place(r->steps, step, r->in[2].place, 4);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)row_tiles, (uint64_t)panel_count, (uint64_t)x.batch);
    return oc__steps_check(r->steps, err);
}

static oc_status record_packed(const oc__recording *r, oc_error *err) {
    return record(r, true, err);
}

static oc_status record_rows(const oc__recording *r, oc_error *err) {
    return record(r, false, err);
}

const oc__solver oc__matmul_packed = {.name = "matmul.packed", .applicable = packed_applicable, .layouts = packed_layouts,
                                      .variant = variant, .estimate = packed_estimate, .record = record_packed};
const oc__solver oc__matmul_rows = {.name = "matmul.rows", .applicable = fits, .layouts = rows_layouts, .space = space,
                                    .variant = variant, .estimate = rows_estimate, .record = record_rows};

/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for CPU devices where both operands are used often: rows are packed into local memory, parts of the right operand
 * stay in a near cache (cl/matmul_packed.cl). */
#include "op/epilogue.h"
#include "op/matmul/matmul.h"
#include "op/room.h"
#include "op/tile.h"

#define KC 384             /* of K at a time */
#define TILES 8            /* of rows a work-item takes at most */
#define NEAR_BYTES 1000000 /* of packed rows: of a second-level cache */
#define LEAST_ROWS 28

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    if (!oc__matmul_for_cpu(p, caps, why) || !oc__for_cpu_f32(p, caps, why))
        return false;
    if (x.m < LEAST_ROWS || x.n < 64)
        return oc__refuse(why, "packing does not pay for %lld rows by %lld columns", (long long)x.m, (long long)x.n);
    if (caps->local_mem < 4 * KC * 14 + 256)
        return oc__refuse(why, "%llu bytes of local memory do not hold a packed tile", (unsigned long long)caps->local_mem);
    return true;
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    (void)caps;
    *out = (oc__variant){{oc__tile_length(2, oc__matmul_of(p).m, 1, false)}};
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)out;
    oc__matmul_panels(p, 32, &in[1]);
}

typedef struct cut {
    int64_t tiles, panels, rows, columns, tiles_item, k_part; /* rows, columns: work-items along M and N */
} cut;

/* As many tiles a work-item as are near, with all of K if that leaves two, and leave work to share; then columns are shared, too. */
static cut cut_of(const oc__matmul *x, const oc__caps *caps, int t) {
    cut c = {.tiles = (x->m + t - 1) / t, .panels = (x->n + 31) / 32};
    int64_t units = OC_MAX(caps->compute_units, 1u), room = (int64_t)OC_MIN(caps->local_mem - 256, NEAR_BYTES) / (4 * t);
    c.k_part = OC_MIN(x->k, OC_MAX(room / 2, KC) / KC * KC);
    int64_t most = OC_MAX(1, OC_MIN(TILES, room / c.k_part)), wanted = 8 * units;
    c.rows = (c.tiles + most - 1) / most;
    int64_t parts = (wanted + c.rows * x->batch - 1) / (c.rows * x->batch);
    c.columns = OC_MIN(parts, OC_MAX(1, c.panels / 4));
    c.tiles_item = (c.tiles + c.rows - 1) / c.rows;
    return c;
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    int t = v->value[0];
    cut c = cut_of(&x, caps, t);
    double tiles = (double)(c.tiles * c.panels * x.batch), chunks = (double)((x.k + KC - 1) / KC);
    double packing = (double)(c.tiles * c.columns * x.batch) * (double)x.k * t * (x.ta ? 0.1 : 0.4);
    double cycles = (double)x.k * oc__tile_cycles(2, t, 1) + chunks * (3.0 * t + 20) + 4.0 * t;
    double program = oc__matmul_small(&x) ? 1e-4 : 0; /* a share of what it takes to build it */
    return program + oc__tile_seconds(p, caps, tiles * cycles + packing, (double)(c.rows * c.columns * x.batch));
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    int t = r->variant.value[0];
    cut c = cut_of(&x, r->caps, t);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s#define T %d\n#define KC %d\n#define TILES %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "",
                      x.ta ? "#define TRANS_A\n" : "", t, KC, TILES);
    oc__step *step = oc__step_kernel(r->steps, "matmul_packed.cl", text.text, "matmul_packed");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__step_local(r->steps, step, (size_t)(c.tiles_item * c.k_part * t * 4 + 64));
    oc__step_i32(r->steps, step, x.m);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    oc__step_i64(r->steps, step, x.a_batch);
    oc__step_i64(r->steps, step, !x.b_batch ? 0 : c.panels * 32 * x.k);
    oc__step_i32(r->steps, step, c.tiles);
    oc__step_i32(r->steps, step, c.panels);
    oc__step_i32(r->steps, step, c.k_part);
    oc__matmul_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)c.rows, (uint64_t)c.columns, (uint64_t)x.batch);
    return oc__record_end(r, &text, err);
}

static const int32_t tile_rows[] = {14, 12, 9, 7, 0};
static const oc__tuning space[] = {{"T", tile_rows}, {NULL, NULL}};

const oc__solver oc__matmul_packed = {.name = "matmul.packed", .flags = OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts, .space = space,
                                      .variant = variant, .estimate = estimate, .record = record};

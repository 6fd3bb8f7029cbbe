/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for CPU devices: a work-item keeps tiles of T rows by 16 KV columns in registers and reads the right operand in
 * panels of so many columns. */
#include "op/epilogue.h"
#include "op/matmul/matmul.h"
#include "op/room.h"
#include "op/tile.h"

#define MT 4 /* tiles of rows a work-item takes at most */
#define HALF_CYCLES 0.8 /* that 16 weights take to become single: measured */

bool oc__matmul_for_cpu(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    if (!oc__for_cpu_weights(p, caps, why))
        return false;
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

#define SMALL_ROWS 128
#define SMALL 448
#define SMALL_T 8

bool oc__matmul_small(const oc__matmul *x) {
    return x->batch == 1 && x->m >= SMALL_T && x->m <= SMALL_ROWS && x->n <= SMALL && x->k <= SMALL;
}

static int vectors(const oc__matmul *x) {
    return oc__matmul_small(x) ? 2 : oc__tile_vectors(x->n, 1, 4, false);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__matmul x = oc__matmul_of(p);
    (void)caps;
    *out = (oc__variant){{oc__matmul_small(&x) ? SMALL_T : oc__tile_length(vectors(&x), x.m, x.ta ? 1 : x.k, true)}};
}

void oc__matmul_panels(const oc__problem *p, int columns, oc__layout *layout) {
    int rank = p->in[1].shape.rank, axis = oc__matmul_of(p).tb ? rank - 2 : rank - 1;
    layout->order[rank - 2] = (int8_t)axis;
    layout->order[rank - 1] = (int8_t)(axis == rank - 1 ? rank - 2 : rank - 1);
    layout->block_count = 1;
    layout->block_axis[0] = (int8_t)axis;
    layout->block_size[0] = (int16_t)columns;
}

void oc__matmul_bias(const oc__recording *r, oc__step *step) {
    bool bias = oc__matmul_of(r->problem).bias;
    int operand = bias ? 2 : 1; /* any, where it is not read */
    oc__step_desc(r->steps, step, r->in[operand].place, &r->problem->in[operand]);
    oc__step_i32(r->steps, step, bias);
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)out;
    oc__matmul x = oc__matmul_of(p);
    oc__matmul_panels(p, 16 * vectors(&x), &in[1]);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    int kv = vectors(&x), t = (int)OC_MIN(v->value[0], x.m);
    double tiles = (double)((x.m + t - 1) / t) * (double)((x.n + kv * 16 - 1) / (kv * 16)) * (double)x.batch;
    double chunks = (double)x.k * kv / 512, cycles = (double)x.k * oc__tile_cycles(kv, t, x.ta ? 1 : x.k) + (8 + 2 * chunks) * kv * t + 40;
    cycles += p->in[1].dtype == OC_F16 ? (double)x.k * HALF_CYCLES * kv : 0;
    return oc__tile_seconds(p, caps, tiles * cycles, tiles);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    int kv = vectors(&x), t = (int)OC_MIN(r->variant.value[0], x.m);
    int64_t tiles = (x.m + t - 1) / t, panels = (x.n + kv * 16 - 1) / (kv * 16);
    int64_t tiles_item = OC_MIN(OC_MIN(tiles_to_share(tiles * panels * x.batch, r->caps), tiles), MT);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__epilogue_define(p, &text);
    oc__define_weights(p, &text);
    oc__string_printf(&text, "%s#define KV %d\n#define T %d\n#define MT %d\n#define KC %d\n",
                      r->caps->fast_fma ? "#define FAST_FMA\n" : "", kv, t, MT, 384 / kv / 16 * 16);
    oc__step *step = oc__step_kernel(r->steps, "matmul_tiled.cl", text.text, "matmul_tiled");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    oc__step_i32(r->steps, step, x.m);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    oc__step_i32(r->steps, step, x.ta ? 1 : x.k);
    oc__step_i32(r->steps, step, x.ta ? x.m : 1);
    oc__step_i64(r->steps, step, x.a_batch);
    oc__step_i64(r->steps, step, !x.b_batch ? 0 : panels * 16 * kv * x.k);
    oc__step_i32(r->steps, step, tiles_item);
    oc__step_i32(r->steps, step, panels);
    oc__matmul_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)((tiles + tiles_item - 1) / tiles_item), (uint64_t)panels, (uint64_t)x.batch);
    return oc__record_end(r, &text, err);
}

static const int32_t tile_rows[] = {14, 12, 9, 8, 7, 6, 5, 4, 2, 1, 0};
static const oc__tuning space[] = {{"T", tile_rows}, {NULL, NULL}};

const oc__solver oc__matmul_tiled = {.name = "matmul.tiled", .flags = OC_SOLVER_LONE, .applicable = oc__matmul_for_cpu, .layouts = layouts, .space = space,
                                     .variant = variant, .estimate = estimate, .record = record};

/* A count above `least` with the same vectors and the same remainder. */
static int64_t columns_beyond(int64_t count, int64_t least) {
    int kv = oc__tile_vectors(count, 1, 4, false);
    for (int64_t n = least + 1 + (count - least - 1) % (kv * 16); n < count; n += kv * 16)
        if (oc__tile_vectors(n, 1, 4, false) == kv)
            return n;
    return count;
}

/* Same panels and remainders of columns, same remainder of rows. */
void oc__matmul_shrink(const oc__problem *from, oc__desc *in) {
    oc__matmul x = oc__matmul_of(from);
    const oc_matmul_params *q = from->params;
    int a = in[0].shape.rank, b = in[1].shape.rank;
    bool small = oc__matmul_small(&x);
    int64_t n = small ? OC_MIN(x.n, 64 + x.n % 32) : oc__tile_shrink(x.n, 4, false), k = x.k > 64 ? 32 + x.k % 32 : x.k;
    if (!small && x.k > SMALL) /* it stays as large as has a tile of its own */
        k = SMALL + 32 + x.k % 32;
    else if (!small && x.n > SMALL)
        n = columns_beyond(x.n, SMALL);
    in[0].shape.dims[a - (q->trans_a ? 2 : 1)] = in[1].shape.dims[b - (q->trans_b ? 1 : 2)] = k;
    in[1].shape.dims[b - (q->trans_b ? 2 : 1)] = n;
    if (from->op_in > 2 && in[2].dtype)
        in[2].shape.dims[0] = n;
    int64_t *m = &in[0].shape.dims[a - (q->trans_a ? 1 : 2)];
    if (!small && x.batch == 1 && x.k <= SMALL && x.n <= SMALL && *m > SMALL_ROWS)
        *m = SMALL_ROWS + 42 + *m % 42;
    else
        *m = *m > 84 ? 42 + *m % 42 : *m;
    for (int i = 0; i < 2; i++) /* batches of 1, of 2, and what they are broadcast to */
        for (int d = 0; d < in[i].shape.rank - 2; d++)
            in[i].shape.dims[d] = OC_MIN(in[i].shape.dims[d], 2);
}

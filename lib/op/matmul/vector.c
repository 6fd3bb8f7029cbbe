/* SPDX-License-Identifier: Apache-2.0 */
/* Products of few rows: the right operand is read once, where and how it lies, and that is what they take. A work-item is a thread, or a
 * group of them shares a column; K is cut into parts where there are few columns. */
#include "op/epilogue.h"
#include "op/gemm.h"
#include "op/matmul/matmul.h"
#include "op/room.h"

#define MOST_ROWS 8
#define WIDTH 512 /* columns that a thread adds up at a time */

enum { THREADS = 1, GROUPS = 2 };
static const int32_t form_values[] = {THREADS, GROUPS, 0};
static const int32_t part_values[] = {1, 2, 4, 16, 64, 0};
static const oc__tuning space[] = {{"FORM", form_values}, {"PARTS", part_values}, {NULL, NULL}};

/* How it is cut: `columns` to each work-item (THREADS) or group, in `across` of them. */
typedef struct cut {
    int64_t r, columns, across, parts, k_part, items;
    bool threads;
} cut;

static oc__gemm_size size_of(const oc__matmul *x) {
    return (oc__gemm_size){.m = x->m, .n = x->n, .k = x->k, .batch = x->batch};
}

static int64_t group_items(const oc__caps *caps) {
    int64_t items = 64;
    while ((uint64_t)items > caps->max_work_group || (uint64_t)items * 4 * MOST_ROWS * 4 > caps->local_mem)
        items /= 2;
    return items;
}

static cut cut_of(const oc__matmul *x, const oc__caps *caps, const oc__variant *v) {
    cut c = {.threads = v->value[0] == THREADS, .items = 1};
    int64_t units = OC_MAX(caps->compute_units, 1u);
    if (c.threads) {
        c.r = x->m <= 2 ? 8 : x->m <= 4 ? 4 : x->m <= 6 ? 3 : 2;
        int64_t share = (x->n + 8 * units - 1) / (8 * units);
        c.columns = x->tb ? (share + c.r - 1) / c.r * c.r : OC_MIN(OC_MAX((share + 127) / 128 * 128, 128), WIDTH);
    } else {
        c.r = x->m <= 2 ? 4 : 2;
        c.items = group_items(caps);
        c.columns = x->tb ? c.r : c.items;
    }
    c.across = (x->n + c.columns - 1) / c.columns;
    int64_t least = 64, parts = OC_MIN(OC_MAX(v->value[1], 1), OC_MAX(x->k / least, 1));
    c.k_part = ((x->k + parts - 1) / parts + 15) / 16 * 16;
    c.parts = (x->k + c.k_part - 1) / c.k_part;
    return c;
}

/* Rounds of a work-item's loops. */
static int64_t rounds(const oc__matmul *x, const cut *c) {
    return c->threads ? c->k_part * c->columns : x->tb ? c->k_part / (c->items * 4) + 64 : c->k_part;
}

static uint64_t sums_bytes(const oc__matmul *x, const cut *c) {
    oc__gemm_size size = size_of(x);
    return oc__gemm_sums(&size, c->parts);
}

/* Parts so that each compute unit has something to do. */
static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__matmul x = oc__matmul_of(p);
    bool cpu = caps->simt_width <= 1;
    int64_t enough = (int64_t)OC_MAX(caps->compute_units, 1u) * (cpu ? 2 : 16);
    for (int i = 0; part_values[i]; i++) {
        *out = (oc__variant){{cpu ? THREADS : GROUPS, part_values[i]}};
        cut c = cut_of(&x, caps, out);
        char why[OC_WHY];
        if (oc__rounds_fit(caps, rounds(&x, &c), why) && (c.across * c.parts * x.batch >= enough || c.k_part <= 512))
            return;
    }
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    if (!oc__matmul_plain(p, why))
        return false;
    if (x.m > MOST_ROWS)
        return oc__refuse(why, "more than %d rows", MOST_ROWS);
    if (x.ta && x.m > 1)
        return oc__refuse(why, "rows that lie in columns");
    if (x.n > INT32_MAX / 2 || x.k > INT32_MAX / 2 || x.batch > INT32_MAX / 64)
        return oc__refuse(why, "a size beyond what 32 bits count");
    if (caps->local_mem < 4 * 4 * MOST_ROWS)
        return oc__refuse(why, "no local memory");
    oc__variant v;
    variant(p, caps, &v);
    cut c = cut_of(&x, caps, &v);
    if (sums_bytes(&x, &c) > caps->max_alloc)
        return oc__refuse(why, "the parts' sums need more memory than a buffer may have");
    return oc__rounds_fit(caps, rounds(&x, &c), why);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    cut c = cut_of(&x, caps, v);
    return sums_bytes(&x, &c);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    cut c = cut_of(&x, caps, v);
    double units = OC_MAX(caps->compute_units, 1u), items = (double)(c.across * c.parts * x.batch);
    double busy = OC_MIN(items / (c.threads ? units : units * 8), 1), rows = x.tb ? 0.9 : 0.6; /* share when it reads rows, pieces of rows */
    bool lanes = caps->type == OC_DEVICE_CPU && caps->simt_width > 1;
    double share = lanes ? 0.02 : (c.threads && caps->simt_width > 1) || (!c.threads && caps->simt_width <= 1) ? 0.03 : 0.25;
    double flops = 2.0 * (double)x.batch * (double)x.m * (double)x.n * (double)x.k / (caps->peak_flops * share * busy);
    double bytes = (oc__problem_cost(p).bytes + 2.0 * (double)sums_bytes(&x, &c)) / (caps->peak_bytes * rows * OC_MAX(busy, 0.25));
    return caps->launch_seconds * (c.parts > 1 ? 2 : 1) + items * caps->group_seconds + OC_MAX(flops, bytes);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    oc__gemm_size size = size_of(&x);
    cut c = cut_of(&x, r->caps, &r->variant);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__gemm_result_define(p, c.parts, x.bias, &text);
    oc__string_printf(&text, "%s%s%s#define M %d\n#define R %d\n#define ITEMS %d\n#define WIDTH %d\n",
                      r->caps->fast_fma ? "#define FAST_FMA\n" : "", x.tb ? "#define TRANS_B\n" : "",
                      p->in[0].dtype != p->in[1].dtype ? "#define MIXED\n" : "", (int)x.m, (int)c.r, (int)c.items, WIDTH);
    oc__step *step = c.threads ? oc__step_kernel(r->steps, "matmul_vector.cl", text.text, "matmul_vector")
                               : oc__step_kernel(r->steps, "matmul_vector_local.cl", text.text, "matmul_vector_local");
    oc__gemm_result_places(r, step, c.parts);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    oc__step_i64(r->steps, step, x.a_batch);
    oc__step_i64(r->steps, step, x.b_batch);
    oc__step_i32(r->steps, step, c.parts);
    oc__step_i32(r->steps, step, c.k_part);
    if (c.threads)
        oc__step_i32(r->steps, step, c.columns);
    oc__gemm_result_posts(r, step, c.parts, x.bias);
    oc__step_range_local(step, 2, (uint64_t[]){(uint64_t)(c.across * c.items), (uint64_t)(x.batch * c.parts)},
                         (uint64_t[]){(uint64_t)c.items, 1});
    oc__gemm_join(r, &size, c.parts, x.bias, false);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__matmul_vector = {.name = "matmul.vector", .applicable = applicable, .space = space, .variant = variant,
                                      .workspace = workspace, .estimate = estimate, .record = record};

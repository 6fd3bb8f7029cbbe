/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for devices with sub-groups, on plain layouts: tiles in registers, the left operand handed around in a sub-group. */
#include "op/epilogue.h"
#include "op/gemm.h"
#include "op/matmul/matmul.h"
#include "op/room.h"

#define ITEMS 64   /* of a work-group */
#define LIKELY 16  /* items of a sub-group: for how many groups there should be */

enum { ROWS, COLUMNS };
static const int32_t rows[] = {8, 4, 16, 0}, columns[] = {2, 1, 4, 0};
static const oc__tuning space[] = {{"rows", rows}, {"columns", columns}, {NULL, NULL}};

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    if (caps->sub_groups == OC_SUB_GROUPS_NONE)
        return oc__refuse(why, "the device has no sub-groups");
    if (caps->max_work_group < ITEMS)
        return oc__refuse(why, "work-groups of %d items are needed", ITEMS);
    return oc__matmul_plain(p, why);
}

static int64_t tiles_of(const oc__matmul *x, const oc__variant *v) {
    int64_t width = LIKELY * (int64_t)v->value[COLUMNS];
    return (x->m + v->value[ROWS] - 1) / v->value[ROWS] * ((x->n + width - 1) / width) * x->batch;
}

/* Half of what local memory gives, unless it is measured; next to nothing where a sub-group is a row of a CPU's vector. */
static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__matmul x = oc__matmul_of(p);
    double tile = (double)(v->value[ROWS] * v->value[COLUMNS]) * LIKELY, useful = (double)(x.m * x.n * x.batch) / ((double)tiles_of(&x, v) * tile);
    return oc__estimate_roofline(p, caps, (caps->type == OC_DEVICE_GPU ? 0.3 : 0.03) * useful, 0.4);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__gemm_result_define(p, 1, x.bias, &text);
    oc__string_printf(&text, "%s%s#define TM %d\n#define TN %d\n", r->caps->fast_fma ? "#define FAST_FMA\n" : "",
                      r->caps->sub_groups == OC_SUB_GROUPS_KHR ? OC_DEFINE_SUB_GROUPS : "", r->variant.value[ROWS], r->variant.value[COLUMNS]);
    oc__step *step = oc__step_kernel(r->steps, "matmul_subgroup.cl", text.text, "matmul_subgroup");
    oc__gemm_result_places(r, step, 1);
    oc__step_i32(r->steps, step, x.m);
    oc__step_i32(r->steps, step, x.n);
    oc__step_i32(r->steps, step, x.k);
    int64_t strides[] = {x.a_batch, x.b_batch, x.ta ? 1 : x.k, x.ta ? x.m : 1, x.tb ? 1 : x.n, x.tb ? x.k : 1};
    for (size_t i = 0; i < OC_COUNT(strides); i++)
        oc__step_i64(r->steps, step, strides[i]);
    oc__step_i32(r->steps, step, x.batch);
    oc__gemm_result_posts(r, step, 1, x.bias);
    uint64_t groups = (uint64_t)(tiles_of(&x, &r->variant) + ITEMS / LIKELY - 1) / (ITEMS / LIKELY);
    oc__step_range_local(step, 1, (uint64_t[]){groups * ITEMS}, (uint64_t[]){ITEMS});
    return oc__record_end(r, &text, err);
}

const oc__solver oc__matmul_subgroup = {.name = "matmul.subgroup", .applicable = applicable, .space = space, .estimate = estimate, .record = record};

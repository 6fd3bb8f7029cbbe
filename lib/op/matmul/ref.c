/* SPDX-License-Identifier: Apache-2.0 */
/* `ref`: one work-item per element; and the product by CLBlast. */
#include "op/epilogue.h"
#include "op/matmul/matmul.h"
#include "op/room.h"

#include <stdio.h>

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    const oc_shape *a = &p->in[0].shape, *b = &p->in[1].shape, *c = &p->out[0].shape;
    oc__matmul x = oc__matmul_of(p);
    int64_t count = oc_shape_count(c);
    if (count == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s%s#define BATCH_AXES %d\n", x.ta ? "#define TRANS_A\n" : "", x.tb ? "#define TRANS_B\n" : "",
                      x.bias ? "#define HAS_BIAS\n" : "", c->rank - 2);
    oc__step *step = oc__step_kernel(r->steps, "matmul_ref.cl", text.text, "matmul_ref");
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    oc__step_place(r->steps, step, r->in[0].place, oc_dtype_size(p->in[0].dtype));
    oc__step_place(r->steps, step, r->in[1].place, oc_dtype_size(p->in[1].dtype));
    oc__step_place(r->steps, step, r->out[0].place, oc_dtype_size(p->out[0].dtype));
    oc__step_i64(r->steps, step, count);
    oc__step_i64(r->steps, step, c->dims[c->rank - 2]);
    oc__step_i64(r->steps, step, c->dims[c->rank - 1]);
    oc__step_i64(r->steps, step, x.k);
    int64_t as = c->dims[c->rank - 2] * x.k, bs = x.k * c->dims[c->rank - 1];
    for (int i = c->rank - 3; i >= 0; i--) { /* innermost batch axis first: its size and the step of either operand */
        int ai = i - (c->rank - a->rank), bi = i - (c->rank - b->rank);
        oc__step_i64(r->steps, step, c->dims[i]);
        oc__step_i64(r->steps, step, ai >= 0 && a->dims[ai] != 1 ? as : 0);
        oc__step_i64(r->steps, step, bi >= 0 && b->dims[bi] != 1 ? bs : 0);
        as *= ai >= 0 ? a->dims[ai] : 1;
        bs *= bi >= 0 ? b->dims[bi] : 1;
    }
    if (x.bias)
        oc__step_place(r->steps, step, r->in[2].place, oc_dtype_size(p->in[2].dtype));
    oc__epilogue_args(r, step);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__steps_check(r->steps, err);
}

const oc__solver oc__matmul_ref = {.name = "matmul.ref", .applicable = oc__always_applicable,
                                   .estimate = oc__ref_window_estimate, .record = record};

static bool clblast_applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    (void)caps;
    oc__matmul x = oc__matmul_of(p);
    const char *no = NULL;
    if (p->in[0].dtype != OC_F32 || p->in[1].dtype != OC_F32)
        no = "only f32";
    else if (x.bias || p->post.count || p->pre.count)
        no = "no bias and no epilogue";
    else if (!x.uniform)
        no = "mixed broadcasting of batch axes";
    else if (x.m == 0 || x.n == 0 || x.k == 0 || x.batch == 0)
        no = "an empty product";
    else if (!oc__clblast_available())
        no = "built without CLBlast, or it is not installed";
    snprintf(why, OC_WHY, "%s", no ? no : "");
    return !no;
}

/* Untuned: 15-23 of 237 GFLOP/s on PoCL (DESIGN.md), 1.3-3.4 on llvmpipe; on GPUs it is what it was made for. */
static double clblast_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    double share = caps->simt_width == 1 ? 0.05 : caps->type == OC_DEVICE_GPU ? 0.4 : 0.03;
    return oc__estimate_roofline(p, caps, share, 0.5) + 10 * caps->launch_seconds; /* its own look-ups, and several kernels */
}

static oc_status clblast_record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    uint8_t zero[4] = {0};
    oc__step_fill(r->steps, r->out[0].place, 4, zero, 4);
    oc__step *step = &r->steps->items[r->steps->count - 1];
    if (r->steps->failed)
        return oc__steps_check(r->steps, err);
    step->kind = OC_STEP_GEMM;
    step->a = r->in[0].place;
    step->b = r->in[1].place;
    step->c = r->out[0].place;
    step->gemm = (oc__gemm){.trans_a = x.ta, .trans_b = x.tb, .m = (uint64_t)x.m, .n = (uint64_t)x.n, .k = (uint64_t)x.k,
                            .batch = (uint64_t)x.batch, .alpha = 1, .lda = (uint64_t)(x.ta ? x.m : x.k), .ldb = (uint64_t)(x.tb ? x.k : x.n),
                            .ldc = (uint64_t)x.n, .a_stride = (uint64_t)x.a_batch, .b_stride = (uint64_t)x.b_batch,
                            .c_stride = (uint64_t)(x.m * x.n)};
    return oc__steps_check(r->steps, err);
}

const oc__solver oc__matmul_clblast = {.name = "matmul.clblast", .flags = OC_SOLVER_INEXACT, .applicable = clblast_applicable,
                                       .estimate = clblast_estimate, .record = clblast_record};

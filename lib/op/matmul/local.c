/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product for GPUs: work-groups with tiles in local memory, on plain layouts; K in parts where there are few tiles. */
#include "op/epilogue.h"
#include "op/gemm.h"
#include "op/matmul/matmul.h"
#include "op/room.h"

static oc__gemm_size size_of(const oc__problem *p) {
    oc__matmul x = oc__matmul_of(p);
    return (oc__gemm_size){.m = x.m, .n = x.n, .k = x.k, .batch = x.batch};
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    return oc__matmul_plain(p, why) && oc__gemm_fits(size_of(p), caps, why);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__gemm_variant(size_of(p), caps, out);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    return oc__gemm_workspace(size_of(p), caps, v);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    return oc__gemm_seconds(size_of(p), caps, v);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    oc__gemm_size size = size_of(p);
    oc__gemm_cut cut = oc__gemm_cut_of(&size, r->caps, &r->variant);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__gemm_define(&cut, r->caps, &text);
    oc__gemm_result_define(p, cut.parts, x.bias, &text);
    oc__string_printf(&text, "%s%s", x.ta ? "#define TRANS_A\n" : "", x.tb ? "#define TRANS_B\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "matmul_local.cl", text.text, "matmul_local");
    oc__gemm_result_places(r, step, cut.parts);
    oc__gemm_args(r->steps, step, &size, &cut, &(oc__gemm_strides){x.a_batch, x.b_batch, x.m * x.n, x.n});
    oc__gemm_result_posts(r, step, cut.parts, x.bias);
    oc__gemm_range(step, &size, &cut);
    oc__gemm_join(r, &size, cut.parts, x.bias, false);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__matmul_local = {.name = "matmul.local", .applicable = applicable, .space = oc__gemm_space, .variant = variant,
                                     .workspace = workspace, .estimate = estimate, .record = record};

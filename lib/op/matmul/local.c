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
    oc__gemm_size size = size_of(p);
    return oc__matmul_plain(p, why) && oc__gemm_fits(&size, caps, why);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__gemm_size size = size_of(p);
    oc__gemm_variant(&size, caps, out);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__gemm_size size = size_of(p);
    oc__gemm_cut cut = oc__gemm_cut_of(&size, caps, v);
    return oc__gemm_workspace(&size, &cut);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__gemm_size size = size_of(p);
    oc__gemm_cut cut = oc__gemm_cut_of(&size, caps, v);
    return oc__gemm_seconds(&size, caps, &cut);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__matmul x = oc__matmul_of(p);
    oc__gemm_size size = size_of(p);
    oc__gemm_cut cut = oc__gemm_cut_of(&size, r->caps, &r->variant);
    bool split = cut.parts > 1, bias = x.bias && !split;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__gemm_define(&cut, r->caps, &text);
    if (split)
        oc__string_append(&text, "#define POST_PARAMS\n#define POSTS(VT, v, BIAS, RESIDUAL)\n");
    else
        oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s%s#define DST %s\n", x.ta ? "#define TRANS_A\n" : "", x.tb ? "#define TRANS_B\n" : "",
                      bias ? "#define HAS_BIAS\n" : "", split ? "f32" : "Z0");
    oc__step *step = oc__step_kernel(r->steps, "matmul_local.cl", text.text, "matmul_local");
    oc__step_desc(r->steps, step, r->in[0].place, &p->in[0]);
    oc__step_desc(r->steps, step, r->in[1].place, &p->in[1]);
    oc__step_place(r->steps, step, split ? r->workspace : r->out[0].place, split ? 4 : oc_dtype_size(p->out[0].dtype));
    oc__gemm_args(r->steps, step, &size, &cut, &(oc__gemm_strides){x.a_batch, x.b_batch, x.m * x.n, x.n});
    if (bias)
        oc__step_desc(r->steps, step, r->in[2].place, &p->in[2]);
    if (!split)
        oc__epilogue_args(r, step);
    oc__gemm_range(step, &size, &cut);
    if (split)
        oc__gemm_join(r, &size, cut.parts, x.bias);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__matmul_local = {.name = "matmul.local", .applicable = applicable, .space = oc__gemm_space, .variant = variant,
                                     .workspace = workspace, .estimate = estimate, .record = record};

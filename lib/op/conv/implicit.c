/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution for GPUs, all three directions, as a matrix product that is never written down: work-groups fetch what they multiply. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/gemm.h"
#include "op/room.h"

static oc__gemm_size size_of(const oc__problem *p) {
    oc__conv c = oc__conv_of(p);
    oc__gemm_size forward = {.m = c.kg, .n = c.n * c.oh * c.ow, .k = c.cg * c.r * c.s, .batch = c.g, .column_bytes = 48};
    if (p->op == &oc__op_conv2d)
        return forward;
    if (p->op == &oc__op_conv2d_bwd_data)
        return (oc__gemm_size){.m = c.cg, .n = c.n * c.h * c.w, .k = c.kg * c.r * c.s, .batch = c.g, .column_bytes = 48};
    return (oc__gemm_size){.m = c.kg, .n = c.cg * c.r * c.s, .k = c.n * c.oh * c.ow, .batch = c.g, .column_bytes = 48};
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    oc__gemm_size size = size_of(p);
    if (!oc__posts_f32(p, why))
        return false;
    if (size.m * size.n == 0 || size.k == 0 || c.n == 0)
        return oc__refuse(why, "nothing to add");
    int64_t most = OC_MAX(OC_MAX(c.h * c.w, c.oh * c.ow), OC_MAX(c.h + c.r * c.dilation_h + c.pad_h, c.w + c.s * c.dilation_w + c.pad_w));
    most = OC_MAX(most, OC_MAX(c.oh * c.stride_h, c.ow * c.stride_w));
    if (most >= 1 << 29)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return oc__gemm_fits(size, caps, why);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__gemm_variant(size_of(p), caps, out);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    return oc__gemm_workspace(size_of(p), caps, v);
}

/* Fetching takes more than reading rows. */
static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    return 1.3 * oc__gemm_seconds(size_of(p), caps, v);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__conv c = oc__conv_of(p);
    oc__gemm_size size = size_of(p);
    oc__gemm_cut cut = oc__gemm_cut_of(&size, r->caps, &r->variant);
    bool data = p->op == &oc__op_conv2d_bwd_data, weights = p->op == &oc__op_conv2d_bwd_weights, bias = oc__conv_has_bias(p);
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__gemm_define(&cut, r->caps, &text);
    oc__gemm_result_define(p, cut.parts, bias, &text);
    oc__string_append(&text, data ? "#define BWD_DATA\n" : weights ? "#define BWD_WEIGHTS\n" : "");
    oc__string_append(&text, data && c.stride_h == 1 && c.stride_w == 1 ? "#define UNIT_STRIDE\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "conv2d_implicit.cl", text.text, "conv2d_implicit");
    oc__gemm_result_places(r, step, cut.parts);
    int64_t src[] = {c.c, c.h, c.w}, dst[] = {c.k, c.oh, c.ow}, *read = data ? dst : src, *written = data ? src : dst;
    int64_t numbers[] = {size.m, size.n, size.k, read[0], read[1], read[2], written[0], written[1], written[2], c.r, c.s, c.stride_h,
                         c.stride_w, c.pad_h, c.pad_w, c.dilation_h, c.dilation_w, cut.parts, cut.k_part};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__gemm_result_posts(r, step, cut.parts, bias);
    oc__gemm_range(step, &size, &cut);
    oc__gemm_join(r, &size, cut.parts, bias, !weights);
    return oc__record_end(r, &text, err);
}

#define IMPLICIT(op) \
    const oc__solver oc__##op##_implicit = {.name = #op ".implicit", .applicable = applicable, .space = oc__gemm_space, \
                                            .variant = variant, .workspace = workspace, .estimate = estimate, .record = record}
IMPLICIT(conv2d);
IMPLICIT(conv2d_bwd_data);
IMPLICIT(conv2d_bwd_weights);

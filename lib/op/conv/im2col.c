/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution by writing down what its weights are multiplied with, then a matrix product: images, or rows of one, at a time, so that
 * the workspace stays small. */
#include <string.h>

#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/gemm.h"
#include "op/room.h"

#define MOST_BYTES ((uint64_t)32 << 20)
#define MOST_OPERANDS 16

/* What is done at a time: whole images, or rows of one. */
typedef struct chunk {
    int64_t images, rows;
} chunk;

static chunk chunk_of(const oc__conv *c, const oc__caps *caps) {
    uint64_t row = (uint64_t)(c->cg * c->r * c->s * c->ow) * 4, image = row * (uint64_t)c->oh, most = OC_MIN(MOST_BYTES, caps->max_alloc);
    if (image <= most)
        return (chunk){OC_MIN(c->n, (int64_t)(most / image)), c->oh};
    return (chunk){1, OC_MAX(1, (int64_t)(most / row))};
}

static oc__gemm_size size_of(const oc__conv *c, const chunk *part) {
    return (oc__gemm_size){.m = c->k, .n = part->rows * c->ow, .k = c->cg * c->r * c->s, .batch = part->images, .whole = true};
}

static oc__gemm_cut cut_of(const oc__conv *c, const oc__caps *caps, const oc__variant *v) {
    chunk part = chunk_of(c, caps);
    oc__gemm_size size = size_of(c, &part);
    return oc__gemm_cut_of(&size, caps, v);
}

static void variant(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    oc__conv c = oc__conv_of(p);
    chunk part = chunk_of(&c, caps);
    oc__gemm_variant(size_of(&c, &part), caps, out);
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__posts_f32(p, why))
        return false;
    if (c.g > 1)
        return oc__refuse(why, "groups");
    if (oc__count(&p->out[0].shape) == 0 || oc__count(&p->in[0].shape) == 0 || p->in_count > MOST_OPERANDS)
        return oc__refuse(why, "nothing to add, or too many operands");
    chunk part = chunk_of(&c, caps);
    oc__gemm_size size = size_of(&c, &part);
    int64_t most = OC_MAX(c.h + c.r * c.dilation_h + c.pad_h, c.w + c.s * c.dilation_w + c.pad_w);
    most = OC_MAX(most, OC_MAX(c.oh * c.stride_h, c.ow * c.stride_w));
    if (most >= 1 << 30 || size.k >= 1 << 30 || (uint64_t)(size.k * c.ow) * 4 > OC_MIN(MOST_BYTES, caps->max_alloc))
        return oc__refuse(why, "a size beyond what 32 bits count, or a row beyond the workspace");
    return oc__gemm_fits(size, caps, why);
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)v;
    oc__conv c = oc__conv_of(p);
    chunk part = chunk_of(&c, caps);
    oc__gemm_size size = size_of(&c, &part);
    return (uint64_t)(size.batch * size.k * size.n) * 4;
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    oc__conv c = oc__conv_of(p);
    chunk part = chunk_of(&c, caps);
    double times = (double)((c.n + part.images - 1) / part.images) * (double)((c.oh + part.rows - 1) / part.rows);
    double share = caps->type == OC_DEVICE_GPU ? 0.5 : caps->simt_width > 1 ? 0.03 : 0.3;
    double lower = 4.0 * (double)workspace(p, caps, v) * 2 / (caps->peak_bytes * share);
    return times * (oc__gemm_seconds(size_of(&c, &part), caps, v) + lower + caps->launch_seconds);
}

static void record_lower(const oc__recording *r, const oc__conv *c, const chunk *part, int64_t image, int64_t y) {
    const oc__problem *p = r->problem;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__string_printf(&text, "#define A0 %s\n", oc_dtype_name(p->in[0].dtype));
    oc__step *step = oc__step_kernel(r->steps, "conv2d_im2col.cl", text.text, "conv2d_im2col");
    r->steps->failed = r->steps->failed || text.failed;
    oc__string_finish(&text);
    oc__place from = r->in[0].place;
    from.offset += (uint64_t)(image * c->c * c->h * c->w) * oc_dtype_size(p->in[0].dtype);
    oc__step_desc(r->steps, step, from, &p->in[0]);
    oc__step_place(r->steps, step, r->workspace, 4);
    int64_t numbers[] = {c->c, c->h, c->w, c->ow, part->rows, y, c->r, c->s, c->stride_h, c->stride_w, c->pad_h, c->pad_w,
                         c->dilation_h, c->dilation_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i32(r->steps, step, numbers[i]);
    oc__step_range_items(step, r->caps, (uint64_t)(part->rows * c->ow));
    oc__step_range_local(step, 3, (uint64_t[]){step->range.global[0], (uint64_t)(c->c * c->r * c->s), (uint64_t)part->images},
                         (uint64_t[]){step->range.local[0], 1, 1});
}

/* The product, its result beginning at an image and a row. */
static void record_product(const oc__recording *whole, const oc__conv *c, const chunk *part, int64_t image, int64_t y) {
    const oc__problem *p = whole->problem;
    oc__recording r = *whole;
    oc__operand in[MOST_OPERANDS];
    uint64_t at = (uint64_t)(image * c->k * c->oh * c->ow + y * c->ow);
    memcpy(in, whole->in, sizeof(*in) * (size_t)p->in_count);
    r.in = in;
    for (int i = 0; i < p->post.count; i++)
        if (p->post.items[i].kind == OC_POST_RESIDUAL)
            in[p->post.items[i].operand].place.offset += at * 4;
    oc__place to = whole->out[0].place;
    to.offset += at * oc_dtype_size(p->out[0].dtype);
    oc__gemm_size size = size_of(c, part);
    oc__gemm_cut cut = cut_of(c, r.caps, &r.variant);
    cut.tiles_n = (size.n + cut.tile->wx * cut.tile->nv * cut.tile->vec - 1) / (cut.tile->wx * cut.tile->nv * cut.tile->vec);
    oc__string text;
    oc__string_init(&text, r.context);
    oc__gemm_define(&cut, r.caps, &text);
    oc__conv_define(p, &(oc__caps){0}, &text);
    oc__string_append(&text, oc__conv_has_bias(p) ? "#define HAS_BIAS\n" : "");
    oc__string_printf(&text, "#define A0 %s\n#define A1 f32\n#define A2 %s\n#define DST %s\n#define BY_ROW\n",
                      oc_dtype_name(p->in[1].dtype), oc_dtype_name(p->in[0].dtype), oc_dtype_name(p->out[0].dtype));
    oc__step *step = oc__step_kernel(r.steps, "matmul_local.cl", text.text, "matmul_local");
    r.steps->failed = r.steps->failed || text.failed;
    oc__string_finish(&text);
    oc__step_desc(r.steps, step, r.in[1].place, &p->in[1]);
    oc__step_place(r.steps, step, r.workspace, 4);
    oc__step_desc(r.steps, step, to, &p->out[0]);
    oc__gemm_args(r.steps, step, &size, &cut, &(oc__gemm_strides){0, size.k * size.n, c->k * c->oh * c->ow, c->oh * c->ow});
    if (oc__conv_has_bias(p))
        oc__step_desc(r.steps, step, r.in[2].place, &p->in[2]);
    oc__epilogue_args(&r, step);
    oc__gemm_range(step, &size, &cut);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    oc__conv c = oc__conv_of(r->problem);
    chunk most = chunk_of(&c, r->caps);
    for (int64_t image = 0; image < c.n; image += most.images)
        for (int64_t y = 0; y < c.oh; y += most.rows) {
            chunk part = {OC_MIN(most.images, c.n - image), OC_MIN(most.rows, c.oh - y)};
            record_lower(r, &c, &part, image, y);
            record_product(r, &c, &part, image, y);
        }
    return oc__steps_check(r->steps, err);
}

const oc__solver oc__conv2d_im2col = {.name = "conv2d.im2col", .applicable = applicable, .space = oc__gemm_space, .variant = variant,
                                      .workspace = workspace, .estimate = estimate, .record = record};

/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a value from one layout into another; inserted by the plan, never by a user. */
#include "op/reorder.h"
#include "op/room.h"

static oc_status reorder_infer(oc__inference *x, oc_error *err) {
    (void)err;
    x->out[0] = oc__desc_plain(x->in[0].dtype, &x->in[0].shape);
    return OC_OK;
}

#define MOST_DIGITS 14 /* OC_MAX_RANK axes, and blocks of two layouts; as in reorder.cl */

/* The digits of an index in a layout, innermost first: which axis, in units of how many, how many values, how far apart. */
typedef struct digit {
    int64_t size, stride, axis, weight;
} digit;

static int digits_of(const oc__desc *desc, int64_t stride0, digit out[MOST_DIGITS]) {
    const oc__layout *layout = &desc->layout;
    int64_t outer[OC_MAX_RANK], inner[OC_MAX_BLOCKS], weight[OC_MAX_RANK];
    int count = 0;
    oc__layout_strides(layout, &desc->shape, outer, inner);
    for (int axis = 0; axis < OC_MAX_RANK; axis++)
        weight[axis] = 1;
    for (int i = layout->block_count - 1; i >= 0; i--) {
        int axis = layout->block_axis[i];
        out[count++] = (digit){layout->block_size[i], inner[i], axis, weight[axis]};
        weight[axis] *= layout->block_size[i];
    }
    for (int i = layout->rank - 1; i >= 0; i--) {
        int axis = layout->order[i];
        int64_t size = (desc->shape.dims[axis] + weight[axis] - 1) / weight[axis];
        out[count++] = (digit){size, i == 0 && axis == 0 ? stride0 : outer[axis], axis, weight[axis]};
    }
    return count;
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__desc *src = &r->problem->in[0], *dst = &r->problem->out[0];
    int64_t count = oc__layout_count(&dst->layout, &dst->shape);
    if (count == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(r->problem, &text);
    oc__step *step = oc__step_kernel(r->steps, "reorder.cl", text.text, "reorder_ref");
    oc__step_desc(r->steps, step, r->in[0].place, src);
    oc__step_desc(r->steps, step, r->out[0].place, dst);
    digit digits[MOST_DIGITS];
    int to = digits_of(dst, r->out[0].stride0, digits);
    for (int i = 0; i < MOST_DIGITS; i++) {
        oc__step_i64(r->steps, step, i < to ? digits[i].size : 1);
        oc__step_i64(r->steps, step, i < to ? digits[i].stride : 0);
        oc__step_i64(r->steps, step, i < to ? digits[i].axis : 0);
        oc__step_i64(r->steps, step, i < to ? digits[i].weight : 0);
    }
    int from = digits_of(src, r->in[0].stride0, digits);
    for (int i = 0; i < MOST_DIGITS; i++) {
        oc__step_i64(r->steps, step, i < from ? digits[i].axis : 0);
        oc__step_i64(r->steps, step, i < from ? digits[i].weight : 1);
        oc__step_i64(r->steps, step, i < from ? digits[i].size : 1);
        oc__step_i64(r->steps, step, i < from ? digits[i].stride : 0);
    }
    for (int i = 0; i < OC_MAX_RANK; i++)
        oc__step_i64(r->steps, step, i < dst->shape.rank ? dst->shape.dims[i] : 1);
    oc__step_i64(r->steps, step, count);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__record_end(r, &text, err);
}

void oc__reorder_layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    in[0] = p->in[0].layout;
    out[0] = p->out[0].layout;
}

static double ref_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(p, caps, 1, 0.05);
}

static const oc__solver ref = {.name = "reorder.ref", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT,
                               .applicable = oc__always_applicable, .layouts = oc__reorder_layouts, .estimate = ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&oc__reorder_tiles, &ref, NULL};

const oc__op oc__op_reorder = {
    .name = "reorder", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .infer = reorder_infer,
    .batch = OC_BATCH_AXIS0, .host = oc__copy_host, .solvers = solvers};

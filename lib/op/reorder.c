/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a value from one layout (and type) into another; inserted by the plan, never by a user.
 *
 * The program's text spells out how to walk both layouts, so it is specialized on them but not on sizes. */
#include "op/reorder.h"
#include "op/room.h"

static oc_status reorder_infer(oc__inference *x, oc_error *err) {
    (void)err;
    x->out[0] = oc__desc_plain(x->in[0].dtype, &x->in[0].shape);
    return OC_OK;
}

static oc_status reorder_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                              oc_error *err) {
    (void)context, (void)err;
    int64_t count = oc_shape_count(&p->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = in[0][i];
    return OC_OK;
}

/* Text that computes the outer stride of each axis: `long s = …; s3 = s; s *= d3; …`; axis 0 gets its own when it is outermost. */
static void define_strides(oc__string *text, const char *name, const oc__layout *layout) {
    int64_t inner = 1;
    for (int i = 0; i < layout->block_count; i++)
        inner *= layout->block_size[i];
    oc__string_printf(text, "#define %s_STRIDES long %s_t = %lld", name, name, (long long)inner);
    for (int i = layout->rank - 1; i >= 0; i--) {
        int axis = layout->order[i];
        long long block = oc__layout_block(layout, axis);
        oc__string_printf(text, ", %s_%d = %s_t", name, axis, name);
        if (i > 0)
            oc__string_printf(text, ", %s_u%d = (%s_t *= (d%d + %lld) / %lld)", name, axis, name, axis, block - 1, block);
    }
    oc__string_append(text, ";\n");
}

/* Text of the offset of the element x0, x1, … */
static void define_offset(oc__string *text, const char *name, const oc__layout *layout) {
    oc__string_printf(text, "#define %s_OFFSET (0", name);
    for (int axis = 0; axis < layout->rank; axis++) {
        const char *stride = axis == 0 && layout->order[0] == 0 ? "stride0" : NULL;
        oc__string_printf(text, " + x%d / %lld * ", axis, (long long)oc__layout_block(layout, axis));
        if (stride)
            oc__string_printf(text, "%s_%s", name, stride);
        else
            oc__string_printf(text, "%s_%d", name, axis);
    }
    int64_t inner = 1, within[OC_MAX_RANK];
    for (int axis = 0; axis < OC_MAX_RANK; axis++)
        within[axis] = 1;
    for (int i = layout->block_count - 1; i >= 0; i--) {
        int axis = layout->block_axis[i];
        oc__string_printf(text, " + x%d / %lld %% %d * %lld", axis, (long long)within[axis], layout->block_size[i],
                          (long long)inner);
        within[axis] *= layout->block_size[i];
        inner *= layout->block_size[i];
    }
    oc__string_append(text, ")\n");
}

/* Text that takes the number t of an element of memory apart into the index x0, x1, … */
static void define_decode(oc__string *text, const oc__layout *layout) {
    oc__string_append(text, "#define DECODE");
    int64_t within[OC_MAX_RANK];
    for (int axis = 0; axis < OC_MAX_RANK; axis++)
        within[axis] = 1;
    for (int i = layout->block_count - 1; i >= 0; i--) {
        int axis = layout->block_axis[i], size = layout->block_size[i];
        oc__string_printf(text, " x%d += t %% %d * %lld; t /= %d;", axis, size, (long long)within[axis], size);
        within[axis] *= size;
    }
    for (int i = layout->rank - 1; i >= 0; i--) {
        int axis = layout->order[i];
        oc__string_printf(text, " { long n = (d%d + %lld) / %lld; x%d += t %% n * %lld; t /= n; }", axis,
                          (long long)within[axis] - 1, (long long)within[axis], axis, (long long)within[axis]);
    }
    oc__string_append(text, "\n#define INSIDE (1");
    for (int axis = 0; axis < layout->rank; axis++)
        oc__string_printf(text, " && x%d < d%d", axis, axis);
    oc__string_append(text, ")\n");
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__desc *src = &r->problem->in[0], *dst = &r->problem->out[0];
    int64_t count = oc__layout_count(&dst->layout, &dst->shape);
    if (count == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(r->problem, &text);
    define_strides(&text, "src", &src->layout);
    define_strides(&text, "dst", &dst->layout);
    define_offset(&text, "src", &src->layout);
    define_offset(&text, "dst", &dst->layout);
    define_decode(&text, &dst->layout);
    oc__step *step = oc__step_kernel(r->steps, "reorder.cl", text.text, "reorder_ref");
    oc__step_place(r->steps, step, r->in[0].place, oc_dtype_size(src->dtype));
    oc__step_place(r->steps, step, r->out[0].place, oc_dtype_size(dst->dtype));
    for (int i = 0; i < OC_MAX_RANK; i++)
        oc__step_i64(r->steps, step, i < dst->shape.rank ? dst->shape.dims[i] : 1);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    oc__step_i64(r->steps, step, r->out[0].stride0);
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

static bool always(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    (void)p, (void)caps, (void)why;
    return true;
}

static const oc__solver ref = {.name = "reorder.ref", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT,
                               .applicable = always, .layouts = oc__reorder_layouts, .estimate = ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&oc__reorder_tiles, &ref, NULL};

const oc__op oc__op_reorder = {
    .name = "reorder", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .infer = reorder_infer,
    .batch = OC_BATCH_AXIS0, .host = reorder_host, .solvers = solvers};

/* SPDX-License-Identifier: Apache-2.0 */
/* How the elements of a problem of this room lie to each other. */
#include <string.h>

#include "op/index/index.h"

const oc__field oc__index_fields[] = {OC_FIELD(OC_FIELD_I64, oc_index_params, axis), OC_FIELD(OC_FIELD_I64, oc_index_params, batch_dims),
                                      OC_FIELD(OC_FIELD_I32, oc_index_params, kind), {NULL}};

bool oc__is_index(oc_dtype dtype) {
    return dtype == OC_I64 || dtype == OC_I32;
}

oc_status oc__index_check_elements(const oc__inference *inference, oc_error *err) {
    oc_index_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape, *idx = &inference->in[1].shape;
    OC_TRY(oc__infer_axis(inference, &params->axis, x->rank, err));
    if (x->rank != idx->rank)
        return oc__infer_fail(inference, err, "the indices have another number of axes");
    for (int i = 0; i < x->rank; i++)
        if (i != params->axis && x->dims[i] >= 0 && idx->dims[i] > x->dims[i])
            return oc__infer_fail(inference, err, "there are more indices than elements along axis %d", i);
    return OC_OK;
}

/* axis of x becomes the axes of the indices */
static void form_rows(const oc_shape *x, const oc_shape *idx, int axis, oc__index_form *f) {
    int64_t xs[OC_MAX_RANK], is[OC_MAX_RANK];
    oc__row_strides(x, xs);
    oc__row_strides(idx, is);
    for (int i = 0; i < x->rank + idx->rank - 1; i++) {
        bool inside = i >= axis && i < axis + idx->rank;
        int own = i < axis ? i : i - idx->rank + 1;
        f->taken.dims[i] = inside ? idx->dims[i - axis] : x->dims[own];
        f->indexed[i] = inside ? 0 : xs[own];
        f->indices[i] = inside ? is[i - axis] : 0;
        f->sequence[i] = inside;
    }
    f->taken.rank = x->rank + idx->rank - 1;
    f->components = 1;
    f->size[0] = x->dims[axis];
    f->stride[0] = xs[axis];
}

static void form_elements(const oc_shape *x, const oc_shape *idx, int axis, oc__index_form *f) {
    f->taken = *idx;
    oc__row_strides(x, f->indexed);
    oc__row_strides(idx, f->indices);
    f->components = 1;
    f->size[0] = x->dims[axis];
    f->stride[0] = f->indexed[axis];
    f->indexed[axis] = 0;
    f->sequence[axis] = true;
}

static void form_tuples(const oc_shape *x, const oc_shape *idx, int batch, oc__index_form *f) {
    int64_t xs[OC_MAX_RANK], is[OC_MAX_RANK];
    int tuples = idx->rank - 1, inner = batch + (int)idx->dims[tuples];
    oc__row_strides(x, xs);
    oc__row_strides(idx, is);
    f->taken.rank = tuples + x->rank - inner;
    for (int i = 0; i < f->taken.rank; i++) {
        f->taken.dims[i] = i < tuples ? idx->dims[i] : x->dims[i - tuples + inner];
        f->indexed[i] = i < batch ? xs[i] : i < tuples ? 0 : xs[i - tuples + inner];
        f->indices[i] = i < tuples ? is[i] : 0;
        f->sequence[i] = i >= batch && i < tuples;
    }
    f->components = inner - batch;
    for (int i = 0; i < f->components; i++) {
        f->size[i] = x->dims[batch + i];
        f->stride[i] = xs[batch + i];
    }
}

void oc__index_form_of(const oc__problem *problem, oc__index_form *out) {
    const oc_index_params *params = problem->params;
    bool backward = problem->op == &oc__op_gather_bwd || problem->op == &oc__op_gather_elements_bwd || problem->op == &oc__op_gather_nd_bwd;
    const oc_shape *x = backward ? &problem->in[2].shape : &problem->in[0].shape, *idx = &problem->in[1].shape;
    memset(out, 0, sizeof(*out));
    if (problem->op == &oc__op_gather || problem->op == &oc__op_gather_bwd)
        form_rows(x, idx, (int)params->axis, out);
    else if (problem->op == &oc__op_gather_nd || problem->op == &oc__op_gather_nd_bwd || problem->op == &oc__op_scatter_nd)
        form_tuples(x, idx, (int)params->batch_dims, out);
    else
        form_elements(x, idx, (int)params->axis, out);
}

int64_t oc__index_place(const oc__index_form *form, const int64_t *at, const double *indices) {
    int64_t place = 0, tuple = 0;
    for (int i = 0; i < form->taken.rank; i++) {
        place += at[i] * form->indexed[i];
        tuple += at[i] * form->indices[i];
    }
    for (int i = 0; i < form->components; i++) {
        double index = indices[tuple + i] + (indices[tuple + i] < 0 ? (double)form->size[i] : 0);
        index = index < 0 ? 0 : index > (double)form->size[i] - 1 ? (double)form->size[i] - 1 : index;
        place += (int64_t)index * form->stride[i];
    }
    return place;
}

oc_status oc__index_add_form(const oc__recording *recording, oc__step *step, const oc__index_form *form, oc_error *err) {
    oc__steps *steps = recording->steps;
    oc_shape sizes = {form->components, {0}};
    memcpy(sizes.dims, form->size, sizeof(sizes.dims));
    oc__step_i32(steps, step, form->components);
    oc__step_sizes(steps, step, &sizes);
    oc__step_strides(steps, step, form->stride, form->components);
    return oc__steps_check(steps, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The room of gathering and scattering: one machine. A place in the indexed value is where an element's own axes lead, plus up to 8
 * indices times strides. */
#ifndef OC_INDEX_ROOM_H
#define OC_INDEX_ROOM_H

#include <ocelli/op/index.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__index_onnx[];

/* Elements of "taken" (what gather gives, what scatter is given) along some axes: where their indices and the indexed elements lie. */
typedef struct oc__index_form {
    oc_shape taken;                 /* its shape */
    int64_t indexed[OC_MAX_RANK];   /* strides of the indexed value along these axes, 0 where an index decides */
    int64_t indices[OC_MAX_RANK];   /* strides of the indices */
    bool sequence[OC_MAX_RANK];     /* axes along which two elements may meet the same place */
    int components;                 /* of a tuple, which lie one behind another */
    int64_t size[OC_MAX_RANK], stride[OC_MAX_RANK]; /* of the indexed axis of each component */
} oc__index_form;
/* Of a problem of this room; x is the indexed value's shape, idx the indices'. */
void oc__index_form_of(const oc__problem *problem, oc__index_form *out);

extern const oc__field oc__index_fields[];
bool oc__is_index(oc_dtype dtype);
/* Indices along one axis, an element each: the axis made positive, as many axes, no more indices than elements along the others. */
oc_status oc__index_check_elements(const oc__inference *inference, oc_error *err);
oc_status oc__index_add_form(const oc__recording *recording, oc__step *step, const oc__index_form *form, oc_error *err);
/* Where the element of `taken` at a multi-index lies in the indexed value, by indices as doubles. */
int64_t oc__index_place(const oc__index_form *form, const int64_t *at, const double *indices);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Between plain arrays of doubles and elements in memory. */
#include <string.h>

#include "op/rig.h"
#include "op/winograd.h"

/* Steps an index through a shape, last axis fastest. */
static void next(const oc_shape *shape, int64_t *index) {
    for (int axis = shape->rank - 1; axis >= 0; axis--) {
        if (++index[axis] < shape->dims[axis])
            return;
        index[axis] = 0;
    }
}

static void pack_winograd(const oc__desc *desc, const double *plain, void *elements) {
    const int64_t *dims = desc->shape.dims, taps = dims[2] * dims[3];
    const oc__winograd_1d *h = oc__winograd_of(desc->layout.winograd, dims[2]), *w = oc__winograd_of(desc->layout.winograd, dims[3]);
    oc_shape shape = oc__layout_shape(&desc->layout, &desc->shape);
    bool turned = oc__winograd_turned(&desc->layout);
    if (!h || !w)
        return;
    for (int64_t kernel = 0; kernel < dims[0] * dims[1]; kernel++) {
        for (int64_t point = 0; point < shape.dims[2] * shape.dims[3]; point++) {
            int64_t index[4] = {kernel / dims[1], kernel % dims[1], point / shape.dims[3], point % shape.dims[3]};
            double sum = 0;
            for (int64_t i = 0; i < taps; i++)
                sum += h->to[index[2]][i / dims[3]] * plain[kernel * taps + (turned ? taps - 1 - i : i)] * w->to[index[3]][i % dims[3]];
            oc__element_set(desc->dtype, elements, oc__layout_offset(&desc->layout, &desc->shape, index), sum);
        }
    }
}

static double untransform(const oc__desc *desc, const void *elements, int64_t kernel, int64_t r, int64_t s) {
    const int64_t *dims = desc->shape.dims;
    const oc__winograd_1d *h = oc__winograd_of(desc->layout.winograd, dims[2]), *w = oc__winograd_of(desc->layout.winograd, dims[3]);
    oc_shape shape = oc__layout_shape(&desc->layout, &desc->shape);
    double sum = 0;
    for (int64_t point = 0; h && w && point < shape.dims[2] * shape.dims[3]; point++) {
        int64_t index[4] = {kernel / dims[1], kernel % dims[1], point / shape.dims[3], point % shape.dims[3]};
        double factor = h->from[r][index[2]] * w->from[s][index[3]];
        if (factor != 0)
            sum += factor * oc__element_get(desc->dtype, elements, oc__layout_offset(&desc->layout, &desc->shape, index));
    }
    return sum;
}

static void unpack_winograd(const oc__desc *desc, const void *elements, double *plain) {
    int64_t count = oc_shape_count(&desc->shape), w = desc->shape.dims[3], taps = desc->shape.dims[2] * w;
    bool turned = oc__winograd_turned(&desc->layout);
    for (int64_t i = 0; i < count; i++) {
        int64_t tap = turned ? taps - 1 - i % taps : i % taps;
        plain[i] = untransform(desc, elements, i / taps, tap / w, tap % w);
    }
}

void oc__pack_doubles(const oc__desc *desc, const double *plain, void *elements) {
    int64_t index[OC_MAX_RANK] = {0}, count = oc_shape_count(&desc->shape);
    bool dense = oc__layout_is_plain(&desc->layout);
    memset(elements, 0, (size_t)oc__desc_bytes(desc));
    if (desc->layout.winograd) {
        pack_winograd(desc, plain, elements);
        return;
    }
    for (int64_t i = 0; i < count; i++, next(&desc->shape, index))
        oc__element_set(desc->dtype, elements, dense ? i : oc__layout_offset(&desc->layout, &desc->shape, index), plain[i]);
}

void oc__unpack_doubles(const oc__desc *desc, const void *elements, double *plain) {
    int64_t index[OC_MAX_RANK] = {0}, count = oc_shape_count(&desc->shape);
    bool dense = oc__layout_is_plain(&desc->layout);
    if (desc->layout.winograd) {
        unpack_winograd(desc, elements, plain);
        return;
    }
    for (int64_t i = 0; i < count; i++, next(&desc->shape, index))
        plain[i] = oc__element_get(desc->dtype, elements, dense ? i : oc__layout_offset(&desc->layout, &desc->shape, index));
}

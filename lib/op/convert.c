/* SPDX-License-Identifier: Apache-2.0 */
/* Between plain arrays of doubles and elements in memory. */
#include <string.h>

#include "op/rig.h"
#include "op/winograd.h"

double oc__element_get(oc_dtype dtype, const void *elements, int64_t i) {
    switch (dtype) {
    case OC_F32: return ((const float *)elements)[i];
    case OC_F16: return oc__float_from_half(((const uint16_t *)elements)[i]);
    case OC_I32: return ((const int32_t *)elements)[i];
    case OC_I64: return (double)((const int64_t *)elements)[i];
    case OC_U8: return ((const uint8_t *)elements)[i];
    case OC_BOOL: return ((const uint8_t *)elements)[i] != 0;
    case OC_F64: return ((const double *)elements)[i];
    case OC_BF16: return oc__float_from_bf16(((const uint16_t *)elements)[i]);
    case OC_I8: return ((const int8_t *)elements)[i];
    case OC_I16: return ((const int16_t *)elements)[i];
    case OC_U16: return ((const uint16_t *)elements)[i];
    case OC_U32: return ((const uint32_t *)elements)[i];
    case OC_U64: return (double)((const uint64_t *)elements)[i];
    default: return 0;
    }
}

/* Towards zero, held in the range of the type; NaN gives 0. */
static int64_t whole(double value, double low, double high) {
    return value != value ? 0 : (int64_t)(value < low ? low : value > high ? high : value);
}

static uint64_t large(double value) {
    return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
}

void oc__element_set(oc_dtype dtype, void *elements, int64_t i, double value) {
    switch (dtype) {
    case OC_F32: ((float *)elements)[i] = (float)value; break;
    case OC_F16: ((uint16_t *)elements)[i] = oc__half_from_float((float)value); break;
    case OC_I32: ((int32_t *)elements)[i] = (int32_t)whole(value, INT32_MIN, INT32_MAX); break;
    case OC_I64: ((int64_t *)elements)[i] = whole(value, -0x1p63, 0x1.fffffffffffffp62); break;
    case OC_U8: ((uint8_t *)elements)[i] = (uint8_t)whole(value, 0, UINT8_MAX); break;
    case OC_BOOL: ((uint8_t *)elements)[i] = value != 0; break;
    case OC_F64: ((double *)elements)[i] = value; break;
    case OC_BF16: ((uint16_t *)elements)[i] = oc__bf16_from_float((float)value); break;
    case OC_I8: ((int8_t *)elements)[i] = (int8_t)whole(value, INT8_MIN, INT8_MAX); break;
    case OC_I16: ((int16_t *)elements)[i] = (int16_t)whole(value, INT16_MIN, INT16_MAX); break;
    case OC_U16: ((uint16_t *)elements)[i] = (uint16_t)whole(value, 0, UINT16_MAX); break;
    case OC_U32: ((uint32_t *)elements)[i] = (uint32_t)whole(value, 0, UINT32_MAX); break;
    case OC_U64: ((uint64_t *)elements)[i] = value >= 0x1p63 ? large(value) : (uint64_t)whole(value, 0, 0x1.fffffffffffffp62); break;
    default: break;
    }
}

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

/* SPDX-License-Identifier: Apache-2.0 */
/* Between plain arrays of doubles and elements in memory. */
#include <string.h>

#include "op/rig.h"

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

/* Rows of G: transformed = G g G^T. Points are kept so that their first and last, and two in between, give g back. */
static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double g4[6][3] = {{1 / 4., 0, 0},           {-1 / 6., -1 / 6., -1 / 6.}, {-1 / 6., 1 / 6., -1 / 6.},
                                {1 / 24., 1 / 12., 1 / 6.}, {1 / 24., -1 / 12., 1 / 6.}, {0, 0, 1}};

static void pack_winograd(const oc__desc *desc, const double *plain, void *elements) {
    const double(*g)[3] = desc->layout.winograd == 4 ? g4 : g2;
    int64_t points = desc->layout.winograd + 2, kernels = desc->shape.dims[0] * desc->shape.dims[1];
    oc_shape shape = oc__layout_shape(&desc->layout, &desc->shape);
    for (int64_t kernel = 0; kernel < kernels; kernel++) {
        for (int64_t point = 0; point < points * points; point++) {
            int64_t index[4] = {kernel / desc->shape.dims[1], kernel % desc->shape.dims[1], point / points, point % points};
            double sum = 0;
            for (int i = 0; i < 9; i++)
                sum += g[index[2]][i / 3] * plain[kernel * 9 + i] * g[index[3]][i % 3];
            oc__element_set(desc->dtype, elements, oc__layout_offset(&desc->layout, &shape, index), sum);
        }
    }
}

/* Where the taps come from: tap 0 is `first` times point 0, tap 1 `middle` times (point 1 - point 2), tap 2 the last point. */
static double untransform(const oc__desc *desc, const void *elements, int64_t k, int64_t c, int r, int s) {
    int last = desc->layout.winograd + 1;
    double first = desc->layout.winograd == 4 ? 4 : 1, middle = desc->layout.winograd == 4 ? -3 : 1, sum = 0;
    const int from[3][2] = {{0, 0}, {1, 2}, {last, last}};
    const double times[3][2] = {{first, 0}, {middle, -middle}, {1, 0}};
    oc_shape shape = oc__layout_shape(&desc->layout, &desc->shape);
    for (int i = 0; i < 4; i++) {
        int64_t index[4] = {k, c, from[r][i / 2], from[s][i % 2]};
        sum += times[r][i / 2] * times[s][i % 2] *
               oc__element_get(desc->dtype, elements, oc__layout_offset(&desc->layout, &shape, index));
    }
    return sum;
}

static void unpack_winograd(const oc__desc *desc, const void *elements, double *plain) {
    int64_t count = oc_shape_count(&desc->shape), c = desc->shape.dims[1];
    for (int64_t i = 0; i < count; i++)
        plain[i] = untransform(desc, elements, i / 9 / c, i / 9 % c, (int)(i % 9 / 3), (int)(i % 3));
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

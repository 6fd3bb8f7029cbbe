/* SPDX-License-Identifier: Apache-2.0 */
/* Single elements of any type as doubles. */
#include "tensor/tensor.h"

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

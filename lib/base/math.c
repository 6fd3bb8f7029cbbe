/* SPDX-License-Identifier: Apache-2.0 */
/* Checked 64-bit arithmetic, and half floats. */
#include "base/base.h"

#include <string.h>

bool oc__mul_u64(uint64_t a, uint64_t b, uint64_t *product) {
    if (b && a > UINT64_MAX / b)
        return false;
    *product = a * b;
    return true;
}

bool oc__mul_i64(int64_t a, int64_t b, int64_t *product) {
    uint64_t size_a = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, size_b = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    bool negative = (a < 0) != (b < 0);
    uint64_t size, limit = negative ? (uint64_t)1 << 63 : (uint64_t)INT64_MAX;
    if (!oc__mul_u64(size_a, size_b, &size) || size > limit)
        return false;
    *product = (int64_t)(negative ? 0 - size : size);
    return true;
}

bool oc__add_u64(uint64_t a, uint64_t b, uint64_t *sum) {
    if (a > UINT64_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

uint16_t oc__half_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x1ff));
    if (magnitude >= 0x477ff000) /* 65520: rounds to infinity */
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x33000001) /* at most 2^-25: rounds to zero */
        return sign;
    uint32_t exponent = magnitude >> 23, mantissa = (magnitude & 0x7fffff) | 0x800000, shift = 13, base = 0;
    if (exponent < 113) {
        shift = 126 - exponent; /* subnormal: the result is a multiple of 2^-24 */
    } else {
        mantissa &= 0x7fffff;
        base = (exponent - 112) << 10;
    }
    uint32_t rounded = base + (mantissa >> shift);
    uint32_t rest = mantissa & ((1u << shift) - 1), tie = 1u << (shift - 1);
    if (rest > tie || (rest == tie && (rounded & 1)))
        rounded++;
    return (uint16_t)(sign | rounded);
}

float oc__float_from_half(uint16_t value) {
    uint32_t sign = (uint32_t)(value & 0x8000) << 16, exponent = value >> 10 & 31, mantissa = value & 0x3ff, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000 | mantissa << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | mantissa << 13;
    } else {
        float small = (float)mantissa * 0x1p-24f;
        memcpy(&bits, &small, sizeof bits);
        bits |= sign;
    }
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

uint16_t oc__bf16_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float oc__float_from_bf16(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

bool oc__is_little_endian(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

void oc__swap_to_little(void *elements, uint64_t bytes, size_t size) {
    uint8_t *at = elements;
    if (oc__is_little_endian() || size < 2) {
        return;
    }
    for (uint8_t *end = at + bytes; at < end; at += size) {
        for (size_t k = 0; k < size / 2; k++) {
            uint8_t byte = at[k];
            at[k] = at[size - 1 - k];
            at[size - 1 - k] = byte;
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as the floors above see them. */
#ifndef OC_TENSOR_PRIVATE_H
#define OC_TENSOR_PRIVATE_H

#include <ocelli/tensor.h>

#include "base/base.h"
#include "device/hooks.h" /* oc__tensor_of_buffer, oc__tensor_get_buffer */

/* Bytes from the start of the memory it lies in to the tensor's first element. */
uint64_t oc__tensor_get_offset(const oc_tensor *tensor);
oc_context *oc__tensor_get_context(const oc_tensor *tensor);
/* Whether its elements lie one behind the other, in row-major order. */
bool oc__tensor_is_dense(const oc_tensor *tensor);

/* element.c: whole numbers are cut towards zero and held in the range of the type; NaN gives 0 there. */
double oc__element_get(oc_dtype dtype, const void *elements, int64_t index);
void oc__element_set(oc_dtype dtype, void *elements, int64_t index, double value);

/* shape.c */
/* Refuses symbols, wrong ranks and sizes beyond 63 bits; gives the elements and, for the type, the bytes. */
oc_status oc__shape_check(oc_context *context, const oc_shape *shape, oc_dtype dtype, int64_t *count, uint64_t *bytes,
                          oc_error *err);
void oc__shape_strides(const oc_shape *shape, int64_t strides[OC_MAX_RANK]); /* of a dense tensor */
/* Elements from the first to one behind the last that the strides reach; false beyond 63 bits. */
bool oc__shape_extent(const oc_shape *shape, const int64_t *strides, uint64_t *extent);
/* "[1, 3, 224, 224]", symbols as "?"; buffer of OC_SHAPE_TEXT bytes. */
#define OC_SHAPE_TEXT 192
const char *oc__shape_text(const oc_shape *shape, char *buffer);
/* Copies elements between two layouts of one shape; strides are in elements. */
void oc__strided_copy(void *dst, const int64_t *dst_strides, const void *src, const int64_t *src_strides,
                      const oc_shape *shape, size_t element);

#endif

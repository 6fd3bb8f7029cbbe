/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file tensor.h
 * Element types, shapes, and tensors: n-dimensional arrays in host memory or on a device.
 *
 * Tensors are row-major: the last axis is contiguous. Images are N, C, H, W. At most OC_MAX_RANK axes; a
 * tensor with a zero in its shape is legal and has no elements; rank 0 is a scalar. Sizes are 64-bit and checked.
 *
 * Threads: a tensor may be read by several threads, or written by one.
 */
#ifndef OCELLI_TENSOR_H
#define OCELLI_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocelli/device.h>

/** The largest number of axes. */
#define OC_MAX_RANK 8

/**
 * Every element type: name, number (never changed), size in bytes, NumPy's name for it (it has none for bf16). F32 and F16 go
 * through all operations; the others through casts, moved data, elementwise functions and reductions. Arithmetic on F64 needs a
 * device that has double precision.
 */
#define OC_DTYPE_LIST(X) \
    X(F32, 1, 4, "<f4") \
    X(F16, 2, 2, "<f2") \
    X(I32, 3, 4, "<i4") \
    X(I64, 4, 8, "<i8") \
    X(U8, 5, 1, "|u1") \
    X(BOOL, 6, 1, "|b1") \
    X(F64, 7, 8, "<f8") \
    X(BF16, 8, 2, "<V2") \
    X(I8, 9, 1, "|i1") \
    X(I16, 10, 2, "<i2") \
    X(U16, 11, 2, "<u2") \
    X(U32, 12, 4, "<u4") \
    X(U64, 13, 8, "<u8")

/** The type of an element. */
typedef enum oc_dtype {
    OC_DTYPE_NONE = 0,
#define OC_DTYPE_ENUM(name, number, size, numpy) OC_##name = number,
    OC_DTYPE_LIST(OC_DTYPE_ENUM)
#undef OC_DTYPE_ENUM
    OC_DTYPE_END
} oc_dtype;

/**
 * The sizes of a tensor's axes. A size >= 0 is a number; a negative one is a symbol of the graph it is used in
 * (see oc_graph_symbol()), which a plan binds to a number.
 */
typedef struct oc_shape {
    int32_t rank;               /**< Number of axes, 0 to OC_MAX_RANK. */
    int64_t dims[OC_MAX_RANK];  /**< Sizes, outermost first. Unused ones are 0. */
} oc_shape;

/** A shape from its sizes: OC_SHAPE(1, 3, 224, 224). */
#define OC_SHAPE(...) \
    ((oc_shape){(int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), {__VA_ARGS__}})
/** The shape of a scalar. */
#define OC_SCALAR ((oc_shape){0, {0}})

/** Elements in host or device memory. Opaque. */
typedef struct oc_tensor oc_tensor;

OC_BEGIN

/** Bytes of one element; 0 for an unknown type. */
OC_EXPORT size_t oc_dtype_size(oc_dtype dtype);
/** "f32", "i64", …; "none" for an unknown type. A static string. */
OC_EXPORT const char *oc_dtype_name(oc_dtype dtype);
/** The type of that name, OC_DTYPE_NONE if there is none. */
OC_EXPORT oc_dtype oc_dtype_from_name(const char *name);

/** Number of elements of a shape of numbers; -1 if it has symbols or exceeds 63 bits. */
OC_EXPORT int64_t oc_shape_count(const oc_shape *shape);
/** Whether two shapes are the same, symbols included. */
OC_EXPORT bool oc_shape_equal(const oc_shape *a, const oc_shape *b);

/**
 * Makes a tensor, zeroed.
 * @param device where it lies; NULL: in host memory.
 * @param shape numbers only.
 * @param out destroy with oc_tensor_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_create(oc_tensor **out, oc_context *context, oc_device *device, oc_dtype dtype,
                                                 const oc_shape *shape, oc_error *err);

/** Makes a host tensor of memory that the caller keeps alive and owns; dense and row-major; nothing is copied. */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_wrap(oc_tensor **out, oc_context *context, oc_dtype dtype, const oc_shape *shape,
                                               void *data, oc_error *err);

/**
 * Makes a view of a part of a tensor; they share memory, which lives as long as either.
 * @param offset elements from the tensor's first element.
 * @param strides elements from one index to the next, an entry for each axis of shape; NULL: dense. Not negative.
 */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_view(oc_tensor **out, const oc_tensor *tensor, uint64_t offset,
                                               const oc_shape *shape, const int64_t *strides, oc_error *err);

/** Destroys a tensor and sets *tensor to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_tensor_destroy(oc_tensor **tensor);

/** The type of its elements. */
OC_EXPORT oc_dtype oc_tensor_get_dtype(const oc_tensor *tensor);
/** Its shape, which lives as long as it. */
OC_EXPORT const oc_shape *oc_tensor_get_shape(const oc_tensor *tensor);
/** Elements from one index to the next, an entry for each axis. */
OC_EXPORT const int64_t *oc_tensor_get_strides(const oc_tensor *tensor);
/** The device it lies on; NULL: host memory. */
OC_EXPORT oc_device *oc_tensor_get_device(const oc_tensor *tensor);
/** Number of elements. */
OC_EXPORT int64_t oc_tensor_get_count(const oc_tensor *tensor);
/** Bytes of its elements when dense. */
OC_EXPORT uint64_t oc_tensor_get_bytes(const oc_tensor *tensor);
/** The first element in host memory; NULL for device tensors. */
OC_EXPORT void *oc_tensor_get_data(const oc_tensor *tensor);

/**
 * Gives a device tensor's elements as host memory, to be read and written there, without a copy where host and device share memory.
 * Until it is unmapped nothing but the host may use the tensor's memory. For host tensors it is oc_tensor_get_data().
 * @param data receives the first element; the others lie as oc_tensor_get_strides() says. NULL for a tensor without elements.
 * @return OC_ERROR_INVALID if it is mapped already.
 */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_map(oc_tensor *tensor, void **data, oc_error *err);
/** Gives mapped memory back to the device, which sees what was written; does nothing if it is not mapped. */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_unmap(oc_tensor *tensor, oc_error *err);

/** Copies dense row-major host data into a tensor. @param size bytes, must equal oc_tensor_get_bytes(). */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_write(oc_tensor *tensor, const void *data, uint64_t size, oc_error *err);
/** Copies a tensor out into dense row-major host memory. @param size bytes, must equal oc_tensor_get_bytes(). */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_read(const oc_tensor *tensor, void *data, uint64_t size, oc_error *err);
/** Copies one tensor into another of the same type and shape; any mix of host, device and views. */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_copy(oc_tensor *dst, const oc_tensor *src, oc_error *err);

OC_END

#endif

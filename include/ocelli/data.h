/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file data.h
 * Tensors from and to files: NumPy's NPY, and the idx form of MNIST.
 */
#ifndef OCELLI_DATA_H
#define OCELLI_DATA_H

#include <ocelli/tensor.h>

OC_BEGIN

/** Reads an NPY file (versions 1 to 3, little-endian, C or Fortran order) into a host tensor. */
OC_EXPORT OC_MUST_USE oc_status oc_npy_read(oc_tensor **out, oc_context *context, const char *path, oc_error *err);
/** Writes a tensor as an NPY file, atomically. */
OC_EXPORT OC_MUST_USE oc_status oc_npy_write(const oc_tensor *tensor, const char *path, oc_error *err);
/** Reads an idx array of bytes (rank 1 to 4) from memory into a host tensor of u8. Packed files are unpacked by the caller. */
OC_EXPORT OC_MUST_USE oc_status oc_idx_parse(oc_tensor **out, oc_context *context, const void *data, size_t size,
                                             oc_error *err);

OC_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file data.h
 * Files of arrays: NumPy's .npy, and the idx files that image data sets come in.
 */
#ifndef OCELLI_DATA_H
#define OCELLI_DATA_H

#include <stddef.h>

#include <ocelli/tensor.h>

OC_BEGIN

/**
 * Reads an .npy file (versions 1 to 3, little-endian, C or Fortran order) into a dense host tensor.
 * The element type must be one of ours; another is OC_ERROR_UNSUPPORTED, a malformed file is OC_ERROR_FORMAT.
 * Source: numpy.lib.format, "NPY format".
 * @param out destroy with oc_tensor_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_npy_read(oc_tensor **out, oc_context *context, const char *path, oc_error *err);

/** The same from memory, which need not live on. @param name what messages call it. */
OC_EXPORT OC_MUST_USE oc_status oc_npy_parse(oc_tensor **out, oc_context *context, const void *data, size_t size,
                                             const char *name, oc_error *err);

/** Writes a tensor, of the host or a device, as .npy: atomically, through a temp file. */
OC_EXPORT OC_MUST_USE oc_status oc_npy_write(const oc_tensor *tensor, const char *path, oc_error *err);

/**
 * Reads an idx array of bytes (type 0x08, 1 to 4 axes) from memory into a dense host tensor of OC_U8; packed files
 * (.gz) are to be unpacked first. Source: LeCun, Cortes, Burges: "The MNIST database", file formats.
 * @param data need not live on.
 * @param out destroy with oc_tensor_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_idx_parse(oc_tensor **out, oc_context *context, const void *data, size_t size,
                                             oc_error *err);

OC_END

#endif

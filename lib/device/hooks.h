/* SPDX-License-Identifier: Apache-2.0 */
/* What lib/device needs of the floor above it, so that cl_mem stays here: implemented by lib/tensor. */
#ifndef OC_HOOKS_H
#define OC_HOOKS_H

#include <ocelli/tensor.h>

#include "device/device.h"

/* Takes over the buffer's reference, also when it fails. The offset is in bytes. */
oc_status oc__tensor_of_buffer(oc_tensor **out, oc__buffer *buffer, uint64_t offset, oc_dtype dtype, const oc_shape *shape,
                               oc_error *err);
/* NULL for host tensors. Owned by the tensor. */
oc__buffer *oc__tensor_get_buffer(const oc_tensor *tensor);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file opencl.h
 * For programs that have OpenCL objects of their own: adopt a context, a queue, a buffer, an event.
 *
 * This is the only public header that includes <CL/cl.h>; the umbrella header leaves it out. Adopted objects
 * are retained while they are in use here, and released after; the program keeps its own references.
 */
#ifndef OCELLI_OPENCL_H
#define OCELLI_OPENCL_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#include <ocelli/device.h>
#include <ocelli/event.h>
#include <ocelli/tensor.h>

OC_BEGIN

/**
 * Makes a device of a program's own OpenCL objects.
 * @param cl_queue the queue on which all work is submitted, or NULL to have one made. An out-of-order queue is
 *        accepted: barriers keep the order. While work is being submitted here no other thread may use it.
 */
OC_EXPORT OC_MUST_USE oc_status oc_device_adopt(oc_device **out, oc_context *context, cl_context cl_ctx,
                                                cl_device_id cl_device, cl_command_queue cl_queue, oc_error *err);

/**
 * Makes a tensor that is a program's own buffer, from byte offset on, dense and row-major; nothing is copied.
 * The offset must be a multiple of the element size.
 */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_adopt(oc_tensor **out, oc_device *device, cl_mem buffer, uint64_t offset,
                                                oc_dtype dtype, const oc_shape *shape, oc_error *err);

/**
 * Makes a tensor that is a program's own unified shared memory (cl_intel_unified_shared_memory) from `pointer` on, dense and row-major;
 * nothing is copied. It is memory of the device's cl_context, of the host's, the device's or the shared kind, and must not be freed
 * before the tensor is destroyed and what uses it is done. The host finds in it what was computed once the work's event is done
 * (oc_event_wait), and changes it only while no work uses it.
 * @return OC_ERROR_UNSUPPORTED: the driver does not have the extension, or a cl_mem that is made of such memory is not the same
 *         memory there, which is tried once for each kind. OC_ERROR_INVALID: the pointer is of no such memory, or not aligned to the
 *         type. OC_ERROR_SHAPE: the tensor does not fit.
 */
OC_EXPORT OC_MUST_USE oc_status oc_tensor_adopt_usm(oc_tensor **out, oc_device *device, void *pointer, oc_dtype dtype,
                                                    const oc_shape *shape, oc_error *err);

/** The buffer a device tensor lies in, NULL for host tensors; owned by the tensor. */
OC_EXPORT cl_mem oc_tensor_get_cl_mem(const oc_tensor *tensor);

/** Makes an event to wait for out of a program's own. */
OC_EXPORT OC_MUST_USE oc_status oc_event_adopt(oc_event **out, oc_device *device, cl_event event, oc_error *err);

/** The OpenCL event behind an event, owned by it. */
OC_EXPORT cl_event oc_event_get_cl_event(const oc_event *event);

/** The context, device and queue behind an oc_device, owned by it. */
OC_EXPORT cl_context oc_device_get_cl_context(const oc_device *device);
/** The cl_device_id behind an oc_device, owned by it. */
OC_EXPORT cl_device_id oc_device_get_cl_device(const oc_device *device);
/** The queue behind an oc_device, owned by it. */
OC_EXPORT cl_command_queue oc_device_get_cl_queue(const oc_device *device);

OC_END

#endif

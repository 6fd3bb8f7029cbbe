/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file device.h
 * OpenCL devices: listing, selecting, opening.
 *
 * **Selection grammar**, the same in every place where a device is named (this API, `-d`, `OCELLI_DEVICE`):
 *
 *     selection = one { "," one }
 *     one       = "auto" | kind [ ":" index ] | platform ":" device | text
 *     kind      = "cpu" | "gpu" | "accel"
 *
 * `auto` is the fastest-looking device (GPU, then accelerator, then CPU; then compute units times clock). `gpu:1` is
 * the second GPU of all platforms. `0:1` is the second device of the first platform; these are the ids that
 * oc_device_list() gives. Anything else is part of a name: the first device whose name or platform contains it,
 * ignoring case. NULL or "" stands for `$OCELLI_DEVICE`, else `auto`.
 *
 * **Masks** make a strong device act as a weak one, for tests: a comma list of
 *
 *     wg=N           work-groups have at most N work-items
 *     local=N[k|M]   bytes of local memory, 0 for none: a kernel that takes more is refused
 *     alloc=N[k|M|G] bytes of the largest buffer
 *     align=N        bytes, a power of two up to 1M: where sub-buffers, and a plan's values in their buffers, may start
 *     bits=32        32-bit addresses: 4 GiB - 1 of memory, in buffers of at most 2 GiB - 1
 *     nofp16         no arithmetic in half precision (storage is on every device)
 *     nofp64         no double precision: a program that has some does not build
 *     noimages       no images (the library uses none)
 *     inorder        no out-of-order queues
 *     phone          wg=64,local=16k,alloc=128M,nofp64
 *
 * Of what is named twice the last counts. A mask only takes away: a limit that is below it stays. It comes from
 * oc_context_params::mask or `$OCELLI_MASK`; anything else in it fails with the names above (OC_ERROR_INVALID).
 *
 * **PoCL** (OpenCL on CPUs) does not bind its threads unless `POCL_AFFINITY=1` is in the environment before its first use; two
 * of them on one processor double the time of a run. The `ocelli` command sets it; the library changes no environment: a
 * program that has the machine to itself should do the same, before it makes its first device.
 *
 * Threads: an oc_device may be used by any number of threads at once.
 */
#ifndef OCELLI_DEVICE_H
#define OCELLI_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocelli/context.h>

/** An opened OpenCL device. Opaque. */
typedef struct oc_device oc_device;

/** What an OpenCL device calls itself. */
typedef enum oc_device_type {
    OC_DEVICE_CPU = 1,
    OC_DEVICE_GPU = 2,
    OC_DEVICE_ACCELERATOR = 3,
    OC_DEVICE_OTHER = 4
} oc_device_type;

/** A device and its limits (after the mask). Plain data. */
typedef struct oc_device_info {
    char id[16];        /**< "P:D", valid in the selection grammar. "adopted" for a device adopted by opencl.h. */
    char platform[128]; /**< CL_PLATFORM_NAME. */
    char name[128];     /**< CL_DEVICE_NAME. */
    char version[128];  /**< CL_DEVICE_VERSION. */
    char driver[128];   /**< CL_DRIVER_VERSION. */
    oc_device_type type; /**< CPU, GPU, … */
    uint32_t compute_units; /**< Cores, as the driver counts them. */
    uint32_t clock_mhz; /**< The highest; 0: not told. */
    uint32_t address_bits;     /**< 32 or 64. */
    uint32_t address_align;    /**< Bytes: alignment of sub-buffers. */
    uint64_t global_mem;       /**< Bytes. */
    uint64_t local_mem;        /**< Bytes for a work-group. */
    uint64_t max_alloc;        /**< Bytes of the largest buffer. */
    uint64_t max_work_group;   /**< Work-items, after the mask. */
    bool fp16;                 /**< cl_khr_fp16: half arithmetic. Half storage works everywhere. */
    bool fp64;                 /**< Double arithmetic. */
    bool images; /**< Has image objects. */
    bool out_of_order;         /**< Out-of-order queues. */
    bool unified_memory;       /**< Host and device share memory. */
} oc_device_info;

/** A fault of an OpenCL driver that this library knows of. All texts are constants. */
typedef struct oc_driver_bug {
    const char *name;     /**< Of its stand-alone reproducer too: test/drivers/NAME.c. */
    const char *platform; /**< A part of the names of the platforms that have it. */
    const char *seen;     /**< Driver and version it was seen with: "PoCL 3.1". */
    const char *text;     /**< What goes wrong. */
    const char *avoided;  /**< What this library does about it. */
} oc_driver_bug;

OC_BEGIN

/**
 * Lists all devices of all platforms. A platform without devices or with a failing driver is logged and skipped.
 * @param infos receives up to capacity entries; may be NULL if capacity is 0.
 * @param count receives the number of devices there are, which may exceed capacity.
 * @return OC_ERROR_NO_DEVICE, with a sentence that says what to install, if there is no OpenCL or no device.
 */
OC_EXPORT OC_MUST_USE oc_status oc_device_list(oc_context *context, oc_device_info *infos, size_t capacity, size_t *count,
                                               oc_error *err);

/**
 * Opens the one device (the first of a list) that a selection names.
 * @param selection see the grammar above; NULL for the default.
 * @param out destroy with oc_device_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_device_create(oc_device **out, oc_context *context, const char *selection, oc_error *err);

/**
 * Opens all devices that a comma list names, in its order; the devices of one platform share one cl_context.
 * @param devices receives up to capacity devices, each to be destroyed.
 * @param count receives their number. A list longer than capacity is OC_ERROR_LIMIT.
 */
OC_EXPORT OC_MUST_USE oc_status oc_device_create_list(oc_device **devices, size_t capacity, size_t *count,
                                                      oc_context *context, const char *selection, oc_error *err);

/** Closes a device and sets *device to NULL; what was made on it must be gone. NULL and *NULL are accepted. */
OC_EXPORT void oc_device_destroy(oc_device **device);

/** The device's description; lives as long as the device. */
OC_EXPORT const oc_device_info *oc_device_get_info(const oc_device *device);

/** The context in which the device was opened. */
OC_EXPORT oc_context *oc_device_get_context(const oc_device *device);

/** The name of a device type: "cpu", "gpu", "accel", "other". */
OC_EXPORT const char *oc_device_type_name(oc_device_type type);

/**
 * The known driver bugs that concern a device.
 * @param info the device, by oc_device_list() or oc_device_get_info(); NULL: the whole list.
 * @param index 0 for the first.
 * @return NULL behind the last one. Thread-safe.
 */
OC_EXPORT const oc_driver_bug *oc_device_known_bug(const oc_device_info *info, size_t index);

OC_END

#endif

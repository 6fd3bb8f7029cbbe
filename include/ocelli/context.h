/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file context.h
 * What everything else is made in: the log, the allocator, the cache folder, the OpenCL functions.
 *
 * The library has no global state; two contexts know nothing of each other. A context must outlive what was made
 * in it. Threads: a context may be used by any number of threads at once.
 *
 * Read from the environment when a context is created, for parameters that are left out:
 * `OCELLI_CACHE` (cache folder, "" for none), `OCELLI_MASK` (see device.h), `OCELLI_KERNELS` (a folder of `.cl`
 * files used instead of the built-in ones), `OCELLI_DISABLE` (comma list of solver names not to be used),
 * `OCELLI_OPENCL` (the OpenCL loader's file, default libOpenCL.so.1). Read when a plan is created: `OCELLI_TUNE` and
 * `OCELLI_TUNE_LIMIT` (see plan.h).
 */
#ifndef OCELLI_CONTEXT_H
#define OCELLI_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include <ocelli/error.h>
#include <ocelli/log.h>

/** What everything else is made in. Opaque. */
typedef struct oc_context oc_context;

/** A host allocator. Both functions may be called by several threads at once. */
typedef struct oc_allocator {
    /** Returns size bytes (never 0) aligned to alignment (a power of two, at most 64), or NULL. */
    void *(*allocate)(void *user, size_t size, size_t alignment);
    /** Takes back what allocate returned, with the same size. Never called with NULL. */
    void (*release)(void *user, void *memory, size_t size);
    void *user; /**< Passed to both. */
} oc_allocator;

/** How to make a context; a field that is zero has its default. */
typedef struct oc_context_params {
    const oc_allocator *allocator; /**< Default: malloc and free; from 1 MiB on mmap and munmap. Copied. */
    const oc_log *log;             /**< Default: no log. Copied. */
    /** Compiled programs and measurements are kept here (created with mode 0700). "": keep nothing.
     * Default: `$OCELLI_CACHE`, else `$XDG_CACHE_HOME/ocelli`, else `$HOME/.cache/ocelli`. Copied. */
    const char *cache_folder;
    uint64_t cache_limit;    /**< Bytes the cache may hold before its oldest files go. Default: 512 MiB. */
    size_t host_limit;       /**< Bytes of host memory that may be allocated at one time. Default: no limit. */
    uint64_t device_limit;   /**< Bytes of memory that may be allocated on each device. Default: the device's. */
    const char *mask;        /**< See device.h. Default: `$OCELLI_MASK`. Copied. */
    const char *kernels;     /**< Folder with `.cl` files. Default: `$OCELLI_KERNELS`, else the built-in ones. */
    const char *disable;     /**< Solvers not to use. Default: `$OCELLI_DISABLE`. Copied. */
} oc_context_params;

OC_BEGIN

/**
 * Makes a context. No driver is loaded yet: that happens when devices are first asked for.
 * @param out receives the context; destroy with oc_context_destroy().
 * @param params may be NULL: all defaults.
 */
OC_EXPORT OC_MUST_USE oc_status oc_context_create(oc_context **out, const oc_context_params *params, oc_error *err);

/** Destroys a context and sets *context to NULL; everything made in it must be gone. NULL and *NULL are accepted. */
OC_EXPORT void oc_context_destroy(oc_context **context);

/** The folder in which programs and measurements are kept, "" for none. Lives as long as the context. */
OC_EXPORT const char *oc_context_cache_folder(const oc_context *context);

/** How much the cache folder holds. */
OC_EXPORT OC_MUST_USE oc_status oc_context_cache_size(oc_context *context, uint64_t *files, uint64_t *bytes, oc_error *err);

/** Removes everything this library has put into the cache folder, and nothing else. */
OC_EXPORT OC_MUST_USE oc_status oc_context_cache_clear(oc_context *context, oc_error *err);

OC_END

#endif
